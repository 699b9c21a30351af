// Command gateway runs the reference gateway as a process: it dials the relay that
// GATEWAY_RELAY_URL names and echoes each inbound text back to its chat.
//
// SIGTERM and SIGINT drain it: it announces going idle, serves until the connector
// acknowledges or the bound is over, and exits 0. Exit code 1 is a failure while
// running, 2 a wrong configuration or command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/relaykit/relaykit/reference"
	"github.com/relaykit/relaykit/reference/driver"
)

// The exit codes.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Getenv, os.Stderr))
}

// run is the process without its globals. ctx ends on a signal.
func run(ctx context.Context, getenv func(string) string, stderr io.Writer) int {
	log := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	config, err := reference.FromEnv(getenv)
	if err != nil {
		fmt.Fprintf(stderr, "gateway: %v\n", err)
		return exitUsage
	}
	config.Logger = log

	handler := reference.Handler(reference.HandlerFunc(echo))
	var channel *driver.Channel
	if url := getenv(driver.EnvURL); url != "" {
		channel = driver.New(url, "relaykit-reference", version(), log)
		handler = channel
		config.Observer = channel.Observer()
		config.Accept = channel.Accept
	}
	gateway, err := reference.New(config, handler)
	if err != nil {
		fmt.Fprintf(stderr, "gateway: %v\n", err)
		return exitUsage
	}
	if channel != nil {
		channel.Start(gateway)
		defer channel.Close()
	}

	ended := make(chan error, 1)
	go func() { ended <- gateway.Run(context.Background()) }()
	select {
	case <-ctx.Done():
		log.Info("draining")
		if err := gateway.Shutdown(context.Background()); err != nil {
			log.Warn("drained", "error", err)
		}
		err = <-ended
	case err = <-ended:
		// A shutdown that the driver asked for.
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error("gateway ended", "error", err)
		return exitFail
	}
	log.Info("stopped")
	return exitOK
}

// echo answers an event with its own text.
func echo(ctx context.Context, turn *reference.Turn) error {
	_, err := turn.Reply(ctx, turn.Event.Text)
	return err
}
