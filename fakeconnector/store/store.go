// Package store is where a connector keeps what must outlive a session: for each
// instance the buffer `delivery:<instance>`, its flip, and what was set aside.
//
// [Memory] is the default. An engine outside of the process implements [Store]; the
// interface asks for nothing that an ordered log with a conditional write does not have.
package store

import (
	"context"
	"errors"
	"time"
)

// Entry is one delivery that waits for an instance.
type Entry struct {
	Seq     int64  // place in the buffer: later entries have greater ones
	ID      string // the bufferId: not empty, and never used for another entry of the store
	Payload []byte // the frame, without its bufferId
	Tries   int    // sessions that ended with this entry as the first one not acknowledged
}

// Parked is an entry that was set aside because it cannot be delivered.
type Parked struct {
	Entry
	Reason string
}

// ErrFull says that the buffer of an instance has no room.
var ErrFull = errors.New("the buffer is full")

// Store holds buffers and flips. Implementations are safe for concurrent use, and each
// method takes effect at once and as a whole.
type Store interface {
	// Append puts a payload at the end of the instance's buffer and gives it its ID. The
	// error is [ErrFull] when there is no room.
	Append(ctx context.Context, instance string, payload []byte) (Entry, error)
	// Read returns at most limit entries with a Seq greater than after, in order.
	Read(ctx context.Context, instance string, after int64, limit int) ([]Entry, error)
	// Ack removes the entry of that ID; false if there is none.
	Ack(ctx context.Context, instance, id string) (bool, error)
	// Tried counts one more try of an entry.
	Tried(ctx context.Context, instance, id string) error
	// Park takes an entry out of the buffer and sets it aside.
	Park(ctx context.Context, instance, id, reason string) error
	// Parked returns what was set aside, oldest first.
	Parked(ctx context.Context, instance string) ([]Parked, error)

	// Flip makes the instance buffered-only.
	Flip(ctx context.Context, instance string) error
	// Unflip ends that, unless the buffer holds an entry; it reports whether it did. The
	// two belong together: an entry that is appended meanwhile must not be left behind.
	Unflip(ctx context.Context, instance string) (bool, error)
	// Flipped reports whether the instance is buffered-only.
	Flipped(ctx context.Context, instance string) (bool, error)

	// Lease makes holder the only one that drains the instance, for ttl or until Release.
	// It renews a lease that holder has, and reports false while another one has it.
	Lease(ctx context.Context, instance, holder string, ttl time.Duration) (bool, error)
	// Release ends holder's lease, if it has one.
	Release(ctx context.Context, instance, holder string) error
}
