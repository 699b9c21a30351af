package kit

import (
	"context"
	"sync/atomic"
	"time"
)

// Busy watches whether this machine gets to its work, for a run that is to be no wider than
// the machine bears: each case that runs beside the others makes all of them later.
type Busy struct{ since atomic.Int64 }

const (
	busyTick = 10 * time.Millisecond
	// busyFrom is how late a timer of the suite's own is on a machine that has too much to
	// do. A quiet one is less than a millisecond late; one that the suite itself keeps busy,
	// some.
	busyFrom = 30 * time.Millisecond
	// busyFor is how long a late timer counts.
	busyFor = 500 * time.Millisecond
)

// WatchBusy watches until ctx ends.
func WatchBusy(ctx context.Context) *Busy {
	b := &Busy{}
	go func() {
		timer := time.NewTimer(busyTick)
		defer timer.Stop()
		for last := time.Now(); ; {
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			now := time.Now()
			if now.Sub(last)-busyTick > busyFrom {
				b.since.Store(now.UnixNano())
			}
			last = now
			timer.Reset(busyTick)
		}
	}()
	return b
}

// Is reports whether the machine was late a moment ago.
func (b *Busy) Is() bool { return time.Now().UnixNano()-b.since.Load() < int64(busyFor) }
