package serve

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/fakeconnector/internal/rig"
	"github.com/relaykit/relaykit/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const bound = rig.Bound

var within, must, read = rig.Within, rig.Must, rig.Read

// running is a process of the test.
type running struct {
	t              *testing.T
	relay, control string
	reload         chan os.Signal
	stop           func() error // shuts down, and returns what Run returned
	http           *http.Client
	logs           *logs

	mu     sync.Mutex
	config Config
	broken error // what Load returns instead
}

// logs are what the process wrote on standard error.
type logs struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	close(l.changed)
	l.changed = make(chan struct{})
	return len(p), nil
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait blocks until the logs hold a text.
func (l *logs) wait(t *testing.T, text string) {
	t.Helper()
	ctx := within(t)
	for {
		l.mu.Lock()
		has, changed := strings.Contains(l.text.String(), text), l.changed
		l.mu.Unlock()
		if has {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("expected %q in the logs, got\n%s", text, l)
		}
	}
}

func run(t *testing.T, set func(*Config)) *running {
	t.Helper()
	r := &running{t: t, reload: make(chan os.Signal, 1), logs: &logs{changed: make(chan struct{})}, config: Default()}
	r.config.Listen, r.config.Control = "127.0.0.1:0", "127.0.0.1:0"
	if set != nil {
		set(&r.config)
	}
	r.http = &http.Client{Transport: &http.Transport{}}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan [2]string, 1), make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Version: "test", Stderr: r.logs, Reload: r.reload,
			Load: func() (Config, error) {
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.config, r.broken
			},
			Ready: func(relay, control string) { ready <- [2]string{relay, control} }})
	}()
	var once sync.Once
	var result error
	r.stop = func() error {
		once.Do(func() { cancel(); result = <-ended; r.http.CloseIdleConnections() })
		return result
	}
	t.Cleanup(func() { must(t, r.stop()) })
	select {
	case at := <-ready:
		r.relay, r.control = at[0], at[1]
	case err := <-ended:
		t.Fatalf("expected to serve, got %v\n%s", err, r.logs)
	}
	return r
}

func (r *running) client(token string) *client.Client {
	return client.New(r.control, token).WithHTTP(r.http)
}

// change reloads with another configuration, or with an error.
func (r *running) change(set func(*Config), broken error) {
	r.mu.Lock()
	if set != nil {
		set(&r.config)
	}
	r.broken = broken
	r.mu.Unlock()
	r.reload <- syscall.SIGHUP
}

// dial connects a gateway and reads its descriptor.
func (r *running) dial(id, secret string, config *tls.Config) *websocket.Conn {
	r.t.Helper()
	ws := rig.Dial(r.t, r.relay, rig.Gateway{ID: id, Secret: secret, Platform: "discord", BotID: "b", TLS: config})
	rig.Descriptor(r.t, ws)
	return ws
}

const gatewaySecret = "the-secret-of-a-gateway"

func withGateway(c *Config) {
	c.Gateways = []any{map[string]any{"id": "gw-1", "secret": gatewaySecret, "instance": "inst-1", "bot_id": "b", "tenant": "acme"}}
}

