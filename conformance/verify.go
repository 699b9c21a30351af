package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/internal/redact"
	"github.com/relaykit/relaykit/protocol"
)

// Options is a run of the suite.
type Options struct {
	Launcher kit.Launcher // how the subject is started; required
	Facts    kit.Facts    // what is known about it; Replies is probed when left out
	Timing   kit.Timing   // the bounds in force; zero means the contract's
	// TimingEnv tells the gateway its bounds; nil when it cannot be told, and then
	// Timing should be the contract's.
	TimingEnv func(kit.Timing) (map[string]string, error)
	Env       map[string]string // variables of the target's own
	Cases     []kit.Case        // nil means all
	Known     map[string]Known  // by case id
	Seed      int64
	Parallel  int // cases side by side; 0 means 8
	SkipSlow  bool
	Done      func(kit.Result) // told of every verdict as it falls
	Rerun     func(caseID string) string
}

// Known is a case that is listed as failing or as flaky, with the reason.
type Known struct {
	Reason string
	Flaky  bool
}

// Outcome is what a run found.
type Outcome struct {
	Results  []kit.Result // in the order of the cases
	Facts    kit.Facts    // as probed
	Timing   kit.Timing
	Seed     int64
	Started  time.Time
	Duration time.Duration
	// Rules is how many rules were selected, Exercised how many of them were put to
	// the test.
	Rules, Exercised int
	// Overhead is the part of Duration before the first case: the start of the shared
	// gateway and the probe.
	Overhead time.Duration
}

// ErrNotStarted wraps the launcher's error when the subject could not be started at
// all, which says nothing about the subject.
var ErrNotStarted = errors.New("the subject could not be started")

// defaultParallel: cases mostly wait, so more than the two cores of a small machine,
// and few enough that eight interpreters at once still start within their bound.
const defaultParallel = 8

// Verify judges a gateway. The error is the harness's own failure; everything that the
// gateway does wrong is in the results.
func Verify(ctx context.Context, o Options) (*Outcome, error) {
	if o.Launcher == nil {
		return nil, errors.New("verify: expected a launcher, got none")
	}
	if o.Timing == (kit.Timing{}) {
		o.Timing = kit.ContractTiming()
	}
	if o.Cases == nil {
		o.Cases = cases.All()
	}
	o.Facts.Revision = cmp.Or(o.Facts.Revision, protocol.Baseline)
	o.Facts.BoundsSet = o.TimingEnv != nil
	secrets := redact.New()
	statements, err := ruleTexts()
	if err != nil {
		return nil, err
	}
	out := &Outcome{Facts: o.Facts, Timing: o.Timing, Seed: o.Seed, Started: time.Now()}
	bench := kit.NewBench(ctx, kit.Bench{
		Launcher: o.Launcher, Facts: o.Facts, Timing: o.Timing, Seed: o.Seed,
		Env: o.Env, TimingEnv: o.TimingEnv, Secret: secrets.Add,
	})
	judge := kit.Judge{
		RuleText: func(r protocol.RuleID) string { return statements[r] },
		Rerun:    o.Rerun, Redact: secrets.String, SkipSlow: o.SkipSlow,
	}
	shared, diagnosis, err := bench.StartShared("shared")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	order := map[string]int{}
	for i, c := range o.Cases {
		order[c.ID] = i
	}
	var results []kit.Result
	done := func(r kit.Result) kit.Result {
		r = o.apply(r)
		if o.Done != nil {
			o.Done(r)
		}
		return r
	}
	selected := o.Cases
	if diagnosis != nil {
		// What keeps the gateway from being ready is judged by that rule's own cases;
		// whatever stands on a live session cannot be judged.
		var ofRule []kit.Case
		for _, c := range o.Cases {
			if c.Rule() == diagnosis.Rule && c.Side() == kit.GatewaySide {
				ofRule = append(ofRule, c)
				continue
			}
			results = append(results, done(kit.Result{Case: c, Verdict: kit.Blocked,
				Reason: secrets.String(fmt.Sprintf("%s does not hold: %s", diagnosis.Rule, diagnosis.Reason))}))
		}
		selected = ofRule
	} else {
		bench.Facts.Replies = cmp.Or(bench.Facts.Replies, shared.ProbeReplies(ctx))
		out.Facts = bench.Facts
		judge.NoDriver = shared.Driver == nil
	}
	out.Overhead = time.Since(out.Started)
	s := newSchedule(bench, judge, shared, selected, cmp.Or(o.Parallel, defaultParallel), nil)
	s.done = func(r kit.Result) { results = append(results, done(r)) }
	s.run(ctx)
	s.shared.Close()
	slices.SortStableFunc(results, func(a, b kit.Result) int { return cmp.Compare(order[a.Case.ID], order[b.Case.ID]) })
	out.Results, out.Duration = results, time.Since(out.Started)
	out.Rules, out.Exercised = countRules(results)
	return out, nil
}

// apply turns a verdict into the one that the list of known failures makes of it.
func (o Options) apply(r kit.Result) kit.Result {
	k, listed := o.Known[r.Case.ID]
	if !listed {
		return r
	}
	switch red := r.Verdict == kit.Fail || r.Verdict == kit.Warn; {
	case k.Flaky && (red || r.Verdict == kit.Pass):
		r.Verdict, r.Reason = kit.Flaky, join("listed as flaky: "+k.Reason, r.Reason)
	case red:
		r.Verdict, r.Reason = kit.Known, join("listed as known: "+k.Reason, r.Reason)
	case r.Verdict == kit.Pass:
		r.Verdict, r.Reason = kit.UnexpectedPass, "listed as failing ("+k.Reason+"), yet it passes; take it off the list"
	}
	return r
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + " — " + b
}

func countRules(results []kit.Result) (rules, exercised int) {
	seen := map[protocol.RuleID]bool{}
	for _, r := range results {
		seen[r.Case.Rule()] = seen[r.Case.Rule()] || r.Exercised
	}
	for _, was := range seen {
		rules++
		if was {
			exercised++
		}
	}
	return rules, exercised
}

func ruleTexts() (map[protocol.RuleID]string, error) {
	model, err := contract.Parse(contract.Name, contract.Document())
	if err != nil {
		return nil, fmt.Errorf("reading the contract document: %w", err)
	}
	texts := map[protocol.RuleID]string{}
	for _, r := range model.Rules {
		texts[protocol.RuleID(r.ID)] = r.Statement
	}
	return texts, nil
}
