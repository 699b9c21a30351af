// Package fakeconnector is a connector of the relay contract that a test author holds
// in one hand: faithful by default, and able to break every promise on request.
//
//	c := fakeconnector.New()
//	if err := c.Start(); err != nil { … }
//	defer c.Close()
//	gw := c.AddGateway(fakeconnector.Gateway{Platform: "discord"})
//	// point a gateway at c.URL() with gw.ID and gw.Secret, then:
//	hello, err := c.Journal().Wait(ctx, 0, fakeconnector.FrameOf(protocol.TypeHello))
//
// Three parts make it up.
//
//   - The faithful connector: it authenticates the upgrade, answers the handshake,
//     acts on outbound frames, buffers for an instance that went idle and drains it
//     again, with state and timers that work for real.
//   - The stubs ([Connector.On]): counted and conditional, at every point where the
//     connector decides something. Without a matching stub the answer is the faithful
//     one.
//   - The journal ([Connector.Journal]): everything that happened on the wire in one
//     order, whole WebSocket messages with the frames over them, and every breach of
//     the contract by a gateway with the id of its rule.
//
// All methods are safe for concurrent use. Nothing is opened before [Connector.Start]
// or [Connector.Reserve], and no goroutine is left after [Connector.Close].
package fakeconnector
