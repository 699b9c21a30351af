package cases

import (
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func reconnect() []kit.Case {
	again := rules(protocol.RuleReconnectRedial)
	return []kit.Case{
		{ID: id(protocol.RuleReconnectRedial), Title: "dials again after the connector closed its session", Level: kit.Must, Needs: kit.Needs{Alone: true}, Gateway: redial},
		{ID: id(protocol.RuleReconnectRedial, "twice"), Title: "and after the next one as well", Level: kit.Must, Needs: kit.Needs{Alone: true}, Gateway: redialTwice},
		{ID: id(protocol.RuleReconnectRedial, "until-it-succeeds"), Title: "goes on dialing when a redial is refused", Level: kit.Must, Needs: kit.Needs{Alone: true}, Gateway: redialUntilItSucceeds},
		{ID: id(protocol.RuleReconnectFirstDial), Title: "goes on dialing when nobody listens at first", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: firstDialRefused},
		{ID: id(protocol.RuleReconnectFirstDial, "http"), Title: "goes on dialing when the first upgrade is refused", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: firstUpgradeRefused},
		{ID: id(protocol.RuleReconnectFirstDial, "dropped"), Title: "goes on dialing when the first session ends before its descriptor", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: firstSessionDropped},
		{ID: id(protocol.RuleReconnectAnyCode), Title: "dials again after a TCP reset", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterReset},
		{ID: id(protocol.RuleReconnectAnyCode, "normal"), Title: "dials again after a normal closure", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(websocket.CloseNormalClosure)},
		{ID: id(protocol.RuleReconnectAnyCode, "policy"), Title: "dials again after a policy violation", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(websocket.ClosePolicyViolation)},
		{ID: id(protocol.RuleReconnectAnyCode, "private"), Title: "dials again after private codes beside 4401", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(4400, 4403)},
		{ID: id(protocol.RuleReconnectBackoff), Title: "doubles its wait from one refused dial to the next", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: backoffDoubles},
		{ID: id(protocol.RuleReconnectBackoff, "cap"), Title: "waits no longer than the cap", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleReconnectFirstDial), Gateway: backoffCap},
		{ID: id(protocol.RuleReconnectReset), Title: "starts the ladder anew after a session that worked", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleReconnectRedial, protocol.RuleReconnectBackoff), Gateway: backoffResets},
		{ID: id(protocol.RuleReconnectDeliberate), Title: "does not dial again when it was told to stop", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Launch: kit.Abilities{Signal: true}}, Gateway: deliberate},
	}
}

func redial(g *kit.G) {
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Redialed(0)
	g.Back()
}

func redialTwice(g *kit.G) {
	redial(g)
	redial(g)
}

func redialUntilItSucceeds(g *kit.G) {
	refused := g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(2).Do(fakeconnector.Refuse{})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Dials(3, g.Timing.Redial(0)+g.Timing.Redial(1)+g.Timing.Redial(2))
	if refused.Hits() != 2 {
		g.Mismatch("two dials to be refused", fmt.Sprint(refused.Hits()))
	}
	g.Ready()
	g.Alive()
}

// firstDialRefused binds the port without listening. When it listens, the gateway must
// still be dialing.
func firstDialRefused(g *kit.G) {
	g.Prepare(kit.Refusing())
	g.Start(kit.UntilLaunched())
	g.UntilRefusedOnce()
	g.Listen()
	g.Await(g.Timing.Ready+g.Timing.Redial(3), "a dial once somebody listens", kit.IsDial)
	g.Ready()
	g.Alive()
}

func firstUpgradeRefused(g *kit.G) {
	g.Prepare()
	g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(1).Do(fakeconnector.Refuse{})
	g.Start(kit.UntilLaunched())
	first := g.Await(g.Timing.Ready, "a dial", kit.IsDial)
	g.CatchUpTo(first)
	g.Redialed(0)
	g.Ready()
	g.Alive()
}

func firstSessionDropped(g *kit.G) {
	g.Prepare()
	g.On(kit.FirstHello()).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: websocket.CloseInternalServerErr, Reason: "not now"})
	g.Start(kit.UntilHello())
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	g.CatchUpTo(hello)
	g.Redialed(0)
	g.Ready()
	g.Alive()
}

func redialAfterReset(g *kit.G) {
	g.ResetSession()
	g.Redialed(0)
	g.Back()
}

func redialAfterCode(codes ...int) func(*kit.G) {
	return func(g *kit.G) {
		for _, code := range codes {
			g.CloseSession(code, "test")
			if _, ok := g.Within(g.Timing.Redial(0), kit.IsDial); !ok {
				g.Mismatch(fmt.Sprintf("another dial after close code %d within %s", code, g.Timing.Redial(0)), "none")
			}
			g.Back()
		}
	}
}

