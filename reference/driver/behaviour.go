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

	received map[*reference.Turn]receipt // of turns that are not over
}

// receipt is what was in force when an event was received. The driver hears of an
// event on receipt, before it is handled; what it says after that must not race with
// the handling: a release lets go of every event that was received before it, whether
// or not its hold has begun, and the step of acceptance is decided on receipt.
type receipt struct {
	accept  mode
	release <-chan struct{}
}

func (b *behaviour) receive(turn *reference.Turn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.received == nil {
		b.received = map[*reference.Turn]receipt{}
	}
	r := receipt{accept: silent, release: b.release}
	if b.at == atAccept {
		r.accept = b.mode
	}
	b.received[turn] = r
}

func (b *behaviour) forget(turn *reference.Turn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.received, turn)
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

// of is what was in force when a turn's event was received, and the mode of the turn
// itself, which is the one in force now.
func (b *behaviour) of(turn *reference.Turn) (r receipt, now mode) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now = silent
	if b.at == atTurn {
		now = b.mode
	}
	return b.received[turn], now
}

var errTold = errors.New("failed as the driver told it to")

// Accept is the step before a turn; it belongs into [reference.Config].
func (c *Channel) Accept(ctx context.Context, turn *reference.Turn) error {
	r, _ := c.behaviour.of(turn)
	switch r.accept {
	case fail:
		c.behaviour.forget(turn)
		return errTold
	case hold:
		select {
		case <-r.release:
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
	r, now := c.behaviour.of(turn)
	switch now {
	case fail:
		return errTold
	case echo:
		_, err := turn.Reply(ctx, turn.Event.Text)
		return err
	case hold:
		select {
		case <-r.release:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
