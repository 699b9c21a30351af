package cases

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorForwards() []kit.Case {
	stranger := with(forwards, func(n *kit.ProbeNeeds) { n.Strangers = 1 })
	return []kit.Case{
		probe(id(protocol.RuleFollowUpStripped), "takes the token out of an interaction", forwards, func(p *kit.P) { interact(p, p.Connect(p.Me())) }),
		probe(id(protocol.RuleFollowUpStripped, "buffered"), "takes it out of a buffered interaction as well", forwards, func(p *kit.P) {
			p.Sleep(p.Me())
			i := publishInteraction(p)
			i.arrives(p, p.Connect(p.Me()))
		}),
		probe(id(protocol.RuleFollowUpStripped, "component"), "takes it out of a press of a component", forwards, func(p *kit.P) {
			s := p.Connect(p.Me())
			publishInteractionOf(p, 3, `{"custom_id":"m1:next","component_type":2}`).arrives(p, s)
		}),
		probe(id(protocol.RuleFollowUpVault), "acts on a follow_up with the token that it kept", forwards, func(p *kit.P) {
			s := p.Connect(p.Me())
			p.Want(s.Do(interact(p, s).followUp("discord.interaction_token")), true, "a follow_up with a token in the vault")
		}),
		probe(id(protocol.RuleFollowUpVault, "component"), "acts on one with the token of a press of a component", forwards, func(p *kit.P) {
			s := p.Connect(p.Me())
			i := publishInteractionOf(p, 3, `{"custom_id":"m1:next","component_type":2}`)
			i.arrives(p, s)
			p.Want(s.Do(i.followUp("discord.interaction_token")), true, "a follow_up with a token in the vault")
		}),
		probe(id(protocol.RuleFollowUpMissing), "declines a follow_up without a token", forwards, func(p *kit.P) {
			s := p.Connect(p.Me())
			i := interact(p, s)
			p.Want(s.Do(i.followUp("discord.other_token")), false, "a follow_up of a kind that the vault lacks")
			i.chat = p.Event("").ChatID
			p.Want(s.Do(i.followUp("discord.interaction_token")), false, "a follow_up of a session that the vault lacks")
		}),
		probe(id(protocol.RuleFollowUpMissing, "foreign"), "declines a follow_up with another tenant's token", stranger, func(p *kit.P) {
			i := interact(p, p.Connect(p.Me()))
			p.Want(p.Connect(p.Stranger()).Do(i.followUp("discord.interaction_token")), false, "a follow_up with another tenant's token")
		}),
		probe(id(protocol.RulePassthroughExactBytes), "forwards the very bytes of a body", forwards, func(p *kit.P) {
			forwardsExactly(p, []byte("{ \"a\" : [1,\t2],\r\n\"b\":\"\\u2603 ☃\" , \"a\":1.0 }\n"))
		}),
		probe(id(protocol.RulePassthroughExactBytes, "binary"), "forwards a body that is no text", forwards, func(p *kit.P) {
			all := make([]byte, 256)
			for i := range all {
				all[i] = byte(i)
			}
			forwardsExactly(p, all)
		}),
		probe(id(protocol.RulePassthroughExactBytes, "empty"), "forwards an empty body", forwards, func(p *kit.P) { forwardsExactly(p, nil) }),
		probe(id(protocol.RulePassthroughHeaders), "keeps the order and the duplicates of headers", forwards, headersKept),
		probe(id(protocol.RulePassthroughNoPing), "forwards no interaction of type 1", forwards, noPing),
		probe(id(protocol.RulePassthroughNoPing, "asleep"), "keeps none for an instance that sleeps", forwards, func(p *kit.P) {
			p.Sleep(p.Me())
			ping(p)
			s := p.Connect(p.Me())
			s.Nothing("forwarded ping", isForward)
			interact(p, s)
		}),
	}
}

// theInteraction is one that the case made: a command or a press of user in chat.
type theInteraction struct{ chat, user, token string }

