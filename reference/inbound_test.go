package reference_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

func TestEchoInFraming(t *testing.T) {
	line := `{"type":"inbound","event":{"text":"hi ☃ 😀","message_type":"text","message_id":"M1","source":{"platform":"discord","chat_id":"C1","chat_type":"channel","chat_name":null}}}`
	for name, messages := range map[string][]string{
		"one frame":           {line + "\n"},
		"carriage return":     {line + "\r\n"},
		"across messages":     {line[:30], line[30:41], line[41:], "\n"},
		"behind blank lines":  {"\n \n\r\n" + line + "\n\n"},
		"behind no JSON":      {"{nope\n" + line + "\n"},
		"behind an array":     {"[]\n" + line + "\n"},
		"behind null":         {"null\n" + line + "\n"},
		"behind unknown type": {`{"type":"zorp"}` + "\n" + line + "\n"},
		"behind typeless":     {`{"type":5}` + "\n" + line + "\n"},
		"behind null event":   {`{"type":"inbound","event":null,"bufferId":"b"}` + "\n" + line + "\n"},
		"behind mistyped":     {`{"type":"inbound","event":{"text":5,"source":{"chat_id":"C"}},"bufferId":"b"}` + "\n" + line + "\n"},
		"behind no source":    {`{"type":"inbound","event":{"text":"x"},"bufferId":"b"}` + "\n" + line + "\n"},
		"behind own frames":   {`{"type":"hello","platform":"x","botId":"y"}` + "\n" + `{"type":"outbound"}` + "\n" + line + "\n"},
		"behind stray ack":    {`{"type":"going_idle_ack"}` + "\n" + line + "\n"},
		"behind bad interrupt": {`{"type":"interrupt_inbound"}` + "\n" + `{"type":"interrupt_inbound","session_key":null,"chat_id":[]}` + "\n" +
			line + "\n"},
		"behind bad result":      {`{"type":"outbound_result","requestId":[]}` + "\n" + line + "\n"},
		"behind bad passthrough": {`{"type":"passthrough_forward","forward":null,"bufferId":"b"}` + "\n" + line + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				start(t, r.config(), echo)
				p := r.handshaken()
				for _, m := range messages {
					p.raw(m)
				}
				action := p.answer(object{"success": true, "message_id": "m1"})
				equal(t, "action", action, object{
					"op": "send", "chat_id": "C1", "content": "hi ☃ 😀", "reply_to": "M1", "metadata": object{},
				})
				p.quiet() // nothing acknowledged, nothing else sent
				equal(t, "dials", len(r.dialTimes()), 1)
			})
		})
	}
}

func TestBinaryMessagesCutInsideACharacter(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), echo)
		p := r.handshaken()
		line := []byte(`{"type":"inbound","event":{"text":"☃","source":{"platform":"discord","chat_id":"C1","chat_type":"dm"}}}` + "\n")
		cut := 36
		for line[cut]&0xC0 != 0x80 { // the middle of the snowman
			cut++
		}
		p.conn.WriteMessage(2, line[:cut])
		p.conn.WriteMessage(2, line[cut:])
		equal(t, "content", p.answer(object{"success": true})["content"], "☃")
	})
}

func TestAckBeforeTheTurnAndOnlyForABufferID(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		release := make(chan struct{})
		start(t, r.config(), func(ctx context.Context, turn *reference.Turn) error {
			<-release
			return errors.New("failed after it was accepted")
		})
		p := r.handshaken()
		p.send(with(inbound("C1", "a", "M1"), "bufferId", "b1"))
		equal(t, "ack", p.expect("inbound_ack"), object{"type": "inbound_ack", "bufferId": "b1"})
		p.send(inbound("C1", "b", "M2"), with(inbound("C1", "c", "M3"), "bufferId", ""), with(inbound("C1", "d", "M4"), "bufferId", nil))
		p.quiet()
		close(release)
		p.quiet() // a turn that failed takes nothing back
	})
}

