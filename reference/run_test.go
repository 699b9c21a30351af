package reference_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaykit/relaykit/reference"
)

// A shutdown may overtake the Run that was just started; the gateway has stopped then.
func TestShutdownBeforeRun(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw, err := reference.New(r.config(), reference.HandlerFunc(echo))
		if err != nil {
			t.Fatal(err)
		}
		if err := gw.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		equal(t, "state", gw.Status().State, reference.StateStopped)
		if err := gw.WaitConnected(context.Background()); err == nil {
			t.Error("expected an error that says that it is stopped, got none")
		}
		if err := gw.Run(context.Background()); !errors.Is(err, reference.ErrStopped) {
			t.Errorf("expected ErrStopped, got %v", err)
		}
		equal(t, "dials", len(r.dialTimes()), 0)
	})
}

// The cause of Run's context is what it returns, and nothing is announced.
func TestEndOfRunsContextStopsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw, err := reference.New(r.config(), reference.HandlerFunc(busy))
		if err != nil {
			t.Fatal(err)
		}
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- gw.Run(ctx) }()
		p := r.handshaken()
		p.send(inbound("C1", "x", "M1"))
		synctest.Wait()
		began := time.Now()
		cancel(enough)
		if err := <-ended; err != enough {
			t.Errorf("expected the cause of the context, got %v", err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("expected an end within the close bounds, took %s", took)
		}
		equal(t, "close code", p.expectEnd(), 1000)
		equal(t, "more messages", len(p.in), 0)
	})
}

// Whom the gateway talks to is verified.
func TestCertificateThatNobodyTrusts(t *testing.T) {
	for name, change := range map[string]func(*reference.Config, *tls.Config){
		"unknown authority": func(*reference.Config, *tls.Config) {},
		"another host":      func(c *reference.Config, trusting *tls.Config) { c.TLSConfig = trusting },
	} {
		server, trusted := certificate(t, "c.example")
		synctest.Test(t, func(t *testing.T) {
			r := newRelay(t)
			r.tls = server
			c := r.config()
			c.URL = "https://relay.test"
			change(&c, &tls.Config{RootCAs: trusted})
			gw := start(t, c, nil)
			time.Sleep(10 * time.Second)
			equal(t, name+": upgrades", len(r.dials), 0)
			if s := gw.Status(); s.Code != reference.CodeDialFailed || !strings.Contains(s.Message, "certificate") {
				t.Errorf("%s: expected a failed dial for the certificate, got %+v", name, s)
			}
		})
	}
}

// Close frames that no WebSocket library would send end the session, and nothing else.
func TestOddCloses(t *testing.T) {
	for name, frame := range map[string]string{
		"no code":            "\x88\x00",
		"half a code":        "\x88\x01\x03",
		"code 0":             "\x88\x02\x00\x00",
		"code 999":           "\x88\x02\x03\xe7",
		"code 1006":          "\x88\x02\x03\xee",
		"code 65535":         "\x88\x02\xff\xff",
		"a reason not UTF-8": "\x88\x04\x03\xe8\xff\xfe",
		"too long":           "\x88\x7e\x01\x00" + strings.Repeat("x", 256),
		"reserved bits":      "\xf1\x01x",
		"unknown opcode":     "\x83\x01x",
		"masked":             "\x81\x81abcdx",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				gw := start(t, r.config(), echo)
				p := r.handshaken()
				synctest.Wait()
				if _, err := p.conn.NetConn().Write([]byte(frame)); err != nil {
					t.Fatal(err)
				}
				p.expectEnd()
				synctest.Wait()
				s := gw.Status()
				equal(t, "status", []any{s.State, s.Code, s.Retryable}, []any{"reconnecting", "closed", true})
				p = r.handshaken()
				p.send(inbound("C1", "go on", "M1"))
				equal(t, "content", p.answer(object{"success": true})["content"], "go on")
				equal(t, "dials", len(r.dialTimes()), 2)
			})
		})
	}
}

// A connector that stalls inside of a WebSocket frame can send no pong either: it counts
// as dead when the silence is over.
func TestStallInsideOfAMessage(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		r.prepare = mute
		start(t, r.config(), echo)
		p := r.handshaken()
		synctest.Wait()
		began := time.Now()
		if _, err := p.conn.NetConn().Write([]byte("\x81\x7e\x03\xe8{\"type\":\"inbound\"")); err != nil {
			t.Fatal(err)
		}
		r.next()
		equal(t, "redial after", time.Since(began), reference.DefaultBounds().Silence+time.Second)
	})
}

// A dial that is refused, or that comes upon no WebSocket, is retried.
func TestDialsThatFail(t *testing.T) {
	for name, dial := range map[string]func(r *relay) func(context.Context, string, string) (net.Conn, error){
		"refused": func(*relay) func(context.Context, string, string) (net.Conn, error) {
			return func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
		},
		"closed at once": func(*relay) func(context.Context, string, string) (net.Conn, error) {
			return func(context.Context, string, string) (net.Conn, error) {
				here, there := net.Pipe()
				there.Close()
				return here, nil
			}
		},
		"no HTTP": func(*relay) func(context.Context, string, string) (net.Conn, error) {
			return func(context.Context, string, string) (net.Conn, error) {
				here, there := net.Pipe()
				go func() {
					defer there.Close()
					there.Read(make([]byte, 4096))
					there.Write([]byte("220 mail.example ESMTP\r\n"))
				}()
				return here, nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				c := r.config()
				bad, tries := dial(r), 0
				c.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					if tries++; tries <= 3 {
						return bad(ctx, network, addr)
					}
					return r.dial(ctx, network, addr)
				}
				gw := start(t, c, nil)
				began := time.Now()
				r.handshaken()
				synctest.Wait()
				equal(t, "connected after", time.Since(began), 7*time.Second) // 1 + 2 + 4
				equal(t, "state", gw.Status().State, reference.StateConnected)
			})
		})
	}
}
