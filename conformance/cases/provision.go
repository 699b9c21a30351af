package cases

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// failure is a way in which an HTTP route of the connector fails.
type failure struct {
	name, title string
	faults      []fakeconnector.Fault
}

// failures are those that any route can have. Where a redirect leads, nothing is served:
// whether it is followed is left to the gateway.
var failures = []failure{
	{"server-error", "is answered with 503", []fakeconnector.Fault{fakeconnector.Refuse{Status: http.StatusServiceUnavailable}}},
	{"forbidden", "is answered with 403", []fakeconnector.Fault{fakeconnector.Refuse{Status: http.StatusForbidden}}},
	{"dropped", "is not answered at all", []fakeconnector.Fault{fakeconnector.DropTCP{}}},
	{"late", "is answered a second late", []fakeconnector.Fault{fakeconnector.Delay{By: time.Second}}},
	{"redirect", "is redirected to where nothing is", []fakeconnector.Fault{fakeconnector.Redirect{To: "/relay/elsewhere"}}},
	{"error-page", "is answered with 500 and no JSON", []fakeconnector.Fault{fakeconnector.Body{Text: "<html>\x00\xff", Status: http.StatusInternalServerError}}},
}

// unusable are answers to a provision request that say 200 and hold no credentials.
var unusable = []failure{
	{"empty", "is answered with an empty 200", []fakeconnector.Fault{fakeconnector.Body{}}},
	{"not-json", "is answered with a 200 that is no JSON", []fakeconnector.Fault{fakeconnector.Body{Text: "<html>welcome</html>"}}},
	{"cut", "is answered with a 200 that is cut short", []fakeconnector.Fault{fakeconnector.CutBody{}}},
	{"array", "is answered with a JSON array", []fakeconnector.Fault{fakeconnector.Body{Text: `["secret"]`}}},
	{"null", "is answered with null", []fakeconnector.Fault{fakeconnector.Body{Text: `null`}}},
	{"no-secret", "is answered without a secret", []fakeconnector.Fault{fakeconnector.Body{Text: `{"deliveryKey":"00","tenant":"t","gatewayId":"gw","routeKeys":[]}`}}},
	{"mistyped-secret", "is answered with a secret that is a number", []fakeconnector.Fault{fakeconnector.Body{Text: `{"secret":12345,"deliveryKey":"00","tenant":"t","gatewayId":"gw","routeKeys":[]}`}}},
	{"null-secret", "is answered with a secret that is null", []fakeconnector.Fault{fakeconnector.Body{Text: `{"secret":null,"deliveryKey":"00","tenant":"t","gatewayId":"gw","routeKeys":[]}`}}},
}