func TestRepeatIsAcknowledgedAndNotHandledTwice(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		var turns atomic.Int32
		start(t, r.config(), func(context.Context, *reference.Turn) error { turns.Add(1); return nil })
		p := r.handshaken()
		p.send(with(inbound("C1", "a", "M1"), "bufferId", "b1"))
		p.expect("inbound_ack")
		p.close(1006-5, "") // going away: it never saw the ack
		p = r.handshaken()
		p.send(with(inbound("C1", "a", "M1"), "bufferId", "b1")) // the same entry
		p.expect("inbound_ack")
		p.send(with(inbound("C1", "a", "M1"), "bufferId", "b2")) // the same message, buffered again
		p.expect("inbound_ack")
		p.send(inbound("C1", "a", "M1")) // and live
		p.send(with(inbound("C2", "a", "M1"), "bufferId", "b3"))
		p.expect("inbound_ack")
		synctest.Wait()
		equal(t, "turns", turns.Load(), 2)                     // C1 once, and the other chat's own M1
		p.send(with(inbound("C3", "a", ""), "bufferId", "b4")) // an event without a message id
		p.expect("inbound_ack")
		p.send(with(inbound("C3", "a", ""), "bufferId", "b4"))
		p.expect("inbound_ack")
		p.send(inbound("C3", "a", ""), inbound("C3", "a", "")) // no name, so no repeats
		synctest.Wait()
		equal(t, "turns", turns.Load(), 5)
	})
}

func TestRefusedEventIsNotAcknowledgedAndMayComeAgain(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		var tries, turns atomic.Int32
		c.Accept = func(context.Context, *reference.Turn) error {
			switch tries.Add(1) {
			case 1:
				return errors.New("disk full")
			case 2:
				panic("disk on fire")
			}
			return nil
		}
		start(t, c, func(context.Context, *reference.Turn) error { turns.Add(1); return nil })
		p := r.handshaken()
		event := with(inbound("C1", "a", "M1"), "bufferId", "b1")
		p.send(event)
		p.quiet()
		p.send(event)
		p.quiet()
		p.send(event)
		p.expect("inbound_ack")
		synctest.Wait()
		equal(t, "turns", turns.Load(), 1)
	})
}

func TestRepeatBehindAHeldAcceptance(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		hold := make(chan struct{})
		var turns atomic.Int32
		c.Accept = func(context.Context, *reference.Turn) error { <-hold; return nil }
		start(t, c, func(context.Context, *reference.Turn) error { turns.Add(1); return nil })
		p := r.handshaken()
		event := with(inbound("C1", "a", "M1"), "bufferId", "b1")
		p.send(event)
		p.quiet()
		p.close(1001, "")
		p = r.handshaken()
		p.send(event)
		p.quiet()
		close(hold)
		p.expect("inbound_ack") // of the repeat; the first one's session is gone
		p.quiet()
		equal(t, "turns", turns.Load(), 1)
	})
}

func TestUnknownMessageTypeIsText(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		types := make(chan string, 2)
		start(t, r.config(), func(_ context.Context, turn *reference.Turn) error { types <- turn.Event.MessageType; return nil })
		p := r.handshaken()
		for _, typ := range []string{"hologram", "voice"} {
			f := inbound("C1", "a", "")
			f["event"].(object)["message_type"] = typ
			p.send(f)
		}
		equal(t, "types", []string{<-types, <-types}, []string{"text", "voice"})
	})
}

func TestTurnsInOrderWithinAKeyAndSideBySideBetweenThem(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		release := make(chan struct{})
		ran := make(chan string, 9)
		start(t, r.config(), func(_ context.Context, turn *reference.Turn) error {
			ran <- turn.Event.Text
			if turn.Event.Text == "first" {
				<-release
			}
			return nil
		})
		p := r.handshaken()
		p.send(inbound("C1", "first", "M1"), inbound("C1", "second", "M2"), inbound("C2", "other", "M1"))
		synctest.Wait()
		got := map[string]bool{<-ran: true, <-ran: true}
		equal(t, "started", got, map[string]bool{"first": true, "other": true})
		equal(t, "waiting", len(ran), 0)
		close(release)
		equal(t, "then", <-ran, "second")
	})
}

func TestHandlerThatSendsAndWaitsLeavesTheReaderFree(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), echo)
		p := r.handshaken()
		for _, chat := range []string{"C1", "C2", "C3"} {
			p.send(inbound(chat, chat, "M1"))
		}
		ids := []any{p.expect("outbound")["requestId"], p.expect("outbound")["requestId"], p.expect("outbound")["requestId"]}
		for _, id := range ids {
			p.send(object{"type": "outbound_result", "requestId": id, "result": object{"success": true}})
		}
		p.quiet()
	})
}

