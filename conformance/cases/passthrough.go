package cases

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func passthrough() []kit.Case {
	acked := rules(protocol.RulePassthroughAckBuffered)
	alone := kit.Needs{Alone: true}
	driven := kit.Needs{Driver: []string{"event/passthrough"}}
	replies := kit.Needs{Replies: true}
	malformed := func(variant, title string, change func(*kit.Interaction) []byte) kit.Case {
		return kit.Case{ID: id(protocol.RulePassthroughMalformed, variant), Title: title, Level: kit.Must, After: rules(protocol.RuleInboundAckBuffered),
			Needs: alone, Gateway: func(g *kit.G) { malformedForward(g, change) }}
	}
	body := func(text string) func(*kit.Interaction) []byte {
		return func(in *kit.Interaction) []byte { in.Raw = []byte(text); return in.Line() }
	}
	dropped := func(variant, title string, change func(*kit.Interaction)) kit.Case {
		return kit.Case{ID: id(protocol.RulePassthroughDropped, variant), Title: title, Level: kit.Must, After: rules(protocol.RuleInboundAckBuffered),
			Needs: alone, Gateway: func(g *kit.G) { droppedForward(g, change) }}
	}
	notBase64 := malformed("", "goes on after a body that is no base64", func(in *kit.Interaction) []byte {
		return bytes.Replace(in.Line(), []byte(`"bodyB64":"`), []byte(`"bodyB64":"*** no base64 ***`), 1)
	})
	notBase64.ID = id(protocol.RulePassthroughMalformed)
	otherPlatform := dropped("", "starts no turn for a request of another platform", func(in *kit.Interaction) { in.Platform = "twilio" })
	otherPlatform.ID = id(protocol.RulePassthroughDropped)
	return []kit.Case{
		{ID: id(protocol.RulePassthroughExactBytes), Title: "reads a body of any length, with every character of base64", Level: kit.Must, Needs: replies, Gateway: exactBytes},
		{ID: id(protocol.RulePassthroughExactBytes, "binary"), Title: "keeps a body that is no text byte by byte", Level: kit.Must,
			After: rules(protocol.RulePassthroughDropped), Needs: kit.Needs{Alone: true, Driver: driven.Driver}, Gateway: exactBinary},
		{ID: id(protocol.RulePassthroughHeaders), Title: "keeps the order and the duplicates of headers", Level: kit.Must, Needs: driven, Gateway: forwardHeaders},
		notBase64,
		malformed("not-json", "goes on after a body that is no JSON", body("a=1&b=2")),
		malformed("cut-off", "goes on after a body whose JSON ends too early", body(`{"type":2,"id":"i","chan`)),
		malformed("not-utf8", "goes on after a body that is not UTF-8", body("{\"type\":2,\"x\":\"\xff\xfe\"}")),
		malformed("empty", "goes on after an empty body", body("")),
		malformed("no-body", "goes on after a forward without a body", func(in *kit.Interaction) []byte {
			return bytes.Replace(in.Line(), []byte(`"bodyB64"`), []byte(`"zorp"`), 1)
		}),
		malformed("number-body", "goes on after a forward whose body is a number", func(*kit.Interaction) []byte {
			return []byte(`{"type":"passthrough_forward","forward":{"platform":"discord","botId":"b","method":"POST","path":"/","headers":[],"bodyB64":17}}` + "\n")
		}),
		malformed("list", "goes on after a forward that is a list", func(*kit.Interaction) []byte {
			return []byte(`{"type":"passthrough_forward","forward":[1,2]}` + "\n")
		}),
		malformed("string-data", "goes on after an interaction whose data is a string", func(in *kit.Interaction) []byte {
			in.Members["data"] = "x"
			return in.Line()
		}),
		malformed("string-member", "goes on after an interaction whose member is a string", func(in *kit.Interaction) []byte {
			in.Members["member"] = "x"
			return in.Line()
		}),
		malformed("bare", "goes on after an interaction without a single member", func(in *kit.Interaction) []byte {
			in.Members = map[string]any{}
			return in.Line()
		}),
		{ID: id(protocol.RulePassthroughAckBuffered), Title: "acknowledges a forwarded interaction once", Level: kit.Must, Gateway: forwardAcked},
		{ID: id(protocol.RulePassthroughAckBuffered, "several"), Title: "acknowledges each of several, between events", Level: kit.Must, After: rules(protocol.RuleInboundAckBuffered), Gateway: forwardsAcked},
		{ID: id(protocol.RulePassthroughAckBuffered, "accepted"), Title: "acknowledges a forward once its event is accepted, and no earlier", Edge: true, Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"handler/set at accept"}}, Gateway: forwardAckedOnceAccepted},
		{ID: id(protocol.RulePassthroughAckBuffered, "drained"), Title: "acknowledges one that waited in the connector's buffer", Edge: true, Level: kit.Must,
			After: rules(protocol.RuleReconnectRedial), Needs: alone, Gateway: forwardDrained},
		{ID: id(protocol.RuleInboundRepeatOnce, "passthrough"), Title: "acknowledges a forward that is repeated and does not handle it again", Level: kit.Should, After: append(acked, protocol.RulePassthroughComponent),
			Gateway: forwardRepeated},
		{ID: id(protocol.RuleInboundAckOnlyBuffered, "passthrough"), Title: "acknowledges nothing for a forward without a bufferId", Level: kit.Must, After: acked, Needs: alone, Gateway: forwardNotAcked},
		{ID: id(protocol.RuleInboundAckBeforeTurn, "passthrough"), Title: "acknowledges a forward while its turn still waits for its result", Level: kit.Must, After: append(acked, protocol.RulePassthroughComponent), Needs: kit.Needs{Fresh: true, Replies: true}, Gateway: forwardAckedBeforeResult},
		{ID: id(protocol.RulePassthroughCommand), Title: "takes the name of a command as the text, and no more", Level: kit.Must, After: acked, Needs: replies, Gateway: commandText},
		{ID: id(protocol.RulePassthroughCommand, "exact"), Title: "makes exactly that text of it", Level: kit.Must, Needs: driven, Gateway: becomesText(kit.CommandInteraction)},
		{ID: id(protocol.RulePassthroughComponent), Title: "takes the custom_id of a component as the text", Level: kit.Must, After: acked, Needs: replies, Gateway: componentText},
		{ID: id(protocol.RulePassthroughComponent, "exact"), Title: "makes exactly that text of it", Level: kit.Must, Needs: driven, Gateway: becomesText(kit.ComponentInteraction)},
		{ID: id(protocol.RulePassthroughOtherTypes), Title: "accepts an interaction of another type and takes no text from it", Level: kit.Must, After: acked, Gateway: otherTypes},
		{ID: id(protocol.RulePassthroughOtherTypes, "exact"), Title: "makes an event with an empty text of it", Level: kit.Must, Needs: driven, Gateway: otherTypesEmpty},
		{ID: id(protocol.RulePassthroughPlatform), Title: "gives the event the platform relay", Level: kit.Must, Needs: driven, Gateway: becomesRelay},
		{ID: id(protocol.RulePassthroughAckBuffered, "any-request"), Title: "takes an interaction whatever its request's method, path, headers and bot are", Level: kit.Must, After: acked, Gateway: anyRequestAcked},
		{ID: id(protocol.RulePassthroughMalformed, "next"), Title: "takes the forward behind one that is malformed", Level: kit.Must, After: acked, Needs: alone, Gateway: forwardBehindMalformed},
		{ID: id(protocol.RulePassthroughMalformed, "often"), Title: "goes on after one forward after the other that holds no JSON", Level: kit.Must, After: rules(protocol.RuleInboundAckBuffered), Needs: alone, Gateway: func(g *kit.G) {
			for range 4 {
				malformedForward(g, body("a=1&b=2"))
			}
		}},
		{ID: id(protocol.RulePassthroughChat), Title: "answers in the channel of the interaction", Level: kit.Must, After: rules(protocol.RulePassthroughComponent), Needs: replies, Gateway: answersInChannel},
		{ID: id(protocol.RulePassthroughChat, "channel"), Title: "calls a server's channel a channel", Level: kit.Must, Needs: driven, Gateway: becomesChat("channel", func(*kit.Interaction) {})},
		{ID: id(protocol.RulePassthroughChat, "direct"), Title: "calls one without a server a direct message", Level: kit.Must, Needs: driven, Gateway: becomesChat("dm", func(in *kit.Interaction) { in.Direct() })},
		{ID: id(protocol.RulePassthroughAuthor), Title: "takes the member of a server as the author", Level: kit.Must, Needs: driven, Gateway: becomesAuthor(func(in *kit.Interaction) string {
			return in.Members["member"].(map[string]any)["user"].(map[string]any)["id"].(string)
		})},
		{ID: id(protocol.RulePassthroughAuthor, "user"), Title: "takes the user where there is no member", Level: kit.Must, Needs: driven, Gateway: becomesAuthor(func(in *kit.Interaction) string {
			return in.Direct().Members["user"].(map[string]any)["id"].(string)
		})},
		{ID: id(protocol.RulePassthroughAuthor, "member-first"), Title: "prefers the member to a user beside it", Level: kit.Must, Needs: driven, Gateway: becomesAuthor(func(in *kit.Interaction) string {
			in.Members["user"] = map[string]any{"id": "somebody-else", "username": "mallory"}
			return in.Members["member"].(map[string]any)["user"].(map[string]any)["id"].(string)
		})},
		{ID: id(protocol.RulePassthroughAuthor, "no-member-user"), Title: "takes the user where the member has none", Level: kit.Must, Needs: driven, Gateway: becomesUserBeside(members{"nick": "nobody"})},
		{ID: id(protocol.RulePassthroughAuthor, "null-member"), Title: "takes the user beside a member that is null", Level: kit.Must, Needs: driven, Gateway: becomesUserBeside(nil)},
		{ID: id(protocol.RulePassthroughMessageId), Title: "takes the interaction's id as the message id", Level: kit.Must, Needs: driven, Gateway: becomesMessageID(kit.CommandInteraction)},
		{ID: id(protocol.RulePassthroughMessageId, "component"), Title: "takes it for a component as well, and not the id of the message that carries it", Level: kit.Must, Needs: driven, Gateway: becomesMessageID(kit.ComponentInteraction)},
		otherPlatform,
		dropped("upper-case", "starts no turn for a request of a platform that only differs from discord in case", func(in *kit.Interaction) { in.Platform = "Discord" }),
		dropped("array-of-nothing", "starts no turn for a body that is an empty JSON array", func(in *kit.Interaction) { in.Raw = []byte(`[]`) }),
		dropped("array", "starts no turn for a body that is a JSON array", func(in *kit.Interaction) { in.Raw = []byte(`[` + string(in.Body()) + `]`) }),
		dropped("text", "starts no turn for a body that is plain text", func(in *kit.Interaction) { in.Raw = []byte("channel_id=" + in.Channel + "&text=" + in.Token) }),
		dropped("scalar", "starts no turn for a body that is a JSON string", func(in *kit.Interaction) { in.Raw = []byte(`"` + in.Token + `"`) }),
	}
}

