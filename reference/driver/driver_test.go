package driver_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/reference"
	"github.com/relaykit/relaykit/reference/driver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests, which use real sockets on loopback.
const patience = time.Minute

type object = map[string]any

// wire is one accepted WebSocket, as either the relay or the driver.
type wire struct {
	t      *testing.T
	conn   *websocket.Conn
	seq    int
	events []object // notifications that came while an answer was awaited
}

func (w *wire) send(v any) {
	w.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.conn.WriteMessage(websocket.TextMessage, append(data, '\n')); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) read() object {
	w.t.Helper()
	w.conn.SetReadDeadline(time.Now().Add(patience))
	_, data, err := w.conn.ReadMessage()
	if err != nil {
		w.t.Fatalf("expected a message, got %v", err)
	}
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		w.t.Fatalf("expected one JSON object, got %q", data)
	}
	return o
}

// frame waits for a frame of that type.
func (w *wire) frame(typ string) object {
	w.t.Helper()
	f := w.read()
	if f["type"] != typ {
		w.t.Fatalf("expected %s, got %v", typ, f)
	}
	return f
}

// event waits for the next notification.
func (w *wire) event(method string) object {
	w.t.Helper()
	var m object
	if len(w.events) > 0 {
		m, w.events = w.events[0], w.events[1:]
	} else {
		m = w.read()
	}
	if m["method"] != method {
		w.t.Fatalf("expected %s, got %v", method, m)
	}
	return m["params"].(object)
}

// ask sends a request without waiting for the answer.
func (w *wire) ask(method string, params any) int {
	w.seq++
	w.send(object{"jsonrpc": "2.0", "id": w.seq, "method": method, "params": params})
	return w.seq
}

// answer waits for the answer to a request and keeps the notifications before it.
func (w *wire) answer(id int) object {
	w.t.Helper()
	for {
		m := w.read()
		if m["id"] == float64(id) {
			return m
		}
		w.events = append(w.events, m)
	}
}

func (w *wire) call(method string, params any) object {
	w.t.Helper()
	return w.answer(w.ask(method, params))
}

func (w *wire) result(method string, params any) object {
	w.t.Helper()
	m := w.call(method, params)
	r, ok := m["result"].(object)
	if !ok {
		w.t.Fatalf("%s: expected a result, got %v", method, m)
	}
	return r
}

func (w *wire) code(method string, params any) float64 {
	w.t.Helper()
	m := w.call(method, params)
	e, ok := m["error"].(object)
	if !ok {
		w.t.Fatalf("%s: expected an error, got %v", method, m)
	}
	return e["code"].(float64)
}

// listen accepts WebSockets on loopback.
func listen(t *testing.T) (string, <-chan *wire) {
	accepted := make(chan *wire, 8)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		t.Cleanup(func() { conn.Close() })
		accepted <- &wire{t: t, conn: conn}
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http"), accepted
}

func accept(t *testing.T, from <-chan *wire) *wire {
	t.Helper()
	select {
	case w := <-from:
		return w
	case <-time.After(patience):
		t.Fatal("expected a connection, got none")
		return nil
	}
}

// stage is a gateway between a relay and a driver, both played by the test.
type stage struct {
	relay, driver *wire
	relays        <-chan *wire
	drivers       <-chan *wire
	ended         chan error
	logs          logLines
}

// logLines are the gateway's log.
type logLines chan string

func (l logLines) Write(p []byte) (int, error) { l <- string(p); return len(p), nil }

// await waits for a line of the log.
func (l logLines) await(t *testing.T, what string) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case line := <-l:
			if strings.Contains(line, what) {
				return
			}
		case <-timer.C:
			t.Fatalf("expected %q in the log", what)
		}
	}
}

func set(t *testing.T) *stage {
	driverURL, drivers := listen(t)
	relayURL, relays := listen(t)
	logs := make(logLines, 1000)
	log := slog.New(slog.NewTextHandler(logs, nil))
	channel := driver.New(driverURL+"/unguessable", "reference", "1.2.3", log)
	gateway, err := reference.New(reference.Config{
		URL: relayURL, Platform: "discord", BotID: "b",
		Observer: channel.Observer(), Accept: channel.Accept, Logger: log,
		Bounds: reference.Bounds{BackoffBase: 10 * time.Millisecond},
	}, channel)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{relays: relays, drivers: drivers, ended: make(chan error, 1), logs: logs}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		channel.Start(gateway)
		s.ended <- gateway.Run(ctx)
		channel.Close()
	}()
	t.Cleanup(func() { cancel(); <-over })
	s.driver = accept(t, drivers)
	ready := s.driver.event("driver/ready")
	equal(t, "driver/ready", ready, object{"name": "reference", "version": "1.2.3"})
	s.relay = accept(t, relays)
	s.shake(t)
	equal(t, "status", s.driver.event("event/status"), object{"state": "connecting"})
	equal(t, "status", s.driver.event("event/status"), object{"state": "connected"})
	return s
}

