package reference

import (
	"context"
	"errors"

	"github.com/relaykit/relaykit/protocol"
)

// Shutdown drains the gateway and stops it. It returns when [Gateway.Run] has
// returned; a later call waits for the first. It takes no longer than
// [Bounds].Shutdown, or until ctx ends.
//
// Contract, section "Going idle":
//
//   - The gateway says going_idle and keeps serving: what arrives before the ack is
//     handled as usual.
//   - It waits for going_idle_ack, within a bound; a missing ack never blocks shutdown.
//   - Then it closes. It lets the turns of accepted events end first, because the
//     connector will not deliver those again.
//   - A gateway that is disconnected has nobody to say it to, and dials no more, also
//     while turns are still running.
//
// An error says that turns were cut off; the gateway has stopped all the same.
func (g *Gateway) Shutdown(ctx context.Context) error {
	var err error
	g.drain.Do(func() {
		defer close(g.drained)
		err = g.shutdown(ctx)
	})
	<-g.drained
	return err
}

func (g *Gateway) shutdown(ctx context.Context) error {
	// Set aside: the answer to our close frame, and turns whose context has ended.
	ctx, cancel := context.WithTimeout(ctx, g.bounds.Shutdown-2*g.bounds.Close)
	defer cancel()
	if s := g.startDrain(); s != nil {
		g.goIdle(ctx, s)
	}
	finished := g.lanes.wait(ctx)
	g.endLife(ErrStopped)
	g.mu.Lock()
	running := g.running
	g.mu.Unlock()
	if running {
		<-g.ended
	}
	g.status.set(Status{State: StateStopped, Message: "stopped on purpose"}) // also of one that never ran
	if !finished {
		return errors.New("shutdown cut off turns that were still running: expected them to end within the shutdown budget")
	}
	return nil
}

// goIdle says that the gateway is going and waits for the connector to know it.
func (g *Gateway) goIdle(ctx context.Context, s *session) {
	ctx, cancel := context.WithTimeout(ctx, g.bounds.Idle)
	defer cancel()
	// A peer that has stopped reading must not hold up the shutdown, so the write has
	// no longer than the wait; that it ends the session is no loss now.
	deadline, _ := ctx.Deadline()
	s.idling.Store(true)
	if err := s.sendBy(ctx, &protocol.GoingIdle{}, deadline); err != nil {
		g.log.Warn("going idle was not announced", "error", err)
		return
	}
	select {
	case <-s.idleAck:
		g.log.Info("going idle, acknowledged")
	case <-s.closing:
		g.log.Warn("going idle: the session ended before the acknowledgement")
	case <-ctx.Done():
		g.log.Warn("going idle: no acknowledgement within the bound", "bound", g.bounds.Idle)
	}
}
