package cases

import (
	"slices"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// Connector is the registry of the cases that judge a connector, in the contract's order.
// [All] is that of the cases that judge a gateway.
func Connector() []kit.Case {
	return slices.Concat(
		connectorConnect(), connectorFraming(), connectorAuth(), connectorHandshake(), connectorEvents(), connectorSessionKeys(),
		connectorOutbound(), connectorForwards(), connectorInterrupts(), connectorIdle(), connectorBuffer(), connectorWake(),
		connectorRevocation(), connectorProvision(), connectorEnroll(), connectorPolicy(), connectorManage(), connectorGate(),
		connectorObserved(),
	)
}

// What a case asks of its target besides a gateway of its own.
var (
	publishes = kit.ProbeNeeds{Offers: kit.Offers{Publish: true}}
	forwards  = kit.ProbeNeeds{Offers: kit.Offers{Publish: true, Forward: true}}
)

func with(n kit.ProbeNeeds, more func(*kit.ProbeNeeds)) kit.ProbeNeeds {
	more(&n)
	return n
}

// probe is a connector-side case of a MUST.
func probe(caseID, title string, needs kit.ProbeNeeds, body func(*kit.P)) kit.Case {
	return kit.Case{ID: caseID, Title: title, Level: kit.Must, Needs: kit.Needs{Probe: needs}, Connector: body}
}

// connectorObserved are the rules that every frame of a run is held against.
func connectorObserved() []kit.Case {
	seen := func(rule protocol.RuleID, title, count string) kit.Case {
		return kit.Case{ID: id(rule, "observed"), Title: title, Level: kit.Must, Needs: kit.Needs{Last: true}, Connector: func(p *kit.P) { p.Kept(count) }}
	}
	return []kit.Case{
		seen(protocol.RuleFramingNewline, "sent nothing but JSON objects in UTF-8, each on a line of its own", kit.CountReceived),
		seen(protocol.RuleFramingFrameLimit, "sent no frame of 1048576 bytes or more", kit.CountReceived),
		seen(protocol.RuleHandshakeDescriptorFirst, "sent nothing before the descriptor, on any socket", kit.CountReceived),
		seen(protocol.RuleDescriptorComplete, "sent no incomplete descriptor", kit.CountDescriptors),
		seen(protocol.RuleEventFields, "sent no incomplete event", kit.CountEvents),
		seen(protocol.RuleOutboundAnswered, "answered no request twice", kit.CountResults),
	}
}