// exactBytes: the three lengths of padding, and a filler that needs both of the
// characters that the alphabets of base64 do not share. A body that is not read as it was
// is no interaction, and nobody answers in its channel.
func exactBytes(g *kit.G) {
	for rest := range 3 {
		in := g.Interaction(kit.ComponentInteraction)
		in.Members["a"] = ">>>>>?????"
		for in.Raw = in.Body(); len(in.Raw)%3 != rest; {
			in.Raw = append(in.Raw, ' ')
		}
		if b64 := string(in.Line()); !strings.Contains(b64, "Pj4+") || !strings.Contains(b64, "Pz8/") {
			g.Harness(fmt.Errorf("got %s", b64), "expecting + and / in the base64 of a body of the suite's own")
		}
		g.Forward(in)
		g.Await(g.Timing.Answer, fmt.Sprintf("an answer in channel %q, which stands in a body of %d bytes", in.Channel, len(in.Raw)), in.TalkAbout)
	}
}

func exactBinary(g *kit.G) {
	in := g.Interaction(kit.CommandInteraction).Unbuffered()
	in.Platform, in.Raw = "twilio", []byte(" \n")
	for b := range 256 {
		in.Raw = append(in.Raw, byte(b))
	}
	in.Raw = append(in.Raw, "\r\n "...)
	in.Raw = append(in.Raw, "one\r\ntwo\r\n\x00\x00 "...)
	g.Forward(in)
	_, body := g.Passed(in)
	if got, err := base64.StdEncoding.DecodeString(body); err != nil || !bytes.Equal(got, in.Raw) {
		g.Mismatch("the bytes that were sent at /forward/bodyB64", fmt.Sprintf("%.400q", body))
	}
}

