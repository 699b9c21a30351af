package coverage

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/mutants"
	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/vectors"
)

// small has twenty rules, all judged, so that one exclusion is exactly the limit; and rules
// that bind nobody who is asked about.
func small() Input {
	in := Input{Side: kit.GatewaySide, Revision: "2026-06", Excluded: map[protocol.RuleID]cases.Exclusion{}}
	for i := range 20 {
		id := protocol.RuleID("a/" + string(rune('a'+i)))
		in.Rules = append(in.Rules, contract.Rule{ID: id, Side: contract.Gateway, Level: contract.Must})
		in.Cases = append(in.Cases, kit.Case{ID: string(id)})
	}
	in.Rules = append(in.Rules,
		contract.Rule{ID: "b/later", Side: contract.Gateway, Level: contract.Must, Since: "2026-07-25"},
		contract.Rule{ID: "b/other", Side: contract.Connector, Level: contract.Must},
		contract.Rule{ID: "b/may", Side: contract.Both, Level: contract.May},
	)
	return in
}

func TestWhatStandsBehindARule(t *testing.T) {
	in := small()
	in.Cases = append(in.Cases, kit.Case{ID: "a/a:late"}, kit.Case{ID: "b/other"})
	in.Vectors = []vectors.File{{Cases: []vectors.Case{{ID: "one", Rule: "a/a"}, {ID: "two", Rule: "b/other"}}}}
	in.Mutants = []mutants.Mutant{{Rule: "a/a", Name: "never"}, {Rule: "a/b", Name: "twice"}}
	table := Of(in)
	want := Row{Rule: "a/a", Level: contract.Must, Cases: []string{"a/a", "a/a:late"}, Vectors: []string{"one"}, Mutants: []string{"never"}}
	if d := cmp.Diff(want, table.Rows[0]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff(Counts{Rules: 20, Judged: 20, Cases: 21, Vectored: 1, Vectors: 1, Mutated: 2, Mutants: 2}, table.Count()); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
}

// Each gate is broken once.
func TestTheGate(t *testing.T) {
	exclude := func(in *Input, e cases.Exclusion, slugs ...string) {
		for _, s := range slugs {
			id := protocol.RuleID("a/" + s)
			in.Excluded[id] = e
			for i := range in.Cases {
				if in.Cases[i].ID == string(id) {
					in.Cases[i].ID = "z/" + s
				}
			}
		}
	}
	good := cases.Exclusion{Reason: "it is hidden", Observer: "whoever looks inside"}
	for name, tt := range map[string]struct {
		change func(*Input)
		want   []string
	}{
		"all judged":            {func(*Input) {}, nil},
		"five percent excluded": {func(in *Input) { exclude(in, good, "a") }, nil},
		"a later rule without a case, and a reason without an observer for it": {func(in *Input) { in.Excluded["b/later"] = cases.Exclusion{Reason: "later"} }, nil},
		"neither case nor exclusion": {func(in *Input) { in.Cases = in.Cases[1:] }, []string{"a/a: expected a case or an exclusion of this MUST, got neither"}},
		"both":                       {func(in *Input) { in.Excluded["a/c"] = good }, []string{"a/c: expected no exclusion of a rule that has a case"}},
		"no reason":                  {func(in *Input) { exclude(in, cases.Exclusion{Observer: "somebody"}, "a") }, []string{"a/a: expected the reason"}},
		"no observer":                {func(in *Input) { exclude(in, cases.Exclusion{Reason: "hidden"}, "a") }, []string{"a/a: expected its exclusion to name an observer"}},
		"too many excluded": {func(in *Input) { exclude(in, good, "a", "b") },
			[]string{"expected at most 5 % of the 20 rules to be excluded, got 2, which is 10.0 %"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := small()
			tt.change(&in)
			got := Of(in).Problems(MaxExcluded)
			if len(got) != len(tt.want) {
				t.Fatalf("expected %d problems, got %v", len(tt.want), got)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(got[i].String(), want) {
					t.Errorf("expected %q…, got %q", want, got[i])
				}
			}
		})
	}
}

// What this module holds passes its own gate.
func TestTheGatewayIsCovered(t *testing.T) {
	in, err := Gather(kit.GatewaySide)
	if err != nil {
		t.Fatal(err)
	}
	table := Of(in)
	if n := table.Count(); n.Rules < 100 || n.Vectors == 0 || n.Mutants == 0 {
		t.Fatalf("expected a hundred rules and more, with vectors and mutants, got %+v", n)
	}
	for _, p := range table.Problems(MaxExcluded) {
		t.Error(p)
	}
}

// The connector's side passes the same gate, and every rule of it that is judged has a
// mutant.
func TestTheConnectorIsCovered(t *testing.T) {
	in, err := Gather(kit.ConnectorSide)
	if err != nil {
		t.Fatal(err)
	}
	table := Of(in)
	if n := table.Count(); n.Rules < 50 || n.Cases == 0 {
		t.Errorf("expected fifty rules and more, with cases, got %+v", n)
	}
	for _, p := range table.Problems(MaxExcluded) {
		t.Error(p)
	}
	for _, r := range table.Rows {
		if r.Excluded == nil && len(r.Mutants) == 0 {
			t.Errorf("%s: expected a mutant that proves that its cases can fail, got none", r.Rule)
		}
	}
}

func TestPrinted(t *testing.T) {
	in := small()
	in.Cases = append(in.Cases[1:], kit.Case{ID: "a/b:late"})
	in.Mutants = []mutants.Mutant{{Rule: "a/b", Name: "never"}}
	in.Excluded["a/a"] = cases.Exclusion{Reason: "it is | hidden", Observer: "a mind reader"}
	table := Of(in)
	for name, tt := range map[string]struct {
		print func(*bytes.Buffer) error
		want  []string
	}{
		"text": {func(b *bytes.Buffer) error { return table.Text(b) }, []string{
			"a/a   MUST   excluded  0        0\n", "a/b   MUST   2         0        1\n", "excluded a/a: it is | hidden\n  could be seen by: a mind reader\n",
			"20 MUST and SHOULD; 19 with 20 cases, 0 with 0 vectors, 1 with 1 mutants; 1 excluded (5.0 %)"}},
		"markdown": {func(b *bytes.Buffer) error { return table.Markdown(b) }, []string{
			"| `a/a` | MUST | excluded: it is \\| hidden; could be seen by: a mind reader | 0 |  |\n", "| `a/b` | MUST | `-` `late` | 0 | never |\n"}},
	} {
		var b bytes.Buffer
		if err := tt.print(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: expected %q in\n%s", name, want, b.String())
			}
		}
	}
}
