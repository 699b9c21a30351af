package fakeconnector

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/fakeconnector/gate"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// goodManage is a body that each /manage route accepts.
var goodManage = map[string]string{
	protocol.RouteManageLink:         `{"platform":"discord","userId":"U1"}`,
	protocol.RouteManageScope:        `{"platform":"discord","scope":"C1"}`,
	protocol.RouteManageScopeRelease: `{"platform":"discord","scope":"C0"}`,
	protocol.RouteManagePrincipal:    `{"principal":"allow-list","allow":[{"platform":"discord","userId":"U2"}]}`,
	protocol.RouteManageDMDefault:    `{"platform":"discord","enabled":true}`,
	protocol.RouteManageDeprovision:  `{}`,
}

// managedFake has two instances of one tenant, a and b, and upgrade tokens for them. C0 is
// granted to a.
func managedFake(t *testing.T) (c *Connector, a, b string) {
	t.Helper()
	c = started(t, WithInstanceKey(testKey()))
	c.AddGateway(Gateway{ID: "gw-a", Tenant: "t", Instance: "a"})
	c.AddGateway(Gateway{ID: "gw-b", Tenant: "t", Instance: "b"})
	a, err := c.Token("gw-a", time.Hour)
	must(t, err)
	b, err = c.Token("gw-b", time.Hour)
	must(t, err)
	must(t, c.Gate().Grant("a", "discord", "C0"))
	return c, a, b
}

// held is all that the /manage routes can change.
func held(c *Connector) string {
	p, list := c.Gate().Principal("a")
	q, other := c.Gate().Principal("b")
	return fmt.Sprintf("%v %v %v %v%v %v%v, a may act: %v", c.Gate().Bindings(), c.Gate().Grants(), c.Gate().DMDefaults(), p, list, q, other, upgradable(c))
}

func upgradable(c *Connector) bool { _, ok := gateRecords{c}.Tenant("a"); return ok }

func post(t testing.TB, c *Connector, path, bearer, body string) answer {
	t.Helper()
	return request(t, c, "POST", path, bearer, body)
}

