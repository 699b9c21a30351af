package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
)

func targetFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "target.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestVerifyUsage(t *testing.T) {
	wrong := targetFile(t, "naem: x\n")
	stale := targetFile(t, "known: [{id: framing/newlin, reason: x}]\n")
	noDir := filepath.Join(wrong, "sub")
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "expected --command, --image, --dockerfile, --attach, or a --target file"},
		{[]string{"--target", targetFile(t, "name: x\n")}, "expected --command, --image, --dockerfile, --attach, or a --target file"},
		{[]string{"--image", ""}, "--image is empty"},
		{[]string{"--dockerfile", ""}, "--dockerfile is empty"},
		{[]string{"--image", "x", "--dockerfile", "y"}, "--image and --dockerfile: expected one of them"},
		{[]string{"--command", "x", "--repeat", "0"}, "--repeat: expected 1 or more"},
		{[]string{"--command", "x", "--smoke", "--repeat", "2"}, "--smoke and --repeat: expected one of them"},
		{[]string{"--command", "x", "--init", wrong}, wrong + " is there already"},
		{[]string{"--command", "x", "--init", "a", "b"}, "accepts at most 1 arg"},
		{[]string{"--init", "a", "--target", targetFile(t, "launch: {attach: true}\n")}, "--init and --target"},
		{[]string{"--command", ""}, "--command is empty"},
		{[]string{"--command", "a | b"}, "there is no shell"},
		{[]string{"--command", "x", "--attach"}, "--command and --attach"},
		{[]string{"--command", "x", "--target", ""}, "--target is empty"},
		{[]string{"--command", "x", "--target", wrong}, wrong + `:1: unknown key "naem"`},
		{[]string{"--command", "x", "--target", stale}, stale + `:1: "framing/newlin" matches no case; the nearest: framing/newline`},
		{[]string{"--command", "x", "--target", wrong + "x"}, "no such file"},
		{[]string{"--command", "x", "--focus", "framing/newlin"}, "the nearest: framing/newline"},
		{[]string{"--list", "--focus", "["}, "is no pattern"},
		{[]string{"--command", "x", "--timing", "fast"}, "--timing: expected default or contract"},
		{[]string{"--command", "x", "--revision", ""}, "--revision: expected one of"},
		{[]string{"--command", "x", "--replies", "yes"}, "--replies: expected echo, some or none"},
		{[]string{"--command", "x", "--parallel", "0"}, "--parallel: expected 1 or more"},
		{[]string{"--command", "x", "--seed", "s"}, `invalid argument "s" for "--seed"`},
		{[]string{"--command", "x", "--report", noDir}, "--report: "},
		{[]string{"x"}, `unknown command "x"`},
	} {
		code, stdout, stderr := execute(append([]string{"verify"}, test.args...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit %d, %q, %q; want %q", test.args, code, stdout, stderr, test.want)
		}
	}
}

func TestVerifyOfWhatCannotBeStarted(t *testing.T) {
	code, stdout, stderr := execute("verify", "--command", "./no-such-gateway", "--focus", "framing/newline")
	if code != exitHarness || stdout != "" || !strings.Contains(stderr, "no such file") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit %d, %q, %q", code, stdout, stderr)
	}
}

func TestVerifyList(t *testing.T) {
	code, stdout, stderr := execute("verify", "--list")
	if lines := strings.Count(stdout, "\n"); code != exitYes || lines != len(cases.All()) || stderr != "" {
		t.Errorf("exit %d, %d lines, %q", code, lines, stderr)
	}
	for _, c := range cases.All() {
		if !strings.Contains(stdout, c.ID+" ") || !strings.Contains(stdout, c.Title+"\n") {
			t.Errorf("%s is not listed", c.ID)
		}
	}
	_, stdout, _ = execute("verify", "--list", "--focus", "framing/newline", "--focus", "auth/*")
	for line := range strings.Lines(stdout) {
		if !strings.HasPrefix(line, "framing/newline") && !strings.HasPrefix(line, "auth/") {
			t.Errorf("listed besides: %q", line)
		}
	}
}

