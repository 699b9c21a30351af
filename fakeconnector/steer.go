package fakeconnector

import (
	"errors"
	"fmt"
	"slices"

	"github.com/relaykit/relaykit/protocol"
)

// ErrUnknown is the cause when an id names nothing that the connector has.
var ErrUnknown = errors.New("there is none of that id")

// ErrTaken is the cause when an id belongs to something else already.
var ErrTaken = errors.New("there is one of that id already")

// NewGateway is [Connector.AddGateway] for a record that replaces none: [ErrTaken] is the
// error where there is one of that id.
func (c *Connector) NewGateway(g Gateway) (Gateway, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, taken := c.records[g.ID]; taken {
		return Gateway{}, fmt.Errorf("storing gateway %q: %w", g.ID, ErrTaken)
	}
	return c.addGateway(g), nil
}

// RemoveGateway revokes a gateway, forgets its record, and closes its live session with
// 4401. What waits in the buffer of its instance stays there. A token of a gateway that
// was removed is one for no stored gateway, which the journal holds against its sender.
func (c *Connector) RemoveGateway(id string) error {
	if err := c.Revoke(id); err != nil {
		return fmt.Errorf("removing a gateway: %w: %w", err, ErrUnknown)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.records, id)
	c.byInstance = nil

	c.order = slices.DeleteFunc(slices.Clone(c.order), func(other string) bool { return other == id })
	return nil
}

// Flip makes an instance buffered-only, as if it had gone idle: what is delivered to it
// from now on waits in its buffer until its next handshake. Its session stays open.
func (c *Connector) Flip(instance string) error {
	i := c.instance(instance)
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := c.store.Flip(c.ctx, instance); err != nil {
		return fmt.Errorf("flipping instance %q: %w", instance, err)
	}
	i.session = nil
	i.inflight = map[string]int64{}
	c.journal.one(Entry{Kind: KindNote, Instance: instance, Note: "flipped to buffered-only, by hand"})
	return nil
}

// Poke asks an instance to come back, with the one request to its wake URL that its first
// buffered event would make. It reports whether the request is on its way: it is not
// without a wake URL, or within the cooldown of another one.
func (c *Connector) Poke(instance string) bool {
	i := c.instance(instance)
	i.mu.Lock()
	defer i.mu.Unlock()
	before := i.woken
	i.poke()
	return !i.woken.Equal(before)
}

// Interrupt tells the instance that runs a session that its turn is to stop (contract,
// section "Interrupts"). It reports the session that it was sent on.
func (c *Connector) Interrupt(instance, sessionKey, chatID string) (session string, err error) {
	to := c.instance(instance).live()
	if to == nil {
		return "", fmt.Errorf("interrupting a turn of instance %q: expected it to be connected, and its handshake complete: %w", instance, ErrNotConnected)
	}
	if err := to.Send(&protocol.InterruptInbound{SessionKey: sessionKey, ChatID: chatID}); err != nil {
		return "", fmt.Errorf("interrupting a turn of instance %q: %w", instance, err)
	}
	return to.id, nil
}

// ErrNotConnected is the cause when something needs a live session and there is none.
var ErrNotConnected = errors.New("it is not connected")

// DiscardBuffer removes everything that waits for an instance, unacknowledged, and returns
// how many entries that were. An event that is lost this way is lost by hand.
func (c *Connector) DiscardBuffer(instance string) (int, error) {
	i := c.instance(instance)
	i.mu.Lock()
	defer i.mu.Unlock()
	entries, err := c.store.Read(c.ctx, instance, 0, c.limits.BufferEntries)
	if err != nil {
		return 0, fmt.Errorf("discarding the buffer of instance %q: %w", instance, err)
	}
	for n, e := range entries {
		if _, err := c.store.Ack(c.ctx, instance, e.ID); err != nil {
			return n, fmt.Errorf("discarding the buffer of instance %q: %w", instance, err)
		}
		delete(i.inflight, e.ID)
	}
	c.journal.one(Entry{Kind: KindNote, Instance: instance, Note: fmt.Sprintf("%d buffered entries discarded by hand", len(entries))})
	if i.session != nil {
		i.pump() // the drain is over
	}
	return len(entries), nil
}

// SetPolicy declares a policy for a gateway, as its own POST of /relay/policy would.
func (c *Connector) SetPolicy(id string, p Policy) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.record(id)
	if err != nil {
		return fmt.Errorf("setting a policy: %w: %w", err, ErrUnknown)
	}
	policies := clonePolicies(r.provisioned.Policies)
	if _, again := policies[p.Platform]; !again && len(policies) >= maxPolicies {
		return fmt.Errorf("setting a policy: expected at most %d platforms of a gateway", maxPolicies)
	}
	if policies == nil {
		policies = map[string]Policy{}
	}
	p.FreeResponseScopes = append([]string{}, p.FreeResponseScopes...)
	policies[p.Platform] = p
	r.provisioned.Policies = policies
	return nil
}

// RemovePolicy takes back what was declared for a platform; false if nothing was.
func (c *Connector) RemovePolicy(id, platform string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.record(id)
	if err != nil {
		return false
	}
	policies := clonePolicies(r.provisioned.Policies)
	_, was := policies[platform]
	delete(policies, platform)
	r.provisioned.Policies = policies
	return was
}

// Tenants lists the tenants that a record or an identity token names, sorted.
func (c *Connector) Tenants() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, r := range c.records {
		out = append(out, r.Tenant)
	}
	for _, tenant := range c.admission.tenants {
		out = append(out, tenant)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Identities is how many identity tokens of a tenant are in force.
func (c *Connector) Identities(tenant string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.admission.tenants {
		if t == tenant {
			n++
		}
	}
	return n
}

// RemoveIdentities ends every identity token of a tenant, and returns how many those were.
func (c *Connector) RemoveIdentities(tenant string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for token, t := range c.admission.tenants {
		if t == tenant {
			delete(c.admission.tenants, token)
			n++
		}
	}
	return n
}

// Scopes returns which tenants a scope belongs to, for every scope that is bound, sorted.
func (c *Connector) Scopes() map[string][]string {
	c.known.mu.Lock()
	defer c.known.mu.Unlock()
	out := make(map[string][]string, len(c.known.scopes.m))
	for scope, tenants := range c.known.scopes.m {
		for t := range tenants {
			out[scope] = append(out[scope], t)
		}
		slices.Sort(out[scope])
	}
	return out
}

// UnbindScope ends that a scope belongs to a tenant; false if it did not.
func (c *Connector) UnbindScope(scope, tenant string) bool {
	c.known.mu.Lock()
	defer c.known.mu.Unlock()
	tenants, _ := c.known.scopes.get(scope)
	if !tenants[tenant] {
		return false
	}
	fewer := map[string]bool{} // a copy: readers hold the old one
	for other := range tenants {
		if other != tenant {
			fewer[other] = true
		}
	}
	c.known.scopes.put(scope, fewer, c.known.limit)
	c.known.moved++ // what was learned of it does not count any more
	return true
}
