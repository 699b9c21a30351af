package cases

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorBuffer() []kit.Case {
	stranger := with(publishes, func(n *kit.ProbeNeeds) { n.Strangers = 1 })
	peer := with(publishes, func(n *kit.ProbeNeeds) { n.Peers = 1 })
	liveAgain := id(protocol.RuleBufferParked, "live-again")
	restarts := with(publishes, func(n *kit.ProbeNeeds) { n.Offers.Restart = true })
	list := []kit.Case{
		probe(id(protocol.RuleBufferDurable), "drains after its restart what was not acknowledged before", restarts, outlives),
		probe(id(protocol.RuleBufferDurable, "forward"), "drains a forwarded request after its restart", with(restarts, func(n *kit.ProbeNeeds) { n.Offers.Forward = true }), func(p *kit.P) {
			p.Sleep(p.Me())
			i := publishInteraction(p)
			p.Restart()
			s := p.Connect(p.Me())
			i.arrives(p, s)
			s.Ack(s.Deliveries()[0].BufferID)
		}),
		probe(id(protocol.RuleBufferAppend), "keeps what arrives for a flipped instance", publishes, func(p *kit.P) {
			events := asleep(p, 3)
			drained(p, p.Connect(p.Me()), events)
		}),
		probe(id(protocol.RuleBufferAppend, "forward"), "keeps a forwarded request too", forwards, func(p *kit.P) {
			p.Sleep(p.Me())
			i := publishInteraction(p)
			s := p.Connect(p.Me())
			i.arrives(p, s)
			s.Ack(s.Deliveries()[0].BufferID)
		}),
		probe(id(protocol.RuleBufferOwnInstance), "drains nothing of another instance of the tenant", peer, func(p *kit.P) { ownInstance(p, p.Peer()) }),
		probe(id(protocol.RuleBufferOwnInstance, "tenant"), "drains nothing of another tenant", stranger, func(p *kit.P) { ownInstance(p, p.Stranger()) }),
		probe(id(protocol.RuleBufferAfterHandshake), "drains after the next handshake", publishes, afterHandshake),
		probe(id(protocol.RuleBufferOrder), "drains in the order of arrival", publishes, func(p *kit.P) {
			events := asleep(p, 40)
			inOrder(p, p.Connect(p.Me()), events)
		}),
		probe(id(protocol.RuleBufferId), "gives every entry a bufferId of its own, the same on every repeat", publishes, ownBufferIDs),
		probe(id(protocol.RuleBufferRemovedByAck), "keeps an entry that was sent and not acknowledged", publishes, sentIsNotAcked),
		probe(id(protocol.RuleBufferRemovedByAck, "unknown-id"), "removes nothing for an id that it never gave", publishes, unknownAck),
		probe(id(protocol.RuleBufferUnackedTail), "sends exactly what was not acknowledged after a death", publishes, unackedTail),
		probe(id(protocol.RuleBufferUnackedTail, "every-index"), "does so after a death behind every entry", publishes, deathAtEveryIndex),
		probe(id(protocol.RuleBufferUnackedTail, "out-of-order"), "does so when the acknowledged ones stand among others", publishes, ackedInTheMiddle),
		probe(id(protocol.RuleBufferAckedNeverAgain), "never sends an entry again that was acknowledged", publishes, neverAgain),
		probe(id(protocol.RuleBufferAckedNeverAgain, "last-words"), "does not when the ack was the last thing before the death", publishes, lastWords),
		probe(id(protocol.RuleBufferLiveAfterDrain), "delivers as it comes when the buffer is empty", publishes, liveAfterDrain),
		probe(id(protocol.RuleBufferLiveAfterDrain, "during"), "appends what arrives during a drain behind it", publishes, arrivesDuringDrain),
		probe(id(protocol.RuleBufferParked), "sets an entry over the frame limit aside", publishes, func(p *kit.P) { overTheLimit(p, hugeEvent) }),
		probe(id(protocol.RuleBufferParked, "several"), "sets each of several aside, also one behind the other", publishes, func(p *kit.P) {
			overTheLimit(p, hugeEvent, hugeEvent, hugeEvent)
		}),
		probe(id(protocol.RuleBufferParked, "forward"), "sets a forwarded request over the frame limit aside", forwards, func(p *kit.P) { overTheLimit(p, hugeForward) }),
		probe(liveAgain, "is live when all but what was set aside is acknowledged", publishes, func(p *kit.P) {
			s := overTheLimit(p, hugeEvent)
			s.CatchUp()
			allLive(p, s)
		}),
	}
	for i := range list {
		list[i].After = rules(protocol.RuleIdleAnswered)
		if list[i].ID == liveAgain {
			list[i].After = append(list[i].After, protocol.RuleBufferLiveAfterDrain)
		}
	}
	return list
}

