package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/relaykit/relaykit/fakeconnector/serve"
)

// servePatience bounds every wait for a server of a test.
const servePatience = time.Minute

// serving runs `fakeconnector serve` in this process until the test ends, and returns the
// addresses of its listeners.
func serving(t *testing.T, args ...string) (relay, control string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stderr, logs := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, args...), io.Discard, logs)
		_ = logs.Close()
	}()
	ready := make(chan [2]string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			var entry struct{ Msg, Relay, Control string }
			if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "serving" {
				ready <- [2]string{entry.Relay, entry.Control}
			}
		}
		_, _ = io.Copy(io.Discard, stderr)
	}()
	t.Cleanup(func() {
		cancel()
		if got := <-code; got != exitYes {
			t.Errorf("expected serve to exit with 0 after a shutdown, got %d", got)
		}
		<-read
	})
	select {
	case at := <-ready:
		return at[0], at[1]
	case <-time.After(servePatience):
		t.Fatal("expected serve to say that it serves")
		return "", ""
	}
}

// Push, look, break and mend a connector from the command line.
func TestSteer(t *testing.T) {
	relay, control := serving(t)
	t.Setenv(envPrefix+"CONTROL", strings.TrimPrefix(control, "http://"))
	const bound = `KIND        WHAT                              WHOSE
author      discord/U1                        inst-1
grant       discord/C1                        inst-1
dm-default  discord                           inst-1
principal   allow-list discord/U2 discord/U3  inst-1
hide        C9                                discord/U1
scope       G1                                acme
`
	steps := []struct {
		line string
		code int
		want string // in what is printed, on either stream
	}{
		{"gateways add --id gw-1 --instance inst-1 --tenant acme", exitYes, "GATEWAY_RELAY_URL=" + relay + "\nGATEWAY_RELAY_ID=gw-1\nGATEWAY_RELAY_SECRET="},
		{"gateways add --id gw-1", exitNo, "body.id"},
		{"gateways list", exitYes, "gw-1     acme    inst-1"},
		{"instances", exitYes, "inst-1    away"},
		{"push --chat C1 --text hi", exitYes, "inst-1: buffered as b-1; what follows stands in the journal after #0"},
		{"push --chat C1 --text hi --json", exitYes, `"session_key": "agent:main:discord:dm:C1"`},
		{"push --text hi", exitUsage, "--chat: expected the id of a chat"},
		{"push --chat C1 --instance nobody", exitNo, "path.instance"},
		{"buffers", exitYes, "inst-1    2"},
		{"buffers inst-1", exitYes, `b-1    waits  0      {"event":`},
		{"buffers inst-1 --discard", exitYes, "2 discarded"},
		{"journal", exitYes, "buffered as b-1"},
		{"journal --kind note --limit 1 --json", exitYes, `"kind":"note"`},
		{"journal --kind notes", exitNo, "query.kind"},
		{"journal --wait 1ms --type outbound", exitNo, "expected 1 matching journal entries"},
		{"publish --platform discord --chat C1 --user U1 --text hi", exitYes, "the author is bound to no instance"},
		{"interrupt --session-key k", exitNo, "it is not connected"},
		{"sessions", exitYes, "SESSION  GATEWAY"},
		{"close s1", exitNo, "path.session"},
		{"fault close --set code=4401 --set reason=unauthorized --type outbound --times 1", exitYes, "stub-1 is in force"},
		{"fault clothe", exitNo, "body.faults[0].name"},
		{"fault close --set code", exitUsage, "--set: expected field=value"},
		{"fault --list", exitYes, "close             code, reason"},
		{"stub list", exitYes, `{"type":"outbound"}  [{"code":4401,"name":"close","reason":"unauthorized"}]`},
		{"stub release stub-1", exitYes, "0 released"},
		{"stub remove stub-1", exitYes, ""},
		{"stub remove stub-1", exitNo, "path.stub"},
		{"stub clear", exitYes, "0 removed"},
		{"flip inst-1", exitYes, "inst-1 is flipped"},
		{"wake inst-1", exitYes, "not requested"},
		{"rotate gw-1 --drop-old", exitYes, "GATEWAY_RELAY_SECRET="},
		{"revoke gw-1", exitYes, ""},
		{"tenants list", exitYes, "acme    1         0"},
		{"tenants identity-token acme --value my-own-token", exitYes, "my-own-token"},
		{"tenants enrollment-token acme --ttl 1h", exitYes, "."},
		{"namespaces add one", exitYes, ""},
		{"instances -n one", exitYes, "INSTANCE"},
		{"instances -n two", exitNo, "query.namespace"},
		{"namespaces list", exitYes, "one"},
		{"namespaces remove one", exitYes, ""},
		{"snapshot", exitYes, `"namespace": {`},
		{"rotate gw-1", exitYes, "GATEWAY_RELAY_SECRET="},
		{"bindings author inst-1 discord U1", exitYes, ""},
		{"bindings author nobody discord U1", exitNo, "fakeconnector: 404 Not Found: path.instance: expected an instance that the record of a gateway names, got \"nobody\" (known: [\"inst-1\"]): there is none of that id\n"},
		{"bindings grant inst-1 discord C1", exitYes, ""},
		{"bindings dm-default inst-1 discord", exitYes, ""},
		{"bindings principal inst-1 allow-list --allow discord/U2,discord/U3", exitYes, ""},
		{"bindings principal inst-1 any --allow discord", exitUsage, "--allow: expected platform/user"},
		{"bindings principal inst-1 everybody", exitNo, "body.principal"},
		{"bindings hide discord U1 C9", exitYes, ""},
		{"bindings scope G1 acme", exitYes, ""},
		{"bindings list", exitYes, bound},
		{"bindings list --json", exitYes, `"scope": "G1"`},
		{"bindings link-code inst-1", exitYes, "\n"},
		{"publish --platform discord --chat C1 --chat-type channel --user U3 --text hi", exitYes, "inst-1: buffered as"},
		{"bindings author inst-1 discord U1 --off", exitYes, ""},
		{"bindings grant inst-1 discord C1 --off", exitYes, ""},
		{"bindings grant inst-1 discord C1 --off", exitNo, "path.scope"},
		{"bindings dm-default inst-1 discord --off", exitYes, ""},
		{"bindings principal inst-1 owner-only", exitYes, ""},
		{"bindings hide discord U1 C9 --off", exitYes, ""},
		{"bindings scope G1 acme --off", exitYes, ""},
		{"bindings list", exitYes, "KIND       WHAT        WHOSE\nprincipal  owner-only  inst-1\n"},
		{"policies set gw-1 discord --require-address --free-scope C8,C9", exitYes, ""},
		{"policies list", exitYes, "gw-1     discord   true             C8,C9        false"},
		{"policies remove gw-1 discord", exitYes, ""},
		{"policies remove gw-1 discord", exitNo, "path.platform"},
		{"vault put --tenant acme --session-key k --credential the-credential", exitYes, "discord.interaction_token of acme is kept until it is taken back"},
		{"vault put --tenant acme --session-key k --kind own --credential " + "the-credential --ttl 1h", exitYes, "own of acme is kept until 20"},
		{"vault put --tenant acme --session-key k", exitUsage, `required flag(s) "credential"`},
		{"vault list", exitYes, "acme    k            discord.interaction_token  it is taken back"},
		{"vault remove --tenant acme --session-key k", exitYes, ""},
		{"vault remove --tenant acme --session-key k", exitNo, "query.session_key"},
		{"gateways token gw-1 --ttl 5m", exitYes, "Z3ctMTox"},
		{"gateways token nobody", exitNo, "path.gateway"},
		{"instance token inst-1 --ttl 5m", exitYes, "eyJ"},
		{"instance deprovision inst-1", exitYes, ""},
		{"instance deprovision inst-1", exitNo, "path.instance"},
		{"gateways remove gw-1", exitYes, ""},
		{"reset", exitYes, "default was reset; it has 0 gateways"},
		{"instances --control 127.0.0.1:1", exitHarness, "connection refused"},
		{"gateways bogus", exitUsage, "there are: add, list, remove, token"},
	}
	for _, step := range steps {
		code, stdout, stderr := execute(words(step.line)...)
		if code != step.code || !strings.Contains(stdout+stderr, step.want) {
			t.Errorf("%s: exit %d, %q, %q; expected exit %d and %q", step.line, code, stdout, stderr, step.code, step.want)
		}
		if (code == exitYes) != (stderr == "") || strings.Count(stderr, "\n") > 1 {
			t.Errorf("%s: expected one line on standard error where it fails, got %q", step.line, stderr)
		}
	}
}

