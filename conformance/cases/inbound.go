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
		{ID: id(protocol.RuleInboundHandled, "bare"), Title: "takes an event without the fields that can be null or left out", Level: kit.Must, After: acked, Gateway: takesEach(bareEvents)},
		{ID: id(protocol.RuleInboundHandled, "text"), Title: "reads a text with lines, markup and combining characters as it was sent", Level: kit.Must, Needs: kit.Needs{Replies: true}, Gateway: textAsSent},
		{ID: id(protocol.RuleInboundHandled, "large"), Title: "takes a frame of almost the largest size", Level: kit.Must, After: acked, Needs: kit.Needs{Alone: true}, Gateway: largeFrame},
		{ID: id(protocol.RuleInboundHandled, "behind-a-turn"), Title: "answers an event that came while an earlier turn of its session was under way", Level: kit.Must, After: acked,
			Needs: kit.Needs{Replies: true}, Gateway: answeredBehindTurn},
		{ID: id(protocol.RuleInboundHandled, "to-its-end"), Title: "reads a long text to its end", Level: kit.Must, Gateway: longText},
		{ID: id(protocol.RuleInboundHandled, "empty-chat"), Title: "hands on an event whose chat_id is empty", Level: kit.Must, After: acked, Gateway: accepted(func(ev *kit.Event) {
			ev.Source.ChatType, ev.Source.ChatID = "dm", ""
			ev.Source.GuildID, ev.Source.ScopeID = protocol.Opt[string]{}, protocol.Opt[string]{}
		})},
		{ID: id(protocol.RuleInboundHandled, "empty-text"), Title: "hands on an event whose text is empty", Level: kit.Must, After: acked, Gateway: accepted(func(ev *kit.Event) { ev.Text = "" })},
		{ID: id(protocol.RuleInboundHandled, "no-author"), Title: "hands on an event without an author", Level: kit.Must, After: acked, Gateway: accepted(func(ev *kit.Event) {
			ev.Source.UserID, ev.Source.UserName = protocol.Null[string](), protocol.Null[string]()
		})},
		{ID: id(protocol.RuleInboundHandled, "no-message-id"), Title: "hands on an event without a message id", Level: kit.Must, After: acked, Gateway: accepted(func(ev *kit.Event) {
			ev.MessageID, ev.Source.MessageID = protocol.Opt[string]{}, protocol.Opt[string]{}
		})},
		{ID: id(protocol.RuleInboundHandled, "slash"), Title: "hands on a text that looks like a command, whatever becomes of it", Level: kit.Must, After: acked,
			Needs: kit.Needs{Driver: []string{"event/inbound"}}, Gateway: handedOn("/frobnicate it", "/", "//")},
		{ID: id(protocol.RuleInboundHandled, "reply"), Title: "hands on an event that answers another message", Level: kit.Must, After: acked, Gateway: accepted(func(ev *kit.Event) {
			ev.ReplyToMessageID = protocol.Some("m-answered")
		})},
		{ID: id(protocol.RuleInboundHandled, "every-type"), Title: "hands on an event of every message type", Level: kit.Must, After: acked, Gateway: everyMessageType},
		{ID: id(protocol.RuleInboundHandled, "long"), Title: "hands on all of a text that is longer than any platform's limit", Level: kit.Must, After: acked,
			Needs: kit.Needs{Driver: []string{"event/inbound"}}, Gateway: handledLong},
		{ID: id(protocol.RuleInboundHandled, "white-space"), Title: "hands on the white space around and inside of a text", Level: kit.Must, After: acked,
			Needs: kit.Needs{Driver: []string{"event/inbound"}}, Gateway: handedOn("  in front", "behind \t", "\nin front", "behind\n\n", "in\nthe\r\nmiddle", "two  spaces", "\u00a0no break\u2028", " \t\n")},
		{ID: id(protocol.RuleInboundHandled, "whole"), Title: "hands on the text and the source as they were sent", Level: kit.Must,
			Needs: kit.Needs{Driver: []string{"event/inbound"}}, Gateway: handledWhole},
		{ID: id(protocol.RuleInboundHandled, "mistyped-nullable"), Title: "hands on an event whose nullable fields are mistyped", Level: kit.Must,
			Gateway: mistyped("source", map[string]any{"chat_name": 7, "user_name": true, "thread_id": map[string]any{}, "chat_topic": []any{}})},
		{ID: id(protocol.RuleInboundHandled, "mistyped-optional"), Title: "hands on an event whose optional fields are mistyped", Level: kit.Must,
			Gateway: mistyped("", map[string]any{"message_id": 7, "reply_to_message_id": true, "media_urls": "https://media.example/1"})},
		{ID: id(protocol.RuleInboundAckBuffered), Title: "acknowledges a bufferId once", Level: kit.Must, Gateway: ackBuffered},
		{ID: id(protocol.RuleInboundAckBuffered, "several"), Title: "acknowledges each of several", Level: kit.Must, Gateway: ackSeveral},
		{ID: id(protocol.RuleInboundAckBuffered, "verbatim"), Title: "gives an odd bufferId back as it came", Edge: true, Level: kit.Must, Gateway: ackVerbatim},
		{ID: id(protocol.RuleInboundAckBuffered, "direct"), Title: "acknowledges a direct message", Edge: true, Level: kit.Must, Gateway: ackDirect},
		{ID: id(protocol.RuleInboundAckBuffered, "together"), Title: "acknowledges each of several that come in one message", Level: kit.Must, Gateway: ackTogether},
		{ID: id(protocol.RuleInboundAckBuffered, "redial"), Title: "acknowledges on its second session as well", Level: kit.Must, Needs: kit.Needs{Alone: true}, Gateway: ackAfterRedial},
		{ID: id(protocol.RuleInboundAckBuffered, "accepted"), Title: "does not acknowledge before the event is accepted", Edge: true, Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set at accept"}}, Gateway: ackOnceAccepted},
		{ID: id(protocol.RuleInboundHandled, "same-text"), Title: "takes the same text under another message id for another event", Level: kit.Must, After: acked, Gateway: sameTextTwice(false)},
		{ID: id(protocol.RuleInboundHandled, "same-text-unbuffered"), Title: "does so without a bufferId", Level: kit.Must, Gateway: sameTextTwice(true)},
		{ID: id(protocol.RuleInboundHandled, "two-without-id"), Title: "takes two events without a message id for two", Level: kit.Must, After: acked, Gateway: noMessageIDs},
		{ID: id(protocol.RuleInboundHandled, "same-message-id"), Title: "takes the same message id in another chat for another event", Level: kit.Must, After: acked, Gateway: sameMessageIDElsewhere},
		{ID: id(protocol.RuleInboundHandled, "ids-in-other-case"), Title: "takes ids that differ in case only for those of two events", Level: kit.Must, After: acked, Gateway: idsInOtherCase},
		{ID: id(protocol.RuleInboundHandled, "other-platform"), Title: "takes the same ids on another platform for another event", Level: kit.Must, After: acked, Gateway: sameIDsOnAnotherPlatform},
		{ID: id(protocol.RuleInboundHandled, "ids-of-digits"), Title: "takes ids of many digits that differ in the last one for those of two events", Level: kit.Must, After: acked, Gateway: idsOfManyDigits},
		{ID: id(protocol.RuleInboundHandled, "not-accepted-before"), Title: "takes an event that it did not accept when it came first", Level: kit.Must, After: append(acked, protocol.RuleFramingHandlerFailure),
			Needs: kit.Needs{Alone: true, Replies: true, Driver: []string{"handler/set at accept"}}, Gateway: takenAfterRefusal},
		{ID: id(protocol.RuleInboundHandled, "unmappable-before"), Title: "takes an event though one that cannot be mapped came under its bufferId before", Level: kit.Must,
			After: append(acked, protocol.RuleFramingBadFrame, protocol.RuleInboundAckNotUnmappable), Gateway: takenAfterUnmappable},
		{ID: id(protocol.RuleInboundAckBeforeTurn, "behind-a-turn"), Title: "acknowledges while an earlier turn of the same chat is under way", Level: kit.Must, After: acked,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: ackBehindHeldTurn},
		{ID: id(protocol.RuleInboundAckSurvivesFailure, "often"), Title: "acknowledges one event after the other of a chat whose turns all fail", Level: kit.Must, After: acked,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: ackAfterFailures},
		{ID: id(protocol.RuleInboundAckSurvivesFailure, "next"), Title: "acknowledges the next event of a chat whose turn failed", Level: kit.Must, After: acked,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: ackAfterFailure},
		{ID: id(protocol.RuleInboundUnknownMessageType, "missing"), Title: "handles an event without a message type", Level: kit.Must, After: acked, Gateway: noMessageType},
		{ID: id(protocol.RuleInboundAckNotUnmappable, "missing"), Title: "does not acknowledge a frame without an event", Level: kit.Must, After: append(acked, protocol.RuleFramingBadFrame),
			Needs: kit.Needs{Alone: true}, Gateway: missingEventNotAcked},
		{ID: id(protocol.RuleInboundAckOnlyBuffered), Title: "acknowledges nothing that carries no bufferId", Level: kit.Must, After: acked, Needs: kit.Needs{Alone: true}, Gateway: ackNothing(func(f *protocol.Inbound) {})},
		{ID: id(protocol.RuleInboundAckOnlyBuffered, "behind"), Title: "does not acknowledge an earlier event again for it", Level: kit.Must, After: acked, Gateway: ackNothingBehind},
		{ID: id(protocol.RuleInboundAckOnlyBuffered, "null"), Title: "acknowledges nothing for a bufferId that is null", Level: kit.Must, After: acked, Needs: kit.Needs{Alone: true}, Gateway: ackNothing(func(f *protocol.Inbound) { f.BufferID = protocol.Null[string]() })},
		{ID: id(protocol.RuleInboundAckOnlyBuffered, "empty"), Title: "acknowledges nothing for an empty bufferId", Level: kit.Must, After: acked, Needs: kit.Needs{Alone: true}, Gateway: ackNothing(func(f *protocol.Inbound) { f.BufferID = protocol.Some("") })},
		{ID: id(protocol.RuleInboundAckBeforeTurn), Title: "acknowledges while the turn still waits for its result", Level: kit.Must, After: acked, Needs: kit.Needs{Fresh: true, Replies: true}, Gateway: ackBeforeResult},
		{ID: id(protocol.RuleInboundAckBeforeTurn, "held"), Title: "acknowledges while the turn is under way", Level: kit.Must, After: acked,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: ackWhileHeld},
		unmappable("", "does not acknowledge an event that is null", `null`),
		unmappable("array", "does not acknowledge an event that is an array", `[]`),
		unmappable("string", "does not acknowledge an event that is a string", `"x"`),
		unmappable("null-source", "does not acknowledge an event whose source is null", `{"text":"x","message_type":"text","source":null}`),
		unmappable("source", "does not acknowledge an event whose source is a string", `{"text":"x","message_type":"text","source":"x"}`),
		{ID: id(protocol.RuleInboundAckSurvivesFailure), Title: "acknowledges an event whose turn fails", Level: kit.Must, After: acked,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: ackSurvivesFailure},
		{ID: id(protocol.RuleInboundRepeatOnce), Title: "acknowledges a repeat and does not handle it again", Level: kit.Should, After: acked, Gateway: repeatOnce},
		{ID: id(protocol.RuleInboundRepeatOnce, "other-buffer-id"), Title: "does so when the message comes under another bufferId", Level: kit.Should, After: acked, Gateway: repeatUnderAnotherBufferID},
		{ID: id(protocol.RuleInboundRepeatOnce, "buffer-id-alone"), Title: "does so when the bufferId alone shows it", Level: kit.Should, After: acked, Gateway: repeatByBufferID},
		{ID: id(protocol.RuleInboundRepeatOnce, "often"), Title: "does so however often it is repeated", Level: kit.Should, After: acked, Gateway: repeatOften},
		{ID: id(protocol.RuleInboundRepeatOnce, "after-redial"), Title: "does so on the next session as well", Level: kit.Should, After: append(acked, protocol.RuleReconnectRedial),
			Needs: kit.Needs{Alone: true}, Gateway: repeatAfterRedial},
		{ID: id(protocol.RuleInboundRepeatOnce, "under-way"), Title: "does so while the turn of the first is under way", Level: kit.Should, After: acked,
			Needs: kit.Needs{Replies: true, Driver: []string{"event/turn"}}, Gateway: repeatDuringTurn},
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
	held := g.HoldTurn(first)
	g.Push(second)
	g.Acked(second)
	held.Release()
	g.Reply(second)
}

