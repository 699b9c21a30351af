package cases

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func handshake() []kit.Case {
	// What follows a failed handshake is a second one.
	again := rules(protocol.RuleHandshakeAgainOnRedial)
	unreadable := func(variant, title, raw string) kit.Case {
		return kit.Case{ID: id(protocol.RuleHandshakeUnreadableDescriptor, variant), Title: title, Level: kit.Must,
			Needs: kit.Needs{Alone: true}, After: again, Gateway: func(g *kit.G) { unreadableDescriptor(g, raw) }}
	}
	var lacking []kit.Case
	for i, field := range requiredFields {
		c := unreadable("no-"+field, "dials again after a descriptor without "+field, `{"type":"descriptor","descriptor":`+without(field)+`}`)
		if i == 0 {
			c.ID, c.Needs = id(protocol.RuleHandshakeUnreadableDescriptor), kit.Needs{Fresh: true}
		}
		lacking = append(lacking, c)
	}
	return append(lacking, []kit.Case{
		{ID: id(protocol.RuleHandshakeHelloFirst), Title: "sends a hello as its first frame", Level: kit.Must, Gateway: helloFirst},
		{ID: id(protocol.RuleHandshakeHelloOnce), Title: "sends one hello on a socket", Level: kit.Must, Gateway: helloOnce},
		{ID: id(protocol.RuleHandshakeHelloFields), Title: "carries its platform and bot id in the hello", Level: kit.Must, Gateway: helloFields},
		{ID: id(protocol.RuleHandshakeQuietUntilDescriptor), Title: "sends nothing between its hello and the descriptor", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: quietUntilDescriptor},
		{ID: id(protocol.RuleHandshakeQuietUntilDescriptor, "send"), Title: "does not send for a caller before the descriptor", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Driver: []string{"gateway/send"}}, Gateway: quietThoughAskedToSend},
		{ID: id(protocol.RuleHandshakeDescriptorBound), Title: "closes and dials again when no descriptor comes", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true}, After: again, Gateway: descriptorBound},
		{ID: id(protocol.RuleHandshakeDescriptorBound, "late"), Title: "takes a descriptor that comes within the bound", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true}, Gateway: lateDescriptor},
		unreadable("null", "dials again after a descriptor that is null", `{"type":"descriptor","descriptor":null}`),
		unreadable("array", "dials again after a descriptor that is an array", `{"type":"descriptor","descriptor":[]}`),
		unreadable("missing", "dials again after a descriptor frame without a descriptor", `{"type":"descriptor"}`),
		{ID: id(protocol.RuleHandshakeOptionalKeys), Title: "takes a descriptor of required fields alone", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: descriptor(requiredOnly)},
		{ID: id(protocol.RuleHandshakeOptionalKeys, "unknown"), Title: "takes a descriptor with fields that it does not know", Level: kit.Must,
			Needs: kit.Needs{Alone: true}, After: again, Gateway: descriptor(unknownKeys)},
		{ID: id(protocol.RuleHandshakeSecondDescriptor), Title: "goes on after a second descriptor", Level: kit.Must,
			Needs: kit.Needs{Alone: true}, Gateway: secondDescriptor(secondGood)},
		{ID: id(protocol.RuleHandshakeSecondDescriptor, "malformed"), Title: "goes on after a second descriptor that is malformed", Level: kit.Must,
			Needs: kit.Needs{Alone: true}, Gateway: secondDescriptor(`{"type":"descriptor","descriptor":null}`)},
		{ID: id(protocol.RuleHandshakeSecondDescriptor, "capabilities"), Title: "keeps the capabilities of the first descriptor", Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"gateway/capabilities"}}, Gateway: secondChangesNothing},
		{ID: id(protocol.RuleHandshakeSecondDescriptor, "alike"), Title: "keeps the limit when a second descriptor differs in nothing else", Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"gateway/capabilities"}}, After: again, Gateway: secondAlike},
		{ID: id(protocol.RuleHandshakeAgainOnRedial), Title: "begins every session with a hello and waits for its descriptor", Level: kit.Must,
			Needs: kit.Needs{Alone: true}, After: rules(protocol.RuleReconnectRedial), Gateway: againOnRedial},
		{ID: id(protocol.RuleHandshakeAgainOnRedial, "replaces"), Title: "replaces its capabilities by those of the new descriptor", Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"gateway/capabilities"}}, After: rules(protocol.RuleReconnectRedial), Gateway: redialReplacesCapabilities},
		{ID: id(protocol.RuleHandshakeAgainOnRedial, "left-out"), Title: "goes back to the default for what the new descriptor leaves out", Edge: true, Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"gateway/capabilities"}}, After: rules(protocol.RuleReconnectRedial), Gateway: redialTakesDefaults},
		{ID: id(protocol.RuleHandshakeAgainOnRedial, "send"), Title: "does not send for a caller before the descriptor of a redial", Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"gateway/send"}}, After: rules(protocol.RuleReconnectRedial), Gateway: quietOnRedialThoughAskedToSend},
		{ID: id(protocol.RuleHandshakeAgainOnRedial, "often"), Title: "does so on its fifth session as well", Edge: true, Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"gateway/capabilities"}}, After: rules(protocol.RuleReconnectRedial), Gateway: redialReplacesOften},
		{ID: id(protocol.RuleHandshakeQuietUntilDescriptor, "send-on-redial"), Title: "does not send for a caller before the descriptor of a redial", Level: kit.Must,
			Needs: kit.Needs{Alone: true, Driver: []string{"gateway/send"}}, After: again, Gateway: quietOnRedialThoughAskedToSend},
		{ID: id(protocol.RuleHandshakeQuietUntilDescriptor, "event"), Title: "does not acknowledge an event before the descriptor", Level: kit.Must,
			Needs: kit.Needs{Alone: true}, After: again, Gateway: quietThoughEventCame},
		{ID: id(protocol.RuleHandshakeDescriptorBound, "redial"), Title: "has that bound on a redial as well", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true}, After: again, Gateway: descriptorBoundOnRedial},
		{ID: id(protocol.RuleHandshakeDescriptorBound, "other-frames"), Title: "does not wait longer because other frames come", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true}, After: again, Gateway: descriptorBoundDespiteFrames},
		{ID: id(protocol.RuleHandshakeHelloFields, "beyond-ascii"), Title: "sends a bot id with characters beyond ASCII and in both cases as it is", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: helloWithBotID("B\u00f6t \u2603 \U0001F916/1")},
		{ID: id(protocol.RuleHandshakeHelloFields, "digits"), Title: "sends a bot id of digits as a string", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: helloWithBotID("123456789012345678")},
		{ID: id(protocol.RuleHandshakeHelloFields, "empty"), Title: "sends an empty bot id as an empty string", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: helloWithBotID("")},
		{ID: id(protocol.RuleHandshakeHelloFields, "both-cases"), Title: "sends a platform with letters in both cases as it is", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: helloWithPlatform("CarrierPigeon")},
		inForce("emoji", "\"\U0001F50C\""), inForce("platform_hint", `""`), inForce("pii_safe", `false`),
	}...)
}

