package kit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// G is the gateway under test as a case sees it. Its methods send, expect and, when
// an expectation is not met, end the case with a verdict. It is used by one goroutine.
type G struct {
	account
	Facts  Facts
	Timing Timing
	Case   Case

	bench *Bench
	gw    *Instance // nil in a Fresh case until Start
	own   bool      // the instance belongs to this case
	ids   idSource
	cfg   *instanceConfig // of the own instance

	mark      int64 // journal position that expectations start from
	began     int64 // journal position at which the case began, for its timeline
	notesMark int   // the same for the driver's notifications
	stubs     []*fakeconnector.Stub
	waited    time.Duration // of the gateways before the own one, for their turns to be started

	lacking string // what a call through the driver has shown the gateway to lack
}

// Gateway is the instance under test.
func (g *G) Gateway() *Instance {
	if g.gw == nil {
		g.Harness(fmt.Errorf("the case has not started its gateway"), "using the gateway")
	}
	return g.gw
}

// Connector is the fake connector that the gateway dials.
func (g *G) Connector() *fakeconnector.Connector { return g.Gateway().Connector }

// On installs a stub on the connector and takes it away when the case has ended.
func (g *G) On(m fakeconnector.Match) *fakeconnector.Stub {
	s := g.Connector().On(m)
	g.stubs = append(g.stubs, s)
	return s
}

// Catch up: later expectations look only at what happens from here on.
func (g *G) CatchUp() { g.mark = g.Connector().Journal().Mark() }

// Await waits for a journal entry and ends the case with a failure when it does not
// come in time, or when the gateway dies meanwhile. Entries from before the last
// CatchUp do not count; the wait does not move that mark, so several expectations may
// be met in any order.
func (g *G) Await(within time.Duration, what string, match func(fakeconnector.Entry) bool) fakeconnector.Entry {
	e, ok := g.wait(within, match)
	if !ok {
		g.missing(within, what)
	}
	g.observation()
	return e
}

// missing ends the case for what did not come.
func (g *G) missing(within time.Duration, what string) {
	g.unlessLacking()
	g.unlessUnreadable()
	g.Mismatch(fmt.Sprintf("%s within %s", what, within), g.whatCame())
}

// AwaitBy is Await for what another rule asks for: when it does not come, that rule is broken,
// and the case cannot be judged. It spares the case a wait for the other rule's own cases.
func (g *G) AwaitBy(rule protocol.RuleID, within time.Duration, what string, match func(fakeconnector.Entry) bool) fakeconnector.Entry {
	e, ok := g.Arrives(within, match)
	if !ok {
		g.unlessUnreadable()
		g.blocked(rule, fmt.Sprintf("expected %s within %s; got %s", what, within, g.whatCame()))
	}
	g.observation()
	return e
}

// Arrives is Await without a verdict: whether the entry came in time, and before the gateway
// had ended.
func (g *G) Arrives(within time.Duration, match func(fakeconnector.Entry) bool) (fakeconnector.Entry, bool) {
	return g.wait(within, match)
}

// unlessUnreadable ends the case as blocked when the gateway has sent what cannot be read as
// frames, since the case began or on its session: what was waited for may be in it.
func (g *G) unlessUnreadable() {
	if v := g.Gateway().unreadableSince(g.began); v != nil && g.Case.Rule() != v.Rule {
		g.blocked(v.Rule, v.Text)
	}
}

// unreadableSince is what the gateway has sent, after a mark or on its live session, that
// cannot be read as frames.
func (in *Instance) unreadableSince(after int64) *fakeconnector.Violation {
	s := in.Session()
	for _, e := range in.Connector.Journal().All() {
		v := e.Violation
		if v == nil || e.Kind != fakeconnector.KindViolation || v.Rule != protocol.RuleFramingNewline || in.ignored[v.Rule] {
			continue
		}
		if e.Seq > after || s != nil && e.Session == s.ID() {
			return v
		}
	}
	return nil
}

// wait is Await without a verdict.
func (g *G) wait(within time.Duration, match func(fakeconnector.Entry) bool) (fakeconnector.Entry, bool) {
	return g.waitAfter(g.mark, within, match)
}

func (g *G) waitAfter(after int64, within time.Duration, match func(fakeconnector.Entry) bool) (fakeconnector.Entry, bool) {
	gw := g.Gateway()
	ctx, cancel := patiently(g.bench.ctx, within)
	defer cancel()
	cancelAtDeath(ctx, cancel, gw.Subject, g.Timing.Quiet)
	e, err := gw.Connector.Journal().Wait(ctx, after, match)
	return e, err == nil
}

