package reference_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/reference"
)

// plane records the HTTP requests of a gateway and answers them.
type plane struct {
	mu       sync.Mutex
	requests []object
	status   int
	body     string
}

func (p *plane) serve(w http.ResponseWriter, req *http.Request) {
	var body object
	data, _ := io.ReadAll(req.Body)
	json.Unmarshal(data, &body)
	p.mu.Lock()
	p.requests = append(p.requests, object{"path": req.URL.Path, "method": req.Method, "bearer": req.Header.Get("Authorization"), "body": body})
	status, answer := p.status, p.body
	p.mu.Unlock()
	if req.URL.Path == "/relay/policy" {
		return
	}
	w.WriteHeader(status)
	io.WriteString(w, answer)
}

func (p *plane) seen() []object {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

const identityToken = "identity-token-for-tests"

func identity(context.Context) (string, error) { return identityToken, nil }

const provisioned = `{"secret":"s-given-0123456789","deliveryKey":"dk","tenant":"t1","gatewayId":"gw-given","routeKeys":[]}`

func TestSelfProvisionThenPolicyThenDial(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		p := &plane{status: 202, body: provisioned}
		r.http = p.serve
		c := r.config()
		c.Secret = ""
		c.Identity = identity
		c.RouteKeys = []string{"G1", "G2"}
		c.InstanceID = "inst-1"
		c.WakeURL = "https://wake.example/x"
		c.Policy = &reference.Policy{Platform: "discord", RequireAddress: true, FreeResponseScopes: []string{"C9"}, AllowOtherBots: true}
		start(t, c, nil)
		token := r.next().header.Get("Authorization")
		if !strings.HasPrefix(token, "Bearer Z3ctZ2l2ZW46") { // base64url of "gw-given:"
			t.Errorf("expected a token of the id that the connector gave, got %q", token)
		}
		want := []object{
			{"path": "/relay/provision", "method": "POST", "bearer": "Bearer " + identityToken, "body": object{
				"gatewayId": gatewayID, "platform": "discord", "botId": "bot-1", "gatewayEndpoint": "",
				"routeKeys": []any{"G1", "G2"}, "instanceId": "inst-1", "wakeUrl": "https://wake.example/x"}},
			{"path": "/relay/policy", "method": "POST", "bearer": token, "body": object{
				"platform": "discord", "requireAddress": true, "freeResponseScopes": []any{"C9"}, "allowOtherBots": true}},
		}
		if d := cmp.Diff(want, p.seen()); d != "" {
			t.Error(d)
		}
	})
}

func TestProvisionOmitsWhatIsUnset(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		p := &plane{status: 200, body: `{"secret":"s-given-0123456789"}`}
		r.http = p.serve
		c := r.config()
		c.Secret, c.BotID, c.Identity = "", "", identity
		got, err := reference.Provision(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "credentials", got, reference.Credentials{GatewayID: gatewayID, Secret: "s-given-0123456789"})
		want := object{"gatewayId": gatewayID, "platform": "discord", "botId": "", "gatewayEndpoint": "", "routeKeys": []any{}}
		if d := cmp.Diff(want, p.seen()[0]["body"]); d != "" {
			t.Error(d)
		}
	})
}

func TestNoProvisioningWithAPinnedSecretOrWithoutIdentity(t *testing.T) {
	for name, change := range map[string]func(*reference.Config){
		"pinned secret": func(c *reference.Config) { c.Identity = identity },
		"no identity":   func(c *reference.Config) { c.Secret = "" },
		"identity does not resolve": func(c *reference.Config) {
			c.Secret = ""
			c.Identity = func(context.Context) (string, error) { return "", errors.New("no such file") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				p := &plane{status: 200, body: provisioned}
				r.http = p.serve
				c := r.config()
				change(&c)
				start(t, c, nil)
				r.handshaken()
				equal(t, "requests", len(p.seen()), 0)
			})
		})
	}
}

