package cases

import (
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// What a declared policy says shows in what the gate lets through.
func connectorPolicy() []kit.Case {
	list := []kit.Case{
		probe(id(protocol.RulePolicyReplaces), "forgets the free scopes that a policy had and the next one has not", gates, func(p *kit.P) {
			s, e := openChannel(p)
			p.Declare(p.Me(), true, []string{e.ChatID}, false)
			free := p.SameChat(e, p.Event("").UserID, "in a free scope")
			p.Arrive(free)
			s.Delivered(free)
			p.Declare(p.Me(), true, nil, false)
			dropped(p, s, p.SameChat(e, free.UserID, "no free scope any more"), e)
		}),
		probe(id(protocol.RulePolicyReplaces, "defaults"), "takes a policy back to the defaults", gates, func(p *kit.P) {
			s, e := openChannel(p)
			p.Declare(p.Me(), true, nil, true)
			p.Declare(p.Me(), false, nil, false)
			unaddressed := p.SameChat(e, p.Event("").UserID, "addressed to nobody")
			p.Arrive(unaddressed)
			s.Delivered(unaddressed)
			bot := p.SameChat(e, p.Event("").UserID, "by another bot")
			bot.Bot = true
			dropped(p, s, bot, e)
		}),
	}
	for i := range list {
		list[i].After = rules(protocol.RuleGateBoundAuthor)
	}
	return list
}
