package cases

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func inbound() []kit.Case {
	acked := rules(protocol.RuleInboundAckBuffered)
	unmappable := func(variant, title, event string) kit.Case {
		caseID := string(protocol.RuleInboundAckNotUnmappable)
		if variant != "" {
			caseID += ":" + variant
		}
		return kit.Case{ID: caseID, Title: title, Level: kit.Must, After: append(acked, protocol.RuleFramingBadFrame),
			Needs: kit.Needs{Alone: true}, Gateway: func(g *kit.G) { notAcked(g, event) }}
	}
	return []kit.Case{
		{ID: id(protocol.RuleInboundHandled), Title: "hands an event without a bufferId to its handler", Level: kit.Must, Gateway: handled},
		{ID: id(protocol.RuleInboundHandled, "direct"), Title: "hands on a direct message", Level: kit.Must, Gateway: handledDirect},
		{ID: id(protocol.RuleInboundHandled, "chat-types"), Title: "takes an event from a chat of every type", Level: kit.Must, After: acked, Gateway: takesEach(chatTypes)},
		{ID: id(protocol.RuleInboundHandled, "message-types"), Title: "takes an event of every message type", Level: kit.Must, After: acked, Gateway: takesEach(messageTypes)},
		{ID: id(protocol.RuleInboundHandled, "bare"), Title: "takes an event without the fields that can be null or left out", Level: kit.Must, After: acked, Gateway: takesEach(bareEvents)},
		{ID: id(protocol.RuleInboundHandled, "mistyped"), Title: "takes an event with a mistyped value where null is allowed", Level: kit.Must, After: append(acked, protocol.RuleFramingBadFrame),
			Needs: kit.Needs{Alone: true}, Gateway: mistypedNullable},
		{ID: id(protocol.RuleInboundHandled, "text"), Title: "reads a text with lines, markup and combining characters as it was sent", Level: kit.Must, Needs: kit.Needs{Replies: true}, Gateway: textAsSent},
		{ID: id(protocol.RuleInboundHandled, "long"), Title: "reads a long text to its end", Level: kit.Must, Gateway: longText},
		{ID: id(protocol.RuleInboundHandled, "large"), Title: "takes a frame of almost the largest size", Level: kit.Must, After: acked, Needs: kit.Needs{Alone: true}, Gateway: largeFrame},
		{ID: id(protocol.RuleInboundHandled, "behind-a-turn"), Title: "answers an event that came while an earlier turn of its session was under way", Level: kit.Must, After: acked,
			Needs: kit.Needs{Replies: true}, Gateway: answeredBehindTurn},
		{ID: id(protocol.RuleInboundHandled, "whole"), Title: "hands on the text and the source as they were sent", Level: kit.Must,
			Needs: kit.Needs{Driver: []string{"event/inbound"}}, Gateway: handledWhole},
		{ID: id(protocol.RuleInboundAckBuffered), Title: "acknowledges a bufferId once", Level: kit.Must, Gateway: ackBuffered},
		{ID: id(protocol.RuleInboundAckBuffered, "several"), Title: "acknowledges each of several", Level: kit.Must, Gateway: ackSeveral},
		{ID: id(protocol.RuleInboundAckBuffered, "verbatim"), Title: "gives an odd bufferId back as it came", Level: kit.Must, Gateway: ackVerbatim},
		{ID: id(protocol.RuleInboundAckBuffered, "together"), Title: "acknowledges each of several that come in one message", Level: kit.Must, Gateway: ackTogether},
		{ID: id(protocol.RuleInboundAckBuffered, "no-message-id"), Title: "acknowledges an event that has no message id", Level: kit.Must, Gateway: ackWithoutMessageID},
		{ID: id(protocol.RuleInboundAckBuffered, "redial"), Title: "acknowledges on its second session as well", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: rules(protocol.RuleReconnectRedial), Gateway: ackAfterRedial},
		{ID: id(protocol.RuleInboundAckBuffered, "accepted"), Title: "does not acknowledge before the event is accepted", Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set at accept"}}, Gateway: ackOnceAccepted},
		{ID: id(protocol.RuleInboundHandled, "same-text"), Title: "takes the same text under another message id for another event", Level: kit.Must, After: acked, Gateway: sameTextTwice(false)},
		{ID: id(protocol.RuleInboundHandled, "same-text-unbuffered"), Title: "does so without a bufferId", Level: kit.Must, Gateway: sameTextTwice(true)},
		{ID: id(protocol.RuleInboundHandled, "no-message-id"), Title: "takes two events without a message id for two", Level: kit.Must, After: acked, Gateway: noMessageIDs},
		{ID: id(protocol.RuleInboundHandled, "same-message-id"), Title: "takes the same message id in another chat for another event", Level: kit.Must, After: acked, Gateway: sameMessageIDElsewhere},
		{ID: id(protocol.RuleInboundAckBeforeTurn, "behind-a-turn"), Title: "acknowledges while an earlier turn of the same chat is under way", Level: kit.Must, After: acked,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: ackBehindHeldTurn},
		{ID: id(protocol.RuleInboundAckSurvivesFailure, "next"), Title: "acknowledges the next event of a chat whose turn failed", Level: kit.Must, After: acked,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: ackAfterFailure},
		{ID: id(protocol.RuleInboundUnknownMessageType, "missing"), Title: "handles an event without a message type", Level: kit.Must, After: acked, Gateway: noMessageType},
		{ID: id(protocol.RuleInboundAckNotUnmappable, "missing"), Title: "does not acknowledge a frame without an event", Level: kit.Must, After: append(acked, protocol.RuleFramingBadFrame),
			Needs: kit.Needs{Alone: true}, Gateway: missingEventNotAcked},
		{ID: id(protocol.RuleInboundAckOnlyBuffered), Title: "acknowledges nothing that carries no bufferId", Level: kit.Must, After: acked, Needs: kit.Needs{Alone: true}, Gateway: ackNothing(func(f *protocol.Inbound) {})},
		{ID: id(protocol.RuleInboundAckOnlyBuffered, "null"), Title: "acknowledges nothing for a bufferId that is null", Level: kit.Must, After: acked, Needs: kit.Needs{Alone: true}, Gateway: ackNothing(func(f *protocol.Inbound) { f.BufferID = protocol.Null[string]() })},
		{ID: id(protocol.RuleInboundAckOnlyBuffered, "empty"), Title: "acknowledges nothing for an empty bufferId", Level: kit.Must, After: acked, Needs: kit.Needs{Alone: true}, Gateway: ackNothing(func(f *protocol.Inbound) { f.BufferID = protocol.Some("") })},
		{ID: id(protocol.RuleInboundAckBeforeTurn), Title: "acknowledges while the turn still waits for its result", Level: kit.Must, After: acked, Needs: kit.Needs{Fresh: true, Replies: true}, Gateway: ackBeforeResult},
		{ID: id(protocol.RuleInboundAckBeforeTurn, "held"), Title: "acknowledges while the turn is under way", Level: kit.Must, After: acked,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: ackWhileHeld},
		unmappable("", "does not acknowledge an event that is null", `null`),
		unmappable("array", "does not acknowledge an event that is an array", `[]`),
		unmappable("source", "does not acknowledge an event whose source is a string", `{"text":"x","message_type":"text","source":"x"}`),
		{ID: id(protocol.RuleInboundAckSurvivesFailure), Title: "acknowledges an event whose turn fails", Level: kit.Must, After: acked,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: ackSurvivesFailure},
		{ID: id(protocol.RuleInboundRepeatOnce), Title: "acknowledges a repeat and does not handle it again", Level: kit.Should, After: acked, Gateway: repeatOnce},
		{ID: id(protocol.RuleInboundRepeatOnce, "again"), Title: "acknowledges every further repeat as well", Level: kit.Should, After: acked, Gateway: repeatsOften},
		{ID: id(protocol.RuleInboundRepeatOnce, "by-buffer-id"), Title: "knows a repeat by its bufferId when it has no message id", Level: kit.Should, After: acked,
			Gateway: repeatKnownBy(func(first, again *kit.Event) { withoutMessageID(first); withoutMessageID(again) })},
		{ID: id(protocol.RuleInboundRepeatOnce, "by-message-id"), Title: "knows a repeat by its message id when its bufferId is another", Level: kit.Should, After: acked,
			Gateway: repeatKnownBy(func(_, again *kit.Event) { again.BufferID += "-again" })},
		{ID: id(protocol.RuleInboundRepeatOnce, "after-redial"), Title: "does so on the next session as well", Level: kit.Should, After: append(acked, protocol.RuleReconnectRedial),
			Needs: kit.Needs{Alone: true}, Gateway: repeatAfterRedial},
		{ID: id(protocol.RuleInboundUnknownMessageType), Title: "handles an unknown message type as text", Level: kit.Must, After: acked, Gateway: messageType("zorp")},
	}
}

func handled(g *kit.G) {
	ev := g.Event("without a buffer").Unbuffered()
	g.Push(ev)
	g.Handled(ev)
}

// takesEach pushes events that differ in one thing, which must not decide whether they
// are taken. Whether the agent answers each is its own affair.
func takesEach(list func(*kit.G) []*kit.Event) func(*kit.G) {
	return func(g *kit.G) {
		for _, ev := range list(g) {
			g.Push(ev)
			g.Taken(ev)
		}
	}
}

func chatTypes(g *kit.G) (list []*kit.Event) {
	for _, chatType := range append(notDM(), "dm") {
		ev := g.Event("from a " + chatType)
		ev.Source.ChatType = chatType
		list = append(list, ev)
	}
	return list
}

func messageTypes(g *kit.G) (list []*kit.Event) {
	for _, messageType := range strings.Fields("text location photo video audio voice document sticker command") {
		ev := g.Event("of the type " + messageType)
		ev.MessageType = messageType
		list = append(list, ev)
	}
	return list
}

func bareEvents(g *kit.G) []*kit.Event {
	nullable, all, nobody := g.Event("without what can be null"), g.Event("bare"), g.Event("by nobody")
	absent, null := protocol.Opt[string]{}, protocol.Null[string]()
	for _, ev := range []*kit.Event{nullable, all} {
		ev.Source.ChatName, ev.Source.UserName, ev.Source.ThreadID, ev.Source.ChatTopic = absent, absent, absent, absent
	}
	withoutMessageID(all)
	all.Source.UserID, all.Source.GuildID, all.Source.ScopeID = absent, absent, absent
	nobody.Source.UserID, nobody.Source.UserName = null, null
	return []*kit.Event{nullable, all, nobody}
}

// mistypedNullable: a mistyped value in a field that can be null, or be left out, reads
// like null, and does not make the frame a bad one.
func mistypedNullable(g *kit.G) {
	ev := g.Event("with mistyped values")
	odd := strings.NewReplacer(`"chat_name":"general"`, `"chat_name":7`, `"thread_id":null`, `"thread_id":{}`, `"chat_topic":null`, `"chat_topic":[1]`, `"user_name":"alice"`, `"user_name":true`)
	line := strings.Replace(odd.Replace(string(ev.Line())), `"message_type"`, `"media_urls":"none","reply_to_message_id":7,"message_type"`, 1)
	g.SendRaw(websocket.TextMessage, []byte(line))
	g.Taken(ev)
}

// textAsSent asks for an echo. What stands around the text in it is the gateway's, and so
// is the white space at either end.
func textAsSent(g *kit.G) {
	g.Echoes()
	for _, text := range []string{"one line\nand another", "one <b>tag</b> & \"quotes\" 'too'", "he\u0301 \ufb01 \u212b", "a\u00a0b", "back\\slash %s {0} $HOME"} {
		ev := g.Event(text)
		g.Push(ev)
		if r := g.Reply(ev); !strings.Contains(r.Content, text) {
			g.Mismatch(fmt.Sprintf("the text %+q in its echo", text), fmt.Sprintf("%+q", r.Content))
		}
	}
}

// longText ends in the token that an echo of it must hold. It is within the limit of the
// descriptor with room for what a gateway puts before it.
func longText(g *kit.G) {
	ev := g.Event(strings.Repeat("seven77 ", 220))
	g.Push(ev)
	g.Handled(ev)
}

// largeFrame has its size in a field that no gateway reads.
func largeFrame(g *kit.G) {
	ev := g.Event("of almost 1 MiB")
	ev.Extra = protocol.Extra{"zorp": json.RawMessage(`"` + strings.Repeat("x", 1_040_000) + `"`)}
	s := g.Session()
	g.Push(ev)
	g.Taken(ev)
	g.SameSession(s)
}

// answeredBehindTurn: the second event waits, or is taken into the turn that runs, or
// ends it. It is not lost.
func answeredBehindTurn(g *kit.G) {
	g.Echoes()
	first, second := g.Event("whose result is late"), g.Event("behind it")
	second.Source = first.Source
	second.Source.MessageID = second.MessageID
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeOutbound, Op: protocol.OpSend, ChatID: first.Source.ChatID})
	g.Push(first)
	g.Begun(first.Source.ChatID)
	g.Push(second)
	g.Acked(second)
	held.Release()
	g.Reply(second)
}