func provisions() []kit.Case {
	fresh := kit.Needs{Fresh: true}
	files := kit.Needs{Fresh: true, Launch: kit.Abilities{Files: true}}
	when, body := rules(protocol.RuleProvisionWhen), rules(protocol.RuleProvisionWhen, protocol.RuleProvisionBody)
	adopted := append(slices.Clone(when), protocol.RuleProvisionAdopted)
	redialing := append(slices.Clone(adopted), protocol.RuleReconnectRedial)
	list := []kit.Case{
		{ID: id(protocol.RuleProvisionWhen), Title: "asks for credentials with its identity token before it dials", Level: kit.Must, Needs: fresh, Gateway: provisionsFirst},
		{ID: id(protocol.RuleProvisionWhen, "config-file"), Title: "does so when its URL is in its configuration file", Level: kit.Must, Needs: files, Gateway: provisionsByFile},
		{ID: id(protocol.RuleProvisionPinned), Title: "does not ask for credentials when it has a secret, and signs with that one", Level: kit.Must, Needs: fresh, After: when,
			Gateway: func(g *kit.G) { g.PrepareIdentified(); pinned(g) }},
		{ID: id(protocol.RuleProvisionPinned, "config-file"), Title: "does not when the secret is in its configuration file", Level: kit.Must, Needs: files, After: when, Gateway: pinnedInFile},
		{ID: id(protocol.RuleProvisionNoIdentity), Title: "dials without asking for credentials when it has no identity token", Level: kit.Must, Needs: fresh, Gateway: noIdentity},
		{ID: id(protocol.RuleProvisionBody), Title: "sends the five required fields as they are configured", Level: kit.Must, Needs: fresh, After: when, Gateway: provisionBody},
		{ID: id(protocol.RuleProvisionBody, "optional"), Title: "sends the instance and the wake URL that are configured", Level: kit.Must, Needs: fresh, After: when, Gateway: provisionOptional},
		{ID: id(protocol.RuleProvisionBody, "platform"), Title: "names its platform as it is configured, in upper and lower case", Level: kit.Must, Needs: fresh, After: when, Gateway: provisionPlatform},
		{ID: id(protocol.RuleProvisionBody, "config-file"), Title: "sends what is configured in its configuration file", Level: kit.Must, Needs: files, After: when, Gateway: provisionFromFile},
		{ID: id(protocol.RuleProvisionBody, "empty"), Title: "sends an empty bot id and an empty list of route keys as such", Level: kit.Must, Needs: fresh, After: when, Gateway: provisionEmpty},
		{ID: id(protocol.RuleProvisionOmit), Title: "leaves out what is not configured", Level: kit.Must, Needs: fresh, After: when, Gateway: provisionOmits},
		{ID: id(protocol.RuleProvisionNoEndpoint), Title: "sends an empty gatewayEndpoint when it has none", Level: kit.Must, Needs: fresh, After: when,
			Gateway: func(g *kit.G) {
				e := provisionRequest(g, told("GATEWAY_RELAY_WAKE_URL", "https://wake.invalid/x"))
				wantFields(g, e, map[string]any{"gatewayEndpoint": ""})
			}},
		{ID: id(protocol.RuleProvisionDefaultId), Title: "calls itself gw- and the name of its host when it has no id", Level: kit.Must, Needs: fresh, After: when, Gateway: defaultID},
		{ID: id(protocol.RuleProvisionAdopted), Title: "signs with the secret that it was given", Level: kit.Must, Needs: fresh, After: when, Gateway: adoptsSecret},
		{ID: id(protocol.RuleProvisionAdopted, "redial"), Title: "signs with it on a redial too", Level: kit.Must, Needs: fresh, After: redialing, Gateway: adoptsForRedials},
		{ID: id(protocol.RuleProvisionAdopted, "other-id"), Title: "dials under the id that it was given, and redials so", Level: kit.Must, Needs: fresh, After: redialing,
			Gateway: adoptsAnswer(http.StatusOK, "another")},
		{ID: id(protocol.RuleProvisionAdopted, "no-id"), Title: "dials under its own id when it was given none, and redials so", Level: kit.Must, Needs: fresh, After: redialing,
			Gateway: adoptsAnswer(http.StatusOK, "")},
		{ID: id(protocol.RuleProvisionAdopted, "secret-alone"), Title: "takes an answer that has nothing but the secret", Level: kit.Must, Needs: fresh, After: redialing,
			Gateway: adoptsAnswer(http.StatusOK, "", "deliveryKey", "tenant", "routeKeys")},
		{ID: id(protocol.RuleProvisionAdopted, "created"), Title: "takes a 201 for a success as well", Level: kit.Must, Needs: fresh, After: redialing,
			Gateway: adoptsAnswer(http.StatusCreated, "same")},
		{ID: id(protocol.RuleProvisionInMemory), Title: "writes neither the secret nor the delivery key that it was given to disk", Level: kit.Must, Needs: fresh, After: adopted, Gateway: keptInMemory},
		{ID: id(protocol.RuleSecuritySecretStays, "provisioned"), Title: "sends neither the secret nor the delivery key that it was given", Level: kit.Must, Needs: fresh,
			After: redialing, Gateway: grantedStay},
		{ID: id(protocol.RuleConfigTrimmed, "provision"), Title: "drops white space around what it provisions itself with", Level: kit.Must, Needs: fresh, After: body, Gateway: trimmedProvision},
		{ID: id(protocol.RuleConfigTrailingSlash, "endpoint"), Title: "uses its endpoint and its wake URL without the trailing slash", Level: kit.Must, Needs: fresh, After: body, Gateway: slashesInProvision},
		{ID: id(protocol.RuleConfigTrailingSlash, "config-file"), Title: "does so when they are in its configuration file", Level: kit.Must, Needs: files, After: body, Gateway: slashesInFile},
		{ID: id(protocol.RuleConfigCommaList), Title: "trims the entries of its route keys and drops empty ones", Level: kit.Must, Needs: fresh, After: body,
			Gateway: func(g *kit.G) {
				e := provisionRequest(g, told("GATEWAY_RELAY_ROUTE_KEYS", " G1 ,, G 2,\tG3\t, ,"))
				wantFields(g, e, map[string]any{"routeKeys": []any{"G1", "G 2", "G3"}})
			}},
		{ID: id(protocol.RuleConfigCommaList, "config-file"), Title: "does so for those of its configuration file", Level: kit.Must, Needs: files, After: body, Gateway: listInFile},
		{ID: id(protocol.RuleConfigEnvFirst), Title: "takes its id and its secret from the environment when its file has others", Level: kit.Must, Needs: files, Gateway: envCredentialsFirst},
		{ID: id(protocol.RuleConfigEnvFirst, "url"), Title: "takes its URL from the environment when its file has another", Level: kit.Must, Needs: files, Gateway: envURLFirst},
		{ID: id(protocol.RuleConfigEnvFirst, "provision"), Title: "does so for everything that it provisions itself with", Level: kit.Must, Needs: files, After: body, Gateway: envFirstInProvision},
		{ID: id(protocol.RuleConfigEnvFirst, "file-alone"), Title: "takes from its file what the environment does not have", Level: kit.Must, Needs: files, Gateway: fileAlone},
	}
	for _, f := range slices.Concat(failures, unusable) {
		list = append(list, kit.Case{ID: id(protocol.RuleProvisionFailSoft, f.name), Title: "dials when its request for credentials " + f.title, Level: kit.Must, Needs: fresh, After: when,
			Gateway: func(g *kit.G) { provisionFails(g, f) }})
	}
	return list
}

