package fakeconnector

import (
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// supersede ends the older session of a gateway that has dialed again. From now on nothing
// is delivered to it. It stays open for a moment, as the gateway owes us its close by the
// time when the new handshake is complete (connect/single-socket): one that is open then
// is held against the gateway, unless we closed it, or do not read from it and so cannot
// know.
func (s *Session) supersede(old *Session) {
	c := s.c
	c.instance(old.gateway.Instance).detach(old)
	if old.isClosing() || old.raw.isPaused() || s.gateway.ID == AnonymousGatewayID {
		old.superseded()
		return
	}
	c.spawn(func() {
		defer old.superseded()
		hello, ok := int64(0), false
		patience := time.NewTimer(c.limits.CloseTimeout)
		defer patience.Stop()
		select {
		case hello, ok = <-s.greeted:
		case <-old.over:
		case <-s.over:
		case <-patience.C: // no handshake: nothing to judge
		case <-c.done:
		}
		if !ok {
			return
		}
		grace := time.NewTimer(c.limits.RedialGrace)
		defer grace.Stop()
		select {
		case <-old.over:
		case <-c.done:
		case <-grace.C:
			if !old.isClosing() && !old.raw.isPaused() {
				s.violation(protocol.RuleConnectSingleSocket, hello, "expected the older socket to be closed when the handshake of the redial is complete, got session %s beside session %s, which is still open", s.id, old.id)
			}
		}
	})
}

// superseded closes the session. It is bounded closely: the newer session's drain waits
// for what this one still says.
func (s *Session) superseded() {
	_ = s.close(CloseSuperseded, ReasonSuperseded, s.c.limits.CloseTimeout)
}
