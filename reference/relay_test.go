package reference_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/internal/ratio"
	"github.com/relaykit/relaykit/reference"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		ratio.Print(os.Stdout)
		os.Exit(code)
	}))
}

// patience bounds every wait of a test. It is fake time, which costs nothing; it outlasts
// the longest ladder of redials that a test climbs.
const patience = 5 * time.Minute

// secret and id sign the upgrade tokens of the tests.
const (
	secret    = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	gatewayID = "gw-instance-1"
)

// object is a JSON object, written by hand so that no expectation comes from the code
// under test.
type object = map[string]any

func descriptor() object {
	return object{"type": "descriptor", "descriptor": object{
		"contract_version": 1, "platform": "discord", "label": "Discord", "max_message_length": 2000,
		"supports_draft_streaming": false, "supports_edit": true, "supports_threads": true,
		"markdown_dialect": "discord", "len_unit": "chars",
	}}
}

func inbound(chat, text, messageID string) object {
	return object{"type": "inbound", "event": object{
		"text": text, "message_type": "text", "message_id": messageID,
		"source": object{"platform": "discord", "chat_id": chat, "chat_type": "dm", "user_id": "U1"},
	}}
}

func with(o object, key string, value any) object { o[key] = value; return o }

// relay is a connector's listening side in memory: each dial of the gateway becomes a
// peer that the test plays by hand.
type relay struct {
	t      testing.TB
	dials  chan *peer
	conns  chan net.Conn
	done   chan struct{}
	server *http.Server

	mu     sync.Mutex
	refuse int // dials that are refused before the next is let through
	count  int
	at     []time.Time
	live   []*peer

	tls  *tls.Config      // dials to port 443 are TLS; set before the first of them
	http http.HandlerFunc // the HTTP plane; set before the first request

	upgrade http.HandlerFunc      // answers in the place of the WebSocket; set before the first dial
	prepare func(*websocket.Conn) // sees each socket before it is read; set before the first dial
}

// peer is one socket, seen from the connector.
type peer struct {
	t      testing.TB
	conn   *websocket.Conn
	path   string
	header http.Header
	in     chan string // whole messages
	ended  chan error  // why reading ended
}

func newRelay(t testing.TB) *relay {
	r := &relay{t: t, dials: make(chan *peer, 64), conns: make(chan net.Conn), done: make(chan struct{})}
	upgrader := &websocket.Upgrader{}
	r.server = &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !strings.HasSuffix(req.URL.Path, "/relay") && r.http != nil {
			r.http(w, req)
			return
		}
		if r.upgrade != nil {
			r.upgrade(w, req)
			return
		}
		conn, err := upgrader.Upgrade(w, req, nil)
		if err != nil {
			return
		}
		p := &peer{t: t, conn: conn, path: req.URL.Path, header: req.Header, in: make(chan string, 4096), ended: make(chan error, 1)}
		if r.prepare != nil {
			r.prepare(conn)
		}
		r.mu.Lock()
		r.live = append(r.live, p)
		r.mu.Unlock()
		r.dials <- p
		p.read()
	})}
	go r.server.Serve(r)
	t.Cleanup(func() {
		r.Close()
		r.server.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, p := range r.live {
			p.conn.Close()
		}
	})
	return r
}

// Accept, Close and Addr make the relay a net.Listener.
func (r *relay) Accept() (net.Conn, error) {
	select {
	case c := <-r.conns:
		return c, nil
	case <-r.done:
		return nil, net.ErrClosed
	}
}
func (r *relay) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.done:
	default:
		close(r.done)
	}
	return nil
}
func (r *relay) Addr() net.Addr { return &net.IPAddr{} }

// dial is the gateway's NetDial.
func (r *relay) dial(ctx context.Context, _, address string) (net.Conn, error) {
	r.mu.Lock()
	r.count++
	r.at = append(r.at, time.Now())
	refused := r.refuse > 0
	if refused {
		r.refuse--
	}
	r.mu.Unlock()
	if refused {
		return nil, errors.New("connection refused")
	}
	here, there := net.Pipe()
	if r.tls != nil && strings.HasSuffix(address, ":443") {
		there = tls.Server(there, r.tls)
	}
	select {
	case r.conns <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *relay) dialTimes() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.at)
}

