package mutants

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/report"
	"github.com/relaykit/relaykit/protocol"
)

// Outcome is what became of one mutant.
type Outcome struct {
	Mutant   Mutant
	Killed   bool
	By       []string          // ids of the rule's cases that turned red
	Spread   []protocol.RuleID // other rules that turned red, beside those in Also
	Blocked  int
	Problem  string // why the mutant proves nothing, empty if it does
	Evidence string // what the first of By printed
	Duration time.Duration
}

// OK reports whether the mutant was killed by its own rule and by no other.
func (o Outcome) OK() bool { return o.Killed && o.Problem == "" && len(o.Spread) == 0 }

// Judge builds the mutant and runs the suite on it: the cases of its rule's area, the
// cases that judge the whole run, or with full all of them.
func Judge(ctx context.Context, m Mutant, root string, options func(command string) conformance.Options, full bool) (o Outcome) {
	o.Mutant = m
	started := time.Now()
	defer func() { o.Duration = time.Since(started) }()
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		o.Problem = err.Error()
		return o
	}
	defer os.RemoveAll(dir)
	bin, err := m.Build(ctx, root, dir)
	if err != nil {
		o.Problem = err.Error()
		return o
	}
	opts := options(bin)
	for _, c := range cases.All() {
		if full || c.Area() == m.Rule.Area() || c.Needs.Last {
			opts.Cases = append(opts.Cases, c)
		}
	}
	run, err := conformance.Verify(ctx, opts)
	if err != nil {
		o.Problem = err.Error()
		return o
	}
	o.read(run)
	return o
}

func (o *Outcome) read(run report.Run) {
	exercised := false
	for _, r := range run.Results {
		switch r.Verdict {
		case kit.Fail, kit.Warn:
			switch rule := r.Case.Rule(); {
			case rule == o.Mutant.Rule:
				if !o.Killed {
					o.Evidence = r.Evidence
				}
				o.Killed = true
				o.By = append(o.By, r.Case.ID)
			case !slices.Contains(o.Mutant.Also, rule) && !slices.Contains(o.Spread, rule):
				o.Spread = append(o.Spread, rule)
			}
		case kit.HarnessError:
			o.Problem = fmt.Sprintf("the suite failed on %s: %s", r.Case.ID, r.Reason)
		case kit.Blocked:
			o.Blocked++
		case kit.Pass:
			exercised = true
		}
	}
	if !exercised && !o.Mutant.Handshake && o.Problem == "" {
		o.Problem = "the edited gateway never became ready, which proves nothing unless its rule is about that"
	}
}

// JudgeAll judges mutants side by side, as many at once as parallel says: they mostly
// wait. done is told of each as it ends.
func JudgeAll(ctx context.Context, list []Mutant, root string, options func(command string) conformance.Options, full bool, parallel int, done func(Outcome)) []Outcome {
	outcomes := make([]Outcome, len(list))
	slots := make(chan struct{}, max(parallel, 1))
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i, m := range list {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			outcomes[i] = Judge(ctx, m, root, options, full)
			mu.Lock()
			defer mu.Unlock()
			done(outcomes[i])
		})
	}
	wg.Wait()
	return outcomes
}

// Table is the outcomes as lines for a reader.
func Table(outcomes []Outcome) string {
	var b strings.Builder
	for _, o := range outcomes {
		state := "survived"
		switch {
		case o.Problem != "":
			state = "invalid"
		case o.OK():
			state = "killed"
		case o.Killed:
			state = "spread"
		}
		fmt.Fprintf(&b, "%-9s %-58s %5.1fs", state, o.Mutant.ID(), o.Duration.Seconds())
		if len(o.By) > 0 {
			fmt.Fprintf(&b, "  by %s", strings.Join(o.By, " "))
		}
		if len(o.Spread) > 0 {
			fmt.Fprintf(&b, "  also red: %v", o.Spread)
		}
		if o.Problem != "" {
			fmt.Fprintf(&b, "  %s", o.Problem)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
