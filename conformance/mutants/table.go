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

// Markdown is the document docs/mutants.md: all mutants, and what became of those that have
// an outcome.
func Markdown(w io.Writer, all []Mutant, outcomes []Outcome) error {
	of := map[string]Outcome{}
	for _, o := range outcomes {
		of[o.Mutant.ID()] = o
	}
	sorted := slices.SortedFunc(slices.Values(all), func(a, b Mutant) int { return cmp.Compare(a.ID(), b.ID()) })
	rules := map[string]bool{}
	killed, without := 0, 0
	var rows, notes, lessons strings.Builder
	learned := 0
	last := ""
	for _, m := range sorted {
		rules[string(m.Rule)] = true
		rule := "`" + string(m.Rule) + "`"
		if rule == last {
			rule = ""
		} else {
			last = rule
		}
		if m.Survived != "" {
			learned++
			fmt.Fprintf(&lessons, "| `%s` | %s | %s |\n", m.Rule, m.Name, cell(m.Survived))
		}
		by := ""
		switch o, judged := of[m.ID()]; {
		case m.Survives != "":
			by = "nobody, see below"
			fmt.Fprintf(&notes, "| `%s` | %s | %s |\n", m.Rule, m.Name, cell(m.Survives))
		case !judged:
			without++
		case o.State == Killed:
			killed++
			by = "`" + strings.Join(variants(o), "` `") + "`"
		default:
			by = string(o.State)
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s |\n", rule, m.Name, cell(m.Breaks), by)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# Mutants

<!-- Written by go run ./conformance/mutants/run -doc docs/mutants.md; do not edit. -->

A suite that cannot fail proves nothing. Each row is an edit of the reference gateway that breaks one rule of the
[contract](../contract/relay-connector-contract.md); the suite was run on the edited gateway, and the last column names
the cases of that rule that turned red (`+"`-`"+` is the rule's first one). An edit is a file under
[conformance/mutants/edits](../conformance/mutants/edits).

%d mutants of %d rules. When this was written %d were killed by a case of their own rule, and %d, whose last column is
empty, had not been judged since they or the suite were changed; `+"`make mutants-all`"+` judges them all.

`, len(sorted), len(rules), killed, without)
	b.WriteString("| rule | mutant | how it breaks the rule | killed by |\n| --- | --- | --- | --- |\n" + rows.String())
	if notes.Len() > 0 {
		b.WriteString("\n## Survivors\n\nThese edits break a rule, and no case of it can tell.\n\n| rule | mutant | why |\n| --- | --- | --- |\n" + notes.String())
	}
	if learned > 0 {
		fmt.Fprintf(&b, `
## Survived at first

%d edits broke their rule and left every case of it green when they were judged first. Cases were added or changed since,
and kill them. What was missing is what a suite of one's own is likely to miss as well.

| rule | mutant | what was missing |
| --- | --- | --- |
`, learned)
		b.WriteString(lessons.String())
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
