package cases

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func policies() []kit.Case {
	fresh := kit.Needs{Fresh: true}
	files := kit.Needs{Fresh: true, Launch: kit.Abilities{Files: true}}
	declared := rules(protocol.RulePolicyDeclared)
	list := []kit.Case{
		{ID: id(protocol.RulePolicyDeclared), Title: "declares a policy that differs from the defaults", Level: kit.Must, Needs: fresh,
			Gateway: func(g *kit.G) {
				if e := policyRequest(g, allowBots("all")); e.Dial.Method != http.MethodPost {
					g.Mismatch("POST "+protocol.RoutePolicy, e.Dial.Method)
				}
			}},
		{ID: id(protocol.RulePolicyDeclared, "provisioned"), Title: "declares it once it was given a secret", Level: kit.Must, Needs: fresh,
			After: rules(protocol.RuleProvisionWhen, protocol.RuleProvisionAdopted), Gateway: func(g *kit.G) { policyWhenProvisioned(g) }},
		{ID: id(protocol.RulePolicyDeclared, "config-file"), Title: "declares one that its configuration file alone makes differ", Level: kit.Must, Needs: files, Gateway: declaredByFile},
		{ID: id(protocol.RulePolicyDeclared, "scopes"), Title: "declares one that chats without an address alone make differ", Edge: true, Level: kit.Must, Needs: files,
			Gateway: func(g *kit.G) {
				g.Uses("FreeResponseChannels")
				policyRequest(g, kit.Configured(func(c kit.ConfigData) { c["FreeResponseChannels"] = []string{"C1"} }))
			}},
		{ID: id(protocol.RulePolicyBearer), Title: "declares it with an upgrade token of its own", Level: kit.Must, Needs: fresh, After: declared, Gateway: policyBearer},
		{ID: id(protocol.RulePolicyBearer, "provisioned"), Title: "signs that token with the secret that it was just given", Level: kit.Must, Needs: fresh,
			After: append(rules(protocol.RuleProvisionWhen, protocol.RuleProvisionAdopted), declared...), Gateway: func(g *kit.G) {
				e, secret := policyWhenProvisioned(g)
				signedWith(g, e, g.Gateway().Record.ID, secret, givenSecret)
			}},
		{ID: id(protocol.RulePolicyBearer, "other-id"), Title: "mints that token for the id that it was given with the secret", Level: kit.Must, Needs: fresh,
			After: append(rules(protocol.RuleProvisionWhen, protocol.RuleProvisionAdopted), declared...), Gateway: policyUnderOtherID},
		{ID: id(protocol.RulePolicyFields), Title: "sends all four fields with their types", Level: kit.Must, Needs: fresh, After: declared, Gateway: policyFields},
		{ID: id(protocol.RulePolicyRequireAddress), Title: "requires an address when its file asks for a mention", Level: kit.Must, Needs: files, After: declared, Gateway: requireAddress(true)},
		{ID: id(protocol.RulePolicyRequireAddress, "false"), Title: "requires none when its file asks for none, whatever its other values are", Level: kit.Must, Needs: files, After: declared, Gateway: requireAddress(false)},
		{ID: id(protocol.RulePolicyRequireAddress, "unset"), Title: "requires none when its file says nothing about its platform", Level: kit.Must, Needs: files, After: declared, Gateway: addressUnset},
		{ID: id(protocol.RulePolicyFreeResponse), Title: "names the chats of its file's list, trimmed, without empty ones", Level: kit.Must, Needs: files, After: declared,
			Gateway: freeResponse(func(c kit.ConfigData) {
				c["FreeResponseChannels"] = []string{"C1", " C2 ", "", " ", "Café-日本", "1234567890123456789"}
			}, "C1", "C2", "Café-日本", "1234567890123456789")},
		{ID: id(protocol.RulePolicyFreeResponse, "text"), Title: "names the chats of its file's text with commas, trimmed, without empty ones", Level: kit.Must, Needs: files, After: declared,
			Gateway: freeResponse(func(c kit.ConfigData) { c["FreeResponseText"] = " C1 ,, C2,\tCafé-日本 , " }, "C1", "C2", "Café-日本")},
		{ID: id(protocol.RulePolicyFreeResponse, "empty"), Title: "names none when none is configured", Level: kit.Must, Needs: fresh, After: declared,
			Gateway: func(g *kit.G) {
				wantFields(g, policyRequest(g, allowBots("all")), map[string]any{"freeResponseScopes": []any{}})
			}},
		{ID: id(protocol.RulePolicyFreeResponse, "elsewhere"), Title: "takes another platform's chats for none", Level: kit.Must, Needs: files, After: declared, Gateway: chatsElsewhere},
		{ID: id(protocol.RulePolicyAllowBots), Title: "lets other bots in when it is told all", Level: kit.Must, Needs: fresh, After: declared, Gateway: otherBots("all")},
		{ID: id(protocol.RulePolicyAllowBots, "mentions"), Title: "lets other bots in when it is told mentions", Level: kit.Must, Needs: fresh, After: declared, Gateway: otherBots("mentions")},
		{ID: id(protocol.RulePolicyAllowBots, "underscore"), Title: "does so where the name of the platform has an underscore", Level: kit.Must, Needs: fresh, After: declared, Gateway: otherBotsOnUnderscore},
		{ID: id(protocol.RuleConfigTrimmed, "allow-bots"), Title: "drops white space around what it is told about other bots", Level: kit.Must, Needs: fresh, After: declared, Gateway: otherBots(spaced("all"))},
		{ID: id(protocol.RulePolicyAllowBots, "otherwise"), Title: "lets none in when it is told anything else", Level: kit.Must, Needs: files, After: declared, Gateway: noOtherBots(allowBots("none"))},
		{ID: id(protocol.RulePolicyAllowBots, "true"), Title: "lets none in when it is told true", Level: kit.Must, Needs: files, After: declared, Gateway: noOtherBots(allowBots("true"))},
		{ID: id(protocol.RulePolicyAllowBots, "unset"), Title: "lets none in when it is told nothing", Level: kit.Must, Needs: files, After: declared, Gateway: noOtherBots()},
		{ID: id(protocol.RulePolicyAllowBots, "elsewhere"), Title: "takes another platform's setting for nothing", Level: kit.Must, Needs: files, After: declared, Gateway: noOtherBots(told("ELSEWHERE_ALLOW_BOTS", "all"))},
		{ID: id(protocol.RulePolicyDefaultsQuiet), Title: "declares nothing when everything is at its default", Level: kit.Must, Needs: fresh, After: declared,
			Gateway: func(g *kit.G) { g.Start(); noPolicy(g) }},
		{ID: id(protocol.RulePolicyDefaultsQuiet, "none"), Title: "declares nothing when other bots are told to stay out", Level: kit.Must, Needs: fresh, After: declared,
			Gateway: func(g *kit.G) { g.Prepare(); g.Start(allowBots("none")); noPolicy(g) }},
		{ID: id(protocol.RulePolicyNoPlatform), Title: "declares nothing when its platform is relay", Level: kit.Must, Needs: fresh, After: declared, Gateway: noPlatform("relay")},
		{ID: id(protocol.RulePolicyNoPlatform, "unset"), Title: "declares nothing when it has no platform", Level: kit.Must, Needs: fresh, After: declared, Gateway: noPlatform("")},
	}
	for _, f := range append(slices.Clone(failures),
		failure{"no-content", "is answered with 204", []fakeconnector.Fault{fakeconnector.Body{Status: http.StatusNoContent}}},
		failure{"cut", "is answered with an answer that is cut short", []fakeconnector.Fault{fakeconnector.Body{Text: `{"error":"no"}`, Status: http.StatusConflict}, fakeconnector.CutBody{}}},
	) {
		list = append(list, kit.Case{ID: id(protocol.RulePolicyFailSoft, f.name), Title: "dials when its policy " + f.title, Level: kit.Must, Needs: fresh, After: declared,
			Gateway: func(g *kit.G) { policyFails(g, f) }})
	}
	return list
}

