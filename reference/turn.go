package reference

import (
	"context"
	"errors"
	"fmt"

	"github.com/relaykit/relaykit/protocol"
)

// Handler runs the turns of a gateway.
type Handler interface {
	// HandleTurn runs one turn. Turns of one session key run one after the other in the
	// order of their events, turns of different ones side by side. ctx ends with
	// [ErrInterrupted] when the connector interrupts the turn, and with the cause of
	// the end when the gateway stops; a dropped connection does not end it. An error
	// or a panic ends this turn only.
	HandleTurn(ctx context.Context, turn *Turn) error
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, turn *Turn) error

// HandleTurn implements [Handler].
func (f HandlerFunc) HandleTurn(ctx context.Context, turn *Turn) error { return f(ctx, turn) }

// Turn is one event and the means to answer it.
type Turn struct {
	// Event is the event as it came, except that an unknown message type reads text and
	// an unknown platform relay.
	Event protocol.Event
	// SessionKey is the key that the turn runs under.
	SessionKey string
	// Gateway is the gateway that received the event.
	Gateway *Gateway
}

// ErrInterrupted is the cause of a turn's context after an interrupt.
var ErrInterrupted = errors.New("the turn was interrupted")

// Outcome is how a turn ended.
type Outcome string

// The outcomes of a turn.
const (
	OutcomeDone        Outcome = "done"
	OutcomeFailed      Outcome = "failed"
	OutcomeInterrupted Outcome = "interrupted"
)

// Reply sends a text to the turn's chat, as a reply to the event's message where it
// has one. A text over the platform's limit is cut by [Split]; the first piece alone
// is a reply. The result is that of the last piece that was sent.
func (t *Turn) Reply(ctx context.Context, text string) (Result, error) {
	pieces := []string{text}
	if c, ok := t.Gateway.Capabilities(); ok {
		pieces = c.Split(text)
	}
	var result Result
	for i, piece := range pieces {
		send := protocol.Send{ChatID: t.Event.Source.ChatID, Content: piece}
		if id := t.Event.MessageID.Or(""); i == 0 && id != "" {
			send.ReplyTo = protocol.Some(id)
		}
		var err error
		if result, err = t.Gateway.Send(ctx, send); err != nil {
			return result, err
		}
	}
	return result, nil
}

// run calls the handler and names the outcome.
func (g *Gateway) run(j *job) (outcome Outcome) {
	defer func() {
		if p := recover(); p != nil {
			g.log.Error("turn panicked", "session_key", j.turn.SessionKey, "panic", fmt.Sprint(p))
			outcome = OutcomeFailed
		}
	}()
	err := context.Cause(j.ctx) // an interrupt that came before the turn could start
	if err == nil {
		err = g.handler.HandleTurn(j.ctx, j.turn)
	}
	switch {
	case err == nil:
		return OutcomeDone
	case context.Cause(j.ctx) == ErrInterrupted:
		return OutcomeInterrupted
	default:
		g.log.Warn("turn failed", "session_key", j.turn.SessionKey, "error", err)
		return OutcomeFailed
	}
}