func TestProvisioningFailsSoftAndLeaksNothing(t *testing.T) {
	for name, answer := range map[string]*plane{
		"401":                  {status: 401, body: `{"error":"bad ` + identityToken + `"}`},
		"403 without a body":   {status: 403},
		"500 with text":        {status: 500, body: "oops"},
		"200 not JSON":         {status: 200, body: "<html>"},
		"200 empty":            {status: 200},
		"200 list":             {status: 200, body: "[1]"},
		"200 null":             {status: 200, body: "null"},
		"200 without a secret": {status: 200, body: `{"deliveryKey":"d"}`},
		"200 secret a number":  {status: 200, body: `{"secret":5}`},
		"200 two lines":        {status: 200, body: `{"secret":"a\nGATEWAY_RELAY_URL=x"}`},
		"301":                  {status: 301},
		"endless":              {status: 200, body: strings.Repeat(" ", 2<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				r.http = answer.serve
				c := r.config()
				c.Secret, c.Identity = "", identity
				var log lines
				c.Logger = log.logger()
				start(t, c, nil)
				p := r.handshaken() // boot went on
				equal(t, "Authorization", p.header.Get("Authorization"), "")
				if text := log.String(); !strings.Contains(text, "not provisioned") || strings.Contains(text, identityToken) {
					t.Errorf("expected one clear line without the token, got %s", text)
				}
			})
		})
	}
}