func handledDirect(g *kit.G) {
	ev := g.Event("in private").Unbuffered()
	ev.Source.ChatType = "dm"
	ev.Source.GuildID, ev.Source.ScopeID = protocol.Opt[string]{}, protocol.Opt[string]{}
	g.Push(ev)
	g.Handled(ev)
}

// handledWhole compares, member by member, what the driver reports with what was sent.
func handledWhole(g *kit.G) {
	ev := g.Event("all of it: h\u00e9 \u2603 \U0001F600")
	ev.Source.ThreadID = protocol.Some(g.ID("th"))
	ev.Source.ParentChatID = protocol.Some(g.ID("p"))
	ev.Source.UserIDAlt = protocol.Some(g.ID("ua"))
	ev.Source.ChatTopic = protocol.Some("a topic")
	g.Push(ev)
	n := g.Notified("event/inbound", "the driver's event/inbound for it", kit.MentionsText(ev))
	var got struct{ Event map[string]any }
	if err := json.Unmarshal(n.Params, &got); err != nil {
		g.Mismatch("an object event in event/inbound", err.Error())
	}
	sent := kit.Members(ev.Event)
	for _, at := range []string{"/text", "/message_type", "/message_id", "/source/platform", "/source/chat_id", "/source/chat_type", "/source/chat_name", "/source/user_id",
		"/source/user_name", "/source/thread_id", "/source/chat_topic", "/source/parent_chat_id", "/source/user_id_alt", "/source/guild_id"} {
		want, _ := kit.AtPointer(sent, at)
		have, ok := kit.AtPointer(got.Event, at)
		if !ok || have != want {
			g.Mismatch(fmt.Sprintf("%v at %s of the event", want, at), fmt.Sprintf("%v", have))
		}
	}
}

