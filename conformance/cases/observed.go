package cases

import (
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// observed are the cases that judge what the fake connector noticed while other cases
// were under way: a frame that breaks a rule is held against that rule here, and
// never against the case that happened to run.
func observed() []kit.Case {
	one := func(rule protocol.RuleID, title, of string, atLeast int) kit.Case {
		return kit.Case{ID: id(rule, "observed"), Title: title, Level: kit.Must, Needs: kit.Needs{Last: true},
			Gateway: func(g *kit.G) { g.NoViolation(of, atLeast) }}
	}
	return []kit.Case{
		one(protocol.RuleConnectDialPath, "dialed no other path in the whole run", kit.CountDials, 1),
		one(protocol.RuleConnectSingleSocket, "left no old socket open in the whole run", kit.CountSessions, 1),
		one(protocol.RuleFramingNewline, "ended every line of the whole run", kit.CountMessages, 1),
		one(protocol.RuleFramingWrongDirection, "sent no frame of the connector's", kit.CountFrames, 1),
		one(protocol.RuleAuthBearer, "presented its own token with every dial", kit.CountDials, 1),
		one(protocol.RuleAuthCanonical, "wrote every token in the canonical form", kit.CountDials, 1),
		one(protocol.RuleAuthTokenLive, "presented no expired token", kit.CountDials, 1),
		one(protocol.RuleHandshakeHelloFirst, "began every session with a hello", kit.CountSessions, 1),
		one(protocol.RuleHandshakeHelloOnce, "repeated no hello", kit.CountHellos, 1),
		one(protocol.RuleHandshakeHelloFields, "wrote every hello whole", kit.CountHellos, 1),
		one(protocol.RuleHandshakeQuietUntilDescriptor, "sent nothing before a descriptor", kit.CountHellos, 1),
		one(protocol.RuleInboundAckOnlyBuffered, "acknowledged nothing that was not sent", kit.CountAcks, 1),
		one(protocol.RuleInboundAckBuffered, "acknowledged nothing twice", kit.CountAcks, 1),
		one(protocol.RuleOutboundRequestId, "used no requestId twice in the whole run", kit.CountOutbound, 2),
		one(protocol.RuleOutboundFields, "wrote every outbound frame whole", kit.CountOutbound, 1),
		one(protocol.RuleReconnectRedial, "came back after every disturbance", kit.CountSessions, 1),
	}
}
