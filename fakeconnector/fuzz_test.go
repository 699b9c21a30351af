package fakeconnector

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// FuzzFrames feeds a session with anything, cut anywhere. It must neither panic nor hang,
// what it holds must stay bounded, and a whole request behind it must be answered.
func FuzzFrames(f *testing.F) {
	seeds := []string{hello, "\n\r\n", `{"type":"outbound","requestId":"r","action":{"op":"send","chat_id":"C","content":"x","metadata":{"guild_id":"G"}}}` + "\n",
		`{"type":"outbound","requestId":"r","action":{"op":"follow_up","session_key":"agent:main:x","kind":"k","content":"x"}}` + "\n",
		`{"type":"inbound_ack","bufferId":"b-1"}` + "\n", `{"type":"interrupt","session_key":"agent:main:discord:channel:C1:U1","reason":null}` + "\n",
		`{"type":"going_idle"}` + "\n", `{"type":"descriptor","descriptor":{}}` + "\n", `[1,2]` + "\n", `{"type":"outbound","requestId":"r"}{"type":"x"}` + "\n"}
	for _, s := range seeds {
		f.Add([]byte(s), 7, false)
		f.Add([]byte(hello+s), 3, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, cut int, binary bool) {
		s, c := detached(t)
		opcode := websocket.TextMessage
		if binary {
			opcode = websocket.BinaryMessage
		}
		cut = min(max(cut, 1), 1<<12)
		if len(data)/cut > 1<<10 {
			cut = len(data)
		}
		for len(data) > 0 {
			n := min(cut, len(data))
			s.received(opcode, data[:n])
			data = data[n:]
			written(s)
		}
		s.received(opcode, []byte("\n"+hello+`{"type":"outbound","requestId":"the last one","action":{"op":"typing","chat_id":"C"}}`+"\n"))
		s.dropTail()
		answered := false
		for _, e := range c.Journal().All() {
			if e.Kind == KindFrame && e.Dir == protocol.FromConnector {
				if e.Frame.Err != nil {
					t.Errorf("expected only good frames of our own, got %s", e)
				}
				r, ok := e.Frame.Frame.(*protocol.OutboundResult)
				answered = answered || (ok && r.RequestID == "the last one")
			}
			_ = e.String()
		}
		if !answered {
			t.Error("expected the request behind the input to be answered")
		}
		if n := len(s.in.check.hellos) + len(s.in.check.requestIDs.set) + len(s.tail.bytes); n > maxHellos+100+(1<<12) {
			t.Errorf("expected bounded memory, %d items are held", n)
		}
		var out strings.Builder
		if err := c.Journal().WriteJSONL(&out); err != nil {
			t.Error(err)
		}
	})
}

// written does what the writer would: it forgets what was sent, and lets the drain begin.
func written(s *Session) {
	s.wmu.Lock()
	queue := s.out.queue
	s.out.queue = nil
	s.wmu.Unlock()
	for _, i := range queue {
		if i.before != nil {
			i.before()
		}
	}
}

// detached is a session without a socket: what it sends stays in its queue.
func detached(t *testing.T) (*Session, *Connector) {
	c := New(WithLimits(Limits{LineBytes: 1 << 12, RequestIDs: 100, ChatsKnown: 100, QueuedWrites: 1 << 20}),
		WithClock(&handClock{now: time.Unix(1_750_000_000, 0), timers: make(chan func(), 1<<16)}))
	g := c.AddGateway(Gateway{Platform: "discord", BotID: "bot-1"})
	s := &Session{c: c, id: "s1", gateway: g, secret: []byte(g.Secret), accepted: true, over: make(chan struct{}), greeted: make(chan int64, 1)}
	s.in.Limit, s.in.check.named, s.out.writing = c.limits.LineBytes, Identity{"discord", "bot-1"}, true
	c.vault.Put(Capability{Tenant: g.Tenant, SessionKey: "agent:main:x", Kind: "k", Credential: "credential"})
	if _, err := c.Publish(g.Instance, event("C1", "waits")); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// FuzzToken presents anything as the credential of an upgrade. Only what the record's
// secrets signed, in the canonical form and in time, may pass.
func FuzzToken(f *testing.F) {
	const now, secret = 1_750_000_000, "0123456789abcdef0123456789abcdef"
	for _, exp := range []int64{0, now, now - 1, now + 300} {
		f.Add("Bearer " + auth.Mint("gw-1", secret, exp))
	}
	f.Add("Bearer " + auth.Mint("gw-1", "another", 0))
	f.Add("Bearer =")
	f.Add("bearer  x")
	f.Add("")
	c := New(WithClock(fixedClock{time.Unix(now, 0)}))
	c.AddGateway(Gateway{ID: "gw-1", Secret: secret})
	f.Fuzz(func(t *testing.T, header string) {
		id := c.identify(&http.Request{Header: http.Header{"Authorization": {header}}})
		if !id.ok {
			if strings.Contains(id.why, secret) {
				t.Errorf("the refusal quotes the secret: %s", id.why)
			}
			return
		}
		_, token, _ := strings.Cut(header, " ")
		claims, err := auth.Peek(token)
		if err != nil || claims.Payload != "gw-1" || (claims.Exp != 0 && claims.Exp < now) || token != auth.Mint("gw-1", secret, claims.Exp) {
			t.Errorf("expected %q to be refused", header)
		}
	})
}

// FuzzEditJSON holds the one place that edits JSON by bytes to what a decoder says.
func FuzzEditJSON(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":[1,2]}}`), "/b/c", []byte("7"))
	f.Add([]byte(`{"a":1}`), "/a", []byte(nil))
	f.Add([]byte(`{ "a" : 1 , "b" : 2 }`), "/a", []byte(`""`))
	f.Add([]byte(`{}`), "/x", []byte("null"))
	f.Fuzz(func(t *testing.T, object []byte, pointer string, value []byte) {
		if !isObject(object) || strings.Count(pointer, "/") > 20 {
			return
		}
		if value != nil && !json.Valid(value) {
			return
		}
		if out := editJSON(object, pointer, func(json.RawMessage) json.RawMessage { return value }); !isObject(out) {
			t.Errorf("expected an object to stay one: %s with %q set to %s became %s", object, pointer, value, out)
		}
	})
}
