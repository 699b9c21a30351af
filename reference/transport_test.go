package reference_test

import (
	"context"
	"encoding/base64"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

func TestHandshake(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), echo)
		p := r.next()
		equal(t, "path", p.path, "/relay")
		if h := p.header.Get("Authorization"); !strings.HasPrefix(h, "Bearer ") {
			t.Errorf("Authorization: expected a bearer token, got %q", h)
		}
		hello := p.expectRaw()
		if want := `{"type":"hello","platform":"discord","botId":"bot-1"}` + "\n"; hello != want {
			t.Errorf("hello: expected %q, got %q", want, hello)
		}
		p.send(with(inbound("C1", "too early", "M0"), "bufferId", "b0"))
		p.quiet() // kept, and not answered before the descriptor
		p.send(descriptor())
		p.expect("inbound_ack")
		equal(t, "content", p.answer(object{"success": true})["content"], "too early")
		p.quiet()
	})
}

func TestNoSecretNoHeader(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		c.Secret = ""
		start(t, c, nil)
		p := r.next()
		if h, ok := p.header["Authorization"]; ok {
			t.Errorf("expected no Authorization header without a secret, got %q", h)
		}
	})
}

func TestSendIsCorrelatedByRequestID(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		synctest.Wait()
		results := make([]reference.Result, 3)
		var wg sync.WaitGroup
		for i, text := range []string{"a", "b", "c"} {
			wg.Go(func() {
				results[i], _ = gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: text})
			})
		}
		ids := map[string]string{}
		for range 3 {
			f := p.expect("outbound")
			ids[f["action"].(object)["content"].(string)] = f["requestId"].(string)
		}
		for _, id := range ids {
			if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
				t.Errorf("requestId: expected 32 hex digits, got %q", id)
			}
		}
		p.send(object{"type": "outbound_result", "requestId": "never asked for", "result": object{"success": true}})
		for _, text := range []string{"c", "a", "b"} { // any order, and each twice
			result := object{"type": "outbound_result", "requestId": ids[text], "result": object{"success": true, "message_id": "m-" + text}}
			p.send(result, result)
		}
		wg.Wait()
		for i, want := range []string{"m-a", "m-b", "m-c"} {
			equal(t, "message id", results[i].MessageID, want)
		}
	})
}

func TestOutboundFrame(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		synctest.Wait()
		go gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "h<é 😀"})
		raw := p.expectRaw()
		want := regexp.MustCompile(`^\{"type":"outbound","requestId":"[0-9a-f]{32}","action":\{"op":"send","chat_id":"C1","content":"h<é 😀","reply_to":null,"metadata":\{\}\}\}` + "\n$")
		if !want.MatchString(raw) {
			t.Errorf("expected %s, got %q", want, raw)
		}
	})
}

func TestOutboundBound(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		r.handshaken()
		synctest.Wait()
		began := time.Now()
		res, err := gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "x"})
		if !errors.Is(err, reference.ErrNoResult) || res.Success || res.Error == "" {
			t.Errorf("expected a failed result and ErrNoResult, got %+v, %v", res, err)
		}
		equal(t, "waited", time.Since(began), 30*time.Second)
	})
}

func TestDropFailsInFlightAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		synctest.Wait()
		failed := make(chan error)
		began := time.Now()
		go func() {
			_, err := gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "x"})
			failed <- err
		}()
		p.expect("outbound")
		p.conn.Close()
		if err := <-failed; !errors.Is(err, reference.ErrDropped) {
			t.Errorf("expected ErrDropped, got %v", err)
		}
		if _, err := gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "y"}); !errors.Is(err, reference.ErrNotConnected) {
			t.Errorf("while down: expected ErrNotConnected, got %v", err)
		}
		equal(t, "waited", time.Since(began), 0)
	})
}

func TestSendBeforeDescriptorFailsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.next()
		p.expect("hello")
		if _, err := gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: "y"}); !errors.Is(err, reference.ErrNotConnected) {
			t.Errorf("expected ErrNotConnected, got %v", err)
		}
		p.quiet()
	})
}

