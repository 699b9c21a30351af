package kit

import (
	"context"
	"time"
)

// patienceTick is how often a wait looks at the clock. A tick that is late counts as one
// that is not: a machine that does not get to the suite does not get to the gateway.
const patienceTick = 100 * time.Millisecond

// patiently is context.WithTimeout for something that the gateway owes: the time counts as
// far as this machine has had any. On one that is busy with other things the wait is longer
// than the bound says, by as much as its timers are late.
func patiently(ctx context.Context, within time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		timer := time.NewTimer(min(within, patienceTick))
		defer timer.Stop()
		for last := time.Now(); within > 0; {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			now := time.Now()
			within -= min(now.Sub(last), patienceTick+patienceTick/10)
			last = now
			timer.Reset(max(0, min(within, patienceTick)))
		}
	}()
	return ctx, cancel
}
