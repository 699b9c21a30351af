package fakeconnector

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// ended records how the gateway's side of the stream ended.
func (s *Session) ended(err error) {
	r := CloseRecord{By: protocol.FromGateway, Code: websocket.CloseAbnormalClosure, How: s.raw.how()}
	note := ""
	var ce *websocket.CloseError
	switch {
	case errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure:
		r.Code, r.Reason, r.How = ce.Code, ce.Text, HowCloseFrame
	case errors.Is(err, websocket.ErrReadLimit):
		r.By, r.Code, r.How = protocol.FromConnector, websocket.CloseMessageTooBig, HowCloseFrame
		note = fmt.Sprintf("expected messages of at most %d bytes, got a longer one", s.c.limits.MessageBytes)
	case isTimeout(err):
		r.By = protocol.FromConnector
		note = fmt.Sprintf("expected some bytes within %s, got none", s.c.limits.IdleTimeout)
	case ce == nil && !isReset(err) && !errors.Is(err, net.ErrClosed):
		r.By, r.Code, r.How = protocol.FromConnector, websocket.CloseProtocolError, HowCloseFrame
		note = "expected the WebSocket protocol, got something else: " + err.Error()
	}
	ours := s.isClosing()
	s.atEnd(r, ours)
	if !s.recordClose(r, note) && !errors.Is(err, net.ErrClosed) {
		end := r.How
		if end == HowCloseFrame {
			end = fmt.Sprintf("close frame %d", r.Code)
		}
		s.journal(Entry{Kind: KindNote, Note: "after our close the gateway ended with " + end})
	}
}

// recordClose writes the session's one KindClosed entry; false if it stands already.
func (s *Session) recordClose(r CloseRecord, note string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	if s.recorded {
		return false
	}
	s.recorded = true
	s.journal(Entry{Kind: KindClosed, Close: &r, Note: note})
	return true
}

// Close sends a close frame with any code and reason, after what was sent before; code 0
// or 1005 sends an empty one. TCP ends when the gateway has answered, at the latest
// Limits.CloseTimeout after the close frame left. Later frames of the gateway are recorded
// and not answered. On a closed session it does nothing.
func (s *Session) Close(code int, reason string) error {
	return s.close(code, reason, s.c.limits.WriteTimeout+s.c.limits.CloseTimeout)
}

// close is Close with a bound on everything together.
func (s *Session) close(code int, reason string, within time.Duration) error {
	if code == 0 {
		code = websocket.CloseNoStatusReceived
	}
	if len(reason) > maxReason {
		return fmt.Errorf("closing session %s: expected a reason of at most %d bytes, got %d", s.id, maxReason, len(reason))
	}
	s.end(CloseRecord{By: protocol.FromConnector, Code: code, Reason: reason, How: HowCloseFrame}, within, func() {
		bound := time.Now().Add(s.c.limits.CloseTimeout)
		_ = s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), bound)
		s.endTCPAfter(s.c.limits.CloseTimeout)
	})
	return nil
}

// end records our end of the session and queues the act that makes it so.
func (s *Session) end(r CloseRecord, within time.Duration, act func()) {
	s.wmu.Lock()
	defer s.wmu.Unlock()
	if s.recordClose(r, "") {
		s.enqueue(outItem{last: act})
		s.endTCPAfter(within)
	}
}

// maxReason is what a WebSocket control frame has room for.
const maxReason = 123

// endTCPAfter closes TCP after d, unless the session is over by then.
func (s *Session) endTCPAfter(d time.Duration) {
	s.c.spawn(func() {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			_ = s.raw.Close()
		case <-s.over:
		}
	})
}

// Reset ends the session with a TCP RST, without a close frame.
func (s *Session) Reset() error {
	s.recordClose(CloseRecord{By: protocol.FromConnector, Code: websocket.CloseAbnormalClosure, How: HowRST}, "")
	return s.raw.reset()
}

// Drop ends the session with a TCP FIN, without a close frame, after what was sent before.
func (s *Session) Drop() error {
	s.end(CloseRecord{By: protocol.FromConnector, Code: websocket.CloseAbnormalClosure, How: HowFIN},
		s.c.limits.WriteTimeout, func() { _ = s.raw.Close() })
	return nil
}
