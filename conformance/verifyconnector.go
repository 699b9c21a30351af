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
	"github.com/relaykit/relaykit/conformance/report"
	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/internal/redact"
	"github.com/relaykit/relaykit/protocol"
)

// ConnectorOptions is a run of the connector-side cases.
type ConnectorOptions struct {
	Target   kit.ConnectorTarget // required
	Revision string              // that the connector claims; empty means the baseline
	Timing   kit.Timing          // of which Answer and Quiet count; zero means the contract's
	Cases    []kit.Case          // nil means all of [cases.Connector]
	Known    map[string]Known    // by case id
	Seed     int64
	Parallel int  // cases side by side, as far as the target's gateways reach; 0 means 8
	Strict   bool // a warning counts as a failure
	Done     func(kit.Result)
	Rerun    func(caseID string) string
}

// fewSideBySide is how many cases run side by side where nothing is known of the subject's
// weight: cases mostly wait, so more than the two cores of a small machine.
const fewSideBySide = 8

// VerifyConnector judges a connector. The error is the harness's own failure, or
// [ErrNotStarted] when nothing answers at its URL; everything that the connector does wrong
// is in the results.
func VerifyConnector(ctx context.Context, o ConnectorOptions) (report.Run, error) {
	started := time.Now()
	if o.Target.BaseURL == "" || len(o.Target.Gateways) == 0 {
		return report.Run{}, errors.New("verify: expected a target with a base URL and at least one gateway")
	}
	if o.Timing == (kit.Timing{}) {
		o.Timing = kit.ContractTiming()
	}
	if o.Cases == nil {
		o.Cases = cases.Connector()
	}
	for _, c := range o.Cases {
		if c.Side() != kit.ConnectorSide {
			return report.Run{}, fmt.Errorf("verify: expected cases that judge a connector, got %s", c.ID)
		}
	}
	o.Revision = cmp.Or(o.Revision, protocol.Baseline)
	claimed := contract.Revision(o.Revision)
	secrets := redact.New()
	judge, model, err := newJudge(claimed, o.Rerun, secrets)
	if err != nil {
		return report.Run{}, err
	}
	list, err := model.binding(o.Cases, claimed, "connector")
	if err != nil {
		return report.Run{}, err
	}
	bench := kit.NewProbeBench(ctx, o.Target, o.Timing, o.Seed, secrets.Add)
	if err := bench.Reachable(); err != nil {
		return report.Run{}, fmt.Errorf("%w: the connector at %s: %w", ErrNotStarted, o.Target.BaseURL, err)
	}
	known := Options{Known: o.Known}
	order := map[string]int{}
	for i, c := range list {
		order[c.ID] = i
	}
	var results []kit.Result
	done := func(r kit.Result) {
		r = known.apply(r)
		results = append(results, r)
		if o.Done != nil {
			o.Done(r)
		}
	}
	// Those that leave their gateways whole, then those that use them up, then those that
	// restart the connector, each alone, then those that look back at all of them.
	var s *schedule
	restarts := func(c kit.Case) bool { return c.Needs.Probe.Offers.Restart }
	for _, phase := range []func(kit.Case) bool{
		func(c kit.Case) bool { return !c.Needs.Probe.Spends && !c.Needs.Last && !restarts(c) },
		func(c kit.Case) bool { return c.Needs.Probe.Spends && !restarts(c) },
		restarts,
		func(c kit.Case) bool { return c.Needs.Last },
	} {
		var part []kit.Case
		for _, c := range list {
			if phase(c) {
				part = append(part, c)
			}
		}
		before, parallel := s, cmp.Or(o.Parallel, fewSideBySide)
		if slices.ContainsFunc(part, restarts) {
			parallel = 1
		}
		s = newQueue(part, parallel, done)
		if before != nil {
			s.red, s.warned = before.red, before.warned
		}
		s.inapplicable = bench.Inapplicable
		s.execute = func(ctx context.Context, c kit.Case, _ *lane) kit.Result { return bench.Run(ctx, c, judge) }
		s.run(ctx)
	}
	slices.SortStableFunc(results, func(a, b kit.Result) int { return cmp.Compare(order[a.Case.ID], order[b.Case.ID]) })
	run := report.Run{Results: results, Header: report.Header{
		SuiteVersion: suiteVersion(), ContractHash: contractHash(), Revision: o.Revision,
		Target: report.Target{Name: o.Target.Name, Version: o.Target.Version},
		Seed:   o.Seed, TimeScale: 1, Started: started, Duration: time.Since(started),
		Exercised: report.CountRules(results), Unbound: len(o.Cases) - len(list), Strict: o.Strict,
	}}
	run.Header.Outcome = report.Judge(results, model.core(list, contract.Gateway), o.Strict)
	return run, nil
}
