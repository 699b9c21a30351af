package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/relaykit/relaykit/internal/build"
	"github.com/relaykit/relaykit/reference"
	"github.com/relaykit/relaykit/reference/driver"
)

type runOptions struct{ config, behaviour, script string }

// run is the gateway's life: until a signal drains it, or the driver does.
func run(ctx context.Context, o runOptions, getenv func(string) string, stderr io.Writer) error {
	log := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	config, err := load(o.config, getenv)
	if err != nil {
		return err
	}
	config.Logger = log
	handler, err := behaviour(o)
	if err != nil {
		return err
	}
	var channel *driver.Channel
	if url := getenv(driver.EnvURL); url != "" {
		// The driver decides what a turn does.
		channel = driver.New(url, "relaykit-reference", build.Read().String(), log)
		handler, config.Observer, config.Accept = channel, channel.Observer(), channel.Accept
	}
	gateway, err := reference.New(config, handler)
	if err != nil {
		return err
	}
	if channel != nil {
		defer channel.Close()
		stop := context.AfterFunc(ctx, channel.Close) // a signal need not wait for the driver
		channel.Start(gateway)
		stop()
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
	case err = <-ended: // the driver asked for a shutdown
	}
	if err != nil {
		return failure{fmt.Errorf("the gateway ended: %w", err)}
	}
	log.Info("stopped")
	return nil
}
