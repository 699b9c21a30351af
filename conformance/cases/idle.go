package cases

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func idle() []kit.Case {
	stops := kit.Needs{Fresh: true, Launch: kit.Abilities{Signal: true}}
	slow := stops
	slow.Slow = true
	full := slow
	full.Driver = []string{"handler/set"}
	held := stops
	held.Driver = []string{"handler/set", "event/inbound", "event/turn"}
	replies := stops
	replies.Replies = true
	results := stops
	results.Driver = []string{"event/inbound", "event/turn"}
	results.Replies = true
	announced := rules(protocol.RuleIdleAnnounce)
	acked := append(announced, protocol.RuleInboundAckBuffered)
	return []kit.Case{
		{ID: id(protocol.RuleIdleAnnounce), Title: "says going_idle before it closes its socket", Level: kit.Must, Needs: stops, Gateway: announce},
		{ID: id(protocol.RuleIdleAnnounce, "after-redial"), Title: "says it on its second session as well", Level: kit.Must, Needs: stops, After: rules(protocol.RuleReconnectRedial), Gateway: announceAgain},
		{ID: id(protocol.RuleIdleAnnounce, "busy"), Title: "says it though a turn still waits for its result", Edge: true, Level: kit.Must, Needs: replies, After: announced, Gateway: announceBusy(false)},
		{ID: id(protocol.RuleIdleAnnounce, "event-behind"), Title: "says it though an event waits behind such a turn", Edge: true, Level: kit.Must, Needs: replies,
			After: append(acked, protocol.RuleFramingReaderFree), Gateway: announceBusy(true)},
		{ID: id(protocol.RuleIdleServeUntilAck), Title: "handles and acknowledges an event that comes before the going_idle_ack", Level: kit.Must, Needs: stops, After: acked, Gateway: serveUntilAck},
		{ID: id(protocol.RuleIdleServeUntilAck, "passthrough"), Title: "accepts a forward that comes before the going_idle_ack", Level: kit.Must, Needs: stops,
			After: append(announced, protocol.RulePassthroughAckBuffered), Gateway: forwardUntilAck},
		{ID: id(protocol.RuleIdleServeUntilAck, "unbuffered"), Title: "answers an event without a bufferId that comes before the going_idle_ack", Level: kit.Must, Needs: replies, After: announced, Gateway: answerUntilAck},
		{ID: id(protocol.RuleIdleServeUntilAck, "interrupt"), Title: "obeys an interrupt that comes before the going_idle_ack", Level: kit.Must, Needs: held,
			After: append(acked, protocol.RuleInterruptCancels), Gateway: interruptUntilAck},
		{ID: id(protocol.RuleIdleServeUntilAck, "late"), Title: "still serves when the going_idle_ack is long in coming", Level: kit.Must, Needs: stops, After: acked, Gateway: serveUntilLateAck},
		{ID: id(protocol.RuleIdleServeUntilAck, "same-message"), Title: "acknowledges events that come in one message with the going_idle_ack, in front of it", Level: kit.Must,
			Needs: stops, After: append(acked, protocol.RuleFramingSeveralInMessage), Gateway: serveRightBeforeAck},
		{ID: id(protocol.RuleIdleServeUntilAck, "result"), Title: "takes a result that comes before the going_idle_ack", Level: kit.Must, Needs: results,
			After: append(acked, protocol.RuleOutboundByRequestId), Gateway: resultUntilAck},
		{ID: id(protocol.RuleIdleCloseAfterAck), Title: "closes its socket after the going_idle_ack", Level: kit.Must, Needs: stops, After: announced, Gateway: closeAfterAck},
		{ID: id(protocol.RuleIdleCloseAfterAck, "served"), Title: "closes it after a going_idle_ack that came behind an event, too", Edge: true, Level: kit.Must, Needs: stops, After: append(acked, protocol.RuleIdleServeUntilAck), Gateway: closeAfterServing},
		{ID: id(protocol.RuleIdleCloseAfterAck, "redial"), Title: "closes it when it is its second one, too", Level: kit.Must, Needs: stops, After: append(announced, protocol.RuleReconnectRedial), Gateway: closeAfterRedial},
		{ID: id(protocol.RuleIdleServeUntilAck, "several"), Title: "handles one event after the other that comes before the going_idle_ack, in old and new chats", Level: kit.Must, Needs: stops, After: acked, Gateway: serveSeveral},
		{ID: id(protocol.RuleIdleAckBound), Title: "closes its socket without a going_idle_ack when the bound is over", Level: kit.Must, Needs: slow, After: announced, Gateway: ackBound},
		{ID: id(protocol.RuleIdleWedgedPeer), Title: "ends though the connector neither reads nor answers", Level: kit.Must, Needs: slow,
			After: rules(protocol.RuleIdleCloseAfterAck, protocol.RuleIdleAckBound), Gateway: wedgedPeer},
		{ID: id(protocol.RuleIdleWedgedPeer, "full"), Title: "ends though nothing more fits into its socket", Level: kit.Must, Needs: full,
			After: rules(protocol.RuleIdleCloseAfterAck, protocol.RuleIdleAckBound), Gateway: wedgedFull},
		{ID: id(protocol.RuleIdleNotWhileDown), Title: "neither dials nor says going_idle when it shuts down between two dials", Level: kit.Must, Needs: stops,
			After: rules(protocol.RuleReconnectRedial), Gateway: stopWhileDown},
		{ID: id(protocol.RuleIdleNotWhileDown, "turn"), Title: "does neither while a turn of it still runs", Level: kit.Must, Needs: held,
			After: rules(protocol.RuleReconnectRedial), Gateway: stopWhileDownWithTurn},
		{ID: id(protocol.RuleIdleNotWhileDown, "handshake"), Title: "says no going_idle before its descriptor", Level: kit.Must, Needs: stops, Gateway: stopInHandshake},
	}
}

