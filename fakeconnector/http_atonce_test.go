package fakeconnector

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// badCall is a request that must be refused with a status.
type badCall struct {
	name, method, path, bearer, body string
	status                           int
	chunked                          bool // without a Content-Length
}

// badCalls are everything at once that somebody who means harm sends to the HTTP routes.
func badCalls(t *testing.T, c *Connector, a, used string) []badCall {
	t.Helper()
	identity, other := c.IdentityToken("t"), c.IdentityToken("t2")
	invitation := c.EnrollmentToken("t", 0)
	enrol := func(token string) string { return fmt.Sprintf(`{"enrollmentToken":%q,"gatewayId":"gw-new"}`, token) }
	good := map[string]string{
		protocol.RouteProvision: strings.Replace(goodProvision, "gw-1", "gw-new", 1), protocol.RouteEnroll: enrol(invitation),
		protocol.RoutePolicy: `{"platform":"discord","requireAddress":true,"freeResponseScopes":[],"allowOtherBots":false}`,
	}
	bearer := map[string]string{protocol.RouteProvision: identity, protocol.RouteEnroll: identity, protocol.RoutePolicy: a}
	for path, body := range goodManage {
		good[path], bearer[path] = body, a
	}
	huge := `{"x":"` + strings.Repeat("x", 10<<20) + `"}`
	late := auth.Mint("gw-a", c.Gateways()[0].Secret, time.Now().Unix()-1)
	var calls []badCall
	for path, body := range good {
		add := func(name string, status int, method, bearer, body string) {
			calls = append(calls, badCall{name: name, method: method, path: path, bearer: bearer, body: body, status: status})
		}
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			add(method, 405, method, bearer[path], body)
		}
		add("10 MB", 413, "POST", bearer[path], huge)
		calls = append(calls, badCall{"10 MB in chunks", "POST", path, bearer[path], huge, 413, true})
		add("no bearer", 401, "POST", "", body)
		add("the other kind of bearer", 401, "POST", map[bool]string{true: a, false: identity}[bearer[path] == identity], body)
		add("an unknown member", 400, "POST", bearer[path], strings.Replace(strings.Replace(body, "{", `{"zorp":1,`, 1), ",}", "}", 1))
		add("an array", 400, "POST", bearer[path], "["+body+"]")
		add("nothing", 400, "POST", bearer[path], "")
		if bearer[path] == a {
			add("a forged token", 401, "POST", auth.Mint("gw-a", newSecret(), 0), body)
			add("an expired token", 401, "POST", late, body)
		}
	}
	for name, token := range badInstanceTokens(t, c, "a") {
		calls = append(calls, badCall{name: name, method: "POST", path: protocol.RouteManageScope, bearer: token, body: goodManage[protocol.RouteManageScope], status: 401})
	}
	return append(calls,
		badCall{name: "a used invitation", method: "POST", path: protocol.RouteEnroll, bearer: identity, body: enrol(used), status: 403},
		badCall{name: "a used invitation of another tenant", method: "POST", path: protocol.RouteEnroll, bearer: other, body: enrol(used), status: 403},
		badCall{name: "another tenant's invitation", method: "POST", path: protocol.RouteEnroll, bearer: other, body: enrol(invitation), status: 403},
		badCall{name: "another tenant's gateway", method: "POST", path: protocol.RouteProvision, bearer: other, body: strings.Replace(goodProvision, "gw-1", "gw-a", 1), status: 403},
	)
}

// All of it at once, many times over, changes nothing, and whoever behaves is served all
// the while.
func TestBadCallersAtOnce(t *testing.T) {
	c, a, _ := managedFake(t)
	used := c.EnrollmentToken("t", 0)
	if got := post(t, c, protocol.RouteEnroll, c.IdentityToken("t"), fmt.Sprintf(`{"enrollmentToken":%q,"gatewayId":"gw-b"}`, used)); got.status != 200 {
		t.Fatalf("expected the first use of an invitation to be good, got %d %s", got.status, got.body)
	}
	calls := badCalls(t, c, a, used)
	state := func() string { return fmt.Sprintf("%s %+v %d", held(c), c.Gateways(), len(c.admission.invited)) }
	before := state()

	const callers = 3
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
	defer client.CloseIdleConnections()
	send := func(b badCall) error {
		var body io.Reader = strings.NewReader(b.body)
		if b.chunked {
			body = io.MultiReader(body) // hides its length
		}
		r, err := http.NewRequestWithContext(t.Context(), b.method, c.URL()+b.path, body)
		if err != nil {
			return err
		}
		if b.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+b.bearer)
		}
		got, err := client.Do(r)
		if err != nil {
			return err
		}
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		if err == nil && got.StatusCode != b.status {
			err = fmt.Errorf("expected %d, got %d %s", b.status, got.StatusCode, text)
		}
		return err
	}
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			for i := range calls {
				b := calls[(i+n*len(calls)/callers)%len(calls)] // each in an order of its own
				if err := send(b); err != nil {
					t.Errorf("%s to %s %s: %v", b.name, b.method, b.path, err)
				}
			}
		})
	}
	gone := make(chan struct{})
	go func() { all.Wait(); close(gone) }()
	k := greeted(t, c, c.Gateways()[0])
	for served := 0; ; served++ {
		k.alive()
		select {
		case <-gone:
			if served == 0 {
				t.Error("expected somebody to be served meanwhile")
			}
			if after := state(); after != before {
				t.Errorf("expected nothing to change, got\n%s\nwhere there was\n%s", after, before)
			}
			noViolations(t, c)
			return
		default:
		}
	}
}
