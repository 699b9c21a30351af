package cases

import (
	"fmt"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// Interrupts and the wall between tenants.
func connectorInterrupts() []kit.Case {
	routing := kit.ProbeNeeds{Peers: 1, Strangers: 1, Offers: kit.Offers{Publish: true}}
	return []kit.Case{
		probe(id(protocol.RuleInterruptRouted), "sends an interrupt on to the instance that runs the session, and to no other", routing, routedInterrupt),
		probe(id(protocol.RuleInterruptRouted, "own"), "sends it back to the gateway itself when that runs the session", publishes, ownInterrupt),
		probe(id(protocol.RuleInterruptRouted, "unknown"), "sends an interrupt of no session to nobody", routing, unknownInterrupt),
		probe(id(protocol.RuleSecurityTenantWall, "events"), "keeps an event from every other gateway", routing, wallForEvents),
		probe(id(protocol.RuleSecurityTenantWall, "interrupts"), "keeps an interrupt from another tenant's session", routing, wallForInterrupts),
		probe(id(protocol.RuleSecurityTenantWall, "results"), "keeps a result from every other gateway", routing, wallForResults),
		probe(id(protocol.RuleSecurityTenantWall, "acks"), "lets no other tenant's acknowledgement remove an entry", routing, wallForAcks),
	}
}

func isInterrupt(f kit.Received) bool { return f.Is(protocol.TypeInterruptInbound) }

func interruptLine(key string) string {
	return fmt.Sprintf(`{"type":"interrupt","session_key":%q,"reason":null}`, key)
}

// runs publishes an event for a gateway, so that it runs the event's session.
func runs(p *kit.P, s *kit.Socket, e *kit.Published) {
	p.Publish(s.Gateway, e)
	s.Delivered(e)
}

func routedInterrupt(p *kit.P) {
	me, peer, stranger := p.Connect(p.Me()), p.Connect(p.Peer()), p.Connect(p.Stranger())
	e := p.Event("a long turn")
	runs(p, peer, e)
	key := e.SessionKey(p.Peer().Platform)
	me.Send(interruptLine(key))
	f := peer.Await("the interrupt", isInterrupt)
	if f.Text("session_key") != key || f.Text("chat_id") != e.ChatID {
		p.Mismatch(fmt.Sprintf("the session key %q and the chat %q", key, e.ChatID), f.String())
	}
	me.Nothing("interrupt", isInterrupt)
	stranger.Nothing("interrupt", isInterrupt)
	if n := len(peer.Frames(isInterrupt)); n != 1 {
		p.Mismatch("one interrupt_inbound", fmt.Sprintf("%d", n))
	}
}

func ownInterrupt(p *kit.P) {
	s, e := p.Connect(p.Me()), p.Event("a long turn")
	runs(p, s, e)
	s.Send(interruptLine(e.SessionKey(p.Me().Platform)))
	s.Await("the interrupt", isInterrupt)
}

func unknownInterrupt(p *kit.P) {
	me, peer, stranger := p.Connect(p.Me()), p.Connect(p.Peer()), p.Connect(p.Stranger())
	runs(p, peer, p.Event("another turn"))
	me.Send(interruptLine(p.Event("").SessionKey(p.Me().Platform)))
	me.Nothing("interrupt of a session that nobody runs", isInterrupt)
	peer.Nothing("interrupt of another session", isInterrupt)
	stranger.Nothing("interrupt of another tenant", isInterrupt)
}

func wallForEvents(p *kit.P) {
	me, peer, stranger := p.Connect(p.Me()), p.Connect(p.Peer()), p.Connect(p.Stranger())
	e := p.Event("for me alone")
	runs(p, me, e)
	stranger.Nothing("event of another tenant", e.In)
	peer.Nothing("event of another instance", e.In)
}

func wallForInterrupts(p *kit.P) {
	me, stranger := p.Connect(p.Me()), p.Connect(p.Stranger())
	e := p.Event("a turn of mine")
	runs(p, me, e)
	stranger.Send(interruptLine(e.SessionKey(p.Me().Platform)))
	stranger.Alive()
	me.Nothing("interrupt by another tenant", isInterrupt)
}

func wallForResults(p *kit.P) {
	me, stranger := p.Connect(p.Me()), p.Connect(p.Stranger())
	e := p.Event("hi")
	runs(p, me, e)
	r := me.Request(e.SendAction("x"))
	me.Result(r)
	stranger.Nothing("result of another tenant's request", kit.IsResult(r))
}

func wallForAcks(p *kit.P) {
	p.Sleep(p.Me())
	e := p.Event("buffered")
	p.Publish(p.Me(), e)
	s := p.Connect(p.Me())
	entry := s.Delivered(e)
	stranger, peer := p.Connect(p.Stranger()), p.Connect(p.Peer())
	stranger.Ack(entry.BufferID)
	stranger.Alive()
	peer.Ack(entry.BufferID)
	peer.Alive()
	s.Kill()
	p.Connect(p.Me()).Delivered(e)
}

// connectorSessionKeys asks for an interrupt of a session by the key that the contract
// computes: a connector that computes another does not find it.
func connectorSessionKeys() []kit.Case {
	keyed := func(rule protocol.RuleID, variant, title string, change func(e *kit.Published) (key string)) kit.Case {
		caseID := string(rule)
		if variant != "" {
			caseID = id(rule, variant)
		}
		c := probe(caseID, title, publishes, func(p *kit.P) {
			s, e := p.Connect(p.Me()), p.Event("a long turn")
			e.Platform = p.Me().Platform
			key := change(e)
			runs(p, s, e)
			s.Send(interruptLine(key))
			if f := s.Await(fmt.Sprintf("an interrupt of %q, the key of the event's session,", key), isInterrupt); f.Text("chat_id") != e.ChatID {
				p.Mismatch(fmt.Sprintf("an interrupt of the chat %q", e.ChatID), f.String())
			}
		})
		c.After = rules(protocol.RuleInterruptRouted)
		return c
	}
	return []kit.Case{
		keyed(protocol.RuleSessionKeyNamespace, "", "knows a session by a key of the namespace agent:main", func(e *kit.Published) string {
			return "agent:main:" + e.Platform + ":channel:" + e.ChatID + ":" + e.UserID
		}),
		keyed(protocol.RuleSessionKeyNamespace, "profile", "knows it by a key in the namespace of a profile", func(e *kit.Published) string {
			return "agent:coder:" + e.Platform + ":channel:" + e.ChatID + ":" + e.UserID
		}),
		keyed(protocol.RuleSessionKeyDm, "", "leaves the author out of the key of a direct message", func(e *kit.Published) string {
			e.ChatType, e.Scope = "dm", ""
			return "agent:main:" + e.Platform + ":dm:" + e.ChatID
		}),
		keyed(protocol.RuleSessionKeyDm, "thread", "ends the key of a direct message in its thread", func(e *kit.Published) string {
			e.ChatType, e.Scope, e.ThreadID = "dm", "", "T1"
			return "agent:main:" + e.Platform + ":dm:" + e.ChatID + ":T1"
		}),
		keyed(protocol.RuleSessionKeyDmFallback, "", "has the author in the key of a direct message without a chat", func(e *kit.Published) string {
			e.ChatType, e.Scope, e.ChatID, e.ChatName = "dm", "", "", ""
			return "agent:main:" + e.Platform + ":dm:" + e.UserID
		}),
		keyed(protocol.RuleSessionKeyDmFallback, "alt", "takes user_id_alt before user_id for it", func(e *kit.Published) string {
			e.ChatType, e.Scope, e.ChatID, e.ChatName, e.UserIDAlt = "dm", "", "", "", e.UserID+"-alt"
			return "agent:main:" + e.Platform + ":dm:" + e.UserIDAlt
		}),
		keyed(protocol.RuleSessionKeyGroup, "", "has the chat type in the key as it was sent", func(e *kit.Published) string {
			e.ChatType = "group"
			return "agent:main:" + e.Platform + ":group:" + e.ChatID + ":" + e.UserID
		}),
		keyed(protocol.RuleSessionKeyParticipant, "", "ends the key outside of threads in the participant", func(e *kit.Published) string {
			return e.SessionKey(e.Platform)
		}),
		keyed(protocol.RuleSessionKeyParticipant, "group", "does so in a group", func(e *kit.Published) string {
			e.ChatType = "group"
			return e.SessionKey(e.Platform)
		}),
		keyed(protocol.RuleSessionKeyThreadShared, "", "leaves the participant out of a thread's key", func(e *kit.Published) string {
			e.ThreadID = "T1"
			return "agent:main:" + e.Platform + ":channel:" + e.ChatID + ":T1"
		}),
		keyed(protocol.RuleSessionKeyAltFirst, "", "takes user_id_alt before user_id", func(e *kit.Published) string {
			e.UserIDAlt = e.UserID + "-alt"
			return "agent:main:" + e.Platform + ":channel:" + e.ChatID + ":" + e.UserIDAlt
		}),
		keyed(protocol.RuleSessionKeyVerbatim, "", "leaves colons and case of a source as they are", func(e *kit.Published) string {
			e.ChatID += ":Room/ä%3A"
			return "agent:main:" + e.Platform + ":channel:" + e.ChatID + ":" + e.UserID
		}),
		keyed(protocol.RuleSessionKeyVerbatim, "author", "leaves those of an author as they are", func(e *kit.Published) string {
			e.UserID = "@Alice_" + e.UserID + ":Example.org"
			return e.SessionKey(e.Platform)
		}),
		keyed(protocol.RuleSessionKeyVerbatim, "thread", "leaves those of a thread as they are", func(e *kit.Published) string {
			e.ThreadID = "$Ev/ent:" + e.ChatID
			return "agent:main:" + e.Platform + ":channel:" + e.ChatID + ":" + e.ThreadID
		}),
		keyed(protocol.RuleSessionKeyVerbatim, "type", "leaves the chat type as it is", func(e *kit.Published) string {
			e.ChatType = "Forum/Post"
			return e.SessionKey(e.Platform)
		}),
		keyed(protocol.RuleSessionKeyUnknownPlatform, "", "writes relay for a platform that is none of the known ones", func(e *kit.Published) string {
			e.Platform = "carrierpigeon"
			return "agent:main:relay:channel:" + e.ChatID + ":" + e.UserID
		}),
		keyed(protocol.RuleSessionKeyWhatsapp, "", "cuts WhatsApp's identifiers down", func(e *kit.Published) string {
			number := fmt.Sprintf("1555%07d", len(e.ChatID))
			e.Platform, e.ChatType, e.Scope = "whatsapp", "dm", ""
			bare := e.ChatID
			e.ChatID = number + bare + ":12@s.whatsapp.net"
			return "agent:main:whatsapp:dm:" + number + bare
		}),
	}
}
