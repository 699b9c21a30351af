package fakeconnector

import "github.com/relaykit/relaykit/protocol"

func (c *Connector) handshaken(*Session)                     {}
func (c *Connector) flip(*Session)                           {}
func (c *Connector) acked(*Session, string)                  {}
func (c *Connector) interrupt(*Session, *protocol.Interrupt) {}
func (c *Connector) act(s *Session, a protocol.Action) protocol.Result {
	switch a.(type) {
	case *protocol.Send, *protocol.SendMedia, *protocol.Prompt, *protocol.FollowUp:
		return protocol.Result{Success: protocol.Some(true), MessageID: protocol.Some(c.ids.next("m"))}
	case *protocol.UnknownAction:
		return failure("unsupported op: " + string(a.Op()))
	}
	return protocol.Result{Success: protocol.Some(true)}
}
