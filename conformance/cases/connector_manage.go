package cases

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorManage() []kit.Case {
	needs := with(gates, func(n *kit.ProbeNeeds) { n.Peers = 1 })
	keyed := with(needs, func(n *kit.ProbeNeeds) { n.Offers.InstanceKey = true })
	refused := func(variant, what string, needs kit.ProbeNeeds, bearer func(p *kit.P) []string) kit.Case {
		return probe(id(protocol.RuleManageAuth, variant), "refuses a /manage request with "+what, needs, func(p *kit.P) {
			e := p.Event("by an author who was not bound")
			p.Refuses(p.Post(protocol.RouteManageLink, p.Manage().Link(p.Me().Platform, e.UserID), bearer(p)...), http.StatusUnauthorized, http.StatusForbidden)
			s, mine := owned(p)
			dropped(p, s, e, mine)
		})
	}
	claim := func(variant, what string, change func(p *kit.P) map[string]any) kit.Case {
		return refused(variant, what, keyed, func(p *kit.P) []string {
			return []string{kit.Bearer(p.InstanceToken(p.Me(), change(p)))}
		})
	}
	alg := func(variant, what string, header map[string]any, sign func(p *kit.P, input string) []byte) kit.Case {
		return refused(variant, what, keyed, func(p *kit.P) []string {
			return []string{kit.Bearer(p.JWT(clone(header), p.InstanceClaims(p.Me(), nil), func(input string) []byte { return sign(p, input) }))}
		})
	}
	accepted := func(variant, title string, needs kit.ProbeNeeds, bearer func(p *kit.P) string) kit.Case {
		c := probe(id(protocol.RuleManageAuth, variant), title, needs, func(p *kit.P) {
			s, e := p.Connect(p.Me()), p.Event("by an author who was bound")
			if a := p.Post(protocol.RouteManageLink, p.Manage().Link(p.Me().Platform, e.UserID), kit.Bearer(bearer(p))); !a.OK() {
				p.Mismatch("HTTP 2xx", a.String())
			}
			p.Arrive(e)
			s.Delivered(e)
		})
		return c
	}
	never := time.Now().Add(-time.Hour).Unix()
	spends := with(needs, func(n *kit.ProbeNeeds) { n.Spends, n.Offers.ManageEnd = true, true })
	again := with(spends, func(n *kit.ProbeNeeds) { n.Offers.Identity = true })
	return []kit.Case{
		accepted("upgrade-token", "takes an upgrade token for /manage", needs, func(p *kit.P) string { return p.Token(p.Me()) }),
		accepted("instance-token", "takes an instance token for /manage", keyed, func(p *kit.P) string { return p.InstanceToken(p.Me(), nil) }),
		refused("none", "no bearer", needs, func(*kit.P) []string { return nil }),
		refused("forged-upgrade", "an upgrade token that has another signature", needs, func(p *kit.P) []string {
			return []string{kit.Bearer(kit.Token64(p.Me().ID, p.Me().Secret+"x", 0))}
		}),
		refused("expired-upgrade", "an upgrade token that has expired", needs, func(p *kit.P) []string {
			return []string{kit.Bearer(kit.Token64(p.Me().ID, p.Me().Secret, never))}
		}),
		refused("identity", "an identity token", with(needs, func(n *kit.ProbeNeeds) { n.Offers.Identity = true }), func(p *kit.P) []string {
			return []string{kit.Bearer(p.Identity(p.Me()))}
		}),
		claim("expired", "an instance token that has expired", func(*kit.P) map[string]any { return map[string]any{"iat": never, "exp": never + 60} }),
		claim("not-yet", "an instance token that is not valid yet", func(*kit.P) map[string]any {
			return map[string]any{"nbf": time.Now().Add(time.Hour).Unix(), "exp": time.Now().Add(2 * time.Hour).Unix()}
		}),
		claim("bare-audience", "an instance token whose audience is the bare instance id", func(p *kit.P) map[string]any { return map[string]any{"aud": p.Me().Instance} }),
		claim("other-audience", "an instance token for something else than an agent", func(p *kit.P) map[string]any { return map[string]any{"aud": "user:" + p.Me().Instance} }),
		claim("no-audience", "an instance token without an audience", func(*kit.P) map[string]any { return map[string]any{"aud": nil} }),
		claim("unknown-instance", "an instance token of an instance that nobody knows", func(p *kit.P) map[string]any {
			return map[string]any{"aud": "agent:" + p.NewGateway(p.Me()).Instance}
		}),
		alg("forged", "an instance token that somebody else has signed", map[string]any{"alg": "RS256"}, func(p *kit.P, input string) []byte {
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				p.Harness(err, "making a key")
			}
			return p.Sign(key, input)
		}),
		alg("alg-none", "an instance token that is not signed", map[string]any{"alg": "none"}, func(*kit.P, string) []byte { return nil }),
		alg("alg-hs256", "an instance token that is signed with the public key as a shared secret", map[string]any{"alg": "HS256"}, signedWithPublicKey),
		probe(id(protocol.RuleManageInstance), "acts on the instance of its bearer, whatever instanceId a body has", needs, manageOwn),
		probe(id(protocol.RuleManageInstance, "instance-token"), "does so for an instance token", keyed, func(p *kit.P) {
			actsOnOwn(p, kit.Bearer(p.InstanceToken(p.Me(), nil)))
		}),
		probe(id(protocol.RuleManagePrincipal), "accepts the three principal policies", needs, func(p *kit.P) {
			for _, policy := range []string{"allow-list", "any", "owner-only"} {
				if a := p.Post(protocol.RouteManagePrincipal, p.Manage().Principal(policy, p.Me().Platform), p.As(p.Me())); !a.OK() {
					p.Mismatch("HTTP 2xx to the principal policy "+policy, a.String())
				}
			}
		}),
		probe(id(protocol.RuleManagePrincipal, "others"), "refuses any other, and keeps the one that it had", needs, func(p *kit.P) {
			s, e := openChannel(p)
			p.Principal(p.Me(), "owner-only")
			for _, policy := range []string{"everyone", "ANY", "", "any "} {
				p.Refuses(p.Post(protocol.RouteManagePrincipal, p.Manage().Principal(policy, p.Me().Platform), p.As(p.Me())))
			}
			dropped(p, s, p.SameChat(e, p.Event("").UserID, "by a guest"), e)
		}),
		probe(id(protocol.RuleManageDeprovision), "revokes the secrets of a deprovisioned instance", spends, func(p *kit.P) {
			p.Connect(p.Me()).Close()
			p.Deprovision(p.Me())
			p.Dial(p.Me(), p.Token(p.Me())).Refused(4401, "unauthorized")
		}),
		probe(id(protocol.RuleManageDeprovision, "bindings"), "drops its bindings: who provisions it again begins without them", again, func(p *kit.P) {
			s, e := owned(p)
			p.Arrive(e)
			s.Delivered(e)
			p.Deprovision(p.Me())
			g, _ := p.Provision(p.Me(), p.Identity(p.Me()))
			s = p.Connect(g)
			late := p.SameChat(e, e.UserID, "by an author who was bound once")
			p.Arrive(late)
			s.Nothing("event of an author whose binding was dropped", late.In)
			p.Link(g, e.UserID)
			bound := p.SameChat(e, e.UserID, "by an author who is bound again")
			p.Arrive(bound)
			s.Delivered(bound)
		}),
		probe(id(protocol.RuleManageDeprovisionCloses, "route"), "closes the sockets of an instance that deprovisions itself with 4401", spends, func(p *kit.P) {
			s, peer := p.Connect(p.Me()), p.Connect(p.Peer())
			p.Deprovision(p.Me())
			s.Refused(4401, "unauthorized")
			peer.Alive()
		}),
	}
}

func clone(m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// signedWithPublicKey is what fools a verifier that lets the token choose the algorithm.
func signedWithPublicKey(p *kit.P, input string) []byte {
	der, err := x509.MarshalPKIXPublicKey(p.InstancePublicKey())
	if err != nil {
		p.Harness(err, "encoding the public key")
	}
	m := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	m.Write([]byte(input))
	return m.Sum(nil)
}

func manageOwn(p *kit.P) { actsOnOwn(p, p.As(p.Me())) }

// actsOnOwn binds an author by a body that names the peer's instance.
func actsOnOwn(p *kit.P, bearer string) {
	mine, theirs, e := p.Connect(p.Me()), p.Connect(p.Peer()), p.Event("by an author who was bound")
	body := strings.Replace(p.Manage().Link(p.Me().Platform, e.UserID), "{", `{"instanceId":"`+p.Peer().Instance+`",`, 1)
	if a := p.Post(protocol.RouteManageLink, body, bearer); !a.OK() {
		p.Mismatch("HTTP 2xx to a body with an instanceId", a.String())
	}
	p.Arrive(e)
	mine.Delivered(e)
	theirs.Nothing("event for the instance that the body names", e.In)
}
