package cases

import (
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

func outbound() []kit.Case {
	// A stray result may cost the session, so its cases have it to themselves.
	alone := kit.Needs{Alone: true, Driver: []string{"gateway/send"}}
	driven := func(fresh, slow bool) kit.Needs {
		return kit.Needs{Fresh: fresh, Slow: slow, Driver: []string{"gateway/send"}}
	}
	unique := rules(protocol.RuleOutboundRequestId)
	// On a session that is shared, a result that goes astray meets another case.
	correlated := rules(protocol.RuleOutboundRequestId, protocol.RuleOutboundByRequestId)
	return []kit.Case{
		{ID: id(protocol.RuleOutboundFields), Title: "answers with a well-formed send", Level: kit.Must, Needs: kit.Needs{Replies: true}, Gateway: outboundFields},
		{ID: id(protocol.RuleOutboundFields, "send"), Title: "sends what its caller gave", Level: kit.Must, Needs: driven(false, false), After: correlated, Gateway: sendFields},
		{ID: id(protocol.RuleOutboundRequestId), Title: "uses no requestId twice", Level: kit.Must, Needs: kit.Needs{Replies: true}, Gateway: requestIDs},
		{ID: id(protocol.RuleOutboundFields, "digits"), Title: "answers in a chat whose id consists of digits with that string", Level: kit.Must, Needs: kit.Needs{Replies: true}, Gateway: digitsStayText},
		{ID: id(protocol.RuleOutboundRequestId, "same-text"), Title: "uses another one to say the same in the same chat again", Edge: true, Level: kit.Must, Needs: kit.Needs{Replies: true}, Gateway: requestIDOfSameText},
		{ID: id(protocol.RuleOutboundRequestId, "redial"), Title: "uses none twice on two sessions", Level: kit.Must, Needs: kit.Needs{Alone: true, Replies: true}, After: rules(protocol.RuleReconnectRedial), Gateway: requestIDsOnTwoSessions},
		{ID: id(protocol.RuleOutboundRequestId, "many"), Title: "uses none twice among hundreds", Edge: true, Level: kit.Must, Needs: kit.Needs{Alone: true, Replies: true}, After: rules(protocol.RuleInboundAckBuffered), Gateway: requestIDsOfHundreds},
		{ID: id(protocol.RuleOutboundByRequestId), Title: "gives each caller its own result when results come in reverse", Level: kit.Must, Needs: driven(false, false), After: unique, Gateway: reversed},
		{ID: id(protocol.RuleOutboundStrayResult), Title: "ignores a result for an unknown requestId", Level: kit.Must, Needs: kit.Needs{Alone: true}, Gateway: unknownResult},
		{ID: id(protocol.RuleOutboundStrayResult, "twice"), Title: "ignores a result that comes a second time", Level: kit.Must, Needs: kit.Needs{Alone: true, Replies: true}, After: correlated, Gateway: resultTwice},
		{ID: id(protocol.RuleOutboundStrayResult, "second-differs"), Title: "leaves the caller with the first of two results", Level: kit.Must, Needs: alone, After: correlated, Gateway: firstResultCounts},
		{ID: id(protocol.RuleOutboundStrayResult, "next"), Title: "does not keep a stray result for the next request", Level: kit.Must, Needs: alone, Gateway: strayThenNext},
		{ID: id(protocol.RuleOutboundStrayResult, "waiting"), Title: "does not give a stray result to a request that waits", Level: kit.Must, Needs: alone, After: correlated, Gateway: strayWhileWaiting},
		{ID: id(protocol.RuleOutboundStrayResult, "beside"), Title: "lets a request wait on when stray results come", Level: kit.Must, Needs: alone, After: correlated, Gateway: strayBesideWaiting},
		{ID: id(protocol.RuleOutboundStrayResult, "several"), Title: "ignores one stray result after the other", Level: kit.Must, Needs: kit.Needs{Alone: true}, Gateway: func(g *kit.G) {
			for range 4 {
				unknownResult(g)
			}
		}},
		{ID: id(protocol.RuleOutboundStrayResult, "late"), Title: "ignores the result of a request that was given up", Level: kit.Must, Needs: driven(true, true), After: rules(protocol.RuleOutboundRequestId, protocol.RuleOutboundResultBound), Gateway: lateResult},
		{ID: id(protocol.RuleOutboundResultBound), Title: "ends a send that is never answered with a failure", Level: kit.Must, Needs: driven(true, true), After: unique, Gateway: neverAnswered("gateway/send")},
		{ID: id(protocol.RuleOutboundResultBound, "others"), Title: "does so for an edit and a follow_up as well", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true, Driver: []string{"gateway/edit", "gateway/follow_up"}}, After: unique, Gateway: neverAnswered("gateway/edit", "gateway/follow_up")},
		{ID: id(protocol.RuleOutboundResultBound, "strays"), Title: "does not wait longer because stray results come", Level: kit.Must, Needs: driven(true, true), After: append(unique, protocol.RuleOutboundStrayResult), Gateway: strayDoesNotExtend},
		{ID: id(protocol.RuleOutboundResultBound, "late"), Title: "takes a result that comes within the bound", Level: kit.Must, Needs: driven(true, true), After: unique, Gateway: answeredLate},
		{ID: id(protocol.RuleOutboundDropFailsInFlight), Title: "fails what is in flight at once when the session ends", Level: kit.Should, Needs: driven(true, false), After: unique, Gateway: dropFailsInFlight},
		{ID: id(protocol.RuleOutboundDropFailsInFlight, "every-op"), Title: "fails an action of every op at once when the session is reset", Level: kit.Should, Needs: driven(true, false), After: unique, Gateway: resetFailsInFlight},
		{ID: id(protocol.RuleOutboundSendWhileDown), Title: "fails a send at once while it has no session", Level: kit.Should, Needs: driven(true, false), After: unique, Gateway: sendWhileDown},
		{ID: id(protocol.RuleOutboundSendWhileDown, "every-op"), Title: "fails an action of every op at once while it has no session", Level: kit.Should, Needs: driven(true, false), After: unique, Gateway: actWhileDown},
		{ID: id(protocol.RuleOutboundSendWhileDown, "no-descriptor"), Title: "fails a send at once while its hello is not answered", Level: kit.Should, Needs: driven(true, false), After: unique, Gateway: sendBeforeDescriptor},
	}
}

