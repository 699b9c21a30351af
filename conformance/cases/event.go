package cases

import (
	"encoding/json"
	"fmt"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func events() []kit.Case {
	unknown := rules(protocol.RuleFramingUnknownFields)
	return []kit.Case{
		{ID: id(protocol.RuleEventUnknownPlatform), Title: "handles an event from a platform that it does not know", Level: kit.Must, Gateway: unknownPlatform},
		{ID: id(protocol.RuleEventUnknownPlatform, "same-session"), Title: "puts it into the session of one from relay", Level: kit.Must,
			Needs: kit.Needs{Driver: []string{"event/inbound"}}, After: rules(protocol.RuleSessionKeyUnknownPlatform), Gateway: unknownPlatformIsRelay},
		{ID: id(protocol.RuleEventRelayMark), Title: "handles an event that denies to have come by the relay", Level: kit.Must, After: unknown, Gateway: marked(`false`, false)},
		{ID: id(protocol.RuleEventRelayMark, "direct"), Title: "handles a direct message that does so", Level: kit.Must, After: unknown, Gateway: marked(`false`, true)},
		{ID: id(protocol.RuleEventRelayMark, "claimed"), Title: "handles an event that claims to have come by the relay", Level: kit.Must, After: unknown, Gateway: marked(`true`, false)},
	}
}

func unknownPlatform(g *kit.G) {
	ev := g.Event("from nowhere")
	ev.Source.Platform = g.ID("pigeon")
	g.Push(ev)
	g.Handled(ev)
}

// unknownPlatformIsRelay sends the same source under both names: what is handled alike
// runs under the same key.
func unknownPlatformIsRelay(g *kit.G) {
	for _, platform := range []string{g.ID("pigeon"), "telegraph", "discord2", "a-slack"} {
		fromPlatform(g, platform)
	}
}

func fromPlatform(g *kit.G, platform string) {
	odd := g.Event("from nowhere")
	odd.Source.Platform = platform
	known := g.Event("from the relay")
	known.Source = odd.Source
	known.Source.Platform, known.Source.MessageID = "relay", known.MessageID
	g.Push(odd, known)
	if a, b := g.TurnKey(odd), g.TurnKey(known); a != b {
		g.Mismatch(fmt.Sprintf("the session key %q, as from relay", b), fmt.Sprintf("%q", a))
	}
}

// marked gives an event every name that gateways were seen, or can be thought, to keep
// their mark under. They are unknown fields, so nothing may come of them.
func marked(value string, direct bool) func(*kit.G) {
	return func(g *kit.G) {
		ev := g.Event("so I say")
		if direct {
			ev.Source.ChatType = "dm"
			ev.Source.GuildID, ev.Source.ScopeID = protocol.Opt[string]{}, protocol.Opt[string]{}
		}
		lie := protocol.Extra{}
		for _, name := range []string{"delivered_via_upstream_relay", "delivered_via_relay", "delivered_by_relay", "deliveredViaRelay", "via_relay", "from_relay", "is_relay", "relay", "relayed", "trusted", "internal"} {
			lie[name] = json.RawMessage(value)
		}
		ev.Extra, ev.Source.Extra = lie, lie
		g.Push(ev)
		g.Handled(ev)
	}
}
