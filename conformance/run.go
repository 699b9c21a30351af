package conformance

import (
	"testing"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/report"
	"github.com/relaykit/relaykit/conformance/target"
)

// ForTarget is how a target file says that its gateway is to be judged: its facts, its
// variables and its lists. With contract the gateway keeps the contract's own bounds;
// otherwise it is given shorter ones, see [kit.Timing.Shortened], as far as the file says
// how.
func ForTarget(t *target.Target, contract bool) Options {
	o := Options{
		Facts: t.Facts(), Timing: kit.ContractTiming(), TimingEnv: t.TimingEnv(),
		Config: t.Config(), Enroll: t.Enroll(), Env: t.Launch.Env, TargetHash: t.Hash, Known: map[string]Known{},
	}
	if o.TimingEnv != nil && !contract {
		o.Timing = o.Timing.Shortened()
	}
	for _, e := range t.Known {
		o.Known[e.ID] = Known{Reason: e.Reason}
	}
	for _, e := range t.Flaky {
		o.Known[e.ID] = Known{Reason: e.Reason, Flaky: true}
	}
	return o
}

// Run judges a gateway in the tests of another module, with one subtest for each case:
//
//	func TestConformance(t *testing.T) {
//		conformance.Run(t, launch.Command([]string{"./my-gateway"}), conformance.Options{})
//	}
//
// A case that is red fails its subtest with the evidence; one that is not applicable
// skips it with the reason. The launcher of o is ignored.
func Run(t *testing.T, launcher kit.Launcher, o Options) report.Run {
	t.Helper()
	o.Launcher = launcher
	run, err := Verify(t.Context(), o)
	if err != nil {
		t.Fatalf("conformance: %v", err)
	}
	for _, r := range run.Results {
		t.Run(r.Case.ID, func(t *testing.T) { tell(t, r) })
	}
	t.Logf("%s: %s", run.Header.Outcome.Conformance, run.Header.Outcome.Why)
	if run.Header.Outcome.Exit != 0 && !t.Failed() {
		t.Errorf("%s: %s", run.Header.Outcome.Conformance, run.Header.Outcome.Why)
	}
	return run
}

func tell(t *testing.T, r kit.Result) {
	t.Helper()
	switch r.Verdict {
	case kit.Pass:
	case kit.NotApplicable:
		t.Skip(r.Reason)
	case kit.Warn, kit.Known, kit.Flaky:
		t.Logf("%s: %s", r.Verdict, r.Reason)
	default:
		t.Errorf("%s: %s\n%s", r.Verdict, r.Reason, r.Evidence)
	}
}