// Frames and bytes of one's own go out on the session of a gateway, found by its name.
func TestSend(t *testing.T) {
	relay, control := serving(t)
	t.Setenv(envPrefix+"CONTROL", control)
	do := func(line, want string) string {
		t.Helper()
		code, stdout, stderr := execute(words(line)...)
		if code != exitYes || !strings.Contains(stdout, want) {
			t.Fatalf("%s: exit %d, %q, %q; expected %q", line, code, stdout, stderr, want)
		}
		return strings.TrimSpace(stdout)
	}
	file := func(text string) string {
		t.Helper()
		name := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	do("gateways add --id gw-1 --bot-id b", "gw-1")
	ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(relay, "http")+"/relay",
		http.Header{"Authorization": {"Bearer " + do("gateways token gw-1", "")}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	defer ws.Close()
	read := func() (int, string) {
		t.Helper()
		_ = ws.SetReadDeadline(time.Now().Add(servePatience)) // never fails
		kind, text, err := ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return kind, string(text)
	}
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","platform":"discord","botId":"b"}`+"\n")); err != nil {
		t.Fatal(err)
	}
	read() // the descriptor
	do("send frame gw-1 "+file(` {"type":"x_later","member":1} `+"\n"), "sent on session s1, after #")
	if kind, text := read(); kind != websocket.TextMessage || text != `{"type":"x_later","member":1}`+"\n" {
		t.Errorf("expected the frame as a line, got %d %q", kind, text)
	}
	do("send message s1 "+file(`{"type":"inbo`), "sent on session s1, after #")
	if kind, text := read(); kind != websocket.TextMessage || text != `{"type":"inbo` {
		t.Errorf("expected the bytes as they stand, got %d %q", kind, text)
	}
	do("send message gw-1 --binary "+file("\x00\xff"), "sent on session s1, after #")
	if kind, text := read(); kind != websocket.BinaryMessage || text != "\x00\xff" {
		t.Errorf("expected a binary message, got %d %q", kind, text)
	}
	for line, want := range map[string]struct {
		code int
		text string
	}{
		"send frame gw-1 " + file(`{"type":`):     {exitUsage, "expected one JSON object"},
		"send frame gw-1 " + file(`{"a":1}`):      {exitNo, "body"},
		"send frame gw-2 " + file(`{"type":"x"}`): {exitNo, "path.session"},
		"send message gw-1 no-such-file":          {exitUsage, "no such file"},
	} {
		if code, _, stderr := execute(words(line)...); code != want.code || !strings.Contains(stderr, want.text) {
			t.Errorf("%s: exit %d, %q; expected exit %d and %q", line, code, stderr, want.code, want.text)
		}
	}
}

// What a command cannot be carried out for is one line, which says what to do.
func TestSteerSaysWhatToDo(t *testing.T) {
	_, control := serving(t, "--token", "the-control-token-1")
	for line, want := range map[string]struct {
		code int
		text string
	}{
		"instances":               {exitUsage, "give it with --token or FAKECONNECTOR_TOKEN"},
		"instances --token wrong": {exitUsage, "give it with --token or FAKECONNECTOR_TOKEN"},
		"push --chat C1 --token the-control-token-1":    {exitUsage, "there is none yet; fakeconnector gateways add makes a gateway with one"},
		"instances --control 127.0.0.1:1":               {exitHarness, "start one with fakeconnector serve, or say where it is with --control"},
		"revoke nobody --token the-control-token-1":     {exitNo, "expected the id of a stored gateway"},
		"instances --token the-control-token-1":         {exitYes, ""},
		"journal --token the-control-token-1 --kind no": {exitNo, "expected some of"},
	} {
		args := words(line)
		if !strings.Contains(line, "--control") {
			args = append(args, "--control", control)
		}
		code, _, stderr := execute(args...)
		if code != want.code || !strings.Contains(stderr, want.text) || strings.Count(stderr, "\n") > 1 {
			t.Errorf("%s: exit %d, %q; expected exit %d and one line with %q", line, code, stderr, want.code, want.text)
		}
	}
}

func words(line string) []string { return strings.Fields(line) }

func TestServeRefuses(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("listn: 127.0.0.1:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, control := serving(t)
	for line, want := range map[string]struct {
		code int
		text string
	}{
		"--config " + bad:                 {exitUsage, "field listn not found"},
		"--config " + bad + ".not":        {exitUsage, "no such file"},
		"--egress sideways":               {exitUsage, "egress: expected foreign, strict or off"},
		"--log-level loud":                {exitUsage, "log_level: expected"},
		"--token short":                   {exitUsage, "token: expected at least"},
		"--tls-cert only.pem":             {exitUsage, "tls_cert and tls_key"},
		"--tls-cert a.pem --tls-key b.pe": {exitUsage, "no such file"},
		"--listen 8790":                   {exitUsage, "listen: expected host:port"},
		"--shutdown-timeout 0s":           {exitUsage, "shutdown_timeout: expected more than 0"},
		"--listen 127.0.0.1:0 --control " + strings.TrimPrefix(control, "http://"): {exitHarness, "address already in use; --control names another address"},
		"--control 127.0.0.1:0 --listen " + strings.TrimPrefix(control, "http://"): {exitHarness, "address already in use; --listen names another address"},
	} {
		code, stdout, stderr := execute(append([]string{"serve"}, words(line)...)...)
		if code != want.code || stdout != "" || !strings.Contains(stderr, want.text) {
			t.Errorf("%s: exit %d, %q, %q; expected exit %d and %q", line, code, stdout, stderr, want.code, want.text)
		}
	}
}

// A value comes from its flag, else from the environment, else from the file.
func TestConfigOrder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := "listen: file:1\ncontrol: file:2\nlog_level: warn\nallow_hosts: [a, b]\nwake: {cooldown: 3s}\npprof: true\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"FAKECONNECTOR_CONFIG": file, "FAKECONNECTOR_CONTROL": "env:2", "FAKECONNECTOR_LISTEN": "env:1", "FAKECONNECTOR_ALLOW_HOSTS": "c, d,", "FAKECONNECTOR_WAKE_TIMEOUT": "7s"}
	getenv := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	given := pflag.NewFlagSet("", pflag.ContinueOnError)
	typed := serve.Default()
	configFlags(given, &typed)
	if err := given.Parse([]string{"--listen", "flag:1", "--pprof=false"}); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig(given, "", getenv)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "flag:1" || c.Control != "env:2" || c.LogLevel != "warn" || strings.Join(c.AllowHosts, "+") != "c+d" ||
		c.Wake.Cooldown != 3*time.Second || c.Wake.Timeout != 7*time.Second || c.Pprof || c.Drain.Window != 16 {
		t.Errorf("expected the flag, else the environment, else the file, else the default, got %+v", c)
	}
	env["FAKECONNECTOR_PPROF"], env["FAKECONNECTOR_SEED"] = "", "x"
	if _, err := loadConfig(given, "", getenv); err == nil || !strings.Contains(err.Error(), "FAKECONNECTOR_SEED") {
		t.Errorf("expected an error that names the variable, got %v", err)
	}
}

// Every value can come from the file, from the environment and from a flag, and means the
// same. What a value does is for the tests of the package serve.
func TestEveryValueThreeWays(t *testing.T) {
	lines := map[string]string{ // of the file, by flag
		"listen": "listen: 127.0.0.1:1", "control": "control: 127.0.0.1:2", "public-url": "public_url: https://connector.example",
		"token": "token: the-control-token-1", "allow-hosts": "allow_hosts: [a.example, b.example]", "tls-cert": "tls_cert: c.pem", "tls-key": "tls_key: k.pem",
		"log-level": "log_level: warn", "store": "store: buffers.db", "pprof": "pprof: true", "shutdown-timeout": "shutdown_timeout: 3s",
		"seed": "seed: 7", "egress": "egress: strict", "anonymous": "anonymous: true", "unknown-members": "unknown_members: true",
		"journal-entries": "journal: {entries: 11}", "journal-bytes": "journal: {bytes: 12000}",
		"drain-window": "drain: {window: 3}", "drain-max-tries": "drain: {max_tries: -1}", "wake-cooldown": "wake: {cooldown: 4s}", "wake-timeout": "wake: {timeout: 6s}",
	}
	shown := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := execute(append([]string{"serve", "--print-config"}, args...)...)
		if code != exitYes {
			t.Errorf("%q: exit %d, %s", args, code, stderr)
		}
		return stdout
	}
	value := func(line string) string {
		v := line[strings.LastIndex(line, ": ")+2:]
		return strings.ReplaceAll(strings.Trim(v, "[}]"), " ", "")
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	configFlags(flags, &serve.Config{})
	flags.VisitAll(func(f *pflag.Flag) {
		line, ok := lines[f.Name]
		if !ok {
			t.Errorf("--%s: expected this test to have it", f.Name)
			return
		}
		args, text, others := []string{"--" + f.Name + "=" + value(line)}, line, map[string]string{"tls-cert": "tls-key", "tls-key": "tls-cert"}
		if other := others[f.Name]; other != "" { // one is not without the other
			args, text = append(args, "--"+other+"=other.pem"), text+"\n"+strings.ReplaceAll(other, "-", "_")+": other.pem"
		}
		file := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		byFile, byFlag := shown("--config", file), shown(args...)
		t.Run(f.Name, func(t *testing.T) {
			for _, arg := range args {
				name, v, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
				t.Setenv(envPrefix+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), v)
			}
			if byEnv := shown(); byEnv != byFile || byFlag != byFile {
				t.Errorf("expected the file, the flag and the environment to mean the same, got\n%s\n%s\n%s", byFile, byFlag, byEnv)
			}
		})
		if byFile == shown() {
			t.Errorf("%s: expected it to show", line)
		}
	})
}

func TestPrintConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := "token: the-control-token-1\ntenants: [{id: acme, identity_tokens: [identity-1]}]\ngateways: [{id: gw-1, secret: gateway-secret}]\nstubs: [{faults: [{name: duplicate}]}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := execute("serve", "--config", file, "--print-config", "--seed", "9")
	if code != exitYes || !strings.Contains(stdout, "seed: 9\n") || !strings.Contains(stdout, "duplicate") || !strings.Contains(stdout, "id: gw-1") {
		t.Errorf("expected the configuration in force, got %d, %q, %q", code, stdout, stderr)
	}
	for _, secret := range []string{"the-control-token-1", "identity-1", "gateway-secret"} {
		if strings.Contains(stdout, secret) {
			t.Errorf("expected no secret, got %q in %s", secret, stdout)
		}
	}
	var again serve.Config
	if err := again.Read([]byte(stdout)); err != nil || again.Seed != 9 {
		t.Errorf("expected what was printed to be read again, got %+v, %v", again, err)
	}
}

// optional is what may be left out of a command line.
var optional = regexp.MustCompile(` \[[^]]*\]`)

// Every command says what it is for, and every flag what it means.
func TestHelpStandsAlone(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			if !sub.IsAvailableCommand() || sub.Name() == "completion" || sub.Name() == "help" {
				continue
			}
			code, stdout, _ := execute(append(strings.Fields(sub.CommandPath())[1:], "--help")...)
			// What must be given to a command that steers, an example shows.
			if use := optional.ReplaceAllString(sub.Use, ""); sub.Flag("namespace") != nil && strings.Contains(use, " ") && !strings.Contains(sub.Example, sub.CommandPath()+" ") {
				t.Errorf("%s: expected an example of it, got %q", sub.CommandPath(), sub.Example)
			}
			if code != exitYes || sub.Short == "" || !strings.Contains(stdout, "Usage:") {
				t.Errorf("%s --help: exit %d, %q", sub.CommandPath(), code, stdout)
			}
			sub.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if f.Usage == "" {
					t.Errorf("%s: expected --%s to say what it means", sub.CommandPath(), f.Name)
				}
			})
			walk(sub)
		}
	}
	walk(rootCommand())
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, stdout, _ := execute("completion", shell); code != exitYes || !strings.Contains(stdout, "fakeconnector") {
			t.Errorf("completion %s: exit %d", shell, code)
		}
	}
}
