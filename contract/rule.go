package contract

import "github.com/relaykit/relaykit/protocol"

// Side is whom a rule binds, or who sends a frame.
type Side string

// The sides of the contract.
const (
	Gateway   Side = "gateway"
	Connector Side = "connector"
	Both      Side = "both"
)

// Level is how much a rule weighs.
type Level string

// The levels of the contract, in the meaning of RFC 2119.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
	May    Level = "MAY"
)

// Raise is a later, higher level of a rule. The zero value means that there is none.
type Raise struct {
	Level Level `json:"level"`
	Since Mark  `json:"since"`
}

// Rule is one row of a table of rules.
type Rule struct {
	ID        protocol.RuleID `json:"id"`
	Area      string          `json:"area"`
	Side      Side            `json:"side"`
	Level     Level           `json:"level"`
	Raised    Raise           `json:"raised,omitzero"`
	Core      bool            `json:"core"`            // no gateway is conformant without it
	Since     Mark            `json:"since"`           // the mark that added it
	Until     Mark            `json:"until,omitempty"` // the mark that replaced it, if any
	Statement string          `json:"statement"`
	Line      int             `json:"line"`
}

// Applies reports whether the rule binds a subject that claims this revision.
func (r *Rule) Applies(rev Revision) bool {
	if r.Since.Revision() > rev {
		return false
	}
	return r.Until == "" || r.Until.Revision() > rev
}

// LevelAt is the level that the rule has for a subject that claims this revision.
func (r *Rule) LevelAt(rev Revision) Level {
	if r.Raised.Level != "" && r.Raised.Since.Revision() <= rev {
		return r.Raised.Level
	}
	return r.Level
}

// RuleCounts says how many rules a document has, and of which kinds.
type RuleCounts struct {
	Rules   int               `json:"count"`
	ByArea  map[string]int    `json:"by_area"`
	BySide  map[Side]int      `json:"by_side"`
	ByLevel map[Level]int     `json:"by_level"`
	Core    []protocol.RuleID `json:"core"`
}

// CountRules counts the rules of the document. Levels are those before any raise.
func (m *Model) CountRules() RuleCounts {
	n := RuleCounts{Rules: len(m.Rules), ByArea: map[string]int{}, BySide: map[Side]int{}, ByLevel: map[Level]int{}, Core: []protocol.RuleID{}}
	for _, r := range m.Rules {
		n.ByArea[r.Area]++
		n.BySide[r.Side]++
		n.ByLevel[r.Level]++
		if r.Core {
			n.Core = append(n.Core, r.ID)
		}
	}
	return n
}