// Every route acts for the instance of either bearer, whatever instanceId the body has.
func TestManage(t *testing.T) {
	for path, body := range goodManage {
		for _, bearer := range []string{"upgrade token", "instance token"} {
			for _, id := range []string{"", `"instanceId":"b",`, `"instanceId":{"no":"text"},`, `"instanceId":null,`} {
				t.Run(path+", "+bearer+id, func(t *testing.T) {
					c, token, _ := managedFake(t)
					if bearer == "instance token" {
						var err error
						token, err = c.InstanceToken("a", time.Minute)
						must(t, err)
					}
					text := strings.Replace(body, "{", "{"+id, 1)
					if text[len(text)-2] == ',' {
						text = text[:len(text)-2] + "}"
					}
					if a := post(t, c, path, token, text); a.status != 200 || a.header.Get("Content-Type") != "application/json" || a.json == nil {
						t.Fatalf("expected 200 and an object, got %d %s", a.status, a.body)
					}
					want := map[string]string{
						protocol.RouteManageLink:         "[discord/U1 in t → a] [{discord C0 a}] map[] owner-only[] owner-only[], a may act: true",
						protocol.RouteManageScope:        "[] [{discord C0 a} {discord C1 a}] map[] owner-only[] owner-only[], a may act: true",
						protocol.RouteManageScopeRelease: "[] [] map[] owner-only[] owner-only[], a may act: true",
						protocol.RouteManagePrincipal:    "[] [{discord C0 a}] map[] allow-list[discord/U2] owner-only[], a may act: true",
						protocol.RouteManageDMDefault:    "[] [{discord C0 a}] map[discord:a] owner-only[] owner-only[], a may act: true",
						protocol.RouteManageDeprovision:  "[] [] map[] owner-only[] owner-only[], a may act: false",
					}[path]
					if diff := cmp.Diff(want, held(c)); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// Every request that is refused changes nothing, and says so in JSON.
func TestManageRefuses(t *testing.T) {
	c, a, b := managedFake(t)
	identity := c.IdentityToken("t")
	must(t, c.Gate().Bind("a", gate.Author{Platform: "discord", UserID: "U0"}))
	must(t, c.Gate().SetDMDefault("a", "discord", true))
	gone := c.AddGateway(Gateway{ID: "gw-gone", Instance: "gone"})
	revoked, err := c.Token(gone.ID, time.Hour)
	must(t, err)
	dropped, err := c.InstanceToken("gone", time.Hour)
	must(t, err)
	must(t, c.Deprovision("gone"))
	before := held(c)
	refuses := func(name string, status int, method, path, bearer, body string) {
		t.Run(name+" "+path, func(t *testing.T) {
			r := request(t, c, method, path, bearer, body)
			r.refusedJSON(t, status)
			if status == 405 && r.header.Get("Allow") != "POST" {
				t.Errorf("expected Allow: POST, got %q", r.header.Get("Allow"))
			}
			if after := held(c); after != before {
				t.Errorf("expected nothing to change, got\n%s\nwhere there was\n%s", after, before)
			}
		})
	}
	for path, body := range goodManage {
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH"} {
			refuses(method, 405, method, path, a, body)
		}
		refuses("no bearer", 401, "POST", path, "", body)
		refuses("an identity token", 401, "POST", path, identity, body)
		refuses("a forged token", 401, "POST", path, auth.Mint("gw-a", newSecret(), 0), body)
		refuses("an expired token", 401, "POST", path, auth.Mint("gw-a", c.Gateways()[0].Secret, time.Now().Unix()-1), body)
		refuses("a revoked gateway", 401, "POST", path, revoked, body)
		refuses("a token of a dropped instance", 401, "POST", path, dropped, body)
		refuses("10 MB", 413, "POST", path, a, strings.Replace(body, "{", `{"instanceId":"`+strings.Repeat("x", 10<<20)+`",`, 1))
		refuses("no body", 400, "POST", path, a, "")
		refuses("not JSON", 400, "POST", path, a, body[1:])
		refuses("cut", 400, "POST", path, a, body[:len(body)-1])
		refuses("an array", 400, "POST", path, a, "["+body+"]")
		refuses("null", 400, "POST", path, a, "null")
		refuses("not UTF-8", 400, "POST", path, a, strings.Replace(body, "{", "{\"instanceId\":\"\xff\",", 1))
		refuses("unknown member", 400, "POST", path, a, strings.NewReplacer("{}", `{"tenant":"t2"}`).Replace(strings.Replace(body, `{"p`, `{"tenant":"t2","p`, 1)))
	}
	for name, test := range map[string]struct {
		status             int
		path, bearer, body string
	}{
		"no user":              {400, protocol.RouteManageLink, a, `{"platform":"discord"}`},
		"no platform":          {400, protocol.RouteManageLink, a, `{"userId":"U1"}`},
		"empty user":           {400, protocol.RouteManageLink, a, `{"platform":"discord","userId":""}`},
		"mistyped user":        {400, protocol.RouteManageLink, a, `{"platform":"discord","userId":7}`},
		"null user":            {400, protocol.RouteManageLink, a, `{"platform":"discord","userId":null}`},
		"long user":            {400, protocol.RouteManageLink, a, `{"platform":"discord","userId":"` + strings.Repeat("x", 257) + `"}`},
		"bound elsewhere":      {409, protocol.RouteManageLink, b, `{"platform":"discord","userId":"U0"}`},
		"no scope":             {400, protocol.RouteManageScope, a, `{"platform":"discord"}`},
		"mistyped scope":       {400, protocol.RouteManageScope, a, `{"platform":"discord","scope":["C1"]}`},
		"scope of another":     {409, protocol.RouteManageScope, b, `{"platform":"discord","scope":"C0"}`},
		"release of another's": {404, protocol.RouteManageScopeRelease, b, `{"platform":"discord","scope":"C0"}`},
		"release of nothing":   {404, protocol.RouteManageScopeRelease, a, `{"platform":"discord","scope":"C9"}`},
		"no principal":         {400, protocol.RouteManagePrincipal, a, `{}`},
		"unknown principal":    {400, protocol.RouteManagePrincipal, a, `{"principal":"everyone"}`},
		"case of a principal":  {400, protocol.RouteManagePrincipal, a, `{"principal":"ANY"}`},
		"empty principal":      {400, protocol.RouteManagePrincipal, a, `{"principal":""}`},
		"mistyped principal":   {400, protocol.RouteManagePrincipal, a, `{"principal":["any"]}`},
		"list of texts":        {400, protocol.RouteManagePrincipal, a, `{"principal":"allow-list","allow":["U1"]}`},
		"half an author":       {400, protocol.RouteManagePrincipal, a, `{"principal":"allow-list","allow":[{"platform":"discord"}]}`},
		"more of an author":    {400, protocol.RouteManagePrincipal, a, `{"principal":"allow-list","allow":[{"platform":"discord","userId":"U1","role":"x"}]}`},
		"null in the list":     {400, protocol.RouteManagePrincipal, a, `{"principal":"allow-list","allow":[null]}`},
		"list without use":     {400, protocol.RouteManagePrincipal, a, `{"principal":"any","allow":[{"platform":"discord","userId":"U1"}]}`},
		"no switch":            {400, protocol.RouteManageDMDefault, a, `{"platform":"discord"}`},
		"mistyped switch":      {400, protocol.RouteManageDMDefault, a, `{"platform":"discord","enabled":"yes"}`},
		"direct of another":    {409, protocol.RouteManageDMDefault, b, `{"platform":"discord","enabled":true}`},
		"direct, not held":     {404, protocol.RouteManageDMDefault, b, `{"platform":"discord","enabled":false}`},
	} {
		refuses(name, test.status, "POST", test.path, test.bearer, test.body)
	}
}

// Two bearers are none: a proxy and the connector could read another one each.
func TestManageTakesOneBearer(t *testing.T) {
	c, a, _ := managedFake(t)
	for _, headers := range [][]string{{"Bearer " + a, "Bearer " + a}, {"Basic " + a}, {a}, {"Bearer " + a + " " + a}} {
		r, err := http.NewRequestWithContext(within(t), "POST", c.URL()+protocol.RouteManageScope, strings.NewReader(goodManage[protocol.RouteManageScope]))
		must(t, err)
		r.Header["Authorization"] = headers
		got, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		must(t, err)
		_ = got.Body.Close()
		if got.StatusCode != 401 {
			t.Errorf("%d headers: expected 401, got %d", len(headers), got.StatusCode)
		}
	}
}

// A code of /manage/link binds whoever sends it to the bot as a direct message.
func TestLinkCodes(t *testing.T) {
	c, token, _ := managedFake(t)
	code := post(t, c, protocol.RouteManageLink, token, "{}").text("code")
	k := greeted(t, c, c.Gateways()[0])
	message := event("D1", "/link "+code)
	message.Source.ChatType, message.Source.GuildID = "dm", protocol.Opt[string]{}
	arrived, err := c.Arrive(gate.Post{Event: message})
	must(t, err)
	if arrived.Decision.Linked != "a" || len(arrived.Deliveries) > 0 {
		t.Errorf("expected a binding and no delivery, got %+v", arrived)
	}
	_, err = c.Arrive(gate.Post{Event: event("C1", "hello")})
	must(t, err)
	if got := expect[*protocol.Inbound](k); got.Event.Text != "hello" {
		t.Errorf("expected the /link to be consumed, got %q", got.Event.Text)
	}
	var out bytes.Buffer
	must(t, c.Journal().WriteJSONL(&out))
	if strings.Contains(out.String(), code) {
		t.Error("expected no link code in the export")
	}
}

func TestDeprovision(t *testing.T) {
	c, token, _ := managedFake(t)
	second := c.AddGateway(Gateway{ID: "gw-a2", Tenant: "t", Instance: "a"})
	sockets := []*client{greeted(t, c, c.Gateways()[0]), dial(t, c, second)} // the second has not said hello
	other := greeted(t, c, c.Gateways()[1])
	if a := post(t, c, protocol.RouteManageDeprovision, token, "{}"); a.status != 200 {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	for _, k := range sockets {
		if code, reason := k.closed(); code != CloseUnauthorized || reason != ReasonUnauthorized {
			t.Errorf("expected 4401 unauthorized, got %d %s", code, reason)
		}
	}
	other.alive()
	for _, g := range []Gateway{c.Gateways()[0], second} {
		if upgrades(t, c, g.ID, g.Secret) {
			t.Errorf("expected the secret of %s to be revoked", g.ID)
		}
	}
	for doing, err := range map[string]error{
		"dropping it again": c.Deprovision("a"),
		"binding an author": c.Gate().Bind("a", gate.Author{Platform: "discord", UserID: "U1"}),
		"granting a scope":  c.Gate().Grant("a", "discord", "C1"),
	} {
		if !errors.Is(err, gate.ErrNoInstance) {
			t.Errorf("%s: expected an error about an instance that is gone, got %v", doing, err)
		}
	}
	// Who provisions again begins anew, without what was bound before.
	p := provision(t, c, c.IdentityToken("t"), strings.Replace(goodProvision, `"gw-1"`, `"gw-a","instanceId":"a"`, 1))
	if p.status != 200 || !upgrades(t, c, "gw-a", p.text("secret")) || len(c.Gate().Grants()) > 0 {
		t.Errorf("expected a new secret and no grants, got %d %v", p.status, c.Gate().Grants())
	}
}

// A dial that is under way while its instance is dropped does not outlive it.
func TestDeprovisionDuringADial(t *testing.T) {
	c, token, _ := managedFake(t)
	hold := &Hold{}
	c.On(Match{Point: PointDial}).Do(hold)
	dialed := make(chan *client)
	go func() { dialed <- dial(t, c, c.Gateways()[0]) }()
	must(t, hold.Wait(within(t), 1))
	if a := post(t, c, protocol.RouteManageDeprovision, token, "{}"); a.status != 200 {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	hold.Release()
	if code, reason := (<-dialed).closed(); code != CloseUnauthorized || reason != ReasonUnauthorized {
		t.Errorf("expected 4401 unauthorized, got %d %s", code, reason)
	}
}

// Two instances claim one channel at once over HTTP: one has it, the other is told 409.
func TestChannelClaimedAtOnce(t *testing.T) {
	c, a, b := managedFake(t)
	count := atOnce(t, c, protocol.RouteManageScope, goodManage[protocol.RouteManageScope], 20, map[string]string{"a": a, "b": b})
	owner := c.Gate().Grants()[1].Instance
	loser := map[string]string{"a": "b", "b": "a"}[owner]
	if diff := cmp.Diff(map[string]map[int]int{owner: {200: 20}, loser: {409: 20}}, count); diff != "" {
		t.Errorf("expected one instance to have the channel:\n%s", diff)
	}
}

// Nothing is bound to an instance by a request that overlaps its end.
func TestDeprovisionWhileManaged(t *testing.T) {
	c, token, _ := managedFake(t)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			path, body := protocol.RouteManageLink, fmt.Sprintf(`{"platform":"discord","userId":"U%d"}`, n)
			if n == 10 {
				path, body = protocol.RouteManageDeprovision, "{}"
			}
			if a, err := try(t, c, "POST", path, token, body); err != nil || a.status != 200 && a.status != 401 {
				t.Errorf("expected 200 before and 401 after the end, got %d %v", a.status, err)
			}
		})
	}
	all.Wait()
	if got := c.Gate().Bindings(); len(got) > 0 {
		t.Errorf("expected no binding to be left, got %v", got)
	}
}

func TestHealth(t *testing.T) {
	c := started(t)
	if a := request(t, c, "GET", RouteHealth, "", ""); a.status != 200 || a.text("status") != "ok" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	for _, path := range []string{RouteHealth, RouteKeySet} {
		a := post(t, c, path, "", "")
		a.refusedJSON(t, 405)
		if a.header.Get("Allow") != "GET" {
			t.Errorf("expected Allow: GET, got %q", a.header.Get("Allow"))
		}
	}
}

// Each route of its own can be told to fail, in every way.
func TestEveryRouteFails(t *testing.T) {
	faults := map[string]struct {
		fault Fault
		check func(a answer) bool
	}{
		"status":   {Refuse{Status: 503}, func(a answer) bool { return a.status == 503 && a.text("error") != "" }},
		"delay":    {Delay{By: time.Millisecond}, func(a answer) bool { return a.status == 200 && a.json != nil }},
		"empty":    {Body{}, func(a answer) bool { return a.status == 200 && a.body == "" }},
		"not JSON": {Body{Text: "<html>"}, func(a answer) bool { return a.status == 200 && a.body == "<html>" }},
		"cut":      {CutBody{Keep: 1}, func(a answer) bool { return a.err == io.ErrUnexpectedEOF && a.body == "{" }},
		"redirect": {Redirect{To: "http://elsewhere.invalid/"}, func(a answer) bool { return a.status == 307 && a.header.Get("Location") != "" }},
	}
	bodies := map[string]string{protocol.RouteProvision: goodProvision, protocol.RoutePolicy: `{"platform":"discord","requireAddress":true,"freeResponseScopes":[],"allowOtherBots":false}`}
	for path, body := range goodManage {
		bodies[path] = body
	}
	for path, own := range ownRoutes {
		for name, test := range faults {
			t.Run(path+", "+name, func(t *testing.T) {
				c, token, _ := managedFake(t)
				body := bodies[path]
				switch path {
				case protocol.RouteProvision:
					token = c.IdentityToken("t")
				case protocol.RouteEnroll:
					token, body = c.IdentityToken("t"), fmt.Sprintf(`{"enrollmentToken":%q,"gatewayId":"gw-7"}`, c.EnrollmentToken("t", 0))
				}
				c.On(Match{Point: PointHTTP, Path: path}).Times(1).Do(test.fault)
				if a := request(t, c, own.method, path, token, body); !test.check(a) {
					t.Errorf("got %d %v %q %v", a.status, a.header, a.body, a.err)
				}
			})
		}
	}
}