// patientIdle lets a gateway that can be told its bounds wait longer for the ack, so that
// a window of this case cannot end by the bound on a loaded machine.
func patientIdle() kit.InstanceOption {
	return kit.Bounds(func(t *kit.Timing) { t.IdleAck, t.Shutdown = 30*time.Second, 45*time.Second })
}

// atRest shows that the gateway serves, and returns once no turn of it runs: how long a
// shutdown waits for one is left to the gateway.
func atRest(g *kit.G) {
	ev := g.Event("before the shutdown")
	g.Push(ev)
	g.Handled(ev)
	g.TurnOver(ev)
}

func announce(g *kit.G) {
	g.Start()
	atRest(g)
	g.CatchUp()
	s := g.Session()
	g.BeginStop()
	if idle := g.GoneIdle(); idle.Session != s.ID() {
		g.Mismatch("going_idle on the live session", "going_idle on another socket")
	}
}

func announceAgain(g *kit.G) {
	g.Start()
	g.Alive()
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	atRest(g)
	g.CatchUp()
	g.BeginStop()
	g.GoneIdle()
}

// announceBusy: how long a shutdown waits for a turn is left to the gateway, so it may
// say going_idle before the turn has ended or after it, as long as it closes after both.
// behind is whether another event of its session waits for that turn.
func announceBusy(behind bool) func(*kit.G) {
	return func(g *kit.G) {
		g.Start()
		atRest(g)
		ev := g.Event("whose result is kept back")
		held := g.Hold(fakeconnector.Match{Type: protocol.TypeOutbound, Op: "send"})
		g.Push(ev)
		g.Begun(ev.Source.ChatID)
		if behind {
			next := g.Event("behind it")
			next.Source = ev.Source
			next.Source.MessageID = next.MessageID
			g.Push(next)
			g.Acked(next)
		}
		g.CatchUp()
		s := g.Session()
		g.BeginStop()
		first := func(e fakeconnector.Entry) bool { return kit.IsGoingIdle(e) || kit.IsClosed(s.ID())(e) }
		e, found := g.Within(g.Timing.Quiet, first)
		if !found {
			held.Release()
			e = g.Await(g.Timing.Shutdown+g.Timing.Slack, "going_idle, once the turn has its result", first)
		}
		if !kit.IsGoingIdle(e) {
			g.Mismatch("going_idle before the socket is closed, with a turn under way as well", fmt.Sprintf("closed by the %s with %d", e.Close.By, e.Close.Code))
		}
	}
}

