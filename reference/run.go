package reference

import (
	"context"
	"time"
)

// Run provisions the gateway if it must, declares its policy, and then dials the relay
// and keeps at it until the gateway is stopped. (Contract, sections "Provisioning",
// "Policy" and "Reconnect".) It returns nil after [Gateway.Shutdown], and the cause of ctx
// when that ends first; ending ctx stops at once, without a drain. Run serves one life: it
// returns [ErrRunning] when it runs already, and [ErrStopped] after a shutdown. A revoked gateway
// stops dialing but stays in Run, so that its status can still be read.
//
// This loop is the only dialer, and a session is closed for good before the loop goes
// round: there is never a second dialer and never an old socket beside a new one.
func (g *Gateway) Run(ctx context.Context) error {
	g.mu.Lock()
	if g.running || g.draining {
		stopped := g.draining
		g.mu.Unlock()
		if stopped {
			return ErrStopped
		}
		return ErrRunning
	}
	g.running = true
	g.mu.Unlock()

	outer, ctx := ctx, g.life
	unwatch := context.AfterFunc(outer, func() { g.endLife(context.Cause(outer)) })
	defer unwatch()
	defer close(g.ended)
	defer g.status.set(Status{State: StateStopped, Message: "stopped on purpose"})
	defer g.awaitTurns()

	g.status.set(Status{State: StateConnecting})
	g.boot(ctx)
	ladder := &backoff{base: g.bounds.BackoffBase, cap: g.bounds.BackoffCap, jitter: g.config.Jitter}
	for g.dialing.Err() == nil {
		e := g.attempt(ctx, ladder)
		if ctx.Err() != nil {
			break
		}
		e.message = g.redactor.clean(e.message) // it may quote the connector
		status := decide(e, g.handshakenBefore())
		if g.dialing.Err() != nil && status.State != StateDisabled {
			break // the session ended during a drain
		}
		g.status.set(status)
		if status.State == StateDisabled {
			g.log.Error("relay disabled", "code", status.Code, "close_code", status.CloseCode, "message", status.Message)
			break
		}
		delay := ladder.next()
		g.log.Warn("relay down, will dial again", "reason", e.String(), "in", delay)
		if !sleep(g.dialing, delay) {
			break
		}
	}
	if g.Status().State != StateDisabled {
		g.status.set(Status{State: StateStopped, Message: "stopped on purpose"})
	}
	<-ctx.Done() // a drain still lets turns end
	if cause := context.Cause(ctx); cause != ErrStopped {
		return cause
	}
	return nil
}

// attempt is one dial and, if it succeeds, one session from hello to close. When it
// returns, the socket is closed, its reader has ended and all that was in flight on
// it has failed.
func (g *Gateway) attempt(ctx context.Context, ladder *backoff) end {
	conn, err := g.dial(g.dialing)
	if err != nil {
		return end{code: CodeDialFailed, message: err.Error()}
	}
	s := newSession(g, conn, ladder.reset)
	stop := func() { s.close(closeNormal, "", end{code: CodeClosed, message: "stopped on purpose"}) }
	unwatch := context.AfterFunc(ctx, stop)
	defer unwatch()
	unwatchDial := context.AfterFunc(g.dialing, func() {
		if g.current() != s { // a live session is the drain's to end
			stop()
		}
	})
	defer unwatchDial()
	s.hello()
	return s.read()
}

// sleep waits and reports whether it waited to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// awaitTurns gives the turns, whose contexts have ended, a moment to return. A handler
// that does not heed its context is left behind.
func (g *Gateway) awaitTurns() {
	ctx, cancel := context.WithTimeout(context.Background(), g.bounds.Close)
	defer cancel()
	if !g.lanes.wait(ctx) {
		g.log.Warn("turns are still running after the end of their context; a handler must heed its context")
	}
}
