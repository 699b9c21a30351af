package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/relaykit/relaykit/reference"
)

// behaviour is what a turn does.
func behaviour(o runOptions) (reference.Handler, error) {
	switch o.behaviour {
	case "echo":
		return reference.HandlerFunc(echo), nil
	case "silent":
		return reference.HandlerFunc(func(context.Context, *reference.Turn) error { return nil }), nil
	case "script":
		return readScript(o.script)
	}
	return nil, fmt.Errorf("--behaviour: expected echo, silent or script, got %q", o.behaviour)
}

// echo answers an event with its own text.
func echo(ctx context.Context, turn *reference.Turn) error {
	_, err := turn.Reply(ctx, turn.Event.Text)
	return err
}

// script is a list of rules. The first whose `when` is the text of the event, or is
// left out, applies; an event that none applies to is met with silence.
//
//   - when: ping
//     reply: [pong]
//   - when: trouble
//     fail: true
//   - reply: [one, two]
type script []struct {
	When  *string  `yaml:"when"`
	Reply []string `yaml:"reply"`
	Fail  bool     `yaml:"fail"`
}

func readScript(path string) (reference.Handler, error) {
	if path == "" {
		return nil, errors.New("--behaviour script: expected a file in --script, got none")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--script: %w", err)
	}
	defer file.Close()
	var s script
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&s); err != nil {
		return nil, fmt.Errorf("--script %s: expected a YAML list of rules: %w", path, err)
	}
	return s, nil
}

var errScripted = errors.New("failed as the script told it to")

// HandleTurn implements [reference.Handler].
func (s script) HandleTurn(ctx context.Context, turn *reference.Turn) error {
	for _, rule := range s {
		if rule.When != nil && *rule.When != turn.Event.Text {
			continue
		}
		for _, text := range rule.Reply {
			if _, err := turn.Reply(ctx, text); err != nil {
				return err
			}
		}
		if rule.Fail {
			return errScripted
		}
		return nil
	}
	return nil
}
