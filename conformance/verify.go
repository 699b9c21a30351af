package conformance

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/report"
	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/internal/build"
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
	// Config renders the gateway's configuration file; nil when it has none.
	Config func(kit.ConfigData) (path, text string, err error)
	Enroll *kit.Enrollment   // how the gateway is made to enrol; nil when that is not known
	Env    map[string]string // variables of the target's own
	Cases  []kit.Case        // nil means all
	Known  map[string]Known  // by case id
	Seed   int64
	// Parallel is how many cases run side by side; 0 means from 8, for a gateway that takes
	// seconds to start, to 48, for one that takes milliseconds.
	Parallel int
	SkipSlow bool
	Strict   bool // a warning counts as a failure
	// TargetHash is the hash of the target file, for the report.
	TargetHash string
	Done       func(kit.Result) // told of every verdict as it falls
	Rerun      func(caseID string) string
}

// Known is a case that is listed as failing or as flaky, with the reason.
type Known struct {
	Reason string
	Flaky  bool
}

// ErrNotStarted wraps the launcher's error when the subject could not be started at
// all, which says nothing about the subject.
var ErrNotStarted = errors.New("the subject could not be started")

// trial is what a run needs before its first gateway is started.
type trial struct {
	bench   *kit.Bench
	judge   kit.Judge
	model   ruleset
	secrets *redact.Redactor
	unbound int // cases that were selected and whose rules do not bind the claimed revision
}

// open completes o, and makes what judges by it.
func (o *Options) open(ctx context.Context) (*trial, error) {
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
	claimed := contract.Revision(o.Facts.Revision)
	judge, model, err := newJudge(claimed, o.Rerun, secrets)
	if err != nil {
		return nil, err
	}
	judge.SkipSlow = o.SkipSlow
	selected := len(o.Cases)
	if o.Cases, err = model.binding(o.Cases, claimed, "gateway"); err != nil {
		return nil, err
	}
	bench := kit.NewBench(ctx, kit.Bench{
		Launcher: o.Launcher, Facts: o.Facts, Timing: o.Timing, Seed: o.Seed,
		Env: o.Env, TimingEnv: o.TimingEnv, Config: o.Config, Enroll: o.Enroll, Secret: secrets.Add,
	})
	return &trial{bench, judge, model, secrets, selected - len(o.Cases)}, nil
}

// newJudge is what a verdict on a subject of that revision needs to know of the contract.
func newJudge(claimed contract.Revision, rerun func(string) string, secrets *redact.Redactor) (kit.Judge, ruleset, error) {
	model, err := contract.Parse(contract.Name, contract.Document())
	if err != nil {
		return kit.Judge{}, nil, fmt.Errorf("reading the contract document: %w", err)
	}
	if !slices.Contains(contract.Revisions(), claimed) {
		return kit.Judge{}, nil, fmt.Errorf("verify: expected one of the revisions %v, got %q", contract.Revisions(), claimed)
	}
	byID := ruleset{}
	for _, r := range model.Rules {
		byID[r.ID] = r
	}
	return kit.Judge{
		RuleText: func(r protocol.RuleID) string { return byID[r].Statement },
		Rerun:    rerun, Redact: secrets.String,
	}, byID, nil
}

// start starts the gateway that the run shares. The error is [ErrNotStarted].
func (t *trial) start() (*kit.Instance, *kit.Diagnosis, error) {
	shared, diagnosis, err := t.bench.StartShared("shared")
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	return shared, diagnosis, nil
}

// Verify judges a gateway. The error is the harness's own failure; everything that the
// gateway does wrong is in the results.
func Verify(ctx context.Context, o Options) (report.Run, error) {
	started := time.Now()
	t, err := o.open(ctx)
	if err != nil {
		return report.Run{}, err
	}
	bench, judge, model, secrets := t.bench, t.judge, t.model, t.secrets
	shared, diagnosis, err := t.start()
	if err != nil {
		return report.Run{}, err
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
	selected, parallel := o.Cases, cmp.Or(o.Parallel, fewSideBySide)
	if diagnosis != nil {
		// What keeps the gateway from being ready is judged by that rule's own cases;
		// whatever stands on a live session cannot be judged.
		var ofRule []kit.Case
		for _, c := range o.Cases {
			if c.Rule() == diagnosis.Rule && c.Side() == kit.GatewaySide && !(diagnosis.NeverDialed && c.Needs.Fresh) {
				ofRule = append(ofRule, c)
				continue
			}
			reason := fmt.Sprintf("%s does not hold: %s", diagnosis.Rule, diagnosis.Reason)
			results = append(results, done(kit.Result{Case: c, Verdict: kit.Blocked, Reason: secrets.String(reason)}))
		}
		selected = ofRule
	} else {
		replies, turn := shared.ProbeReplies(ctx)
		bench.Facts.Replies = replies
		judge.NoDriver = shared.Driver == nil
		parallel = bench.Settle(o.Parallel, turn)
		shared.Timing.Answer, shared.Timing.Ready = bench.Timing.Answer, bench.Timing.Ready
	}
	overhead := time.Since(started)
	s, gateways := newSchedule(bench, judge, shared, diagnosis, selected, parallel)
	s.done = func(r kit.Result) { results = append(results, done(r)) }
	watching, stop := context.WithCancel(ctx)
	defer stop()
	s.busy = kit.WatchBusy(watching).Is
	s.run(ctx)
	gateways.close()
	slices.SortStableFunc(results, func(a, b kit.Result) int { return cmp.Compare(order[a.Case.ID], order[b.Case.ID]) })
	run := report.Run{Results: results, Header: report.Header{
		SuiteVersion: suiteVersion(), ContractHash: contractHash(), Revision: bench.Facts.Revision,
		Target: report.Target{Name: o.Facts.Name, Version: o.Facts.Version, Hash: o.TargetHash},
		Seed:   o.Seed, TimeScale: float64(o.Timing.Outbound) / float64(kit.ContractTiming().Outbound),
		Started: started, Duration: time.Since(started), Overhead: overhead,
		ClockSkew: bench.Observed().ClockSkew(), Stops: bench.Observed().Stops(), StopWithin: bench.Timing.Stop,
		Exercised: report.CountRules(results), Unbound: t.unbound, Strict: o.Strict,
	}}
	run.Header.Outcome = report.Judge(results, model.core(o.Cases, contract.Connector), o.Strict)
	return run, nil
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

// contractHash names the document that the subject was judged by.
func contractHash() string {
	sum := sha256.Sum256(contract.Document())
	return hex.EncodeToString(sum[:])
}

// suiteVersion is the version of the module that this code was built from.
func suiteVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	const module = "github.com/relaykit/relaykit"
	for _, d := range info.Deps {
		if d.Path == module {
			return d.Version
		}
	}
	if info.Main.Path != module {
		return "unknown"
	}
	return build.Read().String()
}