// window starts a gateway, holds the going_idle_ack back, and returns once the gateway
// waits for it.
func window(g *kit.G) (release func(), idle fakeconnector.Entry) {
	g.Start(patientIdle())
	atRest(g)
	g.CatchUp()
	held := g.Hold(fakeconnector.Match{Type: protocol.TypeGoingIdle})
	g.BeginStop()
	return held.Release, g.GoneIdle()
}

// stillOpen ends the case when the session has ended since an entry.
func stillOpen(g *kit.G, since fakeconnector.Entry, when string) {
	if e, found := g.FindAfter(since, kit.IsClosed(since.Session)); found {
		g.Mismatch("the session to go on until the going_idle_ack", fmt.Sprintf("it ended %s, %s after the going_idle", when, kit.Elapsed(since, e).Round(time.Millisecond)))
	}
}

func serveUntilAck(g *kit.G) {
	release, idle := window(g)
	ev := g.Event("in the window")
	pushInWindow(g, idle, ev.Line())
	g.Handled(ev)
	stillOpen(g, idle, "before the going_idle_ack")
	release()
}

func forwardUntilAck(g *kit.G) {
	release, idle := window(g)
	in := g.Interaction(kit.CommandInteraction)
	pushInWindow(g, idle, in.Line())
	g.ForwardAcked(in)
	release()
}

func answerUntilAck(g *kit.G) {
	release, idle := window(g)
	ev := g.Event("in the window, and not buffered").Unbuffered()
	pushInWindow(g, idle, ev.Line())
	g.Reply(ev)
	release()
}

// serveRightBeforeAck has the acknowledgement on its heels.
func serveRightBeforeAck(g *kit.G) {
	release, idle := window(g)
	one, two := g.Event("in the window"), g.Event("last in the window")
	line := append(one.Line(), two.Line()...)
	pushInWindow(g, idle, append(line, `{"type":"going_idle_ack"}`+"\n"...))
	g.Acked(one)
	g.Acked(two)
	release()
}

// resultUntilAck: a turn that began in the window ends well when the result that it waits
// for comes in the window as well.
func resultUntilAck(g *kit.G) {
	release, idle := window(g)
	ev := g.Event("in the window, answered")
	pushInWindow(g, idle, ev.Line())
	g.Reply(ev)
	outcome, ended := g.TurnEnd(g.TurnKey(ev), g.Timing.Answer)
	if !ended || outcome != "done" {
		g.Mismatch(`the turn to end as "done" once its send has its result`, cmp.Or(outcome, "no end of it"))
	}
	release()
}

func interruptUntilAck(g *kit.G) {
	release, idle := window(g)
	g.Handler("hold", "turn")
	ev := g.Event("in the window, to be interrupted")
	pushInWindow(g, idle, ev.Line())
	g.Acked(ev)
	stillOpen(g, idle, "before the interrupt could be sent")
	interrupted(g, g.TurnKey(ev), ev.Source.ChatID)
	release()
}

// lateAck is how long the ack is kept back before an event comes: long enough for a
// gateway that gives up at once, or after a second, and far from the bound of 10 s.
const lateAck = 2500 * time.Millisecond

func serveUntilLateAck(g *kit.G) {
	release, idle := window(g)
	if e, found := g.Within(lateAck, kit.IsClosed(idle.Session)); found {
		g.Mismatch(fmt.Sprintf("the gateway to wait up to %s for its going_idle_ack", kit.ContractTiming().IdleAck), "it gave up after "+kit.Elapsed(idle, e).Round(time.Millisecond).String())
	}
	ev := g.Event("late in the window")
	pushInWindow(g, idle, ev.Line())
	g.Handled(ev)
	release()
}

