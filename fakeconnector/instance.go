package fakeconnector

import (
	"fmt"
	"sync"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/store"
	"github.com/relaykit/relaykit/protocol"
)

// Drain says how a buffer is drained.
type Drain struct {
	Window   int // entries sent and not yet acknowledged; default 16
	MaxTries int // sessions that may end with an entry as the first unacknowledged one, before it is parked; default 20, negative for no limit
}

func (d Drain) withDefaults() Drain {
	or(&d.Window, 16)
	or(&d.MaxTries, 20)
	return d
}

// frameLimit is the contract's: every frame is shorter, its newline included.
const frameLimit = 1 << 20

// leaseTime is how long a drain of another process keeps us out after it died.
const leaseTime = 30 * time.Second

// instance is one running agent as the connector sees it: live, or flipped to
// buffered-only, with a drain between the two. (Contract, section "Going idle".)
type instance struct {
	c  *Connector
	id string

	mu       sync.Mutex
	session  *Session         // what live deliveries go to; nil while there is none
	cursor   int64            // Seq of the last entry that was sent on it
	inflight map[string]int64 // bufferId → Seq: sent on it and not acknowledged
	woken    time.Time
	retrying *Session // for which the lease will be asked for again
}

func (c *Connector) instance(id string) *instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.insts[id]
	if i == nil {
		i = &instance{c: c, id: id}
		c.insts[id] = i
	}
	return i
}

// handshaken is called once for each session, when its first descriptor is about to leave.
func (c *Connector) handshaken(s *Session) {
	before := c.ending(s)
	if len(before) == 0 {
		c.instance(s.gateway.Instance).attach(s)
		return
	}
	// An earlier session of the instance may still hold acknowledgements that were not
	// read. What they name must not be sent again, so its end is waited for; it is
	// bounded by Limits.CloseTimeout, like every session that is closing.
	c.spawn(func() {
		for _, old := range before {
			select {
			case <-old.over:
			case <-s.over:
				return
			}
		}
		c.instance(s.gateway.Instance).attach(s)
	})
}

// ending lists the other sessions of the gateway that are not over, all of them closing.
func (c *Connector) ending(s *Session) []*Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*Session
	for old := range c.sessions {
		if old != s && old.accepted && old.gateway.ID == s.gateway.ID && c.live[s.gateway.ID] == s {
			out = append(out, old)
		}
	}
	return out
}

// live is the session that the instance's deliveries go to, or nil.
func (i *instance) live() *Session {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.session
}

func (i *instance) attach(s *Session) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if s.isClosing() {
		return
	}
	i.session, i.cursor, i.inflight = s, 0, nil
	i.woken = time.Time{}
	i.pump()
}

// detach ends the session's part in the instance.
func (i *instance) detach(s *Session) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.session != s {
		return
	}
	i.session = nil
	// The first entry that was not acknowledged may be what the gateway died of.
	first, seq := "", int64(0)
	for id, n := range i.inflight {
		if first == "" || n < seq {
			first, seq = id, n
		}
	}
	i.inflight = nil
	if first != "" {
		i.failed("counting a try", i.c.store.Tried(i.c.ctx, i.id, first))
	}
	i.failed("releasing the lease", i.c.store.Release(i.c.ctx, i.id, i.c.holder))
}

// flip makes the instance buffered-only: after it nothing is delivered to it until the
// next handshake.
func (c *Connector) flip(s *Session) {
	i := c.instance(s.gateway.Instance)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failed("flipping", c.store.Flip(c.ctx, i.id))
	i.session = nil
	i.inflight = nil
	s.journal(Entry{Kind: KindNote, Note: "flipped to buffered-only"})
}

// acked removes what a gateway has accepted, and sends on.
func (c *Connector) acked(s *Session, id string) {
	i := c.instance(s.gateway.Instance)
	i.mu.Lock()
	defer i.mu.Unlock()
	_, err := c.store.Ack(c.ctx, i.id, id)
	i.failed("removing an acknowledged entry", err)
	if i.session != s {
		return
	}
	if _, ours := i.inflight[id]; ours {
		delete(i.inflight, id)
		i.pump()
	}
}

// pump sends entries until the window is full, and ends the drain when the buffer is
// empty. It needs i.mu and a session.
func (i *instance) pump() {
	c, s := i.c, i.session
	flipped, err := c.store.Flipped(c.ctx, i.id)
	if i.failed("reading the flip", err) || !flipped {
		return
	}
	mine, err := c.store.Lease(c.ctx, i.id, c.holder, leaseTime)
	if i.failed("taking the lease", err) {
		return
	}
	if !mine {
		if i.retrying == s {
			return // one timer is enough, however many events come meanwhile
		}
		i.retrying = s
		s.journal(Entry{Kind: KindNote, Note: "another process drains this instance"})
		c.clock.AfterFunc(leaseTime, func() { c.spawn(func() { i.again(s) }) })
		return
	}
	for len(i.inflight) < c.drain.Window {
		entries, err := c.store.Read(c.ctx, i.id, i.cursor, c.drain.Window-len(i.inflight))
		if i.failed("reading the buffer", err) {
			return
		}
		if len(entries) == 0 {
			if len(i.inflight) > 0 {
				return
			}
			cleared, err := c.store.Unflip(c.ctx, i.id)
			if !i.failed("clearing the flip", err) && cleared {
				s.journal(Entry{Kind: KindNote, Note: "the buffer is empty: live again"})
			}
			return
		}
		for _, e := range entries {
			i.cursor = e.Seq
			line := withBufferID(e.Payload, e.ID)
			if why := i.undeliverable(e, line); why != "" {
				i.failed("parking an entry", c.store.Park(c.ctx, i.id, e.ID, why))
				s.journal(Entry{Kind: KindNote, Note: "parked " + e.ID + ": " + why})
				continue
			}
			if i.inflight == nil {
				i.inflight = map[string]int64{}
			}
			i.inflight[e.ID] = e.Seq
			if s.run(c.outgoing(s, nil, line, nil)) != nil {
				return // the session ends; the next one begins here again
			}
		}
	}
}

func (i *instance) again(s *Session) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.retrying == s {
		i.retrying = nil
	}
	if i.session == s {
		i.pump()
	}
}

func (i *instance) undeliverable(e store.Entry, line []byte) string {
	switch {
	case len(line) >= frameLimit:
		return fmt.Sprintf("its frame has %d bytes, expected fewer than %d", len(line), frameLimit)
	case i.c.drain.MaxTries >= 0 && e.Tries >= i.c.drain.MaxTries:
		return fmt.Sprintf("%d sessions ended before it was acknowledged", e.Tries)
	}
	return ""
}

// failed records an error of the store, and reports whether there was one.
func (i *instance) failed(doing string, err error) bool {
	if err == nil || i.c.ctx.Err() != nil {
		return err != nil
	}
	i.c.journal.one(Entry{Kind: KindNote, Instance: i.id, Note: "the store failed " + doing + ": " + err.Error()})
	return true
}

// withBufferID puts a bufferId into a frame that was encoded without one, right after its
// type, and ends it with a newline.
func withBufferID(payload []byte, id string) []byte {
	at := len(`{"type":"` + protocol.TypeInbound + `"`)
	if len(payload) > 20 && payload[9] == 'p' {
		at = len(`{"type":"` + protocol.TypePassthroughForward + `"`)
	}
	out := make([]byte, 0, len(payload)+len(id)+20)
	out = append(out, payload[:at]...)
	out = append(out, `,"bufferId":"`+id+`"`...)
	out = append(out, payload[at:]...)
	return append(out, '\n')
}
