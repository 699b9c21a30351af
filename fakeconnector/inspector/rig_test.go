package inspector_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/fakeconnector/inspector"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bound is how long a test waits for what must come; a passing test never waits for it.
const bound = 60 * time.Second

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

// rig is a connector with its control API and its inspector, and a gateway that echoes.
type rig struct {
	t       testing.TB
	front   *fakeconnector.Front
	http    *httptest.Server
	api     *client.Client
	browser *http.Client
	secret  string
}

// start has two instances: inst-1, whose gateway is connected, and inst-2, whose is not.
func start(t testing.TB, token string) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &rig{t: t, front: fakeconnector.NewFront(l, nil, fakeconnector.Limits{}, slog.New(slog.DiscardHandler))}
	served, done := make(chan error, 1), make(chan struct{})
	go func() { served <- r.front.Serve() }()
	spaces, err := control.NewSpaces(r.front, control.Seed{}, func(string) []fakeconnector.Option { return nil }, nil)
	must(t, err)
	server := control.New(control.Options{Spaces: spaces, Version: "test", RelayURL: r.front.URL(), Token: token, Done: done})
	server.HandlePages(inspector.Base+"/", inspector.New(inspector.Options{Control: server.Handler(), Token: token}))
	r.http = httptest.NewServer(server.Handler())
	jar, err := cookiejar.New(nil)
	must(t, err)
	transport := &http.Transport{}
	r.browser = &http.Client{Transport: transport, Jar: jar}
	r.api = client.New(r.http.URL, token).WithHTTP(&http.Client{Transport: transport})
	t.Cleanup(func() {
		close(done)
		r.http.Close()
		transport.CloseIdleConnections()
		must(t, spaces.Close())
		must(t, r.front.Close())
		must(t, <-served)
	})
	made, err := r.api.CreateGateway(within(t), api.NewGateway{ID: "gw-1", Platform: "discord", BotID: "bot-1", Instance: "inst-1"})
	must(t, err)
	_, err = r.api.CreateGateway(within(t), api.NewGateway{ID: "gw-2", Platform: "telegram", Instance: "inst-2"})
	must(t, err)
	r.secret = made.Secret
	r.connect("gw-1")
	return r
}

// connect is a gateway that says hello, acknowledges and echoes.
func (r *rig) connect(id string) {
	t := r.t
	t.Helper()
	mark := r.mark()
	header := http.Header{"Authorization": {"Bearer " + auth.Mint(id, r.secret, 0)}}
	ws, resp, err := websocket.DefaultDialer.DialContext(within(t), "ws"+strings.TrimPrefix(r.front.URL(), "http")+protocol.RouteRelay, header)
	must(t, err)
	_ = resp.Body.Close()
	must(t, ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","platform":"discord","botId":"bot-1"}`+"\n")))
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			_, line, err := ws.ReadMessage()
			if err != nil {
				return
			}
			f, err := protocol.Decode([]byte(strings.TrimSpace(string(line))))
			in, ok := f.(*protocol.Inbound)
			if err != nil || !ok {
				continue
			}
			answer, _ := protocol.Encode(&protocol.Outbound{RequestID: "r-" + in.Event.Text, Action: &protocol.Send{
				ChatID: in.Event.Source.ChatID, Content: "echo: " + in.Event.Text}})
			if ws.WriteMessage(websocket.TextMessage, answer) != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = ws.Close(); <-over })
	_, err = r.api.Wait(within(t), client.Query{After: mark, Filter: api.Filter{Type: "descriptor"}}, bound)
	must(t, err)
}

func (r *rig) mark() int64 {
	r.t.Helper()
	s, err := r.api.Snapshot(within(r.t))
	must(r.t, err)
	return s.Mark
}

// page gets a page, which must be there.
func (r *rig) page(path string) string {
	r.t.Helper()
	body, status := r.get(path)
	if status != http.StatusOK {
		r.t.Fatalf("expected the page %s, got %d %.400s", path, status, body)
	}
	return body
}

func (r *rig) get(path string) (string, int) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(within(r.t), "GET", r.http.URL+inspector.Base+path, nil)
	must(r.t, err)
	return r.do(req)
}

func (r *rig) do(req *http.Request) (string, int) {
	r.t.Helper()
	resp, err := r.browser.Do(req)
	must(r.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(r.t, err)
	return string(body), resp.StatusCode
}

// post sends a form, as the page "/" does, and returns the page that it leads to.
func (r *rig) post(path string, fields url.Values) string {
	r.t.Helper()
	all := url.Values{"namespace": {"default"}, "back": {inspector.Base + "/"}}
	for name, values := range fields {
		all[name] = values
	}
	req, err := http.NewRequestWithContext(within(r.t), "POST", r.http.URL+inspector.Base+path, strings.NewReader(all.Encode()))
	must(r.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body, status := r.do(req)
	if status != http.StatusOK {
		r.t.Fatalf("expected %s to lead to a page, got %d %.400s", path, status, body)
	}
	return body
}

func (r *rig) has(page, text string) {
	r.t.Helper()
	if !strings.Contains(page, text) {
		r.t.Errorf("expected a page with %q, got %s", text, page)
	}
}

// echoed waits for the gateway's echo of a text.
func (r *rig) echoed(text string) {
	r.t.Helper()
	_, err := r.api.Wait(within(r.t), client.Query{Filter: api.Filter{Type: "outbound", Text: "^echo: " + text + "$"}}, bound)
	must(r.t, err)
}

func event(text string) api.Event {
	return api.Event{Text: text, Source: protocol.Source{Platform: "discord", ChatID: "C1", ChatType: "channel",
		UserID: protocol.Some("U1"), GuildID: protocol.Some("G1")}}
}

func encoded(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
