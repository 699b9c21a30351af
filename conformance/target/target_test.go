package target

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/conformance/kit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const whole = `
name: my-gateway
version: 1.40
revision: 2026-06                  # which dated revision of the contract it claims
launch:
  command: [./gateway, --port, 0]
  dir: sub
  env: {LOG_LEVEL: debug, WORKERS: 2, EMPTY: }
replies: echo
features: [going-idle, passthrough]
timing: {env: {OUT: "{{.OutboundTimeout}}", MS: "{{.BackoffBase.Milliseconds}}", S: "{{.IdleTimeout.Seconds}}", FIXED: 7}}
identity: {env: PORTAL_TOKEN}
config: {path: etc/config.yaml, template: "discord:\n  require_mention: {{.RequireMention}}\n"}
enroll: {args: [enroll, "--to={{.URL}}", "--as={{.GatewayID}}", "{{.Token}}"], env_file: etc/relay.env}
known:
  - id: passthrough/ack-buffered
    reason: not acknowledged before 1.5
    until: 2027-01-31
flaky:
  - {id: reconnect/redial, reason: a race}
`

func parse(t *testing.T, text string) *Target {
	t.Helper()
	target, err := Parse("target.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestAWholeFile(t *testing.T) {
	got := parse(t, whole)
	want := &Target{
		Name: "my-gateway", Version: "1.40", Revision: "2026-06",
		Launch: Launch{
			Command: []string{"./gateway", "--port", "0"}, Dir: "sub",
			Env: map[string]string{"LOG_LEVEL": "debug", "WORKERS": "2", "EMPTY": ""},
		},
		Replies: kit.RepliesEcho, Features: []string{"going-idle", "passthrough"}, IdentityEnv: "PORTAL_TOKEN",
		Known: []Entry{{"passthrough/ack-buffered", "not acknowledged before 1.5", time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), 16}},
		Flaky: []Entry{{ID: "reconnect/redial", Reason: "a race", Line: 20}},
		Path:  "target.yaml",
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Target{}), cmpopts.IgnoreFields(Target{}, "Hash")); diff != "" {
		t.Error(diff)
	}
	if len(got.Hash) != 64 || got.Hash == parse(t, whole+"# changed").Hash {
		t.Errorf("the hash is %q", got.Hash)
	}
	facts := kit.Facts{Name: "my-gateway", Version: "1.40", Revision: "2026-06", Replies: kit.RepliesEcho, Features: got.Features, BoundsSet: true, IdentityEnv: "PORTAL_TOKEN"}
	if diff := cmp.Diff(facts, got.Facts()); diff != "" {
		t.Error(diff)
	}
}

func TestTemplates(t *testing.T) {
	target := parse(t, whole)
	env, err := target.TimingEnv()(kit.ContractTiming().Scaled(0.1))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"OUT": "3s", "MS": "100", "S": "1", "FIXED": "7"}, env); diff != "" {
		t.Error(diff)
	}
	path, text, err := target.Config()(kit.ConfigData{"RequireMention": false})
	if path != "etc/config.yaml" || text != "discord:\n  require_mention: false\n" || err != nil {
		t.Errorf("got %q, %q, %v", path, text, err)
	}
	if _, _, err := target.Config()(kit.ConfigData{"Other": 1}); err == nil || !strings.HasPrefix(err.Error(), "target.yaml:13: the template cannot be rendered: ") {
		t.Errorf("a name that is not given: %v", err)
	}
}

func TestEveryBoundHasAName(t *testing.T) {
	timing := kit.Timing{Handshake: 1, Outbound: 2, IdleAck: 3, BackoffBase: 4, BackoffCap: 5, Shutdown: 6}
	target := parse(t, `timing: {env: {X: "{{.HandshakeTimeout}} {{.OutboundTimeout}} {{.IdleTimeout}} {{.BackoffBase}} {{.BackoffCap}} {{.ShutdownBudget}}"}}`)
	env, err := target.TimingEnv()(timing)
	if err != nil || env["X"] != "1ns 2ns 3ns 4ns 5ns 6ns" {
		t.Errorf("got %q, %v", env, err)
	}
}

