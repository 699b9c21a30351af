package cases

import (
	"strings"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func security() []kit.Case {
	return []kit.Case{
		{ID: id(protocol.RuleSecuritySecretStays), Title: "sends its secret in no header and no frame", Level: kit.Must, Gateway: secretStays},
		{ID: id(protocol.RuleSecuritySecretStays, "delivery-key"), Title: "sends neither its secret nor its delivery key, from its first dial to its last frame", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Launch: kit.Abilities{Signal: true}}, After: rules(protocol.RuleReconnectRedial), Gateway: keysStay},
		{ID: id(protocol.RuleSecuritySecretStays, "observed"), Title: "sent its secret in no frame of the whole run", Level: kit.Must, Needs: kit.Needs{Last: true},
			Gateway: func(g *kit.G) { g.NoViolation(kit.CountFrames, 1) }},
	}
}

func secretStays(g *kit.G) {
	g.Alive()
	g.NoLeak("secret", g.Gateway().Record.Secret)
}

// keysStay leads a gateway through a whole life: a dial, a session with an event and a
// forward, a redial, and its end.
func keysStay(g *kit.G) {
	key := strings.Repeat(g.ID("dk"), 4)
	g.Secret(key)
	g.Start(kit.Environment(func(env map[string]string) { env["GATEWAY_RELAY_DELIVERY_KEY"] = key }))
	g.Alive()
	g.Forward(g.Interaction(kit.CommandInteraction))
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	g.BeginStop().Ended(g.Timing.Shutdown + g.Timing.Slack)
	g.NoLeak("secret", g.Gateway().Record.Secret)
	g.NoLeak("delivery key", key)
}
