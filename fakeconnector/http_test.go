package fakeconnector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// answer is an HTTP answer as a caller has it.
type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
	err    error // of reading the body
}

// request sends one request and follows no redirect.
func request(t testing.TB, c *Connector, method, path, bearer, body string) answer {
	t.Helper()
	a, err := try(t, c, method, path, bearer, body)
	must(t, err)
	return a
}

func try(t testing.TB, c *Connector, method, path, bearer, body string) (answer, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(within(t), method, c.URL()+path, strings.NewReader(body))
	must(t, err)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	a := answer{status: got.StatusCode, header: got.Header, body: string(text), err: err}
	_ = json.Unmarshal(text, &a.json)
	return a, nil
}

// atOnce makes n requests for each of several bearers, all at the same time, and counts the
// statuses that each of them got.
func atOnce(t testing.TB, c *Connector, path, body string, n int, bearers map[string]string) map[string]map[int]int {
	t.Helper()
	count := map[string]map[int]int{}
	for name := range bearers {
		count[name] = map[int]int{}
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for range n {
		for name, bearer := range bearers {
			all.Go(func() {
				a, err := try(t, c, "POST", path, bearer, body)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				count[name][a.status]++
			})
		}
	}
	all.Wait()
	return count
}

func (a answer) text(name string) string { s, _ := a.json[name].(string); return s }

// refusedJSON checks a status and that the answer is JSON with an error.
func (a answer) refusedJSON(t testing.TB, status int) {
	t.Helper()
	if a.status != status || a.text("error") == "" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("expected %d and a JSON object with error, got %d, %s and %q", status, a.status, a.header.Get("Content-Type"), a.body)
	}
}

const goodProvision = `{"gatewayId":"gw-1","platform":"discord","botId":"bot-1","gatewayEndpoint":"","routeKeys":["G1","G2"]}`

func provision(t testing.TB, c *Connector, bearer, body string) answer {
	t.Helper()
	return request(t, c, "POST", protocol.RouteProvision, bearer, body)
}

// upgrades reports whether a secret opens a session.
func upgrades(t testing.TB, c *Connector, id, secret string) bool {
	t.Helper()
	return c.authenticate([]string{"Bearer " + auth.Mint(id, secret, auth.Expiry(time.Now(), time.Minute))}).ok
}

func TestProvision(t *testing.T) {
	c := started(t)
	identity := c.IdentityToken("tenant-1")
	a := provision(t, c, identity, goodProvision)
	if a.status != 200 || a.text("tenant") != "tenant-1" || a.text("gatewayId") != "gw-1" || len(a.text("secret")) != 64 || a.text("deliveryKey") == "" {
		t.Fatalf("expected credentials of tenant-1, got %d %s", a.status, a.body)
	}
	if diff := cmp.Diff([]any{"G1", "G2"}, a.json["routeKeys"]); diff != "" {
		t.Error(diff)
	}
	g := c.Gateways()[0]
	if g.Secret != a.text("secret") || g.Tenant != "tenant-1" || g.Platform != "discord" || g.BotID != "bot-1" {
		t.Errorf("expected a record of what was provisioned, got %+v", g)
	}
	greeted(t, c, g).alive()

	// Asking again rotates, and the old secret goes on until the window ends.
	b := provision(t, c, identity, strings.Replace(goodProvision, `"botId"`, `"instanceId":"inst-9","wakeUrl":"http://wake.invalid/","displayName":"Nine","botId"`, 1))
	if b.status != 200 || b.text("secret") == a.text("secret") {
		t.Errorf("expected another secret, got %d %s", b.status, b.body)
	}
	if !upgrades(t, c, "gw-1", a.text("secret")) || !upgrades(t, c, "gw-1", b.text("secret")) {
		t.Error("expected both secrets to verify within the rotation window")
	}
	must(t, c.DropOldSecrets("gw-1"))
	if upgrades(t, c, "gw-1", a.text("secret")) || !upgrades(t, c, "gw-1", b.text("secret")) {
		t.Error("expected the newest secret alone to verify after the rotation window")
	}
	g = c.Gateways()[0]
	p, _ := c.Provisioned("gw-1")
	if g.Instance != "inst-9" || g.WakeURL != "http://wake.invalid/" || p.DisplayName != "Nine" {
		t.Errorf("expected the optional fields on record, got %+v and %+v", g, p)
	}
	noViolations(t, c)
}

