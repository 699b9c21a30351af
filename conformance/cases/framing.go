package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func framing() []kit.Case {
	// Every case below rests on acknowledgements: without them nothing shows, on the
	// wire of a gateway that does not reply, that a frame was read.
	after := rules(protocol.RuleInboundAckBuffered)
	fresh, alone := kit.Needs{Fresh: true}, kit.Needs{Alone: true}
	// What comes before a descriptor, or with it, takes another handshake.
	again := rules(protocol.RuleHandshakeAgainOnRedial)
	// Between the pieces of a cut frame the connector keeps its results back, so turns wait.
	cut := rules(protocol.RuleInboundAckBuffered, protocol.RuleFramingReaderFree)
	// What is in one message with the descriptor is in front of it.
	together := rules(protocol.RuleFramingSeveralInMessage)
	polite := func(rule protocol.RuleID, title string, body func(*kit.G)) kit.Case {
		return kit.Case{ID: string(rule), Title: title, Level: kit.Must, After: after, Gateway: body}
	}
	hostile := func(caseID, title string, level kit.Level, send func(*kit.G)) kit.Case {
		return kit.Case{ID: caseID, Title: title, Level: level, After: after, Needs: kit.Needs{Alone: true},
			Gateway: func(g *kit.G) { g.Survives(func() { send(g) }) }}
	}
	line := func(rule protocol.RuleID, variant, title, text string) kit.Case {
		caseID := string(rule)
		if variant != "" {
			caseID += ":" + variant
		}
		return hostile(caseID, title, kit.Must, func(g *kit.G) { g.SendLine(text) })
	}
	// What is to be ignored may not be answered either.
	ignored := func(rule protocol.RuleID, variant, title, text string) kit.Case {
		c := line(rule, variant, title, text)
		c.Gateway = func(g *kit.G) {
			before := g.Mark()
			g.Survives(func() { g.SendLine(text) })
			g.Unanswered(before)
		}
		return c
	}
	bad := func(variant, title, text string) kit.Case {
		return line(protocol.RuleFramingBadFrame, variant, title, text)
	}
	list := []kit.Case{
		{ID: id(protocol.RuleFramingNewline), Title: "ends what it sends with a newline, one JSON object a line", Level: kit.Must, Gateway: endsWithNewline},
		polite(protocol.RuleFramingSeveralInMessage, "reads every frame of a message that holds three", severalInMessage),
		{ID: id(protocol.RuleFramingAcrossMessages), Title: "puts a frame together that comes in three messages", Level: kit.Must, After: cut, Needs: kit.Needs{Alone: true}, Gateway: acrossMessages},
		{ID: id(protocol.RuleFramingAcrossMessages, "every-kind-of-cut"), Title: "does so when the cut is in a key, an escape, or before the newline", Level: kit.Must, After: cut, Needs: kit.Needs{Alone: true}, Gateway: everyKindOfCut},
		{ID: id(protocol.RuleFramingAcrossMessages, "and-a-half"), Title: "handles a whole frame at once when half of the next one is behind it", Level: kit.Must, After: cut, Needs: kit.Needs{Alone: true}, Gateway: oneAndAHalf},
		{ID: id(protocol.RuleFramingBlankLines), Title: "skips blank lines and takes CRLF", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: blankLines},
		{ID: id(protocol.RuleFramingBinary), Title: "reads a binary message like a text message", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: binary},
		{ID: id(protocol.RuleFramingBinary, "continues-text"), Title: "lets a binary message continue a line that a text message began", Level: kit.Must, After: cut, Needs: kit.Needs{Alone: true}, Gateway: binaryContinuesText},
		{ID: id(protocol.RuleFramingBinary, "cut-in-character"), Title: "puts a character together that is cut between two binary messages", Level: kit.Must, After: cut, Needs: kit.Needs{Alone: true}, Gateway: cutInCharacter},
		polite(protocol.RuleFramingUnicode, "reads escapes and UTF-8 alike, surrogate pairs included", unicode),
		{ID: id(protocol.RuleFramingUnicode, "separators"), Title: "ends a line at its newline, and not at another character that separates lines", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: separators},
		line(protocol.RuleFramingNotJson, "", "skips a line that is not JSON", `{nope`),
		line(protocol.RuleFramingNotJson, "bare-words", "skips a line of plain words", `hello there`),
		hostile(id(protocol.RuleFramingNotUtf8), "skips a binary line that is not UTF-8", kit.Should, func(g *kit.G) {
			g.SendRaw(websocket.BinaryMessage, []byte("{\"type\":\"zorp\",\"x\":\"\xff\xfe\"}\n"))
		}),
		ignored(protocol.RuleFramingUnknownType, "", "ignores a frame of an unknown type", `{"type":"zorp","bufferId":"b","event":{}}`),
		{ID: id(protocol.RuleFramingUnknownFields), Title: "acts on a frame with unknown fields at every level", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: unknownFields},
		{ID: id(protocol.RuleFramingUnknownType, "other-case"), Title: "ignores an event under a type that differs from inbound in case only", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true}, Gateway: typeInOtherCase},
		{ID: id(protocol.RuleFramingUnknownFields, "other-case"), Title: "does not take fields whose names differ in case only for those that it knows", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: fieldsInOtherCase},
		{ID: id(protocol.RuleFramingNullField), Title: "reads null in an optional field like its absence", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: nullFields},
		ignored(protocol.RuleFramingWrongDirection, "hello", "ignores a hello that comes from the connector", `{"type":"hello","platform":"discord","botId":"b"}`),
		ignored(protocol.RuleFramingWrongDirection, "", "ignores an outbound frame that comes from the connector", `{"type":"outbound","requestId":"r","action":{"op":"send","chat_id":"c","content":"x"}}`),
		ignored(protocol.RuleFramingWrongDirection, "going-idle", "ignores a going_idle that comes from the connector", `{"type":"going_idle"}`),
		ignored(protocol.RuleFramingWrongDirection, "ack", "ignores an inbound_ack that comes from the connector", `{"type":"inbound_ack","bufferId":"b"}`),
		{ID: id(protocol.RuleFramingWrongDirection, "interrupt"), Title: "does not obey an interrupt frame, which only gateways send", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: interruptFrame},
		{ID: id(protocol.RuleFramingWrongDirection, "often"), Title: "ignores each of them, however often it comes", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: wrongDirectionOften},
		{ID: id(protocol.RuleFramingHandlerFailure, "results"), Title: "takes results after a handler that failed", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set", "gateway/send"}}, Gateway: resultAfterFailure},
		{ID: id(protocol.RuleFramingUnknownType, "before-descriptor"), Title: "ignores an unknown type before its descriptor as well", Edge: true, Level: kit.Must,
			Needs: alone, After: slices.Concat(again, together), Gateway: beforeDescriptor(`{"type":"zorp"}` + "\n")},
		{ID: id(protocol.RuleFramingNotJson, "before-descriptor"), Title: "skips lines that are not JSON before its descriptor as well", Level: kit.Must,
			Needs: alone, After: slices.Concat(again, together), Gateway: beforeDescriptor("{nope\nhello there\n")},
		{ID: id(protocol.RuleFramingBadFrame, "before-descriptor"), Title: "goes on after bad frames before its descriptor as well", Level: kit.Must,
			Needs: alone, After: slices.Concat(again, together), Gateway: beforeDescriptor(`{"type":"inbound","event":null}` + "\n[]\n" + `{"type":5}` + "\n")},
		{ID: id(protocol.RuleFramingBlankLines, "before-descriptor"), Title: "skips blank lines before its descriptor as well", Level: kit.Must,
			Needs: alone, After: slices.Concat(again, together), Gateway: beforeDescriptor("\n\r\n \t\n")},
		{ID: id(protocol.RuleFramingBinary, "descriptor"), Title: "reads a descriptor in a binary message", Level: kit.Must,
			Needs: alone, After: again, Gateway: asDescriptor(func(g *kit.G, s *fakeconnector.Session, line []byte) { g.SendOn(s, websocket.BinaryMessage, line) })},
		{ID: id(protocol.RuleFramingAcrossMessages, "descriptor"), Title: "puts a descriptor together that comes in two messages", Level: kit.Must,
			Needs: alone, After: again, Gateway: asDescriptor(func(g *kit.G, s *fakeconnector.Session, line []byte) {
				g.SendOn(s, websocket.TextMessage, line[:len(line)/2])
				g.SendOn(s, websocket.TextMessage, line[len(line)/2:])
			})},
		{ID: id(protocol.RuleFramingSeveralInMessage, "behind-descriptor"), Title: "acts on an event that comes in one message with the descriptor", Level: kit.Must,
			Needs: alone, After: slices.Concat(again, after), Gateway: eventBehindDescriptor},
		{ID: id(protocol.RuleFramingSeveralInMessage, "many"), Title: "acts on every frame of a message that holds hundreds", Edge: true, Level: kit.Must,
			Needs: kit.Needs{Alone: true}, After: append(after, protocol.RuleFramingUnknownType), Gateway: hundredsInMessage},
		{ID: id(protocol.RuleFramingUnicode, "names"), Title: "reads names and types with escapes in them", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: escapedNames},
		{ID: id(protocol.RuleFramingFreshBuffer, "before-descriptor"), Title: "drops it when the session ended before its descriptor", Level: kit.Must,
			Needs: fresh, After: rules(protocol.RuleReconnectFirstDial), Gateway: freshBufferBeforeDescriptor},
		{ID: id(protocol.RuleFramingBadFrame, "idle-ack"), Title: "acts on a going_idle_ack that comes behind bad frames", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Launch: kit.Abilities{Signal: true}}, After: rules(protocol.RuleIdleAnnounce, protocol.RuleIdleCloseAfterAck), Gateway: idleAckBehindBad},
		{ID: id(protocol.RuleFramingReaderFree, "long-bound"), Title: "goes on reading events of that session and of others though the bound of the result is far away", Level: kit.Must, After: after,
			Needs: kit.Needs{Fresh: true, Replies: true}, Gateway: readerFreeForLong},
		{ID: id(protocol.RuleFramingSeveralInMessage, "order"), Title: "acts on the frames of a message in their order", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true, Driver: []string{"event/inbound"}}, Gateway: severalInOrder},
		{ID: id(protocol.RuleFramingUnknownFields, "other-case-alone"), Title: "does not take them for those that it knows where those are left out either", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true}, Gateway: fieldsInOtherCaseAlone},
		{ID: id(protocol.RuleFramingNullField, "buffer-id"), Title: "handles an event whose bufferId is null", Level: kit.Must, Gateway: nullBufferID},
		{ID: id(protocol.RuleFramingNullField, "source"), Title: "takes an event whose scope, author and ids are null", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: nullSource},
		{ID: id(protocol.RuleFramingNullField, "descriptor"), Title: "takes a descriptor whose optional fields are null", Level: kit.Must, Needs: alone, After: again, Gateway: descriptor(nullKeys)},
		{ID: id(protocol.RuleFramingNullField, "result"), Title: "takes a result whose error is null", Level: kit.Must, Needs: kit.Needs{Driver: []string{"gateway/send"}},
			After: rules(protocol.RuleOutboundByRequestId), Gateway: oddResult(`"error":null`)},
		{ID: id(protocol.RuleFramingUnknownFields, "result"), Title: "takes a result with unknown fields", Level: kit.Must, Needs: kit.Needs{Driver: []string{"gateway/send"}},
			After: rules(protocol.RuleOutboundByRequestId), Gateway: oddResult(`"zorp":{"a":[1,null]}`)},
		{ID: id(protocol.RuleFramingUnknownFields, "interrupt"), Title: "obeys an interrupt_inbound with unknown fields", Level: kit.Must, After: rules(protocol.RuleInterruptCancels),
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set", "event/turn"}}, Gateway: interruptWithMore},
		{ID: id(protocol.RuleFramingUnknownFields, "forward"), Title: "takes a forward with unknown fields at both levels", Level: kit.Must, After: rules(protocol.RulePassthroughAckBuffered), Gateway: forwardWithMore},
		{ID: id(protocol.RuleFramingUnknownFields, "idle-ack"), Title: "takes a going_idle_ack with unknown fields", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Launch: kit.Abilities{Signal: true}}, After: rules(protocol.RuleIdleAnnounce, protocol.RuleIdleCloseAfterAck), Gateway: idleAckWithMore},
		{ID: id(protocol.RuleFramingNullField, "forward"), Title: "takes a forward whose bufferId is null", Level: kit.Must, After: rules(protocol.RulePassthroughComponent),
			Needs: kit.Needs{Replies: true}, Gateway: forwardWithNull},
		{ID: id(protocol.RuleFramingNullField, "session-key"), Title: "leaves a thread_id that is null out of the session key", Level: kit.Must, After: after,
			Needs: kit.Needs{Driver: []string{"event/inbound"}}, Gateway: nullThread},
		{ID: id(protocol.RuleFramingBadFrame, "same-message"), Title: "handles what follows a bad frame in the same message", Level: kit.Must, After: after, Needs: kit.Needs{Alone: true}, Gateway: goodBehindBad},
		{ID: id(protocol.RuleFramingNotUtf8, "event"), Title: "does not act on an event that is not UTF-8", Level: kit.Should, After: after, Needs: kit.Needs{Alone: true}, Gateway: notUTF8Event},
		{ID: id(protocol.RuleFramingHandlerFailure, "same-session-key"), Title: "handles the next event of the session key whose handler failed, again and again", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true, Replies: true, Driver: []string{"handler/set"}}, Gateway: handlerFailsOften},
		{ID: id(protocol.RuleFramingReaderFree, "same-chat"), Title: "goes on reading when another event of that chat comes meanwhile", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true, Replies: true}, Gateway: readerFreeSameChat},
		{ID: id(protocol.RuleFramingFreshBuffer, "reset"), Title: "drops it when the session was reset", Level: kit.Must,
			After: append(cut, protocol.RuleFramingAcrossMessages, protocol.RuleReconnectRedial), Needs: kit.Needs{Alone: true}, Gateway: freshBufferAfterReset},
		{ID: id(protocol.RuleFramingReaderFree), Title: "goes on reading while a handler waits for its result", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true, Replies: true}, Gateway: readerFree},
		{ID: id(protocol.RuleFramingHandlerFailure), Title: "goes on after a handler that fails", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set"}}, Gateway: handlerFailure("turn")},
		{ID: id(protocol.RuleFramingHandlerFailure, "at-accept"), Title: "goes on after the step before the acknowledgement failed", Level: kit.Must, After: after,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set at accept"}}, Gateway: handlerFailure("accept")},
		{ID: id(protocol.RuleFramingFreshBuffer, "in-character"), Title: "drops an unfinished line that ends in the middle of a character", Level: kit.Must,
			After: append(cut, protocol.RuleFramingAcrossMessages, protocol.RuleReconnectRedial), Needs: kit.Needs{Alone: true}, Gateway: freshBufferInCharacter},
		{ID: id(protocol.RuleFramingAcrossMessages, "behind-descriptor"), Title: "puts a line together that begins in one message with the descriptor, behind it", Level: kit.Must,
			Needs: alone, After: again, Gateway: cutBehindDescriptor},
		{ID: id(protocol.RuleFramingFreshBuffer), Title: "drops the unfinished line of a session that ended", Level: kit.Must,
			After: append(cut, protocol.RuleFramingAcrossMessages, protocol.RuleReconnectRedial), Needs: kit.Needs{Alone: true}, Gateway: freshBuffer},
	}
	return append(list,
		bad("null-event", "survives an inbound frame whose event is null", `{"type":"inbound","event":null}`),
		bad("array-event", "survives an inbound frame whose event is an array", `{"type":"inbound","event":[]}`),
		bad("string-event", "survives an inbound frame whose event is a string", `{"type":"inbound","event":"x"}`),
		bad("no-event", "survives an inbound frame without an event", `{"type":"inbound"}`),
		bad("string-source", "survives an event whose source is a string", `{"type":"inbound","event":{"text":"x","message_type":"text","source":"x"}}`),
		bad("null-source", "survives an event whose source is null", `{"type":"inbound","event":{"text":"x","message_type":"text","source":null}}`),
		bad("mistyped-text", "survives an event whose text is an object", `{"type":"inbound","event":{"text":{"a":1},"message_type":"text","source":{"platform":"discord","chat_id":"c","chat_type":"dm"}}}`),
		bad("mistyped-chat", "survives an event whose chat_id is an array", `{"type":"inbound","event":{"text":"x","message_type":"text","source":{"platform":"discord","chat_id":[1],"chat_type":"dm"}}}`),
		bad("array", "survives a line that is an array", `[]`),
		bad("array-of-frames", "survives an array that holds a frame", `[{"type":"inbound","event":{}}]`),
		bad("scalar", "survives a line that is true", `true`),
		bad("null", "survives a line that is null", `null`),
		bad("string", "survives a line that is a string", `"inbound"`),
		bad("no-type", "survives an object without a type", `{"event":{}}`),
		bad("type-list", "survives a type that is a list", `{"type":["inbound"],"event":{}}`),
		bad("type-object", "survives a type that is an object", `{"type":{},"event":{}}`),
		bad("result-without-id", "survives a result without a requestId", `{"type":"outbound_result","result":{"success":true}}`),
		bad("result-list-id", "survives a result whose requestId is a list", `{"type":"outbound_result","requestId":[],"result":{"success":true}}`),
		bad("result-null", "survives a result that is null", `{"type":"outbound_result","requestId":"r","result":null}`),
		bad("interrupt-without-key", "survives an interrupt without a session key", `{"type":"interrupt_inbound"}`),
		bad("interrupt-object-key", "survives an interrupt whose session key is an object", `{"type":"interrupt_inbound","session_key":{},"chat_id":[]}`),
		bad("forward-null", "survives a passthrough whose forward is null", `{"type":"passthrough_forward","forward":null}`),
		bad("forward-missing", "survives a passthrough without a forward", `{"type":"passthrough_forward"}`),
		bad("forward-headers", "survives a passthrough whose headers are a string", `{"type":"passthrough_forward","forward":{"platform":"discord","botId":"b","method":"POST","path":"/","headers":"x","bodyB64":""}}`),
		bad("deep", "survives deep nesting", `{"type":"zorp","x":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`),
	)
}