// inForce reads a default from the driver.
func inForce(field, want string) kit.Case {
	return kit.Case{ID: id(protocol.RuleHandshakeOptionalKeys, field), Title: "takes the default of " + field + " where the descriptor leaves it out", Level: kit.Must,
		Needs: kit.Needs{Fresh: true, Driver: []string{"gateway/capabilities"}}, Gateway: func(g *kit.G) {
			g.StartUnder(nil)
			g.WantInForce(field, map[string]any{}, want, "the default")
			g.Alive()
		}}
}

var requiredFields = []string{"contract_version", "platform", "label", "max_message_length", "supports_draft_streaming", "supports_edit", "supports_threads", "markdown_dialect", "len_unit"}

// without is the descriptor of required fields less one of them.
func without(field string) string {
	var d map[string]any
	if err := json.Unmarshal([]byte(requiredOnly), &d); err != nil || d[field] == nil {
		panic("cases: the descriptor of required fields has no " + field)
	}
	delete(d, field)
	out, _ := json.Marshal(d)
	return string(out)
}

const (
	wholeDescriptor = `{"contract_version":1,"platform":"discord","label":"Discord","max_message_length":2000,"supports_draft_streaming":false,"supports_edit":true,"supports_threads":true,"markdown_dialect":"discord","len_unit":"chars","emoji":"x","platform_hint":"a hint","pii_safe":false}`
	requiredOnly    = `{"contract_version":1,"platform":"discord","label":"Discord","max_message_length":2000,"supports_draft_streaming":false,"supports_edit":true,"supports_threads":true,"markdown_dialect":"discord","len_unit":"chars"}`
	unknownKeys     = `{"contract_version":1,"platform":"discord","label":"Discord","max_message_length":2000,"supports_draft_streaming":false,"supports_edit":true,"supports_threads":true,"markdown_dialect":"discord","len_unit":"chars","zorp":{"a":[1]},"supports_levitation":true}`
	secondGood      = `{"type":"descriptor","descriptor":{"contract_version":1,"platform":"discord","label":"Another","max_message_length":7,"supports_draft_streaming":true,"supports_edit":false,"supports_threads":false,"markdown_dialect":"plain","len_unit":"utf16"}}`
)

