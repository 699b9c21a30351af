package reference

import (
	"context"
	"fmt"

	"github.com/relaykit/relaykit/protocol"
)

// earlyLimit bounds what is kept of a connector that talks before its descriptor.
const earlyLimit = 1024

// Contract, section "Handshake":
//
//   - The gateway sends its hello first and once, and then nothing before the
//     descriptor has come.
//   - A descriptor that does not come within the bound, or that cannot be read, ends
//     the session; the gateway dials again.
//   - A second descriptor on the same session is ignored.
//   - Each redial starts from nothing: fresh token, fresh hello, fresh descriptor.

// hello opens the handshake. An error has ended the session, and the reader says why.
func (s *session) hello() {
	_ = s.send(context.Background(), &protocol.Hello{Platform: s.g.config.Platform, BotID: s.g.config.BotID})
}

// noDescriptor runs when the bound is over.
func (s *session) noDescriptor() {
	msg := fmt.Sprintf("expected a descriptor within %s of the upgrade, got none", s.g.bounds.Handshake)
	s.close(closeProtocol, "no descriptor", end{code: CodeHandshakeTimeout, message: msg})
}

// descriptor completes the handshake.
func (s *session) descriptor(d protocol.Descriptor) {
	if s.handshaken {
		s.g.log.Debug("second descriptor ignored")
		return
	}
	if !s.timer.Stop() {
		return // too late: the bound has just ended the session
	}
	s.handshaken = true
	s.onHandshake()
	c := capabilitiesOf(d)
	if !s.g.up(s, c) {
		return
	}
	s.g.log.Info("connected", "platform", c.Platform, "label", c.Label, "max_message_length", c.MaxMessageLength, "len_unit", c.LenUnit)
	early := s.early
	s.early = nil
	for _, frame := range early {
		s.frame(frame)
	}
}

func (s *session) badDescriptor(err error) {
	s.close(closeProtocol, "descriptor cannot be read", end{code: CodeBadDescriptor, message: err.Error()})
}

// keepEarly keeps a frame that came before the descriptor: handled at once it could
// make the gateway answer before the handshake is over, and dropped it would be lost.
func (s *session) keepEarly(frame protocol.Frame) {
	if len(s.early) == earlyLimit {
		s.g.log.Warn("frame skipped", "type", frame.FrameType(), "expected", "a descriptor first", "got", fmt.Sprintf("more than %d other frames", earlyLimit))
		return
	}
	s.early = append(s.early, frame)
}