func outboundFields(g *kit.G) {
	ev := g.Event("answer me")
	g.Push(ev)
	g.WellFormedSend(g.Reply(ev))
}

func sendFields(g *kit.G) {
	chat, content := g.ID("c"), "for you: \u2603 \U0001F600 "+g.ID("t")
	sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": content})
	o := g.OutboundTo(chat)
	g.WellFormedSend(o)
	if o.Content != content {
		g.Mismatch(fmt.Sprintf("%q at /action/content", content), fmt.Sprintf("%q", o.Content))
	}
	g.WantSuccess(sent(g.Timing.Answer), true)
}

func requestIDs(g *kit.G) {
	events := []*kit.Event{g.Event("one"), g.Event("two"), g.Event("three"), g.Event("four"), g.Event("five")}
	g.Push(events...)
	seen := map[string]string{}
	for _, ev := range events {
		o := g.Reply(ev)
		if other, twice := seen[o.RequestID]; twice {
			g.Mismatch("a requestId of its own for every outbound frame", fmt.Sprintf("%q for chat %q and for chat %q", o.RequestID, other, ev.Source.ChatID))
		}
		seen[o.RequestID] = ev.Source.ChatID
	}
}

// digitsStayText has ids like those of Discord: beyond what a double holds exactly.
func digitsStayText(g *kit.G) {
	ev := g.Event("from a chat with a number")
	ev.Source.ChatID = "9007199254740993" + g.Digits()
	ev.MessageID = protocol.Some("9007199254740993" + g.Digits())
	ev.Source.MessageID = ev.MessageID
	g.Push(ev)
	o := g.ReplyWherever(ev)
	g.WellFormedSend(o)
	if o.ChatID != ev.Source.ChatID {
		g.Mismatch(fmt.Sprintf("%q at /action/chat_id", ev.Source.ChatID), orNothing(o.Action["chat_id"]))
	}
}