// told gives the gateway variables: names and values in turn.
func told(namesAndValues ...string) kit.InstanceOption {
	return kit.Environment(func(env map[string]string) {
		for pair := range slices.Chunk(namesAndValues, 2) {
			env[pair[0]] = pair[1]
		}
	})
}

// untold takes variables away from the gateway.
func untold(names ...string) kit.InstanceOption {
	return kit.Environment(func(env map[string]string) {
		for _, name := range names {
			delete(env, name)
		}
	})
}

// provisionRequest starts a gateway that has an identity token and no secret, and returns
// its request for credentials.
func provisionRequest(g *kit.G, opts ...kit.InstanceOption) fakeconnector.Entry {
	g.PrepareIdentified(append(opts, kit.WithoutPin(), kit.UntilLaunched())...)
	g.Start()
	return g.Asked(protocol.RouteProvision)
}

// wantFields compares members of a request's body.
func wantFields(g *kit.G, e fakeconnector.Entry, want map[string]any) {
	body := g.Body(e)
	for _, name := range sortedNames(want) {
		expected, _ := json.Marshal(want[name])
		got, there := body[name]
		text, _ := json.Marshal(got)
		if !there {
			text = []byte("nothing there")
		}
		if string(text) != string(expected) {
			g.Mismatch(fmt.Sprintf("%s at /%s of the request of %s", expected, name, e.Dial.Path), string(text))
		}
	}
}

func sortedNames(m map[string]any) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func provisionsFirst(g *kit.G) {
	token := g.PrepareIdentified(kit.WithoutPin(), kit.UntilLaunched())
	g.Start()
	askedFirst(g, token)
}

// provisionsByFile has the relay URL in the configuration file alone.
func provisionsByFile(g *kit.G) {
	g.Uses("RelayURL")
	token := g.PrepareIdentified(kit.WithoutPin(), kit.UntilLaunched())
	base := g.Gateway().Base()
	g.Start(untold("GATEWAY_RELAY_URL"), kit.Configured(func(c kit.ConfigData) { c["RelayURL"] = base }))
	askedFirst(g, token)
}