func forwardHeaders(g *kit.G) {
	in := g.Interaction(kit.CommandInteraction)
	in.Headers = [][]string{{"X-Trace", "2"}, {"content-type", "application/json"}, {"x-trace", "1"}, {"accept", ""}, {"X-Trace", "2"}, {"a", "first by name, last in order"}}
	g.Forward(in)
	if got, _ := g.Passed(in); !reflect.DeepEqual(got, in.Headers) {
		g.Mismatch(fmt.Sprintf("the headers %q at /forward/headers", in.Headers), fmt.Sprintf("%q", got))
	}
}

// malformedForward: an event that follows is handled on the same socket, and so is one
// after it, as a gateway can close its session in another thread than it reads in.
func malformedForward(g *kit.G, change func(*kit.Interaction) []byte) {
	s := g.Session()
	bad := g.Interaction(kit.CommandInteraction).Unbuffered()
	g.Survives(func() { g.SendRaw(websocket.TextMessage, change(bad)) })
	g.Alive()
	g.SameSession(s)
}

func forwardAcked(g *kit.G) {
	in := g.Interaction(kit.CommandInteraction)
	g.Forward(in)
	first := g.ForwardAcked(in)
	g.Alive()
	if e, again := g.FindAfter(first, kit.IsAck(in.BufferID)); again {
		g.Mismatch("one inbound_ack", "a second one "+kit.Elapsed(first, e).String()+" later")
	}
}

