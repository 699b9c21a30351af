package reference_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// A bot that shouts back.
func Example() {
	connector := httptest.NewServer(http.HandlerFunc(pretendConnector))
	defer connector.Close()

	gw, err := reference.New(reference.Config{URL: connector.URL, Platform: "discord", BotID: "my-bot"},
		reference.HandlerFunc(func(ctx context.Context, turn *reference.Turn) error {
			_, err := turn.Reply(ctx, strings.ToUpper(turn.Event.Text))
			return err
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	go gw.Run(context.Background()) // dials, and dials again, until Shutdown

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := gw.WaitConnected(ctx); err != nil {
		fmt.Println(err)
		return
	}
	<-replied
	fmt.Println(gw.Shutdown(ctx), gw.Status().State)
	// Output:
	// the connector got: HELLO
	// <nil> stopped
}

// A bot framework with several chat platforms takes the relay as one more of them.
func ExampleNewAdapter() {
	connector := httptest.NewServer(http.HandlerFunc(pretendConnector))
	defer connector.Close()

	platforms := map[string]reference.Adapter{
		"relay": reference.NewAdapter(reference.Config{URL: connector.URL, Platform: "discord"}),
	}
	relay := platforms["relay"]
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	silent := reference.HandlerFunc(func(context.Context, *reference.Turn) error { return nil })
	if err := relay.Connect(ctx, silent); err != nil {
		fmt.Println(err)
		return
	}
	defer relay.Disconnect(ctx)
	is, _ := relay.Capabilities()
	fmt.Println(is.Label, is.MaxMessageLength, is.LenUnit)
	result, err := relay.Send(ctx, protocol.Send{ChatID: "C1", Content: "good morning"})
	fmt.Println(result.MessageID, err)
	// Output:
	// Discord 2000 chars
	// the connector got: good morning
	// m1 <nil>
}

// replied is told of every message that the pretended connector was asked to send.
var replied = make(chan struct{}, 9)

// pretendConnector shakes hands, delivers one event and takes what is sent.
func pretendConnector(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	say := func(line string) { conn.WriteMessage(websocket.TextMessage, []byte(line+"\n")) }
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var frame struct {
			Type      string
			RequestID string `json:"requestId"`
			Action    struct{ Content string }
		}
		json.Unmarshal(message, &frame)
		switch frame.Type {
		case "hello":
			say(`{"type":"descriptor","descriptor":{"contract_version":1,"platform":"discord","label":"Discord","max_message_length":2000,` +
				`"supports_draft_streaming":false,"supports_edit":true,"supports_threads":true,"markdown_dialect":"discord","len_unit":"chars"}}`)
			say(`{"type":"inbound","event":{"text":"hello","message_type":"text","source":{"platform":"discord","chat_id":"C1","chat_type":"dm"}}}`)
		case "outbound":
			fmt.Println("the connector got:", frame.Action.Content)
			say(`{"type":"outbound_result","requestId":"` + frame.RequestID + `","result":{"success":true,"message_id":"m1"}}`)
			replied <- struct{}{}
		case "going_idle":
			say(`{"type":"going_idle_ack"}`)
		}
	}
}
