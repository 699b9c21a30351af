package fakeconnector_test

import (
	"context"
	"fmt"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// Push an event and expect the gateway's answer to it.
func Example() {
	c := fakeconnector.New()
	if err := c.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	gw := c.AddGateway(fakeconnector.Gateway{Platform: "discord", BotID: "bot-1"})

	// Any gateway that is given these three dials in; here it is a small echo.
	echo := runEcho(c.URL(), gw.ID, gw.Secret)
	defer echo.stop()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := c.Journal().Wait(ctx, 0, fakeconnector.FrameOf(protocol.TypeDescriptor)); err != nil {
		fmt.Println(err) // tells what came instead
		return
	}

	mark := c.Journal().Mark()
	_ = c.Session(gw.ID).Send(&protocol.Inbound{Event: hi})
	answer, err := c.Journal().Wait(ctx, mark, fakeconnector.FrameOf(protocol.TypeOutbound))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", answer.Frame.Raw)
	// Output:
	// {"type":"outbound","requestId":"r1","action":{"op":"send","chat_id":"C1","content":"echo: hi"}}
}

// Script a fault: on the second outbound, withhold the result and close the session.
func ExampleConnector_On() {
	c := fakeconnector.New()
	defer c.Close()

	stub := c.On(fakeconnector.Match{Type: protocol.TypeOutbound, Op: protocol.OpSend}).
		After(1).Times(1).
		Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 1012, Reason: "restart"})
	fmt.Println(stub.Hits())

	// Answers that are released by hand, in any order.
	hold := &fakeconnector.Hold{}
	c.On(fakeconnector.Match{Type: protocol.TypeOutbound, ChatID: "C7"}).Do(hold)
	hold.ReleaseAt(1)
	hold.Release()

	// Before the upgrade, and right after it.
	c.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(2).Do(fakeconnector.Refuse{Status: 503})
	c.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded}).Times(1).Do(fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	// Output:
	// 0
}

// Drain and replay: what comes while nobody is there waits, and comes again until it is
// acknowledged.
func ExampleConnector_Publish() {
	c := fakeconnector.New(fakeconnector.WithDrain(fakeconnector.Drain{Window: 4}))
	if err := c.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	gw := c.AddGateway(fakeconnector.Gateway{Instance: "inst-1"})

	delivery, err := c.Publish("inst-1", hi)
	if err != nil {
		fmt.Println(err)
		return
	}
	waiting, _ := c.Buffered("inst-1")
	fmt.Println("buffered as", delivery.BufferID, "and", len(waiting), "waits")

	echo := runEcho(c.URL(), gw.ID, gw.Secret)
	defer echo.stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ack, err := c.Journal().Wait(ctx, 0, fakeconnector.FrameOf(protocol.TypeInboundAck))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", ack.Frame.Raw)
	// Output:
	// buffered as b-1 and 1 waits
	// {"type":"inbound_ack","bufferId":"b-1"}
}

// Revoke a credential: the live session closes with 4401, and so does every later dial.
func ExampleConnector_Revoke() {
	c := fakeconnector.New()
	if err := c.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	gw := c.AddGateway(fakeconnector.Gateway{})
	echo := runEcho(c.URL(), gw.ID, gw.Secret)
	defer echo.stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, _ = c.Journal().Wait(ctx, 0, fakeconnector.FrameOf(protocol.TypeDescriptor))

	_ = c.Revoke(gw.ID)
	closed, err := c.Journal().Wait(ctx, 0, fakeconnector.OfKind(fakeconnector.KindClosed))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(closed.Close.By, closed.Close.Code, closed.Close.Reason)
	// Output:
	// connector 4401 unauthorized
}

var hi = protocol.Event{Text: "hi", MessageType: "text", Source: protocol.Source{
	Platform: "discord", ChatID: "C1", ChatType: "channel", UserID: protocol.Some("U1"), GuildID: protocol.Some("G1"),
}}