// A program that is no gateway at all, through everything that verify does.
func TestVerifyOfAProgramThatEndsAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "report")
	code, stdout, stderr := execute("verify", "--command", "true", "--report", dir, "--focus", "connect/dial-path", "--focus", "framing/newline")
	if code != exitNo || stderr != "" {
		t.Errorf("exit %d, %q", code, stderr)
	}
	for _, want := range []string{"exited with 0", "NOT CONFORMANT", "fakeconnector verify --command true --seed 1 --focus connect/dial-path:", "blocked  MUST   framing/newline"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Header struct{ Exit int }
		Cases  []struct{ ID, Verdict string }
	}
	if err := json.Unmarshal(data, &report); err != nil || report.Header.Exit != 1 || len(report.Cases) == 0 {
		t.Errorf("%v, %+v", err, report)
	}
	if info, err := os.Stat(filepath.Join(dir, "junit.xml")); err != nil || info.Size() == 0 {
		t.Errorf("junit.xml: %v", err)
	}
}

// optionsOf parses flags as verify does.
func optionsOf(t *testing.T, args ...string) (conformance.Options, *bytes.Buffer) {
	t.Helper()
	var f verifyFlags
	var errs bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetErr(&errs)
	f.register(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	chosen, err := f.cases()
	if err != nil {
		t.Fatal(err)
	}
	o, err := f.options(cmd, chosen)
	if err != nil {
		t.Fatal(err)
	}
	return o, &errs
}

func TestFlagsOverrideTheTargetFile(t *testing.T) {
	path := targetFile(t, "name: mine\nrevision: 2026-08\nreplies: some\nlaunch: {attach: true, env: {A: b}}\n"+
		"timing: {env: {OUT: '{{.OutboundTimeout}}'}}\nknown: [{id: framing/newline, reason: x}]\n")
	o, _ := optionsOf(t, "--target", path)
	if o.Facts.Revision != "2026-08" || o.Facts.Replies != kit.RepliesSome || o.Launcher.Can().Restart || o.Env["A"] != "b" ||
		o.Timing.Outbound != 3*time.Second || o.Timing.Ready != attachPatience || o.TimingEnv == nil || o.Known["framing/newline"].Reason != "x" {
		t.Errorf("the file alone: %+v", o)
	}
	o, _ = optionsOf(t, "--target", path, "--command", "/bin/gateway x", "--revision", "2026-06", "--replies", "none", "--timing", "contract",
		"--seed", "9", "--parallel", "2", "--strict", "--skip-slow", "--focus", "framing/newline")
	if o.Facts.Revision != "2026-06" || o.Facts.Replies != kit.RepliesNone || !o.Launcher.Can().Restart || o.Timing != kit.ContractTiming() ||
		o.Seed != 9 || o.Parallel != 2 || !o.Strict || !o.SkipSlow || o.Cases[0].ID != "framing/newline" || o.Facts.Name != "mine" {
		t.Errorf("the flags over it: %+v", o)
	}
	if o, _ = optionsOf(t, "--command", "/bin/gateway x"); o.Facts.Name != "gateway" || o.Timing != kit.ContractTiming() || o.TimingEnv != nil {
		t.Errorf("without a file: %+v", o)
	}
}

func TestAttachTellsTheAddress(t *testing.T) {
	o, errs := optionsOf(t, "--attach")
	s, err := o.Launcher.Launch(t.Context(), kit.Spec{Env: map[string]string{"GATEWAY_RELAY_URL": "http://127.0.0.1:1", "GATEWAY_RELAY_SECRET": "a b'c"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Kill()
	want := "Waiting for a gateway that is configured with:\n  GATEWAY_RELAY_SECRET='a b'\\''c'\n  GATEWAY_RELAY_URL=http://127.0.0.1:1\n"
	if errs.String() != want {
		t.Errorf("got %q, want %q", errs, want)
	}
}

func TestRerun(t *testing.T) {
	o, _ := optionsOf(t, "--command", "./gw --name 'a b'", "--timing", "contract", "--seed", "7", "--focus", "framing")
	want := `fakeconnector verify --command './gw --name '\''a b'\''' --timing contract --seed 7 --focus framing/newline`
	if got := o.Rerun("framing/newline"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	var log bytes.Buffer
	p := newProgress(&log, 2)
	p.done(kit.Result{Case: kit.Case{ID: "a/b"}, Verdict: kit.Pass})
	p.clear()
	if log.Len() > 0 {
		t.Errorf("a log holds %q", log.String())
	}
	p.to = &log
	p.done(kit.Result{Case: kit.Case{ID: "a/b"}, Verdict: kit.Pass})
	p.done(kit.Result{Case: kit.Case{ID: "a/c"}, Verdict: kit.Fail})
	p.clear()
	want := clearLine + "1 of 2 cases, 0 red, last: pass a/b" + clearLine + "2 of 2 cases, 1 red, last: fail a/c" + clearLine
	if log.String() != want {
		t.Errorf("got %q", log.String())
	}
}
