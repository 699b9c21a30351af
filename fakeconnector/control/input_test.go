package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

const token = "a-control-token-of-this-test"

// raw sends a request that no client would, and returns the answer with its problem.
func (r *controlled) raw(method, path, body string, header ...string) (*http.Response, api.Problem) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(within(r.t), method, r.HTTP.URL+path, strings.NewReader(body))
	must(r.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		switch {
		case header[i] == "Host":
			req.Host = header[i+1]
		case header[i+1] == "":
			req.Header.Del(header[i])
		default:
			req.Header.Set(header[i], header[i+1])
		}
	}
	resp, err := r.calls.next.RoundTrip(req)
	must(r.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(r.t, err)
	var p api.Problem
	if resp.StatusCode >= 400 {
		if kind := resp.Header.Get("Content-Type"); kind != "application/problem+json" {
			r.t.Errorf("%s %s: expected a problem document, got %s %q: %s", method, path, resp.Status, kind, text)
		}
		must(r.t, json.Unmarshal(text, &p))
	}
	return resp, p
}

// state is everything that a refused request must leave alone.
func (r *controlled) state() any {
	r.t.Helper()
	snapshot, err := r.client.Snapshot(within(r.t))
	must(r.t, err)
	names, err := r.client.Namespaces(within(r.t))
	must(r.t, err)
	return []any{snapshot, names}
}