// The requests of one gateway for its platforms share a secret; the next round rotates it.
func TestProvisionEachPlatform(t *testing.T) {
	c := started(t)
	identity := c.IdentityToken("t")
	telegram := strings.NewReplacer("discord", "telegram", "bot-1", "bot-2").Replace(goodProvision)
	var secrets []string
	for _, body := range []string{goodProvision, telegram, goodProvision, telegram} {
		secrets = append(secrets, provision(t, c, identity, body).text("secret"))
	}
	if secrets[0] != secrets[1] || secrets[1] == secrets[2] || secrets[2] != secrets[3] {
		t.Error("expected one secret for both platforms, and another for the next round")
	}
	if diff := cmp.Diff([]Identity{{"telegram", "bot-2"}}, c.Gateways()[0].Fronts); diff != "" {
		t.Error(diff)
	}
}

// Every request that is refused changes nothing.
func TestRoutesRefuse(t *testing.T) {
	c := started(t)
	identity, other := c.IdentityToken("tenant-1"), c.IdentityToken("tenant-2")
	provision(t, c, identity, strings.Replace(goodProvision, `"botId"`, `"instanceId":"inst-1","botId"`, 1))
	invitation := c.EnrollmentToken("tenant-1", 0)
	expired := c.EnrollmentToken("tenant-1", time.Nanosecond)
	c.clock = &handClock{now: time.Now().Add(time.Hour)}
	upgrade, err := c.Token("gw-1", time.Minute)
	must(t, err)
	late := auth.Mint("gw-1", c.Gateways()[0].Secret, c.clock.Now().Unix()-1)
	forged := auth.Mint("gw-1", newSecret(), 0)
	enrol := func(token string) string { return fmt.Sprintf(`{"enrollmentToken":%q,"gatewayId":"gw-7"}`, token) }
	policy := `{"platform":"discord","requireAddress":true,"freeResponseScopes":["C9"],"allowOtherBots":false}`
	if a := request(t, c, "POST", protocol.RoutePolicy, upgrade, policy); a.status != 200 {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	swap := func(body, old, new string) string { return strings.Replace(body, old, new, 1) }
	huge := swap(goodProvision, "bot-1", strings.Repeat("x", 10<<20))
	snapshot := func() string {
		p, _ := c.Provisioned("gw-1")
		return fmt.Sprintf("%+v %+v %d", c.Gateways(), p, len(c.admission.invited))
	}
	before := snapshot()
	for name, test := range map[string]struct {
		method, path, bearer, body string
		status                     int
	}{
		"no identity":        {"POST", protocol.RouteProvision, "", goodProvision, 401},
		"wrong identity":     {"POST", protocol.RouteProvision, "nobody", goodProvision, 401},
		"an upgrade token":   {"POST", protocol.RouteProvision, upgrade, goodProvision, 401},
		"foreign gateway":    {"POST", protocol.RouteProvision, other, goodProvision, 403},
		"foreign instance":   {"POST", protocol.RouteProvision, other, swap(goodProvision, `"gw-1"`, `"gw-2","instanceId":"inst-1"`), 403},
		"foreign default":    {"POST", protocol.RouteProvision, other, swap(goodProvision, `"gw-1"`, `"1"`), 403},
		"GET":                {"GET", protocol.RouteProvision, identity, "", 405},
		"PUT":                {"PUT", protocol.RouteEnroll, identity, enrol(invitation), 405},
		"DELETE":             {"DELETE", protocol.RoutePolicy, upgrade, "", 405},
		"no body":            {"POST", protocol.RouteProvision, identity, "", 400},
		"not JSON":           {"POST", protocol.RouteProvision, identity, goodProvision[1:], 400},
		"two objects":        {"POST", protocol.RouteProvision, identity, goodProvision + "{}", 400},
		"an array":           {"POST", protocol.RouteProvision, identity, "[" + goodProvision + "]", 400},
		"null":               {"POST", protocol.RouteProvision, identity, "null", 400},
		"deep":               {"POST", protocol.RouteProvision, identity, strings.Repeat("[", 100_000), 400},
		"not UTF-8":          {"POST", protocol.RouteProvision, identity, swap(goodProvision, "bot-1", "bot-\xff"), 400},
		"a huge body":        {"POST", protocol.RouteProvision, identity, huge, 413},
		"unknown field":      {"POST", protocol.RouteProvision, identity, swap(goodProvision, "{", `{"tenant":"tenant-2",`), 400},
		"other case":         {"POST", protocol.RouteProvision, identity, swap(goodProvision, "botId", "botID"), 400},
		"missing field":      {"POST", protocol.RouteProvision, identity, swap(goodProvision, `"botId":"bot-1",`, ""), 400},
		"mistyped field":     {"POST", protocol.RouteProvision, identity, swap(goodProvision, `"bot-1"`, "1"), 400},
		"mistyped list":      {"POST", protocol.RouteProvision, identity, swap(goodProvision, `["G1","G2"]`, `"G1,G2"`), 400},
		"null in list":       {"POST", protocol.RouteProvision, identity, swap(goodProvision, `"G1"`, "null"), 400},
		"null list":          {"POST", protocol.RouteProvision, identity, swap(goodProvision, `["G1","G2"]`, "null"), 400},
		"null optional":      {"POST", protocol.RouteProvision, identity, swap(goodProvision, "{", `{"wakeUrl":null,`), 400},
		"empty id":           {"POST", protocol.RouteProvision, identity, swap(goodProvision, "gw-1", ""), 400},
		"id with newline":    {"POST", protocol.RouteProvision, identity, swap(goodProvision, "gw-1", `gw\n1`), 400},
		"long id":            {"POST", protocol.RouteProvision, identity, swap(goodProvision, "gw-1", strings.Repeat("x", 257)), 400},
		"enrol: no identity": {"POST", protocol.RouteEnroll, "", enrol(invitation), 401},
		"enrol: no id":       {"POST", protocol.RouteEnroll, identity, `{"enrollmentToken":"` + invitation + `"}`, 400},
		"enrol: no token":    {"POST", protocol.RouteEnroll, identity, `{"gatewayId":"gw-7"}`, 400},
		"enrol: mistyped":    {"POST", protocol.RouteEnroll, identity, `{"enrollmentToken":7,"gatewayId":"gw-7"}`, 400},
		"enrol: garbage":     {"POST", protocol.RouteEnroll, identity, enrol("garbage"), 403},
		"enrol: empty":       {"POST", protocol.RouteEnroll, identity, enrol(""), 403},
		"enrol: forged":      {"POST", protocol.RouteEnroll, identity, enrol(strings.Split(invitation, ".")[0] + ".AAAA"), 403},
		"enrol: unsigned":    {"POST", protocol.RouteEnroll, identity, enrol(strings.Split(invitation, ".")[0]), 403},
		"enrol: expired":     {"POST", protocol.RouteEnroll, identity, enrol(expired), 403},
		"enrol: foreign":     {"POST", protocol.RouteEnroll, other, enrol(invitation), 403},
		"policy: identity":   {"POST", protocol.RoutePolicy, identity, policy, 401},
		"policy: none":       {"POST", protocol.RoutePolicy, "", policy, 401},
		"policy: late":       {"POST", protocol.RoutePolicy, late, policy, 401},
		"policy: forged":     {"POST", protocol.RoutePolicy, forged, policy, 401},
		"policy: missing":    {"POST", protocol.RoutePolicy, upgrade, swap(policy, `"requireAddress":true,`, ""), 400},
		"policy: mistyped":   {"POST", protocol.RoutePolicy, upgrade, swap(policy, "true", `"true"`), 400},
		"policy: unknown":    {"POST", protocol.RoutePolicy, upgrade, swap(policy, "{", `{"instanceId":"inst-2",`), 400},
		"no such route":      {"POST", "/relay/nothing", identity, "{}", 404},
		"not cleaned":        {"POST", "//relay/provision", identity, goodProvision, 404},
		"no upgrade":         {"GET", protocol.RouteRelay, upgrade, "", 400},
	} {
		t.Run(name, func(t *testing.T) {
			request(t, c, test.method, test.path, test.bearer, test.body).refusedJSON(t, test.status)
			if after := snapshot(); after != before {
				t.Errorf("expected nothing to change, got\n%s\nwhere there was\n%s", after, before)
			}
		})
	}
}

func TestEnroll(t *testing.T) {
	c := started(t)
	identity := c.IdentityToken("tenant-1")
	invitation := c.EnrollmentToken("tenant-1", time.Hour)
	body := fmt.Sprintf(`{"enrollmentToken":%q,"gatewayId":"gw-7"}`, invitation)
	const callers = 20
	answers := make([]answer, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { answers[i], _ = try(t, c, "POST", protocol.RouteEnroll, identity, body) })
	}
	all.Wait()
	good := 0
	for _, a := range answers {
		if a.status == 200 {
			good++
			if !upgrades(t, c, "gw-7", a.text("secret")) || a.text("tenant") != "tenant-1" || a.text("gatewayId") != "gw-7" || a.text("deliveryKey") == "" {
				t.Errorf("expected credentials, got %s", a.body)
			}
			continue
		}
		a.refusedJSON(t, 403)
	}
	if good != 1 {
		t.Errorf("expected one of %d callers at once to use the invitation, %d did", callers, good)
	}
}

