package reference_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaykit/relaykit/reference"
)

func TestShutdownServesUntilTheAck(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), echo)
		p := r.handshaken()
		synctest.Wait()
		done := make(chan error)
		go func() { done <- gw.Shutdown(context.Background()) }()
		equal(t, "announced", p.expect("going_idle"), object{"type": "going_idle"})
		p.send(with(inbound("C1", "in the window", "M1"), "bufferId", "b1"))
		p.expect("inbound_ack")
		equal(t, "reply", p.answer(object{"success": true})["content"], "in the window")
		p.quiet()
		p.send(object{"type": "going_idle_ack"})
		equal(t, "close code", p.expectEnd(), 1000)
		if err := <-done; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		equal(t, "dials", len(r.dialTimes()), 1)
		equal(t, "status", gw.Status().State, reference.StateStopped)
	})
}

func TestShutdownLetsAcceptedTurnsEnd(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), echo)
		p := r.handshaken()
		p.send(inbound("C1", "slow", "M1"))
		f := p.expect("outbound")
		go gw.Shutdown(context.Background())
		p.expect("going_idle")
		p.send(object{"type": "going_idle_ack"})
		p.quiet() // still open: the turn waits for its result
		p.send(object{"type": "outbound_result", "requestId": f["requestId"], "result": object{"success": true}})
		equal(t, "close code", p.expectEnd(), 1000)
	})
}

func TestShutdownWithoutAnAckIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		r.handshaken()
		synctest.Wait()
		began := time.Now()
		if err := gw.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		equal(t, "took", time.Since(began), 10*time.Second)
	})
}

func TestShutdownBudgetAgainstATurnThatNeverEnds(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), func(ctx context.Context, _ *reference.Turn) error { <-ctx.Done(); return context.Cause(ctx) })
		p := r.handshaken()
		p.send(inbound("C1", "x", "M1"))
		synctest.Wait()
		began := time.Now()
		go func() { p.expect("going_idle"); p.send(object{"type": "going_idle_ack"}) }()
		if err := gw.Shutdown(context.Background()); err == nil {
			t.Error("expected an error that says that turns were cut off, got none")
		}
		if took := time.Since(began); took < 10*time.Second || took > 15*time.Second {
			t.Errorf("expected to use the budget and keep within 15s, took %s", took)
		}
	})
}

func TestShutdownWhileDisconnectedSaysNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		p.close(1001, "")
		p.expectEnd()
		time.Sleep(time.Millisecond)
		began := time.Now()
		if err := gw.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		equal(t, "took", time.Since(began), 0)
		time.Sleep(time.Hour)
		equal(t, "dials", len(r.dialTimes()), 1)
	})
}

func TestShutdownDuringTheHandshakeSaysNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.next()
		p.expect("hello")
		gw.Shutdown(context.Background())
		equal(t, "close code", p.expectEnd(), 1000)
		equal(t, "more messages", len(p.in), 0)
	})
}