// endsWithNewline looks at the raw bytes of the messages of the whole session.
func endsWithNewline(g *kit.G) {
	g.Alive()
	var stream []byte
	messages := 0
	session := g.Session().ID()
	for _, e := range g.Connector().Journal().All() {
		if kit.IsGatewayMessage(e) && e.Session == session {
			messages++
			stream = append(stream, e.Message.Payload...)
		}
	}
	if messages < 2 {
		g.Mismatch("a hello and an acknowledgement as messages", fmt.Sprintf("%d messages", messages))
	}
	lines := bytes.Split(stream, []byte("\n"))
	if rest := lines[len(lines)-1]; len(rest) > 0 && !g.MoreComing(session, len(stream)) {
		g.Mismatch("every frame followed by a newline", fmt.Sprintf("%.120q without one at the end of %d messages", rest, messages))
	}
	for i, line := range lines[:len(lines)-1] {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(line, &object); err != nil {
			g.Mismatch("one JSON object a line", fmt.Sprintf("line %d: %.120q", i+1, line))
		}
	}
}

func severalInMessage(g *kit.G) {
	a, b, c := g.Event("first of three"), g.Event("second of three"), g.Event("third of three")
	g.PushTogether(a, b, c)
	g.Handled(a)
	g.Handled(b)
	g.Handled(c)
}

