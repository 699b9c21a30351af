package serve

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
)

const example = "../../examples/fakeconnector.yaml"

// The example is a configuration, has every field, and shows the defaults.
func TestExample(t *testing.T) {
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var c Config // nothing comes from the defaults
	if err := c.Read(text); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	seed, err := c.seed()
	if err != nil || len(seed.Gateways) != 1 || len(seed.Tenants) != 1 || len(seed.Stubs) != 1 || len(seed.Stubs[0].Faults) != 2 ||
		seed.Bindings.Len() != 5 || len(seed.Policies) != 1 {
		t.Errorf("expected a tenant, a gateway, a binding of each kind, a policy and a stub of two faults, got %+v, %v", seed, err)
	}
	for i := range reflect.TypeFor[Config]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[Config]().Field(i).Tag.Get("yaml"), ",")
		if !bytes.Contains(text, []byte("\n"+name+":")) {
			t.Errorf("expected %s to have %s", example, name)
		}
	}
	c.Tenants, c.Gateways, c.Bindings, c.Policies, c.Stubs, c.AllowHosts = nil, nil, nil, nil, nil, nil
	if want := Default(); !reflect.DeepEqual(c, want) {
		t.Errorf("expected the defaults, got\n%+v\nwhere they are\n%+v", c, want)
	}
}

func TestConfigIsStrict(t *testing.T) {
	const two = "gateways: [{id: g1, secret: abcdef, tenant: t, instance: i1}, {id: g2, secret: abcdef, tenant: t, instance: i2}]\n"
	for text, want := range map[string]string{
		"public_url: example.com":       "public_url: expected the base URL",
		"public_url: ftp://example.com": "public_url: expected the base URL",
		"public_url: 'https://x/?a=b'":  "public_url: expected the base URL",
		"bindings: [a]":                 "cannot unmarshal",
		"bindings: {autors: []}":        "bindings.autors: unexpected property",
		two + "bindings: {grants: [{instance: i1, platform: discord}]}":                                                               "bindings.grants[0]: expected required property scope",
		two + "bindings: {grants: [{instance: i9, platform: discord, scope: C1}]}":                                                    `bindings.grants[0]: granting discord/C1: expected an instance with a gateway that was not revoked, got "i9"`,
		two + "bindings: {grants: [{instance: i1, platform: discord, scope: C1}, {instance: i2, platform: discord, scope: C1}]}":      "bindings.grants[1]: expected one of it, got another one after bindings.grants[0]",
		two + "bindings: {authors: [{instance: i1, platform: discord, user_id: U1}, {instance: i2, platform: discord, user_id: U1}]}": "bindings.authors[1]: binding discord/U1: another instance has it",
		two + "bindings: {authors: [{instance: i1, platform: discord, userId: U1}]}":                                                  "bindings.authors[0].userId: unexpected property",
		two + "bindings: {dm_defaults: [{instance: i1, platform: discord}, {instance: i2, platform: discord}]}":                       "bindings.dm_defaults[1]: expected one of it",
		two + "bindings: {principals: [{instance: i1, principal: everybody}]}":                                                        "bindings.principals[0].principal",
		two + "bindings: {principals: [{instance: i1, principal: any, allow: [{platform: discord, user_id: U1}]}]}":                   "bindings.principals[0]: the request is wrong: expected no list",
		two + "bindings: {hidden: [{platform: discord, user_id: U1, chat: C1, can: true}]}":                                           "bindings.hidden[0].can: unexpected property",
		two + "policies: [{gateway: g9, platform: discord, require_address: true, allow_other_bots: false}]":                          "policies[0]: setting a policy",
		two + "policies: [{gateway: g1, platform: discord, require_address: maybe, allow_other_bots: false}]":                         "policies[0].require_address: expected boolean",
		two + "policies: [{gateway: g1, platform: discord}]":                                                                          "policies[0]: expected required property allow_other_bots",
		"listn: a:1":                    "field listn not found",
		"listen: [a]":                   "cannot unmarshal",
		"journal: {size: 1}":            "field size not found",
		"listen: a:1\nlisten: b:1":      "already defined",
		"listen: a:1\n---\nlisten: b:1": "expected one YAML document",
		"shutdown_timeout: soon":        "soon",
		"shutdown_timeout: -1s":         "shutdown_timeout: expected more than 0",
		"drain: {max_tries: 0}":         "drain.max_tries: expected more than 0, or less for no limit, got 0",
		"token: short":                  "token: expected at least 16 characters, got 5",
		"gateways: [{id: g, secret: abcdef, tenant: null}]":                                 "gateways[0].tenant: expected string, got null",
		"gateways: [{id: gw-1}]":                                                            "gateways[0]: expected an id and a secret",
		"gateways: [{id: 7, secret: abcdef}]":                                               "gateways[0].id: expected string",
		"gateways: [{id: g, secret: abcdef}, {id: g, secret: abcdef}]":                      "gateways[1].id: expected every gateway once",
		"gateways: [{id: g, secret: abcdef, tenat: x}]":                                     "gateways[0].tenat: unexpected property",
		"gateways: {id: g}":                                                                 "cannot unmarshal",
		"tenants: [{id: t, scopes: G1}]":                                                    "tenants[0].scopes: expected array",
		"tenants: [{id: a, identity_tokens: [same-1]}, {id: b, identity_tokens: [same-1]}]": "tenants[1].identity_tokens[0]: expected a token of one tenant",
		"stubs: [{faults: [{name: explode}]}]":                                              "stubs[0].faults[0].name",
		"stubs: [{faults: [{name: close, cod: 1}]}]":                                        "stubs[0].faults[0]",
		"stubs: [{match: {text: '('}, faults: [{name: withhold}]}]":                         "stubs[0].match",
		"stubs: [{id: a, faults: [{name: withhold}]}, {id: a, faults: [{name: withhold}]}]": "stubs[1].id",
		"stubs: [{faults: null}]":                                                           "stubs[0].faults",
	} {
		c := Default()
		err := c.Read([]byte(text))
		if err == nil {
			err = c.Check()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: expected an error with %q, got %v", text, want, err)
		}
		if err != nil && (strings.Contains(err.Error(), "same-1") || strings.Contains(err.Error(), "abcdef")) {
			t.Errorf("%s: expected no secret in the error, got %v", text, err)
		}
	}
	if c := Default(); c.Read(nil) != nil || c.Check() != nil {
		t.Error("expected an empty file to change nothing")
	}
}

