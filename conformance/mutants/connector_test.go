package mutants

import (
	"slices"
	"testing"

	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/contract"
)

func TestEveryConnectorMutantBreaksAJudgedRule(t *testing.T) {
	all, err := Connector()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 5 {
		t.Fatalf("expected at least five mutants, got %d", len(all))
	}
	known := rules(t)
	for _, m := range all {
		switch r, ok := known[m.Rule]; {
		case !ok:
			t.Errorf("%s: expected a rule of the contract, got %s", m.Path, m.Rule)
		case r.Side == contract.Gateway || !slices.ContainsFunc(cases.Connector(), func(c kit.Case) bool { return c.Rule() == m.Rule }):
			t.Errorf("%s: expected a rule that binds the connector and has a case, got %s", m.Path, m.Rule)
		}
		for _, also := range m.Also {
			if _, ok := known[also]; !ok || also == m.Rule {
				t.Errorf("%s: also: expected another rule of the contract, got %s", m.Path, also)
			}
		}
		if m.Side != kit.ConnectorSide {
			t.Errorf("%s: expected the side of the connector, got %s", m.Path, m.Side)
		}
		if _, err := m.Apply(root); err != nil {
			t.Errorf("%s: %v", m.Path, err)
		}
	}
}