// pushInWindow sends a line on the session that goes idle, whose end is the gateway's
// failure here.
func pushInWindow(g *kit.G, idle fakeconnector.Entry, line []byte) {
	stillOpen(g, idle, "before anything could be sent in the window")
	g.SendRaw(websocket.TextMessage, line)
}

func closeAfterAck(g *kit.G) {
	g.Start()
	atRest(g)
	g.CatchUp()
	g.BeginStop()
	idle := g.GoneIdle()
	ack := g.AwaitAfter(idle, g.Timing.Answer, "the connector's going_idle_ack", kit.IsIdleAck)
	g.ClosedAfter(ack, g.Timing.Shutdown+g.Timing.Slack, "after the going_idle_ack")
}

// closeAfterServing ends a window in which an event was served.
func closeAfterServing(g *kit.G) {
	release, idle := window(g)
	ev := g.Event("in the window")
	pushInWindow(g, idle, ev.Line())
	g.Handled(ev)
	g.TurnOver(ev)
	release()
	ack := g.AwaitAfter(idle, g.Timing.Answer, "the connector's going_idle_ack", kit.IsIdleAck)
	g.ClosedAfter(ack, g.Timing.Answer, "after the going_idle_ack")
}

func closeAfterRedial(g *kit.G) {
	g.Start()
	g.Alive()
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	atRest(g)
	g.CatchUp()
	g.BeginStop()
	ack := g.AwaitAfter(g.GoneIdle(), g.Timing.Answer, "the connector's going_idle_ack", kit.IsIdleAck)
	g.ClosedAfter(ack, g.Timing.Shutdown+g.Timing.Slack, "after the going_idle_ack")
}

func serveSeveral(g *kit.G) {
	release, idle := window(g)
	first := g.Event("in the window")
	again := g.Event("in the same chat")
	again.Source = first.Source
	again.Source.MessageID = again.MessageID
	for _, ev := range []*kit.Event{first, again, g.Event("in another chat"), g.Event("in a third one")} {
		pushInWindow(g, idle, ev.Line())
		g.Handled(ev)
	}
	stillOpen(g, idle, "before the going_idle_ack")
	release()
}

// ackBound asks for the end of the socket alone: what else a gateway shuts down is its
// own business. Each attempt takes a gateway of its own.
func ackBound(g *kit.G) {
	g.Prepare()
	inTime(g, g.Timing.Shutdown, "the end of the socket without a going_idle_ack", func(n int, within time.Duration) time.Duration {
		if n > 1 {
			g.Anew()
		}
		g.Start()
		atRest(g)
		g.CatchUp()
		g.On(fakeconnector.Match{Type: protocol.TypeGoingIdle}).Do(fakeconnector.Ignore{})
		g.BeginStop()
		idle := g.GoneIdle()
		closed := g.ClosedAfter(idle, within, fmt.Sprintf("without a going_idle_ack once its bound of %s is over", g.Timing.IdleAck))
		return kit.Elapsed(idle, closed)
	})
}

// soonOver makes a shutdown without an ack short: the slack beside it is what these cases
// allow, and it is the same.
func soonOver(and func(*kit.Timing)) kit.InstanceOption {
	return kit.Bounds(func(t *kit.Timing) {
		t.IdleAck, t.Shutdown = min(t.IdleAck, 400*time.Millisecond), min(t.Shutdown, 600*time.Millisecond)
		if and != nil {
			and(t)
		}
	})
}

// wedgedPeer cannot see what the gateway sends, as nobody reads it: what counts is that
// its process ends.
func wedgedPeer(g *kit.G) {
	g.Start(soonOver(nil))
	atRest(g)
	g.StopReading()
	g.StopSending()
	endsInTime(g, "a connector that neither reads nor answers")
}

// wedgedFull makes the gateway write more than the buffers of its socket take: 4 MB on
// its side and, unread, little on the other. Acknowledgements do that, as they repeat
// their bufferIds, and no turn runs for them when the handler is silent. Its next write
// waits for a connector that does not read.
func wedgedFull(g *kit.G) {
	const events, size = 16, 512 << 10
	// Results have all the time that the contract gives them: a gateway that measures its
	// writes by that bound must still end by the one of its shutdown.
	g.Start(soonOver(func(t *kit.Timing) { t.Outbound = kit.ContractTiming().Outbound }))
	atRest(g)
	g.Handler("silent", "")
	g.StopReading()
	var last *kit.Event
	for range events {
		last = g.Event("with a long bufferId")
		last.BufferID += strings.Repeat("x", size)
		g.Push(last)
	}
	g.Received(last)
	g.StopSending()
	endsInTime(g, "a connector that does not read and a full socket")
}