func ackBuffered(g *kit.G) {
	ev := g.Event("buffered")
	g.Push(ev)
	first := g.Acked(ev)
	g.Alive()
	if e, again := g.FindAfter(first, kit.IsAck(ev.BufferID)); again {
		g.Mismatch("one inbound_ack", "a second one "+kit.Elapsed(first, e).String()+" later")
	}
}

func ackSeveral(g *kit.G) {
	events := []*kit.Event{g.Event("one"), g.Event("two"), g.Event("three"), g.Event("four")}
	g.Push(events...)
	for _, ev := range events {
		g.Acked(ev)
	}
}

func ackVerbatim(g *kit.G) {
	ev := g.Event("with an odd id")
	ev.BufferID = "Delivery:INST/1?" + ev.BufferID + " \u00e9\u2603\"\\"
	g.Push(ev)
	g.Acked(ev)
}

func ackNothing(change func(*protocol.Inbound)) func(*kit.G) {
	return func(g *kit.G) {
		ev := g.Event("not buffered").Unbuffered()
		f := ev.Frame()
		change(f)
		g.PushFrame(f)
		// The sign of life is itself buffered, so its own acknowledgement does not count.
		g.Nothing("inbound_ack for it", g.UnexpectedAck())
	}
}

// ackBeforeResult gives the gateway the contract's bound for results, so that a turn that
// ends by that bound cannot be what lets the acknowledgement go.
func ackBeforeResult(g *kit.G) {
	g.Start(kit.Bounds(func(t *kit.Timing) { t.Outbound = kit.ContractTiming().Outbound }))
	ev := g.Event("whose answer waits")
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeOutbound, Op: protocol.OpSend, ChatID: ev.Source.ChatID})
	g.Push(ev)
	g.Begun(ev.Source.ChatID)
	g.Acked(ev)
	held.Release()
}

