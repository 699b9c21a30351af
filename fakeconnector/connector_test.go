package fakeconnector

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

func TestReserveRefusesUntilStart(t *testing.T) {
	c := New()
	defer c.Close()
	addr, err := c.Reserve()
	must(t, err)
	if nc, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("expected the dial of a reserved port to be refused, got %v, %v", nc, err)
	}
	must(t, c.Start())
	if want := "http://" + addr; c.URL() != want {
		t.Errorf("expected Start to listen on the reserved port, %s, got %s", want, c.URL())
	}
	nc, err := net.Dial("tcp", addr)
	must(t, err)
	must(t, nc.Close())
}

func TestClosedBeforeStart(t *testing.T) {
	c := New()
	addr, err := c.Reserve()
	must(t, err)
	must(t, c.Close())
	must(t, c.Close())
	if err := c.Start(); err == nil {
		t.Error("expected a closed connector not to start")
	}
	l, err := net.Listen("tcp", addr)
	must(t, err) // the port is free again
	must(t, l.Close())
}

func TestHandshake(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{Platform: "telegram", BotID: "bot-7"})
	k := dial(t, c, g)
	if c.Session(g.ID) != nil {
		t.Error("expected no session before the handshake")
	}
	k.send(&protocol.Hello{Platform: "telegram", BotID: "bot-7"})
	d := expect[*protocol.DescriptorFrame](k).Descriptor
	if d.Platform != "telegram" || d.Unit() != protocol.LenUnitUTF16 || d.MaxLength() != 4096 {
		t.Errorf("expected Telegram's descriptor, got %+v", d)
	}
	s := c.Session(g.ID)
	if s == nil || s.GatewayID() != g.ID {
		t.Fatalf("expected a session of %s after the handshake, got %v", g.ID, s)
	}
	must(t, s.Send(&protocol.Inbound{Event: event("C1", "hi")}))
	if e := expect[*protocol.Inbound](k).Event; e.Text != "hi" {
		t.Errorf("expected the event that was sent, got %+v", e)
	}
	noViolations(t, c)
}

func TestUpgradeAuthentication(t *testing.T) {
	const now = 1_750_000_000
	c := started(t, WithClock(fixedClock{time.Unix(now, 0)}))
	g := c.AddGateway(Gateway{ID: "gw:with:colons", Secret: "first-secret"})
	revoked := c.AddGateway(Gateway{ID: "gw-revoked", Secret: "revoked-secret"})
	must(t, c.Revoke(revoked.ID))
	rotated, err := c.Rotate(g.ID)
	must(t, err)

	mint := func(id, secret string, exp int64) []string { return []string{"Bearer " + auth.Mint(id, secret, exp)} }
	good := mint(g.ID, "first-secret", now+1)
	for name, test := range map[string]struct {
		header []string
		reason string          // of the 4401; empty where the upgrade is accepted
		rule   protocol.RuleID // that the gateway broke
	}{
		"never expiring":                {mint(g.ID, "first-secret", auth.Never), "", ""},
		"the second of its expiry":      {mint(g.ID, "first-secret", now), "", ""},
		"the rotated secret":            {mint(g.ID, rotated.Secret, now+1), "", ""},
		"expired":                       {mint(g.ID, "first-secret", now-1), ReasonExpired, protocol.RuleAuthTokenLive},
		"another secret":                {mint(g.ID, "another-secret", now+1), ReasonUnauthorized, protocol.RuleAuthBearer},
		"expired and another secret":    {mint(g.ID, "another-secret", now-1), ReasonUnauthorized, protocol.RuleAuthBearer},
		"an unknown gateway":            {mint("gw-nobody", "first-secret", now+1), ReasonUnauthorized, protocol.RuleAuthBearer},
		"padded":                        {[]string{good[0] + "="}, ReasonUnauthorized, protocol.RuleAuthBearer},
		"another scheme":                {[]string{"Basic " + good[0][7:]}, ReasonUnauthorized, protocol.RuleAuthBearer},
		"two headers":                   {append(good, good...), ReasonUnauthorized, protocol.RuleAuthBearer},
		"no header, which may be meant": {nil, ReasonUnauthorized, ""},
		"a secret that was revoked":     {mint(revoked.ID, "revoked-secret", now+1), ReasonUnauthorized, ""},
	} {
		t.Run(name, func(t *testing.T) {
			mark := c.Journal().Mark()
			k := dialWith(t, c, http.Header{"Authorization": test.header})
			if test.reason == "" {
				k.hello(g)
			} else if code, reason := k.closed(); code != CloseUnauthorized || reason != test.reason {
				t.Errorf("expected close 4401 %q, got %d %q", test.reason, code, reason)
			}
			var broken protocol.RuleID
			for _, e := range c.Journal().Since(mark) {
				if e.Kind == KindViolation {
					broken = e.Violation.Rule
				}
				if e.Dir == protocol.FromConnector && test.reason != "" {
					t.Errorf("expected no frame on a refused session, got %s", e)
				}
			}
			if broken != test.rule {
				t.Errorf("expected a violation of %q, got %q", test.rule, broken)
			}
		})
	}
}

