package fakeconnector

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

func TestSmoke(t *testing.T) {
	c := New()
	addr, err := c.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get("http://" + addr); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	g := c.AddGateway(Gateway{})
	tok, _ := c.Token(g.ID, time.Minute)
	ws, _, err := websocket.DefaultDialer.Dial(protocol.DialURL(c.URL()), http.Header{"Authorization": {"Bearer " + tok}})
	if err != nil {
		t.Fatal(err)
	}
	ws.WriteMessage(1, []byte(`{"type":"hello","platform":"discord","botId":"b"}`+"\n"))
	_, p, err := ws.ReadMessage()
	t.Log(string(p), err)
	ws.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c.Journal().Wait(ctx, 0, OfKind(KindClosed))
	_, err = c.Journal().Wait(ctx, 0, OfKind(KindFault))
	t.Log(err)
}
