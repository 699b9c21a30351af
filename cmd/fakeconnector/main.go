// Command fakeconnector judges gateways, runs a fake connector for them and steers it,
// mints and verifies upgrade tokens, and reads the contract and its vectors.
//
// Exit codes, of every subcommand: 0 for yes (conformant, valid, done), 1 for no (not
// conformant, refused), 2 for a command line or a target file that cannot be meant,
// 3 for a failure of the tool itself or of what it stands on. Anything but 0 and 1
// comes with one line on standard error, and says nothing about the subject.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first interrupt ends the run in good order, a second one at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return exitCode(root.ExecuteContext(ctx), stderr)
}

// exitCode is the exit code of a command that ended with err, which it tells of.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitYes
	}
	// What cobra itself refuses (an unknown flag, a missing argument) has no code of
	// its own, and is always about the command line.
	code := exitUsage
	var failure *exitError
	if errors.As(err, &failure) {
		code = failure.code
	}
	if text := oneLine(err.Error()); text != "" {
		fmt.Fprintln(stderr, "fakeconnector: "+text)
	}
	return code
}

func rootCommand() *cobra.Command {
	root := group(&cobra.Command{
		Use:   "fakeconnector",
		Short: "Judge gateways against the relay connector contract, or be a connector for them",
		Long: `fakeconnector judges gateways against the relay connector contract; or it is a connector
for them to dial, which you steer from the command line or with curl. It holds the tools
around that as well: upgrade tokens, the contract document, the vectors.

To judge a gateway:    fakeconnector verify --command './my-gateway'
To have a connector:   fakeconnector serve`,
	},
		serveCommand(),
		healthcheckCommand(),
		verifyCommand(),
		contractCommand(),
		vectorsCommand(),
		tokenCommand(),
		versionCommand(),
	)
	root.AddGroup(&cobra.Group{ID: "judge", Title: "Judge a gateway, or a port of the protocol:"}, &cobra.Group{ID: "serve", Title: "Be a connector:"})
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "serve", "healthcheck":
			cmd.GroupID = "serve"
		case "version":
		default:
			cmd.GroupID = "judge"
		}
	}
	root.AddGroup(&cobra.Group{ID: steerGroup, Title: "Steer a connector that runs (fakeconnector serve):"})
	root.AddCommand(
		pushCommand(), publishCommand(), passthroughCommand(), interruptCommand(), sendCommand(),
		journalCommand(), instancesCommand(), sessionsCommand(), buffersCommand(), snapshotCommand(),
		gatewaysCommand(), instanceCommand(), tenantsCommand(), namespacesCommand(),
		bindingsCommand(), policiesCommand(), vaultCommand(),
		faultCommand(), stubCommand(),
		closeCommand(), revokeCommand(), rotateCommand(), flipCommand(), wakeCommand(), resetCommand(),
	)
	return root
}

// group makes a command that only holds others. Called without one of them it prints
// its help; with a word that is none of them it says which there are, where cobra
// would print the help and exit with 0.
func group(cmd *cobra.Command, subs ...*cobra.Command) *cobra.Command {
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var names []string
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				names = append(names, sub.Name())
			}
		}
		return usagef("%q is no command of %s; there are: %s", args[0], cmd.CommandPath(), strings.Join(names, ", "))
	}
	for _, sub := range subs {
		sub.SilenceErrors, sub.SilenceUsage = true, true
		sub.RunE = ownFailure(sub.RunE)
		cmd.AddCommand(sub)
	}
	return cmd
}

// ownFailure makes an error of a command's body, unless it carries an exit code, the
// tool's own failure. An error that never reached the body is about the command line.
func ownFailure(body func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	if body == nil {
		return nil
	}
	return func(cmd *cobra.Command, args []string) error {
		err := body(cmd, args)
		var failure *exitError
		if err == nil || errors.As(err, &failure) {
			return err
		}
		return harnessError(err)
	}
}
