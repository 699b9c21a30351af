package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/relaykit/relaykit/conformance/kit"
)

// reasonWidth bounds a reason in the table; the whole of it stands with the evidence.
const reasonWidth = 160

// slowest is how many of the longest cases a table names.
const slowest = 10

// WriteTable writes the run for a reader: every case on a line, the evidence of those
// that are red, and last, where the eye is, what it comes to.
func WriteTable(w io.Writer, run Run) error {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "verdict\tlevel\tcase\tseconds\treason")
	for _, r := range run.Results {
		verdict := string(r.Verdict)
		if t, ok := run.Tallies[r.Case.ID]; ok {
			verdict = t.String()
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%7.3f\t%s\n", verdict, r.Case.Level, line(r.Case.ID), seconds(r.Duration), clip(line(r.Reason)))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for text := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(text, " \n")); err != nil {
			return err
		}
	}
	b.Reset()
	evidence(&b, run.Results)
	headline(&b, run)
	_, err := io.WriteString(w, b.String())
	return err
}

// evidence tells of every failure what there is to tell. A blocked case has none of its
// own, and one that is listed has been told of before.
func evidence(b *strings.Builder, results []kit.Result) {
	for _, r := range results {
		switch r.Verdict {
		case kit.Fail, kit.Warn, kit.UnexpectedPass, kit.HarnessError:
		default:
			continue
		}
		fmt.Fprintf(b, "\n%s  %s  %s\n", strings.ToUpper(string(r.Verdict)), r.Case.Level, line(r.Case.ID))
		for text := range strings.Lines(block(r.Reason) + "\n" + block(r.Evidence)) {
			if text = strings.TrimRight(text, "\n"); text != "" {
				fmt.Fprintf(b, "    %s\n", text)
			}
		}
	}
}

func headline(b *strings.Builder, run Run) {
	h := run.Header
	name := strings.TrimSpace(line(h.Target.Name + " " + h.Target.Version))
	fmt.Fprintf(b, "\nsubject    %s, judged by revision %s\n", cmp.Or(name, "(unnamed)"), line(h.Revision))
	fmt.Fprintf(b, "exercised  %d of %d rules\n", h.Exercised.Rules, h.Exercised.Of)
	n := counts(run.Results)
	var parts []string
	for _, v := range kit.Verdicts() {
		if n[v] > 0 || v == kit.Pass || v == kit.Fail {
			parts = append(parts, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	fmt.Fprintf(b, "cases      %d: %s", len(run.Results), strings.Join(parts, ", "))
	if h.Unbound > 0 {
		fmt.Fprintf(b, "; and %d of rules that only other revisions have", h.Unbound)
	}
	fmt.Fprintln(b)
	if h.Runs > 0 {
		stability(b, run)
	}
	fmt.Fprintf(b, "time       %.3f s, %.3f s of it before the first case; time scale %g, seed %d\n",
		seconds(h.Duration), seconds(h.Overhead), h.TimeScale, h.Seed)
	if h.ClockSkew != nil {
		fmt.Fprintf(b, "clock      the subject's is %+.3f s off\n", seconds(*h.ClockSkew))
	}
	if h.Stops.Killed > 0 {
		fmt.Fprintf(b, "stops      %d of %d processes had to be killed, as they had not ended %g s after they were asked to\n",
			h.Stops.Killed, h.Stops.Of, seconds(h.StopWithin))
	}
	long := slices.Clone(run.Results)
	slices.SortStableFunc(long, func(a, b kit.Result) int { return cmp.Compare(b.Duration, a.Duration) })
	label := "slowest"
	for _, r := range long[:min(slowest, len(long))] {
		fmt.Fprintf(b, "%-9s  %7.3f s  %s\n", label, seconds(r.Duration), line(r.Case.ID))
		label = ""
	}
	words := strings.ToUpper(strings.ReplaceAll(string(h.Outcome.Conformance), "-", " "))
	fmt.Fprintf(b, "%s: %s\n", words, line(h.Outcome.Why))
}

// stability names the cases that had more than one verdict.
func stability(b *strings.Builder, run Run) {
	unstable := run.Unstable()
	fmt.Fprintf(b, "runs       %d; %d of %d cases stable\n", run.Header.Runs, len(run.Results)-len(unstable), len(run.Results))
	label := "unstable"
	for _, id := range unstable {
		fmt.Fprintf(b, "%-9s  %s: %s\n", label, line(id), run.Tallies[id])
		label = ""
	}
}

func clip(s string) string {
	if runes := []rune(s); len(runes) > reasonWidth {
		return string(runes[:reasonWidth-1]) + "…"
	}
	return s
}