// askedFirst wants a provision request with the identity token before any dial.
func askedFirst(g *kit.G, token string) {
	first := g.Await(g.Timing.Ready, "a request of /relay/provision before the first dial", func(e fakeconnector.Entry) bool {
		return kit.IsRequest(protocol.RouteProvision)(e) || kit.IsDial(e)
	})
	if kit.IsDial(first) {
		g.Mismatch("a request of /relay/provision before the first dial", "a dial")
	}
	if first.Dial.Method != http.MethodPost || first.Dial.Path != protocol.RouteProvision {
		g.Mismatch("POST "+protocol.RouteProvision, first.Dial.Method+" "+first.Dial.Path)
	}
	if g.Bearer(first) != token {
		g.Mismatch("the identity token as the bearer of the request", "another bearer")
	}
	g.Await(g.Timing.Ready, "a dial after it", kit.IsDial)
}

// pinned starts the gateway and looks at its first dial.
func pinned(g *kit.G, opts ...kit.InstanceOption) {
	g.Start(append(opts, kit.UntilLaunched())...)
	d := g.Await(g.Timing.Ready, "a dial", kit.IsDial)
	if e, found := g.FindAfter(g.Marked(), kit.IsRequest(protocol.RouteProvision)); found {
		g.Mismatch("no request of /relay/provision by a gateway that has a secret", e.Dial.Method+" "+e.Dial.Path)
	}
	if !g.Token(d).SignedWith(g.Gateway().Record.Secret) {
		g.Mismatch("a dial that is signed with the configured secret", "another signature")
	}
	g.Ready()
	g.Nothing("request of /relay/provision by a gateway that has a secret", kit.IsRequest(protocol.RouteProvision))
}

func pinnedInFile(g *kit.G) {
	g.Uses("RelaySecret")
	g.PrepareIdentified(kit.WithoutPin())
	secret := g.Gateway().Record.Secret
	pinned(g, kit.Configured(func(c kit.ConfigData) { c["RelaySecret"] = secret }))
}

func noIdentity(g *kit.G) {
	g.Start(kit.WithoutSecret(), kit.UntilLaunched())
	g.Await(g.Timing.Ready, "a dial of a gateway without an identity token", kit.IsDial)
	g.Ready()
	g.Nothing("request of /relay/provision by a gateway without an identity token", kit.IsRequest(protocol.RouteProvision))
}

func provisionBody(g *kit.G) {
	e := provisionRequest(g, kit.BotID("Bot-Zoë-日本"), told("GATEWAY_RELAY_ENDPOINT", "https://gateway.invalid/deliver", "GATEWAY_RELAY_ROUTE_KEYS", "g1,G1,Gäste,1234567890123456789"))
	r := g.Gateway().Record
	wantFields(g, e, map[string]any{
		"gatewayId": r.ID, "platform": r.Platform, "botId": r.BotID,
		"gatewayEndpoint": "https://gateway.invalid/deliver", "routeKeys": []any{"g1", "G1", "Gäste", "1234567890123456789"},
	})
}

func provisionOptional(g *kit.G) {
	e := provisionRequest(g, told("GATEWAY_RELAY_INSTANCE_ID", "Inst-of-Zoë", "GATEWAY_RELAY_WAKE_URL", "https://wake.invalid/X"))
	wantFields(g, e, map[string]any{"instanceId": "Inst-of-Zoë", "wakeUrl": "https://wake.invalid/X"})
}

// provisionPlatform asks nothing of a gateway that does not start with such a platform: which
// ones a gateway fronts is its own affair.
func provisionPlatform(g *kit.G) {
	const platform = "Discord"
	g.PrepareIdentified(kit.WithoutPin(), kit.UntilLaunched(), told("GATEWAY_RELAY_PLATFORM", platform), kit.Ignoring(protocol.RuleHandshakeHelloFields))
	g.Start()
	if _, came := g.Arrives(g.Timing.Ready, func(e fakeconnector.Entry) bool { return kit.IsRequest(protocol.RouteProvision)(e) || kit.IsDial(e) }); !came {
		g.NotApplicable("the gateway neither asks nor dials with the platform %q", platform)
	}
	wantFields(g, g.Asked(protocol.RouteProvision), map[string]any{"platform": platform})
}