func (s *stage) shake(t *testing.T) {
	t.Helper()
	s.relay.frame("hello")
	s.relay.send(object{"type": "descriptor", "descriptor": object{
		"contract_version": 1, "platform": "discord", "label": "Discord", "max_message_length": 2000,
		"supports_draft_streaming": false, "supports_edit": true, "supports_threads": true,
		"markdown_dialect": "discord", "len_unit": "utf16",
	}})
}

func inbound(chat, text, id string) object {
	return object{"type": "inbound", "bufferId": "b-" + id, "event": object{
		"text": text, "message_type": "text", "message_id": id, "future": 1,
		"source": object{"platform": "discord", "chat_id": chat, "chat_type": "dm", "user_name": nil},
	}}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Errorf("%s: expected %s, got %s", what, w, g)
	}
}

func TestSend(t *testing.T) {
	s := set(t)
	id := s.driver.ask("gateway/send", object{"chat_id": "C1", "content": "hi", "reply_to": "M1", "metadata": object{"x": 1}})
	f := s.relay.frame("outbound")
	equal(t, "action", f["action"], object{"op": "send", "chat_id": "C1", "content": "hi", "reply_to": "M1", "metadata": object{"x": 1}})
	s.relay.send(object{"type": "outbound_result", "requestId": f["requestId"], "result": object{"success": true, "message_id": "m1"}})
	equal(t, "result", s.driver.answer(id)["result"], object{"success": true, "message_id": "m1"})

	id = s.driver.ask("gateway/send", object{"chat_id": "C1", "content": "hi"})
	f = s.relay.frame("outbound")
	s.relay.send(object{"type": "outbound_result", "requestId": f["requestId"], "result": object{"success": false, "error": "nope"}})
	equal(t, "result", s.driver.answer(id)["result"], object{"success": false, "error": "nope"})
}

func TestOtherActions(t *testing.T) {
	s := set(t)
	for _, c := range []struct {
		method        string
		params        object
		action        object
		wire, results object
	}{
		{"gateway/edit", object{"chat_id": "C", "message_id": "m", "content": "x"},
			object{"op": "edit", "chat_id": "C", "message_id": "m", "content": "x", "metadata": object{}},
			object{"success": true}, object{"success": true}},
		{"gateway/typing", object{"chat_id": "C"},
			object{"op": "typing", "chat_id": "C", "metadata": object{}},
			object{"success": true}, object{"success": true}},
		{"gateway/follow_up", object{"session_key": "k", "kind": "discord.interaction_token", "content": "x"},
			object{"op": "follow_up", "session_key": "k", "kind": "discord.interaction_token", "content": "x", "metadata": object{}},
			object{"success": true, "message_id": "m"}, object{"success": true, "message_id": "m"}},
		{"gateway/chat_info", object{"chat_id": "C"}, object{"op": "get_chat_info", "chat_id": "C"},
			object{"chat_info": object{"name": "general", "type": "channel"}},
			object{"success": true, "chat_info": object{"name": "general", "type": "channel"}}},
	} {
		id := s.driver.ask(c.method, c.params)
		f := s.relay.frame("outbound")
		equal(t, c.method, f["action"], c.action)
		s.relay.send(object{"type": "outbound_result", "requestId": f["requestId"], "result": c.wire})
		equal(t, c.method, s.driver.answer(id)["result"], c.results)
	}
	equal(t, "interrupt", s.driver.result("gateway/interrupt", object{"session_key": "k", "reason": "stop"}), object{"success": true})
	equal(t, "frame", s.relay.frame("interrupt"), object{"type": "interrupt", "session_key": "k", "reason": "stop"})
}

func TestBadRequests(t *testing.T) {
	s := set(t)
	for _, c := range []struct {
		method string
		params any
		code   float64
	}{
		{"gateway/zorp", object{}, -32601},
		{"gateway/react", object{}, -32601},
		{"gateway/send", object{"chat_id": "C"}, -32602},
		{"gateway/send", object{"chat_id": "C", "content": "x", "silent": true}, -32602},
		{"gateway/send", object{"chat_id": 5, "content": "x"}, -32602},
		{"gateway/send", []any{"C", "x"}, -32602},
		{"handler/set", object{"mode": "dance"}, -32602},
		{"handler/set", object{"mode": "echo", "at": "noon"}, -32602},
		{"gateway/session_key", object{"source": object{"platform": "x"}}, -32602},
	} {
		equal(t, c.method, s.driver.code(c.method, c.params), c.code)
	}
}

func TestInboundIsToldBeforeItIsHandled(t *testing.T) {
	s := set(t)
	f := inbound("C1", "quiet, please", "M1")
	s.relay.send(f) // nobody set a handler: silent
	equal(t, "ack", s.relay.frame("inbound_ack")["bufferId"], "b-M1")
	equal(t, "inbound", s.driver.event("event/inbound"), object{"event": f["event"], "session_key": "agent:main:discord:dm:C1"})
	equal(t, "turn", s.driver.event("event/turn"), object{"session_key": "agent:main:discord:dm:C1", "outcome": "done"})
}

