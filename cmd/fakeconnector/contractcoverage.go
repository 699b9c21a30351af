package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/conformance/coverage"
	"github.com/relaykit/relaykit/conformance/kit"
)

// contractCoverageCommand shows what stands behind each rule.
func contractCoverageCommand() *cobra.Command {
	var side, format string
	var limit float64
	cmd := &cobra.Command{
		Use:   "coverage",
		Short: "Show the cases, vectors and mutants behind each rule",
		Long: "coverage prints, for each MUST and SHOULD of the baseline that binds a side, the cases\n" +
			"that judge it, the vectors that decide it and the mutants that prove that its cases can\n" +
			"fail, and what is excluded, with the reason and who could see it.\n\n" +
			"Exit codes: 0 covered, 1 when a rule has neither case nor exclusion, an exclusion names no\n" +
			"observer, or too many are excluded; 2 usage. The connector's side is only printed, unless\n" +
			"--max-excluded says how much of it may be left out.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if side != string(kit.GatewaySide) && side != string(kit.ConnectorSide) {
				return usagef("--side: expected %s or %s, got %q", kit.GatewaySide, kit.ConnectorSide, side)
			}
			if format != "text" && format != "json" && format != "markdown" {
				return usagef("--format: expected text, json or markdown, got %q", format)
			}
			if limit < 0 || limit > 100 {
				return usagef("--max-excluded: expected a percentage, got %g", limit)
			}
			in, err := coverage.Gather(kit.Side(side))
			if err != nil {
				return harnessError(err)
			}
			table := coverage.Of(in)
			problems := []coverage.Problem{}
			if gated := kit.Side(side) == kit.GatewaySide || cmd.Flags().Changed("max-excluded"); gated {
				problems = table.Problems(limit)
			}
			switch out := cmd.OutOrStdout(); format {
			case "json":
				err = writeJSON(out, struct {
					OK       bool               `json:"ok"`
					Problems []coverage.Problem `json:"problems"`
					Counts   coverage.Counts    `json:"counts"`
					coverage.Table
				}{len(problems) == 0, problems, table.Count(), table})
			case "markdown":
				err = table.Markdown(out)
			default:
				err = table.Text(out)
			}
			if err != nil {
				return err
			}
			for _, p := range problems {
				fmt.Fprintln(cmd.ErrOrStderr(), p)
			}
			if len(problems) > 0 {
				return exitWith(exitNo)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&side, "side", string(kit.GatewaySide), "whose rules: gateway or connector")
	cmd.Flags().StringVar(&format, "format", "text", "text, json or markdown")
	cmd.Flags().Float64Var(&limit, "max-excluded", coverage.MaxExcluded, "how many percent of the rules may be excluded")
	return cmd
}