func endsInTime(g *kit.G, against string) {
	limit := g.Timing.Shutdown + g.Timing.Slack
	if _, ended := g.BeginStop().Ended(limit); !ended {
		g.Mismatch(fmt.Sprintf("the gateway to end within %s of being told to, against %s", limit, against), "it still runs")
	}
}

// stopWhileDown stops a gateway that waits for its next rung, which is short enough for one
// that waits for a session to say goodbye on.
func stopWhileDown(g *kit.G) {
	betweenDials(g, kit.ContractTiming().Shutdown, func() {})
}

// stopWhileDownWithTurn: how long a shutdown waits for the turn is left to the gateway. A
// shutdown that takes longer than the next rung shows whether it dials meanwhile.
func stopWhileDownWithTurn(g *kit.G) {
	betweenDials(g, 0, func() {
		g.Handler("hold", "turn")
		ev := g.Event("whose turn does not end")
		g.Push(ev)
		g.TurnKey(ev)
	})
}

// betweenDials stops a gateway between two dials: one that was refused shows that it knows
// its session to be gone. It has shutdown for its end, or where that is 0 four first rungs,
// which is longer than the next one takes.
//
// A machine that is late may stop the gateway only when its next dial is under way. With
// rungs that are long enough for that not to happen the case takes seconds, so they come
// second, when there was something to see with short ones.
func betweenDials(g *kit.G, shutdown time.Duration, before func()) {
	for _, rung := range []time.Duration{500 * time.Millisecond, 2 * time.Second} {
		g.Start(kit.Bounds(func(t *kit.Timing) {
			c := kit.ContractTiming()
			t.IdleAck, t.Shutdown, t.BackoffBase, t.BackoffCap = c.IdleAck, cmp.Or(shutdown, 4*rung), rung, c.BackoffCap
		}))
		g.Alive()
		before()
		refusing := g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Do(fakeconnector.Refuse{})
		g.CloseSession(websocket.CloseServiceRestart, "restart")
		refused := g.Redialed(0)
		refusing.Remove()
		stopping := g.BeginStop()
		if g.Timing.BackoffBase < time.Second {
			stopping.Ended(g.Timing.Shutdown + g.Timing.Slack)
			if _, found := g.FindAfter(refused, func(e fakeconnector.Entry) bool { return kit.IsGoingIdle(e) || kit.IsDial(e) }); found {
				g.Anew()
				continue
			}
		}
		quietAfter(g, stopping, refused)
		return
	}
}

// stopInHandshake: a gateway is not connected before its descriptor.
func stopInHandshake(g *kit.G) {
	g.Prepare()
	g.Hold(kit.FirstHello())
	g.Start(kit.UntilHello())
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	quietAfter(g, g.BeginStop(), hello)
}

// quietAfter waits for the gateway's end, or for as long as its shutdown may take, and
// looks at what it sent since an entry. Its end is the proof that nothing more comes; a
// gateway that stays, and stays quiet, has kept this rule.
func quietAfter(g *kit.G, stopping *kit.Stopping, since fakeconnector.Entry) {
	stopping.Ended(g.Timing.Shutdown + g.Timing.Slack)
	if e, found := g.FindAfter(since, kit.IsGoingIdle); found {
		g.Mismatch("no going_idle of a gateway that is not connected", fmt.Sprintf("one on session %s", e.Session))
	}
	if e, found := g.FindAfter(since, kit.IsDial); found {
		g.Mismatch("no dial of a gateway that shuts down", fmt.Sprintf("one %s after it was last seen before the shutdown", kit.Elapsed(since, e).Round(time.Millisecond)))
	}
}