func ackWhileHeld(g *kit.G) {
	g.Handler("hold", "turn")
	ev := g.Event("whose turn is held")
	g.Push(ev)
	g.Acked(ev)
	g.ReleaseHandler()
	g.Handler("echo", "")
	g.Alive()
}

func notAcked(g *kit.G, event string) {
	bufferID := g.ID("buf")
	g.SendRaw(websocket.TextMessage, fmt.Appendf(nil, `{"type":"inbound","event":%s,"bufferId":%q}`+"\n", event, bufferID))
	g.Nothing("inbound_ack for an event that cannot be mapped", kit.IsAck(bufferID))
}

func ackSurvivesFailure(g *kit.G) {
	g.Handler("fail", "turn")
	ev := g.Event("whose turn fails")
	g.Push(ev)
	g.Acked(ev)
	g.Handler("echo", "")
	g.Alive()
}

func repeatOnce(g *kit.G) { repeatKnownBy(func(_, _ *kit.Event) {})(g) }

// repeatKnownBy sends an event twice. change can take from both, or give the second time,
// what a gateway could know the repeat by.
func repeatKnownBy(change func(first, again *kit.Event)) func(*kit.G) {
	return func(g *kit.G) {
		ev := g.Event("twice")
		again := ev.Copy()
		change(ev, again)
		g.Push(ev)
		first := g.Acked(ev)
		turns := g.CountTurns(ev)
		g.Push(again)
		g.AwaitAfter(first, g.Timing.Answer, "an inbound_ack for the repeat", kit.IsAck(again.BufferID))
		turns.Stay()
	}
}

