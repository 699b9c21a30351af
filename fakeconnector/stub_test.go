package fakeconnector

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/protocol"
)

func send(chat, content string) *protocol.Send { return &protocol.Send{ChatID: chat, Content: content} }

func TestStubsAreCounted(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	m := Match{Type: protocol.TypeOutbound, Op: protocol.OpSend, ChatID: "C1"}
	stub := c.On(m).After(1).Every(2).Times(2).Do(Result{protocol.Result{Success: protocol.Some(false)}})
	var got []string
	for i := range 7 {
		got = append(got, fmt.Sprint(k.ask(fmt.Sprintf("r%d", i), send("C1", "x")).Succeeded()))
		if !k.ask(fmt.Sprintf("o%d", i), send("C2", "x")).Succeeded() {
			t.Error("expected another chat to be answered faithfully")
		}
	}
	if want := "true false true false true true true"; strings.Join(got, " ") != want {
		t.Errorf("expected %s, got %s", want, got)
	}
	if stub.Hits() != 2 {
		t.Errorf("expected 2 hits, got %d", stub.Hits())
	}
	must(t, stub.WaitHits(within(t), 2))
	stub.Remove()
	always := c.On(m).Do(Result{protocol.Result{Success: protocol.Some(false)}})
	if k.ask("s", send("C1", "x")).Succeeded() {
		t.Error("expected the second stub to act")
	}
	always.Remove()
	if !k.ask("t", send("C1", "x")).Succeeded() {
		t.Error("expected a removed stub not to act")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := always.WaitHits(ctx, 5); err == nil || !strings.Contains(err.Error(), "1 times") {
		t.Errorf("expected the error to tell how often the stub acted, got %v", err)
	}
	noViolations(t, c)
}

func TestMatch(t *testing.T) {
	out := &protocol.Outbound{RequestID: "r1", Action: &protocol.Send{ChatID: "C1", Content: "hello there",
		Metadata: protocol.Some(protocol.Metadata{"guild_id": []byte(`"G1"`), "n": []byte("1.0"), "list": []byte(`[{"a":1,"b":2}]`)})}}
	in := &protocol.Inbound{Event: event("C1", "hi"), BufferID: protocol.Some("b-1")}
	result := &protocol.OutboundResult{RequestID: "r1"}
	for _, test := range []struct {
		m     Match
		point Point
		f     protocol.Frame
		cause protocol.Frame
		want  bool
	}{
		{Match{}, PointFrame, out, nil, true},
		{Match{}, PointSend, in, nil, false},
		{Match{Point: PointSend}, PointSend, in, nil, true},
		{Match{Type: protocol.TypeInbound}, PointSend, in, nil, true},
		{Match{Type: protocol.TypeInbound, BufferID: "b-1", ChatID: "C1", Text: "^hi$"}, PointSend, in, nil, true},
		{Match{Type: protocol.TypeInbound, BufferID: "b-2"}, PointSend, in, nil, false},
		{Match{Type: protocol.TypeInbound, Text: "^h$"}, PointSend, in, nil, false},
		{Match{Type: protocol.TypeOutbound, Op: protocol.OpSend, ChatID: "C1", RequestID: "r1", Text: "there"}, PointFrame, out, nil, true},
		{Match{Op: protocol.OpEdit}, PointFrame, out, nil, false},
		{Match{ChatID: "C2"}, PointFrame, out, nil, false},
		{Match{Gateway: "g"}, PointFrame, out, nil, true},
		{Match{Gateway: "h"}, PointFrame, out, nil, false},
		{Match{Instance: "i", Session: "s1"}, PointFrame, out, nil, true},
		{Match{Instance: "j"}, PointFrame, out, nil, false},
		{Match{Session: "s2"}, PointFrame, out, nil, false},
		{Match{Type: protocol.TypeOutboundResult, Op: protocol.OpSend, ChatID: "C1"}, PointSend, result, out, true},
		{Match{Type: protocol.TypeOutboundResult, Op: protocol.OpEdit}, PointSend, result, out, false},
		{Match{JSON: `{"action":{"metadata":{"n":1,"list":[{"b":2}]}}}`}, PointFrame, out, nil, true},
		{Match{JSON: `{"action":{"metadata":{"list":[]}}}`}, PointFrame, out, nil, false},
		{Match{JSON: `{"action":{"metadata":{"x":null}}}`}, PointFrame, out, nil, false},
		{Match{JSON: `{}`}, PointFrame, nil, nil, false},
		{Match{Where: func(f protocol.Frame) bool { return f.FrameType() == "outbound" }}, PointFrame, out, nil, true},
		{Match{Where: func(protocol.Frame) bool { return false }}, PointFrame, out, nil, false},
	} {
		ready, err := test.m.ready()
		must(t, err)
		x := &Exchange{Point: test.point, Frame: test.f, Cause: test.cause, gateway: Gateway{ID: "g", Instance: "i"}, session: "s1"}
		if got := ready.matches(x); got != test.want {
			t.Errorf("expected %s on %T: %v, got %v", test.m, test.f, test.want, got)
		}
	}
}

func TestStubsThatCannotBe(t *testing.T) {
	c := New()
	defer c.Close()
	for want, stub := range map[string]error{
		"regular expression": c.On(Match{Text: "("}).Try(Withhold{}),
		"JSON":               c.On(Match{JSON: "{"}).Try(Withhold{}),
		"acts on a dial":     c.On(Match{Point: PointDial}).Try(CloseWith{Code: 4401}),
	} {
		if stub == nil || !strings.Contains(stub.Error(), want) {
			t.Errorf("expected an error about %q, got %v", want, stub)
		}
	}
}

func TestStubsCompose(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	// On the second outbound: withhold the result, then close.
	c.On(Match{Type: protocol.TypeOutbound}).After(1).Times(1).Do(Withhold{}, CloseWith{Code: 4401, Reason: "unauthorized"})
	k.ask("r1", send("C1", "x"))
	k.send(&protocol.Outbound{RequestID: "r2", Action: send("C1", "y")})
	if _, _, err := k.read(); err == nil || !strings.Contains(err.Error(), "4401") {
		t.Errorf("expected close 4401 and nothing before it, got %v", err)
	}
	await(t, c, 0, func(e Entry) bool { return e.Kind == KindFault && strings.Contains(e.Note, "withhold, close") })
}

func TestHoldReleasesInAnyOrder(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	hold := &Hold{}
	stub := c.On(Match{Type: protocol.TypeOutbound, Op: protocol.OpSend}).Do(hold)
	for _, id := range []string{"a", "b", "c"} {
		k.send(&protocol.Outbound{RequestID: id, Action: send("C1", id)})
	}
	must(t, hold.Wait(within(t), 3))
	k.alive() // what is not held goes ahead
	for _, step := range []struct {
		release int
		want    string
	}{{2, "c"}, {0, "a"}, {0, "b"}} {
		if !hold.ReleaseAt(step.release) {
			t.Fatal("expected one to be held")
		}
		if got := expect[*protocol.OutboundResult](k).RequestID; got != step.want {
			t.Errorf("expected the result of %s, got %s", step.want, got)
		}
	}
	stub.Remove()
	if hold.Held() != 0 || hold.Release() != 0 || hold.ReleaseAt(0) {
		t.Error("expected nothing to be held any more")
	}
}

// What a stub has matched can still be on its way to the hold when that is opened.
func TestAnOpenHoldKeepsNothing(t *testing.T) {
	c := started(t)
	k := greeted(t, c, c.AddGateway(Gateway{}))
	hold := &Hold{}
	c.On(Match{Type: protocol.TypeOutbound}).Do(hold)
	for _, id := range []string{"held", "later"} {
		k.send(&protocol.Outbound{RequestID: id, Action: send("C1", id)})
		if id == "held" {
			must(t, hold.Wait(within(t), 1))
			hold.Open()
		}
		if got := expect[*protocol.OutboundResult](k).RequestID; got != id {
			t.Errorf("expected the result of %s, got %s", id, got)
		}
	}
	if n := hold.Held(); n != 0 {
		t.Errorf("expected an open hold to keep nothing, got %d held", n)
	}
}

func TestIgnoredFramesHaveNoEffect(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	c.On(Match{Type: protocol.TypeGoingIdle}).Times(1).Do(Ignore{})
	k.send(&protocol.GoingIdle{})
	k.alive()
	if f, _ := c.Flipped(g.Instance); f {
		t.Error("expected an ignored going_idle not to flip the instance")
	}
	k.send(&protocol.GoingIdle{})
	expect[*protocol.GoingIdleAck](k)
	if f, _ := c.Flipped(g.Instance); !f {
		t.Error("expected going_idle to flip the instance")
	}
}

func TestASeedRepeatsItself(t *testing.T) {
	run := func(seed int64) string {
		c := started(t, WithSeed(seed))
		g := c.AddGateway(Gateway{})
		k := greeted(t, c, g)
		c.On(Match{Type: protocol.TypeOutboundResult, Op: protocol.OpSend}).Do(Split{Into: 4})
		c.On(Match{Type: protocol.TypeOutboundResult, Op: protocol.OpEdit}).Do(Corrupt{})
		var got strings.Builder
		k.send(&protocol.Outbound{RequestID: "r1", Action: send("C1", "x")})
		for range 4 {
			_, p, err := k.read()
			must(t, err)
			fmt.Fprintf(&got, "%q ", p)
		}
		k.send(&protocol.Outbound{RequestID: "r2", Action: &protocol.Edit{}})
		_, p, err := k.read()
		must(t, err)
		fmt.Fprintf(&got, "%q", p)
		return got.String()
	}
	first, again, other := run(7), run(7), run(8)
	if first != again {
		t.Errorf("expected the same seed to give the same messages, got\n%s\n%s", first, again)
	}
	if first == other {
		t.Errorf("expected another seed to give others, got %s", other)
	}
}

func TestFaultFunc(t *testing.T) {
	c := started(t)
	k := greeted(t, c, c.AddGateway(Gateway{}))
	var stub *Stub
	stub = c.On(Match{Type: protocol.TypeOutbound}).Times(1).Do(FaultFunc(func(x *Exchange) {
		x.SetSteps(append(x.Steps(), TextStep([]byte(fmt.Sprintf("{\"type\":\"x\",\"hits\":%d}\n", stub.Hits()))))...)
	}))
	k.ask("r1", send("C1", "x"))
	if got := string(k.line()); got != `{"type":"x","hits":1}` {
		t.Errorf("expected the message of the function, got %s", got)
	}
}
