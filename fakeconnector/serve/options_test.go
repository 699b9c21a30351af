package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/fakeconnector/internal/rig"
	"github.com/relaykit/relaykit/protocol"
)

// with runs a process whose file has this text beside one gateway.
func with(t *testing.T, text string) *running {
	t.Helper()
	return run(t, func(c *Config) {
		withGateway(c)
		must(t, c.Read([]byte(text)))
	})
}

func TestAnonymous(t *testing.T) {
	nobody := rig.Gateway{Platform: "discord", BotID: "b"}
	unknown := rig.Gateway{ID: "gw-9", Secret: "a-secret-of-nobody", Platform: "discord", BotID: "b"}
	strict, open := with(t, ""), with(t, "anonymous: true")
	for name, g := range map[string]rig.Gateway{"without a token": nobody, "of an unknown gateway": unknown} {
		ws := rig.Dial(t, strict.relay, g)
		must(t, ws.SetReadDeadline(time.Now().Add(bound)))
		if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, 4401) {
			t.Errorf("%s: expected a close with 4401 by default, got %v", name, err)
		}
		rig.Descriptor(t, rig.Dial(t, open.relay, g))
		list, err := open.client("").Sessions(within(t))
		must(t, err)
		if n := len(list.Sessions); n == 0 || list.Sessions[n-1].Gateway != "anonymous" {
			t.Errorf("%s: expected a session of the anonymous gateway, got %+v", name, list.Sessions)
		}
	}
	// Whoever is known is himself.
	open.dial("gw-1", gatewaySecret, nil)
	list, err := open.client("").Sessions(within(t))
	must(t, err)
	if n := len(list.Sessions); n == 0 || list.Sessions[n-1].Gateway != "gw-1" {
		t.Errorf("expected a session of gw-1, got %+v", list.Sessions)
	}
}

func TestUnknownMembers(t *testing.T) {
	const tenants = "tenants: [{id: acme, identity_tokens: [the-identity-token]}]\n"
	for text, want := range map[string]int{tenants: http.StatusBadRequest, tenants + "unknown_members: true": http.StatusOK} {
		r := with(t, text)
		body := `{"later":{},"gatewayId":"gw-2","platform":"discord","botId":"b","gatewayEndpoint":"","routeKeys":["G1"]}`
		req, err := http.NewRequestWithContext(within(t), http.MethodPost, r.relay+protocol.RouteProvision, strings.NewReader(body))
		must(t, err)
		req.Header.Set("Authorization", "Bearer the-identity-token")
		resp, err := r.http.Do(req)
		must(t, err)
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: expected %d for a member of a later revision, got %s", text, want, resp.Status)
		}
	}
}

// push puts n events into the buffer of inst-1, and returns their ids.
func (r *running) push(n int) (ids []string) {
	r.t.Helper()
	for range n {
		d, err := r.client("").Push(within(r.t), "inst-1", api.Event{Text: "hi", Source: protocol.Source{ChatID: "C1"}})
		must(r.t, err)
		ids = append(ids, d.BufferID)
	}
	return ids
}

func write(t *testing.T, ws *websocket.Conn, line string) {
	t.Helper()
	must(t, ws.WriteMessage(websocket.TextMessage, []byte(line+"\n")))
}

// expectEntry reads the next frame, which must be the buffered entry of that id.
func expectEntry(t *testing.T, ws *websocket.Conn, id string) {
	t.Helper()
	if f := read(t, ws); f["bufferId"] != id {
		t.Fatalf("expected the entry %s, got %v", id, f)
	}
}

func TestDrainWindow(t *testing.T) {
	r := with(t, "drain: {window: 2}")
	ids := r.push(4)
	ws := r.dial("gw-1", gatewaySecret, nil)
	expectEntry(t, ws, ids[0])
	expectEntry(t, ws, ids[1])
	// What is not acknowledged keeps back the rest of the buffer, and nothing else.
	write(t, ws, `{"type":"outbound","requestId":"r1","action":{"op":"typing","chat_id":"C1"}}`)
	if f := read(t, ws); f["type"] != "outbound_result" {
		t.Errorf("expected two entries without an acknowledgement, and no third, got %v", f)
	}
	if i, err := r.client("").Instance(within(t), "inst-1"); err != nil || i.InFlight != 2 || i.Buffered != 4 {
		t.Errorf("expected two of four entries in flight, got %+v, %v", i, err)
	}
	write(t, ws, `{"type":"inbound_ack","bufferId":"`+ids[0]+`"}`)
	expectEntry(t, ws, ids[2])

	r = with(t, "") // the default lets all of them go
	ids = r.push(4)
	ws = r.dial("gw-1", gatewaySecret, nil)
	for _, id := range ids {
		expectEntry(t, ws, id)
	}
}

func TestDrainMaxTries(t *testing.T) {
	for text, tries := range map[string]int{"drain: {max_tries: 2}": 2, "": 20} {
		r := with(t, text)
		ids := r.push(2)
		r.die(ids[0], tries)
		expectEntry(t, r.dial("gw-1", gatewaySecret, nil), ids[1])
		b, err := r.client("").Buffer(within(t), "inst-1", 0)
		must(t, err)
		if b.Total != 1 || len(b.Parked) != 1 || b.Parked[0].BufferID != ids[0] || b.Parked[0].Tries != tries {
			t.Errorf("%q: expected the first entry to be parked after %d sessions, got %+v", text, tries, b)
		}
	}
	r := with(t, "drain: {max_tries: -1}")
	ids := r.push(2)
	r.die(ids[0], 25)
	expectEntry(t, r.dial("gw-1", gatewaySecret, nil), ids[0])
}

