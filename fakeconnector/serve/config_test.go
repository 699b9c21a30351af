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
	if err != nil || len(seed.Gateways) != 1 || len(seed.Tenants) != 1 || len(seed.Stubs) != 1 || len(seed.Stubs[0].Faults) != 2 {
		t.Errorf("expected a tenant, a gateway and a stub of two faults, got %+v, %v", seed, err)
	}
	for i := range reflect.TypeFor[Config]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[Config]().Field(i).Tag.Get("yaml"), ",")
		if !bytes.Contains(text, []byte("\n"+name+":")) {
			t.Errorf("expected %s to have %s", example, name)
		}
	}
	c.Tenants, c.Gateways, c.Stubs, c.AllowHosts = nil, nil, nil, nil
	if want := Default(); !reflect.DeepEqual(c, want) {
		t.Errorf("expected the defaults, got\n%+v\nwhere they are\n%+v", c, want)
	}
}

func TestConfigIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		"listn: a:1":                          "field listn not found",
		"listen: [a]":                         "cannot unmarshal",
		"journal: {size: 1}":                  "field size not found",
		"listen: a:1\nlisten: b:1":            "already defined",
		"listen: a:1\n---\nlisten: b:1":       "expected one YAML document",
		"shutdown_timeout: soon":              "soon",
		"shutdown_timeout: -1s":               "shutdown_timeout: expected more than 0",
		"token: short":                        "token: expected at least 16 characters, got 5",
		"gateways: [{id: gw-1}]":              "gateways[0]: expected an id and a secret",
		"gateways: [{id: 7, secret: abcdef}]": "gateways[0].id: expected string",
		"gateways: [{id: g, secret: abcdef}, {id: g, secret: abcdef}]": "gateways[1].id: expected every gateway once",
		"gateways: [{id: g, secret: abcdef, tenat: x}]":                "gateways[0].tenat: unexpected property",
		"gateways: {id: g}":              "cannot unmarshal",
		"tenants: [{id: t, scopes: G1}]": "tenants[0].scopes: expected array",
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
