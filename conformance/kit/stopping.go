package kit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
)

// Stopping is a gateway that was asked to end while the case goes on.
type Stopping struct {
	g     *G
	began time.Time
	ended chan struct{}
	exit  Exit
	err   error
}

// BeginStop asks the gateway to end and returns at once. The gateway is killed when the
// case has ended, and never before, so that no end that the suite made can be taken for
// one of the gateway's.
func (g *G) BeginStop() *Stopping {
	ctx, cancel := context.WithCancel(g.bench.ctx)
	s := &Stopping{g: g, began: time.Now(), ended: make(chan struct{})}
	subject := g.Gateway().Subject
	go func() {
		defer close(s.ended)
		s.exit, s.err = subject.Stop(ctx)
	}()
	g.Cleanup(func() { cancel(); <-s.ended })
	g.stimulus()
	return s
}

// Ended waits for the gateway to end within a time since it was asked to.
func (s *Stopping) Ended(within time.Duration) (Exit, bool) {
	ctx, cancel := patiently(s.g.bench.ctx, time.Until(s.began.Add(within)))
	defer cancel()
	select {
	case <-s.ended:
	case <-ctx.Done():
		select {
		case <-s.ended: // at the last moment
		default:
			return Exit{}, false
		}
	}
	if s.err != nil {
		s.g.Harness(s.err, "stopping the gateway")
	}
	s.g.observation()
	return s.exit, true
}

// GoneIdle waits for going_idle after the mark.
func (g *G) GoneIdle() fakeconnector.Entry {
	return g.Await(g.Timing.Answer, "going_idle", IsGoingIdle)
}

// ClosedAfter waits until the gateway itself closed its session, within a time after an
// entry.
func (g *G) ClosedAfter(after fakeconnector.Entry, within time.Duration, why string) fakeconnector.Entry {
	left := within - time.Since(after.Wall)
	e := g.AwaitAfter(after, max(left, 0), fmt.Sprintf("the gateway to close its socket %s", why), IsClosed(after.Session))
	if e.Close.By != "gateway" {
		g.Mismatch("the gateway to close its socket "+why, shown(e))
	}
	return e
}

// IsGoingIdle matches the gateway's going_idle.
func IsGoingIdle(e fakeconnector.Entry) bool { return gatewayFrame(e, "going_idle") != nil }

// IsIdleAck matches the connector's going_idle_ack.
func IsIdleAck(e fakeconnector.Entry) bool {
	var f struct{ Type string }
	return e.Kind == fakeconnector.KindFrame && e.Frame != nil && json.Unmarshal(e.Frame.Raw, &f) == nil && f.Type == "going_idle_ack"
}

// IsInterrupt matches an interrupt of the gateway's that names a session key.
func IsInterrupt(sessionKey string) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		f := gatewayFrame(e, "interrupt")
		var key string
		return f != nil && json.Unmarshal(f["session_key"], &key) == nil && key == sessionKey
	}
}

// StopReading makes the connector read nothing more of what the gateway sends on its
// session, without a word, until the case has ended.
func (g *G) StopReading() {
	g.Cleanup(g.Session().PauseReading())
	g.stimulus()
}

// StopSending keeps back everything that the connector would still send on the gateway's
// session, until the case has ended.
func (g *G) StopSending() {
	g.Cleanup(g.Session().Stall())
	g.stimulus()
}

// Received waits until the gateway has read an event, as far as that can be seen without
// an answer.
func (g *G) Received(ev *Event) {
	if d := g.Gateway().Driver; d != nil {
		g.Notified("event/inbound", "the driver's event/inbound for the last event", MentionsText(ev))
		return
	}
	g.Within(g.Timing.Quiet, func(fakeconnector.Entry) bool { return false })
}