// allowBots tells a gateway whether other bots are answered. It is part of what a policy
// is made of that needs no configuration file.
func allowBots(value string) kit.InstanceOption {
	return kit.Environment(func(env map[string]string) {
		env[strings.ToUpper(env["GATEWAY_RELAY_PLATFORM"])+"_ALLOW_BOTS"] = value
	})
}

func policyRequest(g *kit.G, opts ...kit.InstanceOption) fakeconnector.Entry {
	g.Start(append(opts, kit.UntilLaunched())...)
	return g.Asked(protocol.RoutePolicy)
}

func noPolicy(g *kit.G) {
	g.Nothing("request of /relay/policy", kit.IsRequest(protocol.RoutePolicy))
}

// policyWhenProvisioned goes through a boot: credentials, then the policy. Whether that
// comes before the first dial or after it is left to the gateway.
func policyWhenProvisioned(g *kit.G) (e fakeconnector.Entry, secret string) {
	request := provisionRequest(g, allowBots("all"))
	secret, _ = g.Granted(request)
	e = g.AwaitAfter(request, g.Timing.Ready, "a request of /relay/policy after that of /relay/provision", kit.IsRequest(protocol.RoutePolicy))
	g.Ready()
	g.Alive()
	return e, secret
}

func declaredByFile(g *kit.G) {
	g.Uses("RequireMention")
	policyRequest(g, kit.Configured(func(c kit.ConfigData) { c["RequireMention"] = true }))
}