// helloFirst looks at the first message of the session, byte by byte as it came.
func helloFirst(g *kit.G) {
	line := g.FirstLine(g.Session().ID())
	var frame map[string]json.RawMessage
	var typ string
	if json.Unmarshal(line, &frame) != nil || json.Unmarshal(frame["type"], &typ) != nil || typ != "hello" {
		g.Mismatch(`a frame of type "hello" first`, fmt.Sprintf("%.160q", line))
	}
	g.Alive()
}

func helloOnce(g *kit.G) {
	s := g.Session()
	g.Alive()
	seen := map[string]int{}
	for _, h := range g.Hellos(s.ID()) {
		seen[string(h["platform"])+" "+string(h["botId"])]++
	}
	if len(seen) != 1 && g.Facts.Revision < "2026-07" {
		g.Mismatch("one hello on a socket", fmt.Sprintf("hellos of %d identities, which revision 2026-06-26 brought", len(seen)))
	}
	for identity, n := range seen {
		if n != 1 {
			g.Mismatch("one hello on a socket", fmt.Sprintf("%d of %s", n, identity))
		}
	}
}

func helloFields(g *kit.G) {
	saysHello(g, g.Session().ID(), g.Gateway().Record.Platform)
	g.Alive()
}

func saysHello(g *kit.G, session, platform string) {
	h := g.Hellos(session)
	if len(h) == 0 {
		g.Mismatch("a hello", "none on this session")
	}
	for field, want := range map[string]string{"platform": platform, "botId": g.Gateway().Record.BotID} {
		var got string
		if err := json.Unmarshal(h[0][field], &got); err != nil || len(h[0][field]) == 0 || h[0][field][0] != '"' {
			g.Mismatch(fmt.Sprintf("a string at /%s of the hello", field), fmt.Sprintf("%.80s", orNothing(h[0][field])))
		}
		if got != want {
			g.Mismatch(fmt.Sprintf("%q at /%s of the hello, as configured", want, field), fmt.Sprintf("%q", got))
		}
	}
}

func quietUntilDescriptor(g *kit.G) {
	g.Prepare()
	held := g.Hold(kit.FirstHello())
	g.Start(kit.UntilHello())
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	if e, found := g.Within(g.Timing.Quiet, otherThanHello(hello)); found {
		g.Mismatch("nothing between the hello and the descriptor", fmt.Sprintf("%.160q", e.Message.Payload))
	}
	held.Release()
	g.Ready()
	g.Alive()
}

// otherThanHello matches what a gateway sends after its hello and may not.
func otherThanHello(hello fakeconnector.Entry) func(fakeconnector.Entry) bool {
	return kit.UnlessHello(func(e fakeconnector.Entry) bool { return kit.IsGatewayMessage(e) && e.Seq > hello.Seq })
}

func quietThoughAskedToSend(g *kit.G) {
	g.Prepare()
	held := g.Hold(kit.FirstHello())
	g.Start(kit.UntilHello())
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	asked := g.DriveAsync("gateway/send", map[string]any{"chat_id": g.ID("c"), "content": "too early"})
	if e, found := g.Within(g.Timing.Quiet, otherThanHello(hello)); found {
		g.Mismatch("nothing between the hello and the descriptor", fmt.Sprintf("%.160q", e.Message.Payload))
	}
	held.Release()
	g.Ready()
	asked(g.Timing.Outbound + g.Timing.Slack) // whatever it says, it returns
	g.Alive()
}