// mistyped gives fields of the event, or of the object of that name in it, another type:
// of a nullable or an optional field that is nothing but absence.
func mistyped(object string, fields map[string]any) func(*kit.G) {
	return func(g *kit.G) {
		ev := g.Event("with fields of another type")
		var frame map[string]any
		if err := json.Unmarshal(ev.Line(), &frame); err != nil {
			g.Harness(err, "reading an event of the suite's own")
		}
		in := frame["event"].(map[string]any)
		if object != "" {
			in = in[object].(map[string]any)
		}
		for name, value := range fields {
			in[name] = value
		}
		line, err := json.Marshal(frame)
		if err != nil {
			g.Harness(err, "encoding an event of the suite's own")
		}
		g.SendRaw(websocket.TextMessage, append(line, '\n'))
		g.Handled(ev)
	}
}

func handledDirect(g *kit.G) {
	ev := g.Event("in private").Unbuffered()
	ev.Source.ChatType = "dm"
	ev.Source.GuildID, ev.Source.ScopeID = protocol.Opt[string]{}, protocol.Opt[string]{}
	g.Push(ev)
	g.Handled(ev)
}

// accepted changes a plain event, and what it leaves the gateway must still take. Where
// the driver reports events, it reports this one, which is known by where it came from.
func accepted(change func(*kit.Event)) func(*kit.G) {
	return func(g *kit.G) {
		ev := g.Event("of an unusual shape")
		ev.Source.ChatName = protocol.Some(g.ID("name"))
		change(ev)
		g.Push(ev)
		g.Acked(ev)
		reported(g, ev)
	}
}

