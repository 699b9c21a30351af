package conformance_test

import (
	"slices"
	"strings"
	"testing"

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
	c := fakeconnector.New(faketarget.Options()...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	o := conformance.ConnectorOptions{Target: faketarget.New(c), Revision: latest(), Timing: kit.ContractTiming()}
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
			t.Errorf("%s: has a case and is excluded (%s); take it off the list", id, why)
		case !judged[id] && !out:
			t.Errorf("%s: expected a case, or a reason in cases.ConnectorExcluded", id)
		case out && why == "":
			t.Errorf("%s: excluded without a reason", id)
		}
	}
	for id := range excluded {
		if _, ok := rules(t)[id]; !ok {
			t.Errorf("%s: excluded, and no rule of the contract", id)
		}
	}
}
