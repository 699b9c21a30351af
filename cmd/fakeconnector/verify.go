package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/report"
)

func verifyCommand() *cobra.Command {
	var f verifyFlags
	var list bool
	var reportDir string
	cmd := &cobra.Command{
		Use:   "verify (--command LINE | --attach | --target FILE) [flags]",
		Short: "Judge a gateway by the contract",
		Long: "verify starts a gateway, or waits for one that runs already, and judges it by every\n" +
			"rule of the contract that can be seen from outside. It prints each verdict, the\n" +
			"evidence of what failed, and what it comes to.\n\n" +
			"Exit codes: 0 conformant, 1 not conformant, 2 a command line or target file that\n" +
			"cannot be meant, 3 the gateway could not be started or the suite itself failed.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen, err := f.cases()
			if err != nil {
				return err
			}
			if list {
				return listCases(cmd.OutOrStdout(), chosen)
			}
			o, err := f.options(cmd, chosen)
			if err != nil {
				return err
			}
			if reportDir != "" {
				// Before the run, which may take minutes.
				if err := os.MkdirAll(reportDir, 0o755); err != nil {
					return usagef("--report: %w", err)
				}
			}
			progress := newProgress(cmd.ErrOrStderr(), len(chosen))
			o.Done = progress.done
			result, err := conformance.Verify(cmd.Context(), o)
			progress.clear()
			if err != nil {
				return err
			}
			if err := report.WriteTable(cmd.OutOrStdout(), result); err != nil {
				return err
			}
			if reportDir != "" {
				if err := writeReports(reportDir, result); err != nil {
					return err
				}
			}
			return exitWith(result.Header.Outcome.Exit)
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&list, "list", false, "print the chosen cases and end: id, level, feature, title")
	cmd.Flags().StringVar(&reportDir, "report", "", "also write report.json and junit.xml into this `directory`")
	return cmd
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