type fixedClock struct{ now time.Time }

func (c fixedClock) Now() time.Time { return c.now }
func (fixedClock) AfterFunc(time.Duration, func()) func() bool {
	return func() bool { return true }
}

func TestOtherPathsAre400(t *testing.T) {
	c := started(t)
	for _, path := range []string{"/", "/relay/", "/relay/x", "//relay", "/Relay", "/relay/../relay", "/relay%2F"} {
		mark := c.Journal().Mark()
		_, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(c.URL(), "http")+path, nil)
		if err == nil || resp.StatusCode != http.StatusBadRequest {
			t.Fatalf("%s: expected HTTP 400, got %v, %v", path, resp, err)
		}
		if e := await(t, c, mark, OfKind(KindDial)); e.Dial.Path != path {
			t.Errorf("expected the dial of %s on record, got %s", path, e)
		}
		await(t, c, mark, isViolation(protocol.RuleConnectDialPath))
		if e := await(t, c, mark, OfKind(KindRefused)); e.Dial.Status != http.StatusBadRequest {
			t.Errorf("expected the refusal on record, got %s", e)
		}
	}
	resp, err := http.Get(c.URL() + "/relay")
	must(t, err)
	must(t, resp.Body.Close())
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("expected HTTP 400 without an upgrade, got %s", resp.Status)
	}
	if n := len(c.Journal().Since(0)); OfKind(KindHTTP)(c.Journal().Since(0)[n-1]) == false {
		t.Errorf("expected the plain request on record, got %s", c.Journal().Since(0)[n-1])
	}
}

func TestAQueryIsNoPath(t *testing.T) {
	c := started(t, WithAnonymous())
	ws, _, err := websocket.DefaultDialer.Dial(protocol.DialURL(c.URL())+"?x=1", nil)
	must(t, err)
	defer ws.Close()
	if e := await(t, c, 0, OfKind(KindDial)); e.Dial.Path != "/relay" || e.Dial.RawQuery != "x=1" {
		t.Errorf("expected path and query apart, got %+v", e.Dial)
	}
	noViolations(t, c)
}

func TestDevelopmentMode(t *testing.T) {
	c := started(t, WithAnonymous())
	g := c.AddGateway(Gateway{ID: AnonymousGatewayID, Platform: "signal", Instance: "dev"})
	k := dialWith(t, c, nil)
	k.hello(g)
	if s := c.Session(AnonymousGatewayID); s == nil || s.Gateway().Instance != "dev" {
		t.Errorf("expected the anonymous session to have its record's identity, got %+v", s)
	}
	noViolations(t, c)
}

func TestNewestConnectionSupersedes(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	other := greeted(t, c, c.AddGateway(Gateway{}))
	old := greeted(t, c, g)
	first := c.Session(g.ID)
	fresh := greeted(t, c, g)
	if code, _ := old.closed(); code != CloseSuperseded {
		t.Errorf("expected the older session to be closed with %d, got %d", CloseSuperseded, code)
	}
	if s := c.Session(g.ID); s == nil || s == first {
		t.Errorf("expected the newer session to be live, got %v", s)
	}
	if err := first.Send(&protocol.GoingIdleAck{}); !errors.Is(err, ErrSessionOver) {
		t.Errorf("expected %v, got %v", ErrSessionOver, err)
	}
	fresh.alive()
	other.alive()
	// The gateway left its older socket open, and that is held against it, once.
	var left []Entry
	for _, e := range c.Journal().All() {
		if e.Kind == KindViolation {
			left = append(left, e)
		}
	}
	if len(left) != 1 || left[0].Violation.Rule != protocol.RuleConnectSingleSocket {
		t.Errorf("expected one violation of %s, got %v", protocol.RuleConnectSingleSocket, left)
	}
}

