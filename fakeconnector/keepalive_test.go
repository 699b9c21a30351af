package fakeconnector

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

func TestKeepalivePings(t *testing.T) {
	bubble(t, func(t *testing.T, c *Connector, k *client) {
		var pings atomic.Int32
		k.ws.SetPingHandler(func(data string) error {
			pings.Add(1)
			return k.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
		})
		k.raw(hello)
		time.Sleep(3 * c.limits.PingInterval)
		synctest.Wait()
		if n := pings.Load(); n < 2 || n > 3 {
			t.Errorf("expected a ping every %s, got %d in three", c.limits.PingInterval, n)
		}
		if c.Session("gw-1") == nil {
			t.Error("expected the session to go on")
		}
	})
}

func TestSilenceEndsTheSessionWhenToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(WithListener(newMemListener()), WithLimits(Limits{IdleTimeout: time.Minute, PingInterval: 20 * time.Second}))
		must(t, c.Start())
		k := dial(t, c, c.AddGateway(Gateway{}))
		k.hello(Gateway{Platform: "discord"})
		// It reads nothing any more, so it answers no ping.
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if e := await2(c, KindClosed); e.Close == nil || e.Close.By != protocol.FromConnector {
			t.Errorf("expected the connector to end a silent session, got %v", e)
		}
		_ = k.ws.Close()
		must(t, c.Close())
	})
}

func TestWhatComesAfterTheCloseIsOnlyRecorded(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	s := c.Session(g.ID)
	must(t, s.Close(4000, ""))
	mark := c.Journal().Mark()
	k.raw("no frame\n" + `{"type":"outbound","requestId":"late","action":{"op":"typing","chat_id":"C"}}` + "\n")
	await(t, c, mark, func(e Entry) bool { return gatewayRequest(e) == "late" })
	k.closed()
	<-s.over
	for _, e := range c.Journal().Since(mark) {
		if e.Kind == KindViolation || e.Dir == protocol.FromConnector {
			t.Errorf("expected what came too late to be recorded and no more, got %s", e)
		}
	}
}

func TestARefusedGatewayIsNotJudgedByItsFrames(t *testing.T) {
	c := started(t)
	k := dialWith(t, c, nil)
	k.raw("no frame\n")
	if code, _ := k.closed(); code != CloseUnauthorized {
		t.Errorf("expected close 4401, got %d", code)
	}
	must(t, k.ws.Close())
	await(t, c, 0, isNote("after our close"))
	noViolations(t, c)
}

func TestADialThatIsGivenUpWhileHeld(t *testing.T) {
	c := started(t)
	hold := &Hold{}
	c.On(Match{Point: PointDial}).Do(hold)
	nc, err := net.Dial("tcp", strings.TrimPrefix(c.URL(), "http://"))
	must(t, err)
	_, err = io.WriteString(nc, "GET /relay HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	must(t, err)
	must(t, hold.Wait(within(t), 1))
	must(t, nc.Close())
	await(t, c, 0, isNote("gave up"))
	hold.Release()
}

func TestEventsAreWhole(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{Platform: "telegram"})
	k := greeted(t, c, g)
	_, err := c.Publish(g.Instance, protocol.Event{Text: "x", Source: protocol.Source{ChatID: "C1"}})
	must(t, err)
	want := `{"type":"inbound","event":{"text":"x","message_type":"text","source":{"platform":"telegram","chat_id":"C1","chat_type":"dm",` +
		`"chat_name":null,"user_id":null,"user_name":null,"thread_id":null,"chat_topic":null}}}`
	if got := string(k.line()); got != want {
		t.Errorf("expected every event to have its fields\n%s, got\n%s", want, got)
	}
}
