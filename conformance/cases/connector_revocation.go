package cases

import (
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// Every case here costs its gateway.
func connectorRevocation() []kit.Case {
	spends := kit.ProbeNeeds{Spends: true, Offers: kit.Offers{Revoke: true}}
	return []kit.Case{
		probe(id(protocol.RuleAuthRejected4401, "revoked"), "closes a socket of a gateway that was revoked with 4401", spends, func(p *kit.P) {
			p.Connect(p.Me()).Close()
			p.Revoke(p.Me())
			refused(p, 4401, "unauthorized", "Bearer "+p.Token(p.Me()))
		}),
		probe(id(protocol.RuleAuthRejected4401, "revoked-and-expired"), "closes it so when the token has expired as well", spends, func(p *kit.P) {
			p.Connect(p.Me()).Close()
			p.Revoke(p.Me())
			refused(p, 4401, "unauthorized", "Bearer "+kit.Token64(p.Me().ID, p.Me().Secret, time.Now().Unix()-3600))
		}),
		probe(id(protocol.RuleManageDeprovisionCloses), "closes the open socket of a gateway that is locked out with 4401", spends, func(p *kit.P) {
			s := p.Connect(p.Me())
			p.Revoke(p.Me())
			s.Refused(4401, "")
		}),
		probe(id(protocol.RuleManageDeprovisionCloses, "only-its"), "leaves the sockets of others open",
			with(spends, func(n *kit.ProbeNeeds) { n.Strangers = 1 }), func(p *kit.P) {
				s, other := p.Connect(p.Me()), p.Connect(p.Stranger())
				p.Revoke(p.Me())
				s.Refused(4401, "")
				other.Alive()
			}),
	}
}
