package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/conformance"
)

// smoke tells how far a gateway comes with its handshake.
func smoke(cmd *cobra.Command, o conformance.Options) error {
	o.Rerun = nil // no case is run
	p, err := conformance.Smoke(cmd.Context(), o)
	if err != nil {
		return err
	}
	code := tellProbe(cmd.OutOrStdout(), p)
	if code == exitYes {
		fmt.Fprintln(cmd.OutOrStdout(), "The handshake is complete. Without --smoke the gateway is judged.")
	}
	return exitWith(code)
}

// tellProbe writes what was seen, and what is missing; it returns the exit code.
func tellProbe(w io.Writer, p conformance.Probe) int {
	for _, s := range p.Steps {
		fmt.Fprintf(w, "ok       %-9s %s\n", s.Name, s.Detail)
	}
	if m := p.Missing; m != nil {
		fmt.Fprintf(w, "MISSING  %s\n", m.Reason)
		fmt.Fprintf(w, "to do    %s\n\n", m.Hint)
		for line := range strings.Lines(m.Evidence) {
			fmt.Fprintf(w, "    %s\n", strings.TrimRight(line, "\n"))
		}
		if len(m.Log) == 0 {
			fmt.Fprintln(w, "    the gateway's log is empty")
		} else {
			fmt.Fprintln(w, "    the end of the gateway's log:")
		}
		for _, line := range m.Log {
			fmt.Fprintf(w, "      %q\n", line)
		}
		fmt.Fprintln(w, "\nThe handshake is not complete, so nothing else can be judged yet.")
		return exitNo
	}
	for _, b := range p.Broken {
		fmt.Fprintf(w, "but      %s\n", b)
	}
	if len(p.Broken) > 0 {
		fmt.Fprintln(w, "The handshake is complete, and breaks what is said above.")
		return exitNo
	}
	return exitYes
}
