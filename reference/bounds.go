package reference

import (
	"errors"
	"fmt"
	"time"
)

// Bounds are the times that a gateway waits. A zero field takes the value of
// [DefaultBounds].
type Bounds struct {
	// Handshake bounds the dial with its upgrade, and then again the wait from the
	// hello to the descriptor. Contract: 30 s, section "Handshake".
	Handshake time.Duration
	// Outbound bounds the wait for an outbound_result. Contract: 30 s, section
	// "Outbound correlation".
	Outbound time.Duration
	// Idle bounds the wait for going_idle_ack. Contract: 10 s, section "Going idle".
	Idle time.Duration
	// BackoffBase is the first redial delay, which then doubles. Contract: 1 s.
	BackoffBase time.Duration
	// BackoffCap is the longest redial delay, jitter apart. Contract: 30 s.
	BackoffCap time.Duration
	// Shutdown bounds a whole drain: the wait for the ack, the turns that still run,
	// the close, for which twice Close is set aside. The contract only says that a missing ack never blocks shutdown.
	Shutdown time.Duration
	// Write bounds one write to the socket, so that a peer that has stopped reading
	// ends the session instead of blocking every sender.
	Write time.Duration
	// Ping is the time between keepalive pings.
	Ping time.Duration
	// Silence ends a session on which not one byte came, pongs included. A slow
	// network that still delivers something is not silent.
	Silence time.Duration
	// Close bounds the wait for the peer's answer to our close frame. It defaults to a
	// second, or to a tenth of Shutdown if that is less.
	Close time.Duration
	// HTTP bounds one request of the HTTP plane, so that a stalled connector does not
	// hold up the boot for ever.
	HTTP time.Duration
}

// DefaultBounds are the contract's values, and where it names none, values that suit
// a slow network: three pings may go unanswered before a session counts as dead.
func DefaultBounds() Bounds {
	return Bounds{
		Handshake:   30 * time.Second,
		Outbound:    30 * time.Second,
		Idle:        10 * time.Second,
		BackoffBase: time.Second,
		BackoffCap:  30 * time.Second,
		Shutdown:    15 * time.Second,
		Write:       10 * time.Second,
		Ping:        20 * time.Second,
		Silence:     65 * time.Second,
		Close:       time.Second,
		HTTP:        15 * time.Second,
	}
}

// orDefaults fills the zero fields and refuses negative ones.
func (b Bounds) orDefaults() (Bounds, error) {
	d := DefaultBounds()
	if b.Shutdown == 0 {
		b.Shutdown = d.Shutdown
	}
	var errs []error
	for _, f := range []struct {
		name     string
		value    *time.Duration
		fallback time.Duration
	}{
		{"Handshake", &b.Handshake, d.Handshake},
		{"Outbound", &b.Outbound, d.Outbound},
		{"Idle", &b.Idle, d.Idle},
		{"BackoffBase", &b.BackoffBase, d.BackoffBase},
		{"BackoffCap", &b.BackoffCap, d.BackoffCap},
		{"Shutdown", &b.Shutdown, 0},
		{"Write", &b.Write, d.Write},
		{"Ping", &b.Ping, d.Ping},
		{"Silence", &b.Silence, d.Silence},
		{"Close", &b.Close, min(d.Close, b.Shutdown/10)},
		{"HTTP", &b.HTTP, d.HTTP},
	} {
		switch {
		case *f.value < 0:
			errs = append(errs, fmt.Errorf("bound %s: expected a positive duration, got %s", f.name, *f.value))
		case *f.value == 0:
			*f.value = f.fallback
		}
	}
	return b, errors.Join(errs...)
}