// reported waits for the driver's event/inbound of an event that is known by the name of
// its chat, where there is a driver.
func reported(g *kit.G, ev *kit.Event) {
	if g.Gateway().Driver == nil {
		return
	}
	name := ev.Source.ChatName.Or("")
	n := g.Notified("event/inbound", fmt.Sprintf("the driver's event/inbound for the event from %q", name), func(p json.RawMessage) bool {
		var n struct {
			Event struct {
				Source struct {
					ChatName string `json:"chat_name"`
				} `json:"source"`
			} `json:"event"`
		}
		return json.Unmarshal(p, &n) == nil && n.Event.Source.ChatName == name
	})
	var got struct{ Event struct{ Text string } }
	if json.Unmarshal(n.Params, &got) != nil || got.Event.Text != ev.Text {
		g.Mismatch(fmt.Sprintf("%.200q at /text of the event", ev.Text), fmt.Sprintf("%.200q", got.Event.Text))
	}
}

// everyMessageType asks for no answer: whether the agent has one to a sticker is its own
// affair.
func everyMessageType(g *kit.G) {
	for _, typ := range protocol.MessageTypes() {
		ev := g.Event("of the type " + typ)
		ev.MessageType = typ
		g.Push(ev)
		g.Taken(ev)
	}
}

func handledLong(g *kit.G) {
	ev := g.Event("long")
	ev.Source.ChatName = protocol.Some(g.ID("name"))
	ev.Text = strings.Repeat("word ", 12_000) + ev.Text
	g.Push(ev)
	g.Acked(ev)
	reported(g, ev)
}

