package fakeconnector

import (
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// supersedeGrace is how long the end of an older socket may still be on its way when
// its gateway dials again. On loopback it takes well under a millisecond; the rest is for
// a machine on which the reader waits for its turn.
const supersedeGrace = 250 * time.Millisecond

// supersede closes the older session of a gateway that has dialed again. A gateway that
// left that socket open has broken a rule, unless we had closed it, or do not read from
// it and so cannot know.
func (s *Session) supersede(old *Session) {
	if !old.isClosing() && !old.raw.isPaused() && s.gateway.ID != AnonymousGatewayID {
		t := time.NewTimer(supersedeGrace)
		select {
		case <-old.over:
		case <-t.C:
		case <-s.c.done:
		}
		t.Stop()
		if !old.isClosing() {
			s.violation(protocol.RuleConnectSingleSocket, s.c.journal.Mark(), "expected a gateway that dials again to have closed its older socket, got session %s beside session %s, which is still open", s.id, old.id)
		}
	}
	// Bounded closely: the new session's drain waits for what the old one still says.
	_ = old.close(CloseSuperseded, ReasonSuperseded, s.c.limits.CloseTimeout)
}
