package mutants

import (
	"os"
	"path/filepath"
	"slices"
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

// unedited are the rules whose mutants cannot be made, with the reason.
func unedited() map[protocol.RuleID]string {
	const noServer = "the reference offers no server for the superseded HTTP delivery, so there is nothing to edit"
	return map[protocol.RuleID]string{
		protocol.RuleDeliverySignature: noServer,
		protocol.RuleDeliveryRawBody:   noServer,
		protocol.RuleDeliveryWindow:    noServer,
		protocol.RuleDeliveryRotation:  noServer,
		protocol.RuleDeliveryStatus:    noServer,
	}
}

// Every MUST of the baseline has two mutants and more, one that leaves out what it demands
// and one that nearly does it; every SHOULD has one.
func TestEveryRuleOfTheGatewayHasMutants(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	count := map[protocol.RuleID]int{}
	for _, m := range all {
		count[m.Rule]++
	}
	unedited := unedited()
	for id, r := range rules(t) {
		level := r.LevelAt(protocol.Baseline)
		want := map[contract.Level]int{contract.Must: 2, contract.Should: 1}[level]
		if r.Side == contract.Connector || !r.Applies(protocol.Baseline) {
			want = 0
		}
		switch why, out := unedited[id]; {
		case out && (count[id] > 0 || want == 0):
			t.Errorf("%s: has %d mutants of %d and is excepted (%s); take it off the list", id, count[id], want, why)
		case !out && count[id] < want:
			t.Errorf("%s (%s): expected at least %d mutants, got %d; write an edit of the reference that breaks: %s", id, level, want, count[id], r.Statement)
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
	all := []Mutant{
		{Rule: "a/b", Name: "two", Breaks: "x | y", Survives: "no case"},
		{Rule: "a/b", Name: "one", Breaks: "it", Survived: "nobody looked"},
		{Rule: "a/c", Name: "new", Breaks: "that"},
	}
	if err := Markdown(&b, all, []Outcome{{Mutant: all[1], State: Killed, By: []string{"a/b", "a/b:late"}}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `a/b` | one | it | `-` `late` |\n|  | two | x \\| y | nobody, see below |\n| `a/c` | new | that |  |\n", "| `a/b` | two | no case |\n",
		"1 edits broke their rule", "| `a/b` | one | nobody looked |\n",
		"3 mutants of 2 rules. When this was written 1 were killed by a case of their own rule, and 1, whose",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("expected %q in\n%s", want, b.String())
		}
	}
}

// The document lists exactly the edits of the tree. What became of them takes a run, and is
// not compared.
func TestTheDocumentListsEveryMutant(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "docs", "mutants.md"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	var fresh strings.Builder
	if err := Markdown(&fresh, all, nil); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(listed(fresh.String()), listed(string(data))); d != "" {
		t.Errorf("docs/mutants.md is out of date, write it with go run ./conformance/mutants/run -only-doc -doc docs/mutants.md (-tree +document):\n%s", d)
	}
}

// listed is the rows of a document, without their last column where it says what became of
// the mutant.
func listed(document string) []string {
	var rows []string
	for line := range strings.Lines(document) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		switch {
		case strings.HasPrefix(line, "| ") && len(cells) == 4:
			rows = append(rows, strings.Join(cells[:3], " | "))
		case strings.HasPrefix(line, "| "):
			rows = append(rows, line)
		}
	}
	return rows
}

func TestRoundsAndEach(t *testing.T) {
	list := []Mutant{
		{Rule: "a/a", Name: "noted", Survives: "why"}, {Rule: "a/a", Name: "one"}, {Rule: "a/a", Name: "two"}, {Rule: "a/a", Name: "three"},
		{Rule: "a/b", Name: "one"}, {Rule: "a/b", Name: "two"}, {Rule: "a/c", Name: "noted", Survives: "why"},
	}
	seen := map[string]bool{}
	for _, seed := range []string{"x", "y", "z", "u", "v", "w", "1", "2", "3", "4"} {
		ordered, first := Rounds(list, seed)
		if again, _ := Rounds(list, seed); cmp.Diff(ordered, again) != "" {
			t.Errorf("seed %s: expected the same order twice", seed)
		}
		if len(ordered) != len(list) || first != 3 {
			t.Fatalf("seed %s: expected all %d, 3 of them in the first round, got %d and %d", seed, len(list), len(ordered), first)
		}
		rules := map[protocol.RuleID]bool{}
		for _, m := range ordered[:first] {
			rules[m.Rule] = true
			seen[m.ID()] = true
		}
		if len(rules) != 3 {
			t.Errorf("seed %s: expected one of each rule first, got %v", seed, ordered[:first])
		}
		if last := ordered[len(ordered)-1]; last.ID() != "a/a.noted" {
			t.Errorf("seed %s: expected the noted one of a/a last, got %s", seed, last.ID())
		}
		if n := len(Each(list, 2, seed)); n != 5 {
			t.Errorf("seed %s: expected five mutants with at most two of each rule, got %d", seed, n)
		}
	}
	if !seen["a/a.one"] || !seen["a/a.two"] || !seen["a/a.three"] {
		t.Errorf("expected each of a rule's mutants to come first for some seed, got %v", seen)
	}
}

func TestTheSeedFollowsTheSource(t *testing.T) {
	dir := t.TempDir()
	for _, d := range judged {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	put := func(name, text string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		seed, err := TreeSeed(dir)
		if err != nil {
			t.Fatal(err)
		}
		return seed
	}
	first := put("reference/a.go", "one")
	if put("README.md", "x") != first || put("reference/a_test.go", "x") != first {
		t.Error("expected a document and a test to change nothing")
	}
	if put("reference/a.go", "two") == first {
		t.Error("expected an edit of the reference to change the seed")
	}
	if put("reference/a.go", "one") != first {
		t.Error("expected the same source to have the same seed")
	}
}

// A mutant that was edited since, that survived, or that is new is not held to what is
// recorded; and a record of nothing holds nothing.
func TestRecorded(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	killed, survived, edited := all[0], all[1], all[2]
	data, err := JSON([]Outcome{{Mutant: killed, By: []string{string(killed.Rule)}}, {Mutant: survived}, {Mutant: edited, By: []string{string(edited.Rule)}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "outcomes.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	list := slices.Clone(all[:4])
	list[2].Edits = append(slices.Clone(edited.Edits), Edit{File: "x"})
	got, err := Recorded(file, list)
	if err != nil || len(got) != 1 || got[0].ID() != killed.ID() {
		t.Errorf("expected %s alone, got %v, %v", killed.ID(), got, err)
	}
	if got, err := Recorded(file, all[3:]); err == nil {
		t.Errorf("expected an error where none is recorded, got %v", got)
	}
	if got, err := Recorded(filepath.Join(t.TempDir(), "none"), all); err == nil {
		t.Errorf("expected an error without a file, got %v", got)
	}
}
