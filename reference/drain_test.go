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

// An acknowledgement that nobody asked for does not answer a going_idle that is said later.
func TestShutdownAfterAStrayAck(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), echo)
		p := r.handshaken()
		p.send(object{"type": "going_idle_ack"})
		synctest.Wait()
		go gw.Shutdown(context.Background())
		p.expect("going_idle")
		p.send(with(inbound("C1", "in the window", "M1"), "bufferId", "b1"))
		p.expect("inbound_ack")
		p.answer(object{"success": true})
		p.quiet()
		p.send(object{"type": "going_idle_ack"})
		equal(t, "close code", p.expectEnd(), 1000)
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

// busy is a handler whose turn ends with its context alone.
func busy(ctx context.Context, _ *reference.Turn) error { <-ctx.Done(); return context.Cause(ctx) }

// A gateway that is going dials no more, whatever its turns still do: a new session
// would take deliveries that it is about to lose.
func TestShutdownWithATurnDialsNoMore(t *testing.T) {
	down := func(r *relay, p *peer) { p.close(1001, ""); p.expectEnd() }
	for name, before := range map[string]func(r *relay, p *peer){
		"while waiting to redial": func(r *relay, p *peer) { down(r, p); time.Sleep(100 * time.Millisecond) },
		"after many failures":     func(r *relay, p *peer) { r.refuse = 1000; down(r, p); time.Sleep(time.Minute) },
		"while a dial hangs":      func(r *relay, p *peer) { r.Close(); down(r, p); time.Sleep(2 * time.Second) },
		"during a handshake":      func(r *relay, p *peer) { down(r, p); r.next().expect("hello") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				gw := start(t, r.config(), busy)
				p := r.handshaken()
				p.send(inbound("C1", "x", "M1"))
				synctest.Wait()
				before(r, p)
				dials, began := len(r.dialTimes()), time.Now()
				done := make(chan error, 1)
				go func() { done <- gw.Shutdown(context.Background()) }()
				synctest.Wait()
				equal(t, "status", gw.Status().State, reference.StateStopped) // its turn has not ended yet
				equal(t, "over", len(done), 0)
				if err := <-done; err == nil {
					t.Error("expected an error that says that turns were cut off, got none")
				}
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("expected to keep within 15s, took %s", took)
				}
				equal(t, "dials since", len(r.dialTimes())-dials, 0)
			})
		})
	}
}

// A connector may close as soon as it has acknowledged; that is no reason to come back.
func TestSessionThatEndsDuringADrainIsTheLast(t *testing.T) {
	for _, code := range []int{1000, 1012} {
		bubble(t, func(t *testing.T, r *relay) {
			gw := start(t, r.config(), busy)
			p := r.handshaken()
			p.send(inbound("C1", "x", "M1"))
			synctest.Wait()
			done := make(chan error, 1)
			go func() { done <- gw.Shutdown(context.Background()) }()
			p.expect("going_idle")
			p.send(object{"type": "going_idle_ack"})
			p.close(code, "")
			<-done
			equal(t, "dials", len(r.dialTimes()), 1)
			equal(t, "status", gw.Status().State, reference.StateStopped)
		})
	}
}

// A revocation is told as one, also in a drain.
func TestRevocationDuringADrain(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		var told []reference.State
		c.Observer.Status = func(s reference.Status) { told = append(told, s.State) }
		gw := start(t, c, busy)
		p := r.handshaken()
		p.send(inbound("C1", "x", "M1"))
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- gw.Shutdown(context.Background()) }()
		p.expect("going_idle")
		p.close(4401, "unauthorized")
		<-done
		equal(t, "told", told, []string{"connecting", "connected", "disabled", "stopped"})
	})
}