// asleep makes the instance go idle and publishes events for it.
func asleep(p *kit.P, n int) []*kit.Published {
	p.Sleep(p.Me())
	events := p.Events(n)
	p.Publish(p.Me(), events...)
	return events
}

func ownInstance(p *kit.P, other kit.ConnectorGateway) {
	p.Sleep(p.Me())
	p.Sleep(other)
	mine, theirs := p.Events(2), p.Events(2)
	p.Publish(p.Me(), mine[0])
	p.Publish(other, theirs[0])
	p.Publish(p.Me(), mine[1])
	p.Publish(other, theirs[1])
	drained(p, p.Connect(p.Me()), mine)
	drained(p, p.Connect(other), theirs)
}

// The sign of life of a socket without a handshake is the handshake.
func afterHandshake(p *kit.P) {
	events := asleep(p, 2)
	s := p.Dial(p.Me(), p.Token(p.Me()))
	p.Wait(p.Timing.Quiet, func() bool { return false })
	if early := s.Deliveries(); len(early) > 0 {
		p.Mismatch("no drain before the handshake", early[0].String())
	}
	s.Hello()
	s.Handshaken()
	drained(p, s, events)
}

func ownBufferIDs(p *kit.P) {
	events := asleep(p, 5)
	s := p.Connect(p.Me())
	// Without an acknowledgement a connector need not send more than one.
	first := s.Delivery(0, "the first entry of the drain")
	s.Kill()
	seen := map[string]bool{}
	for _, e := range drained(p, p.Connect(p.Me()), events) {
		if e.EventText() == first.EventText() && e.BufferID != first.BufferID {
			p.Mismatch(fmt.Sprintf("the bufferId %q again", first.BufferID), e.String())
		}
		if seen[e.BufferID] {
			p.Mismatch("a bufferId of its own for every entry", e.String())
		}
		seen[e.BufferID] = true
	}
}

func sentIsNotAcked(p *kit.P) {
	events := asleep(p, 3)
	s := p.Connect(p.Me())
	s.Delivery(0, "the first entry of the drain")
	s.Close()
	drained(p, p.Connect(p.Me()), events)
}

func unknownAck(p *kit.P) {
	events := asleep(p, 2)
	s := p.Connect(p.Me())
	f := s.Delivery(0, "the first entry of the drain")
	s.Ack(f.BufferID + "-unknown")
	s.Ack("")
	s.Alive()
	s.Kill()
	drained(p, p.Connect(p.Me()), events)
}

// outlives restarts the connector in the middle of a drain, and again when nothing of it
// has been sent.
func outlives(p *kit.P) {
	events := asleep(p, 6)
	s := p.Connect(p.Me())
	acked := ackFirst(s, 2)
	s.Close()
	events = stillAwaited(events, acked...)
	p.Restart()
	more := p.Event("after the restart")
	p.Publish(p.Me(), more)
	p.Restart()
	s = p.Connect(p.Me())
	drained(p, s, append(events, more))
	live := p.Event("live")
	p.Publish(p.Me(), live)
	s.Delivered(live)
}

// ackFirst acknowledges the first n entries of a drain, makes sure that the connector has
// read that, and returns them.
func ackFirst(s *kit.Socket, n int) (acked []kit.Received) {
	for i := range n {
		f := s.Delivery(i, fmt.Sprintf("entry %d of the drain", i+1))
		s.Ack(f.BufferID)
		acked = append(acked, f)
	}
	s.Alive()
	return acked
}

func unackedTail(p *kit.P) {
	events := asleep(p, 10)
	s := p.Connect(p.Me())
	acked := ackFirst(s, 4)
	s.Kill()
	drained(p, p.Connect(p.Me()), stillAwaited(events, acked...))
}

func deathAtEveryIndex(p *kit.P) {
	for left := asleep(p, 8); len(left) > 0; {
		s := p.Connect(p.Me())
		f := s.Delivery(0, "the first entry of the drain")
		rest := stillAwaited(left, f)
		if len(rest) == len(left) {
			p.Foreign(s, f)
			p.Mismatch(fmt.Sprintf("one of the %d entries that were not acknowledged, such as %q", len(left), left[0].Text), f.String())
		}
		left = rest
		s.Ack(f.BufferID)
		s.Alive()
		s.Kill()
	}
	p.Connect(p.Me()).Nothing("entry that was acknowledged", kit.IsDelivery)
}

