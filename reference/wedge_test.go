package reference_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// A wedged peer reads nothing and says nothing. In memory, where nothing is buffered,
// the first write already hangs.
func wedge(t *testing.T, r *relay, c reference.Config) (*reference.Gateway, *peer) {
	gw := start(t, c, nil)
	p := r.handshaken()
	synctest.Wait()
	stop := make(chan struct{})
	p.in = make(chan string) // the reader of the peer blocks at the next message …
	t.Cleanup(func() { close(stop) })
	go func() { // … until the test is over
		<-stop
		for range p.in {
		}
	}()
	go gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "the last message that it takes"})
	synctest.Wait()
	return gw, p
}

func TestSendsAgainstAWedgedPeerEndWithinTheBound(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw, _ := wedge(t, r, r.config())
		began := time.Now()
		failed := make(chan error)
		for range 20 {
			go func() {
				_, err := gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "x"})
				failed <- err
			}()
		}
		for range 20 {
			if err := <-failed; err == nil {
				t.Error("expected a failure, got none")
			}
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("expected an end within 30s, took %s", took)
		}
	})
}

func TestSendEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		r.handshaken()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := gw.Send(ctx, protocol.Send{ChatID: "C1", Content: "x"})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("expected the caller's own bound, got %v", err)
		}
	})
}

func TestFrameThatStallsHalfway(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), echo)
		p := r.handshaken()
		p.raw(`{"type":"inbound","event":{"text":"half`)
		time.Sleep(10 * time.Minute) // pings are answered: it is slow and not dead
		p.raw(` a frame","source":{"platform":"discord","chat_id":"C1","chat_type":"dm"}}}` + "\n")
		equal(t, "content", p.answer(object{"success": true})["content"], "half a frame")
	})
}

func TestOversizeFrameIsSkipped(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), echo)
		p := r.handshaken()
		p.raw(`{"type":"inbound","event":{"text":"` + strings.Repeat("x", 9<<20) + `"}}` + "\n")
		p.send(inbound("C1", "after", "M1"))
		equal(t, "content", p.answer(object{"success": true})["content"], "after")
		equal(t, "dials", len(r.dialTimes()), 1)
	})
}

func TestCloseReasonWithASecretIsNotRepeated(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		var log lines
		c.Logger = log.logger()
		gw := start(t, c, nil)
		p := r.handshaken()
		p.close(4001, "your secret is "+secret)
		time.Sleep(time.Millisecond)
		if text := log.String() + gw.Status().Message; strings.Contains(text, secret) || !strings.Contains(text, "your secret is") {
			t.Errorf("expected the reason without the secret, got %s", text)
		}
	})
}

func TestAdapter(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		a := reference.NewAdapter(r.config())
		if _, err := a.Send(context.Background(), protocol.Send{}); !errors.Is(err, reference.ErrNotConnected) {
			t.Errorf("expected ErrNotConnected, got %v", err)
		}
		for range 2 { // it may be connected again
			go func() {
				p := r.handshaken()
				p.expect("going_idle")
				p.send(object{"type": "going_idle_ack"})
			}()
			if err := a.Connect(context.Background(), reference.HandlerFunc(echo)); err != nil {
				t.Fatal(err)
			}
			if err := a.Connect(context.Background(), reference.HandlerFunc(echo)); !errors.Is(err, reference.ErrConnected) {
				t.Errorf("expected ErrConnected, got %v", err)
			}
			if err := a.Disconnect(context.Background()); err != nil {
				t.Error(err)
			}
		}
		// Nobody there: Connect gives up with its context and leaves nothing behind.
		r.refuse = 1000
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := a.Connect(ctx, reference.HandlerFunc(echo)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("expected the caller's bound, got %v", err)
		}
	})
}