// Two tenants that claim one gateway id at once: one has it, whole.
func TestProvisionAtOnce(t *testing.T) {
	c := started(t)
	count := atOnce(t, c, protocol.RouteProvision, goodProvision, 10, map[string]string{"a": c.IdentityToken("a"), "b": c.IdentityToken("b")})
	owner := c.Gateways()[0].Tenant
	loser := map[string]string{"a": "b", "b": "a"}[owner]
	if diff := cmp.Diff(map[string]map[int]int{owner: {200: 10}, loser: {403: 10}}, count); diff != "" {
		t.Errorf("expected one tenant to have the gateway:\n%s", diff)
	}
}

func TestPolicyReplaces(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	token, err := c.Token(g.ID, time.Minute)
	must(t, err)
	for _, body := range []string{
		`{"platform":"discord","requireAddress":true,"freeResponseScopes":["C9"],"allowOtherBots":true}`,
		`{"platform":"telegram","requireAddress":true,"freeResponseScopes":[],"allowOtherBots":false}`,
		`{"platform":"discord","requireAddress":false,"freeResponseScopes":["C1"],"allowOtherBots":false}`,
	} {
		if a := request(t, c, "POST", protocol.RoutePolicy, token, body); a.status != 200 {
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
	p, _ := c.Provisioned(g.ID)
	want := map[string]Policy{
		"discord":  {Platform: "discord", FreeResponseScopes: []string{"C1"}},
		"telegram": {Platform: "telegram", RequireAddress: true, FreeResponseScopes: []string{}},
	}
	if diff := cmp.Diff(want, p.Policies); diff != "" {
		t.Error(diff)
	}
	p.Policies["discord"].FreeResponseScopes[0] = "changed"
	if again, _ := c.Provisioned(g.ID); again.Policies["discord"].FreeResponseScopes[0] != "C1" {
		t.Error("expected a copy")
	}
	if _, ok := c.Provisioned("nobody"); ok {
		t.Error("expected nothing of a gateway that is not there")
	}
}

func TestUnknownMembersOnRequest(t *testing.T) {
	c := started(t, WithUnknownMembers())
	if a := provision(t, c, c.IdentityToken("t"), strings.Replace(goodProvision, "{", `{"later":{},`, 1)); a.status != 200 {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestHTTPIsJournaledAndRedacted(t *testing.T) {
	c := started(t)
	identity := c.IdentityToken("t")
	a := provision(t, c, identity, goodProvision)
	provision(t, c, identity, "{not JSON "+identity)
	entries := c.Journal().All()
	if len(entries) != 4 {
		t.Fatalf("expected two requests and two answers, got %v", entries)
	}
	asked, answered := entries[0], entries[1]
	if asked.Kind != KindHTTP || asked.Dir != protocol.FromGateway || string(asked.Dial.Body) != goodProvision || asked.Dial.Header.Get("Authorization") != "Bearer "+identity {
		t.Errorf("expected the request, whole, got %+v", asked)
	}
	if answered.Kind != KindHTTP || answered.Answer.Of != asked.Seq || answered.Answer.Status != 200 || string(answered.Answer.Body) != a.body {
		t.Errorf("expected the answer, whole, got %+v", answered)
	}
	var out bytes.Buffer
	must(t, c.Journal().WriteJSONL(&out))
	for name, secret := range map[string]string{"identity token": identity, "secret": a.text("secret"), "delivery key": a.text("deliveryKey")} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("expected no %s in the export", name)
		}
	}
	if !strings.Contains(out.String(), `routeKeys\":[\"G1\"`) || !strings.Contains(out.String(), "not JSON") {
		t.Errorf("expected the bodies in the export, got %s", out.String())
	}
}

// The same body is refused in the same words each time.
func TestTheFirstUnknownMemberIsNamed(t *testing.T) {
	for range 20 {
		refused := objectOf([]byte(`{"c":1,"b":2,"d":3,"a":4}`)).done(false)
		if got := string(refused.Body); !strings.Contains(got, `got \"a\"`) {
			t.Fatalf("expected the first of the unknown members to be named, got %s", got)
		}
	}
}
