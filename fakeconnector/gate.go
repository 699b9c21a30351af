package fakeconnector

import (
	"errors"
	"fmt"
	"slices"

	"github.com/relaykit/relaykit/fakeconnector/gate"
	"github.com/relaykit/relaykit/protocol"
)

// Gate is who may write to which instance: bindings, grants, principal policies, link
// codes and what owners can view (contract, section "Delivery gate"). The /manage routes
// change it as well.
func (c *Connector) Gate() *gate.Gate { return c.gate }

// Arrival says what became of a post.
type Arrival struct {
	Decision   gate.Decision       `json:"decision"`
	Deliveries map[string]Delivery `json:"deliveries,omitempty"` // by instance
}

// Arrive makes a post arrive from its platform, lets the gate decide who receives it, and
// delivers it to each of them on the terms of [Connector.Publish]. The decision is in the
// journal, layer by layer, as a [KindGate] entry before any delivery; what it drops is
// neither buffered, nor does it wake anybody. An error is about a delivery, or about a
// post that names no platform.
func (c *Connector) Arrive(p gate.Post) (Arrival, error) {
	src := &p.Event.Source
	if src.Platform == "" {
		return Arrival{}, errors.New("a post arrives: expected its source to name the platform, got none")
	}
	completeSource(src)
	a := Arrival{Decision: c.gate.Decide(p), Deliveries: map[string]Delivery{}}
	c.journal.one(Entry{Kind: KindGate, Gate: &a.Decision})
	var failed []error
	for _, instance := range a.Decision.Receivers() {
		d, err := c.Publish(instance, p.Event)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		a.Deliveries[instance] = d
	}
	return a, errors.Join(failed...)
}

// Decide says what [Connector.Arrive] would decide, without delivering anything; a /link
// with a valid code takes effect all the same.
func (c *Connector) Decide(p gate.Post) gate.Decision {
	completeSource(&p.Event.Source)
	return c.gate.Decide(p)
}

// LinkCode makes a code that binds whoever sends "/link <code>" to the bot as a direct
// message. See [gate.Gate.LinkCode]; the code is a secret to the redactor.
func (c *Connector) LinkCode(instance string) (string, error) {
	code, err := c.gate.LinkCode(instance, linkCodeLife)
	c.secrets.SweepWhenDue()
	c.hideUntil(code, c.clock.Now().Add(linkCodeLife))
	return code, err
}

// Deprovision drops an instance: it loses its bindings and grants, the secrets of all its
// gateways are revoked, and their open sockets are closed with 4401 (contract, section
// "Management"). Its buffer stays for the day on which it is provisioned again.
func (c *Connector) Deprovision(instance string) error {
	c.mu.Lock()
	found := false
	for _, id := range c.order {
		if r := c.records[id]; r.Instance == instance && len(r.secrets) > 0 {
			found = true
			r.drop(r.secrets)
			r.secrets = nil
		}
	}
	var open []*Session
	for s := range c.sessions {
		if s.accepted && s.gateway.Instance == instance {
			open = append(open, s)
		}
	}
	c.mu.Unlock()
	if !found {
		return fmt.Errorf("deprovisioning %q: %w", instance, gate.ErrNoInstance)
	}
	c.gate.Drop(instance)
	c.journal.one(Entry{Kind: KindNote, Instance: instance, Note: "deprovisioned"})
	var failed []error
	for _, s := range open {
		failed = append(failed, s.Close(CloseUnauthorized, ReasonUnauthorized))
	}
	return errors.Join(failed...)
}

// gateRecords is what the gate asks of the records.
type gateRecords struct{ c *Connector }

// Tenant implements [gate.Instances].
func (r gateRecords) Tenant(instance string) (string, bool) {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	for _, id := range r.c.order {
		if rec := r.c.records[id]; rec.Instance == instance && len(rec.secrets) > 0 {
			return rec.Tenant, true
		}
	}
	return "", false
}

// Policies implements [gate.Instances].
func (r gateRecords) Policies(instance, platform string) []gate.Policy {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	var out []gate.Policy
	for _, id := range r.c.order {
		if rec := r.c.records[id]; rec.Instance == instance && rec.fronts(platform) {
			p, declared := rec.provisioned.Policies[platform]
			if !declared {
				p = gate.Policy{Platform: platform}
			}
			out = append(out, p)
		}
	}
	return out
}

func (r *record) fronts(platform string) bool {
	return r.Platform == platform || slices.ContainsFunc(r.Fronts, func(i Identity) bool { return i.Platform == platform })
}

// completeSource fills in the chat type that an event has by default.
func completeSource(src *protocol.Source) {
	if src.ChatType == "" {
		src.ChatType = "dm"
		if src.GuildID.IsSet() || src.ScopeID.IsSet() {
			src.ChatType = "channel"
		}
	}
}