// whatCame says, for a message, what the gateway did since the mark.
func (g *G) whatCame() string {
	var b []string
	gw := g.Gateway()
	for _, e := range gw.Connector.Journal().Since(g.mark) {
		if s := brief(e); s != "" && fromGateway(e) {
			b = append(b, s)
		}
	}
	died := ""
	if gw.Subject != nil {
		select {
		case <-gw.Subject.Exited():
			died = "; the gateway's process had ended: " + gw.Subject.Exit().String()
		default:
		}
	}
	switch n := len(b); {
	case n == 0:
		return "nothing from the gateway" + died
	case n > 3:
		return fmt.Sprintf("%d other things, the last: %s", n, strings.Join(b[n-3:], "; ")) + died
	default:
		return "only: " + strings.Join(b, "; ") + died
	}
}

// Nothing holds a window open in which no entry may match, then asks for a sign of
// life, and looks once more: a gateway that is slow to misbehave has answered the
// sign of life after its misbehaviour.
func (g *G) Nothing(what string, match func(fakeconnector.Entry) bool) {
	after := g.mark
	check := func(e fakeconnector.Entry, found bool) {
		if found {
			g.Mismatch("no "+what, shown(e))
		}
	}
	check(g.waitAfter(after, g.Timing.Quiet, match))
	g.Alive()
	for _, e := range g.Connector().Journal().Since(after) {
		check(e, match(e))
	}
	g.observation()
}

// Alive shows that the gateway still serves its session: an event of its own is
// accepted. One that is handled, and only not acknowledged, says so much of the gateway: the
// case is blocked by the rule that this breaks.
func (g *G) Alive() {
	ev := g.Event("are you there")
	g.Push(ev)
	g.unlessMute()
	if _, acked := g.wait(g.Timing.Answer, IsAck(ev.BufferID)); !acked {
		if g.Case.Rule() != protocol.RuleInboundAckBuffered && g.sawHandled(ev) {
			g.unacknowledged(ev)
		}
		g.missing(g.Timing.Answer, ackOf(ev))
	}
	g.Handled(ev)
}

// runBody runs the body and turns the way it ended into a verdict.
func (g *G) runBody() stop {
	defer func() {
		for i := len(g.stubs) - 1; i >= 0; i-- {
			g.stubs[i].Remove()
		}
		g.close()
	}()
	return g.judge(func() { g.Case.Gateway(g) })
}

// Held is something that the connector keeps back until it is released.
type Held struct {
	stub *fakeconnector.Stub
	hold *fakeconnector.Hold
}

// Release lets go what is held, and nothing is held any more.
func (h *Held) Release() {
	h.stub.Remove()
	h.hold.Open()
}

// Hold keeps back what the match is about until it is released, at the latest when the
// case ends.
func (g *G) Hold(m fakeconnector.Match) *Held {
	h := &Held{hold: &fakeconnector.Hold{}}
	h.stub = g.On(m).Do(h.hold)
	g.Cleanup(h.Release)
	return h
}

// HoldTurn sends an event and keeps its turn under way: results of what is sent to its chat
// are kept back until they are released. It returns when the turn has sent something.
func (g *G) HoldTurn(ev *Event) *Held {
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeOutbound, Op: protocol.OpSend, ChatID: ev.Source.ChatID})
	g.Push(ev)
	g.Begun(ev.Source.ChatID)
	return held
}

// OnHello takes the answer to a hello out of the connector's hands: the case gets the
// session, on which it may send what it likes.
func (g *G) OnHello(m fakeconnector.Match) func() *fakeconnector.Session {
	sessions := make(chan *fakeconnector.Session, 1)
	g.On(m).Times(1).Do(fakeconnector.FaultFunc(func(x *fakeconnector.Exchange) {
		x.SetSteps()
		sessions <- x.Session
	}))
	return func() *fakeconnector.Session {
		ctx, cancel := patiently(g.bench.ctx, g.Timing.Ready)
		defer cancel()
		select {
		case s := <-sessions:
			return s
		case <-ctx.Done():
			g.Mismatch("a hello", g.whatCame())
			return nil
		}
	}
}

// FirstHello matches the hellos of the first session of a connector.
func FirstHello() fakeconnector.Match {
	return fakeconnector.Match{Type: protocol.TypeHello, Session: firstSession}
}

// firstSession is how the fake connector names the session of its first dial.
const firstSession = "s1"

// UnlessHello narrows a match to messages that hold something else than a hello: one
// hello too many breaks a rule of its own.
func UnlessHello(match func(fakeconnector.Entry) bool) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		if !match(e) {
			return false
		}
		for _, line := range bytes.Split(e.Message.Payload, []byte("\n")) {
			var f struct{ Type string }
			if len(bytes.TrimSpace(line)) > 0 && (json.Unmarshal(line, &f) != nil || f.Type != "hello") {
				return true
			}
		}
		return false
	}
}