func TestBackoffLadder(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		r.refuse = 8
		start(t, r.config(), nil)
		r.handshaken().close(1011, "")
		r.next()
		at := r.dialTimes()
		var ladder []time.Duration
		for i := 1; i < len(at); i++ {
			ladder = append(ladder, at[i].Sub(at[i-1]))
		}
		t.Log("redial delays:", ladder)
		want := []time.Duration{1, 2, 4, 8, 16, 30, 30, 30, 1} // anew after the handshake
		for i := range want {
			want[i] *= time.Second
		}
		equal(t, "ladder", ladder, want)
	})
}

func TestJitterAddsUpToAQuarter(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		r.refuse = 6
		c := r.config()
		c.Jitter = func() float64 { return 1 }
		start(t, c, nil)
		r.next()
		at := r.dialTimes()
		var ladder []float64
		for i := 1; i < len(at); i++ {
			ladder = append(ladder, at[i].Sub(at[i-1]).Seconds())
		}
		equal(t, "ladder", ladder, []float64{1.25, 2.5, 5, 10, 20, 37.5})
	})
}

func TestHandshakeBound(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), nil)
		p := r.next()
		p.expect("hello")
		began := time.Now()
		equal(t, "close code", p.expectEnd(), 1002)
		equal(t, "waited", time.Since(began), 30*time.Second)
		r.next().expect("hello") // and dials again
		equal(t, "then", time.Since(began), 31*time.Second)
	})
}

func TestUpgradeThatHangsIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		r.server.Close() // nobody accepts any more
		c := r.config()
		states := make(chan reference.Status, 9)
		c.Observer.Status = func(s reference.Status) { states <- s }
		began := time.Now()
		start(t, c, nil)
		equal(t, "state", (<-states).State, reference.StateConnecting)
		s := <-states
		equal(t, "state", s.State, reference.StateReconnecting)
		equal(t, "code", s.Code, reference.CodeDialFailed)
		equal(t, "waited", time.Since(began), 30*time.Second)
	})
}

func TestUnreadableDescriptor(t *testing.T) {
	for name, frame := range map[string]object{
		"missing":     {"type": "descriptor"},
		"null":        {"type": "descriptor", "descriptor": nil},
		"empty":       {"type": "descriptor", "descriptor": object{}},
		"wrong types": {"type": "descriptor", "descriptor": with(descriptor()["descriptor"].(object), "supports_edit", "yes")},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				gw := start(t, r.config(), nil)
				p := r.next()
				p.expect("hello")
				p.send(frame)
				p.expectEnd()
				synctest.Wait()
				equal(t, "status", gw.Status().Code, reference.CodeBadDescriptor)
				r.handshaken().quiet()
				synctest.Wait()
				equal(t, "status", gw.Status().State, reference.StateConnected)
			})
		})
	}
}

func TestSecondDescriptorIsIgnored(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		p := r.handshaken()
		second := descriptor()
		second["descriptor"].(object)["max_message_length"] = 7
		p.send(second, object{"type": "descriptor"})
		p.quiet()
		equal(t, "limit", limitOf(gw), 2000)
	})
}

func TestNewDescriptorAfterRedial(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		r.handshaken().close(1001, "")
		p := r.next()
		p.expect("hello")
		second := descriptor()
		second["descriptor"].(object)["max_message_length"] = 7
		p.send(second)
		synctest.Wait()
		equal(t, "limit", limitOf(gw), 7)
	})
}

func TestFreshTokenForEveryDial(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), nil)
		expiry := func(p *peer) string {
			t.Helper()
			token, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(p.header.Get("Authorization"), "Bearer "))
			parts := strings.Split(string(token), ":")
			if err != nil || len(parts) != 3 {
				t.Fatalf("expected a token of three parts, got %q, %v", token, err)
			}
			return parts[1]
		}
		p := r.handshaken()
		equal(t, "the first token ends", expiry(p), strconv.FormatInt(time.Now().Unix()+300, 10))
		time.Sleep(10 * time.Minute) // fake: longer than a token lives
		p.close(1012, "")
		for range 3 { // each is minted for its own dial, at the moment of the dial
			p = r.next()
			equal(t, "a later token ends", expiry(p), strconv.FormatInt(time.Now().Unix()+300, 10))
			p.close(1012, "")
		}
	})
}

