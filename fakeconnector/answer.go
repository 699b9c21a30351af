package fakeconnector

import (
	"encoding/json"

	"github.com/relaykit/relaykit/protocol"
)

// answer does what a faithful connector does with a frame of the gateway, and returns
// the steps that answer it. (Contract, section "Frames".)
func (s *Session) answer(r *FrameRecord) []Step {
	hello, isHello := r.Frame.(*protocol.Hello)
	if isHello {
		return s.reply(hello, &protocol.DescriptorFrame{Descriptor: s.c.descriptor(s.gateway, hello.Platform)})
	}
	if !s.descriptorSent() {
		// Nothing counts before the handshake; the checker has said so.
		return nil
	}
	switch f := r.Frame.(type) {
	case *protocol.Outbound:
		return s.reply(f, &protocol.OutboundResult{RequestID: f.RequestID, Result: s.c.act(s, f.Action)})
	case *protocol.GoingIdle:
		s.c.flip(s)
		return s.reply(f, &protocol.GoingIdleAck{})
	case *protocol.InboundAck:
		s.c.acked(s, f.BufferID)
	case *protocol.Interrupt:
		s.c.interrupt(s, f)
	case nil:
		return s.refuseBroken(r)
	}
	return nil
}

// reply makes the steps that send a frame of ours in answer to cause.
func (s *Session) reply(cause, f protocol.Frame) []Step {
	line, err := protocol.Encode(f)
	if err != nil {
		// Only a result or descriptor that a test supplied can be unencodable.
		s.journal(Entry{Kind: KindNote, Note: "the answer cannot be encoded: " + err.Error()})
		return nil
	}
	return s.c.outgoing(s, f, line, cause)
}

// refuseBroken answers an outbound frame that names a request but cannot be carried
// out: a gateway must not wait for it until its bound.
func (s *Session) refuseBroken(r *FrameRecord) []Step {
	if sentType(r) != protocol.TypeOutbound {
		return nil
	}
	var m struct {
		RequestID *string `json:"requestId"`
	}
	if json.Unmarshal(r.Raw, &m) != nil || m.RequestID == nil {
		return nil
	}
	return s.reply(nil, &protocol.OutboundResult{RequestID: *m.RequestID, Result: failure("invalid request: " + r.Err.Error())})
}

func failure(why string) protocol.Result {
	return protocol.Result{Success: protocol.Some(false), Error: protocol.Some(why)}
}