// hundredsInMessage: what fills a message are frames that ask for nothing.
func hundredsInMessage(g *kit.G) {
	ev := g.Event("behind hundreds")
	g.SendRaw(websocket.TextMessage, append(bytes.Repeat([]byte(`{"type":"zorp"}`+"\n"), 500), ev.Line()...))
	g.Handled(ev)
}

func acrossMessages(g *kit.G) {
	ev := g.Event("cut into three")
	n := len(ev.Line())
	g.InPieces(websocket.TextMessage, ev.Line(), n/3, 2*n/3)
	g.Handled(ev)
}

func everyKindOfCut(g *kit.G) {
	ev := g.Event(`a "quoted" word`)
	l := ev.Line()
	space := bytes.Index(l, []byte(`a \"`)) + 1
	g.InPieces(websocket.TextMessage, l, 1, bytes.Index(l, []byte(`type`))+2, space, space+1, space+2, len(l)-1)
	g.Handled(ev)
	echoedWhole(g, ev)
}

// oneAndAHalf: the whole frame must not wait for the rest of the half one.
func oneAndAHalf(g *kit.G) {
	a, b := g.Event("whole"), g.Event("in halves")
	half := len(b.Line()) / 2
	g.Exclusively(func(s *fakeconnector.Session) {
		g.SendOn(s, websocket.TextMessage, append(a.Line(), b.Line()[:half]...))
		g.Acked(a)
		g.SendOn(s, websocket.TextMessage, b.Line()[half:])
	})
	g.Handled(b)
}