func TestBadInput(t *testing.T) {
	r := start(t, control.Seed{}, func(o *control.Options) { o.Token = token })
	made := r.add(t, "gw")
	r.dial(made)
	_, err := r.client.CreateStub(within(t), api.NewStub{ID: "st", Every: 1, Match: api.Match{Gateway: "nobody"}, Faults: []api.Fault{fault("duplicate", nil)}})
	must(t, err)
	sessions, err := r.client.Sessions(within(t))
	must(t, err)
	session := "/sessions/" + sessions.Sessions[0].ID
	huge := `{"text":"` + strings.Repeat("x", 10<<20) + `","source":{"chat_id":"C1"}}`
	const events, good = "/instances/inst-gw/events", `{"text":"hi","source":{"chat_id":"C1"}}`
	before := r.state()
	for name, test := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		field              string // that the problem names
	}{
		"a wrong type":                   {"POST", events, `{"text":7,"source":{"chat_id":"C1"}}`, nil, 422, "body.text"},
		"a wrong type, deep":             {"POST", events, `{"source":{"chat_id":["C1"]}}`, nil, 422, "body.source.chat_id"},
		"a list for an object":           {"POST", events, `[]`, nil, 422, "body"},
		"null":                           {"POST", "/gateways", `null`, nil, 422, "body"},
		"null for a field":               {"POST", "/gateways", `{"id":null}`, nil, 422, "body.id"},
		"an unknown field":               {"POST", "/gateways", `{"tenat":"acme"}`, nil, 422, "body.tenat"},
		"an unknown field, deep":         {"POST", events, `{"source":{"chat_id":"C1","chatid":"C2"}}`, nil, 422, "body.source.chatid"},
		"another case":                   {"POST", "/gateways", `{"Tenant":"acme"}`, nil, 422, "body.Tenant"},
		"a missing field":                {"POST", events, `{"text":"hi"}`, nil, 422, "body"},
		"an empty chat":                  {"POST", events, `{"source":{"chat_id":""}}`, nil, 422, "body.source.chat_id"},
		"no JSON":                        {"POST", events, `{"text":`, nil, 400, "body"},
		"two values":                     {"POST", events, good + good, nil, 400, "body"},
		"no body":                        {"POST", events, ``, nil, 400, ""},
		"a body where there is none":     {"POST", "/gateways/gw/rotate", `{}`, nil, 400, "body"},
		"a body of a GET":                {"GET", "/gateways", `{}`, nil, 400, "body"},
		"10 MB":                          {"POST", events, huge, nil, 413, "body"},
		"10 MB where there is none":      {"POST", "/gateways/gw/revoke", huge, nil, 413, "body"},
		"a form":                         {"POST", events, good, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "header.Content-Type"},
		"plain text":                     {"POST", events, good, []string{"Content-Type", "text/plain"}, 415, "header.Content-Type"},
		"no HTTP request":                {"POST", "/instances/inst-gw/passthrough", "GET /", []string{"Content-Type", "message/http"}, 422, "body"},
		"JSON for an HTTP request":       {"POST", "/instances/inst-gw/passthrough", "{}", nil, 415, "header.Content-Type"},
		"an unknown query parameter":     {"GET", "/journal?afer=1", "", nil, 422, "query.afer"},
		"no number":                      {"GET", "/journal?after=x", "", nil, 422, "query.after"},
		"a negative number":              {"GET", "/journal?after=-1", "", nil, 422, "query.after"},
		"too many":                       {"GET", "/journal?limit=1000000", "", nil, 422, "query.limit"},
		"an unknown kind":                {"GET", "/journal?kind=frames", "", nil, 422, "query.kind"},
		"no expression":                  {"GET", "/journal?text=(", "", nil, 422, "query.text"},
		"no expression of a wait":        {"GET", "/journal/wait?text=(", "", nil, 422, "query.text"},
		"no expression of a stream":      {"GET", "/journal/stream?text=(", "", nil, 422, "query.text"},
		"a wait without end":             {"GET", "/journal/wait?timeout=24h", "", nil, 422, "query.timeout"},
		"no duration":                    {"GET", "/journal/wait?timeout=soon", "", nil, 422, "query.timeout"},
		"no event id":                    {"GET", "/journal/stream", "", []string{"Last-Event-ID", "x"}, 422, "header.Last-Event-ID"},
		"no duration in a body":          {"POST", "/gateways/gw/upgrade-tokens", `{"ttl":"soon"}`, nil, 422, "body.ttl"},
		"an unknown namespace":           {"POST", "/gateways?namespace=nobody", `{}`, nil, 404, "query.namespace"},
		"an unknown gateway":             {"POST", "/gateways/nobody/revoke", "", nil, 404, "path.gateway"},
		"an unknown gateway of a policy": {"PUT", "/policies/nobody/discord", `{"require_address":true,"allow_other_bots":false}`, nil, 404, "path.gateway"},
		"an unknown instance":            {"POST", "/instances/nobody/events", good, nil, 404, "path.instance"},
		"an unknown instance of a bind":  {"PUT", "/bindings/authors/nobody/discord/U1", "", nil, 404, "path.instance"},
		"an unknown buffer":              {"DELETE", "/buffers/nobody", "", nil, 404, "path.instance"},
		"an unknown session":             {"POST", "/sessions/s999/close", "", nil, 404, "path.session"},
		"an unknown stub":                {"DELETE", "/stubs/nobody", "", nil, 404, "path.stub"},
		"an unknown fault":               {"POST", "/stubs", `{"faults":[{"name":"explode"}]}`, nil, 422, "body.faults[0].name"},
		"an unknown field of a fault":    {"POST", "/stubs", `{"faults":[{"name":"delay","for":"1s"}]}`, nil, 422, "body.faults[0]"},
		"a wrong type in a fault":        {"POST", "/stubs", `{"faults":[{"name":"delay","by":"soon"}]}`, nil, 422, "body.faults[0]"},
		"no fault":                       {"POST", "/stubs", `{"faults":[]}`, nil, 422, "body.faults"},
		"null for faults":                {"POST", "/stubs", `{"faults":null}`, nil, 422, "body.faults"},
		"no expression of a match":       {"POST", "/stubs", `{"match":{"text":"("},"faults":[{"name":"withhold"}]}`, nil, 422, "body.match"},
		"a fault at the wrong point":     {"POST", "/stubs", `{"match":{"point":"http"},"faults":[{"name":"duplicate"}]}`, nil, 422, "body.match"},
		"an unknown point":               {"POST", "/stubs", `{"match":{"point":"never"},"faults":[{"name":"withhold"}]}`, nil, 422, "body.match.point"},
		"a taken stub":                   {"POST", "/stubs", `{"id":"st","faults":[{"name":"withhold"}]}`, nil, 409, "body.id"},
		"a taken gateway":                {"POST", "/gateways", `{"id":"gw"}`, nil, 409, "body.id"},
		"a control character":            {"POST", "/gateways", `{"id":"a\nb"}`, nil, 422, "body.id"},
		"a short secret":                 {"POST", "/gateways", `{"secret":"short"}`, nil, 422, "body.secret"},
		"a name for a namespace":         {"POST", "/namespaces", `{"name":"a b"}`, nil, 422, "body.name"},
		"the default namespace again":    {"POST", "/namespaces", `{"name":"default"}`, nil, 409, "body.name"},
		"no close code":                  {"POST", session + "/close", `{"code":99}`, nil, 422, "body.code"},
		"a long reason":                  {"POST", session + "/close", `{"reason":"` + strings.Repeat("x", 200) + `"}`, nil, 422, "body.reason"},
		"a frame without a type":         {"POST", session + "/frames", `{"typ":"x"}`, nil, 422, "body"},
		"a mistyped frame":               {"POST", session + "/frames", `{"type":"interrupt_inbound","session_key":7,"chat_id":"C1"}`, nil, 422, "body"},
		"an unknown principal":           {"PUT", "/instances/inst-gw/principal", `{"principal":"everybody"}`, nil, 422, "body.principal"},
		"a post without a platform":      {"POST", "/posts", `{"event":{"text":"hi","source":{"chat_id":"C1"}}}`, nil, 422, "body.event.source.platform"},
		"no such route":                  {"POST", "/gateway", `{}`, nil, 404, ""},
		"another method":                 {"PATCH", "/gateways", `{}`, nil, 405, ""},
		"no token":                       {"POST", "/gateways", `{}`, []string{"Authorization", ""}, 401, "header.Authorization"},
		"a wrong token":                  {"POST", "/gateways", `{}`, []string{"Authorization", "Bearer " + token + "x"}, 401, "header.Authorization"},
		"an empty token":                 {"POST", "/gateways", `{}`, []string{"Authorization", "Bearer "}, 401, "header.Authorization"},
		"another scheme":                 {"POST", "/gateways", `{}`, []string{"Authorization", "Basic " + token}, 401, "header.Authorization"},
		"10 MB without a token":          {"POST", events, huge, []string{"Authorization", ""}, 401, "header.Authorization"},
		"another origin":                 {"POST", "/gateways", `{}`, []string{"Origin", "https://evil.example"}, 403, "header.Origin"},
		"another origin, reading":        {"GET", "/journal/stream", "", []string{"Origin", "https://evil.example"}, 403, "header.Origin"},
		"no origin":                      {"POST", "/gateways", `{}`, []string{"Origin", "null"}, 403, "header.Origin"},
		"another port":                   {"POST", "/gateways", `{}`, []string{"Origin", "http://127.0.0.1:1"}, 403, "header.Origin"},
		"another site":                   {"POST", "/gateways", `{}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, "header.Origin"},
		"a link to the API":              {"GET", "/snapshot", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 403, "header.Origin"},
		"a rebound name":                 {"POST", "/gateways", `{}`, []string{"Host", "evil.example:8791", "Origin", "http://evil.example:8791"}, 421, "header.Host"},
		"a name like ours":               {"POST", "/gateways", `{}`, []string{"Host", "localhost.evil.example"}, 421, "header.Host"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, p := r.raw(test.method, api.Base+test.path, test.body, test.header...)
			if resp.StatusCode != test.status || p.Status != test.status {
				t.Errorf("expected %d, got %d: %v", test.status, resp.StatusCode, &p)
			}
			if test.field != "" && !names(p, test.field) {
				t.Errorf("expected the problem to name %s, got %v", test.field, &p)
			}
			if test.field == "" && p.Detail == "" {
				t.Errorf("expected the problem to say what is wrong, got %+v", p)
			}
			if text, _ := json.Marshal(p); len(text) > 4096 {
				t.Errorf("expected a short problem, got %d bytes", len(text))
			}
		})
	}
	if after := r.state(); !reflect.DeepEqual(before, after) {
		t.Errorf("expected nothing to change, got\n%+v\nwhere there was\n%+v", after, before)
	}
}

func names(p api.Problem, location string) bool {
	for _, e := range p.Errors {
		if e.Location == location {
			return true
		}
	}
	return false
}

// The guard lets through what is right.
func TestGuardLetsThrough(t *testing.T) {
	r := start(t, control.Seed{}, func(o *control.Options) { o.Token, o.Hosts = token, []string{"staging.example"} })
	r.Server.HandleOpen("/healthz", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	for name, header := range map[string][]string{
		"the token":     {},
		"a small word":  {"Authorization", "bearer " + token},
		"localhost":     {"Host", "localhost:8791"},
		"an IPv6":       {"Host", "[::1]:8791"},
		"a known name":  {"Host", "Staging.Example."},
		"its own page":  {"Host", "staging.example", "Origin", "http://staging.example", "Sec-Fetch-Site", "same-origin"},
		"a typed URL":   {"Sec-Fetch-Site", "none"},
		"no open paths": {"Host", "127.0.0.1"},
	} {
		if resp, p := r.raw("GET", api.Base+"/info", "", header...); resp.StatusCode != 200 {
			t.Errorf("%s: expected 200, got %v", name, &p)
		}
	}
	if resp, p := r.raw("GET", "/healthz", "", "Authorization", ""); resp.StatusCode != 200 {
		t.Errorf("expected a health check to need no token, got %v", &p)
	}
	if resp, _ := r.raw("GET", api.Base+"/info/../info", "", "Authorization", ""); resp.StatusCode == 200 {
		t.Error("expected the token to be asked for")
	}
}

// A body that ends early, or never, is refused, and holds nothing up.
func TestTruncatedBody(t *testing.T) {
	r := start(t, control.Seed{}, nil)
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	body, half := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.HTTP.URL+api.Base+"/gateways", body)
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	ended := make(chan error, 1)
	go func() {
		resp, err := r.calls.next.RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		ended <- err
	}()
	_, err = half.Write([]byte(`{"id":"half`))
	must(t, err)
	// The client's transport waits for its body even when the request is given up.
	cancel()
	_ = half.CloseWithError(context.Canceled) // never fails
	if err := <-ended; err == nil {
		t.Error("expected the request to fail in the client, got an answer")
	}
	list, err := r.client.Gateways(within(t))
	must(t, err)
	if len(list.Gateways) != 0 {
		t.Errorf("expected no gateway of half a body, got %+v", list)
	}
}

// What is secret is shown once, and nowhere else.
func TestSecretsStay(t *testing.T) {
	r := start(t, control.Seed{}, nil)
	made := r.add(t, "gw")
	r.dial(made)
	identity, err := r.client.CreateIdentityToken(within(t), "acme", api.NewIdentityToken{})
	must(t, err)
	const credential = "the-platform-credential"
	_, err = r.client.PutCapability(within(t), api.NewCapability{Tenant: "acme", SessionKey: "k", Credential: credential})
	must(t, err)
	_, err = r.client.SendMessage(within(t), r.sessionOf("gw"), api.Message{Text: made.Secret + "\n"})
	must(t, err)
	_, err = r.client.Push(within(t), "inst-gw", event("C1", "the secret is "+made.Secret))
	must(t, err)
	_, _ = r.client.Rotate(within(t), made.Secret) // in a path, and so in a problem
	r.calls.mu.Lock()
	r.calls.all = nil
	r.calls.mu.Unlock()

	_, _ = r.client.Gateway(within(t), made.Secret)
	_, err = r.client.Snapshot(within(t))
	must(t, err)
	for _, path := range []string{"/journal?limit=5000", "/journal/export", "/journal/wait?kind=dial", "/gateways", "/gateways/gw", "/vault", "/tenants", "/sessions", "/instances", "/stubs"} {
		req, err := http.NewRequestWithContext(within(t), http.MethodGet, r.HTTP.URL+api.Base+path, nil)
		must(t, err)
		resp, err := r.calls.RoundTrip(req)
		must(t, err)
		_ = resp.Body.Close()
	}
	r.calls.mu.Lock()
	defer r.calls.mu.Unlock()
	if len(r.calls.all) < 12 {
		t.Fatalf("expected the answers, got %d", len(r.calls.all))
	}
	for _, x := range r.calls.all {
		for name, secret := range map[string]string{"the secret": made.Secret, "the identity token": identity.Token, "the credential": credential} {
			if bytes.Contains(x.answer, []byte(secret)) {
				t.Errorf("%s %s: expected %s to stay, got it in %s", x.method, x.path, name, x.answer)
			}
		}
	}
}

// sessionOf is the id of the live session of a gateway.
func (r *controlled) sessionOf(gateway string) string {
	r.t.Helper()
	g, err := r.client.Gateway(within(r.t), gateway)
	must(r.t, err)
	return g.Session
}