// shortHandshake is a bound that is soon over, and longer than an interpreter was seen to stall between its hello and
// the descriptor on two cores with a load of 27: a bit over a second.
func shortHandshake() kit.InstanceOption {
	return kit.Bounds(func(t *kit.Timing) {
		if shortened(t.Handshake, kit.ContractTiming().Handshake) {
			t.Handshake = min(t.Handshake, 1800*time.Millisecond)
		}
	})
}

// descriptorBound takes a gateway of its own for each attempt: a first handshake comes once.
func descriptorBound(g *kit.G) {
	g.Prepare(shortHandshake())
	dialsOnceOverdue(g, func(n int) fakeconnector.Entry {
		if n > 1 {
			g.Anew()
			g.Prepare(shortHandshake())
		}
		return g.Greets(fakeconnector.Withhold{})
	})
}

// dialsOnceOverdue looks at what becomes of a hello to which no descriptor comes.
func dialsOnceOverdue(g *kit.G, greets func(n int) fakeconnector.Entry) {
	inTime(g, g.Timing.Handshake+g.Timing.Rung(0)*5/4, "another dial, once the bound of the handshake has passed and the first rung", func(n int, within time.Duration) time.Duration {
		hello := greets(n)
		g.CatchUpTo(hello)
		dial := g.Await(within, "another dial once the bound of the handshake has passed", kit.IsDial)
		closed := g.AwaitAfter(hello, g.Timing.Answer, "the end of the socket that got no descriptor", kit.IsClosed(hello.Session))
		if closed.Close.By != protocol.FromGateway {
			g.Mismatch("the gateway to close the socket that got no descriptor", "it stayed open until the connector closed it")
		}
		g.Ready()
		g.Alive()
		return kit.Elapsed(hello, dial)
	})
}

// lateDescriptor: up to the bound a gateway waits, so at a third of it it still listens. The
// rest is for a machine that is late, and four seconds at least.
func lateDescriptor(g *kit.G) {
	g.Prepare(kit.Bounds(func(t *kit.Timing) { t.Handshake = max(t.Handshake, 6*time.Second) }))
	held := g.Hold(kit.FirstHello())
	g.Start(kit.UntilHello())
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	if e, found := g.Within(g.Timing.Handshake/3, func(e fakeconnector.Entry) bool {
		return e.Seq > hello.Seq && kit.IsClosed(hello.Session)(e)
	}); found {
		g.Mismatch(fmt.Sprintf("the gateway to wait up to %s for its descriptor", g.Timing.Handshake), "it gave up after "+kit.Elapsed(hello, e).String())
	}
	held.Release()
	g.Ready()
	if s := g.Session(); s.ID() != hello.Session {
		g.Mismatch("the handshake to be completed on the same socket", "another one")
	}
	g.Alive()
}

// unreadableDescriptor sends a good descriptor behind the one that cannot be read: the
// first one decides, so the gateway may not take it.
func unreadableDescriptor(g *kit.G, raw string) {
	hello := g.Greets(fakeconnector.Raw{Text: raw + "\n" + `{"type":"descriptor","descriptor":` + wholeDescriptor + "}\n"})
	g.CatchUpTo(hello)
	// A gateway may notice only when its handshake is overdue.
	g.Await(g.Timing.Handshake+g.Timing.Redial(0), "another dial after the descriptor that cannot be read", kit.IsDial)
	g.Ready()
	g.Alive()
}

func descriptor(d string) func(*kit.G) {
	return answered(fakeconnector.Raw{Text: `{"type":"descriptor","descriptor":` + d + "}\n"})
}

// answered answers a hello in a way of the case's own, which has to complete the handshake
// on that very socket.
func answered(faults ...fakeconnector.Fault) func(*kit.G) {
	return func(g *kit.G) { completed(g, g.Greets(faults...)) }
}

// completed: a gateway that could do nothing with the answer to its hello closes its
// socket, at the latest when its bound is over, and serves nobody on it.
func completed(g *kit.G, hello fakeconnector.Entry) {
	if _, ended := g.Within(g.Timing.Quiet, kit.IsClosed(hello.Session)); ended {
		g.Mismatch("the handshake to be complete on the socket of that hello", "the end of that socket")
	}
	g.Alive()
	if s := g.Session(); s.ID() != hello.Session {
		g.Mismatch("the handshake to be complete on the socket of that hello", "a handshake on another socket only")
	}
}