func ackedInTheMiddle(p *kit.P) {
	events := asleep(p, 3)
	s := p.Connect(p.Me())
	s.Delivery(0, "the first entry of the drain")
	p.Wait(p.Timing.Quiet, func() bool { return false })
	sent := s.Deliveries()
	if len(sent) < 2 {
		p.NotApplicable("the connector sends one entry of a drain at a time")
	}
	s.Ack(sent[1].BufferID)
	s.Alive()
	s.Kill()
	drained(p, p.Connect(p.Me()), stillAwaited(events, sent[1]))
}

func neverAgain(p *kit.P) {
	events := asleep(p, 4)
	s := p.Connect(p.Me())
	drained(p, s, events)
	s.GoIdle()
	s.Close()
	more := p.Event("one more")
	p.Publish(p.Me(), more)
	drained(p, p.Connect(p.Me()), []*kit.Published{more})
}

// The socket is closed in order right behind the ack, so the ack was sent before the
// connector could know of the end.
func lastWords(p *kit.P) {
	events := asleep(p, 3)
	s := p.Connect(p.Me())
	acked := s.Delivery(0, "the first entry of the drain")
	s.Ack(acked.BufferID)
	s.Close()
	drained(p, p.Connect(p.Me()), stillAwaited(events, acked))
}

func liveAfterDrain(p *kit.P) {
	s := p.Connect(p.Me())
	s.GoIdle()
	s.Close()
	events := p.Events(2)
	p.Publish(p.Me(), events...)
	s = p.Connect(p.Me())
	drained(p, s, events)
	s.CatchUp()
	allLive(p, s)
}

// allLive publishes events that come as they are published, on a socket that has caught up.
func allLive(p *kit.P, s *kit.Socket) {
	later := p.Events(20)
	p.Publish(p.Me(), later...)
	for _, e := range later { // none of them is acknowledged before the last has come
		s.Delivered(e)
	}
	for i, f := range s.Deliveries() {
		if !later[i].In(f) {
			p.Mismatch(fmt.Sprintf("live event %d", i+1), f.String())
		}
	}
}

// So many entries wait that a connector need not have sent the last when the first has
// come.
func arrivesDuringDrain(p *kit.P) {
	events := asleep(p, 40)
	s := p.Connect(p.Me())
	s.Delivery(0, "the first entry of the drain")
	more := p.Events(2)
	p.Publish(p.Me(), more...)
	for i, left := 0, events; i < len(events)+len(more); i++ {
		if len(left) == 0 {
			left = more
		}
		f := s.Delivery(i, fmt.Sprintf("event %d of %d", i+1, len(events)+len(more)))
		rest := stillAwaited(left, f)
		if len(rest) == len(left) {
			p.Foreign(s, f)
			p.Mismatch(fmt.Sprintf("as event %d one of those that came before, such as %q", i+1, left[0].Text), f.String())
		}
		left = rest
		if f.BufferID != "" {
			s.Ack(f.BufferID)
		}
	}
	s.Alive()
}

const overFrameLimit = 1100000

func hugeEvent(p *kit.P) {
	_ = p.TryPublish(p.Me(), p.Event(strings.Repeat("x", overFrameLimit)))
}

// hugeForward becomes longer by a third in base64.
func hugeForward(p *kit.P) {
	p.TryForward(p.Me(), kit.ForwardedRequest{Headers: [][2]string{{"content-type", "text/plain"}}, Body: bytes.Repeat([]byte("x"), overFrameLimit*3/4)})
}

// overTheLimit lets entries that are too long arrive and a short one behind them, and drains
// that. Of several, another short one stands before the last.
func overTheLimit(p *kit.P, huge ...func(*kit.P)) *kit.Socket {
	p.Sleep(p.Me())
	var small []*kit.Published
	short := func() {
		small = append(small, p.Event("beside it"))
		p.Publish(p.Me(), small[len(small)-1])
	}
	for i, arrive := range huge {
		if i > 0 && i == len(huge)-1 {
			short()
		}
		arrive(p)
	}
	short()
	s := p.Connect(p.Me())
	for i := 0; len(small) > 0; i++ {
		f := s.Delivery(i, "an entry beside those that are too long")
		if len(f.Line) >= frameLimit-1 {
			p.Mismatch("frames of fewer than 1048576 bytes", fmt.Sprintf("one of %d", len(f.Line)+1))
		}
		s.Ack(f.BufferID)
		small = stillAwaited(small, f)
	}
	s.Alive()
	return s
}
