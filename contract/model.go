package contract

import "github.com/relaykit/relaykit/protocol"

// Side is whom a rule binds.
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

// Model is what a document of the contract says, with the lines at which it says it.
type Model struct {
	// Name is the document's name, as given to Parse.
	Name string `json:"name"`
	// Rules are the rows of all tables of rules, in the order of the document.
	Rules []Rule `json:"rules"`
}

// Rule returns the rule of that id, or nil.
func (m *Model) Rule(id protocol.RuleID) *Rule {
	for i := range m.Rules {
		if m.Rules[i].ID == id {
			return &m.Rules[i]
		}
	}
	return nil
}
