package reference_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// A bot that shouts back.
func Example() {
	connector := httptest.NewServer(pretendConnector(hello))
	defer connector.Close()

	answered := make(chan struct{})
	gw, err := reference.New(reference.Config{URL: connector.URL, Platform: "discord", BotID: "my-bot"},
		reference.HandlerFunc(func(ctx context.Context, turn *reference.Turn) error {
			defer close(answered)
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
	<-answered
	fmt.Println(gw.Shutdown(ctx), gw.Status().State)
	// Output:
	// the connector got: HELLO
	// <nil> stopped
}

// A bot framework with several chat platforms takes the relay as one more of them.
func ExampleNewAdapter() {
	connector := httptest.NewServer(pretendConnector(hello))
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

// A Discord command is answered with the credential that the connector kept: the gateway
// names it and never holds it.
func ExampleGateway_FollowUp() {
	command := base64.StdEncoding.EncodeToString([]byte(`{"type":2,"id":"I1","channel_id":"C1","guild_id":"G1","data":{"name":"status"},"member":{"user":{"id":"U1"}}}`))
	connector := httptest.NewServer(pretendConnector(`{"type":"passthrough_forward","forward":{"platform":"discord","botId":"my-bot",` +
		`"method":"POST","path":"/interactions","headers":[],"bodyB64":"` + command + `"}}`))
	defer connector.Close()

	answered := make(chan struct{})
	gw, err := reference.New(reference.Config{URL: connector.URL, Platform: "discord", BotID: "my-bot"},
		reference.HandlerFunc(func(ctx context.Context, turn *reference.Turn) error {
			defer close(answered)
			fmt.Println("command:", turn.Event.Text, "in", turn.SessionKey)
			result, err := turn.Gateway.FollowUp(ctx, protocol.FollowUp{
				SessionKey: turn.SessionKey, Kind: "discord.interaction_token", Content: "all is well",
			})
			fmt.Println(result.MessageID, err) // a *DeclinedError is final: there is nothing to retry
			return err
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	go gw.Run(context.Background())
	<-answered
	gw.Shutdown(context.Background())
	// Output:
	// command: status in agent:main:relay:channel:C1:U1
	// the connector got: all is well
	// m1 <nil>
}

// A program that is configured by the contract's environment variables, and stopped by
// a signal.
func ExampleFromEnv() {
	os.Setenv("GATEWAY_RELAY_URL", "https://connector.example/")
	os.Setenv("GATEWAY_RELAY_PLATFORM", "discord")
	defer os.Unsetenv("GATEWAY_RELAY_URL")
	defer os.Unsetenv("GATEWAY_RELAY_PLATFORM")

	config, err := reference.FromEnv(os.Getenv, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	config.Logger = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	fmt.Println(config.URL, config.Platform, config.Policy == nil)

	_, err = reference.FromEnv(func(string) string { return "" }, nil)
	fmt.Println(errors.Is(err, reference.ErrNoURL))
	// Output:
	// https://connector.example discord true
	// true
}

// hello is an event from a user.
const hello = `{"type":"inbound","event":{"text":"hello","message_type":"text","source":{"platform":"discord","chat_id":"C1","chat_type":"dm"}}}`

// pretendConnector shakes hands, delivers one frame and takes what is sent.
func pretendConnector(frame string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { pretend(w, r, frame) }
}

func pretend(w http.ResponseWriter, r *http.Request, delivery string) {
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
			say(delivery)
		case "outbound":
			fmt.Println("the connector got:", frame.Action.Content)
			say(`{"type":"outbound_result","requestId":"` + frame.RequestID + `","result":{"success":true,"message_id":"m1"}}`)
		case "going_idle":
			say(`{"type":"going_idle_ack"}`)
		}
	}
}