// requestIDOfSameText: two events that give a gateway every reason to answer with the
// very same action.
func requestIDOfSameText(g *kit.G) {
	ev := g.Event("the same again").Unbuffered()
	withoutMessageID(ev)
	var ids []string
	for range 2 {
		g.CatchUp()
		g.Push(ev)
		ids = append(ids, g.Reply(ev).RequestID)
		g.TurnOver(ev)
	}
	if ids[0] == ids[1] {
		g.Mismatch("a requestId of its own for every outbound frame", fmt.Sprintf("%q for two answers", ids[0]))
	}
}

// requestIDsOfHundreds counts on nothing but the answers of a gateway that replies. An
// agent that takes its time over each is asked for fewer.
func requestIDsOfHundreds(g *kit.G) {
	for _, size := range []int{4, 60, 60, 60, 60} {
		var events []*kit.Event
		for range size {
			events = append(events, g.Event("one of hundreds"))
		}
		began := time.Now()
		g.PushTogether(events...)
		for _, ev := range events {
			g.Reply(ev)
		}
		if time.Since(began) > g.Timing.Answer/4 {
			break
		}
	}
	g.Unique()
}

// reversed: three sends are in flight, and their results come as second, third, first,
// which is neither the order of the requests nor its reverse.
func reversed(g *kit.G) {
	type flight struct {
		request *kit.Outbound
		result  func(time.Duration) json.RawMessage
		id      string
	}
	var flights []flight
	for _, content := range []string{"first", "second", "third"} {
		chat := g.ID("c")
		g.On(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: chat}).Do(fakeconnector.Withhold{})
		sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": content})
		flights = append(flights, flight{g.OutboundTo(chat), sent, g.ID("sent")})
	}
	for _, i := range []int{1, 2, 0} {
		g.SendLine(result(flights[i].request.RequestID, flights[i].id))
	}
	for _, f := range flights {
		g.WantMessageID(f.result(g.Timing.Answer), f.id)
	}
}

func unknownResult(g *kit.G) {
	g.Survives(func() { g.SendLine(result(g.ID("nobody"), g.ID("m"))) })
}

func resultTwice(g *kit.G) {
	ev := g.Event("answered twice")
	g.Push(ev)
	o := g.Reply(ev)
	g.Survives(func() { g.SendLine(result(o.RequestID, g.ID("m"))) })
}

func firstResultCounts(g *kit.G) {
	chat := g.ID("c")
	g.On(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: chat}).Do(fakeconnector.Withhold{})
	sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": "answered twice"})
	o := g.OutboundTo(chat)
	first := g.ID("first")
	g.SendRaw(websocket.TextMessage, []byte(result(o.RequestID, first)+"\n"+result(o.RequestID, g.ID("second"))+"\n"))
	g.WantMessageID(sent(g.Timing.Answer), first)
	g.Alive()
}

// soonGivenUp makes the bound of results one that is soon over.
func soonGivenUp() kit.InstanceOption {
	return kit.Bounds(func(t *kit.Timing) {
		if shortened(t.Outbound, kit.ContractTiming().Outbound) {
			t.Outbound = min(t.Outbound, time.Second)
		}
	})
}

// neverAnswered asks for one action of each kind at once.
func neverAnswered(methods ...string) func(*kit.G) {
	return func(g *kit.G) {
		g.Start(soonGivenUp())
		for _, method := range methods {
			g.On(fakeconnector.Match{Type: protocol.TypeOutbound, Op: protocol.Op(strings.TrimPrefix(method, "gateway/"))}).Do(fakeconnector.Withhold{})
		}
		inTime(g, g.Timing.Outbound, "a failure for the caller", func(_ int, within time.Duration) time.Duration {
			var told []func(time.Duration) json.RawMessage
			began := time.Now()
			for _, method := range methods {
				p := params(g, method, g.ID("c"))
				if method == "gateway/follow_up" {
					p = map[string]any{"session_key": relayKey(g.ID("c"), g.ID("u")), "kind": interactionToken, "content": "never answered"}
				}
				told = append(told, g.DriveAsync(method, p))
			}
			for _, result := range told {
				g.WantFailure(result(within - time.Since(began)))
			}
			return time.Since(began)
		})
		g.Alive()
	}
}

