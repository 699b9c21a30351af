package cases

import (
	"strings"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func connect() []kit.Case {
	dial := func(variant, title string, want string, respell func(base string) string) kit.Case {
		return kit.Case{ID: id(protocol.RuleConnectDialPath, variant), Title: title, Level: kit.Must,
			Needs:   kit.Needs{Fresh: true},
			Gateway: func(g *kit.G) { dialsPath(g, want, respell) }}
	}
	return []kit.Case{
		{ID: id(protocol.RuleConnectDialPath), Title: "dials /relay below a base that has no path", Level: kit.Must, Gateway: dialedPath},
		dial("trailing-slash", "strips trailing slashes from the base", "/relay", func(b string) string { return b + "//" }),
		dial("already-relay", "does not append a second /relay", "/relay", func(b string) string { return b + "/relay" }),
		dial("relay-slash", "strips the slash before it looks for /relay", "/relay", func(b string) string { return b + "/relay/" }),
		dial("ws-scheme", "takes a ws:// base as it stands", "/relay", func(b string) string { return strings.Replace(b, "http://", "ws://", 1) }),
		dial("white-space", "trims white space around the base", "/relay", func(b string) string { return " \t" + b + " " }),
		dial("base-path", "keeps the path of the base", "/some/base/relay", func(b string) string { return b + "/some/base" }),
		dial("relay-inside", "appends /relay to a path that only holds the word", "/relayx/relay", func(b string) string { return b + "/relayx" }),
		dial("upper-case", "compares the end of the base in lower case only", "/Relay/relay", func(b string) string { return b + "/Relay" }),
		dial("word", "appends /relay to a last part that only ends in the word", "/myrelay/relay", func(b string) string { return b + "/myrelay" }),
		{ID: id(protocol.RuleConnectSingleSocket), Title: "leaves no old socket open when it dials again after a bad handshake", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, After: rules(protocol.RuleHandshakeUnreadableDescriptor), Gateway: oldSocketClosed},
		{ID: id(protocol.RuleConnectSingleSocket, "overdue"), Title: "leaves no socket open on which no descriptor came", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleHandshakeAgainOnRedial), Gateway: overdueSocketClosed},
		{ID: id(protocol.RuleConnectSingleSocket, "steady"), Title: "keeps exactly one socket while its session goes on", Level: kit.Must, Gateway: oneSocketWhileSteady},
		{ID: id(protocol.RuleConnectOneDialer), Title: "runs one dialer after a session broke with a request in flight", Level: kit.Must,
			Needs: kit.Needs{Alone: true, Replies: true}, After: rules(protocol.RuleReconnectRedial), Gateway: oneDialerAfterReset},
		{ID: id(protocol.RuleConnectOneDialer, "slow-upgrade"), Title: "does not dial again while a dial is under way", Level: kit.Must,
			Needs: kit.Needs{Fresh: true}, Gateway: oneDialerWhileSlow},
		{ID: id(protocol.RuleConnectOneDialer, "slower-upgrade"), Title: "does not, for as long as it waits for the upgrade", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true}, Gateway: oneDialerFor(fakeconnector.Match{Point: fakeconnector.PointDial, Session: "s1"})},
		{ID: id(protocol.RuleConnectOneDialer, "slow-descriptor"), Title: "does not dial again while it waits for its descriptor", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true}, Gateway: oneDialerFor(kit.FirstHello())},
	}
}

// dialedPath looks at the dial that began the shared gateway's life.
func dialedPath(g *kit.G) {
	d := g.FirstDial()
	if d.Dial.Path != protocol.RouteRelay || d.Dial.RawQuery != "" {
		g.Mismatch("a dial on /relay", d.Dial.Path+"?"+d.Dial.RawQuery)
	}
	g.Alive()
}

func dialsPath(g *kit.G, want string, respell func(string) string) {
	g.Start(kit.URL(respell), kit.UntilLaunched(), kit.Ignoring(protocol.RuleConnectDialPath, protocol.RuleConnectWrongPath))
	d := g.Await(g.Timing.Ready, "a dial on "+want, kit.IsDial)
	if d.Dial.Path != want {
		g.Mismatch("a dial on "+want, "a dial on "+d.Dial.Path)
	}
	if want == protocol.RouteRelay {
		g.Ready()
		g.Alive()
	}
}

