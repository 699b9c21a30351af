package fakeconnector

import (
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// fronted starts connectors behind one front; the first is the fallback.
func fronted(t *testing.T, n int) (*Front, []*Connector) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	f := NewFront(l, nil, Limits{}, slog.New(slog.DiscardHandler))
	served := make(chan error, 1)
	go func() { served <- f.Serve() }()
	var all []*Connector
	for range n {
		c := New(WithFront(f))
		must(t, c.Start())
		all = append(all, c)
	}
	f.Fallback(all[0])
	t.Cleanup(func() {
		for _, c := range all {
			must(t, c.Close())
		}
		must(t, f.Close())
		must(t, <-served)
	})
	return f, all
}

// frontDial asks for an upgrade with a bearer, and returns the status.
func frontDial(t *testing.T, f *Front, bearer string) int {
	t.Helper()
	header := http.Header{}
	if bearer != "" {
		header.Set("Authorization", "Bearer "+bearer)
	}
	ws, resp, err := websocket.DefaultDialer.DialContext(within(t), "ws"+strings.TrimPrefix(f.URL(), "http")+protocol.RouteRelay, header)
	if err == nil {
		_ = ws.Close()
	}
	if resp == nil {
		t.Fatalf("expected an answer, got %v", err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// dials is how many upgrades were asked of a connector.
func dials(c *Connector) (n int) {
	for _, e := range c.Journal().All() {
		if e.Kind == KindDial {
			n++
		}
	}
	return n
}

func TestFrontFindsTheConnector(t *testing.T) {
	f, all := fronted(t, 3)
	one := all[1].AddGateway(Gateway{ID: "gw", Tenant: "t1", Instance: "inst-1"})
	two := all[2].AddGateway(Gateway{ID: "gw", Tenant: "t2", Instance: "inst-2"}) // the same id, as users of fixed ids have
	all[2].AddGateway(Gateway{ID: "alone"})
	identity := all[2].IdentityToken("t2")
	instance, err := all[2].InstanceToken("inst-2", time.Hour)
	must(t, err)
	for _, c := range all {
		if c.URL() != f.URL() {
			t.Errorf("expected the front's URL, got %s", c.URL())
		}
	}
	for _, test := range []struct {
		name, bearer string
		to           int
	}{
		{"the first one's secret", auth.Mint("gw", one.Secret, 0), 1},
		{"the second one's secret", auth.Mint("gw", two.Secret, 0), 2},
		{"a wrong secret of one record", auth.Mint("alone", "wrong-secret", 0), 2},
		{"nobody's", auth.Mint("nobody", "wrong-secret", 0), 0},
		{"no token at all", "", 0},
	} {
		before := []int{dials(all[0]), dials(all[1]), dials(all[2])}
		if status := frontDial(t, f, test.bearer); status != http.StatusSwitchingProtocols {
			t.Errorf("%s: expected 101, got %d", test.name, status)
		}
		for i, c := range all {
			if got := dials(c) > before[i]; got != (i == test.to) {
				t.Errorf("%s: expected connector %d to have it alone, connector %d says %v", test.name, test.to, i, got)
			}
		}
	}
	for name, bearer := range map[string]string{"an identity token": identity, "an instance token": instance} {
		mark := all[2].Journal().Mark()
		req, err := http.NewRequestWithContext(within(t), http.MethodPost, f.URL()+"/relay/provision", strings.NewReader("{}"))
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+bearer)
		transport := &http.Transport{DisableKeepAlives: true}
		resp, err := transport.RoundTrip(req)
		must(t, err)
		_ = resp.Body.Close()
		if all[2].Journal().Mark() == mark {
			t.Errorf("%s: expected the connector that minted it to get the request", name)
		}
	}
}

func TestFrontLives(t *testing.T) {
	f, all := fronted(t, 2)
	gw := all[0].AddGateway(Gateway{ID: "gw"})
	if _, err := all[1].Reserve(); err == nil {
		t.Error("expected no port to be reserved behind a front")
	}
	// Another connector takes the place of one that ends, with the same record.
	next := New(WithFront(f))
	next.AddGateway(gw)
	must(t, next.Start())
	t.Cleanup(func() { must(t, next.Close()) })
	f.Fallback(next)
	must(t, all[0].Close())
	if status := frontDial(t, f, auth.Mint("gw", gw.Secret, 0)); status != http.StatusSwitchingProtocols || next.Journal().Mark() == 0 {
		t.Errorf("expected the next connector to serve the gateway, got %d", status)
	}
	f.Refuse()
	if status := frontDial(t, f, auth.Mint("gw", gw.Secret, 0)); status != http.StatusServiceUnavailable {
		t.Errorf("expected 503 while shutting down, got %d", status)
	}
}
