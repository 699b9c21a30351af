package metrics_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/metrics"
	"github.com/relaykit/relaykit/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bound is how long a test waits for what must come; a passing one never waits for it.
const bound = time.Minute

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rig is a connector whose journal is counted in the namespace "space".
type rig struct {
	t       *testing.T
	m       *metrics.Metrics
	c       *fakeconnector.Connector
	gateway fakeconnector.Gateway
	sent    int // bytes of messages that the gateways of the test sent
	got     int // and got
}

func start(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t}
	r.m = metrics.New(func() []metrics.State {
		return []metrics.State{{Namespace: "space", Connector: r.c, Stubs: 3}}
	})
	r.c = fakeconnector.New(fakeconnector.WithObserver(r.m.Observer("space")), fakeconnector.WithDrain(fakeconnector.Drain{Window: 2}))
	must(t, r.c.Start())
	t.Cleanup(func() { must(t, r.c.Close()) })
	r.gateway = r.c.AddGateway(fakeconnector.Gateway{ID: "gw-1", Instance: "inst-1", Platform: "discord", BotID: "bot-1"})
	return r
}

// socket is a scripted gateway.
type socket struct {
	r  *rig
	ws *websocket.Conn
}

func (r *rig) dial(bearer string) *socket {
	r.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(protocol.DialURL(r.c.URL()), http.Header{"Authorization": {"Bearer " + bearer}})
	must(r.t, err)
	r.t.Cleanup(func() { _ = ws.Close() })
	return &socket{r, ws}
}

func (r *rig) token() string {
	r.t.Helper()
	token, err := r.c.Token(r.gateway.ID, time.Minute)
	must(r.t, err)
	return token
}

func (r *rig) connect() *socket {
	r.t.Helper()
	s := r.dial(r.token())
	s.send(`{"type":"hello","platform":"discord","botId":"bot-1"}`)
	s.expect("descriptor")
	return s
}

// read reads the next message, each within bound.
func (s *socket) read() (opcode int, payload []byte, err error) {
	if err := s.ws.SetReadDeadline(time.Now().Add(bound)); err != nil {
		return 0, nil, err
	}
	return s.ws.ReadMessage()
}

func (s *socket) send(line string) {
	s.r.t.Helper()
	s.r.sent += len(line) + 1
	must(s.r.t, s.ws.WriteMessage(websocket.TextMessage, []byte(line+"\n")))
}

// expect reads the next message, a frame of this type, and returns its bufferId.
func (s *socket) expect(typ string) (bufferID string) {
	s.r.t.Helper()
	_, payload, err := s.read()
	must(s.r.t, err)
	s.r.got += len(payload)
	if !strings.HasPrefix(string(payload), `{"type":"`+typ+`"`) {
		s.r.t.Fatalf("expected a frame of type %s, got %s", typ, payload)
	}
	if id := regexp.MustCompile(`"bufferId":"([^"]+)"`).FindSubmatch(payload); id != nil {
		return string(id[1])
	}
	return ""
}

// close ends the session with a code and waits until the connector has written it down.
func (s *socket) close(code int) {
	s.r.t.Helper()
	mark := s.r.c.Journal().Mark()
	must(s.r.t, s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(bound)))
	s.r.await(mark, fakeconnector.KindClosed)
}

// closed reads until the connector's close.
func (s *socket) closed() {
	s.r.t.Helper()
	for {
		if _, _, err := s.read(); err != nil {
			return
		}
	}
}

func (r *rig) await(mark int64, kind fakeconnector.Kind) {
	r.t.Helper()
	_, err := r.c.Journal().Wait(r.t.Context(), mark, func(e fakeconnector.Entry) bool { return e.Kind == kind })
	must(r.t, err)
}

func (r *rig) event(text string) protocol.Event {
	return protocol.Event{Text: text, Source: protocol.Source{ChatID: "C1", ChatType: "channel"}}
}

func (r *rig) publish(n int) {
	r.t.Helper()
	for i := range n {
		_, err := r.c.Publish("inst-1", r.event(fmt.Sprint("event ", i)))
		must(r.t, err)
	}
}

func (r *rig) http(method, path string, status int) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.c.URL()+path, nil)
	must(r.t, err)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	must(r.t, err)
	must(r.t, resp.Body.Close())
	if resp.StatusCode != status {
		r.t.Fatalf("expected %d to %s %s, got %d", status, method, path, resp.StatusCode)
	}
}