// die lets n sessions begin with an entry, and end without its acknowledgement.
func (r *running) die(id string, n int) {
	r.t.Helper()
	c := r.client("")
	for range n {
		mark, err := c.Snapshot(within(r.t))
		must(r.t, err)
		ws := r.dial("gw-1", gatewaySecret, nil)
		expectEntry(r.t, ws, id)
		must(r.t, ws.Close())
		_, err = c.Wait(within(r.t), client.Query{After: mark.Mark, Filter: api.Filter{Kinds: []string{"closed"}}}, bound)
		must(r.t, err)
	}
}

func TestWakeOptions(t *testing.T) {
	woken := make(chan struct{}, 10)
	waker := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { woken <- struct{}{} }))
	defer waker.Close()
	gateway := fmt.Sprintf("gateways: [{id: gw-2, secret: another-secret, instance: inst-2, wake_url: %s}]\n", waker.URL)
	for text, again := range map[string]bool{"wake: {cooldown: 24h}": false, "": false, "wake: {cooldown: 1ns}": true} {
		c := with(t, gateway+text).client("")
		for i, want := range []bool{true, again} {
			w, err := c.Wake(within(t), "inst-2")
			must(t, err)
			if w.Requested != want {
				t.Errorf("%q: expected request %d to be made: %v, got %v", text, i+1, want, w.Requested)
			}
			if !w.Requested {
				continue
			}
			select {
			case <-woken:
			case <-within(t).Done():
				t.Fatalf("%q: expected request %d to arrive", text, i+1)
			}
		}
	}
	// Nothing is answered within a nanosecond.
	for text, want := range map[string][2]string{"": {"wake answered", "200 OK"}, "wake: {timeout: 1ns}": {"wake failed", "deadline exceeded"}} {
		c := with(t, gateway+text).client("")
		_, err := c.Wake(within(t), "inst-2")
		must(t, err)
		found, err := c.WaitN(within(t), client.Query{Filter: api.Filter{Kinds: []string{"note"}, Instance: "inst-2"}}, 2, bound)
		must(t, err)
		if note := found[1].Note; !strings.HasPrefix(note, want[0]) || !strings.HasSuffix(note, want[1]) {
			t.Errorf("%q: expected the note %q…, got %q", text, want, note)
		}
	}
}

func TestEgressOption(t *testing.T) {
	const scopes = "tenants: [{id: other, scopes: [G2]}]\n"
	const nothing, foreign = `{}`, `{"guild_id":"G2"}`
	for text, carriedOut := range map[string]map[string]bool{
		"":                {nothing: true, foreign: false},
		"egress: foreign": {nothing: true, foreign: false},
		"egress: strict":  {nothing: false, foreign: false},
		"egress: off":     {nothing: true, foreign: true},
	} {
		ws := with(t, scopes+text).dial("gw-1", gatewaySecret, nil)
		for metadata, want := range carriedOut {
			write(t, ws, `{"type":"outbound","requestId":"`+fmt.Sprint(len(metadata))+`","action":{"op":"send","chat_id":"C1","content":"hi","metadata":`+metadata+`}}`)
			f := read(t, ws)
			result, _ := f["result"].(map[string]any)
			if result["success"] != want {
				t.Errorf("%q: expected an action with the metadata %s to be carried out: %v, got %v", text, metadata, want, f)
			}
		}
	}
}

// The journal of every namespace is bounded, by entries and by bytes.
func TestJournalLimits(t *testing.T) {
	for text, most := range map[string]int{"journal: {entries: 10}": 10, "journal: {bytes: 2560}": 10, "": 40} {
		r := with(t, text)
		_, err := r.client("").CreateNamespace(within(t), "one")
		must(t, err)
		_, err = r.client("").In("one").CreateGateway(within(t), api.NewGateway{Instance: "inst-1"})
		must(t, err)
		for _, c := range []*client.Client{r.client(""), r.client("").In("one")} {
			for range 40 {
				_, err := c.Push(within(t), "inst-1", api.Event{Source: protocol.Source{ChatID: "C1"}})
				must(t, err)
			}
			all, err := c.Journal(within(t), client.Query{})
			must(t, err)
			held := len(all.Entries)
			if held == 0 || held > most || (most == 40 && held < most) || all.Mark < 40 || all.Forgotten != all.Mark-int64(held) {
				t.Errorf("%q: expected at most %d entries of 40, and to be told how many went, got %d of %d, %d forgotten", text, most, held, all.Mark, all.Forgotten)
			}
		}
	}
}

func TestAllowHosts(t *testing.T) {
	for text, known := range map[string]bool{"": false, "allow_hosts: [other.example, staging.example]": true} {
		r := with(t, text)
		at := strings.TrimPrefix(r.control, "http://")
		_, port, err := net.SplitHostPort(at)
		must(t, err)
		transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, at)
		}}
		defer transport.CloseIdleConnections()
		for host, want := range map[string]bool{"localhost": true, "staging.example": known, "evil.example": false} {
			_, err := client.New("http://"+net.JoinHostPort(host, port), "").WithHTTP(&http.Client{Transport: transport}).Info(within(t))
			var p *api.Problem
			if want != (err == nil) || (!want && (!errors.As(err, &p) || p.Status != http.StatusMisdirectedRequest)) {
				t.Errorf("%q: expected %s to be known: %v, got %v", text, host, want, err)
			}
		}
	}
}
