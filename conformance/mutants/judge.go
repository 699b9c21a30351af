package mutants

import (
	"cmp"
	"context"
	"errors"
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

// State is what a run of the suite made of a mutant.
type State string

// The states. Only Killed and Known are as they should be.
const (
	Killed   State = "killed"   // a case of its own rule turned red, and no other rule
	Spread   State = "spread"   // its own rule turned red, and a rule that is not in Also
	Survived State = "survived" // every case of its rule that ran stayed green
	Unjudged State = "unjudged" // its rule has no case that could be run
	Known    State = "known"    // survived or unjudged, as its note says
	Noted    State = "noted"    // killed, and a note says that it survives
	Invalid  State = "invalid"  // it proves nothing, see Problem
)

// Outcome is what became of one mutant.
type Outcome struct {
	Mutant   Mutant
	State    State
	By       []string          // ids of the rule's cases that turned red
	Spread   []protocol.RuleID // other rules that turned red, beside those in Also
	Blocked  int               // cases that could not be judged on it
	Problem  string            // why the mutant proves nothing, empty if it does
	Evidence string            // what the first of By printed
	Duration time.Duration

	unjudged bool // no case of the rule came to a verdict
}

// OK reports whether the mutant is as it should be.
func (o Outcome) OK() bool { return o.State == Killed || o.State == Known }

// Options are how mutants are judged.
type Options struct {
	Root  string                                   // the module's root
	Suite func(command string) conformance.Options // how the suite is run on a binary
	// Connector runs the connector-side cases on the binary of an edited fake connector.
	Connector func(ctx context.Context, command string, list []kit.Case) (report.Run, error)
	Side      kit.Side // which side is judged; empty means the gateway

	Full    bool // every case on every mutant, not only those of its area
	Once    bool // never a second run, of every case, for a rule that is judged over a whole run
	Workers int  // mutants at once; they mostly wait

	// Until is when no more are begun, once the first Least are; zero means never.
	Until time.Time
	Least int
}

// cases are those that judge a mutant: its rule's area, and what is judged over the
// whole run.
func (o Options) cases(areas ...string) []kit.Case {
	var list []kit.Case
	for _, c := range o.registry() {
		if o.Full || c.Needs.Last || slices.Contains(areas, c.Area()) {
			list = append(list, c)
		}
	}
	return list
}

func (o Options) registry() []kit.Case {
	if o.Side == kit.ConnectorSide {
		return cases.Connector()
	}
	return cases.All()
}

// verify runs cases on a binary.
func (o Options) verify(ctx context.Context, bin string, list []kit.Case) (report.Run, error) {
	if o.Side == kit.ConnectorSide {
		return o.Connector(ctx, bin, list)
	}
	opts := o.Suite(bin)
	opts.Cases = list
	// Several mutants are judged at once, each by a suite that would otherwise have the
	// machine to itself.
	opts.Parallel = cmp.Or(opts.Parallel, 8)
	return conformance.Verify(ctx, opts)
}

// subject is what is edited, in words.
func (o Options) subject() string {
	if o.Side == kit.ConnectorSide {
		return "fake connector"
	}
	return "gateway"
}

// Control runs the suite on the unedited subject. A case that is red on it would kill
// every mutant of its rule and prove nothing.
func Control(ctx context.Context, o Options, areas []string) error {
	dir, err := os.MkdirTemp("", "mutant-control")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin, err := Mutant{Side: o.Side}.Build(ctx, o.Root, dir)
	if err != nil {
		return err
	}
	run, err := o.verify(ctx, bin, o.cases(areas...))
	if err != nil {
		return err
	}
	var red []error
	for _, r := range run.Results {
		switch r.Verdict {
		case kit.Pass, kit.NotApplicable:
		default:
			red = append(red, fmt.Errorf("%s %s on the unedited %s: %s", r.Verdict, r.Case.ID, o.subject(), r.Reason))
		}
	}
	return errors.Join(red...)
}

// Judge builds the mutant and runs the suite on it.
func Judge(ctx context.Context, m Mutant, o Options) (out Outcome) {
	out.Mutant = m
	started := time.Now()
	defer func() {
		out.Duration = time.Since(started)
		out.State = out.state()
	}()
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		out.Problem = err.Error()
		return out
	}
	defer os.RemoveAll(dir)
	bin, err := m.Build(ctx, o.Root, dir)
	if err != nil {
		out.Problem = err.Error()
		return out
	}
	run, err := o.verify(ctx, bin, o.cases(m.Rule.Area()))
	if err != nil {
		out.Problem = err.Error()
		return out
	}
	out.read(run)
	if o.Full || o.Once || len(out.By) > 0 || out.Problem != "" || !o.observed(m.Rule) {
		return out
	}
	// What is judged over the whole run may need what another area does: a redial, or
	// an op that only its cases use. The spread stays that of the first run.
	o.Full = true
	if run, err = o.verify(ctx, bin, o.cases()); err != nil {
		out.Problem = err.Error()
		return out
	}
	whole := Outcome{Mutant: m}
	whole.read(run)
	out.By, out.Evidence, out.unjudged = whole.By, whole.Evidence, whole.unjudged
	return out
}

