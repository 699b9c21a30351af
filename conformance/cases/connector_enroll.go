package cases

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorEnroll() []kit.Case {
	needs := kit.ProbeNeeds{Offers: kit.Offers{Identity: true, Invite: true}}
	badToken := func(variant, title string, needs kit.ProbeNeeds, token func(p *kit.P) string) kit.Case {
		return probe(id(protocol.RuleEnrollBadToken, variant), title, needs, func(p *kit.P) {
			p.Refuses(enrol(p, p.Identity(p.Me()), token(p)), http.StatusForbidden)
		})
	}
	badBody := func(variant, what string, body func(token, gatewayID string) string) kit.Case {
		return probe(id(protocol.RuleEnrollBadBody, variant), "answers "+what+" with 400", needs, func(p *kit.P) {
			identity, token := p.Identity(p.Me()), p.Invite(p.Me())
			p.Refuses(p.Post(protocol.RouteEnroll, body(token, p.NewGateway(p.Me()).ID), kit.Bearer(identity)), http.StatusBadRequest)
			enrolled(p, enrol(p, identity, token)) // the token was good, and is not used up
		})
	}
	return []kit.Case{
		probe(id(protocol.RuleEnrollAnswer), "answers with all four fields", needs, func(p *kit.P) {
			a := enrol(p, p.Identity(p.Me()), p.Invite(p.Me()))
			enrolled(p, a)
			for _, name := range []string{"secret", "deliveryKey", "tenant", "gatewayId"} {
				if a.Text(name) == "" {
					p.Mismatch(name+", a text that is not empty", a.String())
				}
			}
		}),
		probe(id(protocol.RuleEnrollAnswer, "works"), "lets the gateway in with the secret of the answer", needs, func(p *kit.P) {
			a := enrol(p, p.Identity(p.Me()), p.Invite(p.Me()))
			enrolled(p, a)
			g := p.NewGateway(p.Me())
			g.ID, g.Secret = a.Text("gatewayId"), a.Text("secret")
			welcomed(p, g, "the enrolled gateway").Alive()
		}),
		probe(id(protocol.RuleEnrollOnce), "takes an enrolment token once", needs, func(p *kit.P) {
			identity, token := p.Identity(p.Me()), p.Invite(p.Me())
			enrolled(p, enrol(p, identity, token))
			p.Refuses(enrol(p, identity, token), http.StatusForbidden)
		}),
		probe(id(protocol.RuleEnrollOnce, "same-gateway"), "does not take it again for the gateway that used it", needs, func(p *kit.P) {
			identity, body := p.Identity(p.Me()), enrolBody(p.Invite(p.Me()), p.NewGateway(p.Me()).ID)
			enrolled(p, p.Post(protocol.RouteEnroll, body, kit.Bearer(identity)))
			p.Refuses(p.Post(protocol.RouteEnroll, body, kit.Bearer(identity)), http.StatusForbidden)
		}),
		badToken("garbage", "refuses an enrolment token that is none", needs, func(*kit.P) string { return "no-enrolment-token" }),
		badToken("changed", "refuses an enrolment token that was changed", needs, func(p *kit.P) string { return flipped(p.Invite(p.Me())) }),
		badToken("foreign", "refuses an enrolment token of another tenant", with(needs, func(n *kit.ProbeNeeds) { n.Strangers = 1 }), func(p *kit.P) string {
			return p.Invite(p.Stranger())
		}),
		probe(id(protocol.RuleEnrollBadIdentity), "answers an enrolment without an identity token with 401", needs, func(p *kit.P) {
			token := p.Invite(p.Me())
			p.Refuses(p.Post(protocol.RouteEnroll, enrolBody(token, p.NewGateway(p.Me()).ID)), http.StatusUnauthorized)
		}),
		probe(id(protocol.RuleEnrollBadIdentity, "wrong"), "answers one with a wrong identity token with 401", needs, func(p *kit.P) {
			p.Refuses(enrol(p, p.Identity(p.Me())+"x", p.Invite(p.Me())), http.StatusUnauthorized)
		}),
		badBody("no-json", "a body that is no JSON", func(token, g string) string { return enrolBody(token, g)[1:] }),
		badBody("array", "an array", func(token, g string) string { return "[" + enrolBody(token, g) + "]" }),
		badBody("no-token", "a body without an enrolment token", func(_, g string) string { return fmt.Sprintf(`{"gatewayId":%q}`, g) }),
		badBody("no-gateway", "a body without a gateway's id", func(token, _ string) string { return fmt.Sprintf(`{"enrollmentToken":%q}`, token) }),
	}
}

func enrolBody(token, gatewayID string) string {
	return fmt.Sprintf(`{"enrollmentToken":%q,"gatewayId":%q}`, token, gatewayID)
}

// enrol enrols a new gateway.
func enrol(p *kit.P, identity, token string) kit.Answered {
	return p.Post(protocol.RouteEnroll, enrolBody(token, p.NewGateway(p.Me()).ID), kit.Bearer(identity))
}

func enrolled(p *kit.P, a kit.Answered) {
	if !a.OK() || a.Text("secret") == "" {
		p.Mismatch("a secret in answer to a good enrolment", a.String())
	}
	p.Secret(a.Text("secret"))
}

// flipped changes one character in the middle of a token, where no bits are to spare.
func flipped(token string) string {
	i := len(token) / 2
	other := "A"
	if strings.HasPrefix(token[i:], other) {
		other = "B"
	}
	return token[:i] + other + token[i+1:]
}