// repeatsOften: the connector repeats an entry for as long as acknowledgements get lost.
func repeatsOften(g *kit.G) {
	ev := g.Event("again and again")
	g.Push(ev)
	acked := g.Acked(ev)
	turns := g.CountTurns(ev)
	for _, which := range []string{"first", "second", "third"} {
		g.Push(ev)
		acked = g.AwaitAfter(acked, g.Timing.Answer, "an inbound_ack for the "+which+" repeat", kit.IsAck(ev.BufferID))
	}
	turns.Stay()
}

func withoutMessageID(ev *kit.Event) {
	ev.MessageID, ev.Source.MessageID = protocol.Opt[string]{}, protocol.Opt[string]{}
}

func repeatAfterRedial(g *kit.G) {
	ev := g.Event("acked, and the ack lost")
	g.Push(ev)
	g.Acked(ev)
	turns := g.CountTurns(ev)
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	back := g.Mark()
	g.Push(ev)
	g.AwaitAfter(back, g.Timing.Answer, "an inbound_ack for the replay", kit.IsAck(ev.BufferID))
	turns.Stay()
}

func messageType(typ string) func(*kit.G) {
	return func(g *kit.G) {
		ev := g.Event("of an unknown kind")
		ev.MessageType = typ
		g.Push(ev)
		g.Handled(ev)
		if g.Gateway().Driver == nil {
			return
		}
		n := g.Notified("event/inbound", "the driver's event/inbound for it", kit.MentionsText(ev))
		var got struct {
			Event struct {
				MessageType string `json:"message_type"`
			}
		}
		if json.Unmarshal(n.Params, &got) == nil && got.Event.MessageType != "text" && got.Event.MessageType != "" && got.Event.MessageType != typ {
			g.Mismatch(`message_type "text"`, fmt.Sprintf("%q", got.Event.MessageType))
		}
	}
}

