package cases

import (
	"encoding/json"
	"fmt"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// config has the cases that a dial can decide. What the configuration file says, and
// what only an HTTP request would show, is not seen here.
func config() []kit.Case {
	fresh := kit.Needs{Fresh: true}
	return []kit.Case{
		{ID: id(protocol.RuleConfigOffWithoutUrl), Title: "dials nobody when it has no relay URL, whatever else it is told", Level: kit.Must, Needs: fresh, Gateway: offWithoutURL},
		{ID: id(protocol.RuleConfigTrimmed), Title: "drops white space around its secret and its id", Level: kit.Must, Needs: fresh, Gateway: trimmedCredentials},
		{ID: id(protocol.RuleConfigTrimmed, "identity"), Title: "drops white space around its platform and its bot id", Level: kit.Must, Needs: fresh, Gateway: trimmedIdentity},
		{ID: id(protocol.RuleConfigTrimmed, "config-file"), Title: "drops white space around the values of its configuration file", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Launch: kit.Abilities{Files: true}}, After: rules(protocol.RuleConfigEnvFirst), Gateway: trimmedInFile},
		{ID: id(protocol.RuleConfigTrimmed, "url"), Title: "drops white space around its URL before it strips the slash", Level: kit.Must, Needs: fresh,
			Gateway: func(g *kit.G) {
				dialsPath(g, "/some/base/relay", func(b string) string { return "\t " + b + "/some/base/ \n" })
			}},
		{ID: id(protocol.RuleConfigTrailingSlash), Title: "uses its URL without the trailing slash", Level: kit.Must, Needs: fresh,
			Gateway: func(g *kit.G) {
				dialsPath(g, "/some/base/relay", func(b string) string { return b + "/some/base/" })
			}},
	}
}

// offWithoutURL leaves the connector's address in variables that turn nothing on.
func offWithoutURL(g *kit.G) {
	g.Start(kit.UntilLaunched(), kit.Environment(func(env map[string]string) {
		base := env["GATEWAY_RELAY_URL"]
		delete(env, "GATEWAY_RELAY_URL")
		env["GATEWAY_RELAY_ENDPOINT"], env["GATEWAY_RELAY_WAKE_URL"] = base, base
	}))
	g.NoDial("for which no relay URL is configured")
}

func spaced(value string) string { return " \t" + value + " \n" }

func trimmedCredentials(g *kit.G) {
	g.Start(kit.UntilLaunched(), kit.Respelled(spaced, "GATEWAY_RELAY_ID", "GATEWAY_RELAY_SECRET"), kit.Ignoring(protocol.RuleAuthBearer))
	t := g.Token(g.Await(g.Timing.Ready, "a dial", kit.IsDial))
	if t.Payload != g.Gateway().Record.ID {
		g.Mismatch(fmt.Sprintf("a token of %q, the configured id without the white space around it", g.Gateway().Record.ID), fmt.Sprintf("one of %q", t.Payload))
	}
	if !t.SignedWith(g.Gateway().Record.Secret) {
		g.Mismatch("a signature by the configured secret without the white space around it", "another signature")
	}
	g.Ready()
	g.Alive()
}

func trimmedInFile(g *kit.G) {
	g.Uses("RelayID", "RelaySecret")
	g.Prepare(kit.UntilLaunched(), kit.Ignoring(protocol.RuleAuthBearer))
	in := g.Gateway()
	g.Start(kit.Configured(func(c kit.ConfigData) {
		c["RelayID"], c["RelaySecret"] = spaced(in.Record.ID), spaced(in.Record.Secret)
	}), kit.Environment(func(env map[string]string) {
		delete(env, "GATEWAY_RELAY_ID")
		delete(env, "GATEWAY_RELAY_SECRET")
	}))
	signedWith(g, g.Await(g.Timing.Ready, "a dial", kit.IsDial), in.Record.ID, in.Record.Secret, "the secret of its file without the white space around it")
	g.Ready()
	g.Alive()
}

func trimmedIdentity(g *kit.G) {
	g.Start(kit.UntilHello(), kit.Respelled(spaced, "GATEWAY_RELAY_PLATFORM", "GATEWAY_RELAY_BOT_ID"), kit.Ignoring(protocol.RuleHandshakeHelloFields))
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	h := g.Hellos(hello.Session)[0]
	for field, want := range map[string]string{"platform": g.Gateway().Record.Platform, "botId": g.Gateway().Record.BotID} {
		var got string
		if err := json.Unmarshal(h[field], &got); err != nil || got != want {
			g.Mismatch(fmt.Sprintf("%q at /%s of the hello, the configured value without the white space around it", want, field), orNothing(h[field]))
		}
	}
	g.Ready()
	g.Alive()
}