func TestReload(t *testing.T) {
	r := run(t, func(c *Config) {
		withGateway(c)
		c.Stubs = []any{map[string]any{"id": "one", "match": map[string]any{"gateway": "x"}, "faults": []any{map[string]any{"name": "withhold"}}}}
	})
	c := r.client("")
	ws := r.dial("gw-1", gatewaySecret, nil)
	byHand, err := c.CreateGateway(within(t), api.NewGateway{ID: "by-hand"})
	must(t, err)
	before, err := c.Snapshot(within(t))
	must(t, err)

	for _, wrong := range []struct {
		set    func(*Config)
		broken error
		text   string
	}{
		{nil, errors.New("line 7: no such thing"), "line 7: no such thing"},
		{func(c *Config) { c.Stubs = []any{map[string]any{"faults": []any{map[string]any{"name": "explode"}}}} }, nil, "stubs[0].faults[0].name"},
		{func(c *Config) { c.Stubs = nil; c.Gateways = []any{map[string]any{"id": "gw-1"}} }, nil, "gateways[0]: expected an id and a secret"},
		{func(c *Config) { withGateway(c); c.Tenants = []any{"acme"} }, nil, "tenants[0]"},
	} {
		r.change(wrong.set, wrong.broken)
		r.logs.wait(t, wrong.text)
	}
	after, err := c.Snapshot(within(t))
	must(t, err)
	was, _ := json.Marshal(before)
	if is, _ := json.Marshal(after); !bytes.Equal(was, is) {
		t.Errorf("expected a broken configuration to change nothing, got\n%s\nwhere there was\n%s", is, was)
	}

	r.change(func(c *Config) {
		withGateway(c)
		c.Gateways = append(c.Gateways, map[string]any{"id": "gw-2", "secret": "another-secret"})
		c.Tenants = []any{map[string]any{"id": "acme", "identity_tokens": []any{"identity-1"}, "scopes": []any{"G1"}}}
		c.Stubs = []any{map[string]any{"id": "two", "match": map[string]any{"gateway": "y"}, "faults": []any{map[string]any{"name": "ignore"}}}}
		c.Listen = "127.0.0.1:1"
	}, nil)
	r.logs.wait(t, `"msg":"reloaded"`)
	r.logs.wait(t, `"field":"listen"`)
	now, err := c.Snapshot(within(t))
	must(t, err)
	if len(now.Gateways) != 3 || len(now.Stubs) != 1 || now.Stubs[0].ID != "two" || len(now.Scopes) != 1 || now.Sessions[0].ID != before.Sessions[0].ID {
		t.Errorf("expected the new configuration, what was made by hand, and the session, got %+v", now)
	}
	if g, err := c.Gateway(within(t), byHand.Gateway.ID); err != nil || g.ID != "by-hand" {
		t.Errorf("expected what was made by hand to stay, got %+v, %v", g, err)
	}

	r.change(func(c *Config) { c.Gateways, c.Tenants, c.Stubs = nil, nil, nil }, nil)
	must(t, ws.SetReadDeadline(time.Now().Add(bound)))
	if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, 4401) {
		t.Errorf("expected a gateway that was taken out to be closed with 4401, got %v", err)
	}
	if strings.Contains(r.logs.String(), gatewaySecret) || strings.Contains(r.logs.String(), "another-secret") {
		t.Error("expected no secret in the logs")
	}
}

