package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/target"
)

// key begins a commented part of the file.
var key = regexp.MustCompile(`^(version|features|timing|identity|config|enroll|known|flaky):`)

// What --init writes says what was found, and reads back as that; all its comments, taken
// in, are a target file as well.
func TestInitWritesATargetFile(t *testing.T) {
	found := conformance.Probe{Replies: kit.RepliesSome, HasDriver: true, DriverName: "mine: yes", DriverVersion: "1.40", Methods: []string{"gateway/send", "gateway/status", "a", "b", "c"}}
	var o conformance.Options
	o.Facts.Name, o.Facts.Revision = "gateway", "2026-08"
	for _, test := range []struct {
		flags verifyFlags
		want  target.Launch
	}{
		{verifyFlags{command: `./gw --name 'a, b' 7`}, target.Launch{Command: []string{"./gw", "--name", "a, b", "7"}}},
		{verifyFlags{image: "registry.example:5000/gw:1.4"}, target.Launch{Image: "registry.example:5000/gw:1.4"}},
		{verifyFlags{dockerfile: "sub dir/Dockerfile"}, target.Launch{Dockerfile: "sub dir/Dockerfile"}},
		{verifyFlags{attach: true}, target.Launch{Attach: true}},
	} {
		v := verification{verifyFlags: test.flags}
		text, err := v.render(o, found)
		if err != nil {
			t.Fatal(err)
		}
		got, err := target.Parse("t.yaml", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		test.want.Env = map[string]string{}
		if diff := cmp.Diff(test.want, got.Launch); diff != "" {
			t.Error(diff)
		}
		if got.Name != "mine: yes" || got.Version != "1.40" || got.Revision != "2026-08" || got.Replies != kit.RepliesSome || !strings.Contains(string(text), "#   gateway/send, gateway/status, a, b,\n#   c\n") {
			t.Errorf("got %+v\n%s", got, text)
		}
		var bare []string
		for line := range strings.Lines(string(text)) {
			// Commented keys begin in the first column after "# ", or indented below one.
			if rest, ok := strings.CutPrefix(line, "# "); ok && (strings.HasPrefix(rest, " ") && !strings.Contains(rest, "fakeconnector") && !strings.Contains(rest, "gateway/") && rest != "  c\n" || key.MatchString(rest)) {
				line = rest
			} else if rest, ok := strings.CutPrefix(line, "  # env:"); ok {
				line = "  env:" + rest
			}
			bare = append(bare, line)
		}
		all, err := target.Parse("t.yaml", []byte(strings.Join(bare, "")))
		if err != nil {
			t.Fatalf("with its comments taken in: %v\n%s", err, strings.Join(bare, ""))
		}
		if all.TimingEnv() == nil || all.Config() == nil || all.Enroll() == nil || all.IdentityEnv == "" || all.Known == nil || all.Flaky == nil || all.Features == nil || all.Launch.Env["LOG_LEVEL"] == "" {
			t.Errorf("with its comments taken in: %+v", all)
		}
	}
}

func TestInitAndSmokeOfAProgramThatEndsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.yaml")
	code, stdout, stderr := execute("verify", "--init", path, "--command", "true")
	if code != exitNo || stderr != "" || !strings.HasSuffix(stdout, path+" was not written.\n") {
		t.Errorf("exit %d, %q, %q", code, stdout, stderr)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it is written all the same")
	}
	code, stdout, stderr = execute("verify", "--smoke", "--command", "true")
	if code != exitNo || stderr != "" {
		t.Errorf("exit %d, %q", code, stderr)
	}
	for _, want := range []string{"ok       started   with GATEWAY_RELAY_URL=http://127.0.0.1:", "MISSING  expected a WebSocket upgrade on /relay", "exited with 0\n", "to do    read the base URL", "rule connect/dial-path (MUST): "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
	if code, _, stderr = execute("verify", "--smoke", "--command", "./no-such-gateway"); code != exitHarness || !strings.Contains(stderr, "no such file") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

// The configuration file of the target is in the gateway's working directory, and what the
// gateway says before it ends is told.
func TestSmokeShowsTheLogAndTheConfigurationArrives(t *testing.T) {
	path := targetFile(t, "launch: {command: [cat, etc/gateway.yaml]}\nconfig: {path: etc/gateway.yaml, template: 'mention: {{.RequireMention}}'}\n")
	code, stdout, stderr := execute("verify", "--smoke", "--target", path)
	if code != exitNo || stderr != "" || !strings.Contains(stdout, "the end of the gateway's log:\n      \"stdout: mention: false\"\n") {
		t.Errorf("exit %d, %q\n%s", code, stderr, stdout)
	}
}
