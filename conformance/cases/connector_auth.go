package cases

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// A token that never expires is refused in every form but the canonical one, so that its
// form alone decides.
func connectorAuth() []kit.Case {
	none := kit.ProbeNeeds{}
	stranger := with(publishes, func(n *kit.ProbeNeeds) { n.Strangers = 1 })
	unauthorized := func(caseID, title string, headers func(p *kit.P) []string) kit.Case {
		return probe(caseID, title, none, func(p *kit.P) { refused(p, 4401, "unauthorized", headers(p)...) })
	}
	form := func(variant, what string, token func(g kit.ConnectorGateway) string) kit.Case {
		return unauthorized(id(protocol.RuleAuthCanonical, variant), "refuses a token with "+what, func(p *kit.P) []string {
			return []string{"Bearer " + token(p.Me())}
		})
	}
	expired := func(p *kit.P, age time.Duration) {
		refused(p, 4401, "expired", "Bearer "+kit.Token64(p.Me().ID, p.Me().Secret, time.Now().Add(-age).Unix()))
	}
	return []kit.Case{
		probe(id(protocol.RuleAuthCanonical), "accepts the canonical form, and an exp of 0 for ever", none, func(p *kit.P) {
			s := p.Dial(p.Me(), kit.Token64(p.Me().ID, p.Me().Secret, 0))
			s.Hello()
			s.Await("a descriptor", isDescriptor)
		}),
		form("padded", "padding", func(g kit.ConnectorGateway) string { return roomy(g) + padding(roomy(g)) }),
		form("stray-bits", "stray bits", func(g kit.ConnectorGateway) string { return strayBits(roomy(g)) }),
		form("leading-zero", "a zero before its exp", func(g kit.ConnectorGateway) string { return kit.TokenText(g.ID, g.Secret, "09999999999") }),
		form("signed-exp", "a plus before its exp", func(g kit.ConnectorGateway) string { return kit.TokenText(g.ID, g.Secret, "+9999999999") }),
		form("empty-exp", "an empty exp", func(g kit.ConnectorGateway) string { return kit.TokenText(g.ID, g.Secret, "") }),
		form("upper-case", "a signature in upper case", func(g kit.ConnectorGateway) string {
			text, _ := base64.RawURLEncoding.DecodeString(kit.Token64(g.ID, g.Secret, 0))
			i := strings.LastIndexByte(string(text), ':')
			return base64.RawURLEncoding.EncodeToString([]byte(string(text[:i]) + strings.ToUpper(string(text[i:]))))
		}),
		form("white-space", "white space inside", func(g kit.ConnectorGateway) string {
			t := kit.Token64(g.ID, g.Secret, 0)
			return t[:8] + " " + t[8:]
		}),
		probe(id(protocol.RuleAuthSplitRight), "accepts a token whose gateway id holds colons", kit.ProbeNeeds{Colon: true}, func(p *kit.P) {
			s := p.Dial(p.Me(), p.Token(p.Me()))
			s.Hello()
			s.Await("a descriptor", isDescriptor)
		}),
		unauthorized(id(protocol.RuleAuthRejected4401, "missing"), "closes a socket without a token with 4401", func(*kit.P) []string { return nil }),
		unauthorized(id(protocol.RuleAuthRejected4401, "malformed"), "closes a socket with a malformed token with 4401", func(*kit.P) []string {
			return []string{"Bearer not-a-token"}
		}),
		unauthorized(id(protocol.RuleAuthRejected4401, "other-secret"), "closes a socket whose token has another signature with 4401", func(p *kit.P) []string {
			return []string{"Bearer " + kit.Token64(p.Me().ID, p.Me().Secret+"x", time.Now().Unix()+300)}
		}),
		unauthorized(id(protocol.RuleAuthRejected4401, "other-gateway"), "closes a socket of a gateway that nobody knows with 4401", func(p *kit.P) []string {
			return []string{"Bearer " + kit.Token64(p.Me().ID+"-unknown", p.Me().Secret, time.Now().Unix()+300)}
		}),
		unauthorized(id(protocol.RuleAuthRejected4401, "exp-changed"), "closes a socket whose token had its exp changed with 4401", func(p *kit.P) []string {
			text, _ := base64.RawURLEncoding.DecodeString(kit.Token64(p.Me().ID, p.Me().Secret, 4000000000))
			return []string{"Bearer " + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), ":4000000000:", ":4000000001:", 1)))}
		}),
		unauthorized(id(protocol.RuleAuthRejected4401, "expired-as-well"), "closes one with another signature so when its exp has passed, too", func(p *kit.P) []string {
			return []string{"Bearer " + kit.Token64(p.Me().ID, p.Me().Secret+"x", time.Now().Unix()-3600)}
		}),
		probe(id(protocol.RuleAuthRejected4401, "secret-of-another"), "closes a socket whose token another gateway's secret has signed with 4401", kit.ProbeNeeds{Peers: 1, Strangers: 1}, func(p *kit.P) {
			for _, other := range []kit.ConnectorGateway{p.Peer(), p.Stranger()} {
				refused(p, 4401, "unauthorized", "Bearer "+kit.Token64(p.Me().ID, other.Secret, time.Now().Unix()+300))
			}
		}),
		probe(id(protocol.RuleAuthRejectedSilent), "sends nothing on a socket that it refuses, not even a descriptor", none, refusedInSilence),
		probe(id(protocol.RuleAuthRejectedExpired), "closes a socket whose token has expired with 4401", none, func(p *kit.P) {
			refused(p, 4401, "", "Bearer "+kit.Token64(p.Me().ID, p.Me().Secret, time.Now().Unix()-3600))
		}),
		probe(id(protocol.RuleAuthExpiredReason), "closes it with the reason expired", none, func(p *kit.P) { expired(p, time.Hour) }),
		probe(id(protocol.RuleAuthExpiredReason, "just"), "does so seconds after its exp", none, func(p *kit.P) {
			p.SameClock()
			expired(p, 2*time.Second)
		}),
		probe(id(protocol.RuleAuthExpiredReason, "long-ago"), "does so years after its exp", none, func(p *kit.P) { expired(p, 3*365*24*time.Hour) }),
		probe(id(protocol.RuleAuthExpiredReason, "older-secret"), "does so when an older secret of its rotation list signed it", kit.ProbeNeeds{Offers: kit.Offers{Rotate: true}}, func(p *kit.P) {
			old := p.Me()
			p.Rotate()
			refused(p, 4401, "expired", "Bearer "+kit.Token64(old.ID, old.Secret, time.Now().Unix()-3600))
		}),
		probe(id(protocol.RuleAuthExpiryInclusive), "accepts a token in the very second of its exp", none, lastSecond),
		probe(id(protocol.RuleAuthExpiryInclusive, "over"), "refuses it a second later", none, func(p *kit.P) {
			p.SameClock()
			refused(p, 4401, "", "Bearer "+kit.Token64(p.Me().ID, p.Me().Secret, time.Now().Unix()-1))
		}),
		probe(id(protocol.RuleAuthRotation), "accepts the old and the new secret after a rotation", kit.ProbeNeeds{Offers: kit.Offers{Rotate: true}}, bothSecrets),
		probe(id(protocol.RuleAuthIdentityFromRecord), "takes no instance or tenant from a frame",
			stranger, identityFromRecord),
		probe(id(protocol.RuleAuthIdentityFromRecord, "action"), "takes no tenant from a hello, an outbound frame, its action or its metadata", stranger, identityOfActions),
		probe(id(protocol.RuleAuthIdentityFromRecord, "other-frames"), "takes no instance from a going_idle or an inbound_ack", stranger, identityOfOtherFrames),
	}
}