// strayDoesNotExtend sends results that nobody waits for all through the bound, the last
// shortly before it is over.
func strayDoesNotExtend(g *kit.G) {
	g.Start(soonGivenUp())
	inTime(g, g.Timing.Outbound, "a failure for the caller, whatever results come that nobody asked for", func(_ int, within time.Duration) time.Duration {
		chat := g.ID("c")
		g.On(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: chat}).Do(fakeconnector.Withhold{})
		began := time.Now()
		sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": "never answered"})
		g.OutboundTo(chat)
		for range 3 {
			g.Within(g.Timing.Outbound*3/10, func(fakeconnector.Entry) bool { return false })
			g.SendLine(result(g.ID("nobody"), g.ID("m")))
		}
		g.WantFailure(sent(within - time.Since(began)))
		return time.Since(began)
	})
	g.Alive()
}

// requestIDsOnTwoSessions: the ids of a session may not begin where those of another did.
func requestIDsOnTwoSessions(g *kit.G) {
	requestIDs(g)
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	requestIDs(g)
	g.Unique()
}

// strayBesideWaiting: a request waits while results come that nobody asked for.
func strayBesideWaiting(g *kit.G) {
	chat, want := g.ID("c"), g.ID("m")
	g.On(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: chat}).Do(fakeconnector.Withhold{})
	sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": "waiting"})
	o := g.OutboundTo(chat)
	// Among them are ids that are nearly its own.
	for _, stray := range []string{g.ID("nobody"), g.ID("nobody"), strings.ToUpper(o.RequestID), strings.ToLower(o.RequestID), o.RequestID + "0"} {
		if stray != o.RequestID {
			g.SendLine(result(stray, g.ID("stray")))
		}
	}
	g.Alive()
	g.SendLine(result(o.RequestID, want))
	g.WantMessageID(sent(g.Timing.Answer), want)
}

func answeredLate(g *kit.G) {
	g.Start()
	chat := g.ID("c")
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: chat})
	sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": "answered late"})
	g.OutboundTo(chat)
	g.Within(g.Timing.Outbound/2, func(fakeconnector.Entry) bool { return false })
	held.Release()
	g.WantSuccess(sent(g.Timing.Answer), true)
}

// dropFailsInFlight gives the gateway the contract's bound for results, so that a
// failure by that bound cannot be taken for one at once.
func dropFailsInFlight(g *kit.G) {
	g.Start(kit.Bounds(func(t *kit.Timing) { t.Outbound = kit.ContractTiming().Outbound }))
	g.On(fakeconnector.Match{Type: protocol.TypeOutbound, Op: protocol.OpSend}).Do(fakeconnector.Withhold{})
	var sent []func(time.Duration) json.RawMessage
	for range 3 {
		chat := g.ID("c")
		sent = append(sent, g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": "in flight"}))
		g.OutboundTo(chat)
	}
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	for _, result := range sent {
		g.WantFailure(result(g.Timing.Answer))
	}
	g.Back()
}

// call is a way of the driver's to ask for an action.
type call struct {
	method, op string
	params     map[string]any
	// failed looks at what the caller was told of an action that was not done, for those
	// whose callers are told.
	failed func(*kit.G, json.RawMessage)
}

// calls are those by which this gateway sends something.
func calls(g *kit.G) []call {
	failure := func(g *kit.G, told json.RawMessage) { g.WantFailure(told) }
	all := []call{
		{"gateway/send", "send", params(g, "gateway/send", g.ID("c")), failure},
		{"gateway/edit", "edit", params(g, "gateway/edit", g.ID("c")), failure},
		{"gateway/follow_up", "follow_up", map[string]any{"session_key": relayKey(g.ID("c"), g.ID("u")), "kind": interactionToken, "content": "for a caller " + g.ID("t")}, failure},
		{"gateway/chat_info", "get_chat_info", map[string]any{"chat_id": g.ID("c")}, func(g *kit.G, told json.RawMessage) { g.WantSuccess(told, false) }},
		{"gateway/typing", "typing", params(g, "gateway/typing", g.ID("c")), nil},
	}
	return slices.DeleteFunc(all, func(c call) bool { return !g.Sends(c.method, c.op, c.params) })
}

// resetFailsInFlight ends the session without a close frame. A gateway that does not wait
// for the result of a typing has told its caller already, whatever that was.
func resetFailsInFlight(g *kit.G) {
	g.Start(kit.Bounds(func(t *kit.Timing) { t.Outbound = kit.ContractTiming().Outbound }))
	list := calls(g)
	withheld := g.On(fakeconnector.Match{Type: protocol.TypeOutbound}).Do(fakeconnector.Withhold{})
	var told []func(time.Duration) json.RawMessage
	for _, c := range list {
		before := g.Mark()
		told = append(told, g.DriveAsync(c.method, c.params))
		g.AwaitAfter(before, g.Timing.Answer, "an outbound "+c.op, kit.IsOp(c.op))
	}
	g.ResetSession()
	for i, c := range list {
		if raw := told[i](g.Timing.Answer); c.failed != nil {
			c.failed(g, raw)
		}
	}
	withheld.Remove()
	g.Back()
}

// actWhileDown: a typing is shown or not, and its callers may be told nothing at all; what
// they may not be told is that it was done.
func actWhileDown(g *kit.G) {
	g.Start(kit.Bounds(func(t *kit.Timing) { t.Outbound = kit.ContractTiming().Outbound }))
	list := calls(g)
	refusing := g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Do(fakeconnector.Refuse{})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Redialed(0)
	for _, c := range list {
		raw := g.Drive(c.method, c.params, g.Timing.Answer)
		var told struct{ Success bool }
		if _ = json.Unmarshal(raw, &told); told.Success {
			g.Mismatch("success false for the caller of "+c.method, string(raw))
		}
		if c.failed != nil {
			c.failed(g, raw)
		}
	}
	refusing.Remove()
	g.Back()
}

// sendBeforeDescriptor: what was in force ended with the session before.
func sendBeforeDescriptor(g *kit.G) {
	g.Start(kit.Bounds(func(t *kit.Timing) {
		t.Outbound, t.Handshake = kit.ContractTiming().Outbound, kit.ContractTiming().Handshake
	}))
	g.Alive()
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeHello})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Await(g.Timing.Redial(0), "a hello on a new session", kit.IsHello)
	g.WantFailure(g.Drive("gateway/send", map[string]any{"chat_id": g.ID("c"), "content": "nobody has been introduced"}, g.Timing.Answer))
	held.Release()
	g.Ready()
	g.Alive()
}

