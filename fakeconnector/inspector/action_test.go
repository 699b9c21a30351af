package inspector_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/fakeconnector/inspector"
)

func (r *inspected) login(token string) string {
	r.t.Helper()
	req, err := http.NewRequestWithContext(within(r.t), "POST", r.HTTP.URL+inspector.Base+"/login",
		strings.NewReader(url.Values{"token": {token}, "to": {inspector.Base + "/buffers"}}.Encode()))
	must(r.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body, _ := r.do(req)
	return body
}

// waitFor waits for a frame that the connector sent after a mark.
func (r *inspected) waitFor(mark int64, f api.Filter) {
	r.t.Helper()
	_, err := r.api.Wait(within(r.t), client.Query{After: mark, Filter: f}, bound)
	must(r.t, err)
}

func TestSend(t *testing.T) {
	r := start(t, "")
	page := r.post("/send/event", url.Values{"instance": {"inst-1"}, "text": {"hello there"}, "platform": {"discord"}, "chat_id": {"C7"},
		"chat_type": {"channel"}, "user_id": {"U7"}, "guild_id": {"G7"}})
	r.has(page, "the event went out on session s1")
	r.echoed("hello there")

	mark := r.mark()
	r.has(r.post("/send/frame", url.Values{"session": {"s1"}, "frame": {`{"type":"going_idle_ack"}`}}), "the frame went out on session s1")
	r.waitFor(mark, api.Filter{Type: "going_idle_ack"})

	mark = r.mark()
	r.has(r.post("/send/interrupt", url.Values{"instance": {"inst-1"}, "session_key": {"agent:main:discord:channel:C7:U7"}, "chat_id": {"C7"}}), "the interrupt went out")
	r.waitFor(mark, api.Filter{Type: "interrupt_inbound", SessionKey: "agent:main:discord:channel:C7:U7"})

	mark = r.mark()
	r.has(r.post("/send/passthrough", url.Values{"instance": {"inst-1"}, "platform": {"discord"}, "bot_id": {"bot-1"},
		"request": {"POST /interactions HTTP/1.1\r\nX-Trace: 1\r\n\r\n{\"type\":2,\r\n\"id\":\"I1\"}"}}), "the request went out")
	r.waitFor(mark, api.Filter{Type: "passthrough_forward"})

	r.has(r.post("/send/event", url.Values{"instance": {"inst-2"}, "text": {"later"}, "chat_id": {"C1"}}), "waits in the buffer of inst-2")
}

func TestSteer(t *testing.T) {
	r := start(t, "")
	r.has(r.post("/faults/on", url.Values{"preset": {"double-results"}}), "in force: double-results")
	r.has(r.page("/faults"), `id="off-double-results"`)
	mark := r.mark()
	r.post("/send/event", url.Values{"instance": {"inst-1"}, "text": {"twice"}, "chat_id": {"C1"}})
	if _, err := r.api.WaitN(within(t), client.Query{After: mark, Filter: api.Filter{Type: "outbound_result"}}, 2, bound); err != nil {
		t.Error(err)
	}
	r.has(r.post("/faults/off", url.Values{"stub": {"double-results"}}), "out of force: double-results")
	r.has(r.page("/faults"), `id="on-double-results"`)

	r.has(r.post("/faults/on", url.Values{"stub": {`{"id":"mine","match":{"type":"hello"},"faults":[{"name":"withhold"}]}`}}), "in force: mine")
	r.has(r.page("/faults"), "<code>mine</code> acted 0 times")

	mark = r.mark()
	r.has(r.post("/instances/flip", url.Values{"instance": {"inst-1"}}), "inst-1 is buffered-only")
	r.post("/send/event", url.Values{"instance": {"inst-1"}, "text": {"buffered"}, "chat_id": {"C1"}})
	r.has(r.page("/buffers"), "1 waiting")
	r.has(r.post("/buffers/discard", url.Values{"instance": {"inst-1"}}), "threw away 1 entries")
	r.has(r.post("/instances/wake", url.Values{"instance": {"inst-1"}}), "no wake request")

	r.has(r.post("/sessions/close", url.Values{"session": {"s1"}, "code": {"1012"}, "how": {"close-frame"}}), "closed session s1")
	closed, err := r.api.Wait(within(t), client.Query{After: mark, Filter: api.Filter{Kinds: []string{"closed"}}}, bound)
	if err != nil || closed.Close.Code != 1012 {
		t.Errorf("expected a close with 1012, got %+v, %v", closed.Close, err)
	}
	r.has(r.post("/gateways/revoke", url.Values{"gateway": {"gw-1"}}), "revoked gateway gw-1")
}

// Every preset is one that the control API takes.
func TestPresets(t *testing.T) {
	r := start(t, "")
	names := 0
	for _, line := range strings.Split(r.page("/faults"), "\n") {
		_, name, found := strings.Cut(line, `name="preset" value="`)
		if !found {
			continue
		}
		name, _, _ = strings.Cut(name, `"`)
		r.has(r.post("/faults/on", url.Values{"preset": {name}}), "in force: "+name)
		names++
	}
	stubs, err := r.api.Stubs(within(t))
	must(t, err)
	if names == 0 || len(stubs.Stubs) != names {
		t.Errorf("expected %d stubs in force, some at least, got %d", names, len(stubs.Stubs))
	}
}

// What is wrong with a form is said on the page that it leads to, and changes nothing.
func TestBadForms(t *testing.T) {
	r := start(t, "")
	before := r.mark()
	for _, c := range []struct {
		path   string
		fields url.Values
		says   string
	}{
		{"/send/event", url.Values{"instance": {"nobody"}, "text": {"x"}, "chat_id": {"C"}}, "path.instance"},
		{"/send/frame", url.Values{"session": {"s99"}, "frame": {`{"type":"hello"}`}}, "path.session"},
		{"/send/frame", url.Values{"session": {"s1"}, "frame": {`{"type":`}}, "expected a JSON object"},
		{"/send/frame", url.Values{"session": {"s1"}, "frame": {`{} {}`}}, "got more behind it"},
		{"/send/passthrough", url.Values{"instance": {"inst-1"}, "platform": {"discord"}, "request": {"no request"}}, "body"},
		{"/faults/on", url.Values{"preset": {"no-such"}}, "preset"},
		{"/faults/on", url.Values{"stub": {`{"faults":[{"name":"no-such"}]}`}}, "no-such"},
		{"/faults/on", url.Values{"stub": {`{"typo":1}`}}, "typo"},
		{"/faults/off", url.Values{"stub": {"no-such"}}, "path.stub"},
		{"/sessions/close", url.Values{"session": {"s1"}, "code": {"soon"}}, "code: expected a close code"},
		{"/sessions/close", url.Values{"session": {"s1"}, "code": {"99"}}, "code"},
		{"/gateways/revoke", url.Values{"gateway": {"nobody"}}, "path.gateway"},
		{"/instances/flip", url.Values{"instance": {"nobody"}}, "path.instance"},
	} {
		body := r.post(c.path, c.fields)
		if !strings.Contains(body, `role="alert"`) || !strings.Contains(body, c.says) || strings.Contains(body, `role="status">in force`) {
			t.Errorf("%s %v: expected a page that says %q, got %s", c.path, c.fields, c.says, body)
		}
	}
	if after := r.mark(); after != before {
		t.Errorf("expected nothing to happen, got %d entries in the journal", after-before)
	}
}

func TestLogin(t *testing.T) {
	r := start(t, "the-control-token")
	for _, p := range pages {
		r.has(r.page(p), "asks for the control token")
	}
	if body := r.login("wrong"); !strings.Contains(body, "expected the control token, got something else") || strings.Contains(body, "inst-1") {
		t.Errorf("expected a refusal, got %s", body)
	}
	r.has(r.page("/"), "asks for the control token")
	if body := r.post("/gateways/revoke", url.Values{"gateway": {"gw-1"}}); strings.Contains(body, "revoked") {
		t.Errorf("expected no form to work without the token, got %s", body)
	}
	r.has(r.login("the-control-token"), "inst-2") // the page of the buffers
	r.has(r.page("/"), "gw-1")

	at, err := url.Parse(r.HTTP.URL + inspector.Base + "/")
	must(t, err)
	cookies := r.browser.Jar.Cookies(at)
	if len(cookies) != 1 || strings.Contains(cookies[0].Value, "the-control-token") {
		t.Errorf("expected one cookie, without the token, got %v", cookies)
	}
	// The pass of a browser opens the inspector, and not the API: a page of another origin
	// could make a browser send it there.
	req, err := http.NewRequestWithContext(within(t), "GET", r.HTTP.URL+api.Base+"/gateways", nil)
	must(t, err)
	req.AddCookie(cookies[0])
	if _, status := r.do(req); status != http.StatusUnauthorized {
		t.Errorf("expected the control API to ask for the token, got %d", status)
	}
	req, err = http.NewRequestWithContext(within(t), "POST", r.HTTP.URL+inspector.Base+"/logout", nil)
	must(t, err)
	r.do(req)
	r.has(r.page("/"), "asks for the control token")
}

func TestLoginCookie(t *testing.T) {
	r := start(t, "the-control-token")
	r.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for to, want := range map[string]string{
		"": "/inspector/", "/inspector/faults?namespace=x": "/inspector/faults?namespace=x",
		"https://elsewhere.example/": "/inspector/", "//elsewhere.example/inspector/": "/inspector/", "/control/v1/reset": "/inspector/",
		"/inspector/../control/v1/reset": "/inspector/", "/inspector/\\elsewhere": "/inspector/",
	} {
		req, err := http.NewRequestWithContext(within(t), "POST", r.HTTP.URL+inspector.Base+"/login",
			strings.NewReader(url.Values{"token": {"the-control-token"}, "to": {to}}.Encode()))
		must(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := r.browser.Do(req)
		must(t, err)
		_ = resp.Body.Close()
		if got := resp.Header.Get("Location"); got != want {
			t.Errorf("to %q: expected to be led to %s, got %s", to, want, got)
		}
		c := resp.Cookies()
		if len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode || c[0].Path != "/inspector" {
			t.Errorf("expected a cookie for the inspector alone, that no script and no other site gets, got %v", c)
		}
	}
}

// Other sites, names that were rebound to this address, and bodies without end.
func TestRefusals(t *testing.T) {
	r := start(t, "")
	revoke := url.Values{"gateway": {"gw-1"}, "namespace": {"default"}}.Encode()
	for name, c := range map[string]struct {
		header http.Header
		host   string
		body   string
		status int
	}{
		"another site":        {header: http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}}, body: revoke, status: http.StatusForbidden},
		"another origin":      {header: http.Header{"Origin": {"https://elsewhere.example"}}, body: revoke, status: http.StatusForbidden},
		"a name rebound here": {host: "elsewhere.example", body: revoke, status: http.StatusMisdirectedRequest},
		"10 MB":               {body: "gateway=" + strings.Repeat("x", 10<<20), status: http.StatusRequestEntityTooLarge},
	} {
		req, err := http.NewRequestWithContext(within(t), "POST", r.HTTP.URL+inspector.Base+"/gateways/revoke", strings.NewReader(c.body))
		must(t, err)
		for k, v := range c.header {
			req.Header[k] = v
		}
		if c.host != "" {
			req.Host = c.host
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if body, status := r.do(req); status != c.status {
			t.Errorf("%s: expected %d, got %d %.200s", name, c.status, status, body)
		}
	}
	if _, status := r.get("/no-such-page"); status != http.StatusNotFound {
		t.Errorf("expected 404 for a page that is not there, got %d", status)
	}
	gateways, err := r.api.Gateways(within(t))
	must(t, err)
	if len(gateways.Gateways) != 2 {
		t.Errorf("expected nothing to have changed, got %+v", gateways)
	}
	sessions, err := r.api.Sessions(within(t))
	must(t, err)
	if len(sessions.Sessions) != 1 {
		t.Errorf("expected the session to be open, got %+v", sessions)
	}
}
