package reference_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// TestActions is what calls put on the wire and what they make of the answers, as
// recorded from a real gateway of the baseline revision. (That one sent a content over
// the limit whole; this one refuses it.)
func TestActions(t *testing.T) {
	type call func(gw *reference.Gateway) any
	ctx := context.Background()
	send := func(s protocol.Send) call {
		return func(gw *reference.Gateway) any {
			r, _ := gw.Send(ctx, s)
			return []any{r.Success, r.MessageID, r.Error}
		}
	}
	info := func(gw *reference.Gateway) any {
		name, kind, _ := gw.ChatInfo(ctx, "C1")
		return []any{name, kind}
	}
	ok := object{"success": true, "message_id": "m1"}
	x1 := protocol.Metadata{"x": []byte("1")}
	for name, c := range map[string]struct {
		call   call
		action object
		answer any
		want   any
	}{
		"send": {send(protocol.Send{ChatID: "C1", Content: "hi"}),
			object{"op": "send", "chat_id": "C1", "content": "hi", "reply_to": nil, "metadata": object{}}, ok, []any{true, "m1", ""}},
		"send empty": {send(protocol.Send{ChatID: "C1"}),
			object{"op": "send", "chat_id": "C1", "content": "", "reply_to": nil, "metadata": object{}}, ok, []any{true, "m1", ""}},
		"send refused": {send(protocol.Send{ChatID: "C1", Content: "hi"}),
			object{"op": "send", "chat_id": "C1", "content": "hi", "reply_to": nil, "metadata": object{}},
			object{"success": false, "error": "nope"}, []any{false, "", "nope"}},
		"a result without success is a failure": {send(protocol.Send{ChatID: "C1", Content: "hi"}),
			object{"op": "send", "chat_id": "C1", "content": "hi", "reply_to": nil, "metadata": object{}},
			object{"message_id": "m1"}, []any{false, "m1", "no reason given"}},
		"an answer that is null": {send(protocol.Send{ChatID: "C1", Content: "hi", ReplyTo: protocol.Some("M0")}),
			object{"op": "send", "chat_id": "C1", "content": "hi", "reply_to": "M0", "metadata": object{}},
			object{"success": nil}, []any{false, "", "no reason given"}},
		"follow_up": {func(gw *reference.Gateway) any {
			r, _ := gw.FollowUp(ctx, protocol.FollowUp{SessionKey: "k", Kind: "discord.interaction_token", Content: "hi"})
			return r.Success
		}, object{"op": "follow_up", "session_key": "k", "kind": "discord.interaction_token", "content": "hi", "metadata": object{}}, ok, true},
		"follow_up with metadata": {func(gw *reference.Gateway) any {
			r, _ := gw.FollowUp(ctx, protocol.FollowUp{SessionKey: "k", Kind: "other", Content: "hi", Metadata: protocol.Some(x1)})
			return r.Success
		}, object{"op": "follow_up", "session_key": "k", "kind": "other", "content": "hi", "metadata": object{"x": 1}}, ok, true},
		"chat info": {info, object{"op": "get_chat_info", "chat_id": "C1"},
			object{"chat_info": object{"name": "general", "type": "channel"}}, []any{"general", "channel"}},
		"chat info at the top": {info, object{"op": "get_chat_info", "chat_id": "C1"},
			object{"name": "general", "type": "channel"}, []any{"general", "channel"}},
		"chat info left out": {info, object{"op": "get_chat_info", "chat_id": "C1"}, object{}, []any{"C1", "dm"}},
		"chat info null":     {info, object{"op": "get_chat_info", "chat_id": "C1"}, object{"chat_info": nil}, []any{"C1", "dm"}},
		"chat info refused":  {info, object{"op": "get_chat_info", "chat_id": "C1"}, object{"success": false}, []any{"C1", "dm"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				gw := start(t, r.config(), nil)
				p := r.handshaken()
				synctest.Wait()
				got := make(chan any, 1)
				go func() { got <- c.call(gw) }()
				f := p.expect("outbound")
				equal(t, "action", f["action"], c.action)
				p.send(object{"type": "outbound_result", "requestId": f["requestId"], "result": c.answer})
				equal(t, "result", <-got, c.want)
			})
		})
	}
}

func TestInterruptFrame(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		synctest.Wait()
		for _, c := range []struct {
			reason string
			want   any
		}{{"stop", "stop"}, {"", nil}} {
			go gw.Interrupt(context.Background(), "k", c.reason)
			equal(t, "frame", p.expect("interrupt"), object{"type": "interrupt", "session_key": "k", "reason": c.want})
		}
	})
}
