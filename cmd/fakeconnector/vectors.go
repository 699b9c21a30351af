package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mattn/go-shellwords"
	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/vectors"
	"github.com/relaykit/relaykit/vectors/portrun"
)

// vectorsCommand holds what reads the test vectors, and what asks a port in another
// language all of them.
func vectorsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "vectors",
		Short: "Read the test vectors, and hold a port in another language to them",
	}, vectorsListCommand(), vectorsShowCommand(), vectorsRunCommand())
}

// vectorFilter chooses vectors by group and op.
type vectorFilter struct{ groups, ops []string }

func (f *vectorFilter) register(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.groups, "group", nil, "only these `groups`, such as tokens")
	cmd.Flags().StringSliceVar(&f.ops, "op", nil, "only these `ops`, such as token/verify")
}

// choose returns the groups with the cases that were asked for.
func (f *vectorFilter) choose() ([]vectors.File, error) {
	all, err := vectors.Load()
	if err != nil {
		return nil, err
	}
	var names, ops []string
	for _, g := range all {
		names = append(names, g.Group)
		for _, v := range g.Cases {
			if !slices.Contains(ops, v.Op) {
				ops = append(ops, v.Op)
			}
		}
	}
	slices.Sort(ops)
	for _, g := range f.groups {
		if err := oneOf("--group", g, names...); err != nil {
			return nil, err
		}
	}
	for _, o := range f.ops {
		if err := oneOf("--op", o, ops...); err != nil {
			return nil, err
		}
	}
	var out []vectors.File
	chosen := 0
	for _, g := range all {
		if len(f.groups) > 0 && !slices.Contains(f.groups, g.Group) {
			continue
		}
		if len(f.ops) > 0 {
			g.Cases = slices.DeleteFunc(slices.Clone(g.Cases), func(v vectors.Case) bool { return !slices.Contains(f.ops, v.Op) })
		}
		if chosen += len(g.Cases); len(g.Cases) > 0 {
			out = append(out, g)
		}
	}
	if chosen == 0 {
		return nil, usagef("--group and --op together leave no vector")
	}
	return out, nil
}

func vectorsListCommand() *cobra.Command {
	var f vectorFilter
	cmd := &cobra.Command{
		Use:   "list [--group G] [--op O]",
		Short: "Print every vector with its op, rule and comment, then the counts",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			groups, err := f.choose()
			if err != nil {
				return err
			}
			tw := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			total, pairs := 0, map[string]bool{}
			for _, g := range groups {
				for _, v := range g.Cases {
					fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", v.ID, v.Op, v.Rule, v.Comment)
					pairs[v.Rule+" "+v.Cause] = true
				}
				total += len(g.Cases)
			}
			if err := tw.Flush(); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "\n%d vectors in %d groups, %d distinct pairs of rule and cause; version %s, sha256 %s\n",
				total, len(groups), len(pairs), vectors.Version, vectors.Hash())
			return err
		},
	}
	f.register(cmd)
	return cmd
}

func vectorsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Print one vector, with its flags explained",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			groups, err := vectors.Load()
			if err != nil {
				return err
			}
			g, v, ok := vectors.Find(groups, args[0])
			if !ok {
				return usagef("%q is the id of no vector; `vectors list` prints them", args[0])
			}
			flags := map[string]string{}
			for _, name := range v.Flags {
				flags[name] = g.Flags[name]
			}
			return writeJSON(cmd.OutOrStdout(), struct {
				Group string            `json:"group"`
				Case  vectors.Case      `json:"case"`
				Flags map[string]string `json:"flags,omitempty"`
			}{g.Group, v, flags})
		},
	}
}

func vectorsRunCommand() *cobra.Command {
	var f vectorFilter
	var command, results, name string
	var timeout time.Duration
	var show int
	cmd := &cobra.Command{
		Use:   "run --command LINE [--group G] [--op O] [--results FILE]",
		Short: "Ask a port every vector, and print what it got right",
		Long: "run starts a port, which reads JSON Lines on its standard input and answers each on\n" +
			"its standard output, asks it every vector, one at a time, and prints what passed,\n" +
			"failed and is not supported, by op. docs/vectors.md describes the lines.\n\n" +
			"Exit codes: 0 nothing failed, 1 something failed, 2 usage, 3 the port could not be\n" +
			"started.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			argv, err := shellwords.Parse(command)
			if err != nil || len(argv) == 0 {
				return usagef("--command: expected a program and its arguments, got %q", command)
			}
			if timeout <= 0 || show < 0 {
				return usagef("--timeout and --show: expected no negative number and a timeout over 0, got %s and %d", timeout, show)
			}
			groups, err := f.choose()
			if err != nil {
				return err
			}
			if name == "" {
				name = filepath.Base(argv[len(argv)-1])
			}
			res, err := portrun.Run(cmd.Context(), name, portrun.Options{Start: portrun.Command(argv, ""), Groups: groups, Timeout: timeout})
			if err != nil {
				return err
			}
			if err := printPortResults(cmd.OutOrStdout(), res, show); err != nil {
				return err
			}
			if results != "" {
				if err := writeResults(results, res); err != nil {
					return err
				}
			}
			if !res.OK() {
				return exitWith(exitNo)
			}
			return nil
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&command, "command", "", "the port's command `line`; no shell sees it (required)")
	flags.StringVar(&results, "results", "", "also write the results, as JSON, into this `file`")
	flags.StringVar(&name, "name", "", "the port's name in the results; the last word of the command by default")
	flags.DurationVar(&timeout, "timeout", portrun.DefaultTimeout, "the bound on one answer")
	flags.IntVar(&show, "show", 20, "how many failures to print; the results hold all")
	_ = cmd.MarkFlagRequired("command")
	return cmd
}

func printPortResults(w io.Writer, res *portrun.Results, show int) error {
	for i, o := range res.Failures {
		if i == show {
			fmt.Fprintf(w, "… and %d failures more\n\n", len(res.Failures)-show)
			break
		}
		fmt.Fprintf(w, "FAIL %s (%s, rule %s)\n", o.ID, o.Op, o.Rule)
		if o.Comment != "" {
			fmt.Fprintf(w, "     %s\n", o.Comment)
		}
		for _, reason := range o.Reasons {
			fmt.Fprintf(w, "     %s\n", reason)
		}
		fmt.Fprintf(w, "     see: fakeconnector vectors show %s\n\n", o.ID)
	}
	for _, note := range res.Notes {
		fmt.Fprintf(w, "NOTE %s\n\n", note)
	}
	width := len("op")
	for _, n := range res.Counts {
		width = max(width, len(n.Op))
	}
	row := func(op string, pass, fail, unsupported any) {
		fmt.Fprintf(w, "%-*s  %5v  %5v  %11v\n", width, op, pass, fail, unsupported)
	}
	row("op", "pass", "fail", "unsupported")
	sum := portrun.Count{Op: "all"}
	for _, n := range res.Counts {
		row(n.Op, n.Pass, n.Fail, n.Unsupported)
		sum.Pass += n.Pass
		sum.Fail += n.Fail
		sum.Unsupported += n.Unsupported
	}
	row(sum.Op, sum.Pass, sum.Fail, sum.Unsupported)
	_, err := fmt.Fprintf(w, "\n%s: %d vectors asked, none skipped; version %s, sha256 %s\n", res.Port, res.Asked, res.Vectors.Version, res.Vectors.SHA256)
	return err
}

func writeResults(path string, res *portrun.Results) error {
	data, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return usagef("--results: %s", strings.TrimPrefix(err.Error(), "open "))
	}
	return nil
}
