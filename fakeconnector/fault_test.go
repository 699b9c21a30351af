package fakeconnector

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// result is the faithful answer to the request r1 of these tests.
const result = `{"type":"outbound_result","requestId":"r1","result":{"success":true}}` + "\n"

// Each fault is applied to the answers to two requests, r1 and r2, and seen from a raw
// socket, message by message.
func TestFaultsOnTheWire(t *testing.T) {
	second := strings.Replace(result, "r1", "r2", 1)
	at := func(i int) *int { return &i }
	for name, test := range map[string]struct {
		fault Fault
		want  []string
	}{
		"duplicate":      {Duplicate{}, []string{result, result, second, second}},
		"reorder":        {&Reorder{}, []string{second, result}},
		"corrupt":        {Corrupt{At: at(2)}, []string{"{\"\xf4" + result[3:], "{\"\xf4" + second[3:]}},
		"corrupt at end": {Corrupt{At: at(-1)}, []string{result[:len(result)-2] + "\xfd\n", second[:len(second)-2] + "\xfd\n"}},
		"truncate":       {Truncate{Keep: 10}, []string{result[:10], second[:10]}},
		"no newline":     {Truncate{Keep: -1}, []string{result[:len(result)-1], second[:len(second)-1]}},
		"split":          {Split{At: []int{3, 20, 999}}, []string{result[:3], result[3:20], result[20:], second[:3], second[3:20], second[20:]}},
		"join":           {&Join{}, []string{result + second}},
		"raw":            {Raw{Text: "{{requestId}} no newline"}, []string{"r1 no newline", "r2 no newline"}},
		"reply": {Reply{[]protocol.Frame{&protocol.OutboundResult{RequestID: "zz"}, &protocol.OutboundResult{}}}, []string{
			`{"type":"outbound_result","requestId":"zz","result":{}}` + "\n", `{"type":"outbound_result","requestId":"r1","result":{}}` + "\n",
			`{"type":"outbound_result","requestId":"zz","result":{}}` + "\n", `{"type":"outbound_result","requestId":"r2","result":{}}` + "\n"}},
		"result":            {Result{protocol.Result{Error: protocol.Some("no")}}, []string{`{"type":"outbound_result","requestId":"r1","result":{"error":"no"}}` + "\n", `{"type":"outbound_result","requestId":"r2","result":{"error":"no"}}` + "\n"}},
		"unknown type":      {UnknownType{}, []string{strings.Replace(result, "outbound_result", "x_unknown", 1), strings.Replace(second, "outbound_result", "x_unknown", 1)}},
		"unknown field":     {UnknownField{Pointer: "/result"}, []string{strings.Replace(result, "true", `true,"x_unknown":{"deep":[1,null]}`, 1), strings.Replace(second, "true", `true,"x_unknown":{"deep":[1,null]}`, 1)}},
		"mistyped string":   {MistypedField{Pointer: "/requestId"}, []string{strings.Replace(result, `"r1"`, "17", 1), strings.Replace(second, `"r2"`, "17", 1)}},
		"mistyped bool":     {MistypedField{Pointer: "/result/success"}, []string{strings.Replace(result, "true", `"seventeen"`, 1), strings.Replace(second, "true", `"seventeen"`, 1)}},
		"wrong requestId":   {WrongRequestID{}, []string{strings.Replace(result, "r1", "nobody-asked", 1), strings.Replace(second, "r2", "nobody-asked", 1)}},
		"member removed":    {SetField{Pointer: "/result/success"}, []string{strings.Replace(result, `"success":true`, "", 1), strings.Replace(second, `"success":true`, "", 1)}},
		"first one gone":    {SetField{Pointer: "/type"}, []string{`{"requestId":"r1","result":{"success":true}}` + "\n", `{"requestId":"r2","result":{"success":true}}` + "\n"}},
		"a place not there": {SetField{Pointer: "/no/such/place", Value: json.RawMessage("1")}, []string{result, second}},
		"flood":             {Flood{Count: 2, Frame: json.RawMessage(`{"type":"f"}`)}, []string{result, "{\"type\":\"f\"}\n", "{\"type\":\"f\"}\n", second, "{\"type\":\"f\"}\n", "{\"type\":\"f\"}\n"}},
		"withhold":          {Withhold{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := started(t)
			k := greeted(t, c, c.AddGateway(Gateway{}))
			stub := c.On(Match{Type: protocol.TypeOutbound}).Times(2).Do(test.fault)
			for _, id := range []string{"r1", "r2"} {
				k.send(&protocol.Outbound{RequestID: id, Action: &protocol.Typing{ChatID: "C1"}})
			}
			must(t, stub.WaitHits(within(t), 2))
			k.send(&protocol.Outbound{RequestID: "last", Action: &protocol.Typing{ChatID: "C1"}})
			var got []string
			for {
				opcode, p := k.message()
				if strings.Contains(p, `"last"`) {
					break
				}
				if opcode != websocket.TextMessage {
					t.Errorf("expected text, got opcode %d", opcode)
				}
				got = append(got, p)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("expected messages\n%q\ngot\n%q", test.want, got)
			}
			noViolations(t, c)
		})
	}
}