func TestPanickingAndFailingHandlers(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		outcomes := make(chan reference.Outcome, 3)
		c.Observer.Turn = func(_ *reference.Turn, o reference.Outcome) { outcomes <- o }
		start(t, c, func(ctx context.Context, turn *reference.Turn) error {
			switch turn.Event.Text {
			case "panic":
				panic("on purpose")
			case "fail":
				return errors.New("on purpose")
			}
			return echo(ctx, turn)
		})
		p := r.handshaken()
		p.send(inbound("C1", "panic", "M1"), inbound("C1", "fail", "M2"), inbound("C1", "go on", "M3"))
		p.answer(object{"success": true})
		equal(t, "outcomes", []reference.Outcome{<-outcomes, <-outcomes, <-outcomes}, []string{"failed", "failed", "done"})
	})
}

func TestInterruptEndsExactlyOneTurn(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		type ended struct {
			Key     string
			Outcome reference.Outcome
		}
		outcomes := make(chan ended, 9)
		c.Observer.Turn = func(turn *reference.Turn, o reference.Outcome) { outcomes <- ended{turn.SessionKey, o} }
		release := make(chan struct{})
		start(t, c, func(ctx context.Context, turn *reference.Turn) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-release:
				return nil
			}
		})
		p := r.handshaken()
		p.send(inbound("C1", "a", "M1"), inbound("C2", "b", "M2"))
		// In the same breath: the interrupt must not overtake the turn it ends.
		p.send(inbound("C3", "c", "M3"), object{"type": "interrupt_inbound", "session_key": "agent:main:discord:dm:C3", "chat_id": "C3"})
		equal(t, "ended", <-outcomes, ended{"agent:main:discord:dm:C3", "interrupted"})
		p.send(object{"type": "interrupt_inbound", "session_key": "agent:main:discord:dm:C1", "chat_id": "C1"})
		equal(t, "ended", <-outcomes, ended{"agent:main:discord:dm:C1", "interrupted"})
		p.send(object{"type": "interrupt_inbound", "session_key": "agent:main:discord:dm:C1", "chat_id": "C1"}) // nothing runs
		synctest.Wait()
		equal(t, "siblings ended", len(outcomes), 0)
		close(release)
		equal(t, "ended", <-outcomes, ended{"agent:main:discord:dm:C2", "done"})
	})
}

func TestScopeEcho(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		from := func(chat string, scope object) {
			f := inbound(chat, "x", "")
			for k, v := range scope {
				f["event"].(object)["source"].(object)[k] = v
			}
			p.send(f)
		}
		from("guild", object{"guild_id": "G1"})
		from("both", object{"guild_id": "G1", "scope_id": "S1"})
		from("neutral", object{"scope_id": "S1"})
		from("moved", object{"guild_id": "G1"})
		from("moved", object{"guild_id": "G2"})
		from("kept", object{"guild_id": "G1"})
		from("kept", nil)
		from("dm", nil)
		synctest.Wait()
		mine := protocol.Metadata{}
		mine.Set("guild_id", "MINE")
		for _, c := range []struct {
			chat  string
			given protocol.Metadata
			want  object
		}{
			{"guild", nil, object{"guild_id": "G1"}},
			{"both", nil, object{"guild_id": "G1", "scope_id": "S1"}},
			{"neutral", nil, object{"guild_id": "S1", "scope_id": "S1"}},
			{"moved", nil, object{"guild_id": "G2"}},
			{"kept", nil, object{"guild_id": "G1"}},
			{"dm", nil, object{}},
			{"never seen", nil, object{}},
			{"both", mine, object{"guild_id": "MINE"}},
		} {
			metadata := protocol.Some(c.given)
			if c.given == nil {
				metadata = protocol.Opt[protocol.Metadata]{}
			}
			go gw.Send(context.Background(), protocol.Send{ChatID: c.chat, Content: "x", Metadata: metadata})
			equal(t, "send "+c.chat, p.answer(object{"success": true})["metadata"], c.want)
			go gw.Edit(context.Background(), protocol.Edit{ChatID: c.chat, MessageID: "m", Content: "x", Metadata: metadata})
			equal(t, "edit "+c.chat, p.answer(object{"success": true})["metadata"], c.want)
			go gw.Typing(context.Background(), protocol.Typing{ChatID: c.chat, Metadata: metadata})
			equal(t, "typing "+c.chat, p.answer(object{"success": true})["metadata"], c.want)
		}
		equal(t, "the caller's metadata", len(mine), 1)
	})
}