func TestHandlerModes(t *testing.T) {
	s := set(t)
	key := "agent:main:discord:dm:C1"
	s.driver.result("handler/set", object{"mode": "echo"})
	s.relay.send(inbound("C1", "hi", "M1"))
	s.relay.frame("inbound_ack")
	f := s.relay.frame("outbound")
	equal(t, "echo", f["action"].(object)["content"], "hi")
	s.relay.send(object{"type": "outbound_result", "requestId": f["requestId"], "result": object{"success": true}})
	s.driver.event("event/inbound")
	equal(t, "echo", s.driver.event("event/turn")["outcome"], "done")

	s.driver.result("handler/set", object{"mode": "fail"})
	s.relay.send(inbound("C1", "hi", "M2"))
	s.relay.frame("inbound_ack")
	s.driver.event("event/inbound")
	equal(t, "fail", s.driver.event("event/turn")["outcome"], "failed")

	s.driver.result("handler/set", object{"mode": "hold"})
	s.relay.send(inbound("C1", "hi", "M3"))
	s.relay.frame("inbound_ack")
	s.driver.event("event/inbound")
	s.driver.result("handler/release", object{})
	equal(t, "hold, released", s.driver.event("event/turn")["outcome"], "done")

	s.relay.send(inbound("C1", "hi", "M4"))
	s.relay.frame("inbound_ack")
	s.driver.event("event/inbound")
	s.relay.send(object{"type": "interrupt_inbound", "session_key": key, "chat_id": "C1"})
	equal(t, "interrupt", s.driver.event("event/interrupt"), object{"session_key": key, "chat_id": "C1"})
	equal(t, "hold, interrupted", s.driver.event("event/turn"), object{"session_key": key, "outcome": "interrupted"})
}

func TestHandlerModesAtAcceptance(t *testing.T) {
	s := set(t)
	s.driver.result("handler/set", object{"mode": "fail", "at": "accept"})
	s.relay.send(inbound("C1", "hi", "M1"))
	s.driver.event("event/inbound") // which comes before the event is refused
	s.logs.await(t, "event not accepted")
	s.driver.result("handler/set", object{"mode": "hold", "at": "accept"})
	s.relay.send(inbound("C1", "hi", "M2"))
	s.driver.event("event/inbound")
	s.driver.result("handler/release", object{})
	equal(t, "the only ack", s.relay.frame("inbound_ack")["bufferId"], "b-M2")
	s.driver.event("event/turn")
}

func TestStatusOncePerChange(t *testing.T) {
	s := set(t)
	s.relay.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "go away"), time.Now().Add(patience))
	st := s.driver.event("event/status")
	equal(t, "status", []any{st["state"], st["close_code"], st["retryable"]}, []any{"reconnecting", 4001, true})
	s.relay = accept(t, s.relays)
	s.shake(t)
	equal(t, "status", s.driver.event("event/status"), object{"state": "connected"})
	s.relay.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4401, "unauthorized"), time.Now().Add(patience))
	st = s.driver.event("event/status")
	equal(t, "status", []any{st["state"], st["code"], st["close_code"], st["retryable"]}, []any{"disabled", "relay_disabled", 4401, false})
	equal(t, "asked", s.driver.result("gateway/status", object{}), st)
}

func TestPureFunctions(t *testing.T) {
	s := set(t)
	equal(t, "key", s.driver.result("gateway/session_key", object{"source": object{
		"platform": "telegram", "chat_id": "C", "chat_type": "group", "user_id": "U"}}),
		object{"session_key": "agent:main:telegram:group:C:U"})
	c := s.driver.result("gateway/capabilities", object{"chat_id": "C1", "text": "a😀"})
	equal(t, "capabilities", []any{c["max_message_length"], c["len_unit"], c["message_length"]}, []any{2000, "utf16", 3})
}

func TestShutdown(t *testing.T) {
	s := set(t)
	id := s.driver.ask("gateway/shutdown", object{})
	s.relay.frame("going_idle")
	s.relay.send(object{"type": "going_idle_ack"})
	_, _, err := s.relay.conn.ReadMessage()
	if !websocket.IsCloseError(err, 1000) {
		t.Errorf("relay: expected close code 1000, got %v", err)
	}
	equal(t, "answer", s.driver.answer(id)["result"], object{})
	equal(t, "before it", s.driver.event("event/status")["state"], "stopped")
	_, _, err = s.driver.conn.ReadMessage()
	if !websocket.IsCloseError(err, 1000) {
		t.Errorf("driver: expected close code 1000, got %v", err)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("Run: expected nil, got %v", err)
	}
}

func TestRedialSaysReadyAgain(t *testing.T) {
	s := set(t)
	s.driver.conn.Close()
	s.driver = accept(t, s.drivers)
	s.driver.event("driver/ready")
	equal(t, "status", s.driver.result("gateway/status", object{}), object{"state": "connected"})
}
