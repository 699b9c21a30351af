package conformance_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/faketarget"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/report"
	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// judgeFake judges a fake connector in this process.
func judgeFake(t *testing.T, change func(*conformance.ConnectorOptions)) report.Run {
	t.Helper()
	target, stop, err := faketarget.Durable(filepath.Join(t.TempDir(), "buffers"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop() })
	o := conformance.ConnectorOptions{Target: target, Revision: latest(), Timing: kit.ContractTiming()}
	o.Timing.Answer = time.Minute // frames of the largest size, under the race detector on two cores with a load of 20: over 10 s
	if change != nil {
		change(&o)
	}
	run, err := conformance.VerifyConnector(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func latest() string { return string(slices.Max(contract.Revisions())) }

// The black-box tests of package fakeconnector.
func TestFakeConnector(t *testing.T) {
	run := judgeFake(t, nil)
	for _, r := range run.Results {
		t.Run(r.Case.ID, func(t *testing.T) {
			if r.Verdict != kit.Pass {
				t.Errorf("%s: %s\n%s", r.Verdict, r.Reason, r.Evidence)
			}
		})
	}
	t.Logf("%s: %s; %d of %d rules exercised in %s", run.Header.Outcome.Conformance, run.Header.Outcome.Why, run.Header.Exercised.Rules, run.Header.Exercised.Of, run.Header.Duration)
}

// What a target lacks makes cases not applicable, each with the reason, and nothing else.
func TestBareConnectorTarget(t *testing.T) {
	run := judgeFake(t, func(o *conformance.ConnectorOptions) {
		o.Target = kit.ConnectorTarget{BaseURL: o.Target.BaseURL, Gateways: o.Target.Gateways[:1]}
		o.Revision = ""
	})
	passed := 0
	for _, r := range run.Results {
		switch r.Verdict {
		case kit.Pass:
			passed++
		case kit.NotApplicable:
			if r.Reason == "" {
				t.Errorf("%s: not applicable without a reason", r.Case.ID)
			}
		default:
			t.Errorf("%s: %s: %s\n%s", r.Case.ID, r.Verdict, r.Reason, r.Evidence)
		}
	}
	if passed < 40 {
		t.Errorf("expected the cases that need no more than a URL and a credential to be judged, got %d of them", passed)
	}
}

// The probe's verdicts are made as those of the gateway under test are.
func TestVerdictsOfTheProbe(t *testing.T) {
	of := func(id string, body func(*kit.P)) kit.Case {
		return kit.Case{ID: id, Title: "a case of this test", Level: kit.Must, Connector: body}
	}
	deaf := of("outbound/answered:deaf", func(p *kit.P) {
		s := p.Connect(p.Me())
		s.Await("a frame that never comes", func(kit.Received) bool { return false })
	})
	stands := of("outbound/unknown-op", func(p *kit.P) { p.Connect(p.Me()) })
	stands.After = []protocol.RuleID{protocol.RuleOutboundAnswered}
	lacking := of("wake/request", func(*kit.P) {})
	lacking.Needs.Probe = kit.ProbeNeeds{Offers: kit.Offers{Wake: true}}
	run := judgeFake(t, func(o *conformance.ConnectorOptions) {
		o.Target.SetWakeURL = nil
		o.Timing.Answer = o.Timing.Quiet // the frame that never comes is waited for
		o.Cases = []kit.Case{
			deaf, stands, lacking,
			of("idle/answered", func(*kit.P) {}),
			of("idle/answered:unseen", func(p *kit.P) { p.TryDial(p.Me(), "/") }),
			of("idle/answered:panics", func(*kit.P) { panic("a mistake of the case's") }),
			of("idle/answered:passes", func(p *kit.P) { p.Connect(p.Me()).GoIdle() }),
		}
	})
	want := map[string]kit.Verdict{
		"outbound/answered:deaf": kit.Fail, "outbound/unknown-op": kit.Blocked, "wake/request": kit.NotApplicable, "idle/answered": kit.HarnessError,
		"idle/answered:unseen": kit.HarnessError, "idle/answered:panics": kit.HarnessError, "idle/answered:passes": kit.Pass,
	}
	for _, r := range run.Results {
		if r.Verdict != want[r.Case.ID] {
			t.Errorf("%s: expected %s, got %s: %s", r.Case.ID, want[r.Case.ID], r.Verdict, r.Reason)
		}
		if r.Verdict == kit.Fail {
			for _, part := range []string{"rule outbound/answered", "expected: a frame that never comes", "> #1 dial /relay", `< #1 text "{\"type\":\"descriptor\"`} {
				if !strings.Contains(r.Evidence, part) {
					t.Errorf("%s: expected evidence with %q, got\n%s", r.Case.ID, part, r.Evidence)
				}
			}
		}
	}
}

// A frame that lacks its newline is red for that, and for nothing that waits for the frame.
func TestAFrameWithoutItsNewline(t *testing.T) {
	c := fakeconnector.New(faketarget.Options()...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	c.On(fakeconnector.Match{Type: protocol.TypeGoingIdle}).Do(fakeconnector.FaultFunc(func(x *fakeconnector.Exchange) {
		x.SetSteps(fakeconnector.TextStep([]byte(`{"type":"going_idle_ack"}`)))
	}))
	goIdle := func(p *kit.P) { p.Connect(p.Me()).GoIdle() }
	last := kit.Needs{Last: true}
	o := conformance.ConnectorOptions{Target: faketarget.New(c), Revision: latest(), Timing: kit.ContractTiming(), Cases: []kit.Case{
		{ID: "idle/answered", Title: "is acknowledged", Level: kit.Must, Connector: goIdle},
		{ID: "framing/newline", Title: "ends it", Level: kit.Must, Connector: goIdle},
		{ID: "framing/newline:observed", Title: "ends all", Level: kit.Must, Needs: last, Connector: func(p *kit.P) { p.Kept(kit.CountReceived) }},
	}}
	o.Timing.Answer = 3 * time.Second // the newline that never comes is waited for
	run, err := conformance.VerifyConnector(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want(t, verdictOf(t, run, "idle/answered"), kit.Blocked, "framing/newline does not hold: expected a newline")
	want(t, verdictOf(t, run, "framing/newline"), kit.Fail, "expected a newline")
	want(t, verdictOf(t, run, "framing/newline:observed"), kit.Fail, "during idle/answered")
}

func TestNoConnectorThere(t *testing.T) {
	c := fakeconnector.New()
	if _, err := c.Reserve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_, err := conformance.VerifyConnector(t.Context(), conformance.ConnectorOptions{Target: faketarget.New(c)})
	if !errors.Is(err, conformance.ErrNotStarted) {
		t.Errorf("expected ErrNotStarted, got %v", err)
	}
}

func TestEveryConnectorCaseIsOfARule(t *testing.T) {
	byID := rules(t)
	seen := map[string]bool{}
	for _, c := range cases.Connector() {
		if seen[c.ID] {
			t.Errorf("%s: two cases have this id", c.ID)
		}
		seen[c.ID] = true
		r, ok := byID[c.Rule()]
		switch {
		case !ok:
			t.Errorf("%s: expected the id of a rule of the contract", c.ID)
		case r.Side == contract.Gateway:
			t.Errorf("%s: the rule binds the gateway alone", c.ID)
		case string(c.Level) != string(r.Level):
			t.Errorf("%s: expected the rule's level %s, got %s", c.ID, r.Level, c.Level)
		}
		if c.Connector == nil || c.Gateway != nil {
			t.Errorf("%s: expected a body for the connector", c.ID)
		}
		if c.Title == "" || strings.HasSuffix(c.Title, ".") {
			t.Errorf("%s: expected a short title without a full stop, got %q", c.ID, c.Title)
		}
	}
	for _, c := range cases.All() {
		if c.Side() != kit.GatewaySide {
			t.Errorf("%s: a case of the connector among those of the gateway", c.ID)
		}
	}
}

// Every rule that binds a connector is judged, or says why not.
func TestEveryConnectorRuleIsJudgedOrExcluded(t *testing.T) {
	judged := map[protocol.RuleID]bool{}
	for _, c := range cases.Connector() {
		judged[c.Rule()] = true
	}
	excluded := cases.ConnectorExcluded()
	for id, r := range rules(t) {
		why, out := excluded[id]
		switch {
		case r.Side == contract.Gateway || r.Level == "MAY":
			if out {
				t.Errorf("%s: excluded, though no connector is judged by it", id)
			}
		case judged[id] && out:
			t.Errorf("%s: has a case and is excluded (%s); take it off the list", id, why.Reason)
		case !judged[id] && !out:
			t.Errorf("%s: expected a case, or a reason in cases.ConnectorExcluded", id)
		case out && (why.Reason == "" || why.Observer == ""):
			t.Errorf("%s: excluded without a reason, or without anybody who could see it broken", id)
		}
	}
	for id := range excluded {
		if _, ok := rules(t)[id]; !ok {
			t.Errorf("%s: excluded, and no rule of the contract", id)
		}
	}
}
