package kit

import (
	"context"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector"
)

// ProbeReplies finds out how a gateway answers a text: it sends one and looks at what
// comes back in its chat within the bound of an answer. The text asks for an
// acknowledgement as well; a gateway that gives none is remembered for it.
func (in *Instance) ProbeReplies(ctx context.Context) Replies {
	s := in.Session()
	if s == nil {
		return RepliesUnknown
	}
	g := &G{Facts: Facts{Replies: RepliesSome}, Timing: in.Timing, bench: in.bench, gw: in, ids: newIDSource(in.bench.Seed, "probe")}
	ev := g.Event("hello")
	after := in.Connector.Journal().Mark()
	if err := s.SendRaw(websocket.TextMessage, ev.Line()); err != nil {
		return RepliesUnknown
	}
	ctx, cancel := context.WithTimeout(ctx, in.Timing.Answer)
	defer cancel()
	acked := make(chan error, 1)
	go func() {
		_, err := in.Connector.Journal().Wait(ctx, after, IsAck(ev.BufferID))
		acked <- err
	}()
	defer func() { in.bench.mute.Store(<-acked != nil && in.bench.ctx.Err() == nil) }()
	e, err := in.Connector.Journal().Wait(ctx, after, g.IsReply(ev))
	if err != nil {
		return RepliesNone
	}
	// The first send may be a notice and the echo follow it.
	for _, e := range append([]fakeconnector.Entry{e}, in.Connector.Journal().Since(e.Seq)...) {
		if o := newOutbound(e); o != nil && strings.Contains(o.Content, ev.token) {
			return RepliesEcho
		}
	}
	return RepliesSome
}
