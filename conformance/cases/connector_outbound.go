package cases

import (
	"fmt"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorOutbound() []kit.Case {
	none := kit.ProbeNeeds{}
	answered := func(variant, title, action string) kit.Case {
		return probe(id(protocol.RuleOutboundAnswered, variant), title, none, func(p *kit.P) {
			s := p.Connect(p.Me())
			if a := s.Do(action); len(a.Raw) == 0 || a.Raw[0] != '{' {
				p.Mismatch("a result that is an object", string(a.Raw))
			}
		})
	}
	unknown := func(op string) kit.Case {
		return probe(id(protocol.RuleOutboundUnknownOp, op), "answers the op "+op+" with a failure", none, func(p *kit.P) {
			s := p.Connect(p.Me())
			p.Want(s.Do(fmt.Sprintf(`{"op":%q,"chat_id":"C1","content":"x","metadata":{}}`, op)), false, "the unknown op "+op)
			s.Alive()
		})
	}
	return []kit.Case{
		answered("send", "answers a send", `{"op":"send","chat_id":"C1","content":"x","reply_to":null,"metadata":{}}`),
		answered("edit", "answers an edit", `{"op":"edit","chat_id":"C1","message_id":"m1","content":"x","metadata":{}}`),
		answered("typing", "answers a typing", `{"op":"typing","chat_id":"C1","metadata":{}}`),
		answered("chat-info", "answers a get_chat_info", info),
		answered("follow-up", "answers a follow_up", `{"op":"follow_up","session_key":"agent:main:discord:dm:C1","kind":"discord.interaction_token","content":"x","metadata":{}}`),
		answered("no-chat", "answers a send without its chat_id", `{"op":"send","content":"x"}`),
		answered("no-op", "answers an action without an op", `{"chat_id":"C1","content":"x"}`),
		answered("mistyped", "answers a send whose content is a list", `{"op":"send","chat_id":"C1","content":[],"metadata":{}}`),
		answered("no-object", "answers an action that is no object", `"send"`),
		probe(id(protocol.RuleOutboundAnswered, "own-result"), "gives each of many requests at once its own result", publishes, ownResults),
		probe(id(protocol.RuleOutboundAnswered, "own-chat"), "gives each get_chat_info of many at once its own chat", publishes, ownChats),
		probe(id(protocol.RuleOutboundAnswered, "once"), "answers a request once", publishes, answeredOnce),
		unknown("draft"), unknown("delete"), unknown("zorp"),
		probe(id(protocol.RuleOutboundUnknownOp, "between"), "answers it between others that it knows", publishes, unknownBetween),
		probe(id(protocol.RuleActionResultFields), "sends a boolean success with the result of every op", none, booleanSuccess),
		probe(id(protocol.RuleActionResultFields, "done"), "sends one with what it has carried out", publishes, func(p *kit.P) {
			s, e := p.Connect(p.Me()), p.Event("hi")
			p.Publish(p.Me(), e)
			s.Delivered(e)
			for _, action := range []string{
				e.SendAction("x"),
				fmt.Sprintf(`{"op":"edit","chat_id":%q,"message_id":"m1","content":"x","metadata":{"guild_id":%q}}`, e.ChatID, e.Scope),
				fmt.Sprintf(`{"op":"typing","chat_id":%q,"metadata":{"guild_id":%q}}`, e.ChatID, e.Scope),
			} {
				if a := s.Do(action); a.Success == nil {
					p.Mismatch("a boolean success in the result of "+action, string(a.Raw))
				}
			}
		}),
	}
}

// ownResults sends what must succeed and what must fail by turns, as one message and as
// many, before it looks at a single result.
func ownResults(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	p.Want(s.Do(e.SendAction("alone")), true, "a send with the scope of the event")
	const rounds = 8
	var good, bad []string
	var b strings.Builder
	for i := range rounds {
		g, u := p.RequestID(), p.RequestID()
		good, bad = append(good, g), append(bad, u)
		b.WriteString(kit.OutboundLine(g, e.SendAction(fmt.Sprintf("number %d", i))) + "\n")
		b.WriteString(kit.OutboundLine(u, `{"op":"zorp","chat_id":"C1"}`) + "\n")
		if i >= rounds/2 {
			s.Message(websocket.TextMessage, b.String())
			b.Reset()
		}
	}
	for i := range rounds {
		p.Want(s.Result(good[i]), true, fmt.Sprintf("the send number %d of requests under way at once", i))
		p.Want(s.Result(bad[i]), false, fmt.Sprintf("the unknown op number %d of requests under way at once", i))
	}
}

// ownChats can tell only what the connector tells of a chat; where that is nothing it
// tells nothing apart.
func ownChats(p *kit.P) {
	s := p.Connect(p.Me())
	var events []*kit.Published
	var requests []string
	var b strings.Builder
	for range 4 {
		e := p.Event("hi")
		p.Publish(p.Me(), e)
		s.Delivered(e)
		events, requests = append(events, e), append(requests, p.RequestID())
		b.WriteString(kit.OutboundLine(requests[len(requests)-1], fmt.Sprintf(`{"op":"get_chat_info","chat_id":%q}`, e.ChatID)) + "\n")
	}
	s.Message(websocket.TextMessage, b.String())
	for i, r := range requests {
		got := string(s.Result(r).Raw)
		for k, other := range events {
			if k != i && (strings.Contains(got, other.ChatName) || strings.Contains(got, other.ChatID)) {
				p.Mismatch(fmt.Sprintf("what is known of the chat %s", events[i].ChatID), got)
			}
		}
	}
}

func answeredOnce(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	r := s.Request(e.SendAction("once"))
	s.Result(r)
	s.CatchUp()
	s.Nothing("second result of the request", kit.IsResult(r))
}

func unknownBetween(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	before, unknown, behind := s.Request(e.SendAction("before")), s.Request(`{"op":"task_card","chat_id":"C1"}`), s.Request(e.SendAction("behind"))
	p.Want(s.Result(unknown), false, "an unknown op")
	p.Want(s.Result(before), true, "the send before it")
	p.Want(s.Result(behind), true, "the send behind it")
}

func booleanSuccess(p *kit.P) {
	s := p.Connect(p.Me())
	for _, action := range []string{
		`{"op":"send","chat_id":"C1","content":"x","reply_to":null,"metadata":{}}`,
		`{"op":"edit","chat_id":"C1","message_id":"m1","content":"x","metadata":{}}`,
		`{"op":"typing","chat_id":"C1","metadata":{}}`,
		`{"op":"follow_up","session_key":"agent:main:discord:dm:C1","kind":"discord.interaction_token","content":"x","metadata":{}}`,
		`{"op":"zorp"}`,
	} {
		if a := s.Do(action); a.Success == nil {
			p.Mismatch("a boolean success in the result of "+action, string(a.Raw))
		}
	}
}