func TestEnrollment(t *testing.T) {
	enroll := parse(t, whole).Enroll()
	args, err := enroll.Args(kit.EnrollData{Token: "T", URL: "http://c", GatewayID: "gw"})
	if diff := cmp.Diff([]string{"enroll", "--to=http://c", "--as=gw", "T"}, args); diff != "" || err != nil || enroll.EnvFile != "etc/relay.env" {
		t.Errorf("%s %v, %+v", diff, err, enroll)
	}
	if atStart := parse(t, "enroll: {at_start: true}").Enroll(); atStart == nil || atStart.Args != nil || atStart.EnvFile != "" {
		t.Errorf("at its start: %+v", atStart)
	}
	if got := parse(t, "name: a").Enroll(); got != nil {
		t.Errorf("where there is none: %+v", got)
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	target := parse(t, "launch: {attach: true}")
	if !target.Launch.Attach || target.TimingEnv() != nil || target.Features != nil || target.Facts().BoundsSet {
		t.Errorf("got %+v", target)
	}
	if target.Config() != nil {
		t.Error("a config where there is none")
	}
	// No feature at all is not the same as nothing said.
	if got := parse(t, "features: []").Facts().Features; got == nil || len(got) > 0 {
		t.Errorf("features: %#v", got)
	}
}

func TestWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "t.yaml: the file is empty; expected at least a launch",
		"# only a comment\n":    "t.yaml: the file is empty; expected at least a launch",
		"name: a\n---\nname: b": "t.yaml:2: expected one document, got a second one",
		"name: a\n---\n}{":      "t.yaml:1: expected one document, got a second one",
		"- a":                   "t.yaml:1: expected a mapping, such as {key: value}, got a list",
		"name: x\n  y: 1":       "t.yaml:2: mapping values are not allowed in this context",
		"name: a\nnaem: b":      `t.yaml:2: unknown key "naem"; there are here: name, version, revision, launch, replies, features, timing, identity, config, enroll, known, flaky`,
		"launch:\n  comand: a":  `t.yaml:2: unknown key "comand"; there are here: command, dir, image, dockerfile, attach, env`,
		"known:\n- id: a/b\n  reason: c\n  since: d":                     `t.yaml:4: unknown key "since"; there are here: id, reason, until`,
		"name: a\nname: b":                                               `t.yaml:2: mapping key "name" already defined at line 1`,
		"name: [a]":                                                      "t.yaml:1: expected a single value, got a list",
		"launch:\n  command: ./gw --x":                                   `t.yaml:2: expected a list, such as [one, two], got text, "./gw --x"`,
		"launch: {attach: maybe}":                                        `t.yaml:1: expected true or false, got text, "maybe"`,
		"launch: ./gw":                                                   `t.yaml:1: expected a mapping, such as {key: value}, got text, "./gw"`,
		"launch:\n  command: []":                                         "t.yaml: launch.command: expected a program and its arguments, got nothing",
		"launch:\n  command: ['']":                                       "t.yaml:2: launch.command: expected a program and its arguments, got nothing",
		"launch:\n  image: a\n  command: [b]":                            "t.yaml:3: launch: expected one way to start the gateway, got command and image",
		"launch: {image: a, attach: true}":                               "t.yaml:1: launch: expected one way to start the gateway, got image and attach",
		"launch: {image: a, dir: b}":                                     "t.yaml:1: launch.dir: only a command has a directory",
		"launch: {env: {RELAY_DRIVER_URL: a}}":                           "t.yaml:1: launch.env: RELAY_DRIVER_URL is set by the suite, for every gateway that it starts",
		"launch: {env: {'A=B': a}}":                                      `t.yaml:1: launch.env: expected the name of an environment variable, got "A=B"`,
		"launch: {env: {A: [b]}}":                                        "t.yaml:1: expected a single value, got a list",
		"launch: {env: {A: \"x\\0y\"}}":                                  "t.yaml:1: launch.env: the value of A holds a null character",
		"revision: 2026-13":                                              `t.yaml:1: revision: expected one of [2026-06 2026-07 2026-08 2026-10], got "2026-13"`,
		"replies: loudly":                                                `t.yaml:1: replies: expected echo, some or none (or nothing, to be probed), got "loudly"`,
		"features: [Going_Idle]":                                         `t.yaml:1: features: expected a name such as going-idle, got "Going_Idle"`,
		"features:\n- a\n- a":                                            "t.yaml:3: features: a is listed twice",
		"timing:\n  env:\n    A: '{{.Outbound}}'":                        "t.yaml:3: the template cannot be rendered: can't evaluate field Outbound in type target.Bounds",
		"timing:\n  env:\n    A: '{{.Outbound'":                          "t.yaml:3: not a template: unclosed action",
		"timing: {env: {GATEWAY_RELAY_URL: a}}":                          "t.yaml:1: timing.env: GATEWAY_RELAY_URL is set by the suite, for every gateway that it starts",
		"identity: {env: }":                                              `t.yaml: identity.env: expected the name of an environment variable, got ""`,
		"config: {path: ../x, template: a}":                              `t.yaml:1: config.path: expected a path inside of the gateway's working directory, got "../x"`,
		"config: {path: x, template: '{{.Mention}}'}":                    `t.yaml:1: the template cannot be rendered: map has no entry for key "Mention"`,
		"config: {path: x, template: '{{'}":                              "t.yaml:1: not a template: unclosed action",
		"enroll:\n  args: []":                                            "t.yaml: enroll: expected either args, which make its program enrol and end, or at_start: true",
		"enroll: {args: [a], at_start: true}":                            "t.yaml:1: enroll: expected either args, which make its program enrol and end, or at_start: true",
		"enroll: {at_start: false}":                                      "t.yaml: enroll: expected either args, which make its program enrol and end, or at_start: true",
		"enroll: {args: [a, '{{.Secret}}']}":                             "t.yaml:1: the template cannot be rendered: can't evaluate field Secret in type kit.EnrollData",
		"enroll: {args: [a], env_file: ../x}":                            `t.yaml:1: enroll.env_file: expected a path inside of the gateway's working directory, beside args, got "../x"`,
		"enroll: {at_start: true, env_file: x}":                          `t.yaml:1: enroll.env_file: expected a path inside of the gateway's working directory, beside args, got "x"`,
		"enroll: {command: [a]}":                                         `t.yaml:1: unknown key "command"; there are here: args, env_file, at_start`,
		"enroll: {args: enroll}":                                         `t.yaml:1: expected a list, such as [one, two], got text, "enroll"`,
		"known: [{reason: a}]":                                           "t.yaml:1: known: expected the id of a case",
		"flaky: [{id: a/b}]":                                             "t.yaml:1: flaky: expected a reason why a/b is listed",
		"flaky: [{id: a/b, reason: c, until: soon}]":                     `t.yaml:1: flaky: until: expected a day such as 2027-01-31, got "soon"`,
		"known:\n- {id: a/b, reason: c}\nflaky:\n- {id: a/b, reason: c}": "t.yaml:4: flaky: a/b is listed already, in line 2",
		// Everything that is wrong is told at once.
		"revision: x\nreplies: y": "t.yaml:1: revision: expected one of [2026-06 2026-07 2026-08 2026-10], got \"x\"\n" +
			"t.yaml:2: replies: expected echo, some or none (or nothing, to be probed), got \"y\"",
		"a: 1\nb: 2": "t.yaml:1: unknown key \"a\"; there are here: name, version, revision, launch, replies, features, timing, identity, config, enroll, known, flaky\n" +
			"t.yaml:2: unknown key \"b\"; there are here: name, version, revision, launch, replies, features, timing, identity, config, enroll, known, flaky",
	} {
		target, err := Parse("t.yaml", []byte(text))
		if err == nil || err.Error() != want || target != nil {
			t.Errorf("%q:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	target := parse(t, whole)
	ids := []string{"passthrough/ack-buffered", "reconnect/redial"}
	last := time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC)
	if err := target.Check(last, ids); err != nil {
		t.Errorf("on its last day: %v", err)
	}
	err := target.Check(last.Add(time.Second), []string{"passthrough/ack-buffer", "reconnect/redial"})
	want := `target.yaml:16: "passthrough/ack-buffered" matches no case; the nearest: passthrough/ack-buffer
target.yaml:16: the entry of passthrough/ack-buffered held until 2027-01-31; see whether it still fails, then remove it or give it a new day`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "target.yaml")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("nme: x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.HasPrefix(err.Error(), path+":1: unknown key") {
		t.Errorf("got %v", err)
	}
}