func blankLines(g *kit.G) {
	ev := g.Event("between blank lines")
	crlf := append(bytes.TrimSuffix(ev.Line(), []byte("\n")), "\r\n"...)
	g.SendRaw(websocket.TextMessage, append(append([]byte("\n\r\n   \n\t\n"), crlf...), "\n\n"...))
	g.Handled(ev)
}

func binary(g *kit.G) {
	ev := g.Event("in binary \u2603")
	s := g.Session()
	g.SendRaw(websocket.BinaryMessage, ev.Line())
	g.Handled(ev)
	echoedWhole(g, ev)
	g.SameSession(s)
}

func binaryContinuesText(g *kit.G) {
	ev := g.Event("text then binary")
	s := g.Session()
	half := len(ev.Line()) / 2
	g.Exclusively(func(s *fakeconnector.Session) {
		g.SendOn(s, websocket.TextMessage, ev.Line()[:half])
		g.SendOn(s, websocket.BinaryMessage, ev.Line()[half:])
	})
	g.Handled(ev)
	g.SameSession(s)
}

func cutInCharacter(g *kit.G) {
	ev := g.Event("snow \u2603 man")
	l := ev.Line()
	at := bytes.Index(l, []byte("\u2603"))
	if at < 0 {
		g.Mismatch("an unescaped character to cut", "none") // a mistake of the suite's own encoder
	}
	s := g.Session()
	g.InPieces(websocket.BinaryMessage, l, at+1)
	g.Handled(ev)
	echoedWhole(g, ev)
	g.SameSession(s)
}

