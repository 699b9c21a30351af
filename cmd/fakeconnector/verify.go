package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/report"
)

func verifyCommand() *cobra.Command {
	var v verification
	cmd := &cobra.Command{
		Use:   "verify (--command LINE | --image REF | --dockerfile PATH | --attach | --target FILE) [flags]",
		Short: "Judge a gateway by the contract",
		Long: "verify starts a gateway, or waits for one that runs already, and judges it by every\n" +
			"rule of the contract that can be seen from outside. It prints each verdict, the\n" +
			"evidence of what failed, and what it comes to.\n\n" +
			"To begin with a gateway, use --smoke, which looks at the handshake alone and says what\n" +
			"is missing, and then --init [FILE], which writes a target file (target.yaml).\n\n" +
			"Exit codes: 0 conformant, 1 not conformant, 2 a command line or target file that\n" +
			"cannot be meant, 3 the gateway could not be started or the suite itself failed.",
		Args: func(cmd *cobra.Command, args []string) error {
			if v.init {
				return cobra.MaximumNArgs(1)(cmd, args)
			}
			return cobra.NoArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := v.cases()
			if err != nil {
				return err
			}
			if err := v.checkMode(cmd); err != nil {
				return err
			}
			if v.list {
				return listCases(cmd.OutOrStdout(), chosen)
			}
			o, err := v.options(cmd, chosen)
			switch {
			case err != nil:
				return err
			case v.smoke:
				return smoke(cmd, o)
			case v.init:
				return v.writeTarget(cmd, o, args)
			}
			return v.judge(cmd, o)
		},
	}
	v.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&v.list, "list", false, "print the chosen cases and end: id, level, feature, title")
	flags.BoolVar(&v.smoke, "smoke", false, "look at the handshake alone, and say what is missing")
	flags.BoolVar(&v.init, "init", false, "find out what can be found out about the gateway, and write that into a target file: the argument, or target.yaml")
	flags.IntVar(&v.repeat, "repeat", 1, "judge it this many times over, and tell how stable each verdict is")
	flags.StringVar(&v.report, "report", "", "also write report.json and junit.xml into this `directory`")
	return cmd
}

// verification is a run of verify.
type verification struct {
	verifyFlags
	list, smoke, init bool
	repeat            int
	report            string
}

// checkMode refuses flags that do not go together.
func (v *verification) checkMode(cmd *cobra.Command) error {
	var modes []string
	for _, name := range []string{"list", "smoke", "init", "repeat"} {
		if cmd.Flags().Changed(name) {
			modes = append(modes, "--"+name)
		}
	}
	switch {
	case len(modes) > 1:
		return usagef("%s: expected one of them", strings.Join(modes, " and "))
	case v.repeat < 1:
		return usagef("--repeat: expected 1 or more, got %d", v.repeat)
	}
	return nil
}

// judge runs the cases and tells of them.
func (v *verification) judge(cmd *cobra.Command, o conformance.Options) error {
	if v.report != "" {
		// Before the run, which may take minutes.
		if err := os.MkdirAll(v.report, 0o755); err != nil {
			return usagef("--report: %w", err)
		}
	}
	progress := newProgress(cmd.ErrOrStderr(), len(o.Cases)*v.repeat)
	o.Done = progress.done
	var result report.Run
	var err error
	if cmd.Flags().Changed("repeat") {
		result, err = conformance.Repeat(cmd.Context(), o, v.repeat)
	} else {
		result, err = conformance.Verify(cmd.Context(), o)
	}
	progress.clear()
	if errors.Is(err, conformance.ErrNothingToJudge) {
		return usagef("--focus: %w", err)
	}
	if err != nil {
		return err
	}
	if err := report.WriteTable(cmd.OutOrStdout(), result); err != nil {
		return err
	}
	if v.report != "" {
		if err := writeReports(v.report, result); err != nil {
			return err
		}
	}
	return exitWith(result.Header.Outcome.Exit)
}

func listCases(w io.Writer, chosen []kit.Case) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, c := range chosen {
		feature := c.Needs.Feature
		if feature == "" {
			feature = "-"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", c.ID, c.Level, feature, c.Title)
	}
	return tw.Flush()
}

// writeReports writes the run for machines.
func writeReports(dir string, run report.Run) error {
	for _, out := range []struct {
		name  string
		write func(io.Writer, report.Run) error
	}{{"report.json", report.WriteJSON}, {"junit.xml", report.WriteJUnit}} {
		file, err := os.Create(filepath.Join(dir, out.name))
		if err != nil {
			return fmt.Errorf("--report: %w", err)
		}
		err = out.write(file, run)
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return fmt.Errorf("--report: %w", err)
		}
	}
	return nil
}