func TestProvisioningAgainstAStalledOrDroppedConnection(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"stalled": func(_ http.ResponseWriter, req *http.Request) { io.Copy(io.Discard, req.Body); <-req.Context().Done() },
		"dropped": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"secret":"s"`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *relay) {
				r.http = serve
				c := r.config()
				c.Secret, c.Identity = "", identity
				start(t, c, nil)
				r.handshaken()
			})
		})
	}
}

// No redirect is followed, of whichever route and by whichever client, so that no bearer
// and no body goes to another host.
func TestRedirectsCarryNoBearer(t *testing.T) {
	ctx := context.Background()
	asks := map[string]func(t *testing.T, c reference.Config) error{
		"/relay/provision": func(_ *testing.T, c reference.Config) error {
			_, err := reference.Provision(ctx, c)
			return err
		},
		"/relay/enroll": func(_ *testing.T, c reference.Config) error {
			_, err := reference.Enroll(ctx, c, "tok-enrolment")
			return err
		},
		"/relay/policy": func(t *testing.T, c reference.Config) error {
			c.Secret = secret
			c.Policy = &reference.Policy{Platform: "discord", RequireAddress: true}
			var log lines
			c.Logger = log.logger()
			start(t, c, nil)
			synctest.Wait()
			if strings.Contains(log.String(), "policy not declared") {
				return errors.New("as it should")
			}
			return nil
		},
	}
	for route, ask := range asks {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for name, client := range map[string]func(transport *http.Transport) *http.Client{
				"its own client": func(*http.Transport) *http.Client { return nil },
				"one that follows": func(transport *http.Transport) *http.Client {
					return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
				},
			} {
				bubble(t, func(t *testing.T, r *relay) {
					var mu sync.Mutex
					var asked []string
					r.http = func(w http.ResponseWriter, req *http.Request) {
						mu.Lock()
						defer mu.Unlock()
						asked = append(asked, req.Host+req.URL.Path)
						http.Redirect(w, req, "http://elsewhere.test"+route, status)
					}
					c := r.config()
					c.Secret, c.Identity = "", identity
					c.HTTPClient = client(&http.Transport{DialContext: r.dial, DisableKeepAlives: true})
					if err := ask(t, c); err == nil {
						t.Errorf("%s, %d, %s: expected a failure, got none", route, status, name)
					}
					synctest.Wait()
					mu.Lock()
					defer mu.Unlock()
					equal(t, name+": requests", asked, []string{"relay.test" + route})
				})
			}
		}
	}
}

// Nor is a redirect of the upgrade: it is a dial that failed.
func TestRedirectOfTheUpgradeCarriesNoBearer(t *testing.T) {
	for _, status := range []int{301, 302, 307, 308} {
		bubble(t, func(t *testing.T, r *relay) {
			hosts := make(chan string, 9)
			r.upgrade = func(w http.ResponseWriter, req *http.Request) {
				hosts <- req.Host
				http.Redirect(w, req, "http://elsewhere.test/relay", status)
			}
			gw := start(t, r.config(), nil)
			time.Sleep(2 * time.Second) // the first dial and one more
			equal(t, "hosts", []string{<-hosts, <-hosts}, []string{"relay.test", "relay.test"})
			equal(t, "more", len(hosts), 0)
			s := gw.Status()
			equal(t, "status", []any{s.State, s.Code, s.Retryable}, []any{"reconnecting", "dial_failed", true})
		})
	}
}

// The policy of an embedder is held to the contract as well: no null among its fields,
// and silence where there is nothing to say.
func TestPolicyOfAnEmbedder(t *testing.T) {
	for name, tc := range map[string]struct {
		policy reference.Policy
		want   []any
	}{
		"no scopes":   {reference.Policy{Platform: "discord", RequireAddress: true}, []any{object{"platform": "discord", "requireAddress": true, "freeResponseScopes": []any{}, "allowOtherBots": false}}},
		"defaults":    {reference.Policy{Platform: "discord", FreeResponseScopes: []string{}}, nil},
		"relay":       {reference.Policy{Platform: "relay", RequireAddress: true}, nil},
		"no platform": {reference.Policy{RequireAddress: true}, nil},
	} {
		bubble(t, func(t *testing.T, r *relay) {
			p := &plane{status: 200}
			r.http = p.serve
			c := r.config()
			c.Policy = &tc.policy
			start(t, c, nil)
			r.handshaken()
			var got []any
			for _, req := range p.seen() {
				got = append(got, req["body"])
			}
			equal(t, name, got, tc.want)
		})
	}
}

// A secret that a connector repeats is taken out before a long answer is cut: half a
// secret is too much as well.
func TestCutAnswerShowsNoPartOfASecret(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		for _, lead := range []int{180, 190, 195, 199} {
			p := &plane{status: 403, body: text(object{"error": strings.Repeat("x", lead) + identityToken + " and tok-enrolment"})}
			r.http = p.serve
			c := r.config()
			c.Secret, c.Identity = "", identity
			_, provision := reference.Provision(context.Background(), c)
			_, enroll := reference.Enroll(context.Background(), c, "tok-enrolment")
			for _, err := range []error{provision, enroll} {
				if err == nil || strings.Contains(err.Error(), identityToken[:8]) || !strings.Contains(err.Error(), "xxx") {
					t.Errorf("expected the connector's words without any part of the token, got %v", err)
				}
			}
		}
	})
}

func TestPolicyIsDeclaredAtEveryBootAndFailsSoft(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		statuses := make(chan int, 2)
		r.http = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(<-statuses) }
		for _, status := range []int{200, 204} { // nothing but 200 counts
			statuses <- status
			c := r.config()
			c.Policy = &reference.Policy{Platform: "discord", RequireAddress: true}
			var log lines
			c.Logger = log.logger()
			gw := start(t, c, nil)
			r.handshaken()
			synctest.Wait()
			if got := strings.Contains(log.String(), "policy not declared"); got != (status != 200) {
				t.Errorf("%d: got %s", status, log.String())
			}
			gw.Shutdown(context.Background())
		}
	})
}

func TestEnroll(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		p := &plane{status: 200, body: provisioned}
		r.http = p.serve
		c := r.config()
		c.Identity = identity
		got, err := reference.Enroll(context.Background(), c, "enroll-tok")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "credentials", got, reference.Credentials{GatewayID: "gw-given", Secret: "s-given-0123456789", DeliveryKey: "dk", Tenant: "t1"})
		want := []object{{"path": "/relay/enroll", "method": "POST", "bearer": "Bearer " + identityToken,
			"body": object{"enrollmentToken": "enroll-tok", "gatewayId": gatewayID}}}
		if d := cmp.Diff(want, p.seen()); d != "" {
			t.Error(d)
		}
		p.status, p.body = 403, `{"error":"enroll-tok was used"}`
		_, err = reference.Enroll(context.Background(), c, "enroll-tok")
		if err == nil || strings.Contains(err.Error(), "enroll-tok") || !strings.Contains(err.Error(), "was used") {
			t.Errorf("expected the connector's words without the token, got %v", err)
		}
	})
}

func TestIdentityFromVariableFileOrCommand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	os.WriteFile(path, []byte(" tok-from-file \n"), 0o600)
	for want, vars := range map[string]map[string]string{
		"tok-from-variable": {"GATEWAY_IDENTITY_TOKEN": " tok-from-variable ", "GATEWAY_IDENTITY_TOKEN_FILE": path},
		"tok-from-file":     {"GATEWAY_IDENTITY_TOKEN_FILE": path},
		"tok from command":  {"GATEWAY_IDENTITY_TOKEN_COMMAND": `echo 'tok from command'`}, // refused: a token has no spaces
		"tok-from-command":  {"GATEWAY_IDENTITY_TOKEN_COMMAND": `echo "tok-from-command"`},
		"no such file":      {"GATEWAY_IDENTITY_TOKEN_FILE": path + "x"},
		"failing command":   {"GATEWAY_IDENTITY_TOKEN_COMMAND": "false"},
	} {
		vars["GATEWAY_RELAY_URL"] = "https://c.example"
		c, err := reference.FromEnv(env(vars), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Identity(context.Background())
		if strings.Contains(want, " ") {
			if err == nil {
				t.Errorf("%s: expected an error, got a token", want)
			}
		} else if err != nil || got != want {
			t.Errorf("expected %s, got %q, %v", want, got, err)
		}
	}
}

func TestFileFillsWhatTheEnvironmentLeavesOut(t *testing.T) {
	file := map[string]any{
		"gateway": map[string]any{
			"relay_url": "https://file.example/", "relay_id": "gw-file", "relay_secret": "s-file", "relay_endpoint": "https://e/",
			"relay_route_keys": []any{"1", 2, " ", nil}, "relay_instance_id": 7, "relay_wake_url": "https://w/",
		},
		"discord": map[string]any{"require_mention": true, "free_response_channels": "1, 2 ,,"},
	}
	c, err := reference.FromEnv(env(map[string]string{"GATEWAY_RELAY_ID": "gw-env", "GATEWAY_RELAY_PLATFORM": "discord", "DISCORD_ALLOW_BOTS": " all "}), file)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "config", []any{c.URL, c.GatewayID, c.Secret, c.Endpoint, c.RouteKeys, c.InstanceID, c.WakeURL},
		[]any{"https://file.example", "gw-env", "s-file", "https://e", []string{"1", "2"}, "7", "https://w"})
	want := &reference.Policy{Platform: "discord", RequireAddress: true, FreeResponseScopes: []string{"1", "2"}, AllowOtherBots: true}
	if d := cmp.Diff(want, c.Policy); d != "" {
		t.Error(d)
	}
}

func TestProjectPolicy(t *testing.T) {
	on := map[string]any{"require_mention": true}
	for name, c := range map[string]struct {
		file     map[string]any
		bots     string
		platform string
		want     *reference.Policy
	}{
		"nothing":                {nil, "", "discord", nil},
		"all at their defaults":  {map[string]any{"discord": map[string]any{"require_mention": false, "free_response_channels": []any{}}}, "none", "discord", nil},
		"no concrete platform":   {map[string]any{"relay": on, "require_mention": true}, "", "relay", nil},
		"own block":              {map[string]any{"discord": on}, "", " discord ", &reference.Policy{Platform: "discord", RequireAddress: true, FreeResponseScopes: []string{}}},
		"top of the file":        {on, "", "discord", &reference.Policy{Platform: "discord", RequireAddress: true, FreeResponseScopes: []string{}}},
		"gateway.platforms":      {map[string]any{"gateway": map[string]any{"platforms": map[string]any{"discord": on}}}, "", "discord", &reference.Policy{Platform: "discord", RequireAddress: true, FreeResponseScopes: []string{}}},
		"behind a stray block":   {map[string]any{"discord": "x", "platforms": map[string]any{"discord": on}}, "", "discord", &reference.Policy{Platform: "discord", RequireAddress: true, FreeResponseScopes: []string{}}},
		"bots only":              {nil, "mentions", "discord", &reference.Policy{Platform: "discord", FreeResponseScopes: []string{}, AllowOtherBots: true}},
		"numbers among scopes":   {map[string]any{"free_response_channels": []any{1, " 2 ", "", nil}}, "", "discord", &reference.Policy{Platform: "discord", FreeResponseScopes: []string{"1", "2"}}},
		"scopes of another type": {map[string]any{"free_response_channels": 5}, "", "discord", nil},
		"a word that means no":   {map[string]any{"require_mention": "false"}, "", "discord", nil},
	} {
		got := reference.ProjectPolicy(c.file, env(map[string]string{"DISCORD_ALLOW_BOTS": c.bots}), c.platform)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
