package cases

import (
	"fmt"
	"net/http"
	"strings"
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
		{ID: id(protocol.RuleReconnectFirstDial, "status"), Title: "goes on dialing whatever HTTP status refuses the upgrade", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: firstUpgradeRefusedWith},
		{ID: id(protocol.RuleReconnectRedial, "status"), Title: "does so when a redial is refused with other HTTP statuses", Edge: true, Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: redialRefusedWith},
		{ID: id(protocol.RuleReconnectFirstDial, "dropped"), Title: "goes on dialing when the first session ends before its descriptor", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: firstSessionDropped},
		{ID: id(protocol.RuleReconnectAnyCode), Title: "dials again after a TCP reset", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterReset},
		{ID: id(protocol.RuleReconnectAnyCode, "normal"), Title: "dials again after a normal closure", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(websocket.CloseNormalClosure)},
		{ID: id(protocol.RuleReconnectAnyCode, "policy"), Title: "dials again after a policy violation", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(websocket.ClosePolicyViolation)},
		{ID: id(protocol.RuleReconnectAnyCode, "private"), Title: "dials again after private codes beside 4401", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(4400, 4403)},
		{ID: id(protocol.RuleReconnectAnyCode, "others"), Title: "dials again after other codes, whatever they mean elsewhere", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again,
			Gateway: redialAfterCode(websocket.CloseProtocolError, websocket.CloseUnsupportedData, websocket.CloseInvalidFramePayloadData, websocket.CloseTryAgainLater, 3000, 4000, 4999)},
		{ID: id(protocol.RuleReconnectAnyCode, "going-away"), Title: "dials again after 1001", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(websocket.CloseGoingAway)},
		{ID: id(protocol.RuleReconnectAnyCode, "internal-error"), Title: "dials again after 1011", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(websocket.CloseInternalServerErr)},
		{ID: id(protocol.RuleReconnectAnyCode, "too-big"), Title: "dials again after 1009", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(websocket.CloseMessageTooBig)},
		{ID: id(protocol.RuleReconnectAnyCode, "no-status"), Title: "dials again after a close frame without a code", Level: kit.Must, Needs: kit.Needs{Alone: true}, After: again, Gateway: redialAfterCode(0)},
		{ID: id(protocol.RuleReconnectAnyCode, "restart-twice"), Title: "dials again after 1012, and after another one", Level: kit.Must, Needs: kit.Needs{Alone: true},
			Gateway: redialAfterCode(websocket.CloseServiceRestart, websocket.CloseServiceRestart)},
		{ID: id(protocol.RuleReconnectRedial, "without-traffic"), Title: "dials again after a session that carried nothing beyond its handshake", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: redialWithoutTraffic},
		{ID: id(protocol.RuleReconnectRedial, "many-failures"), Title: "goes on dialing however often it is refused", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true}, Gateway: redialAfterManyFailures},
		{ID: id(protocol.RuleReconnectBackoff, "upper"), Title: "waits no longer than each of the first rungs and its jitter", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleReconnectFirstDial),
			Gateway: backoffUpper(250*time.Millisecond, 0, 2)},
		{ID: id(protocol.RuleReconnectBackoff, "upper-later"), Title: "waits no longer than each of the next rungs and its jitter", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleReconnectFirstDial),
			Gateway: backoffUpper(60*time.Millisecond, 3, 4)},
		{ID: id(protocol.RuleReconnectBackoff, "upgraded"), Title: "climbs when sessions end behind their upgrade, too", Level: kit.Must, Needs: kit.Needs{Fresh: true}, After: rules(protocol.RuleReconnectFirstDial),
			Gateway: backoffClimbs(fakeconnector.Match{Point: fakeconnector.PointUpgraded}, fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: websocket.CloseInternalServerErr, Reason: "not now"})},
		{ID: id(protocol.RuleReconnectBackoff, "unreadable"), Title: "climbs when sessions end by a descriptor that cannot be read, too", Edge: true, Level: kit.Must, Needs: kit.Needs{Fresh: true},
			After: rules(protocol.RuleReconnectFirstDial, protocol.RuleHandshakeUnreadableDescriptor), Gateway: backoffClimbs(fakeconnector.Match{Type: protocol.TypeHello}, fakeconnector.Raw{Text: `{"type":"descriptor","descriptor":null}` + "\n"})},
		{ID: id(protocol.RuleReconnectBackoff, "asked"), Title: "waits out its rung though a caller has something to send", Edge: true, Level: kit.Must, Needs: kit.Needs{Fresh: true, Driver: []string{"gateway/send"}},
			After: rules(protocol.RuleReconnectRedial), Gateway: backoffThoughAsked},
		{ID: id(protocol.RuleReconnectDeliberate, "dropped"), Title: "does not dial again when its session ends while it drains", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Launch: kit.Abilities{Signal: true}}, After: rules(protocol.RuleIdleAnnounce), Gateway: droppedWhileDraining},
		{ID: id(protocol.RuleReconnectBackoff), Title: "doubles its wait from one refused dial to the next", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: backoffClimbs(fakeconnector.Match{Point: fakeconnector.PointDial}, fakeconnector.Refuse{})},
		{ID: id(protocol.RuleReconnectBackoff, "top"), Title: "climbs to the cap, and not to a rung below it", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleReconnectFirstDial), Gateway: backoffTop},
		{ID: id(protocol.RuleReconnectBackoff, "cap"), Title: "waits no longer than the cap", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleReconnectFirstDial), Gateway: backoffCap},
		{ID: id(protocol.RuleReconnectReset), Title: "starts the ladder anew after a session that worked", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleReconnectRedial, protocol.RuleReconnectBackoff), Gateway: backoffResets((*kit.G).Alive, restarted)},
		{ID: id(protocol.RuleReconnectReset, "other-frames"), Title: "does so after a session that carried no event, but another frame, and ended without a close frame", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true},
			After: rules(protocol.RuleReconnectRedial, protocol.RuleReconnectBackoff, protocol.RuleReconnectReset), Gateway: backoffResets(strayFrames, (*kit.G).DropSession)},
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