// backoffDoubles judges each wait from below only: a gateway on a loaded machine may be
// late, and never early. Each rung of the ladder is twice the one before, so a wait
// that is too short for its rung shows a ladder that does not double.
func backoffDoubles(g *kit.G) {
	g.Prepare()
	g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(4).Do(fakeconnector.Refuse{})
	g.Start(kit.UntilLaunched())
	dials := g.Dials(5, g.Timing.Ready+g.Timing.Redial(0)+g.Timing.Redial(1)+g.Timing.Redial(2)+g.Timing.Redial(3))
	for i := 1; i < len(dials); i++ {
		rung, gap := g.Timing.Rung(i-1), kit.Elapsed(dials[i-1], dials[i])
		if gap < rung*3/4 {
			g.Mismatch(fmt.Sprintf("at least %s before redial %d, three quarters of its rung of %s", rung*3/4, i, rung), gap.Round(time.Millisecond).String(), gaps(dials))
		}
		if gap > g.Timing.Redial(i-1) {
			g.Mismatch(fmt.Sprintf("at most %s before redial %d, whose rung is %s", g.Timing.Redial(i-1), i, rung), gap.Round(time.Millisecond).String(), gaps(dials))
		}
	}
	g.Ready()
	g.Alive()
}

// backoffCap climbs so far that a ladder without a cap would show it on a loaded machine
// as well. In a shortened run the cap is set to four times the base, so that the climb
// is short for a gateway that has one.
func backoffCap(g *kit.G) {
	g.Prepare(kit.Bounds(func(t *kit.Timing) {
		if t.BackoffBase < kit.ContractTiming().BackoffBase {
			t.BackoffCap = 4 * t.BackoffBase
		}
	}))
	g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Do(fakeconnector.Refuse{})
	g.Start(kit.UntilLaunched())
	limit := g.Timing.BackoffCap*5/4 + g.Timing.Slack
	rungs, uncapped, total := 1, g.Timing.BackoffBase, g.Timing.Ready+g.Timing.Redial(0)
	for uncapped*3/4 <= limit {
		total += g.Timing.Redial(rungs)
		rungs, uncapped = rungs+1, uncapped*2
	}
	dials := g.Dials(rungs+1, total)
	last := kit.Elapsed(dials[rungs-1], dials[rungs])
	if last > limit {
		g.Mismatch(fmt.Sprintf("at most %s between two dials, the cap of %s and its jitter", limit, g.Timing.BackoffCap), last.Round(time.Millisecond).String(), gaps(dials))
	}
	if last < g.Timing.BackoffCap*3/4 {
		g.Mismatch(fmt.Sprintf("at least %s between two dials at the cap", g.Timing.BackoffCap*3/4), last.Round(time.Millisecond).String(), gaps(dials))
	}
}

// backoffResets climbs four rungs, lets a session work, and looks at the wait after it:
// it is that of the first rung, not of the next. A ladder that goes on never gives a
// short wait, so one short wait proves the reset; a long one may be the machine's, so
// the climb is tried again.
func backoffResets(g *kit.G) {
	const climb, tries = 4, 3
	g.Prepare()
	refused := g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(climb).Do(fakeconnector.Refuse{})
	g.Start(kit.UntilLaunched())
	var waits []string
	for range tries {
		within := g.Timing.Ready
		for i := range climb + 1 {
			within += g.Timing.Redial(i)
		}
		g.Dials(climb+1, within)
		g.Ready()
		g.Alive()
		g.CloseSession(websocket.CloseServiceRestart, "restart")
		ended := g.Await(g.Timing.Answer, "the end of the session", kit.IsClosed(""))
		gap := kit.Elapsed(ended, g.Await(g.Timing.Redial(climb), "another dial", kit.IsDial))
		if gap < g.Timing.Rung(climb)*3/4 {
			g.Back()
			return
		}
		waits = append(waits, gap.Round(time.Millisecond).String())
		g.Back()
		refused.Remove()
		refused = g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(climb).Do(fakeconnector.Refuse{})
		g.CloseSession(websocket.CloseServiceRestart, "restart")
	}
	g.Mismatch(fmt.Sprintf("a redial on the first rung (%s) after a session that worked", g.Timing.Rung(0)),
		fmt.Sprintf("waits of %v, none shorter than rung %d (%s)", waits, climb+1, g.Timing.Rung(climb)))
}

// deliberate asks the gateway to stop and answers its going_idle; from then on it may
// close and end, and must not dial.
func deliberate(g *kit.G) {
	g.Start()
	g.Alive()
	g.CatchUp()
	exit := g.Stop()
	if exit.Killed {
		g.Mismatch(fmt.Sprintf("the gateway to end within %s of being told to", g.Timing.Stop), "it had to be killed")
	}
	if e, found := g.FindAfter(g.Marked(), kit.IsDial); found {
		g.Mismatch("no dial after it was told to stop", fmt.Sprintf("one on %s", e.Dial.Path))
	}
}

func gaps(dials []fakeconnector.Entry) string {
	s := "waits between the dials:"
	for i := 1; i < len(dials); i++ {
		s += " " + kit.Elapsed(dials[i-1], dials[i]).Round(time.Millisecond).String()
	}
	return s
}