func TestBinary(t *testing.T) {
	c := started(t)
	k := greeted(t, c, c.AddGateway(Gateway{}))
	c.On(Match{Type: protocol.TypeOutboundResult}).Do(Binary{})
	k.send(&protocol.Outbound{RequestID: "r1", Action: &protocol.Typing{ChatID: "C1"}})
	if opcode, p := k.message(); opcode != websocket.BinaryMessage || p != result {
		t.Errorf("expected the result as a binary message, got opcode %d, %q", opcode, p)
	}
}

func TestFaultsThatEndTheSession(t *testing.T) {
	for name, test := range map[string]struct {
		match  Match
		faults []Fault
		check  func(error) bool
	}{
		"4401 before any frame":      {Match{Point: PointUpgraded}, []Fault{CloseWith{4401, "unauthorized"}}, isClose(4401)},
		"4401 before the descriptor": {Match{Type: protocol.TypeHello}, []Fault{Withhold{}, CloseWith{4401, "unauthorized"}}, isClose(4401)},
		"reset instead of a descriptor": {Match{Type: protocol.TypeHello}, []Fault{Withhold{}, Reset{}},
			func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
	} {
		t.Run(name, func(t *testing.T) {
			c := started(t)
			g := c.AddGateway(Gateway{})
			c.On(test.match).Times(1).Do(test.faults...)
			k := dial(t, c, g)
			// The close may already be there; then the write fails, and the read tells why.
			_ = k.ws.WriteMessage(websocket.TextMessage, []byte(hello))
			if _, p, err := k.read(); !test.check(err) {
				t.Errorf("expected the end of the session and nothing before it, got %q, %v", p, err)
			}
			greeted(t, c, g).alive()
		})
	}
}

func isClose(code int) func(error) bool {
	return func(err error) bool { return websocket.IsCloseError(err, code) }
}

func TestFaultsOnDials(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	token, err := c.Token(g.ID, time.Minute)
	must(t, err)
	try := func() (*http.Response, error) {
		ws, resp, err := websocket.DefaultDialer.Dial(protocol.DialURL(c.URL()), http.Header{"Authorization": {"Bearer " + token}})
		if err == nil {
			_ = ws.Close()
		}
		return resp, err
	}
	at := Match{Point: PointDial, Gateway: g.ID}

	c.On(at).Times(1).Do(Refuse{Status: 401})
	if resp, err := try(); err == nil || resp.StatusCode != 401 {
		t.Errorf("expected HTTP 401, got %v, %v", resp, err)
	}
	c.On(at).Times(1).Do(DropTCP{})
	if resp, err := try(); err == nil || resp != nil {
		t.Errorf("expected the end of TCP, got %v, %v", resp, err)
	}

	hold := &Hold{}
	c.On(at).Times(1).Do(hold)
	done := make(chan error, 1)
	go func() { _, err := try(); done <- err }()
	must(t, hold.Wait(within(t), 1))
	mark := c.Journal().Mark()
	if len(c.Journal().Since(mark)) != 0 {
		t.Error("expected nothing to happen while the dial is held")
	}
	hold.Release()
	must(t, <-done)
	await(t, c, mark, OfKind(KindUpgraded))

	if _, err := try(); err != nil {
		t.Errorf("expected the next dial to be upgraded, got %v", err)
	}
	noViolations(t, c)
}

func TestAHeldDialEndsWithTheConnector(t *testing.T) {
	c := New()
	must(t, c.Start())
	hold := &Hold{}
	c.On(Match{Point: PointDial}).Do(hold)
	done := make(chan error, 1)
	go func() {
		_, _, err := websocket.DefaultDialer.Dial(protocol.DialURL(c.URL()), nil)
		done <- err
	}()
	must(t, hold.Wait(within(t), 1))
	must(t, c.Close())
	if <-done == nil {
		t.Error("expected the held dial to fail")
	}
}

func TestDelay(t *testing.T) {
	clock := &handClock{now: time.Unix(1_750_000_000, 0), timers: make(chan func(), 10)}
	c := started(t, WithClock(clock))
	k := greeted(t, c, c.AddGateway(Gateway{}))
	c.On(Match{Type: protocol.TypeOutbound, Op: protocol.OpSend}).Do(Delay{By: time.Hour})
	k.send(&protocol.Outbound{RequestID: "slow", Action: send("C1", "x")})
	k.alive() // goes ahead
	go (<-clock.timers)()
	if r := expect[*protocol.OutboundResult](k); r.RequestID != "slow" {
		t.Errorf("expected the delayed result, got %+v", r)
	}
}

func TestSlowUpgrade(t *testing.T) {
	clock := &handClock{now: time.Unix(1_750_000_000, 0), timers: make(chan func(), 10)}
	c := started(t, WithClock(clock))
	g := c.AddGateway(Gateway{})
	c.On(Match{Point: PointDial}).Times(1).Do(Delay{By: time.Hour})
	go func() { (<-clock.timers)() }() // the hour is over
	greeted(t, c, g).alive()
}

func TestStallAndHalfOpen(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	stall := &Stall{}
	c.On(Match{Type: protocol.TypeOutbound}).Times(1).Do(stall)
	k.send(&protocol.Outbound{RequestID: "r1", Action: send("C1", "x")})
	k.send(&protocol.Outbound{RequestID: "r2", Action: send("C1", "y")})
	await(t, c, 0, func(e Entry) bool { return gatewayRequest(e) == "r2" })
	for _, e := range c.Journal().All() {
		if FrameOf(protocol.TypeOutboundResult)(e) {
			t.Fatalf("expected nothing to leave a stalled session, got %s", e)
		}
	}
	stall.Release()
	for _, want := range []string{"r1", "r2"} {
		if r := expect[*protocol.OutboundResult](k); r.RequestID != want {
			t.Errorf("expected the result of %s, got that of %s", want, r.RequestID)
		}
	}

	half := &HalfOpen{}
	c.On(Match{Type: protocol.TypeOutbound}).Times(1).Do(half)
	k.ask("r3", send("C1", "x")) // its answer still comes, what follows is not read
	mark := c.Journal().Mark()
	k.send(&protocol.Outbound{RequestID: "r4", Action: send("C1", "y")})
	must(t, c.Session(g.ID).Send(&protocol.Inbound{Event: event("C1", "we still write")}))
	expect[*protocol.Inbound](k)
	for _, e := range c.Journal().Since(mark) {
		if e.Dir == protocol.FromGateway {
			t.Errorf("expected nothing to be read, got %s", e)
		}
	}
	half.Release()
	if r := expect[*protocol.OutboundResult](k); r.RequestID != "r4" {
		t.Errorf("expected the result of r4, got that of %s", r.RequestID)
	}

	// While a read is under way.
	resume := c.Session(g.ID).PauseReading()
	mark = c.Journal().Mark()
	k.send(&protocol.Outbound{RequestID: "r5", Action: send("C1", "z")})
	for range 3 {
		must(t, c.Session(g.ID).Send(&protocol.Inbound{Event: event("C1", "still")}))
		expect[*protocol.Inbound](k)
	}
	for _, e := range c.Journal().Since(mark) {
		if e.Dir == protocol.FromGateway {
			t.Errorf("expected nothing to be read, got %s", e)
		}
	}
	resume()
	if r := expect[*protocol.OutboundResult](k); r.RequestID != "r5" {
		t.Errorf("expected the result of r5, got that of %s", r.RequestID)
	}
	noViolations(t, c)
}

func gatewayRequest(e Entry) string {
	if e.Kind == KindFrame && e.Dir == protocol.FromGateway {
		if o, ok := e.Frame.Frame.(*protocol.Outbound); ok {
			return o.RequestID
		}
	}
	return ""
}

func TestWrongDescriptor(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	d := Descriptor("telegram")
	c.On(Match{Type: protocol.TypeHello}).Do(WrongDescriptor{Descriptor: d, Drop: []string{"label", "len_unit"}})
	k := dial(t, c, g)
	k.raw(hello)
	_, p := k.message()
	if !strings.Contains(p, `"platform":"telegram"`) || strings.Contains(p, "label") || strings.Contains(p, "len_unit") {
		t.Errorf("expected another descriptor without two of its fields, got %s", p)
	}
}