func policyBearer(g *kit.G) {
	e := policyRequest(g, allowBots("all"))
	signedWith(g, e, g.Gateway().Record.ID, g.Gateway().Record.Secret, "the gateway's secret")
	if t := g.Token(e); t.Exp != 0 && t.Exp < e.Wall.Unix() {
		g.Mismatch("an upgrade token that is valid when it arrives", fmt.Sprintf("one that expired %d s before", e.Wall.Unix()-t.Exp))
	}
}

func policyUnderOtherID(g *kit.G) {
	given := answering(g, http.StatusOK, "another")
	g.Start(allowBots("all"))
	request := g.Asked(protocol.RouteProvision)
	g.Gateway().Record.ID = given // by which the connector knows it from now on
	e := g.AwaitAfter(request, g.Timing.Ready, "a request of /relay/policy after that of /relay/provision", kit.IsRequest(protocol.RoutePolicy))
	signedWith(g, e, given, g.Gateway().Record.Secret, givenSecret)
	g.Ready()
	g.Alive()
}

func policyFields(g *kit.G) {
	e := policyRequest(g, allowBots("all"))
	body := g.Body(e)
	for name, kind := range map[string]func(any) bool{
		"platform":           func(v any) bool { return v == g.Gateway().Record.Platform },
		"requireAddress":     func(v any) bool { _, ok := v.(bool); return ok },
		"freeResponseScopes": isTexts,
		"allowOtherBots":     func(v any) bool { _, ok := v.(bool); return ok },
	} {
		if v, there := body[name]; !there || !kind(v) {
			text, _ := json.Marshal(v)
			g.Mismatch(fmt.Sprintf("%s of its type in the request of %s (the platform is %q)", name, e.Dial.Path, g.Gateway().Record.Platform), orNothing(json.RawMessage(text)))
		}
	}
}

func isTexts(v any) bool {
	list, ok := v.([]any)
	return ok && !slices.ContainsFunc(list, func(x any) bool { _, text := x.(string); return !text })
}