func secondDescriptor(line string) func(*kit.G) {
	return func(g *kit.G) {
		g.AnewAfter()
		g.Survives(func() { g.SendLine(line) })
	}
}

func secondChangesNothing(g *kit.G) {
	g.AnewAfter()
	before := g.Capabilities()
	g.Survives(func() { g.SendLine(secondGood) })
	after := g.Capabilities()
	if before.MaxMessageLength != after.MaxMessageLength || before.LenUnit != after.LenUnit {
		g.Mismatch(fmt.Sprintf("the limit to stay at %d %s", before.MaxMessageLength, before.LenUnit), fmt.Sprintf("%d %s, those of a second descriptor", after.MaxMessageLength, after.LenUnit))
	}
}

func secondAlike(g *kit.G) {
	g.StartUnder(map[string]any{"max_message_length": 2000})
	g.Survives(func() { g.SendLine(g.DescriptorLike(map[string]any{"max_message_length": 1000})) })
	g.WantInForce("max_message_length", map[string]any{}, "2000", "that of the first descriptor of the socket")
}

func againOnRedial(g *kit.G) {
	g.Alive()
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeHello})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	hello := g.Await(g.Timing.Redial(0), "a hello on a new session", kit.IsHello)
	if first := g.FirstMessage(hello.Session); first.Seq != hello.Frame.FirstMessage {
		g.Mismatch("a hello as the first message of the new session", fmt.Sprintf("%.120q", first.Message.Payload))
	}
	if e, found := g.Within(g.Timing.Quiet, otherThanHello(hello)); found {
		g.Mismatch("the gateway to wait for the descriptor of the new session", fmt.Sprintf("%.160q", e.Message.Payload))
	}
	held.Release()
	g.Ready()
	g.Alive()
}

// redialReplacesOften leaves nothing out of a descriptor: what becomes of one that lacks
// something is not its matter.
func redialReplacesOften(g *kit.G) {
	whole := func(limit int) map[string]any {
		return map[string]any{"max_message_length": limit, "emoji": "x", "platform_hint": "a hint", "pii_safe": false}
	}
	stub := g.StartUnder(whole(1000))
	for session := 2; session <= 5; session++ {
		g.Alive()
		stub.Remove()
		limit := 1000 + session
		stub = g.AnswerHello(whole(limit))
		g.CloseSession(websocket.CloseServiceRestart, "restart")
		g.Back()
		g.WantInForce("max_message_length", map[string]any{}, fmt.Sprint(limit), fmt.Sprintf("that of the descriptor of session %d", session))
	}
}

func redialReplacesCapabilities(g *kit.G) {
	g.AnewAfter()
	before := g.Capabilities()
	g.On(fakeconnector.Match{Type: protocol.TypeHello}).Do(fakeconnector.Raw{Text: `{"type":"descriptor","descriptor":{"contract_version":1,"platform":"discord","label":"Discord","max_message_length":777,"supports_draft_streaming":false,"supports_edit":true,"supports_threads":true,"markdown_dialect":"discord","len_unit":"utf16","emoji":"x","platform_hint":"a hint","pii_safe":false}}` + "\n"})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	after := g.Capabilities()
	if after.MaxMessageLength != 777 || after.LenUnit != "utf16" {
		g.Mismatch("777 utf16, the limit of the new descriptor", fmt.Sprintf("%d %s (before: %d %s)", after.MaxMessageLength, after.LenUnit, before.MaxMessageLength, before.LenUnit))
	}
}

// redialUnder gives the gateway a descriptor and then, on a redial, another one, which
// differs from it in what the case is about.
func redialUnder(g *kit.G, first, then map[string]any) {
	stub := g.StartUnder(first)
	g.Alive()
	stub.Remove()
	g.AnswerHello(then)
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
}

