package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/relaykit/relaykit/contract"
	"github.com/spf13/cobra"
)

// contractCommand holds what reads the contract document: `contract check` compares it
// with the code, `contract rules` lists its rules, `contract coverage` what stands behind
// them.
func contractCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "contract",
		Short: "Read the contract document, and compare it with the code",
	},
		contractCheckCommand(),
		contractRulesCommand(),
		contractCoverageCommand(),
	)
}

func contractCheckCommand() *cobra.Command {
	var doc, format, revision string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Compare a contract document with what the code sends",
		Long: "check compares the frames, objects and ops of a contract document with those of\n" +
			"the code: names, types, presence, dates. It prints what is missing from the\n" +
			"document, what it has in excess and what it says differently, each with its\n" +
			"line, then how much was compared. Exit codes: 0 no drift, 1 drift or a document\n" +
			"that cannot be read in full, 2 usage, 3 a failure of its own.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("--format", format, "text", "json"); err != nil {
				return err
			}
			if revision != "" && !slices.Contains(contract.Revisions(), contract.Revision(revision)) {
				return usagef("--revision: expected one of %v, got %q", contract.Revisions(), revision)
			}
			m, problems, err := readContract(doc)
			if err != nil {
				return err
			}
			code, err := contract.Code()
			if err != nil {
				return err
			}
			c := contract.Comparison{Document: m.Name, Drift: []contract.Drift{}}
			if !m.Empty() { // of nothing, everything would be missing
				c = contract.Compare(m, code, contract.Revision(revision))
			}
			ok := len(c.Drift) == 0 && len(problems) == 0
			if format == "json" {
				err = writeJSON(cmd.OutOrStdout(), struct {
					OK       bool               `json:"ok"`
					Problems []contract.Problem `json:"problems"`
					contract.Comparison
				}{ok, append([]contract.Problem{}, problems...), c})
			} else {
				err = printComparison(cmd.OutOrStdout(), c, problems)
			}
			if err != nil {
				return err
			}
			if !ok {
				return exitWith(exitNo)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&doc, "doc", "", "the document to compare (default: the contract that this program was built with)")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&revision, "revision", "", "do not miss what was added after this revision (default: compare all)")
	return cmd
}

func contractRulesCommand() *cobra.Command {
	var doc, format string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules of the contract",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("--format", format, "table", "json"); err != nil {
				return err
			}
			m, problems, err := readContract(doc)
			if err != nil {
				return err
			}
			for _, p := range problems {
				fmt.Fprintln(cmd.ErrOrStderr(), p)
			}
			if format == "json" {
				err = writeJSON(cmd.OutOrStdout(), struct {
					contract.RuleCounts
					Rules []contract.Rule `json:"rules"`
				}{m.CountRules(), m.Rules})
			} else {
				err = printRules(cmd.OutOrStdout(), m)
			}
			if err != nil {
				return err
			}
			if len(problems) > 0 {
				return exitWith(exitNo)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&doc, "doc", "", "the document to read (default: the contract that this program was built with)")
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

// readContract parses a document, or the contract itself for an empty path. A file that
// cannot be opened is about the command line.
func readContract(path string) (*contract.Model, contract.Problems, error) {
	name, src := contract.Name, contract.Document()
	if path != "" {
		name = path
		f, err := os.Open(path)
		if err != nil {
			return nil, nil, usagef("--doc: %v", err)
		}
		defer f.Close()
		// One byte more than the parser takes, so that it is the parser that says no.
		if src, err = io.ReadAll(io.LimitReader(f, contract.MaxSize+1)); err != nil {
			return nil, nil, usagef("--doc: %v", err)
		}
	}
	m, err := contract.Parse(name, src)
	problems, _ := err.(contract.Problems)
	return m, problems, nil
}

func printComparison(w io.Writer, c contract.Comparison, problems contract.Problems) error {
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
	for _, d := range c.Drift {
		if d.Line == 0 {
			fmt.Fprintf(w, "%s: %s\n", c.Document, d)
			continue
		}
		fmt.Fprintf(w, "%s:%d: %s\n", c.Document, d.Line, d)
	}
	for _, u := range c.Unread {
		fmt.Fprintf(w, "%s (left alone)\n", u)
	}
	verdict := "no drift"
	if n := len(c.Drift); len(c.Counts) == 0 {
		verdict = "not compared"
	} else if n > 0 {
		verdict = plural(n, "difference")
	}
	if n := len(problems); n > 0 {
		verdict += ", " + plural(n, "problem") + " in reading it"
	}
	n := c.Counts
	_, err := fmt.Fprintf(w, "%s: %s; compared %d frames with %d fields, %d objects with %d fields, %d ops with %d fields and %d results\n",
		c.Document, verdict, n["frames"], n["frame fields"], n["objects"], n["object fields"], n["ops"], n["op fields"], n["results"])
	return err
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func printRules(w io.Writer, m *contract.Model) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tSIDE\tLEVEL\tCORE\tSINCE\tSTATEMENT")
	for _, r := range m.Rules {
		core, level, since := "", string(r.Level), string(r.Since)
		if r.Core {
			core = "core"
		}
		if r.Raised.Level != "" {
			level += fmt.Sprintf(" (%s since %s)", r.Raised.Level, r.Raised.Since)
		}
		if r.Until != "" {
			since += " until " + string(r.Until)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Side, level, core, since, r.Statement)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	n := m.CountRules()
	_, err := fmt.Fprintf(w, "\n%d rules: %d gateway, %d connector, %d both; %d MUST, %d SHOULD, %d MAY; %d in the core set\n",
		n.Rules, n.BySide[contract.Gateway], n.BySide[contract.Connector], n.BySide[contract.Both],
		n.ByLevel[contract.Must], n.ByLevel[contract.Should], n.ByLevel[contract.May], len(n.Core))
	return err
}

func oneOf(flag, got string, allowed ...string) error {
	if slices.Contains(allowed, got) {
		return nil
	}
	return usagef("%s: expected %s or %s, got %q", flag, allowed[0], allowed[1], got)
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
