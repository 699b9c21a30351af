package fakeconnector

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/store"
)

// SessionState is a session as it was at one moment.
type SessionState struct {
	ID        string
	GatewayID string
	Instance  string
	Remote    string    // the gateway's address
	Since     time.Time // when the upgrade was answered
	Handshake bool      // a descriptor was sent
	Live      bool      // it is the newest session of its gateway, and neither side ends it
	Closing   bool      // one side has ended it, and its TCP connection lingers
	Stalled   bool      // nothing leaves it until it is released
	Queued    int       // messages that wait for the gateway to read, or for the end of a stall
}

// Sessions looks at every session that is open, in the order of their dials.
func (c *Connector) Sessions() []SessionState {
	c.mu.Lock()
	open := make([]*Session, 0, len(c.sessions))
	for s := range c.sessions {
		open = append(open, s)
	}
	c.mu.Unlock()
	slices.SortFunc(open, func(a, b *Session) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(len(a.id), len(b.id)), cmp.Compare(a.id, b.id))
	})
	out := make([]SessionState, 0, len(open))
	for _, s := range open {
		out = append(out, s.State())
	}
	return out
}

// State looks at the session.
func (s *Session) State() SessionState {
	state := SessionState{ID: s.id, GatewayID: s.gateway.ID, Instance: s.gateway.Instance, Remote: s.raw.RemoteAddr().String(), Since: s.since}
	s.mu.Lock()
	state.Handshake, state.Closing = s.handshaken, s.closing
	s.mu.Unlock()
	s.wmu.Lock()
	state.Stalled, state.Queued = s.out.stalled, len(s.out.queue)+len(s.out.waiting)
	s.wmu.Unlock()
	s.c.mu.Lock()
	state.Live = s.c.live[s.gateway.ID] == s && !state.Closing
	s.c.mu.Unlock()
	return state
}

// SessionByID returns the open session of an id, or nil.
func (c *Connector) SessionByID(id string) *Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.sessions {
		if s.id == id {
			return s
		}
	}
	return nil
}

// InstanceState is an instance as it was at one moment.
type InstanceState struct {
	ID       string
	Tenant   string
	Gateways []string // the ids of its records
	Session  string   // what live deliveries go to, or the buffer is drained to; empty if there is none
	Flipped  bool     // buffered-only, or being drained
	Buffered int      // entries in its buffer, those in flight included
	InFlight int      // entries sent on its session and not acknowledged
	Parked   int      // entries that were set aside
	WakeURL  string
}

// Instances looks at every instance that a record names, sorted by id.
func (c *Connector) Instances() ([]InstanceState, error) {
	c.mu.Lock()
	found := map[string]*InstanceState{}
	for _, id := range c.order {
		r := c.records[id]
		i := found[r.Instance]
		if i == nil {
			i = &InstanceState{ID: r.Instance, Tenant: r.Tenant}
			found[r.Instance] = i
		}
		i.Gateways = append(i.Gateways, id)
		if r.WakeURL != "" {
			i.WakeURL = r.WakeURL
		}
	}
	c.mu.Unlock()
	out := make([]InstanceState, 0, len(found))
	for _, i := range found {
		if err := c.lookAt(i); err != nil {
			return nil, err
		}
		out = append(out, *i)
	}
	slices.SortFunc(out, func(a, b InstanceState) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// Instance looks at one instance. The error names those that there are.
func (c *Connector) Instance(id string) (InstanceState, error) {
	c.mu.Lock()
	state := InstanceState{ID: id}
	var known []string
	for _, gw := range c.order {
		r := c.records[gw]
		if !slices.Contains(known, r.Instance) && len(known) < namedInErrors {
			known = append(known, r.Instance)
		}
		if r.Instance != id {
			continue
		}
		if state.Gateways == nil {
			state.Tenant = r.Tenant
		}
		state.Gateways = append(state.Gateways, gw)
		if r.WakeURL != "" {
			state.WakeURL = r.WakeURL
		}
	}
	c.mu.Unlock()
	if state.Gateways == nil {
		return state, fmt.Errorf("expected an instance that the record of a gateway names, got %q (known: %q): %w", id, known, ErrUnknown)
	}
	return state, c.lookAt(&state)
}

// namedInErrors is how many known ids an error lists.
const namedInErrors = 20

// lookAt fills in what the instance and its store know.
func (c *Connector) lookAt(state *InstanceState) (err error) {
	i := c.instance(state.ID)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.session != nil {
		state.Session = i.session.id
	}
	state.InFlight = len(i.inflight)
	if state.Flipped, err = c.store.Flipped(c.ctx, state.ID); err != nil {
		return fmt.Errorf("looking at instance %q: reading the flip: %w", state.ID, err)
	}
	if state.Buffered, state.Parked, err = store.Depth(c.ctx, c.store, state.ID); err != nil {
		return fmt.Errorf("looking at instance %q: counting its buffer: %w", state.ID, err)
	}
	return nil
}

// InFlight returns the bufferIds that were sent to an instance on its live session and
// are not acknowledged, in no order.
func (c *Connector) InFlight(instance string) []string {
	i := c.instance(instance)
	i.mu.Lock()
	defer i.mu.Unlock()
	out := make([]string, 0, len(i.inflight))
	for id := range i.inflight {
		out = append(out, id)
	}
	return out
}
