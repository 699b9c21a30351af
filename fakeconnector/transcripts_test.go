package fakeconnector

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// The transcripts are recordings of a real gateway, June and August revisions.
const transcripts = "../vectors/testdata/transcripts"

// knownDefects are what the recorded gateways broke, in both revisions alike, by rule and
// how often it is seen.
var knownDefects = map[protocol.RuleID]int{
	// The recording gave the gateway a wrong secret for one dial, on purpose.
	protocol.RuleAuthBearer: 1,
	// Told to shut down while it waited for its descriptor, it said going_idle.
	protocol.RuleHandshakeQuietUntilDescriptor: 1,
}

type recorded struct {
	Kind    string
	Conn    int
	Dir     string
	Type    string
	Data    string
	Code    int
	Reason  string
	Mode    string
	Headers [][2]string
}

// TestRecordedGateways replays what the gateway sent, on the sockets and in the order in
// which it sent it, with the recorded connector's messages in between.
func TestRecordedGateways(t *testing.T) {
	for _, revision := range []string{"2026-06", "2026-08"} {
		want := knownDefects
		t.Run(revision, func(t *testing.T) {
			clock := &handClock{now: time.Unix(0, 0), timers: make(chan func(), 10_000)}
			c := started(t, WithClock(clock))
			g := c.AddGateway(Gateway{ID: "gw-demo", Secret: "s-gw-demo-0123456789abcdef"})
			// The recorded connector's answers take the place of the fake's own.
			c.On(Match{Point: PointSend}).Do(Withhold{})
			c.On(Match{}).Do(Withhold{})
			r := &replay{t: t, c: c, g: g, clock: clock, conns: map[int]*client{}, sessions: map[int]string{}}
			files, err := filepath.Glob(filepath.Join(transcripts, revision, "*.jsonl"))
			must(t, err)
			if len(files) == 0 {
				t.Fatalf("expected recordings in %s", transcripts)
			}
			for _, file := range files {
				r.file(file)
			}
			got := map[protocol.RuleID]int{}
			for _, e := range c.Journal().All() {
				if e.Kind == KindViolation {
					got[e.Violation.Rule]++
					if want[e.Violation.Rule] == 0 {
						t.Errorf("unexpected: %s\n  by %s", e, c.Journal().Since(e.Violation.Of - 1)[0])
					}
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("expected the known defects %v, got %v", want, got)
			}
			t.Logf("%d files, %d dials, %d messages of the gateway, %d of the connector, violations %v", len(files), r.dials, r.sent, r.received, got)
			if r.sent < 50 || r.dials < 5 {
				t.Error("expected the recordings to hold more than this")
			}
		})
	}
}

type replay struct {
	t        *testing.T
	c        *Connector
	g        Gateway
	clock    *handClock
	conns    map[int]*client
	sessions map[int]string

	dials, sent, received int
}

func (r *replay) file(name string) {
	f, err := os.Open(name)
	must(r.t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e recorded
		must(r.t, json.Unmarshal(lines.Bytes(), &e))
		if e.Kind == "ws_upgrade" {
			r.upgrade(e)
			continue
		}
		k := r.conns[e.Conn]
		if k == nil && e.Kind == "ws" {
			// Its upgrade is not in the recording.
			token, err := r.c.Token(r.g.ID, time.Hour)
			must(r.t, err)
			r.dial(e.Conn, http.Header{"Authorization": {"Bearer " + token}})
			r.gateway(e.Conn, websocket.TextMessage, `{"type":"hello","platform":"discord","botId":"bot-1"}`+"\n")
			r.connector(e.Conn, `{"type":"descriptor"}`+"\n")
			k = r.conns[e.Conn]
		}
		switch {
		case k == nil:
		case e.Kind == "ws" && e.Dir == "gw->conn":
			opcode := websocket.TextMessage
			if e.Type == "binary" {
				opcode = websocket.BinaryMessage
			}
			r.gateway(e.Conn, opcode, e.Data)
			r.sent++
		case e.Kind == "ws":
			if !strings.HasSuffix(e.Data, " chars)") { // a message that the recording cut short
				r.connector(e.Conn, e.Data)
				r.received++
			}
		case e.Kind == "ws_close_sent":
			must(r.t, r.session(e.Conn).Close(e.Code, e.Reason))
		case e.Kind == "tcp_abort":
			must(r.t, r.session(e.Conn).Reset())
		case e.Kind == "ws_closed":
			_ = k.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(e.Code, ""), time.Now().Add(bound))
			await(r.t, r.c, 0, func(x Entry) bool { return x.Kind == KindClosed && x.Session == r.sessions[e.Conn] })
			_ = k.ws.Close()
			delete(r.conns, e.Conn)
		}
	}
	must(r.t, lines.Err())
}

// upgrade dials with the recorded token, at a time at which it is good.
func (r *replay) upgrade(e recorded) {
	h := http.Header{}
	for _, kv := range e.Headers {
		if kv[0] == "Authorization" {
			h.Set(kv[0], kv[1])
			claims, err := auth.Peek(strings.TrimPrefix(kv[1], "Bearer "))
			must(r.t, err)
			r.clock.advance(time.Unix(claims.Exp-1, 0).Sub(r.clock.Now()))
		}
	}
	if strings.HasPrefix(e.Mode, "http") {
		stub := r.c.On(Match{Point: PointDial}).Times(1).Do(Refuse{Status: 401})
		defer stub.Remove()
		if _, _, err := websocket.DefaultDialer.Dial(protocol.DialURL(r.c.URL()), h); err == nil {
			r.t.Error("expected the dial to be refused")
		}
		r.dials++
		return
	}
	r.dial(e.Conn, h)
}

func (r *replay) dial(conn int, h http.Header) {
	// Where a recording ends the end of its socket is not in it.
	for old, k := range r.conns {
		_ = k.ws.Close()
		await(r.t, r.c, 0, func(x Entry) bool { return x.Kind == KindClosed && x.Session == r.sessions[old] })
		delete(r.conns, old)
	}
	mark := r.c.Journal().Mark()
	r.conns[conn] = dialWith(r.t, r.c, h)
	r.sessions[conn] = await(r.t, r.c, mark, OfKind(KindUpgraded)).Session
	r.dials++
}

func (r *replay) gateway(conn, opcode int, data string) {
	mark := r.c.Journal().Mark()
	must(r.t, r.conns[conn].ws.WriteMessage(opcode, []byte(data)))
	await(r.t, r.c, mark, func(e Entry) bool {
		return e.Kind == KindMessage && e.Dir == protocol.FromGateway && string(e.Message.Payload) == data
	})
}

func (r *replay) connector(conn int, data string) {
	if s := r.session(conn); s != nil {
		_ = s.SendRaw(websocket.TextMessage, []byte(data))
	}
}

// session finds a session before its handshake, too.
func (r *replay) session(conn int) *Session {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	for s := range r.c.sessions {
		if s.id == r.sessions[conn] {
			return s
		}
	}
	return nil
}
