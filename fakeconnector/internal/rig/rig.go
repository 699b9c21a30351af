// Package rig is what the tests of the process around a fake connector share: a connector
// behind its control API, and a gateway that echoes.
package rig

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// Bound is how long a test waits for what must come. It is generous, as machines that run
// tests are loaded; a passing test never waits for it.
const Bound = 60 * time.Second

// Within is a context that ends after [Bound], or with the test.
func Within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Bound)
	t.Cleanup(cancel)
	return ctx
}

// Must ends the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Rig is a connector behind its control API, both on loopback.
type Rig struct {
	Front     *fakeconnector.Front
	Server    *control.Server
	HTTP      *httptest.Server
	Transport *http.Transport // for clients of HTTP, closed at the end
}

// Start begins with a seed; set, which may be nil, changes the options of the server, and
// each namespace's connector is made with the options given.
func Start(t testing.TB, seed control.Seed, set func(*control.Options), options ...fakeconnector.Option) *Rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Must(t, err)
	r := &Rig{Front: fakeconnector.NewFront(l, nil, fakeconnector.Limits{}, slog.New(slog.DiscardHandler)), Transport: &http.Transport{}}
	served, done := make(chan error, 1), make(chan struct{})
	go func() { served <- r.Front.Serve() }()
	spaces, err := control.NewSpaces(r.Front, seed, func(string) []fakeconnector.Option { return options }, nil)
	Must(t, err)
	o := control.Options{Spaces: spaces, Version: "test", RelayURL: r.Front.URL(), Done: done}
	if set != nil {
		set(&o)
	}
	r.Server = control.New(o)
	r.HTTP = httptest.NewServer(r.Server.Handler())
	t.Cleanup(func() {
		close(done)
		r.HTTP.Close()
		r.Transport.CloseIdleConnections()
		Must(t, spaces.Close())
		Must(t, r.Front.Close())
		Must(t, <-served)
	})
	return r
}

// Gateway says who dials, and how. Without an ID it has no token.
type Gateway struct {
	ID, Secret, Platform, BotID string
	TLS                         *tls.Config
}

// Dial connects a gateway and says hello.
func Dial(t testing.TB, relay string, g Gateway) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{TLSClientConfig: g.TLS}
	header := http.Header{}
	if g.ID != "" {
		header.Set("Authorization", "Bearer "+auth.Mint(g.ID, g.Secret, 0))
	}
	ws, resp, err := d.DialContext(Within(t), "ws"+strings.TrimPrefix(relay, "http")+protocol.RouteRelay, header)
	Must(t, err)
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = ws.Close() })
	hello, err := json.Marshal(map[string]string{"type": "hello", "platform": g.Platform, "botId": g.BotID})
	Must(t, err)
	Must(t, ws.WriteMessage(websocket.TextMessage, append(hello, '\n')))
	return ws
}

// Read is the next frame.
func Read(t testing.TB, ws *websocket.Conn) map[string]any {
	t.Helper()
	Must(t, ws.SetReadDeadline(time.Now().Add(Bound)))
	_, line, err := ws.ReadMessage()
	Must(t, err)
	var f map[string]any
	Must(t, json.Unmarshal(line, &f))
	return f
}

// Descriptor reads the answer to the hello.
func Descriptor(t testing.TB, ws *websocket.Conn) {
	t.Helper()
	if f := Read(t, ws); f["type"] != "descriptor" {
		t.Fatalf("expected a descriptor, got %v", f)
	}
}

// Echo connects a gateway that acknowledges and echoes what it is sent, and returns when it
// has its descriptor. over is closed at the end of the session. The id of an echo's request
// is that of its text, so the same text twice breaks a rule.
func Echo(t testing.TB, relay string, g Gateway) (over <-chan struct{}) {
	t.Helper()
	ws := Dial(t, relay, g)
	Descriptor(t, ws)
	Must(t, ws.SetReadDeadline(time.Time{}))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, line, err := ws.ReadMessage()
			if err != nil {
				return
			}
			for _, f := range answers(line) {
				text, _ := protocol.Encode(f) // one of ours always encodes
				if ws.WriteMessage(websocket.TextMessage, text) != nil {
					return
				}
			}
		}
	}()
	t.Cleanup(func() { _ = ws.Close(); <-ended })
	return ended
}

// answers are what an echoing gateway says to a message. What it does not know it ignores.
func answers(line []byte) []protocol.Frame {
	f, err := protocol.Decode([]byte(strings.TrimSpace(string(line))))
	in, ok := f.(*protocol.Inbound)
	if err != nil || !ok {
		return nil
	}
	var out []protocol.Frame
	if id := in.BufferID.Or(""); id != "" {
		out = append(out, &protocol.InboundAck{BufferID: id})
	}
	return append(out, &protocol.Outbound{RequestID: "r-" + in.Event.Text,
		Action: &protocol.Send{ChatID: in.Event.Source.ChatID, Content: "echo: " + in.Event.Text}})
}