func ackTogether(g *kit.G) {
	events := []*kit.Event{g.Event("one"), g.Event("two"), g.Event("three")}
	g.PushTogether(events...)
	for _, ev := range events {
		g.Acked(ev)
	}
}

func ackAfterRedial(g *kit.G) {
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Await(g.Timing.Redial(0), "a hello on a new session", kit.IsHello)
	g.Ready()
	ev := g.Event("on the second session")
	g.Push(ev)
	g.Acked(ev)
}

func ackOnceAccepted(g *kit.G) {
	g.Handler("hold", "accept")
	ev := g.Event("not yet accepted")
	g.Push(ev)
	if e, found := g.Within(g.Timing.Quiet, kit.IsAck(ev.BufferID)); found {
		g.Mismatch("no inbound_ack before the event is accepted", fmt.Sprintf("one: %.120q", e.Frame.Raw))
	}
	g.ReleaseHandler()
	g.Acked(ev)
	g.Handler("echo", "")
	g.Alive()
}

// sameTextTwice: people say the same again. That the second is acknowledged would not
// show that it was handled, as a repeat is acknowledged too.
func sameTextTwice(live bool) func(*kit.G) {
	return func(g *kit.G) {
		first := g.Event("once more")
		second := first.Copy()
		second.BufferID, second.MessageID = g.ID("buf"), protocol.Some(g.ID("m"))
		second.Source.MessageID = second.MessageID
		twoTurns(g, first, second, live)
	}
}

// noMessageIDs: what has no message id is no repeat of what else has none.
func noMessageIDs(g *kit.G) {
	first := g.Event("that has no message id")
	withoutMessageID(first)
	second := first.Copy()
	second.BufferID = g.ID("buf")
	twoTurns(g, first, second, false)
}

func twoTurns(g *kit.G, first, second *kit.Event, live bool) {
	if live {
		first.Unbuffered()
		second.Unbuffered()
	}
	g.Push(first)
	g.Handled(first)
	g.TurnOver(first)
	turns := g.CountTurns(first)
	g.Push(second)
	turns.Grow()
}

func ackWithoutMessageID(g *kit.G) {
	ev := g.Event("that has no message id")
	withoutMessageID(ev)
	g.Push(ev)
	g.Acked(ev)
}

func sameMessageIDElsewhere(g *kit.G) {
	first, second := g.Event("here"), g.Event("there")
	second.MessageID, second.Source.MessageID = first.MessageID, first.MessageID
	g.Push(first)
	g.Handled(first)
	g.Push(second)
	g.Handled(second)
}

func ackBehindHeldTurn(g *kit.G) {
	g.Handler("hold", "turn")
	first, second := g.Event("whose turn is held"), g.Event("behind it")
	second.Source = first.Source
	g.Push(first)
	g.Acked(first)
	g.Push(second)
	g.Acked(second)
	g.ReleaseHandler()
	g.Handler("echo", "")
	g.Alive()
}

func ackAfterFailure(g *kit.G) {
	g.Handler("fail", "turn")
	first, second := g.Event("whose turn fails"), g.Event("after it")
	second.Source = first.Source
	g.Push(first)
	g.TurnOver(first)
	g.Handler("echo", "")
	g.Push(second)
	g.Acked(second)
	g.Alive()
}

func noMessageType(g *kit.G) {
	ev := g.Event("of no kind")
	line := strings.Replace(string(ev.Line()), `"message_type":"text",`, "", 1)
	g.SendRaw(websocket.TextMessage, []byte(line))
	g.Handled(ev)
}

func missingEventNotAcked(g *kit.G) {
	bufferID := g.ID("buf")
	g.SendLine(fmt.Sprintf(`{"type":"inbound","bufferId":%q}`, bufferID))
	g.Nothing("inbound_ack for a frame without an event", kit.IsAck(bufferID))
}
