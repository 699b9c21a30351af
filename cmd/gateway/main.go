// Command gateway runs the reference gateway as a process: it dials the relay that
// GATEWAY_RELAY_URL names and, unless told otherwise, echoes each inbound text back to
// its chat. `gateway enroll` trades an enrolment token for credentials.
//
// SIGTERM and SIGINT drain it: it announces going idle, serves until the connector
// acknowledges or the bound is over, and exits 0. Exit code 1 is a failure while
// running, 2 a wrong configuration or command line. Logs are JSON lines on stderr.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := execute(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// failure is an error while running; any other error is one of usage.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// execute is the process without its globals. ctx ends on a signal.
func execute(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	cmd := rootCommand(getenv, stdout, stderr)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "gateway: %v\n", err)
	if errors.As(err, new(failure)) {
		return exitFail
	}
	return exitUsage
}

func rootCommand(getenv func(string) string, stdout, stderr io.Writer) *cobra.Command {
	var o runOptions
	root := &cobra.Command{
		Use:   "gateway",
		Short: "A gateway that keeps the relay ⇄ connector contract",
		Long: "A gateway that keeps the relay ⇄ connector contract. It is configured by the contract's\n" +
			"environment variables, GATEWAY_RELAY_URL first, and by a YAML file.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), o, getenv, stderr)
		},
	}
	root.PersistentFlags().StringVar(&o.config, "config", "", "configuration file in YAML (default $"+envConfig+", else "+defaultConfig+" if there is one)")
	root.Flags().StringVar(&o.behaviour, "behaviour", "echo", "what a turn does: echo, silent or script")
	root.Flags().StringVar(&o.script, "script", "", "the file of --behaviour script")
	root.AddCommand(enrollCommand(&o.config, getenv, stdout))
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}
