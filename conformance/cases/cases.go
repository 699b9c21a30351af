// Package cases holds the conformance cases, one file for each area of the contract.
// A reader meets the rule's name, what is expected, and a body that reads like the
// exchange it checks.
package cases

import (
	"slices"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// All is the registry: every case, in the contract's order.
func All() []kit.Case {
	return slices.Concat(
		connect(), listener(), framing(), auth(), handshake(), descriptors(), inbound(), events(), sessionKeys(), scopes(),
		outbound(), actions(), followUps(),
		passthrough(), interrupt(), idle(),
		reconnect(), revocation(), routeURLs(), provisions(), enrollments(), policies(), config(), security(), observed(),
	)
}

// id is a case's id: the rule's, or the rule's with a variant.
func id(rule protocol.RuleID, variant ...string) string {
	if len(variant) == 0 {
		return string(rule)
	}
	return string(rule) + ":" + variant[0]
}

// rules is a list of prerequisites.
func rules(r ...protocol.RuleID) []protocol.RuleID { return r }