// refused dials with these headers, and expects a completed upgrade and a close.
func refused(p *kit.P, code int, reason string, authorization ...string) *kit.Socket {
	s, status := p.TryDial(p.Me(), protocol.RouteRelay, authorization...)
	if s == nil {
		p.Mismatch(fmt.Sprintf("a completed upgrade and a close with %d", code), fmt.Sprintf("HTTP status %d", status))
	}
	s.Refused(code, reason)
	return s
}

// roomy is a token whose last character has bits to spare: its text is no multiple of
// three bytes.
func roomy(g kit.ConnectorGateway) string {
	for _, exp := range []int64{9999999999, 99999999999} {
		if t := kit.Token64(g.ID, g.Secret, exp); len(t)%4 != 0 {
			return t
		}
	}
	return kit.Token64(g.ID, g.Secret, 0)
}

func padding(token string) string { return strings.Repeat("=", (4-len(token)%4)%4) }

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func strayBits(token string) string {
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + alphabet[last+1:last+2]
}

func refusedInSilence(p *kit.P) {
	s, _ := p.TryDial(p.Me(), protocol.RouteRelay, "Bearer "+kit.Token64(p.Me().ID, p.Me().Secret+"x", 0))
	if s == nil {
		p.Mismatch("a completed upgrade", "none")
	}
	s.Ended()
	if got := s.Frames(anything); len(got) > 0 {
		p.Mismatch("no frame before the close", got[0].String())
	}
}