// Bindings and policies of the configuration are in force, follow it, and leave alone what
// was bound by hand.
func TestReloadOfBindings(t *testing.T) {
	m := func(pairs ...any) map[string]any {
		out := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i].(string)] = pairs[i+1]
		}
		return out
	}
	grant := func(scope string) any { return m("instance", "inst-1", "platform", "discord", "scope", scope) }
	r := run(t, func(c *Config) {
		withGateway(c)
		c.Bindings = m("authors", []any{m("instance", "inst-1", "platform", "discord", "user_id", "U1")}, "grants", []any{grant("C1"), grant("C2")},
			"dm_defaults", []any{m("instance", "inst-1", "platform", "discord")},
			"principals", []any{m("instance", "inst-1", "principal", "any")}, "hidden", []any{m("platform", "discord", "user_id", "U1", "chat", "C9")})
		c.Policies = []any{m("gateway", "gw-1", "platform", "discord", "require_address", true, "allow_other_bots", false)}
	})
	c := r.client("")
	look := func() (api.Bindings, []api.Policy) {
		t.Helper()
		all, err := c.Snapshot(within(t))
		must(t, err)
		return all.Bindings, all.Policies
	}
	b, p := look()
	if len(b.Authors) != 1 || len(b.Grants) != 2 || len(b.DMDefaults) != 1 || len(b.Principals) != 1 || b.Principals[0].Principal.Principal != "any" ||
		len(b.Hidden) != 1 || len(p) != 1 || !p[0].RequireAddress {
		t.Fatalf("expected everything of the configuration, got %+v and %+v", b, p)
	}
	_, err := c.CreateGateway(within(t), api.NewGateway{ID: "by-hand", Instance: "inst-hand"})
	must(t, err)
	must(t, c.Grant(within(t), api.Grant{Instance: "inst-hand", Platform: "discord", Scope: "C5"}))
	must(t, c.ReleaseGrant(within(t), api.Grant{Instance: "inst-1", Platform: "discord", Scope: "C2"}))
	b, p = look()
	before, _ := json.Marshal([]any{b, p})

	// C5 is another one's by hand: nothing of the file is taken over, the rest of it neither.
	lines := strings.Count(r.logs.String(), "\n")
	r.change(func(c *Config) {
		c.Bindings = m("grants", []any{grant("C1"), grant("C3"), grant("C5")})
		c.Policies = nil
		c.Gateways = append(c.Gateways, m("id", "gw-2", "secret", "another-secret"))
	}, nil)
	r.logs.wait(t, "bindings.grants[2]: granting discord/C5: another instance has it")
	if got := strings.Count(r.logs.String(), "\n") - lines; got != 1 || strings.Contains(r.logs.String(), `"msg":"reloaded`) {
		t.Errorf("expected one line about it, got %d\n%s", got, r.logs)
	}
	b, p = look()
	if after, _ := json.Marshal([]any{b, p}); !bytes.Equal(before, after) {
		t.Errorf("expected nothing to change, got\n%s\nwhere there was\n%s", after, before)
	}
	if list, err := c.Gateways(within(t)); err != nil || len(list.Gateways) != 2 {
		t.Errorf("expected no gateway of the file that was refused, got %+v, %v", list, err)
	}

	r.change(func(c *Config) {
		c.Bindings = m("grants", []any{grant("C2"), grant("C3")}) // C2 is as it was in the file: released by hand, it stays so
		c.Policies = []any{m("gateway", "gw-1", "platform", "discord", "require_address", false, "allow_other_bots", true)}
		c.Gateways = c.Gateways[:1]
	}, nil)
	r.logs.wait(t, `"msg":"reloaded","tenants":0,"gateways":1,"bindings":2,"policies":1,"stubs":0`)
	b, p = look()
	if len(b.Authors) != 0 || len(b.DMDefaults) != 0 || len(b.Hidden) != 0 || len(p) != 1 || p[0].RequireAddress || !p[0].AllowOtherBots ||
		len(b.Principals) != 1 || b.Principals[0].Principal.Principal != "owner-only" ||
		len(b.Grants) != 2 || b.Grants[0].Scope != "C3" || b.Grants[1] != (api.Grant{Instance: "inst-hand", Platform: "discord", Scope: "C5"}) {
		t.Errorf("expected what the file says now, and what was granted by hand, got %+v and %+v", b, p)
	}

	// What hangs on a gateway whose record changes is made anew with it.
	r.change(func(c *Config) {
		c.Gateways = []any{m("id", "gw-1", "secret", gatewaySecret, "instance", "inst-1", "bot_id", "other", "tenant", "acme")}
	}, nil)
	r.logs.wait(t, `"msg":"reloaded","tenants":0,"gateways":1,"bindings":2,"policies":1,"stubs":0}`+"\n"+`{`)
	if b, p = look(); len(p) != 1 || !p[0].AllowOtherBots || len(b.Grants) != 3 {
		t.Errorf("expected the policy and both grants of the file, got %+v and %+v", b, p)
	}
}

// What is printed and handed out is the public URL, or an address that can be dialed.
func TestPublicURL(t *testing.T) {
	r := run(t, func(c *Config) { c.Listen, c.Control, c.Token = "0.0.0.0:0", ":0", "a-token-of-this-test" })
	if !strings.HasPrefix(r.relay, "http://127.0.0.1:") || !strings.HasPrefix(r.control, "http://127.0.0.1:") {
		t.Errorf("expected addresses of loopback, got %s and %s", r.relay, r.control)
	}
	info, err := r.client("a-token-of-this-test").Info(within(t)) // and so the control URL is good
	must(t, err)
	if info.RelayURL != r.relay {
		t.Errorf("expected %s, got %+v", r.relay, info)
	}
	made, err := r.client("a-token-of-this-test").CreateGateway(within(t), api.NewGateway{})
	must(t, err)
	r.dial(made.Gateway.ID, made.Secret, nil)

	const public = "wss://connector.example/base"
	r = run(t, func(c *Config) { c.Listen, c.PublicURL = "0.0.0.0:0", public; c.Token = "a-token-of-this-test" })
	info, err = r.client("a-token-of-this-test").Info(within(t))
	must(t, err)
	if r.relay != public || info.RelayURL != public {
		t.Errorf("expected the public URL, got %s and %+v", r.relay, info)
	}
	r.logs.wait(t, `"relay":"`+public+`"`)
}

// A reset begins again with the configuration, and its gateways dial again.
func TestResetGoesBackToTheConfiguration(t *testing.T) {
	r := run(t, withGateway)
	c := r.client("")
	ws := r.dial("gw-1", gatewaySecret, nil)
	_, err := c.CreateGateway(within(t), api.NewGateway{ID: "by-hand"})
	must(t, err)
	_, err = c.Push(within(t), "inst-by-hand", api.Event{Source: protocol.Source{ChatID: "C1"}})
	must(t, err)
	_, err = c.Reset(within(t))
	must(t, err)
	must(t, ws.SetReadDeadline(time.Now().Add(bound)))
	if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("expected the session to close with 1001, got %v", err)
	}
	r.dial("gw-1", gatewaySecret, nil)
	now, err := c.Snapshot(within(t))
	must(t, err)
	if len(now.Gateways) != 1 || now.Gateways[0].Session == "" || len(now.Buffers) != 0 {
		t.Errorf("expected the gateway of the configuration alone, connected, got %+v", now)
	}
}

