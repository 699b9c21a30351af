package driver

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/relaykit/relaykit/reference"
)

// mode is what the gateway's handler does.
type mode string

const (
	echo   mode = "echo"   // sends the text back to its chat
	silent mode = "silent" // does nothing, successfully
	fail   mode = "fail"   // fails
	hold   mode = "hold"   // waits until it is released, or its session is interrupted
)

// step is where the mode applies.
type step string

const (
	atTurn   step = "turn"   // the turn itself
	atAccept step = "accept" // the step whose success inbound_ack reports
)

// behaviour is what the driver has told the handler to do. The zero value is unusable
// before set.
type behaviour struct {
	mu      sync.Mutex
	mode    mode
	at      step
	release chan struct{} // closed by the next release
}

// set replaces the behaviour. What is held stays held.
func (b *behaviour) set(m mode, at step) error {
	switch m {
	case echo, silent, fail, hold:
	default:
		return fmt.Errorf("mode: expected echo, silent, fail or hold, got %q", m)
	}
	switch at {
	case "":
		at = atTurn
	case atTurn, atAccept:
	default:
		return fmt.Errorf("at: expected accept or turn, got %q", at)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mode, b.at = m, at
	if b.release == nil {
		b.release = make(chan struct{})
	}
	return nil
}

// letGo releases everything that is held.
func (b *behaviour) letGo() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.release)
	b.release = make(chan struct{})
}

// at is the mode in force at a step. A mode for acceptance leaves the turn silent.
func (b *behaviour) in(s step) (mode, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at != s {
		return silent, b.release
	}
	return b.mode, b.release
}

var errTold = errors.New("failed as the driver told it to")

// Accept is the step before a turn; it belongs into [reference.Config].
func (c *Channel) Accept(ctx context.Context, turn *reference.Turn) error {
	mode, released := c.behaviour.in(atAccept)
	switch mode {
	case fail:
		return errTold
	case hold:
		select {
		case <-released:
		case <-ctx.Done():
			// An interrupt ends the hold and the turn, but the event was not refused.
			if context.Cause(ctx) != reference.ErrInterrupted {
				return context.Cause(ctx)
			}
		}
	}
	return nil
}

// HandleTurn implements [reference.Handler].
func (c *Channel) HandleTurn(ctx context.Context, turn *reference.Turn) error {
	mode, released := c.behaviour.in(atTurn)
	switch mode {
	case fail:
		return errTold
	case echo:
		_, err := turn.Reply(ctx, turn.Event.Text)
		return err
	case hold:
		select {
		case <-released:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
