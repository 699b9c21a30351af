package reference

import (
	"context"
	"fmt"
	"sync"
)

// State is where a gateway stands with its relay.
type State string

// The states, in the order of a life.
const (
	StateConnecting   State = "connecting"   // the first dial is under way
	StateConnected    State = "connected"    // a descriptor arrived on this socket
	StateReconnecting State = "reconnecting" // not connected, and dialing again by itself
	StateDisabled     State = "disabled"     // the credential was revoked; no more dialing
	StateStopped      State = "stopped"      // stopped on purpose
)

// The codes of a [Status].
const (
	CodeDialFailed       = "dial_failed"       // no WebSocket came about
	CodeHandshakeTimeout = "handshake_timeout" // no descriptor within the bound
	CodeBadDescriptor    = "bad_descriptor"    // a descriptor that cannot be read
	CodeClosed           = "closed"            // the session ended
	CodeRelayDisabled    = "relay_disabled"    // the contract's fatal code after a revocation
)

// Status is a state with its reason.
type Status struct {
	State State
	// Code is the reason in one stable word, empty when there is nothing to explain.
	Code string
	// CloseCode is the close code that the connector sent, 0 for none.
	CloseCode int
	// Retryable says that the gateway will try again by itself.
	Retryable bool
	// Message explains the code in words.
	Message string
}

// statusBoard keeps the last status and tells an observer, once per change of state.
type statusBoard struct {
	mu      sync.Mutex
	last    Status
	notify  func(Status)
	changed chan struct{} // closed at the next change; nil while nobody waits
}

func (b *statusBoard) set(s Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last.State == s.State || b.last.State == StateStopped {
		return
	}
	b.last = s
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
	b.notify(s) // under the lock, so that observers see the changes in order
}

func (b *statusBoard) get() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// Status is where the gateway stands now; zero before [Gateway.Run].
func (g *Gateway) Status() Status { return g.status.get() }

// WaitConnected waits until the gateway is connected. The error says why it will not
// be: ctx has ended, or the gateway is disabled or stopped.
func (g *Gateway) WaitConnected(ctx context.Context) error {
	for {
		status, changed := g.status.next()
		switch status.State {
		case StateConnected:
			return nil
		case StateDisabled, StateStopped:
			return fmt.Errorf("the relay is %s: %s", status.State, status.Message)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the relay, which is %s %s: %w", status.State, status.Code, context.Cause(ctx))
		}
	}
}

// next is the last status and a channel that is closed when it changes.
func (b *statusBoard) next() (Status, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.last, b.changed
}
