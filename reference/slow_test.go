package reference_test

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// slow is a connection whose writes take a while from a moment on. It heeds deadlines
// as a socket does.
type slow struct {
	net.Conn
	took     *atomic.Int64 // nanoseconds per write
	deadline atomic.Pointer[time.Time]
}

func (c *slow) SetWriteDeadline(t time.Time) error { c.deadline.Store(&t); return nil }

func (c *slow) Write(p []byte) (int, error) {
	took := time.Duration(c.took.Load())
	if at := c.deadline.Load(); at != nil && !at.IsZero() && time.Until(*at) < took {
		time.Sleep(time.Until(*at))
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(took)
	return c.Conn.Write(p)
}

// slowly makes the gateway's writes slow once the returned function was called.
func slowly(r *relay, c *reference.Config) (from func(took time.Duration)) {
	took := new(atomic.Int64)
	c.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := r.dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &slow{Conn: conn, took: took}, nil
	}
	return func(d time.Duration) { took.Store(int64(d)) }
}

// The bound of a write begins with the write: on a slow network the last of many
// senders has waited for longer than that by the time it may write.
func TestManySendsOnASlowNetwork(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		from := slowly(r, &c)
		gw := start(t, c, nil)
		p := r.handshaken()
		synctest.Wait()
		from(2 * time.Second)
		const senders = 12 // 24 s of writing, within the outbound bound
		var wg sync.WaitGroup
		for range senders {
			wg.Go(func() {
				if _, err := gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "x"}); err != nil {
					t.Errorf("expected success, got %v", err)
				}
			})
		}
		for range senders {
			p.answer(object{"success": true})
		}
		wg.Wait()
		equal(t, "dials", len(r.dialTimes()), 1)
	})
}

// The connector's pings are answered by no write of the reader, and a pong that takes
// seconds ends nothing.
func TestPongOnASlowNetwork(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		from := slowly(r, &c)
		handled := make(chan time.Time, 1)
		ponged := make(chan string, 9)
		r.prepare = func(c *websocket.Conn) {
			c.SetPongHandler(func(data string) error { ponged <- data; return nil })
		}
		start(t, c, func(ctx context.Context, turn *reference.Turn) error {
			handled <- time.Now()
			return echo(ctx, turn)
		})
		p := r.handshaken()
		synctest.Wait()
		from(3 * time.Second)
		began := time.Now()
		for _, data := range []string{"one", "two"} {
			if err := p.conn.WriteControl(websocket.PingMessage, []byte(data), time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		p.send(inbound("C1", "go on", "M1"))
		equal(t, "read after", (<-handled).Sub(began), 0)
		equal(t, "content", p.answer(object{"success": true})["content"], "go on")
		equal(t, "pongs", []string{<-ponged, <-ponged}, []string{"one", "two"})
		equal(t, "dials", len(r.dialTimes()), 1)
	})
}

// overtaken is a connection on which the deadline of a read, once armed, comes into
// force only after the next one: what a reader that lost the processor does.
type overtaken struct {
	net.Conn
	armed, held atomic.Bool
	passed      chan struct{}
	once        sync.Once
}

func (c *overtaken) SetReadDeadline(t time.Time) error {
	if c.armed.CompareAndSwap(true, false) {
		c.held.Store(true)
		<-c.passed
		return c.Conn.SetReadDeadline(t)
	}
	err := c.Conn.SetReadDeadline(t)
	if c.held.Load() {
		c.once.Do(func() { close(c.passed) })
	}
	return err
}

// A close must end the reader in time, also one that was about to read on.
func TestCloseOvertakesTheReader(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		var conn *overtaken
		c.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			inner, err := r.dial(ctx, network, addr)
			conn = &overtaken{Conn: inner, passed: make(chan struct{})}
			return conn, err
		}
		// A peer that lets the close hang.
		r.prepare = func(c *websocket.Conn) { c.SetCloseHandler(func(int, string) error { return nil }) }
		gw := start(t, c, nil)
		p := r.handshaken()
		synctest.Wait()
		conn.armed.Store(true)
		p.raw("\n") // the reader comes round
		synctest.Wait()
		began := time.Now()
		gw.Shutdown(context.Background())
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("expected to keep within the budget of 15s, took %s", took)
		}
	})
}
