package mutants

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Sorted is the outcomes by rule and name.
func Sorted(outcomes []Outcome) []Outcome {
	return slices.SortedFunc(slices.Values(outcomes), func(a, b Outcome) int { return cmp.Compare(a.Mutant.ID(), b.Mutant.ID()) })
}

// Summary counts the outcomes and names those that are not as they should be, and
// those of which a note says that they survive.
func Summary(w io.Writer, outcomes []Outcome) {
	count := map[State]int{}
	rules := map[string]bool{}
	for _, o := range outcomes {
		count[o.State]++
		rules[string(o.Mutant.Rule)] = true
	}
	fmt.Fprintf(w, "\n%d mutants of %d rules", len(outcomes), len(rules))
	for _, s := range []State{Killed, Known, Survived, Unjudged, Spread, Noted, Invalid} {
		if count[s] > 0 {
			fmt.Fprintf(w, ", %d %s", count[s], s)
		}
	}
	fmt.Fprintln(w)
	for _, o := range Sorted(outcomes) {
		if o.OK() && o.State != Known {
			continue
		}
		fmt.Fprintf(w, "  %-9s %s", o.State, o.Mutant.ID())
		switch {
		case o.Problem != "":
			fmt.Fprintf(w, ": %s", o.Problem)
		case len(o.Spread) > 0:
			fmt.Fprintf(w, ": also red %v", o.Spread)
		case o.State == Known:
			fmt.Fprintf(w, ": %s", o.Mutant.Survives)
		default:
			fmt.Fprintf(w, ": %s", o.Mutant.Breaks)
		}
		fmt.Fprintln(w)
	}
}

// Markdown is the outcomes as the document docs/mutants.md.
func Markdown(w io.Writer, outcomes []Outcome) error {
	sorted := Sorted(outcomes)
	var b strings.Builder
	b.WriteString(`# Mutants

<!-- Written by go run ./conformance/mutants/run -doc docs/mutants.md; do not edit. -->

A suite that cannot fail proves nothing. Each row is an edit of the reference gateway that breaks one rule of the
[contract](../contract/relay-connector-contract.md); the suite was run on the edited gateway, and the last column names
the cases of that rule that turned red. An edit is a file under [conformance/mutants/edits](../conformance/mutants/edits).

`)
	b.WriteString("| rule | mutant | how it breaks the rule | killed by |\n| --- | --- | --- | --- |\n")
	var notes []Outcome
	last := ""
	for _, o := range sorted {
		rule := "`" + string(o.Mutant.Rule) + "`"
		if rule == last {
			rule = ""
		} else {
			last = rule
		}
		by := string(o.State)
		if o.State == Killed {
			by = "`" + strings.Join(variants(o), "` `") + "`"
		} else if o.State == Known {
			by = "nothing yet, see below"
			notes = append(notes, o)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", rule, o.Mutant.Name, cell(o.Mutant.Breaks), by)
	}
	if len(notes) > 0 {
		b.WriteString("\n## Survivors\n\nThese edits break a rule, and no case sees it.\n\n| rule | mutant | why |\n| --- | --- | --- |\n")
		for _, o := range notes {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", o.Mutant.Rule, o.Mutant.Name, cell(o.Mutant.Survives))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// variants are the ids of the red cases without the rule, which is in the row already.
func variants(o Outcome) []string {
	var names []string
	for _, id := range o.By {
		_, variant, _ := strings.Cut(id, ":")
		names = append(names, cmp.Or(variant, "-"))
	}
	return names
}

func cell(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "|", `\|`) }
