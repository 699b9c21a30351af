package inspector_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/fakeconnector/inspector"
)

var pages = []string{"/", "/timeline", "/buffers", "/faults", "/send"}

func TestPagesShowTheState(t *testing.T) {
	r := start(t, "")
	for _, text := range []string{"waits one", "waits two"} {
		_, err := r.api.Push(within(t), "inst-2", event(text))
		must(t, err)
	}
	overview := r.page("/")
	for _, text := range []string{"gw-1", "inst-2", `<span class="state live">live</span>`, `<span class="state flipped">flipped</span>`, ">2</a>", r.Front.URL()} {
		r.has(overview, text)
	}
	r.has(r.page("/buffers"), "2 waiting, 0 in flight")
	r.has(r.page("/buffers"), "waits two")
	r.has(r.page("/timeline"), `<span class="name">hello</span>`)
	r.has(r.page("/faults"), "every dial is answered with HTTP 503")
	r.has(r.page("/faults"), "wrong-descriptor")
	r.has(r.page("/send"), "inst-1 (live)")
}

// A page loads nothing from elsewhere, holds no script or style of its own, and says so.
func TestPagesAreStrict(t *testing.T) {
	r := start(t, "")
	elsewhere := regexp.MustCompile(`(?:src|href|action|formaction)="(?:https?:)?//`)
	inline := regexp.MustCompile(`(?i)<style|<script(?: defer)?>|\son[a-z]+="|style="|javascript:`)
	for _, p := range pages {
		req, err := http.NewRequestWithContext(within(t), "GET", r.HTTP.URL+inspector.Base+p, nil)
		must(t, err)
		resp, err := r.browser.Do(req)
		must(t, err)
		_ = resp.Body.Close()
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; ") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: expected a strict content security policy, got %q", p, csp)
		}
		body := r.page(p)
		if found := elsewhere.FindString(body); found != "" {
			t.Errorf("%s: expected nothing from another host, got %s", p, found)
		}
		if found := inline.FindString(body); found != "" {
			t.Errorf("%s: expected no inline script or style, got %s", p, found)
		}
	}
}

// What others say never becomes markup, and what is secret never shows.
func TestEscapesAndRedacts(t *testing.T) {
	r := start(t, "the-control-token")
	r.login("the-control-token")
	const attack = `<script>alert(1)</script><img src=x onerror=alert(2)>`
	_, err := r.api.Push(within(t), "inst-1", event(attack+" "+r.secret))
	must(t, err)
	_, err = r.api.Push(within(t), "inst-2", event(attack+" "+r.secret))
	must(t, err)
	_, err = r.api.Wait(within(t), client.Query{Filter: api.Filter{Type: "outbound_result"}}, bound)
	must(t, err)
	for _, p := range append(pages, "/timeline?messages=1", "/?failed="+url.QueryEscape(attack), "/timeline?text="+url.QueryEscape(attack[:8])) {
		body := r.page(p)
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img") {
			t.Errorf("%s: expected the text to be escaped, got it as markup", p)
		}
		for _, secret := range []string{r.secret, "the-control-token"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s: expected no secret, got one", p)
			}
		}
	}
	r.has(r.page("/timeline"), "&lt;script&gt;alert(1)")
}

func TestTimelineFilters(t *testing.T) {
	r := start(t, "")
	_, err := r.api.Push(within(t), "inst-1", event("first"))
	must(t, err)
	r.echoed("first")
	for query, want := range map[string][3]string{ // what is there, and what is not
		"":                          {`class="row frame"`, "gw-1", `class="row message"`},
		"messages=1":                {`class="row message"`, `class="row frame"`, ""},
		"type=outbound":             {"echo: first", `<span class="name">outbound</span>`, `<span class="name">inbound</span>`},
		"dir=gateway":               {`<span class="name">hello</span>`, "", `<span class="name">descriptor</span>`},
		"text=nothing-has-this":     {`id="timeline"`, "", `class="row frame"`},
		"session=s1&type=inbound":   {"first", "", `<span class="name">outbound</span>`},
		"gateway=gw-2":              {`id="timeline"`, "", `class="row`},
		"broken=1&text=":            {`id="timeline"`, "", `class="row frame"`},
		"chat_id=C1&dir=connector":  {"first", "", "echo: first"},
		"type=outbound&text=^echo:": {"echo: first", "", `<span class="name">inbound</span>`},
	} {
		body := r.page("/timeline?" + strings.ReplaceAll(query, "^", "%5E"))
		for _, text := range want[:2] {
			if !strings.Contains(body, text) {
				t.Errorf("%s: expected %q, got %s", query, text, body)
			}
		}
		if want[2] != "" && strings.Contains(body, want[2]) {
			t.Errorf("%s: expected no %q", query, want[2])
		}
	}
	if body, status := r.get("/timeline?text=%5B"); status != http.StatusUnprocessableEntity || !strings.Contains(body, "query.text") {
		t.Errorf("expected a page that says which field is wrong, with 422, got %d %s", status, body)
	}
}

// A breach of a rule is marked where it stands, and names the rule.
func TestViolationsAreMarked(t *testing.T) {
	r := start(t, "")
	_, err := r.api.Push(within(t), "inst-1", event("x"))
	must(t, err)
	r.echoed("x")
	_, err = r.api.Push(within(t), "inst-1", event("x")) // its echo has the same requestId
	must(t, err)
	broken, err := r.api.Wait(within(t), client.Query{Filter: api.Filter{Kinds: []string{"violation"}}}, bound)
	must(t, err)
	body := r.page("/timeline")
	r.has(body, `<span class="rule">`+broken.Violation.Rule+`</span>`)
	r.has(body, `id="e`+encoded(broken.Violation.Of)+`" class="row frame broken"`)
	r.has(r.page("/timeline?broken=1"), broken.Violation.Rule)
}

func TestStream(t *testing.T) {
	r := start(t, "")
	mark := r.mark()
	req, err := http.NewRequestWithContext(within(t), "GET", r.HTTP.URL+inspector.Base+"/timeline/stream?type=inbound&after="+encoded(mark), nil)
	must(t, err)
	resp, err := r.browser.Do(req)
	must(t, err)
	defer resp.Body.Close()
	_, err = r.api.Push(within(t), "inst-1", event("live\nline"))
	must(t, err)
	in := bufio.NewScanner(resp.Body)
	var event, id, row string
	for in.Scan() && (id == "" || row == "") {
		name, value, _ := strings.Cut(in.Text(), ": ")
		switch name {
		case "event":
			event = value
		case "data":
			must(t, json.Unmarshal([]byte(value), &row))
		case "id":
			id = value
		}
	}
	must(t, in.Err())
	if event != "row" || id == "" || !strings.Contains(row, `<li id="e`+id+`" class="row frame"`) || !strings.Contains(row, `live\nline`) {
		t.Errorf("expected a row of the event, got %q %q %s", event, id, row)
	}
	if body, status := r.get("/timeline/stream?after=x"); status != http.StatusBadRequest || !strings.Contains(body, "after") {
		t.Errorf("expected 400 that names the parameter, got %d %s", status, body)
	}
}