// anyRequestAcked: what makes an interaction is its platform and its body.
func anyRequestAcked(g *kit.G) {
	g.ShowsTurns()
	for _, change := range []func(*kit.Interaction){
		func(in *kit.Interaction) { in.Headers = [][]string{} },
		func(in *kit.Interaction) { in.Headers = [][]string{{"Content-Type", "text/plain"}} },
		func(in *kit.Interaction) { in.BotID = "" },
		func(in *kit.Interaction) {},
	} {
		in := g.Interaction(kit.ComponentInteraction)
		change(in)
		line := in.Line()
		if len(in.Headers) > 1 && in.BotID != "" {
			line = bytes.Replace(line, []byte(`"method":"POST","path":"/interactions/`+in.Token+`"`), []byte(`"method":"PUT","path":""`), 1)
		}
		g.SendRaw(websocket.TextMessage, line)
		g.ForwardAcked(in)
		if g.Facts.Replies != kit.RepliesNone {
			g.Answer(in)
		} else {
			g.Became(in)
		}
	}
}

func forwardsAcked(g *kit.G) {
	a, b, c := g.Interaction(kit.CommandInteraction), g.Interaction(kit.ComponentInteraction), g.Interaction(kit.CommandInteraction).Direct()
	before, between := g.Event("before a forward"), g.Event("between two forwards")
	g.Push(before)
	g.Forward(a)
	g.Push(between)
	g.Forward(b, c)
	g.Acked(before)
	g.ForwardAcked(a)
	g.Acked(between)
	g.ForwardAcked(b)
	g.ForwardAcked(c)
}

// forwardRepeated counts what shows a turn: a reply to the interaction, wherever the
// gateway gives it.
func forwardRepeated(g *kit.G) {
	g.Echoes()
	in := g.Interaction(kit.ComponentInteraction)
	g.Forward(in)
	first := g.AwaitBy(protocol.RulePassthroughAckBuffered, g.Timing.Answer, "an inbound_ack for the forward", kit.IsAck(in.BufferID))
	g.Answer(in)
	// An answer can have several messages.
	g.Within(g.Timing.Quiet, func(fakeconnector.Entry) bool { return false })
	g.CatchUp()
	g.Forward(in)
	g.AwaitAfter(first, g.Timing.Answer, "an inbound_ack for the repeat", kit.IsAck(in.BufferID))
	g.Nothing("second answer to a forward that was repeated", g.AnswerTo(in))
}

// forwardDrained lets the connector itself buffer a forward while the gateway is away,
// and drain it on the next session.
func forwardDrained(g *kit.G) {
	in := g.Interaction(kit.CommandInteraction)
	away := g.Hold(fakeconnector.Match{Point: fakeconnector.PointDial})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Buffer(in)
	away.Release()
	g.Ready()
	g.ForwardAcked(in)
	g.Alive()
}

func forwardAckedOnceAccepted(g *kit.G) {
	g.Handler("hold", "accept")
	in := g.Interaction(kit.CommandInteraction)
	g.Forward(in)
	g.Became(in)
	if e, early := g.Within(g.Timing.Quiet, kit.IsAck(in.BufferID)); early {
		g.Mismatch("no inbound_ack before the event is accepted", e.String())
	}
	g.ReleaseHandler()
	g.ForwardAcked(in)
	g.Handler("echo", "")
	g.Alive()
}