func redialTakesDefaults(g *kit.G) {
	g.Greets(fakeconnector.Raw{Text: `{"type":"descriptor","descriptor":` + requiredOnly[:len(requiredOnly)-1] + `,"emoji":"X","platform_hint":"a hint","pii_safe":true}}` + "\n"})
	g.Alive()
	g.WantInForce("emoji", map[string]any{}, `"X"`, "as the first descriptor says")
	g.On(fakeconnector.Match{Type: protocol.TypeHello}).Do(fakeconnector.Raw{Text: `{"type":"descriptor","descriptor":` + requiredOnly + "}\n"})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.BackUnder(protocol.RuleHandshakeOptionalKeys)
	g.WantInForce("emoji", map[string]any{}, "\"\U0001F50C\"", "the default, as the new descriptor leaves it out")
	g.WantInForce("platform_hint", map[string]any{}, `""`, "the default, as the new descriptor leaves it out")
	g.WantInForce("pii_safe", map[string]any{}, `false`, "the default, as the new descriptor leaves it out")
}

func quietOnRedialThoughAskedToSend(g *kit.G) {
	g.Alive()
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeHello})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	hello := g.Await(g.Timing.Redial(0), "a hello on a new session", kit.IsHello)
	asked := g.DriveAsync("gateway/send", map[string]any{"chat_id": g.ID("c"), "content": "too early"})
	if e, found := g.Within(g.Timing.Quiet, otherThanHello(hello)); found {
		g.Mismatch("nothing between the hello and the descriptor", fmt.Sprintf("%.160q", e.Message.Payload))
	}
	held.Release()
	g.Ready()
	asked(g.Timing.Outbound + g.Timing.Slack) // whatever it says, it returns
	g.Alive()
}

// quietThoughEventCame: a connector sends nothing before its descriptor. One that does
// must wait for its acknowledgement all the same.
func quietThoughEventCame(g *kit.G) {
	s, hello := g.GreetsAnd()
	g.SendOn(s, websocket.TextMessage, g.Event("too early").Line())
	if e, found := g.Within(g.Timing.Quiet, otherThanHello(hello)); found {
		g.Mismatch("nothing between the hello and the descriptor", fmt.Sprintf("%.160q", e.Message.Payload))
	}
	g.SendOn(s, websocket.TextMessage, []byte(`{"type":"descriptor","descriptor":`+wholeDescriptor+"}\n"))
	g.Ready()
	g.Alive()
}

func descriptorBoundOnRedial(g *kit.G) {
	g.Start(shortHandshake())
	g.Alive()
	dialsOnceOverdue(g, func(int) fakeconnector.Entry {
		g.On(fakeconnector.Match{Type: protocol.TypeHello}).Times(1).Do(fakeconnector.Withhold{})
		g.CloseSession(websocket.CloseServiceRestart, "restart")
		return g.Await(g.Timing.Redial(0), "a hello on a new session", kit.IsHello)
	})
}

// descriptorBoundDespiteFrames sends frames that mean nothing all through the bound, and
// past it.
func descriptorBoundDespiteFrames(g *kit.G) {
	g.Prepare(shortHandshake())
	answer := g.OnHello(kit.FirstHello())
	g.Start(kit.UntilHello())
	s := answer()
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	g.CatchUpTo(hello)
	step := g.Timing.Handshake / 4
	for waited := time.Duration(0); waited < g.Timing.Handshake+g.Timing.Redial(0); waited += step {
		if _, found := g.Within(step, kit.IsDial); found {
			g.Ready()
			g.Alive()
			return
		}
		// Once the gateway has closed this session, nobody takes it.
		_ = s.SendRaw(websocket.TextMessage, []byte(`{"type":"zorp"}`+"\n"))
		g.Stimulus()
	}
	g.Mismatch(fmt.Sprintf("another dial within %s of the hello, whatever else comes", g.Timing.Handshake+g.Timing.Redial(0)), "none: other frames keep the gateway waiting")
}

func helloWithBotID(id string) func(*kit.G) {
	return func(g *kit.G) {
		g.Start(kit.BotID(id))
		helloFields(g)
	}
}

// helloWithPlatform is about one that no gateway knows by another name. The connector has
// the gateway on record under its own.
func helloWithPlatform(platform string) func(*kit.G) {
	return func(g *kit.G) {
		g.Start(kit.UntilHello(), kit.Ignoring(protocol.RuleHandshakeHelloFields), kit.Environment(func(env map[string]string) { env["GATEWAY_RELAY_PLATFORM"] = platform }))
		hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
		saysHello(g, hello.Session, platform)
		g.Ready()
	}
}
