package fakeconnector

import "time"

// Limits bound what the connector holds and how long it waits. A zero field takes the
// value of [DefaultLimits].
type Limits struct {
	MessageBytes    int64         // longest WebSocket message read; above it the session is closed with 1009
	LineBytes       int           // longest line read; a longer one is dropped as it comes
	BodyBytes       int           // longest body of an HTTP request; a longer one is answered with 413
	Gateways        int           // records that callers of the HTTP routes may bring it to
	Connections     int           // TCP connections at once; more are closed unread
	Sessions        int           // live sessions at once; more are refused with HTTP 503
	JournalEntries  int           // entries held by the journal
	JournalBytes    int           // bytes held by the journal
	QueuedWrites    int           // messages that wait for a gateway to read, above which it is reset, or that a stall or hold may keep
	RequestIDs      int           // requestIds and bufferIds remembered per session and instance
	BufferEntries   int           // entries in the buffer of one instance
	ChatsKnown      int           // chats and session keys remembered per tenant
	Bindings        int           // bindings, grants, link codes and hidden chats in the delivery gate, each
	HeaderTimeout   time.Duration // for the HTTP header of a dial to arrive
	WriteTimeout    time.Duration // for one message to leave; then the session is reset
	CloseTimeout    time.Duration // for the answer to our close frame; then TCP is closed
	ShutdownTimeout time.Duration // for all sessions to end in Close; then they are reset
	RedialGrace     time.Duration // for the end of an older socket to arrive, from the hello of the newer
	NewlineBound    time.Duration // for the newline after a line that is a whole JSON object
	PingInterval    time.Duration // between keepalive pings; negative for none
	IdleTimeout     time.Duration // without any bytes, after which a session counts as dead; negative for never
}

// DefaultLimits are the bounds of a connector that was given none.
func DefaultLimits() Limits {
	return Limits{
		MessageBytes:    8 << 20, // eight times what the contract's connector may send itself
		LineBytes:       4 << 20,
		BodyBytes:       1 << 20,
		Gateways:        100_000,
		Connections:     4096,
		Sessions:        1024,
		JournalEntries:  200_000,
		JournalBytes:    256 << 20,
		QueuedWrites:    100_000,
		RequestIDs:      65_536,
		BufferEntries:   100_000,
		ChatsKnown:      65_536,
		Bindings:        100_000,
		HeaderTimeout:   10 * time.Second,
		WriteTimeout:    10 * time.Second,
		CloseTimeout:    time.Second,
		ShutdownTimeout: time.Second,
		RedialGrace:     500 * time.Millisecond, // on loopback it is there already, and only a reader must have its turn
		NewlineBound:    2 * time.Second,        // a newline in a message of its own follows within milliseconds, on a loaded machine too
		PingInterval:    20 * time.Second,
		IdleTimeout:     -1, // a test may hold a gateway at a breakpoint
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	or(&l.MessageBytes, d.MessageBytes)
	or(&l.LineBytes, d.LineBytes)
	or(&l.BodyBytes, d.BodyBytes)
	or(&l.Gateways, d.Gateways)
	or(&l.Connections, d.Connections)
	or(&l.Sessions, d.Sessions)
	or(&l.JournalEntries, d.JournalEntries)
	or(&l.JournalBytes, d.JournalBytes)
	or(&l.QueuedWrites, d.QueuedWrites)
	or(&l.RequestIDs, d.RequestIDs)
	or(&l.BufferEntries, d.BufferEntries)
	or(&l.ChatsKnown, d.ChatsKnown)
	or(&l.Bindings, d.Bindings)
	or(&l.HeaderTimeout, d.HeaderTimeout)
	or(&l.WriteTimeout, d.WriteTimeout)
	or(&l.CloseTimeout, d.CloseTimeout)
	or(&l.ShutdownTimeout, d.ShutdownTimeout)
	or(&l.RedialGrace, d.RedialGrace)
	or(&l.NewlineBound, d.NewlineBound)
	or(&l.PingInterval, d.PingInterval)
	or(&l.IdleTimeout, d.IdleTimeout)
	return l
}

func or[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}
