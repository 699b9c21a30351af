package conformance

import (
	"errors"
	"fmt"
	"slices"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/protocol"
)

// ErrNothingToJudge is returned when none of the selected cases is of a rule that the
// claimed revision has. It wraps the reason of the first.
var ErrNothingToJudge = errors.New("no selected case can be judged")

// ruleset is the contract's rules by their ids.
type ruleset map[protocol.RuleID]contract.Rule

// binding is those of the cases whose rules bind a subject of a revision, with the levels
// that the rules have there. Cases of other revisions' rules are no part of the run.
func (rules ruleset) binding(list []kit.Case, claimed contract.Revision, subject string) ([]kit.Case, error) {
	var bound []kit.Case
	for _, c := range list {
		if r, ok := rules[c.Rule()]; ok {
			if !r.Applies(claimed) {
				continue
			}
			c.Level = kit.Level(r.LevelAt(claimed))
		}
		bound = append(bound, c)
	}
	if len(bound) > 0 || len(list) == 0 {
		return bound, nil
	}
	r := rules[list[0].Rule()]
	why := fmt.Sprintf("%s was replaced in revision %s", r.ID, r.Until.Revision())
	if r.Since.Revision() > claimed {
		why = fmt.Sprintf("%s is a rule from revision %s on", r.ID, r.Since.Revision())
	}
	return nil, fmt.Errorf("%w: %s, and the %s claims %s", ErrNothingToJudge, why, subject, claimed)
}

// core is what must have been exercised: the contract's core set, as far as it binds this
// side and is among the cases.
func (rules ruleset) core(list []kit.Case, other contract.Side) []protocol.RuleID {
	var core []protocol.RuleID
	for _, c := range list {
		if r := rules[c.Rule()]; r.Core && r.Side != other && !slices.Contains(core, r.ID) {
			core = append(core, r.ID)
		}
	}
	return core
}