// mute leaves pings unanswered.
func mute(c *websocket.Conn) { c.SetPingHandler(func(string) error { return nil }) }

// next waits for the gateway's next dial.
func (r *relay) next() *peer {
	r.t.Helper()
	select {
	case p := <-r.dials:
		return p
	case <-time.After(patience):
		r.t.Fatal("expected a dial, got none")
		return nil
	}
}

// handshaken waits for the next dial and completes its handshake.
func (r *relay) handshaken() *peer {
	r.t.Helper()
	p := r.next()
	p.expect("hello")
	p.send(descriptor())
	return p
}

func (p *peer) read() {
	for {
		_, data, err := p.conn.ReadMessage()
		if err != nil {
			p.ended <- err
			close(p.in)
			return
		}
		p.in <- string(data)
	}
}

func (p *peer) send(frames ...object) {
	p.t.Helper()
	for _, f := range frames {
		line, err := json.Marshal(f)
		if err != nil {
			p.t.Fatal(err)
		}
		p.raw(string(line) + "\n")
	}
}

func (p *peer) raw(text string) {
	p.t.Helper()
	if err := p.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.t.Fatalf("the connector could not send: %v", err)
	}
}

// expectRaw waits for the next message, whole.
func (p *peer) expectRaw() string {
	p.t.Helper()
	select {
	case m, ok := <-p.in:
		if !ok {
			p.t.Fatal("expected a message, got the end of the session")
		}
		return m
	case <-time.After(patience):
		p.t.Fatal("expected a message, got nothing")
		return ""
	}
}

// expect waits for the next message, which must be one frame of that type.
func (p *peer) expect(typ string) object {
	p.t.Helper()
	text := p.expectRaw()
	var f object
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		p.t.Fatalf("expected one frame, got %q: %v", text, err)
	}
	if f["type"] != typ {
		p.t.Fatalf("expected %s, got %s", typ, text)
	}
	return f
}

// answer expects an outbound frame and answers it.
func (p *peer) answer(result object) object {
	p.t.Helper()
	f := p.expect("outbound")
	p.send(object{"type": "outbound_result", "requestId": f["requestId"], "result": result})
	return f["action"].(object)
}

// quiet lets everything come to rest and expects that nothing was sent.
func (p *peer) quiet() {
	p.t.Helper()
	synctest.Wait()
	select {
	case m, ok := <-p.in:
		if ok {
			p.t.Fatalf("expected nothing, got %q", m)
		}
	default:
	}
}

// close ends the session with a code.
func (p *peer) close(code int, reason string) {
	p.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
}

// expectEnd waits for the end of the socket and returns the close code that came.
func (p *peer) expectEnd() int {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		var ce *websocket.CloseError
		if errors.As(err, &ce) {
			return ce.Code
		}
		return 0
	case <-time.After(patience):
		p.t.Fatal("expected the end of the session, got none")
		return 0
	}
}

// config is a configuration for a gateway of r without jitter.
func (r *relay) config() reference.Config {
	return reference.Config{
		URL: "http://relay.test", GatewayID: gatewayID, Secret: secret, Platform: "discord", BotID: "bot-1",
		NetDial: r.dial, Jitter: func() float64 { return 0 },
	}
}

// start runs a gateway until the end of the test.
func start(t testing.TB, config reference.Config, handler reference.HandlerFunc) *reference.Gateway {
	t.Helper()
	if handler == nil {
		handler = func(context.Context, *reference.Turn) error { return nil }
	}
	if config.Logger == nil && testing.Verbose() && !strings.HasPrefix(t.Name(), "TestVectors") {
		config.Logger = testLog(t)
	}
	gw, err := reference.New(config, handler)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); gw.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return gw
}

func echo(ctx context.Context, turn *reference.Turn) error {
	_, err := turn.Reply(ctx, turn.Event.Text)
	return err
}

// bubble runs a test in fake time with a relay and an ordinary gateway configuration.
func bubble(t *testing.T, test func(t *testing.T, r *relay)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newRelay(t)) })
}

// testLog writes the gateway's log into the test's.
func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(logWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type logWriter struct{ t testing.TB }

func (w logWriter) Write(p []byte) (int, error) { w.t.Log(string(p)); return len(p), nil }

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Errorf("%s: expected %s, got %s", what, w, g)
	}
}

// lines collects a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
