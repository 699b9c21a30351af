package conformance_test

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/protocol"
)

func newLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func rules(t *testing.T) map[protocol.RuleID]contract.Rule {
	t.Helper()
	model, err := contract.Parse(contract.Name, contract.Document())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[protocol.RuleID]contract.Rule{}
	for _, r := range model.Rules {
		byID[protocol.RuleID(r.ID)] = r
	}
	if len(byID) == 0 {
		t.Fatal("expected the contract to have rules, got none")
	}
	return byID
}

func TestEveryCaseIsOfARule(t *testing.T) {
	byID := rules(t)
	seen := map[string]bool{}
	for _, c := range cases.All() {
		if seen[c.ID] {
			t.Errorf("%s: two cases have this id", c.ID)
		}
		seen[c.ID] = true
		r, ok := byID[c.Rule()]
		if !ok {
			t.Errorf("%s: expected the id of a rule of the contract, got %q", c.ID, c.Rule())
			continue
		}
		if string(c.Level) != string(r.Level) {
			t.Errorf("%s: expected the rule's level %s, got %s", c.ID, r.Level, c.Level)
		}
		if (c.Gateway == nil) == (c.Connector == nil) {
			t.Errorf("%s: expected a body for one side", c.ID)
		}
		if side := string(r.Side); side != "both" && side != string(c.Side()) {
			t.Errorf("%s: the rule binds the %s, the case judges the %s", c.ID, side, c.Side())
		}
		if c.Title == "" || strings.HasSuffix(c.Title, ".") {
			t.Errorf("%s: expected a short title without a full stop, got %q", c.ID, c.Title)
		}
		for _, after := range c.After {
			if _, ok := byID[after]; !ok {
				t.Errorf("%s: comes after %q, which is no rule", c.ID, after)
			}
		}
		if c.Edge && c.ID == string(c.Rule()) {
			t.Errorf("%s: a rule's first case is what others stand on, and no edge", c.ID)
		}
		if c.Needs.Fresh && (c.Needs.Alone || c.Needs.Last) {
			t.Errorf("%s: a Fresh case has no need of the shared gateway", c.ID)
		}
	}
}

// Every rule that binds a gateway is judged, or says why not.
func TestEveryGatewayRuleIsJudgedOrExcluded(t *testing.T) {
	judged := map[protocol.RuleID]bool{}
	for _, c := range cases.All() {
		if c.Side() == kit.GatewaySide {
			judged[c.Rule()] = true
		}
	}
	excluded := cases.Excluded()
	for id, r := range rules(t) {
		why, out := excluded[id]
		switch {
		case r.Side == "connector" || r.Level == "MAY":
			if out {
				t.Errorf("%s: excluded, though no gateway is judged by it", id)
			}
		case judged[id] && out:
			t.Errorf("%s: has a case and is excluded (%s); take it off the list", id, why.Reason)
		case !judged[id] && !out:
			t.Errorf("%s: expected a case, or a reason in cases.Excluded", id)
		case out && why.Reason == "":
			t.Errorf("%s: excluded without a reason", id)
		}
	}
	for id := range excluded {
		if _, ok := rules(t)[id]; !ok {
			t.Errorf("%s: excluded, and no rule of the contract", id)
		}
	}
}
