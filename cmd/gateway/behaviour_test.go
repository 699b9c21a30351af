package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// What each behaviour says to a few texts, on the wire, until a signal ends it. The
// acknowledgement of a last event, and the drain, show that nothing more comes.
func TestBehaviours(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script.yaml")
	os.WriteFile(script, []byte("- when: ping\n  reply: [pong, and again]\n- when: trouble\n  fail: true\n- when: hush\n- reply: [whatever]\n"), 0o600)
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"echo":   {[]string{"--behaviour", "echo"}, []string{"ping", "trouble", "hush", "else"}},
		"silent": {[]string{"--behaviour=silent"}, nil},
		"script": {[]string{"--behaviour", "script", "--script", script}, []string{"pong", "and again", "whatever"}},
	} {
		t.Run(name, func(t *testing.T) {
			conns := make(chan *websocket.Conn, 4)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil); err == nil {
					conns <- c
				}
			}))
			defer server.Close()
			cmd, stderr := processWith(t, tc.args, "GATEWAY_RELAY_URL="+server.URL)
			var c *websocket.Conn
			select {
			case c = <-conns:
			case <-time.After(patience):
				t.Fatalf("expected a dial, got none: %s", stderr)
			}
			defer c.Close()
			c.SetReadDeadline(time.Now().Add(patience))
			var said []string
			acked := 0
			for { // until it closes
				var f struct {
					Type      string
					RequestID string `json:"requestId"`
					Action    struct{ Content string }
				}
				_, data, err := c.ReadMessage()
				if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
					break
				}
				if err != nil {
					t.Fatalf("expected a frame or a normal close, got %v; so far %q", err, said)
				}
				json.Unmarshal(data, &f)
				switch f.Type {
				case "hello":
					c.WriteJSON(object{"type": "descriptor", "descriptor": object{
						"contract_version": 1, "platform": "relay", "label": "R", "max_message_length": 2000, "supports_draft_streaming": false,
						"supports_edit": true, "supports_threads": true, "markdown_dialect": "plain", "len_unit": "chars"}})
					for _, text := range []string{"ping", "trouble", "hush", "else"} {
						c.WriteJSON(object{"type": "inbound", "bufferId": "b-" + text, "event": object{"text": text, "message_type": "text",
							"source": object{"platform": "relay", "chat_id": "C1", "chat_type": "dm"}}})
					}
				case "inbound_ack":
					if acked++; acked == 4 {
						cmd.Process.Signal(syscall.SIGTERM)
					}
				case "outbound":
					said = append(said, f.Action.Content)
					c.WriteJSON(object{"type": "outbound_result", "requestId": f.RequestID, "result": object{"success": true}})
				case "going_idle":
					c.WriteJSON(object{"type": "going_idle_ack"})
				}
			}
			if !slices.Equal(said, tc.want) {
				t.Errorf("expected %q, got %q", tc.want, said)
			}
			if code := exit(t, cmd); code != exitOK {
				t.Errorf("expected exit code %d, got %d: %s", exitOK, code, stderr)
			}
		})
	}
}