// provisionFromFile has all in the file that can stand there.
func provisionFromFile(g *kit.G) {
	g.Uses("RelayID", "RelayEndpoint", "RelayRouteKeys", "RelayInstanceID", "RelayWakeURL")
	e := provisionRequest(g, kit.Configured(func(c kit.ConfigData) {
		c["RelayID"], c["RelayEndpoint"], c["RelayRouteKeys"] = "gw-of-the-file", "https://file.invalid/deliver", "F1,Gäste"
		c["RelayInstanceID"], c["RelayWakeURL"] = "inst-of-the-file", "https://file.invalid/wake"
	}), untold("GATEWAY_RELAY_ID"), kit.Ignoring(protocol.RuleHandshakeHelloFields))
	wantFields(g, e, map[string]any{
		"gatewayId": "gw-of-the-file", "gatewayEndpoint": "https://file.invalid/deliver", "routeKeys": []any{"F1", "Gäste"},
		"instanceId": "inst-of-the-file", "wakeUrl": "https://file.invalid/wake",
	})
}

func provisionEmpty(g *kit.G) {
	wantFields(g, provisionRequest(g, told("GATEWAY_RELAY_BOT_ID", "")), map[string]any{"botId": "", "routeKeys": []any{}})
}

func provisionOmits(g *kit.G) {
	body := g.Body(provisionRequest(g, told("GATEWAY_RELAY_ENDPOINT", "https://gateway.invalid/deliver", "GATEWAY_RELAY_ROUTE_KEYS", "G1")))
	for _, name := range []string{"instanceId", "wakeUrl", "displayName"} {
		if v, there := body[name]; there {
			text, _ := json.Marshal(v)
			g.Mismatch(name+" left out of the provision request, as it is not configured", string(text))
		}
	}
}

// defaultID takes a host's name with its domain and without for the same.
func defaultID(g *kit.G) {
	e := provisionRequest(g, untold("GATEWAY_RELAY_ID"), kit.Ignoring(protocol.RuleHandshakeHelloFields))
	host := g.Hostname()
	got, _ := g.Body(e)["gatewayId"].(string)
	short := func(name string) string { before, _, _ := strings.Cut(name, "."); return before }
	if name, ok := strings.CutPrefix(got, "gw-"); !ok || short(name) != short(host) {
		g.Mismatch(fmt.Sprintf("%q at /gatewayId of the provision request", "gw-"+host), fmt.Sprintf("%q", got))
	}
}

// signedWith checks the token of a dial or a request.
func signedWith(g *kit.G, e fakeconnector.Entry, gatewayID, secret, whose string) {
	t := g.Token(e)
	if t.Payload != gatewayID {
		g.Mismatch(fmt.Sprintf("a token of the gateway %q", gatewayID), fmt.Sprintf("one of %q", t.Payload))
	}
	if !t.SignedWith(secret) {
		g.Mismatch("a token that is signed with "+whose, "another signature")
	}
}

const givenSecret = "the secret of the provision answer"

func adoptsSecret(g *kit.G) {
	e := provisionRequest(g)
	secret, _ := g.Granted(e)
	signedWith(g, g.Await(g.Timing.Ready, "a dial", kit.IsDial), g.Gateway().Record.ID, secret, givenSecret)
	g.Ready()
	g.Alive()
}

func adoptsForRedials(g *kit.G) {
	secret, _ := g.Granted(provisionRequest(g))
	g.Ready()
	g.Alive()
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	signedWith(g, g.Redialed(0), g.Gateway().Record.ID, secret, givenSecret)
	g.Back()
}

