package kit

import (
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// Level is how binding a rule is.
type Level string

// The levels that a suite judges. A MAY is never judged.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
)

// Side says which side of the contract a case judges.
type Side string

// The two sides.
const (
	GatewaySide   Side = "gateway"
	ConnectorSide Side = "connector"
)

// Case is one check of one rule. It is a value and a body of about ten lines.
type Case struct {
	// ID is the rule's id, plus ":variant" for a further case of the same rule.
	ID    string
	Title string // what is expected of the subject, as a short sentence
	Level Level
	Needs Needs
	// After names rules that must hold first. When one of them failed the case is
	// blocked, which is never green. A rule holds when all of its cases do that no Edge is.
	After []protocol.RuleID
	// Edge: a variant that judges what no other case stands on, such as an id of a length
	// that nobody has, or a start that other cases do not make. It is not waited for, and
	// blocks nobody when it fails.
	Edge bool

	// Exactly one of the two is set.
	Gateway   func(*G)
	Connector func(*P)
}

// Needs says what a case asks of the subject, its launcher and the run.
type Needs struct {
	// Fresh: the case has a process, a connector and a credential of its own, and
	// starts the gateway itself with [G.Start].
	Fresh bool
	// Alone: the case uses the shared gateway, and disturbs it (closes its session,
	// sends what may break it), so that no other case may run on it meanwhile.
	Alone bool
	// Slow: the case must outlast a bound of the gateway.
	Slow bool
	// Replies: the gateway must answer a text in its chat.
	Replies bool
	// Driver names the methods of the driver channel that the case calls or the
	// notifications that it waits for; empty for a case that the wire alone decides.
	Driver []string
	// Feature names an optional feature of the contract.
	Feature string
	// Launch names what the launcher must be able to do.
	Launch Abilities
	// Last: the case judges what was observed during all the others.
	Last bool
	// Probe is what a connector-side case asks for.
	Probe ProbeNeeds
}

// Rule is the rule that the case checks.
func (c Case) Rule() protocol.RuleID {
	rule, _, _ := strings.Cut(c.ID, ":")
	return protocol.RuleID(rule)
}

// Area is the part of the contract that the rule belongs to.
func (c Case) Area() string {
	area, _, _ := strings.Cut(c.ID, "/")
	return area
}

// Side is the side that the case judges.
func (c Case) Side() Side {
	if c.Connector != nil {
		return ConnectorSide
	}
	return GatewaySide
}
