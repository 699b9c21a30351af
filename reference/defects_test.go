package reference_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// The tests of this file are named after defects that shipped in real gateways and
// that their own tests, against stubs, did not see. (Contract, section "What went
// wrong in practice".)

// Nobody noticed that an https:// base was dialed as it stood, and without /relay.
func TestDefectBaseDialedAsItStood(t *testing.T) {
	for base, want := range map[string]string{
		"https://connector.example":    "connector.example:443",
		"https://connector.example:99": "connector.example:99",
		"http://connector.example/":    "connector.example:80",
		" wss://connector.example/ ":   "connector.example:443",
	} {
		bubble(t, func(t *testing.T, r *relay) {
			c := r.config()
			c.URL = base
			addrs := make(chan string, 99)
			c.NetDial = func(_ context.Context, _, addr string) (net.Conn, error) {
				addrs <- addr
				return nil, errors.New("far enough")
			}
			start(t, c, nil)
			select {
			case addr := <-addrs:
				equal(t, base, addr, want)
			case <-time.After(patience):
				t.Errorf("%s: expected a dial of %s, got none", base, want)
			}
		})
	}
	for base, want := range map[string]string{
		"http://relay.test": "/relay", "http://relay.test///": "/relay", "ws://relay.test/relay": "/relay", "http://relay.test/team/a/": "/team/a/relay",
	} {
		bubble(t, func(t *testing.T, r *relay) {
			c := r.config()
			c.URL = base
			r.http = nil
			start(t, c, nil)
			equal(t, base, r.next().path, want)
		})
	}
}

// Self-provision was gated on a condition that was never true in production; tests had
// mocked it. So this one starts from the environment and ends on the wire.
func TestDefectSelfProvisionNeverHappened(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		p := &plane{status: 200, body: provisioned}
		r.http = p.serve
		c, err := reference.FromEnv(env(map[string]string{"GATEWAY_RELAY_URL": "http://relay.test", "GATEWAY_IDENTITY_TOKEN": identityToken}), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.NetDial = r.dial
		start(t, c, nil)
		r.next()
		equal(t, "provisioned", len(p.seen()), 1)
	})
}

// The scope was not echoed, so every reply was declined.
func TestDefectScopeNotEchoed(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), echo)
		p := r.handshaken()
		f := inbound("C1", "hi", "M1")
		f["event"].(object)["source"].(object)["guild_id"] = "G1"
		p.send(f)
		equal(t, "metadata", p.answer(object{"success": true})["metadata"], object{"guild_id": "G1"})
	})
}

// A 4401 after a handshake was retried for ever.
func TestDefectRevocationRetriedForEver(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		r.handshaken().close(4401, "unauthorized")
		time.Sleep(24 * time.Hour)
		equal(t, "dials", len(r.dialTimes()), 1)
		equal(t, "code", gw.Status().Code, "relay_disabled")
	})
}

// A buffered passthrough was never acknowledged: every reconnect replayed it, each
// replay a fresh reply.
func TestDefectPassthroughReplayed(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), echo)
		f := object{"type": "passthrough_forward", "bufferId": "pb-1", "forward": object{
			"platform": "discord", "botId": "b", "method": "POST", "path": "/", "headers": [][]string{},
			"bodyB64": base64.StdEncoding.EncodeToString([]byte(`{"type":3,"id":"I1","channel_id":"C1","data":{"custom_id":"btn"}}`))}}
		p := r.handshaken()
		p.send(f)
		p.expect("inbound_ack")
		p.answer(object{"success": true})
		p.close(1012, "")
		p = r.handshaken()
		p.send(f)
		p.expect("inbound_ack")
		p.quiet()
	})
}

// Requests in flight hung for 30 s after a drop; sends while down hung as well.
func TestDefectSendsHungWhileDown(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 9 {
			wg.Go(func() { gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "x"}) })
		}
		synctest.Wait()
		r.refuse = 1000
		began := time.Now()
		p.conn.Close()
		wg.Wait()
		gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "x"})
		gw.Edit(context.Background(), protocol.Edit{ChatID: "C1", MessageID: "m", Content: "x"})
		gw.ChatInfo(context.Background(), "C1")
		gw.Interrupt(context.Background(), "k", "")
		equal(t, "waited", time.Since(began), 0)
	})
}

// Two dialers ran at once.
func TestDefectTwoDialers(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		var dialing, most, open atomic.Int32
		c := r.config()
		c.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			most.Store(max(most.Load(), dialing.Add(1)))
			defer dialing.Add(-1)
			if n := open.Load(); n > 0 {
				t.Errorf("expected the old socket to be closed before a dial, got %d open", n)
			}
			time.Sleep(700 * time.Millisecond) // a slow network
			conn, err := r.dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			open.Add(1)
			return closing{conn, sync.OnceFunc(func() { open.Add(-1) })}, nil
		}
		gw := start(t, c, nil)
		for i := range 20 {
			p := r.handshaken()
			synctest.Wait()
			go gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "x"})
			switch i % 4 { // every way in which a session ends
			case 0:
				p.close(1001, "")
			case 1:
				p.conn.Close()
			case 2:
				p.raw("{nope\n")
				p.conn.NetConn().Close()
			case 3:
				p.close(4001, "")
				p.conn.Close()
			}
		}
		equal(t, "dialers at once", most.Load(), 1)
	})
}

// closing tells when a connection is closed.
type closing struct {
	net.Conn
	told func()
}

func (c closing) Close() error { c.told(); return c.Conn.Close() }

// A raising handler ended the read loop, so an unacked event was lost or replayed
// without end.
func TestDefectRaisingHandlerEndedTheReader(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		start(t, c, func(ctx context.Context, turn *reference.Turn) error {
			if turn.Event.Text == "handler" {
				panic("on purpose")
			}
			return echo(ctx, turn)
		})
		p := r.handshaken()
		p.send(with(inbound("C1", "handler", "M1"), "bufferId", "b1"))
		p.expect("inbound_ack")
		p.send(inbound("C2", "go on", "M2"))
		equal(t, "content", p.answer(object{"success": true})["content"], "go on")
		equal(t, "dials", len(r.dialTimes()), 1)
	})
}

// Shutdown blocked on a wedged peer past its budget.
func TestDefectShutdownBlockedOnAWedgedPeer(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		c.Bounds.Shutdown = 4 * time.Second
		gw, _ := wedge(t, r, c)
		began := time.Now()
		gw.Shutdown(context.Background())
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("expected to keep within 4s, took %s", took)
		}
	})
}

// A replayed event that had been handled but not acked ran a second turn.
func TestDefectReplayRanASecondTurn(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		var turns atomic.Int32
		start(t, r.config(), func(context.Context, *reference.Turn) error { turns.Add(1); return nil })
		p := r.handshaken()
		p.send(inbound("C1", "a", "M1")) // live, so nobody acknowledged it
		synctest.Wait()
		p.conn.Close()
		p = r.handshaken()
		p.send(with(inbound("C1", "a", "M1"), "bufferId", "b1")) // and again, from the buffer
		p.expect("inbound_ack")
		p.quiet()
		equal(t, "turns", turns.Load(), 1)
	})
}
