package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
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
const patience = 30 * time.Second

type object = map[string]any

// process starts the gateway as a process of its own.
func process(t *testing.T, env ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
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
