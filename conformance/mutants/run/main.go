// Command run judges mutants of the reference gateway and prints what became of them.
//
//	go run ./conformance/mutants/run [-full] [-evidence] [mutant, rule or area …]
//
// It exits 1 when a mutant survived, spread to another rule, or no longer applies.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/launch"
	"github.com/relaykit/relaykit/conformance/mutants"
)

// parallel: a mutant mostly waits for what its gateway fails to do.
const parallel = 4

func main() {
	full := flag.Bool("full", false, "run every case on every mutant, to see how far it spreads")
	evidence := flag.Bool("evidence", false, "print what the first red case says")
	root := flag.String("root", ".", "the module's root")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *root, flag.Args(), *full, *evidence); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, patterns []string, full, evidence bool) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	all, err := mutants.All()
	if err != nil {
		return err
	}
	selected, err := mutants.Select(all, patterns)
	if err != nil {
		return err
	}
	options := func(command string) conformance.Options {
		return conformance.Options{
			Launcher: launch.Command([]string{command}),
			Timing:   kit.ContractTiming().Scaled(kit.DefaultScale),
			TimingEnv: func(t kit.Timing) (map[string]string, error) {
				return map[string]string{
					"GATEWAY_HANDSHAKE_TIMEOUT": t.Handshake.String(), "GATEWAY_OUTBOUND_TIMEOUT": t.Outbound.String(),
					"GATEWAY_IDLE_TIMEOUT": t.IdleAck.String(), "GATEWAY_BACKOFF_BASE": t.BackoffBase.String(),
					"GATEWAY_BACKOFF_CAP": t.BackoffCap.String(), "GATEWAY_SHUTDOWN_BUDGET": t.Shutdown.String(),
				}, nil
			},
		}
	}
	bad := 0
	mutants.JudgeAll(ctx, selected, root, options, full, parallel, func(o mutants.Outcome) {
		fmt.Print(mutants.Table([]mutants.Outcome{o}))
		if evidence && o.Evidence != "" {
			fmt.Println(o.Evidence)
		}
		if !o.OK() {
			bad++
		}
	})
	fmt.Printf("%d mutants, %d killed by their own rule alone, %d not\n", len(selected), len(selected)-bad, bad)
	if bad > 0 {
		return fmt.Errorf("%d mutants were not killed as they should be", bad)
	}
	return nil
}