func TestNothingIsDeliveredToASupersededSession(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	old := greeted(t, c, g)
	upgraded := c.On(Match{Point: PointUpgraded}).Do()
	fresh := dial(t, c, g)
	must(t, upgraded.WaitHits(within(t), 1))
	ids := publish(t, c, g.Instance, "hi")
	old.alive() // and no event before
	fresh.hello(g)
	if in := fresh.inbound("hi"); in.BufferID.Or("") != ids[0] {
		t.Errorf("expected the event to wait for the newer session as %q, got %v", ids[0], in.BufferID)
	}
}

// The end of the older socket may be on its way while the handshake goes on.
func TestALateEndOfTheOlderSocketIsFine(t *testing.T) {
	c := started(t, WithLimits(Limits{RedialGrace: bound}))
	g := c.AddGateway(Gateway{})
	old := greeted(t, c, g)
	fresh := greeted(t, c, g)
	must(t, old.ws.Close())
	await(t, c, 0, OfKind(KindClosed))
	fresh.alive()
	noViolations(t, c)
}

// A gateway that closes before it dials again has left nothing open, however late the
// end of the older socket is read.
func TestRedialAfterItsOwnCloseIsNoSecondSocket(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	for range 20 {
		k := greeted(t, c, g)
		must(t, k.ws.Close())
	}
	noViolations(t, c)
}

func TestRevoke(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	token, err := c.Token(g.ID, time.Minute)
	must(t, err)
	must(t, c.Revoke(g.ID))
	if code, reason := k.closed(); code != CloseUnauthorized || reason != ReasonUnauthorized {
		t.Errorf("expected close 4401 unauthorized, got %d %q", code, reason)
	}
	if c.Session(g.ID) != nil {
		t.Error("expected no session after the revocation")
	}
	again := dialWith(t, c, http.Header{"Authorization": {"Bearer " + token}})
	if code, _ := again.closed(); code != CloseUnauthorized {
		t.Errorf("expected close 4401, got %d", code)
	}
	if _, err := c.Rotate(g.ID); err != nil {
		t.Fatal(err)
	}
	greeted(t, c, g).alive()
	noViolations(t, c)
}

func TestTLS(t *testing.T) {
	c := started(t, WithTLS(nil))
	if !strings.HasPrefix(c.URL(), "https://") {
		t.Errorf("expected an https URL, got %s", c.URL())
	}
	k := greeted(t, c, c.AddGateway(Gateway{}))
	k.alive()
	must(t, c.Session("gw-1").Reset())
	if e := await(t, c, 0, OfKind(KindClosed)); e.Close.How != HowRST {
		t.Errorf("expected a reset, got %s", e)
	}
}

func TestHowASessionEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*client, *Session)
		want CloseRecord
	}{
		"gateway closes": {
			func(k *client, _ *Session) {
				_ = k.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "bye"), time.Now().Add(bound))
			},
			CloseRecord{protocol.FromGateway, 4000, "bye", HowCloseFrame},
		},
		"gateway closes without a code": {
			func(k *client, _ *Session) {
				_ = k.ws.WriteControl(websocket.CloseMessage, nil, time.Now().Add(bound))
			},
			CloseRecord{protocol.FromGateway, 1005, "", HowCloseFrame},
		},
		"gateway ends TCP": {
			func(k *client, _ *Session) { _ = k.ws.Close() },
			CloseRecord{protocol.FromGateway, 1006, "", HowFIN},
		},
		"gateway resets": {
			func(k *client, _ *Session) { k.reset() },
			CloseRecord{protocol.FromGateway, 1006, "", HowRST},
		},
		"gateway breaks the WebSocket protocol": {
			func(k *client, _ *Session) { _, _ = k.ws.NetConn().Write([]byte{0xff, 0xff, 0xff}) },
			CloseRecord{protocol.FromConnector, 1002, "", HowCloseFrame},
		},
		"connector closes": {
			func(_ *client, s *Session) { _ = s.Close(4321, "enough") },
			CloseRecord{protocol.FromConnector, 4321, "enough", HowCloseFrame},
		},
		"connector closes without a code": {
			func(_ *client, s *Session) { _ = s.Close(0, "") },
			CloseRecord{protocol.FromConnector, 1005, "", HowCloseFrame},
		},
		"connector resets": {
			func(_ *client, s *Session) { _ = s.Reset() },
			CloseRecord{protocol.FromConnector, 1006, "", HowRST},
		},
		"connector ends TCP": {
			func(_ *client, s *Session) { _ = s.Drop() },
			CloseRecord{protocol.FromConnector, 1006, "", HowFIN},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := started(t)
			g := c.AddGateway(Gateway{})
			k := greeted(t, c, g)
			s := c.Session(g.ID)
			test.end(k, s)
			if e := await(t, c, 0, OfKind(KindClosed)); *e.Close != test.want {
				t.Errorf("expected %+v on record, got %+v", test.want, *e.Close)
			}
			if test.want.By == protocol.FromConnector && test.want.Code != 1002 {
				// What the gateway sees of it.
				_, _, err := k.read()
				var ce *websocket.CloseError
				switch test.want.How {
				case HowCloseFrame:
					if !errors.As(err, &ce) || ce.Code != test.want.Code || ce.Text != test.want.Reason {
						t.Errorf("expected the gateway to see %+v, got %v", test.want, err)
					}
				case HowRST:
					if !errors.Is(err, syscall.ECONNRESET) {
						t.Errorf("expected the gateway to see a reset, got %v", err)
					}
				case HowFIN:
					if !errors.As(err, &ce) || ce.Code != websocket.CloseAbnormalClosure {
						t.Errorf("expected the gateway to see the end of TCP, got %v", err)
					}
				}
			}
			<-s.over
			n := 0
			for _, e := range c.Journal().All() {
				if e.Kind == KindClosed {
					n++
				}
			}
			if n != 1 {
				t.Errorf("expected one closed entry, got %d", n)
			}
		})
	}
}