// handedOn pushes texts that are no more than what they say, each as a whole event.
func handedOn(texts ...string) func(*kit.G) {
	return func(g *kit.G) {
		for _, text := range texts {
			ev := g.Event("")
			ev.Source.ChatName = protocol.Some(g.ID("name"))
			ev.Text = text
			g.Push(ev)
			g.Acked(ev)
			reported(g, ev)
		}
	}
}

// handledWhole compares, member by member, what the driver reports with what was sent.
func handledWhole(g *kit.G) {
	ev := g.Event("all of it: h\u00e9 \u2603 \U0001F600")
	ev.Source.ThreadID = protocol.Some(g.ID("th"))
	ev.Source.ParentChatID = protocol.Some(g.ID("p"))
	ev.Source.UserIDAlt = protocol.Some(g.ID("ua"))
	ev.Source.ChatTopic = protocol.Some("a topic")
	comparedWhole(g, ev)
	dm := g.Event("all of it, in private")
	dm.Source.ChatType, dm.Source.ThreadID = "dm", protocol.Some(g.ID("th"))
	comparedWhole(g, dm)
}

func comparedWhole(g *kit.G, ev *kit.Event) {
	g.Push(ev)
	n := g.Notified("event/inbound", "the driver's event/inbound for it", kit.MentionsText(ev))
	var got struct{ Event map[string]any }
	if err := json.Unmarshal(n.Params, &got); err != nil {
		g.Mismatch("an object event in event/inbound", err.Error())
	}
	sent := kit.Members(ev.Event)
	for _, at := range []string{"/text", "/message_type", "/message_id", "/source/platform", "/source/chat_id", "/source/chat_type", "/source/chat_name", "/source/user_id",
		"/source/user_name", "/source/thread_id", "/source/chat_topic", "/source/parent_chat_id", "/source/user_id_alt", "/source/guild_id"} {
		want, there := kit.AtPointer(sent, at)
		if !there {
			continue
		}
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
	for _, around := range [][2]string{{"Delivery:INST/1?", " \u00e9\u2603\"\\"}, {" ", "\t "}, {"000", ""}, {"e\u0301\u212b", "\uff21"}, {strings.Repeat("x", 300), ""}} {
		ev := g.Event("with an odd id")
		ev.BufferID = around[0] + ev.BufferID + around[1]
		g.Push(ev)
		g.Acked(ev)
	}
	digits := g.Event("with an id of digits")
	digits.BufferID = "00" + g.Digits()
	g.Push(digits)
	g.Acked(digits)
}

func ackDirect(g *kit.G) {
	ev := direct(g)
	g.Push(ev)
	g.AckedIfHandled(ev)
}

// ackNothingBehind: the event before it in its session had a bufferId, which is not its.
func ackNothingBehind(g *kit.G) {
	first, second := g.Event("buffered"), g.Event("not buffered").Unbuffered()
	second.Source = first.Source
	g.Push(first)
	acked := g.Acked(first)
	g.Push(second)
	g.Nothing("second inbound_ack, for an event without a bufferId", func(e fakeconnector.Entry) bool { return e.Seq > acked.Seq && kit.IsAck(first.BufferID)(e) })
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
	behind := g.Event("whose turn has to wait for that one")
	behind.Source = ev.Source
	behind.Source.MessageID = behind.MessageID
	held := g.HoldTurn(ev)
	g.Acked(ev)
	g.Push(behind)
	g.Acked(behind)
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

func repeatOnce(g *kit.G) {
	ev := g.Event("twice")
	g.Push(ev)
	first := g.Accepted(ev)
	turns := g.CountTurns(ev)
	g.Push(ev)
	g.AwaitAfter(first, g.Timing.Answer, "an inbound_ack for the repeat", kit.IsAck(ev.BufferID))
	turns.Stay()
}

func withoutMessageID(ev *kit.Event) {
	ev.MessageID, ev.Source.MessageID = protocol.Opt[string]{}, protocol.Opt[string]{}
}

// repeatUnderAnotherBufferID: a connector that lost track buffers the same message again.
func repeatUnderAnotherBufferID(g *kit.G) {
	ev := g.Event("twice, under two bufferIds")
	g.Push(ev)
	g.Accepted(ev)
	turns := g.CountTurns(ev)
	again := *ev
	again.BufferID = g.ID("buf")
	g.Push(&again)
	g.Acked(&again)
	turns.Stay()
}

func repeatByBufferID(g *kit.G) {
	ev := g.Event("twice, without a message id")
	ev.MessageID, ev.Source.MessageID = protocol.Opt[string]{}, protocol.Opt[string]{}
	g.Push(ev)
	first := g.Accepted(ev)
	turns := g.CountTurns(ev)
	g.Push(ev)
	g.AwaitAfter(first, g.Timing.Answer, "an inbound_ack for the repeat", kit.IsAck(ev.BufferID))
	turns.Stay()
}

func repeatOften(g *kit.G) {
	ev := g.Event("five times")
	g.Push(ev)
	last := g.Accepted(ev)
	turns := g.CountTurns(ev)
	for range 4 {
		g.Push(ev)
		last = g.AwaitAfter(last, g.Timing.Answer, "an inbound_ack for the repeat", kit.IsAck(ev.BufferID))
	}
	turns.Stay()
}

func repeatAfterRedial(g *kit.G) {
	ev := g.Event("acked, and the ack lost")
	g.Push(ev)
	g.Accepted(ev)
	turns := g.CountTurns(ev)
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	back := g.Mark()
	g.Push(ev)
	g.AwaitAfter(back, g.Timing.Answer, "an inbound_ack for the replay", kit.IsAck(ev.BufferID))
	turns.Stay()
}

// messageType sends an event of a type that there is not. Whoever hands its events on as
// they came says what was sent; what else it makes of them must be a text.
func messageType(typ string) func(*kit.G) {
	return func(g *kit.G) {
		ev := g.Event("of an unknown kind")
		ev.MessageType = typ
		g.Push(ev)
		handledAsText(g, ev)
	}
}

func handledAsText(g *kit.G, ev *kit.Event) {
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
	if json.Unmarshal(n.Params, &got) == nil && got.Event.MessageType != "text" && got.Event.MessageType != "" && got.Event.MessageType != ev.MessageType {
		g.Mismatch(`message_type "text"`, fmt.Sprintf("%q", got.Event.MessageType))
	}
}

func ackTogether(g *kit.G) {
	events := []*kit.Event{g.Event("one"), g.Event("two"), g.Event("three")}
	g.PushTogether(events...)
	for _, ev := range events {
		g.Acked(ev)
	}
}

// ackAfterRedial does not come after the rule about redials, whose cases stand on this one.
// A gateway that does not come back has no session to push an event on, which blocks it.
func ackAfterRedial(g *kit.G) {
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Within(g.Timing.Redial(0), kit.IsHello)
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

// idsInOtherCase: ids are texts, and a repeat has the same.
func idsInOtherCase(g *kit.G) {
	first := g.Event("said twice")
	second := first.Copy()
	second.BufferID, second.MessageID = first.BufferID+"X", protocol.Some(first.MessageID.Or("")+"X")
	first.BufferID, first.MessageID = first.BufferID+"x", protocol.Some(first.MessageID.Or("")+"x")
	first.Source.MessageID, second.Source.MessageID = first.MessageID, second.MessageID
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

func sameMessageIDElsewhere(g *kit.G) {
	first, second := g.Event("here"), g.Event("there")
	second.MessageID, second.Source.MessageID = first.MessageID, first.MessageID
	g.Push(first)
	g.Handled(first)
	g.Push(second)
	g.Handled(second)
}

// sameIDsOnAnotherPlatform: the ids of a chat and of a message are those of their platform.
func sameIDsOnAnotherPlatform(g *kit.G) {
	first, second := g.Event("on one platform"), g.Event("on another")
	second.Source = first.Source
	second.MessageID = first.MessageID
	first.Source.Platform, second.Source.Platform = "telegram", "signal"
	g.Push(first)
	g.Handled(first)
	g.Push(second)
	g.Handled(second)
}

// idsOfManyDigits are like those of Discord: as doubles they are the same.
func idsOfManyDigits(g *kit.G) {
	first := g.Event("said twice")
	second := first.Copy()
	id := "9007199254740993" + g.Digits()
	second.BufferID = g.ID("buf")
	first.MessageID, second.MessageID = protocol.Some(id+"1"), protocol.Some(id+"2")
	first.Source.MessageID, second.Source.MessageID = first.MessageID, second.MessageID
	twoTurns(g, first, second, false)
}

// takenAfterRefusal sends an event again whose accept step failed: that is no repeat of
// one that was accepted.
func takenAfterRefusal(g *kit.G) {
	g.Handler("fail", "accept")
	ev := g.Event("that is not accepted at first")
	g.Push(ev)
	g.Notified("event/inbound", "the driver's event/inbound for it", kit.MentionsText(ev))
	g.Handler("echo", "")
	g.Nothing("inbound_ack for an event that was not accepted", kit.IsAck(ev.BufferID))
	g.Push(ev)
	g.Acked(ev)
	g.Reply(ev)
}

// takenAfterUnmappable: a connector that mends what it keeps sends it under the same id.
func takenAfterUnmappable(g *kit.G) {
	ev := g.Event("mended")
	g.SendLine(fmt.Sprintf(`{"type":"inbound","event":null,"bufferId":%q}`, ev.BufferID))
	g.Push(ev)
	g.Handled(ev)
}

// repeatDuringTurn: the event was accepted when it was queued, and its turn comes after.
func repeatDuringTurn(g *kit.G) {
	ev := g.Event("repeated before it is answered")
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeOutbound, Op: protocol.OpSend, ChatID: ev.Source.ChatID})
	g.Push(ev)
	first := g.Acked(ev)
	g.Begun(ev.Source.ChatID)
	g.Push(ev)
	g.AwaitAfter(first, g.Timing.Answer, "an inbound_ack for the repeat", kit.IsAck(ev.BufferID))
	held.Release()
	g.CountTurns(ev).Stay()
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

func ackAfterFailures(g *kit.G) {
	g.Handler("fail", "turn")
	first := g.Event("whose source the others have")
	for range 6 {
		ev := g.Event("whose turn fails as well")
		ev.Source = first.Source
		ev.Source.MessageID = ev.MessageID
		g.Push(ev)
		g.Acked(ev)
		g.TurnOver(ev)
	}
	g.Handler("echo", "")
	g.Alive()
}

func noMessageType(g *kit.G) {
	ev := g.Event("of no kind")
	line := strings.Replace(string(ev.Line()), `"message_type":"text",`, "", 1)
	g.SendRaw(websocket.TextMessage, []byte(line))
	handledAsText(g, ev)
}

func missingEventNotAcked(g *kit.G) {
	bufferID := g.ID("buf")
	g.SendLine(fmt.Sprintf(`{"type":"inbound","bufferId":%q}`, bufferID))
	g.Nothing("inbound_ack for a frame without an event", kit.IsAck(bufferID))
}
