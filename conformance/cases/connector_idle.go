package cases

import (
	"fmt"
	"slices"
	"sync"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorIdle() []kit.Case {
	list := []kit.Case{
		probe(id(protocol.RuleIdleAnswered), "answers going_idle on the same socket", kit.ProbeNeeds{}, func(p *kit.P) {
			s := p.Connect(p.Me())
			s.Send(`{"type":"going_idle"}`)
			s.Await("a going_idle_ack", isIdleAck)
		}),
		probe(id(protocol.RuleIdleAnswered, "again"), "answers a second going_idle of a session", kit.ProbeNeeds{}, func(p *kit.P) {
			s := p.Connect(p.Me())
			for range 2 {
				s.CatchUp()
				s.Send(`{"type":"going_idle"}`)
				s.Await("a going_idle_ack", isIdleAck)
			}
		}),
		probe(id(protocol.RuleIdleAnswered, "in-a-drain"), "answers going_idle while entries wait that were not acknowledged", publishes, func(p *kit.P) {
			asleep(p, 3)
			s := p.Connect(p.Me())
			s.Delivery(0, "the first entry of the drain")
			s.Send(`{"type":"going_idle"}`)
			s.Await("a going_idle_ack", isIdleAck)
		}),
		probe(id(protocol.RuleIdleAnswered, "redial"), "answers it on the newer of two sockets", kit.ProbeNeeds{}, func(p *kit.P) {
			p.Connect(p.Me())
			s := p.Connect(p.Me())
			s.Send(`{"type":"going_idle"}`)
			s.Await("a going_idle_ack", isIdleAck)
		}),
		probe(id(protocol.RuleIdleFlipBeforeAck), "sends nothing that is published after its going_idle_ack", publishes, quietAfterAck),
		probe(id(protocol.RuleIdleFlipBeforeAck, "window"), "delivers live in the window before the ack, nothing after it, and loses nothing", publishes, liveInTheWindow),
		probe(id(protocol.RuleIdleFlipBeforeAck, "redial"), "delivers again after the next handshake", publishes, func(p *kit.P) {
			p.Sleep(p.Me())
			e := p.Event("again")
			s := p.Connect(p.Me())
			p.Publish(p.Me(), e)
			s.Delivered(e)
		}),
	}
	for i := range list {
		if list[i].Rule() != protocol.RuleIdleAnswered {
			list[i].After = rules(protocol.RuleIdleAnswered)
		}
	}
	return list
}

func isIdleAck(f kit.Received) bool { return f.Is(protocol.TypeGoingIdleAck) }

// The gateway stays connected after the ack, so that a late event could still reach it.
func quietAfterAck(p *kit.P) {
	s := p.Connect(p.Me())
	s.GoIdle()
	s.CatchUp()
	events := p.Events(3)
	p.Publish(p.Me(), events...)
	s.Nothing("event after the going_idle_ack", kit.IsDelivery)
	s.Close()
	next := p.Connect(p.Me())
	drained(p, next, events)
}

// liveInTheWindow announces that it goes idle while events are published all the time.
func liveInTheWindow(p *kit.P) {
	const n, announceAfter = 60, 20
	s := p.Connect(p.Me())
	events := p.Events(n)
	var published sync.WaitGroup
	started := make(chan struct{})
	errs := make(chan error, n)
	published.Go(func() {
		for i, e := range events {
			if i == announceAfter {
				close(started)
			}
			if err := p.TryPublish(p.Me(), e); err != nil {
				errs <- err
			}
		}
	})
	<-started
	s.GoIdle()
	published.Wait()
	select {
	case err := <-errs:
		p.Harness(err, "publishing while the gateway goes idle")
	default:
	}
	s.Alive()
	live, acked := 0, false
	for _, f := range s.Frames(anything) {
		switch {
		case isIdleAck(f):
			acked = true
		case kit.IsDelivery(f) && acked:
			p.Mismatch("no event after the going_idle_ack", f.String())
		case kit.IsDelivery(f):
			if live >= n || !events[live].In(f) {
				p.Mismatch(fmt.Sprintf("event %d of those that were published", live+1), f.String())
			}
			live++
		}
	}
	s.Close()
	drained(p, p.Connect(p.Me()), events[live:])
}

// inOrder drains exactly these events, in their order.
func inOrder(p *kit.P, s *kit.Socket, events []*kit.Published) {
	for i, f := range drained(p, s, events) {
		if !events[i].In(f) {
			p.Mismatch(fmt.Sprintf("entry %d of %d, %q", i+1, len(events), events[i].Text), f.String())
		}
	}
}

// drained drains exactly these events on a socket, acknowledging each, and returns the
// entries as they came. Their order is the matter of buffer/order alone.
func drained(p *kit.P, s *kit.Socket, events []*kit.Published) []kit.Received {
	var entries []kit.Received
	for i, left := 0, events; i < len(events); i++ {
		f := s.Delivery(i, fmt.Sprintf("entry %d of %d of the drain", i+1, len(events)))
		rest := stillAwaited(left, f)
		if len(rest) == len(left) {
			p.Foreign(s, f)
			p.Mismatch(fmt.Sprintf("as entry %d of %d an event that waits, such as %q", i+1, len(events), left[0].Text), f.String())
		}
		left = rest
		if f.BufferID == "" {
			p.Mismatch(fmt.Sprintf("a bufferId on entry %d of the drain", i+1), f.String())
		}
		s.Ack(f.BufferID)
		entries = append(entries, f)
	}
	s.Alive()
	if got := s.Deliveries(); len(got) != len(events) {
		p.Foreign(s, got[len(got)-1])
		p.Mismatch(fmt.Sprintf("%d entries of the drain", len(events)), fmt.Sprintf("%d, the last: %s", len(got), got[len(got)-1]))
	}
	return entries
}

// stillAwaited are the events that none of the frames carries.
func stillAwaited(events []*kit.Published, frames ...kit.Received) []*kit.Published {
	return slices.DeleteFunc(slices.Clone(events), func(e *kit.Published) bool { return slices.ContainsFunc(frames, e.In) })
}