// requireAddress lets other bots in, so that there is a policy either way. The chats that its
// file names with it, where it can name some, are no address.
func requireAddress(want bool) func(*kit.G) {
	return func(g *kit.G) {
		g.Uses("RequireMention")
		e := policyRequest(g, allowBots("all"), kit.Configured(func(c kit.ConfigData) { c["RequireMention"], c["FreeResponseChannels"] = want, []string{"C1"} }))
		wantFields(g, e, map[string]any{"requireAddress": want})
	}
}

// elsewhere is a platform that no gateway of the suite's fronts.
const elsewhere = "elsewhere"

// addressUnset has a section of another platform in the file, at its defaults: a gateway may
// look for require_mention there as well.
func addressUnset(g *kit.G) {
	g.Uses("Platform")
	e := policyRequest(g, allowBots("all"), kit.Configured(func(c kit.ConfigData) { c["Platform"] = elsewhere }))
	wantFields(g, e, map[string]any{"requireAddress": false})
}

func chatsElsewhere(g *kit.G) {
	g.Uses("Platform", "FreeResponseChannels")
	e := policyRequest(g, allowBots("all"), kit.Configured(func(c kit.ConfigData) { c["Platform"], c["FreeResponseChannels"] = elsewhere, []string{"C1"} }))
	wantFields(g, e, map[string]any{"freeResponseScopes": []any{}})
}

func freeResponse(change func(kit.ConfigData), want ...string) func(*kit.G) {
	return func(g *kit.G) {
		changed := kit.DefaultConfig("")
		change(changed)
		if changed["FreeResponseText"] != "" {
			g.Uses("FreeResponseText")
		} else {
			g.Uses("FreeResponseChannels")
		}
		wantFields(g, policyRequest(g, kit.Configured(change)), map[string]any{"freeResponseScopes": want})
	}
}

func otherBots(value string) func(*kit.G) {
	return func(g *kit.G) {
		wantFields(g, policyRequest(g, allowBots(value)), map[string]any{"allowOtherBots": true})
	}
}

// otherBotsOnUnderscore: the name of the variable begins with the platform's whole name.
func otherBotsOnUnderscore(g *kit.G) {
	e := policyRequest(g, kit.Ignoring(protocol.RuleHandshakeHelloFields), kit.Environment(func(env map[string]string) { env["GATEWAY_RELAY_PLATFORM"] = "whatsapp_cloud" }), allowBots("all"))
	wantFields(g, e, map[string]any{"platform": "whatsapp_cloud", "allowOtherBots": true})
}

// noOtherBots asks for mentions, so that there is a policy in any case.
func noOtherBots(opts ...kit.InstanceOption) func(*kit.G) {
	return func(g *kit.G) {
		g.Uses("RequireMention")
		e := policyRequest(g, append(slices.Clone(opts), kit.Configured(func(c kit.ConfigData) { c["RequireMention"] = true }))...)
		wantFields(g, e, map[string]any{"allowOtherBots": false})
	}
}

// noPlatform leaves everything configured that would make a policy of a platform.
func noPlatform(platform string) func(*kit.G) {
	return func(g *kit.G) {
		g.Start(kit.UntilHello(), kit.Ignoring(protocol.RuleHandshakeHelloFields), kit.Environment(func(env map[string]string) {
			env["GATEWAY_RELAY_PLATFORM"] = platform
			if platform == "" {
				delete(env, "GATEWAY_RELAY_PLATFORM")
			}
			env["RELAY_ALLOW_BOTS"], env["_ALLOW_BOTS"] = "all", "all"
		}), kit.Configured(func(c kit.ConfigData) { c["Platform"], c["RequireMention"] = "relay", true }))
		g.Ready()
		noPolicy(g)
	}
}

func policyFails(g *kit.G, f failure) {
	g.Prepare()
	g.On(fakeconnector.Match{Point: fakeconnector.PointHTTP, Path: protocol.RoutePolicy}).Do(f.faults...)
	g.Start(allowBots("all"), kit.UntilLaunched())
	g.Asked(protocol.RoutePolicy)
	g.Ready()
	g.Alive()
}