// lastSecond mints and dials at the beginning of a second, and judges a refusal only if
// that second was not over when it came.
func lastSecond(p *kit.P) {
	p.SameClock()
	const tries = 5 // a loaded machine may spend most of a second on a dial
	for range tries {
		now := time.Now()
		turn := now.Truncate(time.Second).Add(time.Second)
		p.Wait(turn.Sub(now), func() bool { return false })
		exp := time.Now().Unix()
		s := p.Dial(p.Me(), kit.Token64(p.Me().ID, p.Me().Secret, exp))
		s.Hello()
		got := s.First()
		if isDescriptor(got) {
			p.Observed()
			return
		}
		if time.Now().Unix() == exp {
			e := s.Ended()
			p.Mismatch("a session for a token in the second of its exp", e.String())
		}
	}
	p.NotApplicable("%d dials took until the next second each", tries)
}

func bothSecrets(p *kit.P) {
	old := p.Me()
	rotated := p.Rotate()
	if rotated.Secret == old.Secret {
		p.Mismatch("a new secret", "the old one")
	}
	for _, g := range []kit.ConnectorGateway{old, rotated} {
		s := p.Dial(g, p.Token(g))
		s.Hello()
		s.Await("a descriptor", isDescriptor)
		s.Close()
	}
}

func identityFromRecord(p *kit.P) {
	s, other := asStranger(p), p.Stranger()
	theirs, mine := p.Event("for another"), p.Event("for me")
	p.Publish(other, theirs)
	p.Publish(p.Me(), mine)
	s.Delivered(mine)
	s.Nothing("event of another tenant's instance", theirs.In)
}

// claims are members by which a frame could say that it is the stranger's.
func claims(p *kit.P) string {
	other := p.Stranger()
	return fmt.Sprintf(`"tenant":%q,"tenantId":%q,"instance":%q,"instanceId":%q,"gatewayId":%q`, other.Tenant, other.Tenant, other.Instance, other.Instance, other.ID)
}

// asStranger connects the case's own gateway with a hello that claims to be the stranger's.
func asStranger(p *kit.P) *kit.Socket {
	s := p.Dial(p.Me(), p.Token(p.Me()))
	s.Send(fmt.Sprintf(`{"type":"hello","platform":%q,"botId":%q,%s}`, p.Me().Platform, p.Me().BotID, claims(p)))
	s.Handshaken()
	return s
}

// identityOfActions acts in a chat of the stranger's and in one of its own.
func identityOfActions(p *kit.P) {
	theirs, e := p.Connect(p.Stranger()), p.Event("for another")
	p.Publish(p.Stranger(), e)
	theirs.Delivered(e)
	s, mine := asStranger(p), p.Event("for me")
	p.Publish(p.Me(), mine)
	s.Delivered(mine)
	claiming := func(e *kit.Published) kit.Answer {
		r := p.RequestID()
		s.Send(fmt.Sprintf(`{"type":"outbound",%[1]s,"requestId":%[2]q,"action":{"op":"send",%[1]s,"chat_id":%[3]q,"content":"x","reply_to":null,"metadata":{%[1]s,"guild_id":%[4]q}}}`,
			claims(p), r, e.ChatID, e.Scope))
		return s.Result(r)
	}
	p.Want(claiming(e), false, "a send with a scope of the tenant that the frames name, and the record does not")
	p.Want(claiming(mine), true, "a send with the scope of the gateway's own tenant")
}

// identityOfOtherFrames puts its own instance to sleep and acknowledges what waits for that,
// in frames that name the stranger's.
func identityOfOtherFrames(p *kit.P) {
	theirs, s := p.Connect(p.Stranger()), p.Connect(p.Me())
	s.Send(`{"type":"going_idle",` + claims(p) + `}`)
	s.Await("a going_idle_ack", isIdleAck)
	live := p.Event("for another, who is awake")
	p.Publish(p.Stranger(), live)
	theirs.Delivered(live)
	events := p.Events(2)
	p.Publish(p.Me(), events...)
	s.Nothing("event after the going_idle_ack", kit.IsDelivery)
	s.Close()
	s = p.Connect(p.Me())
	for i := range events {
		f := s.Delivery(i, fmt.Sprintf("entry %d of the drain", i+1))
		s.Send(fmt.Sprintf(`{"type":"inbound_ack",%s,"bufferId":%q}`, claims(p), f.BufferID))
	}
	s.Alive()
	s.Close()
	p.Connect(p.Me()).Nothing("entry that was acknowledged", kit.IsDelivery)
}