// A shutdown waits for what is in flight, and refuses dials meanwhile.
func TestShutdownDrains(t *testing.T) {
	r := run(t, withGateway)
	c := r.client("")
	d, err := c.Push(within(t), "inst-1", api.Event{Text: "one", Source: protocol.Source{ChatID: "C1"}})
	must(t, err)
	ws := r.dial("gw-1", gatewaySecret, nil)
	f := read(t, ws)
	if f["bufferId"] != d.BufferID {
		t.Fatalf("expected the buffered entry, got %v", f)
	}
	stream := make(chan error, 1)
	go func() {
		var last error
		for _, err := range c.Follow(within(t), client.Query{}) {
			last = err
		}
		stream <- last
	}()
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	r.logs.wait(t, `"msg":"shutting down","in_flight":1`)
	if code := r.get("/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("expected not to be ready while shutting down, got %d", code)
	}
	_, resp, err := websocket.DefaultDialer.DialContext(within(t), "ws"+strings.TrimPrefix(r.relay, "http")+protocol.RouteRelay, nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("expected a dial to be refused with 503, got %v", err)
	}
	select {
	case <-stopped:
		t.Fatal("expected the shutdown to wait for the acknowledgement")
	default:
	}
	must(t, ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"inbound_ack","bufferId":"`+d.BufferID+`"}`+"\n")))
	must(t, ws.SetReadDeadline(time.Now().Add(bound)))
	if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("expected the session to close with 1001 then, got %v", err)
	}
	must(t, <-stopped)
	if err := <-stream; !errors.Is(err, client.ErrStreamEnded) {
		t.Errorf("expected the stream to be ended, got %v", err)
	}
	if strings.Contains(r.logs.String(), "ends with the process") {
		t.Errorf("expected nothing to be lost, got\n%s", r.logs)
	}
}

func (r *running) get(path string) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(within(r.t), http.MethodGet, r.control+path, nil)
	must(r.t, err)
	resp, err := r.http.Do(req)
	must(r.t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// A shutdown is bounded: what is not acknowledged is told of, in flight or not, in every
// namespace; what a store keeps is not lost.
func TestShutdownIsBounded(t *testing.T) {
	for store, lost := range map[string]int{"": 3, filepath.Join(t.TempDir(), "buffers.db"): 1} {
		r := run(t, func(c *Config) {
			withGateway(c)
			c.Store, c.ShutdownTimeout, c.Drain.Window = store, 50*time.Millisecond, 1
		})
		ids := r.push(2)
		_, err := r.client("").CreateNamespace(within(t), "one")
		must(t, err)
		one := r.client("").In("one")
		_, err = one.CreateGateway(within(t), api.NewGateway{Instance: "inst-one"})
		must(t, err)
		_, err = one.Push(within(t), "inst-one", api.Event{Source: protocol.Source{ChatID: "C1"}})
		must(t, err)
		expectEntry(t, r.dial("gw-1", gatewaySecret, nil), ids[0])
		must(t, r.stop())
		for _, want := range []string{`"msg":"shutting down","in_flight":1}`, fmt.Sprintf(`"msg":"what waits in memory ends with the process","buffered":%d}`, lost)} {
			if !strings.Contains(r.logs.String(), want) {
				t.Errorf("store %q: expected %s in the logs, got\n%s", store, want, r.logs)
			}
		}
	}
}

// A token that is made is asked for, and shown once.
func TestTokenIsMade(t *testing.T) {
	r := run(t, func(c *Config) { c.Token, c.Pprof = makeToken, true })
	_, rest, found := strings.Cut(r.logs.String(), "shown this once: ")
	token, _, _ := strings.Cut(rest, "\n")
	if !found || len(token) < minToken {
		t.Fatalf("expected a token on standard error, got\n%s", r.logs)
	}
	var p *api.Problem
	if _, err := r.client("").Info(within(t)); !errors.As(err, &p) || p.Status != 401 {
		t.Errorf("expected 401 without the token, got %v", err)
	}
	if _, err := r.client(token).Info(within(t)); err != nil {
		t.Errorf("expected the token to be good, got %v", err)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 401, "/debug/pprof/": 401, "/debug/pprof/heap": 401} {
		if code := r.get(path); code != want {
			t.Errorf("%s: expected %d without the token, got %d", path, want, code)
		}
	}
	must(t, r.stop())
	if strings.Count(r.logs.String(), token) != 1 {
		t.Errorf("expected the token once, got\n%s", r.logs)
	}
}

// The buffers of a store outlive the process.
func TestStoreOutlives(t *testing.T) {
	file := filepath.Join(t.TempDir(), "buffers.db")
	with := func(c *Config) { withGateway(c); c.Store = file }
	first := run(t, with)
	d, err := first.client("").Push(within(t), "inst-1", api.Event{Text: "one", Source: protocol.Source{ChatID: "C1"}})
	must(t, err)
	must(t, first.stop())
	second := run(t, with)
	if f := read(t, second.dial("gw-1", gatewaySecret, nil)); f["bufferId"] != d.BufferID {
		t.Errorf("expected the entry of before, got %v", f)
	}
	// A reset empties them as well: how it began is without.
	c := second.client("")
	_, err = c.Reset(within(t))
	must(t, err)
	if list, err := c.Buffers(within(t)); err != nil || len(list.Buffers) != 0 {
		t.Errorf("expected no buffer after a reset, got %+v, %v", list, err)
	}
}

func TestTLS(t *testing.T) {
	cert, key, roots := certificate(t)
	r := run(t, func(c *Config) { withGateway(c); c.TLSCert, c.TLSKey = cert, key })
	config := &tls.Config{RootCAs: roots}
	r.http.Transport.(*http.Transport).TLSClientConfig = config
	if !strings.HasPrefix(r.relay, "https://") || !strings.HasPrefix(r.control, "https://") {
		t.Errorf("expected both listeners to have TLS, got %s and %s", r.relay, r.control)
	}
	r.dial("gw-1", gatewaySecret, config)
	for name, url := range map[string]string{"relay": r.relay, "control": r.control} {
		// Neither speaks HTTP/2, in which one connection would have to carry a stream and more.
		spoken := handshake(t, url, &tls.Config{RootCAs: roots, NextProtos: []string{"h2", "http/1.1"}})
		if spoken == nil || spoken.NegotiatedProtocol == "h2" || spoken.Version < tls.VersionTLS12 {
			t.Errorf("%s: expected TLS without HTTP/2, got %+v", name, spoken)
		}
		if old := handshake(t, url, &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); old != nil {
			t.Errorf("%s: expected no TLS before 1.2, got version %x", name, old.Version)
		}
	}
	list, err := r.client("").Sessions(within(t))
	must(t, err)
	if len(list.Sessions) != 1 {
		t.Errorf("expected the session, got %+v", list)
	}
	// Another certificate takes effect without a restart, unless something else is wrong.
	other, otherKey, otherRoots := certificate(t)
	for from, to := range map[string]string{other: cert, otherKey: key} {
		text, err := os.ReadFile(from)
		must(t, err)
		must(t, os.WriteFile(to, text, 0o600))
	}
	withhold := []api.Fault{{"name": json.RawMessage(`"withhold"`)}}
	_, err = r.client("").CreateStub(within(t), api.NewStub{ID: "one", Match: api.Match{Gateway: "x"}, Every: 1, Faults: withhold})
	must(t, err)
	r.change(func(c *Config) {
		c.Stubs = []any{map[string]any{"id": "one", "faults": []any{map[string]any{"name": "withhold"}}}}
	}, nil)
	r.logs.wait(t, "was taken by hand")
	r.dial("gw-1", gatewaySecret, config)
	r.change(func(c *Config) { c.Stubs = nil }, nil)
	r.logs.wait(t, `"msg":"reloaded"`)
	r.dial("gw-1", gatewaySecret, &tls.Config{RootCAs: otherRoots})
}

// handshake is what a client and a listener agree on, nil where they do not.
func handshake(t *testing.T, url string, config *tls.Config) *tls.ConnectionState {
	t.Helper()
	nc, err := (&tls.Dialer{Config: config}).DialContext(within(t), "tcp", strings.TrimPrefix(url, "https://"))
	if err != nil {
		return nil
	}
	defer nc.Close()
	state := nc.(*tls.Conn).ConnectionState()
	return &state
}

// certificate makes one for 127.0.0.1, in files.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600))
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return cert, key, roots
}

// The metrics say what has happened, and forget a namespace that is gone.
func TestMetrics(t *testing.T) {
	r := run(t, withGateway)
	c := r.client("")
	d, err := c.Push(within(t), "inst-1", api.Event{Text: "one", Source: protocol.Source{ChatID: "C1"}})
	must(t, err)
	_, err = c.CreateNamespace(within(t), "one")
	must(t, err)
	one, err := c.In("one").CreateGateway(within(t), api.NewGateway{ID: "gw-one", Instance: "inst-one"})
	must(t, err)
	_, err = c.In("one").Push(within(t), "inst-one", api.Event{Source: protocol.Source{ChatID: "C1"}})
	must(t, err)
	r.expect(`fakeconnector_buffered{namespace="default"} 1`, `fakeconnector_buffered{namespace="one"} 1`, `fakeconnector_instances{flipped="true",namespace="default"} 1`)

	ws := r.dial("gw-1", gatewaySecret, nil)
	read(t, ws)
	for _, line := range []string{
		`{"type":"inbound_ack","bufferId":"` + d.BufferID + `"}`,
		`{"type":"outbound","requestId":"r1","action":{"op":"send","chat_id":"C1","content":"hi","metadata":{}}}`,
		`{"type":"x_made_up_1"}`,
		`{"type":"x_made_up_2"}`,
		`no frame`,
	} {
		must(t, ws.WriteMessage(websocket.TextMessage, []byte(line+"\n")))
	}
	_, err = c.Wait(within(t), client.Query{Filter: api.Filter{Kinds: []string{"violation"}}}, bound)
	must(t, err)
	if f := read(t, ws); f["type"] != "outbound_result" {
		t.Errorf("expected a result, got %v", f)
	}
	r.expect(`fakeconnector_sessions{namespace="default",state="live"} 1`, `fakeconnector_buffered{namespace="default"} 0`,
		`fakeconnector_acks_total{namespace="default"} 1`, `fakeconnector_ack_seconds_count{namespace="default"} 1`, `fakeconnector_result_seconds_count{namespace="default"} 1`,
		`fakeconnector_frames_total{direction="gateway",namespace="default",type="outbound"} 1`,
		`fakeconnector_frames_total{direction="connector",namespace="default",type="inbound"} 1`,
		`fakeconnector_frames_total{direction="gateway",namespace="default",type="other"} 2`,
		`fakeconnector_frames_total{direction="gateway",namespace="default",type="none"} 1`,
		`fakeconnector_violations_total{namespace="default",rule="framing/newline"} 1`,
		`fakeconnector_dials_total{namespace="default",result="upgraded"} 1`)
	must(t, c.Revoke(within(t), "gw-1"))
	_, err = c.Wait(within(t), client.Query{Filter: api.Filter{Kinds: []string{"closed"}}}, bound)
	must(t, err)
	r.expect(`fakeconnector_sessions_closed_total{by="connector",code="4401",namespace="default"} 1`)
	r.dial(one.Gateway.ID, one.Secret, nil)
	r.expect(`fakeconnector_dials_total{namespace="one",result="upgraded"} 1`)
	must(t, c.DeleteNamespace(within(t), "one"))
	if text := r.scrape(); strings.Contains(text, `namespace="one"`) {
		t.Errorf("expected the namespace to be forgotten, got\n%s", text)
	}
}

func (r *running) scrape() string {
	r.t.Helper()
	req, err := http.NewRequestWithContext(within(r.t), http.MethodGet, r.control+"/metrics", nil)
	must(r.t, err)
	resp, err := r.http.Do(req)
	must(r.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(r.t, err)
	return string(text)
}

// expect scrapes until every line is there: an entry is counted right after it can be read.
func (r *running) expect(lines ...string) {
	r.t.Helper()
	ctx := within(r.t)
	for _, line := range lines {
		for text := r.scrape(); !strings.Contains(text, line+"\n"); text = r.scrape() {
			if ctx.Err() != nil {
				r.t.Fatalf("expected %s, got\n%s", line, text)
			}
		}
	}
}

// pprof is there when it was asked for.
func TestPprof(t *testing.T) {
	off := run(t, nil)
	if code := off.get("/debug/pprof/"); code != http.StatusNotFound {
		t.Errorf("expected no profiles, got %d", code)
	}
	on := run(t, func(c *Config) { c.Pprof = true })
	if code := on.get("/debug/pprof/heap"); code != http.StatusOK {
		t.Errorf("expected profiles, got %d", code)
	}
}