// observed reports whether a rule is judged over a whole run.
func (o Options) observed(rule protocol.RuleID) bool {
	return slices.ContainsFunc(o.registry(), func(c kit.Case) bool { return c.Rule() == rule && c.Needs.Last })
}

func (o *Outcome) read(run report.Run) {
	ready, ran := false, false
	for _, r := range run.Results {
		rule := r.Case.Rule()
		switch r.Verdict {
		case kit.Fail, kit.Warn:
			switch {
			case rule == o.Mutant.Rule:
				if len(o.By) == 0 {
					o.Evidence = r.Evidence
				}
				o.By = append(o.By, r.Case.ID)
			case !slices.Contains(o.Mutant.Also, rule) && !slices.Contains(o.Spread, rule):
				o.Spread = append(o.Spread, rule)
			}
		case kit.HarnessError:
			o.Problem = fmt.Sprintf("the suite failed on %s: %s", r.Case.ID, r.Reason)
		case kit.Blocked:
			o.Blocked++
		case kit.Pass:
			ready = true
			ran = ran || rule == o.Mutant.Rule
		}
	}
	if !ready && !o.Mutant.Handshake && o.Problem == "" {
		o.Problem = "the edited subject never became ready, which proves nothing unless its rule is about that"
	}
	if len(o.By) == 0 && !ran && o.Problem == "" {
		o.unjudged = true
	}
}

// fewOthers is how many other rules an edit may turn red beside its own and those in Also:
// rules touch each other, and a table that shows which is worth more than an edit that was
// bent until it touched none.
const fewOthers = 3

func (o *Outcome) state() State {
	noted := o.Mutant.Survives != ""
	switch {
	case o.Problem != "":
		return Invalid
	case len(o.By) > 0 && noted:
		return Noted
	case len(o.By) > 0 && len(o.Spread) > fewOthers:
		return Spread
	case len(o.By) > 0:
		return Killed
	case noted:
		return Known
	case o.unjudged:
		return Unjudged
	}
	return Survived
}

// JudgeAll judges mutants side by side, beginning them in their order. done is told of each
// as it ends. Those that the end of ctx or of the time leaves unjudged are not among the
// outcomes.
func JudgeAll(ctx context.Context, list []Mutant, o Options, done func(Outcome)) []Outcome {
	var outcomes []Outcome
	slots := make(chan struct{}, max(o.Workers, 1))
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i, m := range list {
		slots <- struct{}{}
		if i >= o.Least && !o.Until.IsZero() && time.Now().After(o.Until) {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			out := Judge(ctx, m, o)
			if ctx.Err() != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes = append(outcomes, out)
			done(out)
		})
	}
	wg.Wait()
	return outcomes
}

// String is the outcome as a line for a reader.
func (o Outcome) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-9s %-58s %5.1fs", o.State, o.Mutant.ID(), o.Duration.Seconds())
	if len(o.By) > 0 {
		fmt.Fprintf(&b, "  by %s", strings.Join(o.By, " "))
	}
	if len(o.Spread) > 0 {
		fmt.Fprintf(&b, "  also red: %v", o.Spread)
	}
	switch {
	case o.Problem != "":
		fmt.Fprintf(&b, "  %s", o.Problem)
	case o.State == Survived || o.State == Unjudged:
		fmt.Fprintf(&b, "  %s", o.Mutant.Breaks)
	case o.State == Noted:
		b.WriteString("  killed now: take its note off")
	}
	return b.String()
}
