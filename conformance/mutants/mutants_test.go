package mutants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/protocol"
)

// root is the module's root, seen from this package.
const root = "../.."

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
	return byID
}

func TestEveryMutantBreaksARuleOfTheGateway(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("expected mutants, got none")
	}
	known := rules(t)
	for _, m := range all {
		r, ok := known[m.Rule]
		if !ok {
			t.Errorf("%s: expected a rule of the contract, got %s", m.Path, m.Rule)
		} else if r.Side == "connector" || r.Level == "MAY" {
			t.Errorf("%s: expected a rule that binds the gateway, got one of the %s with level %s", m.Path, r.Side, r.Level)
		}
		for _, also := range m.Also {
			if _, ok := known[also]; !ok || also == m.Rule {
				t.Errorf("%s: also: expected another rule of the contract, got %s", m.Path, also)
			}
		}
	}
}

// An edit that no longer applies is found here in a moment, and not in the long run
// that judges it.
func TestEveryEditApplies(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if _, err := m.Apply(root); err != nil {
			t.Errorf("%s: %v", m.Path, err)
		}
	}
}

func TestApplyRefusesWhatProvesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("one\ntwo\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	edit := func(edits ...Edit) (string, error) {
		got, err := Mutant{Edits: edits}.Apply(dir)
		return got["a.go"], err
	}
	got, err := edit(Edit{"a.go", "one\n", "three\n"}, Edit{"a.go", "three\n", "four\n"})
	if want := "four\ntwo\ntwo\n"; err != nil || got != want {
		t.Errorf("two edits: expected %q, got %q, %v", want, got, err)
	}
	for _, old := range []string{"two\n", "five\n"} {
		if _, err := edit(Edit{"a.go", old, ""}); err == nil || !strings.Contains(err.Error(), "rewrite the edit") {
			t.Errorf("old text %q: expected a refusal, got %v", old, err)
		}
	}
}

func TestStates(t *testing.T) {
	by := []string{"a/b"}
	other := []protocol.RuleID{"c/d", "c/e", "c/f", "c/g"}
	note := Mutant{Survives: "why"}
	for want, o := range map[State]Outcome{
		Killed: {By: by}, Spread: {By: by, Spread: other}, Survived: {}, Unjudged: {unjudged: true},
		Known: {Mutant: note}, Noted: {Mutant: note, By: by}, Invalid: {By: by, Problem: "no"},
	} {
		if got := o.state(); got != want {
			t.Errorf("expected %s, got %s", want, got)
		}
	}
}

func TestResultsOutliveARunUntilTheirMutantIsEdited(t *testing.T) {
	m := func(name, text string) Mutant {
		return Mutant{Rule: "a/b", Name: name, Breaks: "it", Edits: []Edit{{"f", "old", text}}}
	}
	judged := []Outcome{{Mutant: m("one", "x"), By: []string{"a/b"}}, {Mutant: m("two", "x")}, {Mutant: m("three", "x"), unjudged: true}}
	data, err := JSON(judged)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "results.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	// The first is judged anew, the second was edited, the third stays.
	all := []Mutant{m("one", "x"), m("two", "y"), m("three", "x")}
	got, err := Merge(file, all, []Outcome{{Mutant: all[0], State: Survived}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Outcome{{Mutant: all[0], State: Survived}, {Mutant: all[2], State: Unjudged, unjudged: true}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(Outcome{}), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("merged (-want +got):\n%s", d)
	}
	if got, err := Merge(filepath.Join(t.TempDir(), "none"), all, judged); err != nil || len(got) != 3 {
		t.Errorf("without a file: expected what was judged, got %d, %v", len(got), err)
	}
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	err := Markdown(&b, []Outcome{
		{Mutant: Mutant{Rule: "a/b", Name: "two", Breaks: "x | y", Survives: "no case"}, State: Known},
		{Mutant: Mutant{Rule: "a/b", Name: "one", Breaks: "it"}, State: Killed, By: []string{"a/b", "a/b:late"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| `a/b` | one | it | `-` `late` |\n|  | two | x \\| y | nothing yet, see below |\n", "| `a/b` | two | no case |\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("expected a row %q in\n%s", want, b.String())
		}
	}
}
