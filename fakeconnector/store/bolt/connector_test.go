package bolt

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// wait bounds what a connector does at once; the rest is for a loaded machine.
const wait = time.Minute

// Rule buffer/durable: what a connector buffered is delivered by the next one, and what was
// acknowledged to the first does not come again.
func TestBufferOutlivesConnector(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffers")
	gateway := fakeconnector.Gateway{ID: "gw-1", Instance: "inst-1", Secret: "a-secret-that-stays-the-same"}

	first, file := run(t, path, gateway)
	for n := range 5 {
		if _, err := first.Publish("inst-1", event(fmt.Sprint("before ", n))); err != nil {
			t.Fatal(err)
		}
	}
	g := connect(t, first.URL(), gateway)
	for n := range 2 {
		g.ack(g.want(fmt.Sprint("before ", n)))
	}
	g.want("before 2") // delivered, and not acknowledged
	settle(t, first, "inst-1", 3)
	g.close()
	must(t, first.Close())
	must(t, file.Close())

	second, file := run(t, path, gateway)
	if _, err := second.Publish("inst-1", event("after")); err != nil {
		t.Fatal(err)
	}
	g = connect(t, second.URL(), gateway)
	for _, text := range []string{"before 2", "before 3", "before 4", "after"} {
		g.ack(g.want(text))
	}
	settle(t, second, "inst-1", 0)
	g.close()
	must(t, second.Close())
	must(t, file.Close())
}

func run(t *testing.T, path string, g fakeconnector.Gateway) (*fakeconnector.Connector, *Store) {
	t.Helper()
	s, err := Open(path, 0, nil)
	must(t, err)
	c := fakeconnector.New(fakeconnector.WithStore(s), fakeconnector.WithDrain(fakeconnector.Drain{Window: 1}))
	must(t, c.Start())
	c.AddGateway(g)
	return c, s
}

func event(text string) protocol.Event {
	return protocol.Event{Text: text, MessageType: "text", Source: protocol.Source{
		Platform: "discord", ChatID: "C1", ChatType: "channel", UserID: protocol.Some("U1"), GuildID: protocol.Some("G1"),
	}}
}

// settle waits until the buffer holds n entries: an ack is dealt with after it was written.
func settle(t *testing.T, c *fakeconnector.Connector, instance string, n int) {
	t.Helper()
	deadline := time.Now().Add(wait)
	for {
		held, err := c.Buffered(instance)
		must(t, err)
		if len(held) == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("expected %d entries in the buffer within %s, got %d", n, wait, len(held))
		}
	}
}

// gateway is as much of one as a drain needs.
type gateway struct {
	t  *testing.T
	ws *websocket.Conn
}

func connect(t *testing.T, base string, record fakeconnector.Gateway) *gateway {
	t.Helper()
	token := auth.Mint(record.ID, record.Secret, auth.Expiry(time.Now(), auth.DefaultTTL))
	ws, _, err := websocket.DefaultDialer.Dial(protocol.DialURL(base), http.Header{"Authorization": {"Bearer " + token}})
	must(t, err)
	g := &gateway{t, ws}
	g.send(`{"type":"hello","platform":"discord","botId":"bot-1"}`)
	if line := g.line(); !bytes.Contains(line, []byte(`"descriptor"`)) {
		t.Fatalf("expected the descriptor, got %s", line)
	}
	return g
}

func (g *gateway) send(line string) {
	g.t.Helper()
	must(g.t, g.ws.WriteMessage(websocket.TextMessage, []byte(line+"\n")))
}

func (g *gateway) line() []byte {
	g.t.Helper()
	must(g.t, g.ws.SetReadDeadline(time.Now().Add(wait)))
	_, line, err := g.ws.ReadMessage()
	must(g.t, err)
	return line
}

// want reads a delivery with a text, and returns its bufferId.
func (g *gateway) want(text string) string {
	g.t.Helper()
	f, err := protocol.Decode(bytes.TrimSpace(g.line()))
	must(g.t, err)
	in, ok := f.(*protocol.Inbound)
	if !ok || in.Event.Text != text || in.BufferID.Or("") == "" {
		g.t.Fatalf("expected the buffered event %q, got %+v", text, f)
	}
	return in.BufferID.Or("")
}

func (g *gateway) ack(id string) { g.send(`{"type":"inbound_ack","bufferId":"` + id + `"}`) }

func (g *gateway) close() { must(g.t, g.ws.Close()) }
