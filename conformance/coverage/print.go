package coverage

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Text writes the table for a terminal: how many of each stand behind a rule, then what is
// excluded and why, and what it comes to.
func (t Table) Text(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tab, "RULE\tLEVEL\tCASES\tVECTORS\tMUTANTS")
	for _, r := range t.Rows {
		judged := fmt.Sprint(len(r.Cases))
		if r.Excluded != nil {
			judged = "excluded"
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%d\t%d\n", r.Rule, r.Level, judged, len(r.Vectors), len(r.Mutants))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	for _, r := range t.Rows {
		if r.Excluded != nil {
			fmt.Fprintf(w, "\nexcluded %s: %s\n  could be seen by: %s\n", r.Rule, r.Excluded.Reason, orNobody(r.Excluded.Observer))
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", t.Summary())
	return err
}

// Markdown writes the table as a document's, with the names of the cases and mutants.
func (t Table) Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| rule | level | cases | vectors | mutants |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range t.Rows {
		var names []string
		for _, id := range r.Cases {
			_, variant, named := strings.Cut(id, ":")
			if !named {
				variant = "-"
			}
			names = append(names, "`"+variant+"`")
		}
		if r.Excluded != nil {
			names = []string{"excluded: " + r.Excluded.Reason + "; could be seen by: " + orNobody(r.Excluded.Observer)}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %d | %s |\n", r.Rule, r.Level, strings.ReplaceAll(strings.Join(names, " "), "|", `\|`), len(r.Vectors), strings.Join(r.Mutants, ", "))
	}
	fmt.Fprintf(&b, "\n%s\n", t.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary is the table in one line.
func (t Table) Summary() string {
	n := t.Count()
	return fmt.Sprintf("%s, revision %s: %d MUST and SHOULD; %d with %d cases, %d with %d vectors, %d with %d mutants; %d excluded (%.1f %%)",
		t.Side, t.Revision, n.Rules, n.Judged, n.Cases, n.Vectored, n.Vectors, n.Mutated, n.Mutants, n.Excluded, n.percentExcluded())
}

func orNobody(observer string) string {
	if observer == "" {
		return "nobody is named"
	}
	return observer
}