func TestAListenerElsewhereAsksForAToken(t *testing.T) {
	for _, test := range []struct {
		listen, control, token string
		made                   bool
	}{
		{"127.0.0.1:1", "[::1]:2", "", false},
		{"0.0.0.0:1", "127.0.0.1:2", "", true},
		{"127.0.0.1:1", ":2", "", true},
		{"0.0.0.0:1", ":2", "a-token-of-its-own", false},
		{"127.0.0.1:1", "127.0.0.1:2", makeToken, true},
	} {
		if got := (Config{Listen: test.listen, Control: test.control, Token: test.token}).makesToken(); got != test.made {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

func TestLoopback(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:1": true, "127.8.9.10:1": true, "[::1]:1": true, "localhost:1": true,
		"0.0.0.0:1": false, "[::]:1": false, ":1": false, "10.0.0.1:1": false, "staging.example:1": false, "127.0.0.1": false,
	} {
		if got := loopback(addr); got != want {
			t.Errorf("%s: expected %v, got %v", addr, want, got)
		}
	}
}

// What is printed and handed out is where gateways reach the listener.
func TestReachable(t *testing.T) {
	for addr, want := range map[string]string{
		"[::]:8790": "127.0.0.1:8790", "0.0.0.0:8790": "127.0.0.1:8790", ":8790": "127.0.0.1:8790",
		"[::1]:8790": "[::1]:8790", "10.0.0.1:8790": "10.0.0.1:8790", "staging.example:8790": "staging.example:8790", "nonsense": "nonsense",
	} {
		if got := Reachable(addr); got != want {
			t.Errorf("%s: expected %s, got %s", addr, want, got)
		}
	}
}