// forwardBehindMalformed sends each pair in one message, and the good one again alone.
func forwardBehindMalformed(g *kit.G) {
	s := g.Session()
	for _, bad := range []string{
		`{"type":"passthrough_forward","forward":null}`,
		`{"type":"passthrough_forward","forward":{"platform":"discord","botId":"b","method":"POST","path":"/","headers":"x","bodyB64":""}}`,
		`{"type":"passthrough_forward","forward":{"platform":"discord","botId":"b","method":"POST","path":"/","headers":[["one"],[1,2]],"bodyB64":""}}`,
	} {
		good := g.Interaction(kit.CommandInteraction)
		g.SendRaw(websocket.TextMessage, append([]byte(bad+"\n"), good.Line()...))
		g.ForwardAcked(good)
	}
	g.SameSession(s)
}

// forwardNotAcked sends three forwards: without a bufferId, with null, and with an empty
// one.
func forwardNotAcked(g *kit.G) {
	for _, bufferID := range []string{"", `"bufferId":null,`, `"bufferId":"",`} {
		line := g.Interaction(kit.CommandInteraction).Unbuffered().Line()
		g.SendRaw(websocket.TextMessage, append([]byte("{"+bufferID), line[1:]...))
	}
	g.Nothing("inbound_ack for them", g.UnexpectedAck())
}

// forwardAckedBeforeResult lets the gateway wait for its result as long as the contract
// allows, or the turn could end by that bound while the ack is waited for.
func forwardAckedBeforeResult(g *kit.G) {
	g.Start(kit.Bounds(func(t *kit.Timing) { t.Outbound = kit.ContractTiming().Outbound }))
	in := g.Interaction(kit.ComponentInteraction)
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeOutbound, Op: "send"})
	g.Forward(in)
	g.Begun(in.Channel)
	g.ForwardAcked(in)
	held.Release()
}

// commandText: what a later revision adds to the name must not be there, and a gateway
// that echoes would show it.
func commandText(g *kit.G) {
	g.Echoes()
	in := g.Interaction(kit.CommandInteraction)
	option := g.ID("o")
	in.Members["data"].(map[string]any)["options"] = []any{map[string]any{"name": "q", "type": 3, "value": option}}
	g.Forward(in)
	g.ForwardAcked(in)
	said := g.Answer(in).Content
	if strings.Contains(said, option) {
		g.Mismatch(fmt.Sprintf("the text %q, the command's name alone", in.Token), fmt.Sprintf("an echo of its options as well: %q", said))
	}
}

// withColons gives a component a custom_id as applications like to build them.
func withColons(in *kit.Interaction) *kit.Interaction {
	in.Token += ":yes:1"
	in.Members["data"].(map[string]any)["custom_id"] = in.Token
	return in
}

func componentText(g *kit.G) {
	g.Echoes()
	in := withColons(g.Interaction(kit.ComponentInteraction))
	g.Forward(in)
	g.ForwardAcked(in)
	g.Answer(in)
}

func becomesText(kind int) func(*kit.G) {
	return func(g *kit.G) {
		in := g.Interaction(kind)
		switch data := in.Members["data"].(map[string]any); kind {
		case kit.ComponentInteraction:
			// A menu, of which values were chosen.
			withColons(in)
			data["component_type"], data["values"] = 3, []any{g.ID("chosen"), g.ID("too")}
		case kit.CommandInteraction:
			data["options"] = []any{map[string]any{"name": "q", "type": 3, "value": g.ID("o")}}
		}
		g.Forward(in)
		if b := g.Became(in); b.Text == nil || *b.Text != in.Token {
			g.Mismatch(fmt.Sprintf("the text %q", in.Token), shown(b.Text))
		}
	}
}

// otherInteractions are an autocomplete and a form, each with what would be the text of
// one of the two types that have one.
func otherInteractions(g *kit.G) []*kit.Interaction {
	complete, form := g.Interaction(4), g.Interaction(5)
	complete.Members["data"] = map[string]any{"name": complete.Token}
	form.Members["data"].(map[string]any)["components"] = []any{map[string]any{"type": 1, "components": []any{map[string]any{"type": 4, "custom_id": "field", "value": form.Token + " filled in"}}}}
	return []*kit.Interaction{complete, form}
}

func otherTypes(g *kit.G) {
	list := otherInteractions(g)
	g.Forward(list...)
	for _, in := range list {
		g.ForwardAcked(in)
	}
	g.Echoes()
	g.Nothing("echo of a text that these interactions have not", func(e fakeconnector.Entry) bool { return g.AnswerTo(list[0])(e) || g.AnswerTo(list[1])(e) })
}