// text is what a scrape answers.
func (r *rig) text() string {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		r.t.Fatalf("expected a scrape to be answered with 200, got %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// series are those of the connector, by name and labels as they are scraped. Of a
// histogram the count alone is here: how long something took is no test's to say.
func (r *rig) series() map[string]float64 {
	r.t.Helper()
	out := map[string]float64{}
	for line := range strings.Lines(r.text()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(name, "fakeconnector_") || strings.Contains(name, "_seconds_bucket{") || strings.Contains(name, "_seconds_sum{") {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		must(r.t, err)
		out[name] = n
	}
	return out
}

const journalEntries = `fakeconnector_journal_entries{namespace="space"}`

// expect scrapes until these are the series, as an entry is counted right after whoever
// waits for it can go on. What is left of a difference at the end is the failure.
func (r *rig) expect(want map[string]float64) {
	r.t.Helper()
	for over := time.Now().Add(bound); ; {
		want[journalEntries] = float64(r.c.Journal().Mark())
		diff := cmp.Diff(want, r.series())
		if diff == "" {
			return
		}
		if time.Now().After(over) || r.t.Context().Err() != nil {
			r.t.Fatalf("expected other series (-want +got):\n%s", diff)
		}
	}
}

// A whole day of a gateway, with every series that it makes and no other: names and labels
// are what dashboards stand on.
func TestEverySeries(t *testing.T) {
	r := start(t)
	r.http("GET", fakeconnector.RouteHealth, 200)
	r.http("GET", "/nowhere", 404)
	r.http("POST", protocol.RoutePolicy, 401)

	_, resp, err := websocket.DefaultDialer.Dial(strings.TrimSuffix(protocol.DialURL(r.c.URL()), protocol.RouteRelay)+"/elsewhere", nil)
	if err == nil || resp == nil || resp.StatusCode != 400 {
		t.Fatalf("expected an upgrade of another path to be refused with 400, got %v", err)
	}
	refused := r.dial("no-token")
	refused.closed()

	s := r.connect()
	r.c.On(fakeconnector.Match{Type: protocol.TypeOutbound, Op: protocol.OpEdit}).Times(1).Do(fakeconnector.Withhold{})
	s.send(`{"type":"outbound","requestId":"r1","action":{"op":"edit","chat_id":"C1","message_id":"m1","content":"x"}}`) // withheld
	s.send(`{"type":"x_made_up"}`)
	s.send(`no frame`)
	s.send(`{"type":"interrupt","session_key":"agent:main:discord:dm:nobody","reason":null}`)
	s.send(`{"type":"outbound","requestId":"r2","action":{"op":"typing","chat_id":"C1"}}`)
	s.expect("outbound_result")
	s.send(`{"type":"going_idle"}`)
	s.expect("going_idle_ack")
	s.close(4999)

	r.publish(5)
	_, err = r.c.Publish("inst-1", r.event(strings.Repeat("x", 1<<20))) // it will be parked
	must(t, err)
	s = r.connect()
	s.send(fmt.Sprintf(`{"type":"inbound_ack","bufferId":%q}`, s.expect("inbound")))
	s.send(`{"type":"inbound_ack","bufferId":"never-sent"}`)
	s.send(`{"type":"outbound","requestId":"r3","action":{"op":"typing","chat_id":"C1"}}`)
	for _, typ := range []string{"inbound", "inbound", "outbound_result"} {
		s.expect(typ)
	}
	lone := r.dial(r.token()) // supersedes the live session, and says nothing
	s.closed()

	r.expect(map[string]float64{
		`fakeconnector_dials_total{namespace="space",result="refused"}`:                              1,
		`fakeconnector_dials_total{namespace="space",result="upgraded"}`:                             4,
		`fakeconnector_sessions_closed_total{by="connector",code="4401",namespace="space"}`:          1,
		`fakeconnector_sessions_closed_total{by="connector",code="4409",namespace="space"}`:          1,
		`fakeconnector_sessions_closed_total{by="gateway",code="other",namespace="space"}`:           1,
		`fakeconnector_frames_total{direction="gateway",namespace="space",type="hello"}`:             2,
		`fakeconnector_frames_total{direction="gateway",namespace="space",type="outbound"}`:          3,
		`fakeconnector_frames_total{direction="gateway",namespace="space",type="other"}`:             1,
		`fakeconnector_frames_total{direction="gateway",namespace="space",type="none"}`:              1,
		`fakeconnector_frames_total{direction="gateway",namespace="space",type="interrupt"}`:         1,
		`fakeconnector_frames_total{direction="gateway",namespace="space",type="going_idle"}`:        1,
		`fakeconnector_frames_total{direction="gateway",namespace="space",type="inbound_ack"}`:       2,
		`fakeconnector_frames_total{direction="connector",namespace="space",type="descriptor"}`:      2,
		`fakeconnector_frames_total{direction="connector",namespace="space",type="outbound_result"}`: 2,
		`fakeconnector_frames_total{direction="connector",namespace="space",type="going_idle_ack"}`:  1,
		`fakeconnector_frames_total{direction="connector",namespace="space",type="inbound"}`:         3,
		`fakeconnector_message_bytes_total{direction="gateway",namespace="space"}`:                   float64(r.sent),
		`fakeconnector_message_bytes_total{direction="connector",namespace="space"}`:                 float64(r.got),
		`fakeconnector_acks_total{namespace="space"}`:                                                2,
		`fakeconnector_ack_seconds_count{namespace="space"}`:                                         1,
		`fakeconnector_result_seconds_count{namespace="space"}`:                                      2,
		`fakeconnector_violations_total{namespace="space",rule="connect/dial-path"}`:                 1,
		`fakeconnector_violations_total{namespace="space",rule="auth/bearer"}`:                       1,
		`fakeconnector_violations_total{namespace="space",rule="framing/newline"}`:                   1,
		`fakeconnector_violations_total{namespace="space",rule="inbound/ack-only-buffered"}`:         1,
		`fakeconnector_faults_total{namespace="space"}`:                                              1,
		`fakeconnector_http_requests_total{namespace="space",status="200"}`:                          1,
		`fakeconnector_http_requests_total{namespace="space",status="401"}`:                          1,
		`fakeconnector_http_requests_total{namespace="space",status="404"}`:                          1,
		`fakeconnector_sessions{namespace="space",state="live"}`:                                     0,
		`fakeconnector_sessions{namespace="space",state="other"}`:                                    1,
		`fakeconnector_instances{flipped="true",namespace="space"}`:                                  1,
		`fakeconnector_instances{flipped="false",namespace="space"}`:                                 0,
		`fakeconnector_buffered{namespace="space"}`:                                                  5,
		`fakeconnector_buffered_deepest{namespace="space"}`:                                          5,
		`fakeconnector_in_flight{namespace="space"}`:                                                 0,
		`fakeconnector_parked{namespace="space"}`:                                                    0,
		`fakeconnector_stubs{namespace="space"}`:                                                     3,
		journalEntries:                                                                               0, // as many as there are then
		`fakeconnector_journal_forgotten{namespace="space"}`:                                         0,
	})

	// The lone one greets, and everything drains.
	lone.send(`{"type":"hello","platform":"discord","botId":"bot-1"}`)
	lone.expect("descriptor")
	first, second := lone.expect("inbound"), lone.expect("inbound")
	r.gauges(map[string]float64{"sessions/live": 1, "sessions/other": 0, "buffered": 5, "buffered_deepest": 5, "in_flight": 2, "parked": 0})
	for _, id := range []string{first, second} {
		lone.send(fmt.Sprintf(`{"type":"inbound_ack","bufferId":%q}`, id))
	}
	for range 2 {
		lone.send(fmt.Sprintf(`{"type":"inbound_ack","bufferId":%q}`, lone.expect("inbound")))
	}
	r.gauges(map[string]float64{"buffered": 0, "buffered_deepest": 0, "in_flight": 0, "parked": 1, "instances/false": 1, "instances/true": 0})
	lone.close(1000)
	r.gauges(map[string]float64{"sessions/live": 0, "sessions/other": 0})
}

// gauges scrapes until these gauges have these values.
func (r *rig) gauges(want map[string]float64) {
	r.t.Helper()
	for over := time.Now().Add(bound); ; {
		got := map[string]float64{}
		series := r.series()
		for name := range want {
			of, label, _ := strings.Cut(name, "/")
			for full, value := range series {
				if strings.HasPrefix(full, "fakeconnector_"+of+"{") && (label == "" || strings.Contains(full, `"`+label+`"`)) {
					got[name] = value
				}
			}
		}
		if maps.Equal(want, got) {
			return
		}
		if time.Now().After(over) {
			r.t.Fatalf("expected other gauges (-want +got):\n%s", cmp.Diff(want, got))
		}
	}
}

// What a peer chooses never becomes a label, and no secret does.
func TestLabelsAreBoundedAndTellNoSecret(t *testing.T) {
	r := start(t)
	s := r.connect()
	for i := range 50 {
		s.send(fmt.Sprintf(`{"type":"made_up_%d"}`, i))
	}
	s.send(fmt.Sprintf(`{"type":%q}`, r.gateway.Secret))
	s.send(fmt.Sprintf(`{"type":"outbound","requestId":%q,"action":{"op":"zorp"}}`, r.gateway.Secret))
	s.expect("outbound_result")
	token := r.token()
	s.send(fmt.Sprintf(`{"type":"inbound_ack","bufferId":%q}`, token))
	s.close(4000)
	for code := 3000; code < 3020; code++ {
		r.connect().close(code)
	}
	text := r.text()
	for _, secret := range []string{r.gateway.Secret, token, "made_up", r.gateway.ID, "inst-1"} {
		if strings.Contains(text, secret) {
			t.Errorf("expected a scrape without %q, got\n%s", secret, text)
		}
	}
	labels := map[string]bool{}
	for name := range r.series() {
		for _, l := range regexp.MustCompile(`[{,]([a-z_]+)=`).FindAllStringSubmatch(name, -1) {
			labels[l[1]] = true
		}
	}
	want := []string{"by", "code", "direction", "flipped", "namespace", "result", "rule", "state", "type"}
	if got := slices.Sorted(maps.Keys(labels)); !slices.Equal(got, want) {
		t.Errorf("expected the labels %v, got %v", want, got)
	}
	if n := r.series()[`fakeconnector_sessions_closed_total{by="gateway",code="other",namespace="space"}`]; n != 21 {
		t.Errorf("expected 21 closes with a code of the peer's own choice in one series, got %v", n)
	}
}

// A namespace that is gone leaves no series of its counters, and the others keep theirs.
func TestForget(t *testing.T) {
	r := start(t)
	other := fakeconnector.New(fakeconnector.WithObserver(r.m.Observer("other")))
	must(t, other.Start())
	t.Cleanup(func() { must(t, other.Close()) })
	r.connect().close(1000)
	resp, err := http.Get(other.URL() + fakeconnector.RouteHealth)
	must(t, err)
	must(t, resp.Body.Close())
	http.DefaultClient.CloseIdleConnections()
	r.gauges(map[string]float64{"dials_total/upgraded": 1, "http_requests_total/200": 1})
	r.m.Forget("other")
	if text := r.text(); strings.Contains(text, `namespace="other"`) || !strings.Contains(text, `fakeconnector_dials_total{namespace="space"`) {
		t.Errorf("expected the series of the other namespace alone to be gone, got\n%s", text)
	}
}

// Scrapes and sessions at once: nothing is lost, and -race has nothing to say.
func TestAtOnce(t *testing.T) {
	r := start(t)
	const sessions, requests = 6, 40
	var gateways []fakeconnector.Gateway
	for i := range sessions {
		gateways = append(gateways, r.c.AddGateway(fakeconnector.Gateway{ID: fmt.Sprint("gw-", i), Platform: "discord", BotID: "b"}))
	}
	var all sync.WaitGroup
	for _, g := range gateways {
		token, err := r.c.Token(g.ID, time.Minute)
		must(t, err)
		all.Go(func() {
			ws, _, err := websocket.DefaultDialer.Dial(protocol.DialURL(r.c.URL()), http.Header{"Authorization": {"Bearer " + token}})
			if err != nil {
				t.Error(err)
				return
			}
			defer ws.Close()
			lines := `{"type":"hello","platform":"discord","botId":"b"}` + "\n"
			for i := range requests {
				lines += fmt.Sprintf(`{"type":"outbound","requestId":"r%d","action":{"op":"typing","chat_id":"C1"}}`+"\n", i)
			}
			if err := ws.WriteMessage(websocket.TextMessage, []byte(lines)); err != nil {
				t.Error(err)
			}
			for range 1 + requests {
				if _, _, err := (&socket{r, ws}).read(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Go(func() {
		for range 20 {
			w := httptest.NewRecorder()
			r.m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		}
	})
	all.Wait()
	r.gauges(map[string]float64{"result_seconds_count": sessions * requests, "dials_total/upgraded": sessions})
}
