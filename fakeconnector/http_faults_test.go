package fakeconnector

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

func TestFaultsOfRoutes(t *testing.T) {
	for name, test := range map[string]struct {
		fault  Fault
		effect bool // the gateway is on record afterwards
		check  func(*testing.T, answer, error)
	}{
		"status": {Refuse{Status: 502}, false, func(t *testing.T, a answer, _ error) { a.refusedJSON(t, 502) }},
		"dropped": {DropTCP{}, false, func(t *testing.T, a answer, err error) {
			if err == nil {
				t.Errorf("expected no answer, got %d", a.status)
			}
		}},
		"empty body": {Body{}, true, func(t *testing.T, a answer, _ error) {
			if a.status != 200 || a.body != "" {
				t.Errorf("got %d %q", a.status, a.body)
			}
		}},
		"not JSON": {Body{Text: "<html>", Status: 201}, true, func(t *testing.T, a answer, _ error) {
			if a.status != 201 || a.body != "<html>" {
				t.Errorf("got %d %q", a.status, a.body)
			}
		}},
		"cut": {CutBody{}, true, func(t *testing.T, a answer, _ error) {
			if a.err != io.ErrUnexpectedEOF || a.status != 200 || a.body == "" || a.json != nil {
				t.Errorf("expected half a body, got %d %q %v", a.status, a.body, a.err)
			}
		}},
		"cut after five": {CutBody{Keep: 5}, true, func(t *testing.T, a answer, _ error) {
			if len(a.body) != 5 {
				t.Errorf("got %q", a.body)
			}
		}},
		"redirect": {Redirect{To: "http://elsewhere.invalid/x"}, false, func(t *testing.T, a answer, _ error) {
			if a.status != http.StatusTemporaryRedirect || a.header.Get("Location") != "http://elsewhere.invalid/x" {
				t.Errorf("got %d %v", a.status, a.header)
			}
		}},
		"delay": {Delay{By: time.Millisecond}, true, func(t *testing.T, a answer, _ error) {
			if a.status != 200 {
				t.Errorf("got %d", a.status)
			}
		}},
		"one's own": {FaultFunc(func(x *Exchange) {
			x.EditAnswer(func(a *Answer) { a.Header.Set("X-Test", x.Dial.Method) })
		}), true, func(t *testing.T, a answer, _ error) {
			if a.header.Get("X-Test") != "POST" {
				t.Errorf("got %v", a.header)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := started(t)
			identity := c.IdentityToken("t")
			c.On(Match{Point: PointHTTP, Path: protocol.RouteProvision}).Times(1).Do(test.fault)
			request(t, c, "POST", protocol.RouteEnroll, identity, "{}").refusedJSON(t, 400) // another route
			a, err := try(t, c, "POST", protocol.RouteProvision, identity, goodProvision)
			test.check(t, a, err)
			if got := len(c.Gateways()) == 1; got != test.effect {
				t.Errorf("expected the request to have an effect: %v, got %v", test.effect, got)
			}
			if a := provision(t, c, identity, goodProvision); a.status != 200 {
				t.Errorf("expected the next request to be answered faithfully, got %d", a.status)
			}
		})
	}
}

func TestHeldRequests(t *testing.T) {
	c := started(t)
	identity := c.IdentityToken("t")
	hold := &Hold{}
	c.On(Match{Point: PointHTTP}).Times(1).Do(hold)
	got := make(chan answer)
	go func() { got <- provision(t, c, identity, goodProvision) }()
	must(t, hold.Wait(within(t), 1))
	if len(c.Gateways()) != 0 {
		t.Error("expected a held request to have no effect yet")
	}
	hold.Release()
	if a := <-got; a.status != 200 {
		t.Errorf("got %d", a.status)
	}
	// One that is held when the connector is closed ends.
	c.On(Match{Point: PointHTTP}).Do(hold)
	ended := make(chan error)
	go func() { _, err := try(t, c, "POST", protocol.RouteProvision, identity, goodProvision); ended <- err }()
	must(t, hold.Wait(within(t), 1))
	must(t, c.Close())
	if err := <-ended; err == nil {
		t.Error("expected no answer")
	}
}

func TestHTTPFaultsThatCannotBe(t *testing.T) {
	c := New()
	defer c.Close()
	for want, err := range map[string]error{
		"acts on an HTTP request": c.On(Match{Point: PointHTTP}).Try(Withhold{}),
		"acts at PointHTTP":       c.On(Match{Type: protocol.TypeOutbound}).Try(Body{}),
		"acts on a dial":          c.On(Match{Point: PointDial}).Try(Redirect{}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected an error about %q, got %v", want, err)
		}
	}
}

// A test's own routes go before the connector's, and read the whole body.
func TestHandleGoesFirst(t *testing.T) {
	c := started(t)
	c.Handle("POST /relay/provision", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(text)
	}))
	long := strings.Repeat("x", c.limits.BodyBytes+100)
	if a := provision(t, c, "", long); a.status != http.StatusTeapot || a.body != long {
		t.Errorf("got %d and %d bytes", a.status, len(a.body))
	}
	request(t, c, "GET", "/relay/provision", "", "").refusedJSON(t, http.StatusMethodNotAllowed)
	request(t, c, "GET", "/elsewhere", "", "").refusedJSON(t, http.StatusNotFound)
}