func sendWhileDown(g *kit.G) {
	g.Start(kit.Bounds(func(t *kit.Timing) { t.Outbound = kit.ContractTiming().Outbound }))
	refusing := g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Do(fakeconnector.Refuse{})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Redialed(0)
	g.WantFailure(g.Drive("gateway/send", map[string]any{"chat_id": g.ID("c"), "content": "nobody listens"}, g.Timing.Answer))
	refusing.Remove()
	g.Back()
}

func result(requestID, messageID string) string {
	id, _ := json.Marshal(requestID)
	return fmt.Sprintf(`{"type":"outbound_result","requestId":%s,"result":{"success":true,"message_id":%q}}`, id, messageID)
}

func orNothing(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	return string(raw)
}

func strayThenNext(g *kit.G) {
	g.SendLine(result(g.ID("nobody"), g.ID("stray")))
	g.Alive()
	chat, want := g.ID("c"), g.ID("m")
	g.On(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: chat}).Do(fakeconnector.Withhold{})
	sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": "the next one"})
	g.SendLine(result(g.OutboundTo(chat).RequestID, want))
	g.WantMessageID(sent(g.Timing.Answer), want)
}

func strayWhileWaiting(g *kit.G) {
	chat, want := g.ID("c"), g.ID("m")
	g.On(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: chat}).Do(fakeconnector.Withhold{})
	sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": "waiting"})
	o := g.OutboundTo(chat)
	g.SendLine(result(g.ID("nobody"), g.ID("stray")))
	g.SendLine(result(o.RequestID, want))
	g.WantMessageID(sent(g.Timing.Answer), want)
}

func lateResult(g *kit.G) {
	g.Start(soonGivenUp())
	chat := g.ID("c")
	g.On(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: chat}).Do(fakeconnector.Withhold{})
	sent := g.DriveAsync("gateway/send", map[string]any{"chat_id": chat, "content": "given up"})
	o := g.OutboundTo(chat)
	g.WantFailure(sent(g.Timing.Outbound + g.Timing.Slack))
	g.Survives(func() { g.SendLine(result(o.RequestID, g.ID("late"))) })
}