// refusals are the statuses with which a proxy or a connector answers an upgrade when it
// does not know the gateway, does not know the path, or is busy.
var refusals = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests}

// refuseEach refuses one dial with each of those statuses. It returns how long they all
// may take.
func refuseEach(g *kit.G) (within time.Duration) {
	for i, status := range refusals {
		g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).After(i).Times(1).Do(fakeconnector.Refuse{Status: status})
		within += g.Timing.Redial(i)
	}
	return within
}

func firstUpgradeRefusedWith(g *kit.G) {
	g.Prepare(kit.Bounds(shortCap))
	within := refuseEach(g)
	g.Start(kit.UntilLaunched())
	dialsOn(g, g.Timing.Ready+within)
}

func redialRefusedWith(g *kit.G) {
	g.Start(kit.Bounds(shortCap))
	g.Alive()
	within := refuseEach(g)
	g.CatchUp()
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	dialsOn(g, g.Timing.Redial(0)+within)
}

// dialsOn expects another dial behind each that is refused.
func dialsOn(g *kit.G, within time.Duration) {
	g.Await(within, "a dial", kit.IsDial)
	for i, status := range refusals {
		if _, ok := g.Within(within, g.Beyond(i+1, kit.IsDial)); !ok {
			g.Mismatch(fmt.Sprintf("another dial after an upgrade that was refused with HTTP status %d", status), "none")
		}
	}
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

// backoffClimbs judges each wait from below only: a gateway on a loaded machine may be
// late, and never early. Each rung of the ladder is twice the one before, so a wait
// that is too short for its rung shows a ladder that does not double.
func backoffClimbs(m fakeconnector.Match, faults ...fakeconnector.Fault) func(*kit.G) {
	return func(g *kit.G) {
		g.Prepare()
		g.On(m).Times(4).Do(faults...)
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
}

// backoffThoughAsked has a caller in the second wait, whose rung is long enough for it.
func backoffThoughAsked(g *kit.G) {
	g.Start(ladder(500 * time.Millisecond))
	g.Alive()
	g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(1).Do(fakeconnector.Refuse{})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	refused := g.Redialed(0)
	sent := g.DriveAsync("gateway/send", params(g, "gateway/send", g.ID("c")))
	dial := g.AwaitAfter(refused, g.Timing.Redial(1), "another dial", kit.IsDial)
	if rung, gap := g.Timing.Rung(1), kit.Elapsed(refused, dial); gap < rung*3/4 {
		g.Mismatch(fmt.Sprintf("at least %s before the redial, three quarters of its rung of %s, whatever a caller wants", rung*3/4, rung), gap.Round(time.Millisecond).String())
	}
	sent(g.Timing.Outbound + g.Timing.Slack)
	g.Ready()
	g.Alive()
}

// ladder sets the redial ladder of a gateway that can be told it, with a cap that is far from
// the rungs that a case climbs.
func ladder(base time.Duration) kit.InstanceOption {
	return kit.Bounds(func(t *kit.Timing) {
		if t.BackoffBase < kit.ContractTiming().BackoffBase {
			t.BackoffBase, t.BackoffCap = base, 64*base
		}
	})
}

// backoffUpper judges the waits on some rungs from above, each and all together. A machine
// can make a wait longer and never shorter, so each rung counts by the shortest of up to
// three climbs, less what the machine was late meanwhile; a machine that was late is given
// more of them.
func backoffUpper(base time.Duration, from, to int) func(*kit.G) {
	return func(g *kit.G) {
		const climbs, climbsIfLate, late = 3, 8, 20 * time.Millisecond
		g.Prepare(ladder(base))
		machine := g.WatchLateness()
		g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(to + 1).Do(fakeconnector.Refuse{})
		g.Start(kit.UntilLaunched())
		within := func(rungs int) time.Duration {
			total := g.Timing.Ready
			for i := range rungs {
				total += g.Timing.Redial(i)
			}
			return total
		}
		// Jitter, and three fifths of the first of these rungs for the machine: less than the
		// next rung.
		limit := func(of time.Duration) time.Duration { return of*5/4 + g.Timing.Rung(from)*3/5 }
		shortest, quiet := map[int]time.Duration{}, 0
		ends := g.Dials(to+2, within(to+1)) // of the waits
		for climb := 1; ; climb++ {
			worst := time.Duration(0)
			for i := range ends[1:] {
				lateness := machine.Between(ends[i], ends[i+1])
				worst = max(worst, lateness)
				if wait := kit.Elapsed(ends[i], ends[i+1]) - lateness; shortest[i] == 0 || wait < shortest[i] {
					shortest[i] = wait
				}
			}
			if worst < late {
				quiet++
			}
			g.Ready()
			g.Alive()
			last, sum, rungs := -1, time.Duration(0), time.Duration(0)
			for i := from; i <= to; i++ {
				sum, rungs = sum+shortest[i], rungs+g.Timing.Rung(i)
				if shortest[i] > limit(g.Timing.Rung(i)) {
					last = i
				}
			}
			if last < 0 && sum > limit(rungs) {
				last = to
			}
			if last < 0 {
				return
			}
			if quiet >= climbs || climb == climbsIfLate {
				g.Mismatch(fmt.Sprintf("waits of at most %s before redials %d to %d, each with its jitter", ladderOf(g, from, to), from+1, to+1),
					fmt.Sprintf("in %d climbs never less than %s", climb, waitsOf(shortest, from, to)))
			}
			// The session worked, so the next climb begins on the first rung, with its end.
			if last > 0 {
				g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(last).Do(fakeconnector.Refuse{})
			}
			g.CloseSession(websocket.CloseServiceRestart, "restart")
			ended := g.Await(g.Timing.Answer, "the end of the session", kit.IsClosed(""))
			ends = append([]fakeconnector.Entry{ended}, g.Dials(last+1, within(last+1))...)
		}
	}
}

func ladderOf(g *kit.G, from, to int) string {
	rungs := map[int]time.Duration{}
	for i := from; i <= to; i++ {
		rungs[i] = g.Timing.Rung(i)
	}
	return waitsOf(rungs, from, to)
}

func waitsOf(waits map[int]time.Duration, from, to int) string {
	var words []string
	for i := from; i <= to; i++ {
		words = append(words, waits[i].Round(time.Millisecond).String())
	}
	return strings.Join(words, ", ")
}

// backoffCap climbs so far that a ladder without a cap would show it on a loaded machine
// as well. In a shortened run the cap is set to four times the base, so that the climb
// is short for a gateway that has one.
func backoffCap(g *kit.G) {
	g.Prepare(kit.Bounds(shortCap))
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
	for i := range rungs {
		rung, gap := g.Timing.Rung(i), kit.Elapsed(dials[i], dials[i+1])
		if gap < rung*3/4 {
			g.Mismatch(fmt.Sprintf("at least %s before redial %d, three quarters of its rung of %s", rung*3/4, i+1, rung), gap.Round(time.Millisecond).String(), gaps(dials))
		}
	}
}

// backoffTop looks at the rung on which the ladder reaches its cap, from below. Base and
// cap keep the contract's proportion, so that a ladder which ends on a power of two shows.
func backoffTop(g *kit.G) {
	const refused = 7
	g.Prepare(kit.Bounds(func(t *kit.Timing) {
		if t.BackoffBase < kit.ContractTiming().BackoffBase {
			t.BackoffBase, t.BackoffCap = 25*time.Millisecond, 750*time.Millisecond
		}
	}))
	g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(refused).Do(fakeconnector.Refuse{})
	g.Start(kit.UntilLaunched())
	within := g.Timing.Ready
	for i := range refused {
		within += g.Timing.Redial(i)
	}
	dials := g.Dials(refused+1, within)
	for i := refused - 2; i < refused; i++ {
		rung, gap := g.Timing.Rung(i), kit.Elapsed(dials[i], dials[i+1])
		if gap < rung*3/4 {
			g.Mismatch(fmt.Sprintf("at least %s before redial %d, three quarters of the cap of %s", rung*3/4, i+1, rung), gap.Round(time.Millisecond).String(), gaps(dials))
		}
	}
	g.Ready()
	g.Alive()
}

// backoffResets climbs three rungs, lets a session work, and looks at the wait after it:
// it is that of the first rung, not of the next, nor of one less. A ladder that goes on
// never gives a short wait, so one short wait proves the reset; a long one may be the
// machine's, so the climb is tried again, more often on a machine that is late. Two sessions must each prove it. The dial that
// does so is the first of the next climb.
func backoffResets(work, end func(*kit.G)) func(*kit.G) {
	return func(g *kit.G) { resets(g, work, end) }
}

func restarted(g *kit.G) { g.CloseSession(websocket.CloseServiceRestart, "restart") }

// strayFrames are frames that a gateway acts on by doing nothing.
func strayFrames(g *kit.G) {
	g.SendLine(`{"type":"interrupt_inbound","session_key":"agent:main:discord:channel:nobody:nobody","chat_id":"nobody"}`)
	g.SendLine(`{"type":"outbound_result","requestId":"nobody","result":{"success":true}}`)
}

func resets(g *kit.G, work, end func(*kit.G)) {
	const climb, tries, triesIfLate, proofs, late = 3, 6, 16, 2, 20 * time.Millisecond
	g.Prepare(ladder(150 * time.Millisecond))
	machine := g.WatchLateness()
	within := g.Timing.Ready
	for i := range climb {
		within += g.Timing.Redial(i)
	}
	refuse := func(times int) {
		g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(times).Do(fakeconnector.Refuse{})
	}
	refuse(climb)
	g.Start(kit.UntilLaunched())
	g.Dials(climb+1, within)
	var waits []string
	for proven, allowed := 0, tries; ; {
		g.Ready()
		work(g)
		refuse(climb - 1)
		end(g)
		ended := g.Await(g.Timing.Answer, "the end of the session", kit.IsClosed(""))
		dial := g.Await(g.Timing.Redial(climb), "another dial", kit.IsDial)
		gap := kit.Elapsed(ended, dial)
		if gap < g.Timing.Rung(0)*3/4 {
			g.Mismatch(fmt.Sprintf("a redial on the first rung (%s) after a session that worked", g.Timing.Rung(0)), "one after "+gap.Round(time.Millisecond).String())
		}
		// The end of the session and the dial pass through three timers and more of the machine.
		lateness := machine.Between(ended, dial)
		if gap-3*lateness < g.Timing.Rung(climb-1)*3/4 {
			proven++
		} else {
			waits = append(waits, gap.Round(time.Millisecond).String())
		}
		if lateness >= late {
			allowed = triesIfLate
		}
		if proven == proofs {
			return
		}
		if len(waits) > allowed-proofs {
			g.Mismatch(fmt.Sprintf("a redial on the first rung (%s) after each session that worked", g.Timing.Rung(0)),
				fmt.Sprintf("%d such, and waits of %v", proven, waits))
		}
		g.Dials(climb, within)
	}
}

// redialWithoutTraffic ends the first session right behind its descriptor.
func redialWithoutTraffic(g *kit.G) {
	g.Prepare()
	g.On(kit.FirstHello()).Do(fakeconnector.CloseWith{Code: websocket.CloseServiceRestart, Reason: "restart"})
	g.Start(kit.UntilHello())
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	g.CatchUpTo(hello)
	g.Redialed(1)
	g.Ready()
	g.Alive()
}

// shortCap makes the climb to the cap short, where the bounds can be set.
func shortCap(t *kit.Timing) {
	if t.BackoffBase < kit.ContractTiming().BackoffBase {
		t.BackoffCap = 4 * t.BackoffBase
	}
}

// redialAfterManyFailures refuses more dials than any gateway that counts them would put
// up with, where the bounds can be set; at their full length they would take too long.
func redialAfterManyFailures(g *kit.G) {
	failures := 8
	if g.Facts.BoundsSet && g.Timing.BackoffBase < kit.ContractTiming().BackoffBase {
		failures = 12
	}
	g.Start(kit.Bounds(func(t *kit.Timing) {
		if shortCap(t); failures > 8 {
			t.BackoffBase, t.BackoffCap = 20*time.Millisecond, 80*time.Millisecond
		}
	}))
	g.Alive()
	g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(failures).Do(fakeconnector.Refuse{})
	within := g.Timing.Answer
	for i := range failures + 1 {
		within += g.Timing.Redial(i)
	}
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Dials(failures+1, within)
	g.Ready()
	g.Alive()
}

func droppedWhileDraining(g *kit.G) {
	g.Start()
	atRest(g)
	g.CatchUp()
	g.On(fakeconnector.Match{Type: protocol.TypeGoingIdle}).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: websocket.CloseServiceRestart, Reason: "restart"})
	stopping := g.BeginStop()
	idle := g.GoneIdle()
	if _, ended := stopping.Ended(g.Timing.Shutdown + g.Timing.Slack); !ended {
		g.Mismatch("the gateway to end", "it still runs")
	}
	if e, found := g.FindAfter(idle, kit.IsDial); found {
		g.Mismatch("no dial while it shuts down", fmt.Sprintf("one %s after its going_idle", kit.Elapsed(idle, e)))
	}
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
