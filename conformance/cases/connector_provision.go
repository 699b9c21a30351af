package cases

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// The gateways that these cases provision are new ones: those that the target lends are
// not touched.
func connectorProvision() []kit.Case {
	needs := kit.ProbeNeeds{Offers: kit.Offers{Identity: true}}
	refuses := func(variant, what string, body func(good string) string) kit.Case {
		return probe(id(protocol.RuleProvisionError, variant), "answers a provision request with "+what+" by an error", needs, func(p *kit.P) {
			good := kit.ProvisionBody(p.NewGateway(p.Me()))
			p.Refuses(p.Post(protocol.RouteProvision, body(good), kit.Bearer(p.Identity(p.Me()))))
		})
	}
	return []kit.Case{
		probe(id(protocol.RuleProvisionAnswer), "answers with all five fields", needs, provisionAnswer),
		probe(id(protocol.RuleProvisionAnswer, "works"), "lets the new gateway in with the secret of the answer", needs, func(p *kit.P) {
			g, _ := p.Provision(p.NewGateway(p.Me()), p.Identity(p.Me()))
			welcomed(p, g, "the new gateway").Alive()
		}),
		probe(id(protocol.RuleProvisionTenant), "puts a gateway into the tenant of the identity token", with(needs, func(n *kit.ProbeNeeds) { n.Strangers = 1 }), provisionTenant),
		probe(id(protocol.RuleProvisionTenant, "of-a-body"), "believes no tenant of a body", with(needs, func(n *kit.ProbeNeeds) { n.Strangers = 1 }), func(p *kit.P) {
			body := setMember(kit.ProvisionBody(p.NewGateway(p.Me())), "tenant", p.Stranger().Tenant)
			a := p.Post(protocol.RouteProvision, body, kit.Bearer(p.Identity(p.Me())))
			if !a.OK() {
				return // it may refuse a member that the contract lacks
			}
			p.Secret(a.Text("secret"))
			if a.Text("tenant") != p.Me().Tenant {
				p.Mismatch(fmt.Sprintf("the tenant %q, that of the identity token, or an error", p.Me().Tenant), a.String())
			}
		}),
		probe(id(protocol.RuleProvisionError), "answers a provision request without an identity token by an error", needs, func(p *kit.P) {
			p.Refuses(p.Post(protocol.RouteProvision, kit.ProvisionBody(p.NewGateway(p.Me()))))
		}),
		probe(id(protocol.RuleProvisionError, "wrong-identity"), "answers one with an identity token that nobody has by an error", needs, func(p *kit.P) {
			p.Refuses(p.Post(protocol.RouteProvision, kit.ProvisionBody(p.NewGateway(p.Me())), kit.Bearer(p.Identity(p.Me())+"x")))
		}),
		refuses("no-json", "a body that is no JSON", func(good string) string { return good[:len(good)-1] }),
		refuses("array", "an array for a body", func(good string) string { return "[" + good + "]" }),
		refuses("missing", "no gatewayId", func(good string) string { return "{" + good[strings.Index(good, `"platform"`):] }),
		refuses("mistyped", "a number for the platform", func(good string) string { return setMember(good, "platform", 7) }),
		refuses("null", "null for the routeKeys", func(good string) string { return setMember(good, "routeKeys", nil) }),
		probe(id(protocol.RuleProvisionRotates), "issues a new secret to a gateway that asks again", needs, provisionAgain),
		probe(id(protocol.RuleProvisionSameSecret), "gives the several platforms of one gateway one secret", needs, provisionEachPlatform),
	}
}

// setMember sets a member of a JSON object.
func setMember(object, name string, v any) string {
	var m map[string]any
	_ = json.Unmarshal([]byte(object), &m) // the caller's own text
	m[name] = v
	out, _ := json.Marshal(m)
	return string(out)
}

func provisionAnswer(p *kit.P) {
	g, a := p.Provision(p.NewGateway(p.Me()), p.Identity(p.Me()))
	for _, name := range []string{"secret", "deliveryKey", "tenant", "gatewayId"} {
		if a.Text(name) == "" {
			p.Mismatch(name+", a text that is not empty", a.String())
		}
	}
	var keys []string
	if raw, there := a.Fields["routeKeys"]; !there || json.Unmarshal(raw, &keys) != nil || keys == nil {
		p.Mismatch("routeKeys, a list of texts", a.String())
	}
	if a.Text("gatewayId") != g.ID {
		p.Mismatch("the gatewayId to use from now on", a.String())
	}
}

func provisionTenant(p *kit.P) {
	for _, of := range []kit.ConnectorGateway{p.Me(), p.Stranger()} {
		// The body says nothing that the connector would believe.
		_, a := p.Provision(p.NewGateway(of), p.Identity(of))
		if a.Text("tenant") != of.Tenant {
			p.Mismatch(fmt.Sprintf("the tenant %q, that of the identity token", of.Tenant), a.String())
		}
	}
}

func provisionAgain(p *kit.P) {
	identity := p.Identity(p.Me())
	old, _ := p.Provision(p.NewGateway(p.Me()), identity)
	again, _ := p.Provision(old, identity)
	if again.Secret == old.Secret {
		p.Mismatch("a new secret", "the old one")
	}
	welcomed(p, old, "the old secret").Close()
	welcomed(p, again, "the new secret").Close()
}

// welcomed dials as a gateway that has just got its secret, and expects a descriptor: the
// secret is what the case is about.
func welcomed(p *kit.P, g kit.ConnectorGateway, whose string) *kit.Socket {
	s := p.Dial(g, p.Token(g))
	s.Hello()
	if f := s.First(); !isDescriptor(f) {
		p.Mismatch("a session for "+whose, fmt.Sprintf("no descriptor, but %q", f.String()))
	}
	p.Observed()
	return s
}

// A gateway that fronts two platforms asks for each in turn, at each of its boots.
func provisionEachPlatform(p *kit.P) {
	identity := p.Identity(p.Me())
	one := p.NewGateway(p.Me())
	one.Platform = "discord"
	two := one
	two.Platform, two.BotID = "telegram", one.BotID+"-telegram"
	for boot := range 2 {
		first, _ := p.Provision(one, identity)
		second, _ := p.Provision(two, identity)
		if first.Secret != second.Secret {
			p.Mismatch(fmt.Sprintf("one secret for both platforms at boot %d", boot+1), "two")
		}
		p.Connect(first).Close()
	}
}
