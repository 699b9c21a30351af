package cases

import (
	"fmt"
	"net/http"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// What a target must offer for an event to go through the gate.
var gates = kit.ProbeNeeds{Peers: 1, Offers: kit.Offers{Publish: true, Arrive: true, ManageLink: true, ManageScope: true, ManagePrincipal: true}}

func connectorGate() []kit.Case {
	links := with(gates, func(n *kit.ProbeNeeds) { n.Offers.LinkCode = true })
	// A new instance, as whoever was bound to another one in an earlier case is its owner too.
	views := with(gates, func(n *kit.ProbeNeeds) { n.Offers.View, n.Offers.Identity = true, true })
	wakes := with(gates, func(n *kit.ProbeNeeds) { n.Offers.Wake = true })
	foreign := with(gates, func(n *kit.ProbeNeeds) { n.Strangers = 1 })
	list := []kit.Case{
		probe(id(protocol.RuleGateBoundAuthor), "delivers what a bound author writes to his instance", gates, func(p *kit.P) {
			s, e := owned(p)
			p.Arrive(e)
			s.Delivered(e)
		}),
		probe(id(protocol.RuleGateBoundAuthor, "direct"), "delivers a bound author's direct message", gates, func(p *kit.P) {
			s, e := owned(p)
			e.ChatType, e.Scope = "dm", ""
			p.Arrive(e)
			s.Delivered(e)
		}),
		probe(id(protocol.RuleGateBoundAuthor, "two"), "delivers what each of two authors writes who are bound to one instance", gates, func(p *kit.P) {
			s, e := owned(p)
			other := p.SameChat(e, p.Event("").UserID, "by another who is bound")
			p.Link(p.Me(), other.UserID)
			p.Arrive(e, other)
			s.Delivered(e)
			s.Delivered(other)
		}),
		probe(id(protocol.RuleGateAllThree, "each-its-own"), "delivers to each of two instances in one chat what its own author writes", gates, func(p *kit.P) { eachItsOwn(p, p.Peer()) }),
		probe(id(protocol.RuleGateAllThree, "tenants"), "does so for instances of two tenants", foreign, func(p *kit.P) { eachItsOwn(p, p.Stranger()) }),
		probe(id(protocol.RuleGateAllThree), "delivers of several events in a chat only what is authorised, visible and relevant", views, allThree),
		probe(id(protocol.RuleGateUnlinked), "delivers to nobody what an unlinked author writes", gates, func(p *kit.P) {
			s, e := owned(p)
			dropped(p, s, p.SameChat(e, p.Event("").UserID, "by an unlinked author"), e)
		}),
		probe(id(protocol.RuleGateUnlinked, "no-author"), "delivers to nobody what has no author", gates, func(p *kit.P) {
			s, e := openChannel(p)
			dropped(p, s, p.SameChat(e, "", "by nobody"), e)
		}),
		probe(id(protocol.RuleGateUnlinked, "other-platform"), "takes the same user id on another platform for somebody else", gates, func(p *kit.P) {
			s, e := owned(p)
			other := p.SameChat(e, e.UserID, "by a namesake")
			if other.Platform = "telegram"; p.Me().Platform == other.Platform {
				other.Platform = "discord"
			}
			dropped(p, s, other, e)
		}),
		probe(id(protocol.RuleGateGrants), "lets everybody into a granted scope by the principal policy any", gates, func(p *kit.P) {
			s, e := openChannel(p)
			guest := p.SameChat(e, p.Event("").UserID, "by a guest")
			p.Arrive(guest)
			s.Delivered(guest)
			p.Connect(p.Peer()).Nothing("event of another instance's scope", guest.In)
		}),
		probe(id(protocol.RuleGateGrants, "owner-only"), "lets no guest into a granted scope by the principal policy owner-only", gates, func(p *kit.P) {
			s, e := openChannel(p)
			p.Principal(p.Me(), "owner-only")
			dropped(p, s, p.SameChat(e, p.Event("").UserID, "by a guest"), e)
		}),
		probe(id(protocol.RuleGateGrants, "allow-list"), "lets those on the list into a granted scope, and nobody else", gates, func(p *kit.P) {
			s, e := openChannel(p)
			listed := p.SameChat(e, p.Event("").UserID, "by somebody on the list")
			p.Principal(p.Me(), "allow-list", listed.UserID)
			p.Arrive(listed)
			s.Delivered(listed)
			dropped(p, s, p.SameChat(e, p.Event("").UserID, "by somebody who is not on the list"), e)
		}),
		probe(id(protocol.RuleGateGrants, "elsewhere"), "lets no guest in outside of the granted scope", gates, func(p *kit.P) {
			s, e := openChannel(p)
			elsewhere := p.Event("in another chat")
			dropped(p, s, elsewhere, e)
		}),
		probe(id(protocol.RuleGateGrants, "released"), "lets no guest in any more when the scope was given back", gates, func(p *kit.P) {
			s, e := openChannel(p)
			p.Release(p.Me(), e.ChatID)
			dropped(p, s, p.SameChat(e, p.Event("").UserID, "by a guest"), e)
		}),
		probe(id(protocol.RuleGateVisible), "delivers nothing of a chat that the owner cannot view", views, func(p *kit.P) {
			g, _ := p.Provision(p.NewGateway(p.Me()), p.Identity(p.Me()))
			s, e := openChannelOf(p, g)
			hidden := p.Event("in a hidden chat")
			p.Grant(g, hidden.ChatID)
			p.Hide(g, e.UserID, hidden.ChatID)
			dropped(p, s, hidden, e)
		}),
		probe(id(protocol.RuleGateVisible, "others"), "goes by the owner's permission, not by that of others", views, func(p *kit.P) {
			s, e := openChannel(p)
			guest := p.SameChat(e, p.Event("").UserID, "by a guest")
			p.Hide(p.Me(), p.Event("").UserID, e.ChatID)
			p.Arrive(guest)
			s.Delivered(guest)
		}),
		probe(id(protocol.RuleGateRelevant), "drops what the bot is not addressed by when the policy asks for it", gates, func(p *kit.P) {
			s, e := openChannel(p)
			p.Declare(p.Me(), true, nil, false)
			addressed := p.SameChat(e, p.Event("").UserID, "a mention")
			addressed.Addressed = true
			p.Arrive(addressed)
			s.Delivered(addressed)
			dropped(p, s, p.SameChat(e, addressed.UserID, "no mention"), e)
		}),
		probe(id(protocol.RuleGateRelevant, "free-scope"), "asks for no address in a free scope alone", gates, func(p *kit.P) {
			s, e := openChannel(p)
			other := p.Event("no mention, in another chat")
			p.Grant(p.Me(), other.ChatID)
			p.Declare(p.Me(), true, []string{e.ChatID}, false)
			free := p.SameChat(e, other.UserID, "no mention, in the free scope")
			p.Arrive(free)
			s.Delivered(free)
			dropped(p, s, other, e)
		}),
		probe(id(protocol.RuleGateRelevant, "bots"), "drops what another bot writes unless the policy allows it", gates, func(p *kit.P) {
			s, e := openChannel(p)
			bot := p.SameChat(e, p.Event("").UserID, "by a bot")
			bot.Bot, bot.Addressed = true, true
			p.Declare(p.Me(), true, nil, false)
			dropped(p, s, bot, e)
			p.Declare(p.Me(), true, nil, true)
			again := p.SameChat(e, bot.UserID, "by a bot that is allowed")
			again.Bot, again.Addressed = true, true
			p.Arrive(again)
			s.Delivered(again)
		}),
		probe(id(protocol.RuleGateOwner), "delivers what the owner writes without an address", gates, func(p *kit.P) {
			s, e := owned(p)
			p.Declare(p.Me(), true, nil, false)
			p.Arrive(e)
			s.Delivered(e)
		}),
		probe(id(protocol.RuleGateOwner, "bot"), "does so when the owner writes by a bot and other bots are not answered", gates, func(p *kit.P) {
			s, e := owned(p)
			p.Declare(p.Me(), true, nil, false)
			e.Bot = true
			p.Arrive(e)
			s.Delivered(e)
		}),
		probe(id(protocol.RuleGateNoTrace), "buffers nothing that is not relevant", gates, func(p *kit.P) {
			s, e := openChannel(p)
			p.Declare(p.Me(), true, nil, false)
			s.GoIdle()
			s.Close()
			p.Arrive(p.SameChat(e, p.Event("").UserID, "no mention"))
			p.Arrive(e)
			if f := p.Connect(p.Me()).Delivery(0, "what the owner wrote, which was relevant,"); !e.In(f) {
				p.Mismatch("the owner's event alone in the buffer", f.String())
			}
		}),
		probe(id(protocol.RuleGateNoTrace, "wake"), "wakes nobody for what is not relevant", wakes, func(p *kit.P) {
			s, e := openChannel(p)
			p.Declare(p.Me(), true, nil, false)
			w := wakeListener(p, http.StatusOK)
			s.GoIdle()
			s.Close()
			p.Arrive(p.SameChat(e, p.Event("").UserID, "no mention"))
			p.Wait(p.Timing.Quiet, func() bool { return w.count() > 0 })
			if n := w.count(); n > 0 {
				p.Mismatch("no wake request", fmt.Sprintf("%d", n))
			}
			p.Arrive(e)
			w.awaits()
		}),
		probe(id(protocol.RuleGateLink), "binds the author of a direct message with a valid code, and delivers it to nobody", links, func(p *kit.P) {
			s, e := p.Connect(p.Me()), p.Event("now bound")
			sent := link(p, e, p.LinkCode(p.Me()))
			p.Arrive(e)
			s.Delivered(e)
			s.Nothing("/link with a valid code", sent)
		}),
		probe(id(protocol.RuleGateLink, "bound"), "delivers a valid /link to nobody when its author is bound already", links, func(p *kit.P) {
			s, e := owned(p)
			sent := link(p, e, p.LinkCode(p.Me()))
			p.Arrive(e)
			s.Delivered(e)
			s.Nothing("/link with a valid code", sent)
		}),
		probe(id(protocol.RuleGateLink, "wrong-code"), "binds nobody by a code that is not valid", links, func(p *kit.P) {
			s, e := owned(p)
			stranger := p.SameChat(e, p.Event("").UserID, "not bound")
			link(p, stranger, flipped(p.LinkCode(p.Me())))
			dropped(p, s, stranger, e)
		}),
		probe(id(protocol.RuleGateLink, "in-public"), "binds nobody by a code in a channel", links, func(p *kit.P) {
			s, e := owned(p)
			stranger := p.SameChat(e, p.Event("").UserID, "not bound")
			loud := p.SameChat(e, stranger.UserID, "")
			loud.Text = "/link " + p.LinkCode(p.Me())
			p.Arrive(loud)
			dropped(p, s, stranger, e)
		}),
	}
	for i := range list {
		if list[i].Rule() != protocol.RuleGateBoundAuthor {
			list[i].After = rules(protocol.RuleGateBoundAuthor)
		}
	}
	return list
}

// owned connects the case's gateway, and makes an event of an author who is bound to it.
func owned(p *kit.P) (*kit.Socket, *kit.Published) { return ownedBy(p, p.Me()) }

func ownedBy(p *kit.P, g kit.ConnectorGateway) (*kit.Socket, *kit.Published) {
	e := p.Event("by the owner")
	p.Link(g, e.UserID)
	return p.Connect(g), e
}

// openChannel does so in a chat that is granted to it, and into which its principal policy
// lets everybody.
func openChannel(p *kit.P) (*kit.Socket, *kit.Published) { return openChannelOf(p, p.Me()) }

func openChannelOf(p *kit.P, g kit.ConnectorGateway) (*kit.Socket, *kit.Published) {
	s, e := ownedBy(p, g)
	p.Grant(g, e.ChatID)
	p.Principal(g, "any")
	return s, e
}

// dropped makes an event arrive that nobody may get, and after it one that its owner gets,
// which shows that the chat and the gate were open.
func dropped(p *kit.P, s *kit.Socket, e, owners *kit.Published) {
	peer := p.Connect(p.Peer())
	after := p.SameChat(owners, owners.UserID, "by the owner, afterwards")
	p.Arrive(e, after)
	s.Delivered(after)
	s.Nothing("event that the gate drops", e.In)
	peer.Nothing("event that the gate drops", e.In)
}

func eachItsOwn(p *kit.P, other kit.ConnectorGateway) {
	mine, e := owned(p)
	theirs, f := p.Connect(other), p.SameChat(e, p.Event("").UserID, "by another owner")
	f.Platform = other.Platform
	p.Link(other, f.UserID)
	p.Arrive(e, f)
	mine.Delivered(e)
	theirs.Delivered(f)
	mine.Nothing("event by another instance's author", f.In)
	theirs.Nothing("event by another instance's author", e.In)
}

func allThree(p *kit.P) {
	g, _ := p.Provision(p.NewGateway(p.Me()), p.Identity(p.Me()))
	s, e := openChannelOf(p, g)
	hidden := p.Event("authorised and relevant, and not visible")
	hidden.Addressed = true
	p.Grant(g, hidden.ChatID)
	p.Hide(g, e.UserID, hidden.ChatID)
	p.Declare(g, true, nil, false)
	guest := p.Event("").UserID
	elsewhere := p.Event("visible and relevant, and not authorised")
	elsewhere.Addressed = true
	silent := p.SameChat(e, guest, "authorised and visible, and not relevant")
	good := p.SameChat(e, guest, "authorised, visible and relevant")
	good.Addressed = true
	p.Arrive(hidden, elsewhere, silent, good)
	s.Delivered(good)
	for _, bad := range []*kit.Published{hidden, elsewhere, silent} {
		s.Nothing("event that misses one of the three", bad.In)
	}
	if n := len(s.Frames(good.In)); n != 1 {
		p.Mismatch("the event once", fmt.Sprintf("%d times", n))
	}
}

// link sends /link and a code as a direct message of an event's author. It returns what
// matches that message.
func link(p *kit.P, e *kit.Published, code string) func(kit.Received) bool {
	m := p.Event("")
	m.Platform, m.ChatType, m.Scope, m.UserID, m.Text = e.Platform, "dm", "", e.UserID, "/link "+code
	p.Arrive(m)
	return func(f kit.Received) bool { return f.Is(protocol.TypeInbound) && f.EventText() == m.Text }
}
