package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is fakeconnector as a process of its own, for what only a process has: signals
// and an exit code.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string // of its standard error
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(self, args...), lines: make(chan string, 1000)}
	p.cmd.Env = append(os.Environ(), asProcess+"=1")
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for in := bufio.NewScanner(stderr); in.Scan(); {
			p.lines <- in.Text()
		}
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		for range p.lines {
		}
		_ = p.cmd.Wait()
	})
	return p
}

// line is the next one, which must hold a text.
func (p *process) line(want string) string {
	p.t.Helper()
	select {
	case line, open := <-p.lines:
		if !open || !strings.Contains(line, want) {
			p.t.Fatalf("expected a line with %s, got %q", want, line)
		}
		return line
	case <-time.After(servePatience):
		p.t.Fatalf("expected a line with %s, got none", want)
		return ""
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// SIGHUP takes over what the file says now; a broken file changes nothing, and is one line
// of the log; SIGTERM ends the process with 0.
func TestSignals(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const gateway = "gateways: [{id: gw-1, secret: the-gateway-secret, tenant: acme, instance: inst-1}]\n"
	write(gateway)
	p := startProcess(t, "serve", "--config", file, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0")
	var serving struct{ Control string }
	if err := json.Unmarshal([]byte(p.line(`"msg":"serving"`)), &serving); err != nil {
		t.Fatal(err)
	}
	look := func() string {
		t.Helper()
		code, stdout, stderr := execute("snapshot", "--control", serving.Control)
		if code != exitYes {
			t.Fatalf("snapshot: exit %d, %s", code, stderr)
		}
		var all map[string]json.RawMessage
		if err := json.Unmarshal([]byte(stdout), &all); err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		for _, part := range []string{"tenants", "gateways", "bindings", "policies", "stubs"} {
			if err := json.Compact(&text, all[part]); err != nil {
				t.Fatal(err)
			}
		}
		return text.String()
	}
	before := look()

	for text, want := range map[string]string{
		"gateways: [": "yaml:",
		gateway + "bindings: {grants: [{instance: inst-2, platform: discord, scope: C1}]}": "bindings.grants[0]",
		gateway + "stubs: [{faults: [{name: explode}]}]":                                   "stubs[0].faults[0].name",
	} {
		write(text)
		p.signal(syscall.SIGHUP)
		if line := p.line(want); !strings.Contains(line, "not reloaded, everything stays as it was") || strings.Contains(line, "the-gateway-secret") {
			t.Errorf("expected a line that says what is wrong, without secrets, got %s", line)
		}
	}
	if after := look(); after != before {
		t.Errorf("expected nothing to change, got\n%s\nwhere there was\n%s", after, before)
	}

	write(gateway + `
tenants: [{id: acme, scopes: [G1]}]
bindings:
  authors: [{instance: inst-1, platform: discord, user_id: U1}]
  grants: [{instance: inst-1, platform: discord, scope: C1}]
policies: [{gateway: gw-1, platform: discord, require_address: true, allow_other_bots: false}]
stubs: [{id: one, faults: [{name: duplicate}]}]
`)
	p.signal(syscall.SIGHUP)
	p.line(`"msg":"reloaded","tenants":1,"gateways":1,"bindings":2,"policies":1,"stubs":1`)
	after := look()
	for _, want := range []string{`"user_id":"U1"`, `"scope":"C1"`, `"require_address":true`, `"id":"one"`} {
		if !strings.Contains(after, want) {
			t.Errorf("expected %s to be in force, got %s", want, after)
		}
	}
	p.signal(syscall.SIGTERM)
	p.line(`"msg":"shutting down"`)
	p.line(`"msg":"stopped"`)
	for range p.lines { // to its end, before Wait closes the pipe
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("expected to exit with 0, got %v", err)
	}
}