func TestNoOldSocketBesideANewOne(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), nil)
		p := r.handshaken()
		// A peer that closes and then lingers: the gateway must close its end.
		p.close(1013, "")
		r.next()
		select {
		case <-p.ended:
		default:
			t.Error("expected the old socket to be closed before the next dial")
		}
	})
}

func TestAnyOtherCloseIsRetried(t *testing.T) {
	for _, code := range []int{1000, 1001, 1002, 1008, 1009, 1011, 4001, 4400, 4403} {
		bubble(t, func(t *testing.T, r *relay) {
			gw := start(t, r.config(), nil)
			r.handshaken().close(code, "")
			time.Sleep(time.Millisecond)
			s := gw.Status()
			equal(t, "status", []any{s.State, s.CloseCode, s.Retryable}, []any{reference.StateReconnecting, code, true})
			r.handshaken()
		})
	}
}

func TestUnauthorizedBeforeAnyHandshakeIsRetried(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		var told []reference.State
		c.Observer.Status = func(s reference.Status) { told = append(told, s.State) }
		gw := start(t, c, nil)
		for range 4 {
			r.next().close(4401, "unauthorized")
		}
		r.handshaken()
		synctest.Wait()
		equal(t, "status", gw.Status().State, reference.StateConnected)
		equal(t, "told once per change", told, []string{"connecting", "reconnecting", "connected"})
	})
}

func TestUnauthorizedAfterAHandshakeIsRevocation(t *testing.T) {
	for name, revoke := range map[string]func(r *relay){
		"on the live session":            func(r *relay) { r.handshaken().close(4401, "unauthorized") },
		"on a redial before descriptor":  func(r *relay) { r.handshaken().close(1001, ""); r.next().close(4401, "unauthorized") },
		"whatever the reason text says":  func(r *relay) { r.handshaken().close(4401, "") },
		"long after the first handshake": func(r *relay) { p := r.handshaken(); time.Sleep(time.Hour); p.close(4401, "unauthorized") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				gw := start(t, r.config(), nil)
				revoke(r)
				time.Sleep(time.Second)
				dials := len(r.dialTimes())
				time.Sleep(time.Hour)
				equal(t, "dials after", len(r.dialTimes())-dials, 0)
				s := gw.Status()
				equal(t, "status", []any{s.State, s.Code, s.CloseCode, s.Retryable}, []any{"disabled", "relay_disabled", 4401, false})
				if err := gw.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
				equal(t, "then", gw.Status().State, "stopped")
			})
		})
	}
}

func TestKeepaliveEndsASilentSession(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		r.prepare = mute
		start(t, r.config(), nil)
		r.handshaken()
		synctest.Wait()
		began := time.Now()
		r.next()
		equal(t, "redial after", time.Since(began), reference.DefaultBounds().Silence+time.Second)
	})
}

func TestKeepaliveSparesAQuietSession(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		start(t, r.config(), echo)
		p := r.handshaken()
		time.Sleep(24 * time.Hour)
		p.send(inbound("C1", "still there?", "M1"))
		p.answer(object{"success": true})
		equal(t, "dials", len(r.dialTimes()), 1)
	})
}

func TestRunTwice(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		gw := start(t, r.config(), nil)
		r.handshaken()
		if err := gw.Run(context.Background()); !errors.Is(err, reference.ErrRunning) {
			t.Errorf("expected ErrRunning, got %v", err)
		}
	})
}

func limitOf(gw *reference.Gateway) int {
	c, _ := gw.Capabilities()
	return c.MaxMessageLength
}
