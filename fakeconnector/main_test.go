package fakeconnector

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/internal/ratio"
	"github.com/relaykit/relaykit/protocol"
)

func TestMain(m *testing.M) {
	playIdleRole()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		ratio.Print(os.Stdout)
		os.Exit(code)
	}))
}

// bound is how long a test waits for what must come. It is generous, as machines that
// run tests are loaded; a passing test never waits for it.
const bound = time.Minute

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	t.Cleanup(cancel)
	return ctx
}

// started is a connector that is closed at the end of the test.
func started(t testing.TB, opts ...Option) *Connector {
	t.Helper()
	c := New(opts...)
	must(t, c.Start())
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// await waits for an entry after a mark.
func await(t testing.TB, c *Connector, after int64, match func(Entry) bool) Entry {
	t.Helper()
	e, err := c.Journal().Wait(within(t), after, match)
	must(t, err)
	return e
}

// client is a scripted gateway on a raw WebSocket.
type client struct {
	t   testing.TB
	ws  *websocket.Conn
	in  protocol.Splitter
	got [][]byte
}

// dial dials as a stored gateway, with a good token.
func dial(t testing.TB, c *Connector, g Gateway) *client {
	t.Helper()
	token, err := c.Token(g.ID, time.Minute)
	must(t, err)
	return dialWith(t, c, http.Header{"Authorization": {"Bearer " + token}})
}

func dialWith(t testing.TB, c *Connector, h http.Header) *client {
	t.Helper()
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: c.Certificates()}}
	if m, ok := c.given.(*memListener); ok {
		d.NetDialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return m.dial(ctx) }
	}
	ws, _, err := d.Dial(protocol.DialURL(c.URL()), h)
	must(t, err)
	k := &client{t: t, ws: ws}
	t.Cleanup(func() { _ = ws.Close() })
	return k
}

// greeted dials, says hello and reads the descriptor.
func greeted(t testing.TB, c *Connector, g Gateway) *client {
	t.Helper()
	k := dial(t, c, g)
	k.hello(g)
	return k
}

func (k *client) hello(g Gateway) {
	k.t.Helper()
	k.send(&protocol.Hello{Platform: g.Platform, BotID: g.BotID})
	expect[*protocol.DescriptorFrame](k)
}

func (k *client) send(f protocol.Frame) {
	k.t.Helper()
	line, err := protocol.Encode(f)
	must(k.t, err)
	k.raw(string(line))
}

func (k *client) raw(text string) {
	k.t.Helper()
	must(k.t, k.ws.WriteMessage(websocket.TextMessage, []byte(text)))
}

// read reads the next message, which has bound to come, however long the test as a whole
// takes on a loaded machine.
func (k *client) read() (opcode int, payload []byte, err error) {
	if err := k.ws.SetReadDeadline(time.Now().Add(bound)); err != nil {
		return 0, nil, err
	}
	return k.ws.ReadMessage()
}

// line reads the next line, of whatever message.
func (k *client) line() []byte {
	k.t.Helper()
	for len(k.got) == 0 {
		_, p, err := k.read()
		must(k.t, err)
		for _, l := range k.in.Write(p) {
			k.got = append(k.got, l.Data)
		}
	}
	l := k.got[0]
	k.got = k.got[1:]
	return l
}

// message reads one whole message.
func (k *client) message() (opcode int, payload string) {
	k.t.Helper()
	opcode, p, err := k.read()
	must(k.t, err)
	return opcode, string(p)
}

// expect reads the next frame, which must be of type F.
func expect[F protocol.Frame](k *client) F {
	k.t.Helper()
	l := k.line()
	f, err := protocol.Decode(l)
	must(k.t, err)
	want, ok := f.(F)
	if !ok {
		k.t.Fatalf("expected %T, got %s", want, l)
	}
	return want
}

// closed reads until the connector's close frame.
func (k *client) closed() (code int, reason string) {
	k.t.Helper()
	for {
		_, _, err := k.read()
		if ce, ok := err.(*websocket.CloseError); ok {
			return ce.Code, ce.Text
		}
		must(k.t, err)
	}
}

// ask sends an outbound frame and returns the result.
func (k *client) ask(id string, a protocol.Action) *protocol.Result {
	k.t.Helper()
	k.send(&protocol.Outbound{RequestID: id, Action: a})
	r := expect[*protocol.OutboundResult](k)
	if r.RequestID != id {
		k.t.Fatalf("expected the result of %q, got that of %q", id, r.RequestID)
	}
	return &r.Result
}

// alive shows that the session still answers.
func (k *client) alive() {
	k.t.Helper()
	id := fmt.Sprintf("alive-%p-%d", k, time.Now().UnixNano())
	if r := k.ask(id, &protocol.Typing{ChatID: "alive"}); !r.Succeeded() {
		k.t.Fatalf("expected typing to succeed, got %+v", r)
	}
}

// reset ends the client's side with a TCP RST.
func (k *client) reset() {
	k.t.Helper()
	must(k.t, k.ws.NetConn().(*net.TCPConn).SetLinger(0))
	must(k.t, k.ws.Close())
}

func event(chat, text string) protocol.Event {
	return protocol.Event{Text: text, MessageType: "text", Source: protocol.Source{
		Platform: "discord", ChatID: chat, ChatType: "channel", ChatName: protocol.Some("general"),
		UserID: protocol.Some("U1"), UserName: protocol.Some("alice"), ThreadID: protocol.Null[string](), ChatTopic: protocol.Null[string](),
		GuildID: protocol.Some("G1"),
	}}
}

// violations lists the rules that were broken, in order.
func violations(c *Connector) []protocol.RuleID {
	var out []protocol.RuleID
	for _, e := range c.Journal().All() {
		if e.Kind == KindViolation {
			out = append(out, e.Violation.Rule)
		}
	}
	return out
}

func noViolations(t testing.TB, c *Connector) {
	t.Helper()
	for _, e := range c.Journal().All() {
		if e.Kind == KindViolation {
			t.Errorf("expected no violation, got %s", e)
		}
	}
}

func isViolation(rule protocol.RuleID) func(Entry) bool {
	return func(e Entry) bool { return e.Kind == KindViolation && e.Violation.Rule == rule }
}

func isNote(part string) func(Entry) bool {
	return func(e Entry) bool { return e.Kind == KindNote && strings.Contains(e.Note, part) }
}

// memListener serves connections that live in memory.
type memListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func newMemListener() *memListener {
	return &memListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *memListener) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

func (l *memListener) Addr() net.Addr { return memAddr{} }

type memAddr struct{}

func (memAddr) Network() string { return "mem" }
func (memAddr) String() string  { return "memory.invalid:1" }

// handClock is wound by hand. Timers come to timers and fire when the test calls them.
type handClock struct {
	mu     sync.Mutex
	now    time.Time
	timers chan func()
}

func (h *handClock) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *handClock) AfterFunc(_ time.Duration, f func()) func() bool {
	h.timers <- f
	return func() bool { return false }
}

func (h *handClock) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}
