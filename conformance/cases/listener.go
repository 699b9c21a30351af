package cases

import (
	"fmt"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func listener() []kit.Case {
	return []kit.Case{
		{ID: id(protocol.RuleConnectNoListener), Title: "listens on no port for the relay", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: noListener},
		{ID: id(protocol.RuleConnectNoListener, "later"), Title: "listens on none between two sessions, nor on its second one", Level: kit.Must, Needs: kit.Needs{Fresh: true},
			After: rules(protocol.RuleReconnectRedial, protocol.RuleConnectNoListener), Gateway: noListenerLater},
	}
}

// noListener looks at the gateway's processes while it serves its relay. A port that it
// listens on without a relay as well is for something else.
func noListener(g *kit.G) {
	found := g.Listeners()
	if len(found) == 0 {
		return
	}
	others, ran := g.ListenersWithoutRelay()
	if ran && len(others) >= len(found) {
		return
	}
	control := fmt.Sprintf("without a relay URL it listens on %v", others)
	if !ran {
		control = "without a relay URL it does not run, so it is for nothing else"
	}
	g.Mismatch("a gateway that listens on no port for the relay", fmt.Sprintf("it listens on %v", found), control)
}

// noListenerLater looks at two more moments in the life of a gateway: while it waits to
// dial again, and when it has. What it listened on before is not for that. A gateway in the
// suite's own process shares its ports with others, so it is looked at twice.
func noListenerLater(g *kit.G) {
	g.Start(kit.Bounds(func(t *kit.Timing) {
		// The wait behind the dial that is refused, of twice as much, is longer than a look.
		t.BackoffBase = max(t.BackoffBase, t.Quiet)
	}))
	g.Alive()
	var found []kit.Listener
	var when string
	for range 2 {
		before := g.ListenersNow()
		refusing := g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Do(fakeconnector.Refuse{})
		g.CloseSession(websocket.CloseServiceRestart, "restart")
		g.Redialed(0)
		waiting := kit.ListenersBeside(before, g.ListenersNow())
		refusing.Remove()
		g.Back()
		back := kit.ListenersBeside(before, g.ListenersNow())
		switch {
		case len(waiting) > 0:
			found, when = waiting, "while it waits to dial again"
		case len(back) > 0:
			found, when = back, "once it has dialed again"
		default:
			return
		}
	}
	g.Mismatch("a gateway that listens on no port for the relay", fmt.Sprintf("it listens on %v, %s", found, when))
}