func unicode(g *kit.G) {
	plain, escaped := g.Event("h\u00e9 \u2603 \U0001F600 \u2028"), g.Event("h\u00e9 \u2603 \U0001F600 \u2028")
	g.Push(plain)
	g.SendRaw(websocket.TextMessage, kit.EscapeNonASCII(escaped.Line(), false))
	upper := g.Event("h\u00e9 \u2603 \U0001F600 \u00ff")
	g.SendRaw(websocket.TextMessage, kit.EscapeNonASCII(upper.Line(), true))
	g.Handled(plain)
	g.Handled(escaped)
	g.Handled(upper)
	echoedWhole(g, plain, escaped, upper)
}

// escapedNames writes letters of member names and of the type as escapes, which mean the
// letters.
func escapedNames(g *kit.G) {
	for _, in := range [][2]string{{`"type":"inbound"`, `"type":"in\u0062ound"`}, {`"type":`, `"t\u0079pe":`}, {`"bufferId":`, `"buffer\u0049d":`}, {`"text":`, `"t\u0065xt":`}, {`"source":`, `"\u0073ource":`}} {
		ev := g.Event("with an escape in a name")
		line := strings.Replace(string(ev.Line()), in[0], in[1], 1)
		if !strings.Contains(line, in[1]) {
			g.Harness(fmt.Errorf("got %.200s", line), "expecting an escape in a frame of the suite's own")
		}
		g.SendRaw(websocket.TextMessage, []byte(line))
		g.Handled(ev)
	}
}

