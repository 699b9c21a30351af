package cases

import (
	"encoding/json"
	"fmt"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorEvents() []kit.Case {
	// Events that are published, and the names under which their scope is looked for.
	scoped := func(caseID, title string, delivered func(*kit.P) ([]*kit.Published, []kit.Received), names []string) kit.Case {
		return probe(caseID, title, publishes, func(p *kit.P) {
			events, frames := delivered(p)
			for i, f := range frames {
				for _, name := range names {
					want(p, f.Source(), "/event/source/"+name, name, events[i].Scope)
				}
			}
		})
	}
	old, both := []string{"guild_id"}, []string{"guild_id", "scope_id"}
	one := live(func(p *kit.P) []*kit.Published { return []*kit.Published{p.Event("hi")} })
	several := live(severalScopes)
	slack := live(func(p *kit.P) []*kit.Published {
		e := p.Event("hi")
		e.Platform = "slack"
		return []*kit.Published{e}
	})
	return []kit.Case{
		probe(id(protocol.RuleEventFields), "sends every field of an event of which little is known", publishes, sparseEvent),
		probe(id(protocol.RuleEventFields, "values"), "sends an event as it was published", publishes, wholeEvent),
		scoped(id(protocol.RuleEventScope), "sends the server in guild_id", one, old),
		scoped(id(protocol.RuleEventScope, "each"), "sends its own server with each event, in a thread as well", several, old),
		scoped(id(protocol.RuleEventScope, "slack"), "sends a Slack workspace in guild_id", slack, old),
		scoped(id(protocol.RuleEventScope, "buffered"), "sends the server with what waited in the buffer", buffered, old),
		scoped(id(protocol.RuleEventBothScopes), "sends the server in scope_id as well", one, both),
		scoped(id(protocol.RuleEventBothScopes, "each"), "sends its own server with each event, in a thread as well", several, both),
		scoped(id(protocol.RuleEventBothScopes, "slack"), "sends a Slack workspace under both names", slack, both),
		scoped(id(protocol.RuleEventBothScopes, "buffered"), "sends both with what waited in the buffer", buffered, both),
		probe(id(protocol.RuleEventBothScopes, "either"), "takes guild_id and scope_id from an action alike", publishes, eitherScope),
		probe(id(protocol.RuleEventBothScopes, "each-op"), "takes them from every op that has metadata", publishes, eitherScopeOfEachOp),
		probe(id(protocol.RuleScopeDecline), "declines an action whose scope nobody has", publishes, unknownScope),
		probe(id(protocol.RuleScopeDecline, "foreign"), "declines an action whose scope is another tenant's", kit.ProbeNeeds{Strangers: 1, Offers: kit.Offers{Publish: true}}, foreignScope),
		probe(id(protocol.RuleScopeProfileStamp), "stamps the profile of an action on the next event of its chat", publishes, profileStamp),
		probe(id(protocol.RuleScopeProfileStamp, "latest"), "stamps that of the last action for its chat, whatever other chats have", publishes, latestProfile),
		probe(id(protocol.RuleScopeProfileStamp, "each-op"), "stamps that of an edit and of a typing as well", publishes, profileOfEachOp),
		probe(id(protocol.RuleScopeProfileStamp, "forward"), "stamps it on a forwarded request", forwards, profileOfForward),
		probe(id(protocol.RuleScopeProfileStamp, "buffered"), "stamps it on an event that waits in the buffer", publishes, profileInBuffer),
	}
}

func want(p *kit.P, object map[string]json.RawMessage, at, name, value string) {
	var got string
	if _ = json.Unmarshal(object[name], &got); got != value {
		p.Mismatch(fmt.Sprintf("%q at %s", value, at), string(object[name]))
	}
}

// live publishes events for a connected gateway, and is them and their frames.
func live(make func(*kit.P) []*kit.Published) func(*kit.P) ([]*kit.Published, []kit.Received) {
	return func(p *kit.P) (events []*kit.Published, frames []kit.Received) {
		s := p.Connect(p.Me())
		events = make(p)
		for _, e := range events {
			p.Publish(p.Me(), e)
			frames = append(frames, s.Delivered(e))
		}
		return events, frames
	}
}

// buffered publishes an event for a gateway that sleeps.
func buffered(p *kit.P) ([]*kit.Published, []kit.Received) {
	events := asleep(p, 1)
	return events, drained(p, p.Connect(p.Me()), events)
}

// severalScopes are events of one chat, one of another server between them, and one in a
// thread.
func severalScopes(p *kit.P) []*kit.Published {
	events := append(p.Events(3), p.Event("of another server"))
	events[1], events[3] = events[3], events[1]
	events[2].ThreadID = "T1"
	return events
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

func eitherScopeOfEachOp(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	for _, name := range []string{"guild_id", "scope_id"} {
		for _, op := range []string{`"edit","message_id":"m1","content":"x"`, `"typing"`} {
			a := s.Do(fmt.Sprintf(`{"op":%s,"chat_id":%q,"metadata":{%q:%q}}`, op, e.ChatID, name, e.Scope))
			p.Want(a, true, "the op "+op+" with the scope in "+name)
		}
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
	s.Do(profiled("send", events[0], "coder"))
	stamped(p, s, events[1], "coder")
}

// profiled is an action for the chat of an event, with its scope and a profile.
func profiled(op string, e *kit.Published, profile string) string {
	own := map[string]string{"send": `"content":"x","reply_to":null,`, "edit": `"message_id":"m1","content":"x",`}[op]
	return fmt.Sprintf(`{"op":%q,"chat_id":%q,%s"metadata":{"guild_id":%q,"scope_id":%q,"profile":%q}}`, op, e.ChatID, own, e.Scope, e.Scope, profile)
}

// stamped publishes an event, which must carry this profile.
func stamped(p *kit.P, s *kit.Socket, e *kit.Published, profile string) {
	p.Publish(p.Me(), e)
	want(p, s.Delivered(e).Source(), "/event/source/profile", "profile", profile)
}

func latestProfile(p *kit.P) {
	s, here, there := p.Connect(p.Me()), p.Events(3), p.Events(2)
	p.Publish(p.Me(), here[0], there[0])
	s.Delivered(here[0])
	s.Delivered(there[0])
	s.Do(profiled("send", here[0], "coder"))
	s.Do(profiled("send", there[0], "writer"))
	stamped(p, s, here[1], "coder")
	stamped(p, s, there[1], "writer")
	s.Do(profiled("send", here[0], "reader"))
	stamped(p, s, here[2], "reader")
}

func profileOfEachOp(p *kit.P) {
	s := p.Connect(p.Me())
	for _, op := range []string{"edit", "typing"} {
		events := p.Events(2)
		p.Publish(p.Me(), events[0])
		s.Delivered(events[0])
		s.Do(profiled(op, events[0], op+"er"))
		stamped(p, s, events[1], op+"er")
	}
}

func profileOfForward(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("hi")
	p.Publish(p.Me(), e)
	s.Delivered(e)
	s.Do(profiled("send", e, "coder"))
	publishInteractionIn(p, e, 2, `{"name":"model"}`)
	want(p, s.Await("the forwarded interaction", isForward).Object("forward"), "/forward/profile", "profile", "coder")
}

// The action is the last that its session says, and the event comes when that has ended.
func profileInBuffer(p *kit.P) {
	s, events := p.Connect(p.Me()), p.Events(2)
	p.Publish(p.Me(), events[0])
	s.Delivered(events[0])
	s.Do(profiled("send", events[0], "coder"))
	s.GoIdle()
	s.Close()
	p.Publish(p.Me(), events[1])
	entry := drained(p, p.Connect(p.Me()), events[1:])[0]
	want(p, entry.Source(), "/event/source/profile", "profile", "coder")
}