// adoptsAnswer gives the answer of [answering], and looks at two dials.
func adoptsAnswer(status int, answerID string, without ...string) func(*kit.G) {
	return func(g *kit.G) {
		want := answering(g, status, answerID, without...)
		g.Start()
		g.Asked(protocol.RouteProvision)
		g.Gateway().Record.ID = want // by which the connector knows it from now on
		signedWith(g, g.Await(g.Timing.Ready, "a dial", kit.IsDial), want, g.Gateway().Record.Secret, givenSecret)
		g.Ready()
		g.Alive()
		g.CloseSession(websocket.CloseServiceRestart, "restart")
		signedWith(g, g.Redialed(0), want, g.Gateway().Record.Secret, givenSecret)
		g.Back()
	}
}

// answering prepares a gateway whose request for credentials is answered with another status,
// and with another id ("another"), none (""), or the gateway's own. It leaves out what without
// names, and returns the id that the gateway has to go by.
func answering(g *kit.G, status int, answerID string, without ...string) (want string) {
	g.PrepareIdentified(kit.WithoutPin(), kit.UntilLaunched())
	want = g.Gateway().Record.ID
	answer := map[string]any{"secret": g.Gateway().Record.Secret, "deliveryKey": strings.Repeat("0", 32), "tenant": g.Gateway().Record.Tenant, "routeKeys": []string{}}
	if answerID == "another" {
		other := g.Gateway().Record
		other.ID, other.Instance = "GW-Given-"+g.ID("x"), ""
		want = g.Connector().AddGateway(other).ID
	}
	if answerID != "" {
		answer["gatewayId"] = want
	}
	for _, field := range without {
		delete(answer, field)
	}
	text, _ := json.Marshal(answer)
	g.On(fakeconnector.Match{Point: fakeconnector.PointHTTP, Path: protocol.RouteProvision}).Do(fakeconnector.Body{Text: string(text), Status: status})
	return want
}

func provisionFails(g *kit.G, f failure) {
	g.PrepareIdentified(kit.WithoutSecret(), kit.UntilLaunched())
	g.On(fakeconnector.Match{Point: fakeconnector.PointHTTP, Path: protocol.RouteProvision}).Do(f.faults...)
	g.Start()
	e := g.Asked(protocol.RouteProvision)
	g.AwaitAfter(e, g.Timing.Ready, "a dial, though the request "+f.title, kit.IsDial)
}

// keptInMemory looks after a redial and at the end as well: a gateway that keeps what it was
// given does so by then.
func keptInMemory(g *kit.G) {
	secret, key := g.Granted(provisionRequest(g))
	g.Ready()
	g.Alive()
	in := func(files map[string]string, when string) {
		for what, text := range map[string]string{"secret": secret, "delivery key": key} {
			if file, found := files[text]; found {
				g.Mismatch(fmt.Sprintf("the %s that it was given in no file", what), fmt.Sprintf("it stands in %s, %s", file, when))
			}
		}
	}
	in(g.OnDisk(secret, key), "on its first session")
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	g.Alive()
	in(g.OnDisk(secret, key), "after a redial")
	in(g.LeftOnDisk(secret, key), "after it was asked to stop")
}

func grantedStay(g *kit.G) {
	secret, key := g.Granted(provisionRequest(g, allowBots("all")))
	g.Ready()
	g.Alive()
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	g.Alive()
	g.NoLeak("secret", secret)
	g.NoLeak("delivery key", key)
}

func trimmedProvision(g *kit.G) {
	e := provisionRequest(g, told("GATEWAY_RELAY_ENDPOINT", spaced("https://gateway.invalid/deliver"), "GATEWAY_RELAY_INSTANCE_ID", spaced("inst-of-mine"),
		"GATEWAY_RELAY_WAKE_URL", spaced("https://wake.invalid/x")))
	wantFields(g, e, map[string]any{"gatewayEndpoint": "https://gateway.invalid/deliver", "instanceId": "inst-of-mine", "wakeUrl": "https://wake.invalid/x"})
}

func slashesInProvision(g *kit.G) {
	e := provisionRequest(g, told("GATEWAY_RELAY_ENDPOINT", "https://gateway.invalid/deliver//", "GATEWAY_RELAY_WAKE_URL", "https://wake.invalid/x///"))
	wantFields(g, e, map[string]any{"gatewayEndpoint": "https://gateway.invalid/deliver", "wakeUrl": "https://wake.invalid/x"})
}

