package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/reference"
)

// asGateway makes the test binary the gateway itself.
const asGateway = "RELAYKIT_TEST_AS_GATEWAY"

func TestMain(m *testing.M) {
	if os.Getenv(asGateway) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// patience bounds every wait for the process under test.
const patience = time.Minute

type object = map[string]any

// process starts the gateway as a process of its own.
func process(t *testing.T, env ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	return processWith(t, nil, env...)
}

func processWith(t *testing.T, args []string, env ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append([]string{asGateway + "=1"}, env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, &stderr
}

func exit(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	timer := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer timer.Stop()
	cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

func TestEchoDrainAndExit(t *testing.T) {
	conns := make(chan *websocket.Conn, 4)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil); err == nil {
			conns <- c
		}
	}))
	defer server.Close()
	const secret = "hunter2-hunter2"
	cmd, stderr := process(t, "GATEWAY_RELAY_URL="+server.URL, "GATEWAY_RELAY_SECRET="+secret, "GATEWAY_RELAY_PLATFORM=discord", "GATEWAY_RELAY_BOT_ID=b")
	var c *websocket.Conn
	select {
	case c = <-conns:
	case <-time.After(patience):
		t.Fatal("expected a dial, got none")
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(patience))
	expect := func(typ string) object {
		t.Helper()
		_, data, err := c.ReadMessage()
		var f object
		if err != nil || json.Unmarshal(data, &f) != nil || f["type"] != typ {
			t.Fatalf("expected %s, got %s, %v", typ, data, err)
		}
		return f
	}
	say := func(v object) { c.WriteJSON(v) }
	expect("hello")
	say(object{"type": "descriptor", "descriptor": object{
		"contract_version": 1, "platform": "discord", "label": "D", "max_message_length": 2000, "supports_draft_streaming": false,
		"supports_edit": true, "supports_threads": true, "markdown_dialect": "discord", "len_unit": "chars"}})
	say(object{"type": "inbound", "event": object{"text": " <hi> ", "message_id": "M1", "source": object{"platform": "discord", "chat_id": "C1", "chat_type": "dm"}}})
	f := expect("outbound")
	a := f["action"].(object)
	if a["content"] != " <hi> " || a["chat_id"] != "C1" || a["reply_to"] != "M1" {
		t.Errorf("expected the text as it came, got %v", a)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	expect("going_idle")
	say(object{"type": "going_idle_ack"})
	say(object{"type": "outbound_result", "requestId": f["requestId"], "result": object{"success": true}})
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, 1000) {
		t.Errorf("expected close code 1000, got %v", err)
	}
	if code := exit(t, cmd); code != 0 {
		t.Errorf("expected exit code 0, got %d: %s", code, stderr)
	}
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		var entry object
		if json.Unmarshal(lines.Bytes(), &entry) != nil || entry["msg"] == nil {
			t.Errorf("expected structured logs, got %q", lines.Text())
		}
		if strings.Contains(lines.Text(), secret) || strings.Contains(lines.Text(), "Bearer") {
			t.Errorf("expected logs without secrets, got %q", lines.Text())
		}
	}
}

func TestUsage(t *testing.T) {
	for name, env := range map[string][]string{
		"no relay URL": nil,
		"bad URL":      {"GATEWAY_RELAY_URL=ftp://x"},
		"bad bound":    {"GATEWAY_RELAY_URL=https://x", "GATEWAY_IDLE_TIMEOUT=soon"},
	} {
		cmd, stderr := process(t, env...)
		if code := exit(t, cmd); code != exitUsage || !strings.Contains(stderr.String(), "expected") {
			t.Errorf("%s: expected exit code %d and an explanation, got %d: %s", name, exitUsage, code, stderr)
		}
	}
}

func TestRefusedCommandLines(t *testing.T) {
	for _, args := range [][]string{{"dance"}, {"--behaviour", "dance"}, {"--behaviour", "script"}, {"--config", "/nonexistent.yaml"}, {"--zorp"}} {
		var stderr bytes.Buffer
		env := func(name string) string { return map[string]string{"GATEWAY_RELAY_URL": "http://127.0.0.1:1"}[name] }
		if code := execute(t.Context(), args, env, io.Discard, &stderr); code != exitUsage {
			t.Errorf("%v: expected exit code %d, got %d: %s", args, exitUsage, code, &stderr)
		}
	}
}

func TestConfigurationFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	os.WriteFile(path, []byte("gateway:\n  relay_url: https://file.example/\n  relay_route_keys: [1234567890123456789, b]\ndiscord:\n  require_mention: true\n"), 0o600)
	env := func(name string) string {
		return map[string]string{"GATEWAY_CONFIG": path, "GATEWAY_RELAY_PLATFORM": "discord"}[name]
	}
	c, err := load("", env)
	if err != nil {
		t.Fatal(err)
	}
	if c.URL != "https://file.example" || c.RouteKeys[0] != "1234567890123456789" || c.Policy == nil || !c.Policy.RequireAddress {
		t.Errorf("expected what the file says, got %+v, %+v", c, c.Policy)
	}
	os.WriteFile(path, []byte("gateway: {relay_url: https://c, relay_secret: 00112233, relay_id: 1e9, relay_route_keys: [0017, 123456789012345678901234]}\n"+
		"discord: {require_mention: 1}\n"), 0o600)
	c, err = load("", env)
	if want := []string{"00112233", "1e9", "0017", "123456789012345678901234"}; err != nil || !slices.Equal(append([]string{c.Secret, c.GatewayID}, c.RouteKeys...), want) || c.Policy == nil {
		t.Errorf("expected numbers as they were written, %v, got %+v, %v", want, c, err)
	}
	os.WriteFile(path, nil, 0o600)
	if _, err := load("", env); !errors.Is(err, reference.ErrNoURL) {
		t.Errorf("an empty file: expected ErrNoURL, got %v", err)
	}
	os.WriteFile(path, []byte("- a list\n"), 0o600)
	if _, err := load("", env); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("expected an error that names the file, got %v", err)
	}
}

func TestScript(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.yaml")
	os.WriteFile(path, []byte("- when: ping\n  reply: [pong]\n- when: trouble\n  fail: true\n"), 0o600)
	h, err := behaviour(runOptions{behaviour: "script", script: path})
	if err != nil {
		t.Fatal(err)
	}
	turn := &reference.Turn{}
	turn.Event.Text = "trouble"
	if err := h.HandleTurn(t.Context(), turn); err == nil {
		t.Error("expected the scripted failure, got none")
	}
	turn.Event.Text = "whatever"
	if err := h.HandleTurn(t.Context(), turn); err != nil {
		t.Errorf("expected silence, got %v", err)
	}
	os.WriteFile(path, []byte("- wen: ping\n"), 0o600)
	if _, err := behaviour(runOptions{behaviour: "script", script: path}); err == nil {
		t.Error("a rule with a typo: expected an error, got none")
	}
}

func TestEnrollCommand(t *testing.T) {
	used := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		used++
		io.WriteString(w, `{"secret":"s-enrolled-0123","deliveryKey":"dk","tenant":"t1","gatewayId":"gw-e"}`)
	}))
	defer server.Close()
	out := filepath.Join(t.TempDir(), "relay.env")
	vars := map[string]string{"GATEWAY_RELAY_URL": server.URL, "GATEWAY_RELAY_ENROLL_TOKEN": "tok", "GATEWAY_IDENTITY_TOKEN": "me"}
	env := func(name string) string { return vars[name] }
	var stdout, stderr bytes.Buffer
	if code := execute(t.Context(), []string{"enroll", "--out", out}, env, &stdout, &stderr); code != exitOK {
		t.Fatalf("expected exit code 0, got %d: %s", code, &stderr)
	}
	data, _ := os.ReadFile(out)
	if want := "GATEWAY_RELAY_ID=gw-e\nGATEWAY_RELAY_SECRET=s-enrolled-0123\nGATEWAY_RELAY_DELIVERY_KEY=dk\n"; string(data) != want {
		t.Errorf("expected %q, got %q", want, data)
	}
	if info, _ := os.Stat(out); info.Mode().Perm() != 0o600 {
		t.Errorf("expected mode 0600, got %v", info.Mode())
	}
	if strings.Contains(stdout.String()+stderr.String(), "s-enrolled") {
		t.Errorf("expected no secret in the output, got %s%s", &stdout, &stderr)
	}
	// The token is good for one use: it is not spent where its answer cannot be kept.
	for _, path := range []string{out, filepath.Join(out, "under-a-file")} {
		if code := execute(t.Context(), []string{"enroll", "--out", path}, env, io.Discard, io.Discard); code == exitOK {
			t.Errorf("%s: expected a refusal, got success", path)
		}
	}
	if used != 1 {
		t.Errorf("expected one use of the token, got %d", used)
	}
	server.Config.Handler = http.NotFoundHandler()
	other := filepath.Join(t.TempDir(), "relay.env")
	if code := execute(t.Context(), []string{"enroll", "--out", other}, env, io.Discard, io.Discard); code != exitFail {
		t.Errorf("refused: expected exit code %d, got %d", exitFail, code)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(other), "*")); len(left) > 0 {
		t.Errorf("expected nothing left behind, got %v", left)
	}
}

func TestDriverThatIsNotThere(t *testing.T) {
	dials := make(chan struct{}, 9)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { dials <- struct{}{} }))
	defer server.Close()
	const path = "/unguessable-0123456789"
	cmd, stderr := process(t, "GATEWAY_RELAY_URL="+server.URL, "RELAY_DRIVER_URL=ws://127.0.0.1:1"+path)
	select {
	case <-dials: // it goes on without the driver
	case <-time.After(patience):
		t.Fatal("expected a dial of the relay, got none")
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if code := exit(t, cmd); code != exitOK {
		t.Errorf("expected exit code 0, got %d", code)
	}
	if strings.Contains(stderr.String(), path) {
		t.Errorf("expected the driver's path to stay secret, got %s", stderr)
	}
}
