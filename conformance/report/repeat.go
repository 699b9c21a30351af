package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
)

// Tally is how often a case had which verdict, over the runs of a [Repeated] one.
type Tally struct {
	Verdicts map[kit.Verdict]int
	// Stable says that it had one verdict only, or is listed as flaky.
	Stable bool
}

// String is the tally for a reader: "19 pass, 1 fail".
func (t Tally) String() string {
	var parts []string
	for _, v := range kit.Verdicts() {
		if n := t.Verdicts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	return strings.Join(parts, ", ")
}

// severity orders verdicts from the one that a reader must see first.
var severity = []kit.Verdict{
	kit.HarnessError, kit.Fail, kit.UnexpectedPass, kit.Blocked, kit.Warn, kit.Known, kit.Flaky, kit.NotApplicable, kit.Pass,
}

// Repeated makes one run of several of the same cases. Each case has the worst of its
// results, with that one's evidence, and a tally. The subject is conformant when it was so
// in every run and every case is stable: has one verdict throughout, unless it is listed.
func Repeated(runs []Run, listed func(id string) bool) Run {
	if len(runs) == 0 {
		return Run{}
	}
	all := Run{Header: runs[0].Header, Results: slices.Clone(runs[0].Results), Tallies: map[string]Tally{}}
	all.Header.Runs = len(runs)
	at := map[string]int{}
	for i, r := range all.Results {
		at[r.Case.ID] = i
		all.Tallies[r.Case.ID] = Tally{Verdicts: map[kit.Verdict]int{}}
	}
	for i, run := range runs {
		for _, r := range run.Results {
			k, ok := at[r.Case.ID]
			if !ok {
				continue
			}
			all.Tallies[r.Case.ID].Verdicts[r.Verdict]++
			if slices.Index(severity, r.Verdict) < slices.Index(severity, all.Results[k].Verdict) {
				all.Results[k] = r
			}
		}
		if i > 0 {
			all.Header.Duration += run.Header.Duration
			all.Header.Overhead += run.Header.Overhead
			all.Header.Stops.Killed += run.Header.Stops.Killed
			all.Header.Stops.Of += run.Header.Stops.Of
		}
	}
	for id, t := range all.Tallies {
		t.Stable = len(t.Verdicts) == 1 || listed(id)
		all.Tallies[id] = t
	}
	all.Header.Exercised = CountRules(all.Results)
	all.Header.Outcome = all.outcome(runs)
	return all
}

// outcome is the worst of the runs' own, and not conformant with a case that is unstable.
func (r Run) outcome(runs []Run) Outcome {
	for _, worst := range []Conformance{Undecided, NotConformant} {
		for i, run := range runs {
			if o := run.Header.Outcome; o.Conformance == worst {
				o.Why = fmt.Sprintf("in run %d of %d: %s", i+1, len(runs), o.Why)
				if n := len(r.Unstable()); n > 0 {
					o.Why += fmt.Sprintf("; besides, %s over the runs", plural(n, "unstable case"))
				}
				return o
			}
		}
	}
	if unstable := r.Unstable(); len(unstable) > 0 {
		return Outcome{NotConformant, fmt.Sprintf("%s over %d runs, the first %s: %s", plural(len(unstable), "unstable case"), len(runs), unstable[0], r.Tallies[unstable[0]]), exitNotConformant}
	}
	o := runs[0].Header.Outcome
	o.Why += fmt.Sprintf(", with the same verdicts in %s", plural(len(runs), "run"))
	return o
}

// Unstable are the ids of the cases that had more than one verdict, in the order of the
// results. A run that was not repeated has none.
func (r Run) Unstable() []string {
	var ids []string
	for _, c := range r.Results {
		if t, ok := r.Tallies[c.Case.ID]; ok && !t.Stable {
			ids = append(ids, c.Case.ID)
		}
	}
	return ids
}
