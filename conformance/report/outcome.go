package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// Conformance is what a run says about the subject as a whole.
type Conformance string

// The three answers.
const (
	Conformant    Conformance = "conformant"
	NotConformant Conformance = "not-conformant"
	Undecided     Conformance = "undecided"
)

// The exit codes that go with them.
const (
	exitConformant    = 0
	exitNotConformant = 1
	exitUndecided     = 3
)

// Outcome is the answer, why, and the exit code of a process that was asked.
type Outcome struct {
	Conformance Conformance
	Why         string // one line
	Exit        int    // 0 conformant, 1 not, 3 undecided
}

// Judge decides whether the subject is conformant:
//
//   - with an error, nothing is decided: the harness failed, and who knows what else it
//     would have shown;
//   - with a fail, a blocked or an unexpected-pass it is not; with a warn it is not if
//     strict;
//   - a core rule that was not exercised, or no rule at all, and it is not: a green that
//     nobody saw is none.
//
// What is known, flaky or not applicable changes nothing, except that it exercises no
// rule that did not run.
func Judge(results []kit.Result, core []protocol.RuleID, strict bool) Outcome {
	red := []kit.Verdict{kit.Fail, kit.Blocked, kit.UnexpectedPass}
	if strict {
		red = append(red, kit.Warn)
	}
	n := counts(results)
	var bad []string
	for _, v := range red {
		if n[v] > 0 {
			bad = append(bad, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	if n[kit.HarnessError] > 0 {
		why := fmt.Sprintf("%s of the harness's own, the first in %s",
			plural(n[kit.HarnessError], "error"), first(results, kit.HarnessError))
		if len(bad) > 0 {
			why += "; besides, " + strings.Join(bad, ", ")
		}
		return Outcome{Undecided, why, exitUndecided}
	}
	if len(bad) > 0 {
		return Outcome{NotConformant, strings.Join(bad, ", ") + ", the first in " + first(results, red...), exitNotConformant}
	}
	exercised := map[protocol.RuleID]bool{}
	for _, r := range results {
		if r.Exercised {
			exercised[r.Case.Rule()] = true
		}
	}
	if len(exercised) == 0 {
		return Outcome{NotConformant, "no rule was exercised", exitNotConformant}
	}
	for _, rule := range core {
		if !exercised[rule] {
			return Outcome{NotConformant, fmt.Sprintf("the core rule %s was not exercised%s", rule, reasonOf(results, rule)), exitNotConformant}
		}
	}
	why := plural(len(exercised), "rule") + " exercised, none found broken"
	for _, v := range []kit.Verdict{kit.Warn, kit.Known, kit.Flaky} {
		if n[v] > 0 {
			why += fmt.Sprintf(", %d %s", n[v], v)
		}
	}
	return Outcome{Conformant, why, exitConformant}
}

// Verdict is [Judge] for a caller that needs the answer alone. Undecided is not conformant.
func Verdict(results []kit.Result, core []protocol.RuleID, strict bool) (conformant bool, why string) {
	o := Judge(results, core, strict)
	return o.Conformance == Conformant, o.Why
}

// first is the id of the first case with one of the verdicts, with its reason.
func first(results []kit.Result, verdicts ...kit.Verdict) string {
	for _, r := range results {
		if slices.Contains(verdicts, r.Verdict) {
			return withReason(r)
		}
	}
	return ""
}

func withReason(r kit.Result) string {
	if r.Reason == "" {
		return r.Case.ID
	}
	return r.Case.ID + ": " + line(r.Reason)
}

// reasonOf says why a rule was not exercised, as far as its cases know.
func reasonOf(results []kit.Result, rule protocol.RuleID) string {
	for _, r := range results {
		if r.Case.Rule() == rule {
			return fmt.Sprintf(" (%s, %s)", r.Verdict, withReason(r))
		}
	}
	return " (no case of it was selected)"
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
