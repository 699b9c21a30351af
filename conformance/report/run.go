// Package report writes what a run of the suite found: as JSON for machines
// ([WriteJSON], described by [Schema]), as JUnit XML for a CI server ([WriteJUnit]) and as
// a table for a reader ([WriteTable]); and says whether the subject is conformant
// ([Judge]).
//
// The three show the same texts. What a subject wrote may be anything, so control
// characters in it are made visible (\x1b) instead of being passed on to a terminal.
package report

import (
	"slices"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// Run is a whole run: what is known about it, and every case in the order in which it
// is to be shown.
type Run struct {
	Header  Header
	Results []kit.Result
	// Tallies are the verdicts of each case by its id, when the run is a [Repeated] one.
	Tallies map[string]Tally
}

// Header is what a reader needs to place the results, and to repeat the run.
type Header struct {
	SuiteVersion string // version of the suite
	ContractHash string // hash of the contract document, in hex
	Revision     string // revision of the contract that the subject was judged by
	Target       Target
	Seed         int64
	// TimeScale is the factor on the contract's bounds that the subject was given; 1
	// for the contract's own.
	TimeScale float64
	Started   time.Time
	Duration  time.Duration
	// Overhead is the part of Duration before the first case began.
	Overhead time.Duration
	// ClockSkew is how far the subject's clock was seen to be ahead of the suite's, from
	// the expiry of its tokens; nil when no token showed it.
	ClockSkew *time.Duration
	// Stops are how the subject's processes ended, which had StopWithin for it before they
	// were killed.
	Stops      kit.Stops
	StopWithin time.Duration
	Exercised  Count
	Unbound    int  // cases that were selected, and are of rules that only other revisions have
	Strict     bool // a warning counts as a failure
	Runs       int  // how often everything was run, when it was repeated; 0 for once
	Outcome    Outcome
}

// Target is the subject.
type Target struct {
	Name, Version string
	Hash          string // of its target file, in hex; empty without one
}

// Count is how many rules were put to the test, out of how many were selected.
type Count struct{ Rules, Of int }

// CountRules counts the rules of the results, and those of them that were exercised.
func CountRules(results []kit.Result) Count {
	exercised := map[protocol.RuleID]bool{}
	for _, r := range results {
		exercised[r.Case.Rule()] = exercised[r.Case.Rule()] || r.Exercised
	}
	c := Count{Of: len(exercised)}
	for _, yes := range exercised {
		if yes {
			c.Rules++
		}
	}
	return c
}

// counts is how many results have each verdict.
func counts(results []kit.Result) map[kit.Verdict]int {
	n := map[kit.Verdict]int{}
	for _, r := range results {
		n[r.Verdict]++
	}
	return n
}

// areas are the areas of the results, in the order in which they first appear.
func areas(results []kit.Result) []string {
	var all []string
	for _, r := range results {
		if !slices.Contains(all, r.Case.Area()) {
			all = append(all, r.Case.Area())
		}
	}
	return all
}

// seconds is a duration as reports write it: in seconds, to the millisecond.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond).Milliseconds()) / 1000
}