// oldSocketClosed: the first handshake fails on a descriptor that cannot be read, so the
// gateway dials again; by the time that its next handshake is complete the first socket
// must be gone, and the gateway must have closed it.
func oldSocketClosed(g *kit.G) {
	g.Prepare()
	g.On(kit.FirstHello()).Do(fakeconnector.Raw{Text: `{"type":"descriptor","descriptor":null}` + "\n"})
	g.Start(kit.UntilHello())
	first := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	g.CatchUpTo(first)
	g.Await(g.Timing.Redial(0)+g.Timing.Handshake, "a second hello", kit.IsHello)
	g.Ready()
	closed := g.AwaitAfter(first, g.Timing.Answer, "the end of the first socket", kit.IsClosed(first.Session))
	if closed.Close.By != protocol.FromGateway {
		g.Mismatch("the gateway to close its first socket before its next handshake is complete", "the first socket still open, closed only by the connector when the next one took its place")
	}
	g.Alive()
}

func overdueSocketClosed(g *kit.G) {
	g.Prepare(shortHandshake())
	g.On(kit.FirstHello()).Do(fakeconnector.Withhold{})
	g.Start(kit.UntilHello())
	first := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	g.CatchUpTo(first)
	g.AwaitBy(protocol.RuleHandshakeDescriptorBound, g.Timing.Handshake+g.Timing.Redial(0), "a second hello, as no descriptor came", kit.IsHello)
	g.Ready()
	closed := g.AwaitAfter(first, g.Timing.Answer, "the end of the first socket", kit.IsClosed(first.Session))
	if closed.Close.By != protocol.FromGateway {
		g.Mismatch("the gateway to close the socket on which no descriptor came", "the first socket still open, closed only by the connector when the next one took its place")
	}
	g.Alive()
}

// oneDialerFor keeps back what the gateway waits for, for most of its bound, and counts
// dials. A gateway that gives up the first dial before it starts another keeps the rule.
func oneDialerFor(m fakeconnector.Match) func(*kit.G) {
	return func(g *kit.G) {
		g.Prepare()
		held := g.Hold(m)
		g.Start(kit.UntilLaunched())
		first := g.Await(g.Timing.Ready, "a dial", kit.IsDial)
		g.CatchUpTo(first)
		second, found := g.Within(g.Timing.Handshake*3/5, kit.IsDial)
		if found {
			if _, gaveUp := g.FindAfter(first, func(e fakeconnector.Entry) bool {
				return e.Seq < second.Seq && e.Session == first.Session && (e.Kind == fakeconnector.KindClosed || e.Kind == fakeconnector.KindNote)
			}); !gaveUp {
				g.Mismatch("one dial or handshake at a time", "a second dial "+kit.Elapsed(first, second).String()+" after the first, which was still under way")
			}
		}
		held.Release()
		g.Ready()
		g.Alive()
	}
}

func oneSocketWhileSteady(g *kit.G) {
	g.Session()
	g.Nothing("second dial beside a live session", kit.IsDial)
}

// oneDialerAfterReset: the reader and whoever waits for a result both notice the death
// of the socket; only one of them may dial.
func oneDialerAfterReset(g *kit.G) {
	g.On(fakeconnector.Match{Type: protocol.TypeOutbound, Op: protocol.OpSend}).Do(fakeconnector.Withhold{})
	ev := g.Event("in flight when the socket dies")
	g.Push(ev)
	g.Begun(ev.Source.ChatID)
	g.ResetSession()
	g.Back()
	g.Nothing("second dial after one reset", g.Beyond(1, kit.IsDial))
}

// oneDialerWhileSlow: an upgrade that is slow to be answered is still a dial under way.
func oneDialerWhileSlow(g *kit.G) {
	g.Prepare()
	held := g.Hold(fakeconnector.Match{Point: fakeconnector.PointDial})
	g.Start(kit.UntilLaunched())
	first := g.Await(g.Timing.Ready, "a dial", kit.IsDial)
	g.CatchUpTo(first)
	// Two rungs of the ladder, in which a second dialer would have dialed.
	window := min(g.Timing.Rung(0)+g.Timing.Rung(1), 3*time.Second)
	if e, found := g.Within(window, kit.IsDial); found {
		g.Mismatch("one dial at a time", "a second one "+kit.Elapsed(first, e).String()+" after the first, which was not yet answered")
	}
	held.Release()
	g.Ready()
	g.Alive()
}
