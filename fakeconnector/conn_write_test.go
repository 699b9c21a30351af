package fakeconnector

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// A message that the socket does not take at once leaves in parts. Neither the messages
// behind it nor the answers to the gateway's pings may come between them.
func TestWhatDoesNotLeaveAtOnceStaysWhole(t *testing.T) {
	for name, opts := range map[string][]Option{"plain": nil, "tls": {WithTLS(nil)}, "memory": {WithListener(newMemListener())}} {
		t.Run(name, func(t *testing.T) {
			c := started(t, opts...)
			g := c.AddGateway(Gateway{Platform: "discord"})
			k := greeted(t, c, g)
			s := c.Session(g.ID)
			var want [][]byte
			send := func(n, size int) {
				t.Helper()
				p := append(bytes.Repeat([]byte{byte('a' + n%26)}, size), '\n')
				want = append(want, p)
				must(t, s.SendRaw(websocket.TextMessage, p))
			}
			s.wmu.Lock()
			s.out.last = time.Time{} // long ago, so that it is tried at once
			s.wmu.Unlock()
			send(0, 6<<20) // more than the buffers of two sockets hold
			for n := range 40 {
				send(n+1, 100*n)
			}
			pongs := 0
			k.ws.SetPongHandler(func(string) error { pongs++; return nil })
			if name != "memory" { // where a ping waits for the answer to be read
				for range 5 {
					must(t, k.ws.WriteControl(websocket.PingMessage, []byte("p"), time.Now().Add(bound)))
				}
			}
			for n, w := range want {
				if _, got, err := k.read(); err != nil || !bytes.Equal(got, w) {
					t.Fatalf("message %d: expected %d bytes of %q, got %d bytes, %v", n, len(w), w[0], len(got), err)
				}
			}
			k.alive()
			if name != "memory" && pongs != 5 {
				t.Errorf("expected 5 pongs among the messages, got %d", pongs)
			}
		})
	}
}

// The writer goes when there is nothing to write, and comes back.
func TestTheWriterComesAndGoes(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{Platform: "discord"})
	k := greeted(t, c, g)
	const rounds, each = 20, 50
	for r := range rounds {
		for n := range each {
			_, err := c.Publish(g.Instance, event("C1", fmt.Sprint(r, ".", n)))
			must(t, err)
		}
		for n := range each {
			if f := expect[*protocol.Inbound](k); f.Event.Text != fmt.Sprint(r, ".", n) {
				t.Fatalf("expected event %d.%d, got %q", r, n, f.Event.Text)
			}
		}
	}
	s := c.Session(g.ID)
	for deadline := time.Now().Add(bound); ; {
		s.wmu.Lock()
		writing := s.out.writing
		s.wmu.Unlock()
		if !writing {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("expected the writer to end with its queue")
		}
	}
}

// The journal reads our own frames when somebody looks, whoever that is.
func TestFramesAreReadByWhoLooks(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{Platform: "discord"})
	k := greeted(t, c, g)
	const n = 200
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			seen := 0
			for e := range c.Journal().Follow(within(t), 0) {
				if e.Kind != KindFrame || e.Dir != protocol.FromConnector {
					continue
				}
				in, isEvent := e.Frame.Frame.(*protocol.Inbound)
				if e.Frame.Err != nil || e.Frame.Frame == nil {
					t.Errorf("expected a frame, got %s", e)
				}
				if isEvent && in.Event.Text != fmt.Sprint(seen) {
					t.Errorf("expected event %d, got %s", seen, e)
				}
				if isEvent {
					seen++
				}
				if seen == n {
					return
				}
			}
			t.Errorf("expected %d events, got %d", n, seen)
		})
	}
	for i := range n {
		_, err := c.Publish(g.Instance, event("C1", fmt.Sprint(i)))
		must(t, err)
	}
	for range n {
		k.line()
	}
	wg.Wait()
}
