package fakeconnector

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// Whatever one gateway does, another one's session goes on.
func TestHostileGateways(t *testing.T) {
	limits := Limits{MessageBytes: 1 << 16, LineBytes: 1 << 17, RequestIDs: 100, ChatsKnown: 100, QueuedWrites: 20, JournalEntries: 5000}
	for name, attack := range map[string]func(t *testing.T, c *Connector, k *client){
		"a message over the limit": func(t *testing.T, c *Connector, k *client) {
			_ = k.ws.WriteMessage(websocket.TextMessage, make([]byte, 1<<16+1))
			if e := await(t, c, 0, OfKind(KindClosed)); e.Close.Code != websocket.CloseMessageTooBig || e.Close.By != protocol.FromConnector {
				t.Errorf("expected close 1009 by the connector, got %s", e)
			}
		},
		"an endless line": func(t *testing.T, c *Connector, k *client) {
			for range 64 {
				k.raw(strings.Repeat("x", 1<<16))
			}
			k.raw("\n")
			await(t, c, 0, isNote("4194304 bytes"))
			k.alive()
			if n := cap(c.Session("gw-2").tail.bytes); n > 4<<17 {
				t.Errorf("expected bounded memory, %d bytes are held", n)
			}
		},
		"deep nesting": func(t *testing.T, c *Connector, k *client) {
			k.raw(`{"type":"outbound","requestId":"r","action":` + strings.Repeat("[", 60_000) + "\n")
			k.raw(`{"type":"x","y":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + "}\n")
			k.alive()
		},
		"a byte at a time": func(t *testing.T, c *Connector, k *client) {
			for _, b := range []byte(`{"type":"going_idle"}` + "\n") {
				must(t, k.ws.WriteMessage(websocket.BinaryMessage, []byte{b}))
			}
			expect[*protocol.GoingIdleAck](k)
		},
		"empty messages": func(t *testing.T, c *Connector, k *client) {
			for range 1000 {
				k.raw("")
			}
			k.alive()
		},
		"a thousand identities": func(t *testing.T, c *Connector, k *client) {
			for i := range 2 * maxHellos {
				k.send(&protocol.Hello{Platform: fmt.Sprint(i)})
				expect[*protocol.DescriptorFrame](k)
			}
		},
		"many requestIds": func(t *testing.T, c *Connector, k *client) {
			for i := range 1000 {
				k.ask(fmt.Sprint(i), &protocol.Send{ChatID: fmt.Sprint(i), Content: "x"})
			}
			s := c.Session("gw-2")
			if n := len(s.in.check.requestIDs.set); n > 100 {
				t.Errorf("expected at most 100 requestIds to be remembered, got %d", n)
			}
		},
		"never reading": func(t *testing.T, c *Connector, k *client) {
			// The queue fills up, or one message takes too long: the session is reset.
			to, blank := c.Session("gw-2"), []byte(strings.Repeat("\n", 1<<16))
			for to.SendRaw(websocket.TextMessage, blank) == nil {
			}
			await(t, c, 0, func(e Entry) bool { return isNote("does not read")(e) || isNote("took no bytes")(e) })
			if e := await(t, c, 0, OfKind(KindClosed)); e.Close.How != HowRST || e.Close.By != protocol.FromConnector {
				t.Errorf("expected a reset by the connector, got %s", e)
			}
		},
		"garbage": func(t *testing.T, c *Connector, k *client) {
			_, _ = k.ws.NetConn().Write([]byte(strings.Repeat("GET / HTTP/1.1\r\n", 1000)))
			await(t, c, 0, OfKind(KindClosed))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := started(t, WithLimits(limits))
			good := greeted(t, c, c.AddGateway(Gateway{}))
			k := greeted(t, c, c.AddGateway(Gateway{}))
			attack(t, c, k)
			good.alive()
		})
	}
}

// halfOpen opens connections that say nothing.
func halfOpen(t *testing.T, c *Connector, n int) (open []net.Conn) {
	t.Helper()
	for range n {
		nc, err := net.Dial("tcp", strings.TrimPrefix(c.URL(), "http://"))
		must(t, err)
		must(t, nc.SetReadDeadline(time.Now().Add(bound)))
		open = append(open, nc)
		t.Cleanup(func() { _ = nc.Close() })
	}
	return open
}

func isEnded(t *testing.T, nc net.Conn) {
	t.Helper()
	for {
		if _, err := nc.Read(make([]byte, 512)); isTimeout(err) {
			t.Fatal("expected the connection to be ended")
		} else if err != nil {
			return
		}
	}
}

func TestHalfOpenDialsEndWithTheBoundOfTheHeader(t *testing.T) {
	c := started(t, WithLimits(Limits{Connections: 20, HeaderTimeout: 2 * time.Second}))
	g := c.AddGateway(Gateway{})
	good := greeted(t, c, g)
	for _, nc := range halfOpen(t, c, 19) {
		isEnded(t, nc)
	}
	good.alive()
	greeted(t, c, g).alive()
}

func TestDialsOverTheLimitAreClosedUnread(t *testing.T) {
	c := started(t, WithLimits(Limits{Connections: 20, HeaderTimeout: 10 * bound}))
	g := c.AddGateway(Gateway{})
	good := greeted(t, c, g)
	open := halfOpen(t, c, 200)
	for _, nc := range open[19:] {
		isEnded(t, nc)
	}
	good.alive()
	must(t, open[0].Close())
}

func TestSessionLimit(t *testing.T) {
	c := started(t, WithLimits(Limits{Sessions: 1}))
	greeted(t, c, c.AddGateway(Gateway{})).alive()
	g := c.AddGateway(Gateway{})
	token, err := c.Token(g.ID, time.Minute)
	must(t, err)
	_, resp, err := websocket.DefaultDialer.Dial(protocol.DialURL(c.URL()), map[string][]string{"Authorization": {"Bearer " + token}})
	if err == nil || resp.StatusCode != 503 {
		t.Errorf("expected HTTP 503, got %v, %v", resp, err)
	}
}

func TestClientDataBeforeTheUpgradeIsComplete(t *testing.T) {
	c := started(t, WithAnonymous())
	nc, err := net.Dial("tcp", strings.TrimPrefix(c.URL(), "http://"))
	must(t, err)
	defer nc.Close()
	_, err = fmt.Fprintf(nc, "GET /relay HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nearly")
	must(t, err)
	if e := await(t, c, 0, OfKind(KindRefused)); !strings.Contains(e.Note, "no WebSocket handshake") {
		t.Errorf("expected the refusal on record, got %s", e)
	}
}