func otherTypesEmpty(g *kit.G) {
	for _, in := range otherInteractions(g) {
		g.Forward(in)
		if b := g.Became(in); b.Text == nil || *b.Text != "" {
			g.Mismatch(fmt.Sprintf("an empty text for an interaction of type %v", in.Members["type"]), shown(b.Text))
		}
	}
}

func becomesRelay(g *kit.G) {
	for _, in := range []*kit.Interaction{g.Interaction(kit.CommandInteraction), g.Interaction(kit.ComponentInteraction), g.Interaction(kit.CommandInteraction).Direct(), g.Interaction(5)} {
		g.Forward(in)
		if got := g.Became(in).Source["platform"]; got != "relay" {
			g.Mismatch(fmt.Sprintf(`"relay" at /source/platform of the event of an interaction of type %v`, in.Members["type"]), fmt.Sprintf("%#v", got))
		}
	}
}

func answersInChannel(g *kit.G) {
	in := g.Interaction(kit.ComponentInteraction)
	g.Forward(in)
	o := g.Answer(in)
	if o.Op == "follow_up" {
		g.NotApplicable("the gateway answers an interaction with a follow_up, which names no chat")
	}
	if o.ChatID != in.Channel {
		g.Mismatch(fmt.Sprintf("the answer in chat %q, the interaction's channel_id", in.Channel), fmt.Sprintf("in chat %q", o.ChatID))
	}
}

func becomesChat(chatType string, change func(*kit.Interaction)) func(*kit.G) {
	return func(g *kit.G) {
		in := g.Interaction(kit.CommandInteraction)
		change(in)
		g.Forward(in)
		source := g.Became(in).Source
		if source["chat_id"] != in.Channel {
			g.Mismatch(fmt.Sprintf("%q at /source/chat_id of the event", in.Channel), fmt.Sprintf("%#v", source["chat_id"]))
		}
		if source["chat_type"] != chatType {
			g.Mismatch(fmt.Sprintf("%q at /source/chat_type of the event", chatType), fmt.Sprintf("%#v", source["chat_type"]))
		}
	}
}

func becomesAuthor(author func(*kit.Interaction) string) func(*kit.G) {
	return func(g *kit.G) {
		in := g.Interaction(kit.CommandInteraction)
		want := author(in)
		g.Forward(in)
		source := g.Became(in).Source
		if source["user_id"] != want {
			g.Mismatch(fmt.Sprintf("%q at /source/user_id of the event", want), fmt.Sprintf("%#v", source["user_id"]))
		}
		if name := source["user_name"]; name != "alice" {
			g.Mismatch(`"alice" at /source/user_name of the event`, fmt.Sprintf("%#v", name))
		}
	}
}

// becomesMessageID: an event has a message id of its own and one in its source, and
// either can be where a gateway keeps it.
func becomesMessageID(kind int) func(*kit.G) {
	return func(g *kit.G) {
		in := g.Interaction(kind)
		if kind == kit.ComponentInteraction {
			in.Members["message"] = map[string]any{"id": g.ID("pressed"), "channel_id": in.Channel}
		}
		g.Forward(in)
		b := g.Became(in)
		of, _ := b.Source["message_id"].(string)
		if b.MessageID != in.ID() && of != in.ID() || b.MessageID != "" && b.MessageID != in.ID() || of != "" && of != in.ID() {
			g.Mismatch(fmt.Sprintf("%q at /message_id or /source/message_id of the event, and nothing else there", in.ID()), fmt.Sprintf("%q and %q", b.MessageID, of))
		}
	}
}

// becomesUserBeside puts a member without a user beside the user.
func becomesUserBeside(member any) func(*kit.G) {
	return becomesAuthor(func(in *kit.Interaction) string {
		in.Direct().Members["member"] = member
		return in.Members["user"].(map[string]any)["id"].(string)
	})
}

// droppedForward carries no bufferId: whether such a forward is acknowledged is left
// open.
func droppedForward(g *kit.G, change func(*kit.Interaction)) {
	g.ShowsTurns()
	s := g.Session()
	in := g.Interaction(kit.CommandInteraction).Unbuffered()
	change(in)
	g.CatchUp()
	g.Survives(func() { g.SendRaw(websocket.TextMessage, in.Line()) })
	g.Nothing("turn for a forward that is no interaction", in.TalkAbout)
	g.BecameNothing(in)
	g.SameSession(s)
}

func shown(text *string) string {
	if text == nil {
		return "none"
	}
	return fmt.Sprintf("%q", *text)
}