func publishInteraction(p *kit.P) theInteraction {
	return publishInteractionOf(p, 2, `{"name":"model"}`)
}

func publishInteractionOf(p *kit.P, kind int, data string) theInteraction {
	return publishInteractionIn(p, p.Event(""), kind, data)
}

// publishInteractionIn makes one in the chat of an event, by its author.
func publishInteractionIn(p *kit.P, e *kit.Published, kind int, data string) theInteraction {
	i := theInteraction{e.ChatID, e.UserID, strings.ReplaceAll("secret-"+e.MessageID, "-", "")}
	p.Forward(p.Me(), kit.ForwardedRequest{Headers: [][2]string{{"content-type", "application/json"}}, Body: fmt.Appendf(nil,
		`{"type":%d,"id":"I1","token":%q,"channel_id":%q,"guild_id":%q,"data":%s,"member":{"user":{"id":%q,"username":"alice"}}}`,
		kind, i.token, i.chat, e.Scope, data, i.user)})
	return i
}

func interact(p *kit.P, s *kit.Socket) theInteraction {
	i := publishInteraction(p)
	i.arrives(p, s)
	return i
}

// arrives waits for the forwarded interaction, which must not hold the token in any form.
func (i theInteraction) arrives(p *kit.P, s *kit.Socket) {
	f := s.Await("the forwarded interaction", func(f kit.Received) bool { return bytes.Contains(bodyOf(f), []byte(i.chat)) })
	if bytes.Contains(bodyOf(f), []byte(i.token)) || bytes.Contains(f.Line, []byte(i.token)) {
		p.Mismatch("a forwarded interaction without its token", "the token in it")
	}
}

func (i theInteraction) followUp(kind string) string {
	return fmt.Sprintf(`{"op":"follow_up","session_key":%q,"kind":%q,"content":"done","metadata":{}}`, "agent:main:relay:channel:"+i.chat+":"+i.user, kind)
}

func bodyOf(f kit.Received) []byte {
	if !f.Is(protocol.TypePassthroughForward) {
		return nil
	}
	var text string
	_ = json.Unmarshal(f.Object("forward")["bodyB64"], &text)
	body, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	return body
}

func isForward(f kit.Received) bool { return f.Is(protocol.TypePassthroughForward) }

func forwardsExactly(p *kit.P, body []byte) {
	s := p.Connect(p.Me())
	p.Forward(p.Me(), kit.ForwardedRequest{Headers: [][2]string{{"content-type", "text/plain"}}, Body: body})
	f := s.Await("the forwarded request", isForward)
	if got := bodyOf(f); !bytes.Equal(got, body) {
		p.Mismatch(fmt.Sprintf("a body of the bytes %q", body), fmt.Sprintf("%q", got))
	}
}

func headersKept(p *kit.P) {
	s := p.Connect(p.Me())
	sent := [][2]string{{"x-trace", "2"}, {"content-type", "text/plain"}, {"x-trace", "1"}, {"a-first", "z"}, {"x-trace", "2"}}
	p.Forward(p.Me(), kit.ForwardedRequest{Headers: sent, Body: []byte("x")})
	var got [][2]string
	_ = json.Unmarshal(s.Await("the forwarded request", isForward).Object("forward")["headers"], &got)
	if fmt.Sprint(got) != fmt.Sprint(sent) {
		p.Mismatch(fmt.Sprintf("the headers %v", sent), fmt.Sprintf("%v", got))
	}
}

func noPing(p *kit.P) {
	s := p.Connect(p.Me())
	ping(p)
	s.Nothing("forwarded ping", isForward)
	interact(p, s)
}

// ping is how Discord asks whether a webhook is there.
func ping(p *kit.P) {
	p.Forward(p.Me(), kit.ForwardedRequest{Headers: [][2]string{{"content-type", "application/json"}}, Body: []byte(`{"type":1,"id":"I0","token":"t"}`)})
}
