package control_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bound is how long a test waits for what must come; a passing test never waits for it.
const bound = 30 * time.Second

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rig is a connector behind its control API.
type rig struct {
	t      testing.TB
	front  *fakeconnector.Front
	spaces *control.Spaces
	server *control.Server
	http   *httptest.Server
	client *client.Client
	calls  *recorder
	done   chan struct{}
}

func start(t testing.TB, seed control.Seed, set func(*control.Options)) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &rig{t: t, done: make(chan struct{})}
	r.front = fakeconnector.NewFront(l, nil, fakeconnector.Limits{}, discard)
	served := make(chan error, 1)
	go func() { served <- r.front.Serve() }()
	r.spaces, err = control.NewSpaces(r.front, seed, func(string) []fakeconnector.Option { return nil }, nil)
	must(t, err)
	o := control.Options{Spaces: r.spaces, Version: "test", RelayURL: r.front.URL(), Done: r.done}
	if set != nil {
		set(&o)
	}
	r.server = control.New(o)
	r.http = httptest.NewServer(r.server.Handler())
	r.calls = &recorder{next: &http.Transport{}}
	r.client = client.New(r.http.URL, o.Token).WithHTTP(&http.Client{Transport: r.calls})
	t.Cleanup(func() {
		close(r.done)
		r.http.Close()
		r.calls.next.CloseIdleConnections()
		must(t, r.spaces.Close())
		must(t, r.front.Close())
		must(t, <-served)
	})
	return r
}

// gateway is a scripted gateway: it says hello, acknowledges and echoes.
type gateway struct {
	ws      *websocket.Conn
	greeted chan struct{} // closed at the descriptor
	over    chan struct{} // closed at the end of the session

	mu     sync.Mutex
	frames []map[string]any
}

// dial connects a gateway and waits until it has its descriptor.
func (r *rig) dial(made api.NewGatewayRecord) *gateway {
	r.t.Helper()
	header := http.Header{"Authorization": {"Bearer " + auth.Mint(made.Gateway.ID, made.Secret, 0)}}
	ws, resp, err := websocket.DefaultDialer.DialContext(within(r.t), "ws"+r.front.URL()[len("http"):]+protocol.RouteRelay, header)
	must(r.t, err)
	_ = resp.Body.Close()
	g := &gateway{ws: ws, greeted: make(chan struct{}), over: make(chan struct{})}
	r.t.Cleanup(func() { _ = ws.Close(); <-g.over })
	g.write(r.t, map[string]any{"type": "hello", "platform": made.Gateway.Platform, "botId": made.Gateway.BotID})
	go g.serve()
	select {
	case <-g.greeted:
	case <-within(r.t).Done():
		r.t.Fatal("expected a descriptor, got none")
	}
	return g
}

func (g *gateway) write(t testing.TB, v any) {
	t.Helper()
	line, err := json.Marshal(v)
	must(t, err)
	must(t, g.ws.WriteMessage(websocket.TextMessage, append(line, '\n')))
}

func (g *gateway) serve() {
	defer close(g.over)
	for {
		_, line, err := g.ws.ReadMessage()
		if err != nil {
			return
		}
		var f map[string]any
		if json.Unmarshal(line, &f) != nil {
			continue
		}
		g.mu.Lock()
		g.frames = append(g.frames, f)
		n := len(g.frames)
		g.mu.Unlock()
		if f["type"] == "descriptor" && n == 1 {
			close(g.greeted)
		}
		var answers []any
		if id, _ := f["bufferId"].(string); id != "" {
			answers = append(answers, map[string]any{"type": "inbound_ack", "bufferId": id})
		}
		if event, ok := f["event"].(map[string]any); ok {
			chat := event["source"].(map[string]any)["chat_id"]
			answers = append(answers, map[string]any{"type": "outbound", "requestId": "r" + string(rune('0'+n)), "action": map[string]any{
				"op": "send", "chat_id": chat, "content": "echo: " + event["text"].(string)}})
		}
		for _, a := range answers {
			text, _ := json.Marshal(a)
			if g.ws.WriteMessage(websocket.TextMessage, append(text, '\n')) != nil {
				return
			}
		}
	}
}

// event is an event of a chat.
func event(chat, text string) api.Event {
	return api.Event{Text: text, Source: protocol.Source{ChatID: chat}}
}
