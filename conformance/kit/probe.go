package kit

import (
	"context"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// ProbeReplies finds out how a gateway answers a text, and how long it takes: it sends one
// and looks at what comes back in its chat within the bound of an answer. The text asks for
// an acknowledgement as well; a gateway that gives none is remembered for it. What the
// facts say of its replies is not asked again, and nothing is waited for that they deny.
func (in *Instance) ProbeReplies(ctx context.Context) (Replies, time.Duration) {
	known := in.bench.Facts.Replies
	s := in.Session()
	if s == nil {
		return known, 0
	}
	g := &G{Facts: Facts{Replies: RepliesSome}, Timing: in.Timing, bench: in.bench, gw: in, ids: newIDSource(in.bench.Seed, "probe")}
	ev := g.Event("hello")
	after := in.Connector.Journal().Mark()
	if err := s.SendRaw(websocket.TextMessage, ev.Line()); err != nil {
		return known, 0
	}
	sent := time.Now()
	ctx, cancel := context.WithTimeout(ctx, in.Timing.Answer)
	defer cancel()
	acked := make(chan error, 1)
	go func() {
		_, err := in.Connector.Journal().Wait(ctx, after, IsAck(ev.BufferID))
		acked <- err
	}()
	mute := func() (is bool) {
		if <-acked == nil || in.bench.ctx.Err() != nil {
			return false
		}
		why := &Diagnosis{Rule: protocol.RuleInboundAckBuffered, Reason: "the gateway has not acknowledged anything, which is how the case sees that it accepts an event"}
		if v := in.unreadableSince(after); v != nil {
			why = &Diagnosis{Rule: v.Rule, Reason: v.Text}
		}
		in.bench.mute.Store(why)
		return true
	}
	if known == RepliesNone {
		if mute() {
			return RepliesNone, 0
		}
		return RepliesNone, time.Since(sent)
	}
	e, err := in.Connector.Journal().Wait(ctx, after, g.IsReply(ev))
	took := time.Since(sent)
	mute()
	switch {
	case err != nil && known == RepliesUnknown:
		return RepliesNone, 0
	case err != nil:
		return known, 0
	case known != RepliesUnknown:
		return known, took
	}
	// The first send may be a notice and the echo follow it.
	for _, e := range append([]fakeconnector.Entry{e}, in.Connector.Journal().Since(e.Seq)...) {
		if o := newOutbound(e); o != nil && strings.Contains(o.Content, ev.token) {
			return RepliesEcho, took
		}
	}
	return RepliesSome, took
}