func slashesInFile(g *kit.G) {
	g.Uses("RelayEndpoint", "RelayWakeURL")
	e := provisionRequest(g, kit.Configured(func(c kit.ConfigData) {
		c["RelayEndpoint"], c["RelayWakeURL"] = "https://file.invalid/deliver//", "https://file.invalid/wake/"
	}))
	wantFields(g, e, map[string]any{"gatewayEndpoint": "https://file.invalid/deliver", "wakeUrl": "https://file.invalid/wake"})
}

func listInFile(g *kit.G) {
	g.Uses("RelayRouteKeys")
	e := provisionRequest(g, kit.Configured(func(c kit.ConfigData) { c["RelayRouteKeys"] = " F1 ,, F 2,\tF3\t, ," }))
	wantFields(g, e, map[string]any{"routeKeys": []any{"F1", "F 2", "F3"}})
}

func envCredentialsFirst(g *kit.G) {
	g.Uses("RelayID", "RelaySecret")
	g.Start(kit.UntilLaunched(), kit.Ignoring(protocol.RuleAuthBearer), kit.Configured(func(c kit.ConfigData) {
		c["RelayID"], c["RelaySecret"] = "gw-of-the-file", strings.Repeat("f", 64)
	}))
	signedWith(g, g.Await(g.Timing.Ready, "a dial", kit.IsDial), g.Gateway().Record.ID, g.Gateway().Record.Secret, "the secret of its environment")
	g.Ready()
	g.Alive()
}

func envURLFirst(g *kit.G) {
	g.Uses("RelayURL")
	g.Prepare(kit.UntilLaunched(), kit.Ignoring(protocol.RuleConnectDialPath, protocol.RuleConnectWrongPath))
	other := g.Gateway().Base() + "/of-the-file"
	g.Start(kit.Configured(func(c kit.ConfigData) { c["RelayURL"] = other }))
	if d := g.Await(g.Timing.Ready, "a dial", kit.IsDial); d.Dial.Path != protocol.RouteRelay {
		g.Mismatch("a dial of the URL of its environment", "a dial on "+d.Dial.Path)
	}
	g.Ready()
	g.Alive()
}

func envFirstInProvision(g *kit.G) {
	g.Uses("RelayEndpoint", "RelayRouteKeys", "RelayInstanceID", "RelayWakeURL")
	e := provisionRequest(g, kit.Configured(func(c kit.ConfigData) {
		c["RelayEndpoint"], c["RelayRouteKeys"], c["RelayInstanceID"], c["RelayWakeURL"] = "https://file.invalid", "F1,F2", "inst-of-the-file", "https://file.invalid/wake"
	}), told("GATEWAY_RELAY_ENDPOINT", "https://gateway.invalid", "GATEWAY_RELAY_ROUTE_KEYS", "G1", "GATEWAY_RELAY_INSTANCE_ID", "inst-of-mine", "GATEWAY_RELAY_WAKE_URL", "https://wake.invalid/x"))
	wantFields(g, e, map[string]any{"gatewayEndpoint": "https://gateway.invalid", "routeKeys": []any{"G1"}, "instanceId": "inst-of-mine", "wakeUrl": "https://wake.invalid/x"})
}

// fileAlone keeps the other cases of the rule from being green for a gateway that never
// reads its file.
func fileAlone(g *kit.G) {
	g.Uses("RelayURL", "RelayID", "RelaySecret")
	g.Prepare(kit.UntilLaunched(), kit.Ignoring(protocol.RuleAuthBearer))
	in := g.Gateway()
	g.Start(kit.Configured(func(c kit.ConfigData) {
		c["RelayURL"], c["RelayID"], c["RelaySecret"] = in.Base(), in.Record.ID, in.Record.Secret
	}), untold("GATEWAY_RELAY_URL", "GATEWAY_RELAY_ID", "GATEWAY_RELAY_SECRET"))
	signedWith(g, g.Await(g.Timing.Ready, "a dial", kit.IsDial), in.Record.ID, in.Record.Secret, "the secret of its file")
	g.Ready()
	g.Alive()
}