// separators stand in the text as they are, which JSON allows: next line, and Unicode's
// separators of lines and of paragraphs. Go's encoder escapes the latter two.
func separators(g *kit.G) {
	ev := g.Event("one\u0085two\u2028three\u2029four")
	raw := strings.NewReplacer(`\u0085`, "\u0085", `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(string(ev.Line()))
	g.SendRaw(websocket.TextMessage, []byte(raw))
	g.Taken(ev)
}

func unknownFields(g *kit.G) {
	ev := g.Event("with more than is known")
	unknown := protocol.Extra{"zorp": json.RawMessage(`{"a":[1,null]}`)}
	ev.Event.Extra, ev.Event.Source.Extra = unknown, unknown
	f := ev.Frame()
	f.Extra = unknown
	g.PushFrame(f)
	g.Handled(ev)
}

// typeInOtherCase: a type is a name that is known as it stands.
func typeInOtherCase(g *kit.G) {
	before := g.Mark()
	var events []*kit.Event
	for _, typ := range []string{"Inbound", "INBOUND"} {
		ev := g.Event("of the type " + typ)
		g.SendRaw(websocket.TextMessage, bytes.Replace(ev.Line(), []byte(`"type":"inbound"`), []byte(`"type":"`+typ+`"`), 1))
		events = append(events, ev)
	}
	g.Nothing("answer to a frame of a type that there is not", func(e fakeconnector.Entry) bool {
		return slices.ContainsFunc(events, func(ev *kit.Event) bool { return kit.IsAck(ev.BufferID)(e) || g.IsReply(ev)(e) })
	})
	g.Unanswered(before)
}

// fieldsInOtherCase has them at one level at a time, behind those that they could be taken
// for and in front of them.
func fieldsInOtherCase(g *kit.G) {
	var events []*kit.Event
	for _, level := range []struct {
		open, members string
		behind        func(*protocol.Inbound) *protocol.Extra
	}{
		{`{`, `"Type":"zorp","BufferId":"buf-elsewhere","EVENT":null`, func(f *protocol.Inbound) *protocol.Extra { return &f.Extra }},
		{`"event":{`, `"Text":"somebody else's words","SOURCE":{"chat_id":"elsewhere"}`, func(f *protocol.Inbound) *protocol.Extra { return &f.Event.Extra }},
		{`"source":{`, `"Chat_Id":"elsewhere","CHAT_TYPE":"dm"`, func(f *protocol.Inbound) *protocol.Extra { return &f.Event.Source.Extra }},
	} {
		first, last := g.Event("in front of them"), g.Event("behind them")
		f := first.Frame()
		if err := json.Unmarshal([]byte("{"+level.members+"}"), level.behind(f)); err != nil {
			g.Harness(err, "reading members of the suite's own")
		}
		g.PushFrame(f)
		g.SendRaw(websocket.TextMessage, []byte(strings.Replace(string(last.Line()), level.open, level.open+level.members+",", 1)))
		events = append(events, first, last)
	}
	for _, ev := range events {
		g.Handled(ev)
	}
}

// fieldsInOtherCaseAlone has no bufferId under the name that the contract gives it.
func fieldsInOtherCaseAlone(g *kit.G) {
	for _, name := range []string{"BufferId", "bufferid", "BUFFERID"} {
		ev := g.Event("with " + name).Unbuffered()
		g.SendRaw(websocket.TextMessage, []byte(strings.Replace(string(ev.Line()), `{`, fmt.Sprintf(`{%q:%q,`, name, g.ID("elsewhere")), 1)))
	}
	g.Nothing("inbound_ack for an event without a bufferId", g.UnexpectedAck())
}

const more = `"zorp":{"a":[1,null]},"":0,`

func interruptWithMore(g *kit.G) {
	g.Handler("hold", "turn")
	ev := g.Event("to be interrupted")
	g.Push(ev)
	g.Acked(ev)
	key := g.TurnKey(ev)
	for range g.Timing.Answer / interruptAgain {
		g.SendLine(fmt.Sprintf(`{%s"type":"interrupt_inbound","session_key":%q,"chat_id":%q}`, more, key, ev.Source.ChatID))
		if _, ended := g.TurnEnd(key, interruptAgain); ended {
			g.Handler("echo", "")
			g.Alive()
			return
		}
	}
	g.Mismatch(fmt.Sprintf("an interrupt_inbound with unknown fields to end the turn under %q", key), "the turn goes on")
}

func forwardWithMore(g *kit.G) {
	in := g.Interaction(kit.CommandInteraction)
	line := strings.Replace(string(in.Line()), `"forward":{`, more+`"forward":{`+more, 1)
	if !strings.Contains(line, `"forward":{`+more) {
		g.Harness(fmt.Errorf("got %.200s", line), "expecting unknown fields in a forward of the suite's own")
	}
	g.SendRaw(websocket.TextMessage, []byte(line))
	g.ForwardAcked(in)
}

func idleAckWithMore(g *kit.G) {
	g.Start(patientIdle())
	atRest(g)
	g.CatchUp()
	g.On(fakeconnector.Match{Type: protocol.TypeGoingIdle}).Do(fakeconnector.Raw{Text: "{" + more + `"type":"going_idle_ack"}` + "\n"})
	g.BeginStop()
	g.ClosedAfter(g.GoneIdle(), g.Timing.Answer, "after the going_idle_ack, which has unknown fields")
}

// forwardWithNull carries nothing that asks for an acknowledgement, so that the answer
// alone shows that it was taken.
func forwardWithNull(g *kit.G) {
	in := g.Interaction(kit.ComponentInteraction).Unbuffered()
	g.SendRaw(websocket.TextMessage, append([]byte(`{"bufferId":null,`), in.Line()[1:]...))
	g.Answer(in)
}

func nullFields(g *kit.G) {
	ev := g.Event("with nulls")
	null := protocol.Null[string]()
	ev.Event.ReplyToMessageID = null
	ev.Event.MediaURLs = protocol.Null[[]string]()
	ev.Source.ChatName, ev.Source.UserName, ev.Source.ThreadID = null, null, null
	ev.Source.ParentChatID, ev.Source.UserIDAlt, ev.Source.ChatIDAlt = null, null, null
	ev.MessageID = null
	g.Push(ev)
	g.Handled(ev)
}

func nullSource(g *kit.G) {
	ev := g.Event("with nulls in its source")
	null := protocol.Null[string]()
	ev.Source.GuildID, ev.Source.ScopeID, ev.Source.MessageID, ev.Source.UserID, ev.Source.UserName = null, null, null, null, null
	ev.MessageID = null
	g.Push(ev)
	g.Taken(ev)
}

// readerFree: the answer to the first event waits for a result; the second event, in
// another chat, must be accepted meanwhile. How many turns run at once is left to the
// gateway, so its answer can come later.
func readerFree(g *kit.G) {
	a, b := g.Event("whose result is late"), g.Event("that comes meanwhile")
	held := g.HoldTurn(a)
	g.Push(b)
	g.Acked(b)
	held.Release()
	g.Handled(b)
}

func handlerFailure(at string) func(*kit.G) {
	return func(g *kit.G) {
		s := g.Session()
		g.Handler("fail", at)
		ev := g.Event("whose handler fails")
		g.Push(ev)
		g.Notified("event/inbound", "the driver's event/inbound for it", kit.MentionsText(ev))
		g.Handler("echo", "")
		g.Alive()
		g.SameSession(s)
	}
}

func wrongDirectionOften(g *kit.G) {
	before := g.Mark()
	for range 4 {
		g.Survives(func() {
			for _, line := range []string{
				`{"type":"hello","platform":"discord","botId":"b"}`, `{"type":"going_idle"}`, `{"type":"inbound_ack","bufferId":"b"}`,
				`{"type":"interrupt","session_key":"agent:main:discord:channel:nobody:nobody"}`,
			} {
				g.SendLine(line)
			}
		})
	}
	g.Unanswered(before)
}

// resultAfterFailure: a result is a frame like any other.
func resultAfterFailure(g *kit.G) {
	g.Handler("fail", "turn")
	ev := g.Event("whose handler fails")
	g.Push(ev)
	g.TurnOver(ev)
	g.Handler("echo", "")
	g.WantSuccess(g.Drive("gateway/send", params(g, "gateway/send", g.ID("c")), g.Timing.Answer), true)
}

// freshBuffer has the stream to itself: a result of the connector's would end the line.
func freshBuffer(g *kit.G) {
	g.Exclusively(func(s *fakeconnector.Session) {
		g.SendOn(s, websocket.TextMessage, []byte(`{"type":"inbound","event":{"text":"never fin`))
		g.CloseSession(websocket.CloseServiceRestart, "restart")
	})
	unspoiled(g)
}

// freshBufferInCharacter leaves the first two bytes of a snowman behind, in a binary message.
func freshBufferInCharacter(g *kit.G) {
	g.Exclusively(func(s *fakeconnector.Session) {
		g.SendOn(s, websocket.BinaryMessage, []byte(`{"type":"inbound","event":{"text":"never fin`+"\xe2\x98"))
		g.CloseSession(websocket.CloseServiceRestart, "restart")
	})
	unspoiled(g)
}

// unspoiled: were the rest of the old line kept, it would spoil the first line of the next
// session, which is its descriptor. The session after that would be a good one again.
func unspoiled(g *kit.G) {
	completed(g, g.Await(g.Timing.Redial(0), "a hello on a new session", kit.IsHello))
}

// interruptFrame names the turn that runs, which an interrupt_inbound would cancel.
func interruptFrame(g *kit.G) {
	g.Handler("hold", "turn")
	ev := g.Event("that nobody interrupts")
	g.Push(ev)
	key := g.TurnKey(ev)
	g.SendLine(fmt.Sprintf(`{"type":"interrupt","session_key":%q,"reason":null}`, key))
	if outcome, ended := g.TurnEnd(key, g.Timing.Quiet); ended {
		g.Mismatch("the turn to go on", "it ended as "+outcome)
	}
	g.ReleaseHandler()
	if outcome, ended := g.TurnEnd(key, g.Timing.Answer); !ended || outcome != "done" {
		g.Mismatch("the turn to end as done once it is released", orText(outcome, "no end"))
	}
	g.Handler("echo", "")
	g.Alive()
}

// beforeDescriptor answers a hello with something else in front of the descriptor.
func beforeDescriptor(something string) func(*kit.G) {
	return answered(fakeconnector.Raw{Text: something + `{"type":"descriptor","descriptor":` + wholeDescriptor + "}\n"})
}

// asDescriptor takes the answer to a hello into the case's own hands.
func asDescriptor(send func(g *kit.G, s *fakeconnector.Session, line []byte)) func(*kit.G) {
	return func(g *kit.G) {
		s, hello := g.GreetsAnd()
		send(g, s, []byte(`{"type":"descriptor","descriptor":`+wholeDescriptor+"}\n"))
		completed(g, hello)
	}
}

// eventBehindDescriptor: what a connector sends right behind its descriptor, as it does
// when it drains, comes in one message with it.
func eventBehindDescriptor(g *kit.G) {
	s, _ := g.GreetsAnd()
	ev := g.Event("behind the descriptor")
	g.SendOn(s, websocket.TextMessage, append([]byte(`{"type":"descriptor","descriptor":`+wholeDescriptor+"}\n"), ev.Line()...))
	g.Acked(ev)
	g.Alive()
}

// cutBehindDescriptor cuts the event behind the descriptor: whatever reads the descriptor
// hands the beginning of the next line on.
func cutBehindDescriptor(g *kit.G) {
	s, _ := g.GreetsAnd()
	ev := g.Event("that begins behind the descriptor")
	line := ev.Line()
	half := len(line) / 2
	g.SendOn(s, websocket.TextMessage, append([]byte(`{"type":"descriptor","descriptor":`+wholeDescriptor+"}\n"), line[:half]...))
	g.SendOn(s, websocket.TextMessage, line[half:])
	g.Acked(ev)
	g.Alive()
}

// freshBufferBeforeDescriptor ends the first session with half a line in place of its
// descriptor.
func freshBufferBeforeDescriptor(g *kit.G) {
	g.Prepare()
	g.On(kit.FirstHello()).Do(fakeconnector.Raw{Text: `{"type":"inbound","event":{"text":"never fin`}, fakeconnector.CloseWith{Code: websocket.CloseServiceRestart, Reason: "restart"})
	g.Start(kit.UntilHello())
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	g.CatchUpTo(hello)
	unspoiled(g)
}

// idleAckBehindBad: the acknowledgement of a going_idle is a frame like any other, and
// must be acted on though a bad one came before it.
func idleAckBehindBad(g *kit.G) {
	g.Start(patientIdle())
	atRest(g)
	g.Survives(func() { g.SendLine(`{"type":"inbound","event":null}`); g.SendLine(`[]`) })
	atRest(g)
	g.CatchUp()
	g.BeginStop()
	ack := g.AwaitAfter(g.GoneIdle(), g.Timing.Answer, "the connector's going_idle_ack", kit.IsIdleAck)
	g.ClosedAfter(ack, g.Timing.Answer, "after the going_idle_ack, which came behind bad frames")
}

// readerFreeForLong gives the gateway a bound for results that no wait of the suite comes
// near, so that a reader which waits for a part of it shows.
func readerFreeForLong(g *kit.G) {
	g.Start(kit.Bounds(func(t *kit.Timing) { t.Outbound = 20 * time.Minute }))
	first, again := g.Event("whose result is late"), g.Event("behind it in its session")
	again.Source = first.Source
	again.Source.MessageID = again.MessageID
	held := g.HoldTurn(first)
	// Each of them may be what a reader stops at.
	for _, ev := range []*kit.Event{g.Event("that comes meanwhile"), again, g.Event("behind both")} {
		g.Push(ev)
		g.Acked(ev)
	}
	held.Release()
	g.Alive()
}

// echoedWhole looks at the text, where a gateway echoes it.
func echoedWhole(g *kit.G, events ...*kit.Event) {
	if g.Facts.Replies != kit.RepliesEcho {
		return
	}
	for _, ev := range events {
		if r := g.Reply(ev); !strings.Contains(r.Content, ev.Text) {
			g.Mismatch(fmt.Sprintf("the text %q back", ev.Text), fmt.Sprintf("%q", r.Content))
		}
	}
}

func severalInOrder(g *kit.G) {
	events := []*kit.Event{g.Event("one"), g.Event("two"), g.Event("three"), g.Event("four")}
	g.PushTogether(events...)
	for _, ev := range events {
		g.TurnKey(ev)
	}
	next := 0
	for _, n := range g.Gateway().Driver.Notes(g.NotesMark()) {
		for i, ev := range events {
			if n.Method != "event/inbound" || !kit.MentionsText(ev)(n.Params) {
				continue
			}
			if i != next {
				g.Mismatch(fmt.Sprintf("event %d of the message next", next+1), fmt.Sprintf("event %d", i+1))
			}
			next++
		}
	}
}

func nullBufferID(g *kit.G) {
	ev := g.Event("with a bufferId of null").Unbuffered()
	f := ev.Frame()
	f.BufferID = protocol.Null[string]()
	g.PushFrame(f)
	g.Handled(ev)
}

const nullKeys = `{"contract_version":1,"platform":"discord","label":"Discord","max_message_length":2000,"supports_draft_streaming":false,"supports_edit":true,"supports_threads":true,"markdown_dialect":"discord","len_unit":"chars","emoji":null,"platform_hint":null,"pii_safe":null}`

// oddResult answers a send with a result that has one member more.
func oddResult(member string) func(*kit.G) {
	return func(g *kit.G) {
		chat := g.ID("c")
		g.On(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: chat}).Do(fakeconnector.Withhold{})
		sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": "answered oddly"})
		o := g.OutboundTo(chat)
		want := g.ID("m")
		g.SendLine(fmt.Sprintf(`{"type":"outbound_result","requestId":%q,"result":{"success":true,"message_id":%q,%s}}`, o.RequestID, want, member))
		raw := sent(g.Timing.Answer)
		g.WantSuccess(raw, true)
		g.WantMessageID(raw, want)
	}
}

func nullThread(g *kit.G) {
	ev := g.Event("outside of threads")
	g.Push(ev)
	want := "agent:main:" + ev.Source.Platform + ":channel:" + ev.Source.ChatID + ":" + ev.Source.UserID.Or("")
	if key := g.TurnKey(ev); key != want {
		g.Mismatch(fmt.Sprintf("the session key %q for a thread_id of null", want), fmt.Sprintf("%q", key))
	}
}

func goodBehindBad(g *kit.G) {
	s := g.Session()
	for _, bad := range []string{`{"type":"inbound","event":null}`, `[]`, `{"type":5}`} {
		ev := g.Event("behind a bad one")
		g.SendRaw(websocket.TextMessage, append([]byte(bad+"\n"), ev.Line()...))
		g.Handled(ev)
	}
	g.SameSession(s)
}

// notUTF8Event is an event like any other but for two bytes in its text.
func notUTF8Event(g *kit.G) {
	ev := g.Event("bytes that are no text: X")
	g.SendRaw(websocket.BinaryMessage, bytes.Replace(ev.Line(), []byte(" X "), []byte(" \xff\xfe "), 1))
	g.Nothing("inbound_ack for an event that is not UTF-8", kit.IsAck(ev.BufferID))
}

// handlerFailsOften lets four turns fail, all under one session key, and then expects the
// fifth to be answered.
func handlerFailsOften(g *kit.G) {
	s := g.Session()
	g.Handler("fail", "turn")
	first := g.Event("whose handler fails")
	last := g.Event("whose handler does not")
	last.Source = first.Source
	g.Push(first)
	g.TurnOver(first)
	for range 3 {
		again := g.Event("whose handler fails as well")
		again.Source = first.Source
		g.Push(again)
		g.TurnKey(again)
	}
	g.Handler("echo", "")
	g.Push(last)
	g.Reply(last)
	g.SameSession(s)
}

// readerFreeSameChat: while the answer to the first waits for its result, a second event
// of the same chat comes. Whether its turn waits is the gateway's choice; the reader may not.
func readerFreeSameChat(g *kit.G) {
	a, b, c := g.Event("whose result is late"), g.Event("in the same chat"), g.Event("in another chat")
	b.Source = a.Source
	held := g.HoldTurn(a)
	g.Push(b, c)
	g.Acked(b)
	g.Acked(c)
	held.Release()
	g.Handled(c)
}

// freshBufferAfterReset puts the unfinished line behind an event in one message, and waits
// for the acknowledgement: what a reset finds unread in the buffers of the network is lost.
func freshBufferAfterReset(g *kit.G) {
	ev := g.Event("in front of half a line")
	g.Exclusively(func(s *fakeconnector.Session) {
		g.SendOn(s, websocket.TextMessage, append(ev.Line(), `{"type":"inbound","event":{"text":"never fin`...))
		g.Acked(ev)
		// The rest of the message may be read a moment later than the event.
		g.Within(g.Timing.Quiet, func(fakeconnector.Entry) bool { return false })
		g.ResetSession()
	})
	unspoiled(g)
}

func orText(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
