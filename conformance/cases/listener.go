package cases

import (
	"fmt"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func listener() []kit.Case {
	return []kit.Case{
		{ID: id(protocol.RuleConnectNoListener), Title: "listens on no port for the relay", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: noListener},
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
