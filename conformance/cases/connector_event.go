package cases

import (
	"encoding/json"
	"fmt"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorEvents() []kit.Case {
	return []kit.Case{
		probe(id(protocol.RuleEventFields), "sends every field of an event of which little is known", publishes, sparseEvent),
		probe(id(protocol.RuleEventFields, "values"), "sends an event as it was published", publishes, wholeEvent),
		probe(id(protocol.RuleEventScope), "sends the server in guild_id", publishes, func(p *kit.P) {
			s, e := p.Connect(p.Me()), p.Event("hi")
			p.Publish(p.Me(), e)
			want(p, s.Delivered(e).Source(), "/event/source/guild_id", "guild_id", e.Scope)
		}),
		probe(id(protocol.RuleEventBothScopes), "sends the server in scope_id as well", publishes, func(p *kit.P) {
			s, e := p.Connect(p.Me()), p.Event("hi")
			p.Publish(p.Me(), e)
			f := s.Delivered(e)
			want(p, f.Source(), "/event/source/guild_id", "guild_id", e.Scope)
			want(p, f.Source(), "/event/source/scope_id", "scope_id", e.Scope)
		}),
		probe(id(protocol.RuleEventBothScopes, "either"), "takes guild_id and scope_id from an action alike", publishes, eitherScope),
		probe(id(protocol.RuleScopeDecline), "declines an action whose scope nobody has", publishes, unknownScope),
		probe(id(protocol.RuleScopeDecline, "foreign"), "declines an action whose scope is another tenant's", kit.ProbeNeeds{Strangers: 1, Offers: kit.Offers{Publish: true}}, foreignScope),
		probe(id(protocol.RuleScopeProfileStamp), "stamps the profile of an action on the next event of its chat", publishes, profileStamp),
	}
}

func want(p *kit.P, object map[string]json.RawMessage, at, name, value string) {
	var got string
	if _ = json.Unmarshal(object[name], &got); got != value {
		p.Mismatch(fmt.Sprintf("%q at %s", value, at), string(object[name]))
	}
}

func sparseEvent(p *kit.P) {
	s := p.Connect(p.Me())
	e := p.Event("hi")
	e.ChatName, e.UserName, e.MessageID = "", "", ""
	p.Publish(p.Me(), e)
	if why := kit.BadEvent(s.Delivered(e)); why != "" {
		p.Mismatch("every field of an event", why)
	}
}

func wholeEvent(p *kit.P) {
	s := p.Connect(p.Me())
	e := p.Event("hi ☃ 😀")
	e.ThreadID = "T1"
	p.Publish(p.Me(), e)
	f := s.Delivered(e)
	want(p, f.Object("event"), "/event/text", "text", e.Text)
	for name, value := range map[string]string{"platform": p.Me().Platform, "chat_id": e.ChatID, "chat_type": e.ChatType, "chat_name": e.ChatName,
		"user_id": e.UserID, "user_name": e.UserName, "thread_id": e.ThreadID} {
		want(p, f.Source(), "/event/source/"+name, name, value)
	}
}

func eitherScope(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	for _, name := range []string{"guild_id", "scope_id"} {
		a := s.Do(fmt.Sprintf(`{"op":"send","chat_id":%q,"content":"x","reply_to":null,"metadata":{%q:%q}}`, e.ChatID, name, e.Scope))
		p.Want(a, true, "a send with the scope in "+name)
	}
}

const notRouted = "target not routed to an onboarded tenant"

func declined(p *kit.P, a kit.Answer, what string) {
	p.Want(a, false, what)
	if a.Error != notRouted {
		p.Mismatch(fmt.Sprintf("the error %q", notRouted), fmt.Sprintf("%q", a.Error))
	}
}

func unknownScope(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	p.Want(s.Do(e.SendAction("x")), true, "a send with the scope of the event")
	nobody := p.Event("never published")
	declined(p, s.Do(nobody.SendAction("x")), "a send with a scope that no event had")
}

func foreignScope(p *kit.P) {
	theirs := p.Connect(p.Stranger())
	e := p.Event("for another tenant")
	p.Publish(p.Stranger(), e)
	theirs.Delivered(e)
	p.Want(theirs.Do(e.SendAction("x")), true, "a send of the tenant that has the scope")
	declined(p, p.Connect(p.Me()).Do(e.SendAction("x")), "a send with a scope of another tenant")
}

func profileStamp(p *kit.P) {
	s := p.Connect(p.Me())
	events := p.Events(2)
	p.Publish(p.Me(), events[0])
	s.Delivered(events[0])
	s.Do(fmt.Sprintf(`{"op":"send","chat_id":%q,"content":"x","reply_to":null,"metadata":{"guild_id":%q,"scope_id":%q,"profile":"coder"}}`,
		events[0].ChatID, events[0].Scope, events[0].Scope))
	p.Publish(p.Me(), events[1])
	want(p, s.Delivered(events[1]).Source(), "/event/source/profile", "profile", "coder")
}
