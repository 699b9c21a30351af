package inspector_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/fakeconnector/inspector"
	"github.com/relaykit/relaykit/fakeconnector/internal/rig"
	"github.com/relaykit/relaykit/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const bound = rig.Bound

var within, must = rig.Within, rig.Must

// inspected is a connector with its control API and its inspector, and a gateway that echoes.
type inspected struct {
	*rig.Rig
	t       testing.TB
	api     *client.Client
	browser *http.Client
	secret  string
}

// start has two instances: inst-1, whose gateway is connected, and inst-2, whose is not.
func start(t testing.TB, token string) *inspected {
	t.Helper()
	r := &inspected{t: t, Rig: rig.Start(t, control.Seed{}, func(o *control.Options) { o.Token = token })}
	r.Server.HandlePages(inspector.Base+"/", inspector.New(inspector.Options{Control: r.Server.Handler(), Token: token}))
	jar, err := cookiejar.New(nil)
	must(t, err)
	r.browser = &http.Client{Transport: r.Transport, Jar: jar}
	r.api = client.New(r.HTTP.URL, token).WithHTTP(&http.Client{Transport: r.Transport})
	made, err := r.api.CreateGateway(within(t), api.NewGateway{ID: "gw-1", Platform: "discord", BotID: "bot-1", Instance: "inst-1"})
	must(t, err)
	_, err = r.api.CreateGateway(within(t), api.NewGateway{ID: "gw-2", Platform: "telegram", Instance: "inst-2"})
	must(t, err)
	r.secret = made.Secret
	r.connect("gw-1")
	return r
}

// connect is a gateway that says hello, acknowledges and echoes.
func (r *inspected) connect(id string) {
	r.t.Helper()
	rig.Echo(r.t, r.Front.URL(), rig.Gateway{ID: id, Secret: r.secret, Platform: "discord", BotID: "bot-1"})
}

func (r *inspected) mark() int64 {
	r.t.Helper()
	s, err := r.api.Snapshot(within(r.t))
	must(r.t, err)
	return s.Mark
}

// page gets a page, which must be there.
func (r *inspected) page(path string) string {
	r.t.Helper()
	body, status := r.get(path)
	if status != http.StatusOK {
		r.t.Fatalf("expected the page %s, got %d %.400s", path, status, body)
	}
	return body
}

func (r *inspected) get(path string) (string, int) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(within(r.t), "GET", r.HTTP.URL+inspector.Base+path, nil)
	must(r.t, err)
	return r.do(req)
}

func (r *inspected) do(req *http.Request) (string, int) {
	r.t.Helper()
	resp, err := r.browser.Do(req)
	must(r.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(r.t, err)
	return string(body), resp.StatusCode
}

// post sends a form, as the page "/" does, and returns the page that it leads to.
func (r *inspected) post(path string, fields url.Values) string {
	r.t.Helper()
	all := url.Values{"namespace": {"default"}, "back": {inspector.Base + "/"}}
	for name, values := range fields {
		all[name] = values
	}
	req, err := http.NewRequestWithContext(within(r.t), "POST", r.HTTP.URL+inspector.Base+path, strings.NewReader(all.Encode()))
	must(r.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body, status := r.do(req)
	if status != http.StatusOK {
		r.t.Fatalf("expected %s to lead to a page, got %d %.400s", path, status, body)
	}
	return body
}

func (r *inspected) has(page, text string) {
	r.t.Helper()
	if !strings.Contains(page, text) {
		r.t.Errorf("expected a page with %q, got %s", text, page)
	}
}

// echoed waits for the gateway's echo of a text.
func (r *inspected) echoed(text string) {
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
