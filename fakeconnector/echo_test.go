package fakeconnector_test

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// echoGateway is the gateway of the examples: it greets, acknowledges and echoes.
type echoGateway struct {
	ws   *websocket.Conn
	done sync.WaitGroup
}

func runEcho(base, id, secret string) *echoGateway {
	token := auth.Mint(id, secret, auth.Expiry(time.Now(), auth.DefaultTTL))
	ws, _, err := websocket.DefaultDialer.Dial(protocol.DialURL(base), http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		panic(err)
	}
	e := &echoGateway{ws: ws}
	e.send(&protocol.Hello{Platform: "discord", BotID: "bot-1"})
	e.done.Go(e.read)
	return e
}

func (e *echoGateway) send(f protocol.Frame) {
	line, err := protocol.Encode(f)
	if err == nil {
		_ = e.ws.WriteMessage(websocket.TextMessage, line)
	}
}

func (e *echoGateway) read() {
	var in protocol.Splitter
	requests := 0
	for {
		_, p, err := e.ws.ReadMessage()
		if err != nil {
			return
		}
		for _, line := range in.Write(p) {
			f, err := protocol.Decode(line.Data)
			event, ok := f.(*protocol.Inbound)
			if err != nil || !ok {
				continue
			}
			if id := event.BufferID.Or(""); id != "" {
				e.send(&protocol.InboundAck{BufferID: id})
			}
			requests++
			e.send(&protocol.Outbound{RequestID: fmt.Sprintf("r%d", requests),
				Action: &protocol.Send{ChatID: event.Event.Source.ChatID, Content: "echo: " + event.Event.Text}})
		}
	}
}

func (e *echoGateway) stop() {
	_ = e.ws.Close()
	e.done.Wait()
}