func TestWhatWasSentLeavesBeforeTheEnd(t *testing.T) {
	for name, end := range map[string]func(*Session) error{
		"close": func(s *Session) error { return s.Close(4000, "") },
		"fin":   (*Session).Drop,
	} {
		t.Run(name, func(t *testing.T) {
			c := started(t)
			g := c.AddGateway(Gateway{})
			k := greeted(t, c, g)
			s := c.Session(g.ID)
			const frames = 200
			for range frames {
				must(t, s.Send(&protocol.Inbound{Event: event("C1", strings.Repeat("x", 1000))}))
			}
			must(t, end(s))
			for range frames {
				expect[*protocol.Inbound](k)
			}
		})
	}
}

func TestCloseEndsEverything(t *testing.T) {
	c := New(WithLimits(Limits{ShutdownTimeout: 200 * time.Millisecond}))
	must(t, c.Start())
	g := c.AddGateway(Gateway{})
	reading := greeted(t, c, g)
	// A peer that is half open never answers the close frame.
	deaf := greeted(t, c, c.AddGateway(Gateway{}))
	c.Session("gw-2").PauseReading()
	done := make(chan error, 1)
	go func() {
		_, err := c.Journal().Wait(within(t), 0, isNote("this never comes"))
		done <- err
	}()
	if code, _ := reading.closedWhile(func() { must(t, c.Close()) }); code != websocket.CloseGoingAway {
		t.Errorf("expected close 1001, got %d", code)
	}
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("expected the wait to end with %v, got %v", ErrClosed, err)
	}
	must(t, c.Close())
	_ = deaf
}

// Sessions that began at the same moment are told in the order of their dials as well.
func TestSessionsInTheirOrder(t *testing.T) {
	c := started(t, WithClock(&handClock{now: time.Unix(1_750_000_000, 0), timers: make(chan func(), 10)}))
	var want []string
	for i := range 11 {
		greeted(t, c, c.AddGateway(Gateway{}))
		want = append(want, fmt.Sprintf("s%d", i+1))
	}
	var got []string
	for _, s := range c.Sessions() {
		got = append(got, s.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("expected %v, got %v", want, got)
	}
}

// What is on its way to a connector when it is closed must not be told that all is well.
func TestARequestAfterTheEnd(t *testing.T) {
	c := New()
	must(t, c.Start())
	must(t, c.Close())
	answer := httptest.NewRecorder()
	c.serveHTTP(answer, httptest.NewRequest(http.MethodPost, protocol.RouteProvision, strings.NewReader("{}")))
	if answer.Code != http.StatusServiceUnavailable {
		t.Errorf("expected 503, got %d", answer.Code)
	}
}

func (k *client) closedWhile(f func()) (code int, reason string) {
	k.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); code, reason = k.closed() }()
	f()
	<-done
	return code, reason
}
