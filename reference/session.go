package reference

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// maxFrame is the longest frame in bytes that is read; a longer one is skipped. A
// connector keeps its frames under 1 MiB; a gateway has no reason to be as strict,
// only to bound its memory.
const maxFrame = 8 << 20

// readChunk is how much of a message is read at a time.
const readChunk = 32 << 10

// The close codes that this gateway sends.
const (
	closeNormal   = websocket.CloseNormalClosure
	closeProtocol = websocket.CloseProtocolError
)

// session is one live WebSocket, from its upgrade to its close.
//
// Contract, section "Framing":
//
//   - A frame is one JSON object and one newline. This gateway sends one frame in each
//     text message. It reads any mixture: several frames in a message, one frame
//     across several, blank lines, text and binary.
//   - A line that is no frame, a frame that is malformed, unknown or meant for the
//     other side is skipped with a log entry. It never ends the session.
//   - Nothing on the reader waits for a handler, because what a handler sends waits
//     for a result that only the reader can deliver. The reader does not write either.
type session struct {
	g    *Gateway
	conn *socket

	writing chan struct{} // holds one token: the right to write
	pongs   chan string   // what the next pong says
	closing chan struct{} // closed when the session is out of use
	retired sync.Once

	onHandshake func()
	handshaken  bool             // the reader's own
	early       []protocol.Frame // the reader's own: what came before the descriptor
	timer       *time.Timer      // the handshake bound

	flight  flight
	idling  atomic.Bool   // going_idle is said, or about to be
	idleAck chan struct{} // closed when going_idle_ack came after it
	acked   sync.Once
	cause   atomic.Pointer[end] // why we ended it, nil if we did not
	closed  atomic.Bool         // we have sent a close frame
}

func newSession(g *Gateway, conn *socket, onHandshake func()) *session {
	s := &session{
		g: g, conn: conn, onHandshake: onHandshake,
		writing: make(chan struct{}, 1),
		pongs:   make(chan string, 1),
		closing: make(chan struct{}),
		idleAck: make(chan struct{}),
	}
	s.flight.waiting = map[string]chan<- protocol.Result{}
	s.writing <- struct{}{}
	conn.SetPingHandler(s.pinged)
	s.timer = time.AfterFunc(g.bounds.Handshake, s.noDescriptor)
	go s.keepalive()
	return s
}

// read is the one reader. It returns when the session has ended and nothing of it is
// left open.
func (s *session) read() end {
	defer s.conn.Close()
	defer s.retire()
	defer s.timer.Stop()
	splitter := &protocol.Splitter{Limit: maxFrame}
	buf := make([]byte, readChunk)
	for {
		_, message, err := s.conn.NextReader()
		for err == nil {
			var n int
			n, err = message.Read(buf)
			for _, line := range splitter.Write(buf[:n]) {
				s.line(line)
			}
		}
		if err != io.EOF {
			return s.endOf(err)
		}
	}
}

// endOf says why the reader ended. What the connector said in a close frame counts
// first, then what we did.
func (s *session) endOf(err error) end {
	var ce *websocket.CloseError
	if errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure {
		e := end{code: CodeClosed, message: fmt.Sprintf("the connector closed the session: %d %q", ce.Code, ce.Text)}
		if ce.Code != websocket.CloseNoStatusReceived {
			e.closeCode = ce.Code
		}
		// Our own close frame comes back to us as an answer, which says nothing.
		if !s.closed.Load() || ce.Code == closeUnauthorized {
			return e
		}
	}
	if own := s.cause.Load(); own != nil {
		return *own
	}
	return end{code: CodeClosed, message: fmt.Sprintf("the session ended without a close frame: %v", err)}
}

// line handles one line. A panic in an observer must not end the reader.
func (s *session) line(line protocol.Line) {
	defer func() {
		if p := recover(); p != nil {
			s.g.log.Error("handling a frame panicked; going on", "panic", fmt.Sprint(p))
		}
	}()
	if line.Oversize > 0 {
		s.g.log.Warn("frame skipped", "expected", fmt.Sprintf("at most %d bytes", maxFrame), "got", line.Oversize)
		return
	}
	frame, err := decode(line.Data)
	if err != nil {
		var fe *protocol.FrameError
		if !s.handshaken && errors.As(err, &fe) && fe.Type == protocol.TypeDescriptor {
			s.badDescriptor(err)
			return
		}
		s.g.log.Warn("frame skipped", "error", err, "bytes", len(line.Data))
		return
	}
	s.frame(frame)
}

// frame sends a frame to its part of the gateway.
func (s *session) frame(frame protocol.Frame) {
	switch f := frame.(type) {
	case *protocol.DescriptorFrame:
		s.descriptor(f.Descriptor)
	case *protocol.Inbound, *protocol.PassthroughForward, *protocol.InterruptInbound:
		if !s.handshaken {
			s.keepEarly(frame)
			return
		}
		s.g.receive(s, frame)
	case *protocol.OutboundResult:
		if !s.flight.resolve(f.RequestID, f.Result) {
			s.g.log.Debug("result ignored: late, repeated or never asked for", "request_id", f.RequestID)
		}
	case *protocol.GoingIdleAck:
		if !s.idling.Load() {
			s.g.log.Debug("going_idle_ack ignored: it answers nothing, and no later going_idle either")
			return
		}
		s.acked.Do(func() { close(s.idleAck) })
	default:
		s.g.log.Debug("frame ignored", "type", frame.FrameType())
	}
}

// send writes one frame as one text message. It waits for its turn to write, but no
// longer than ctx and the session live. An error means that the frame was not sent whole.
func (s *session) send(ctx context.Context, frame protocol.Frame) error {
	return s.sendBy(ctx, frame, time.Time{})
}

// sendBy is send with a deadline for the write itself, which ends the session. Without
// one the write has its bound from the moment at which it begins: many senders may wait
// for a slow network, and it is no fault of the last of them.
func (s *session) sendBy(ctx context.Context, frame protocol.Frame, deadline time.Time) error {
	line, err := protocol.Encode(frame)
	if err != nil {
		return err
	}
	select {
	case <-s.writing:
	case <-s.closing:
		return ErrDropped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { s.writing <- struct{}{} }()
	select {
	case <-s.closing:
		return ErrDropped
	default:
	}
	if deadline.IsZero() {
		deadline = time.Now().Add(min(s.g.bounds.Write, s.g.bounds.Outbound))
	}
	s.conn.SetWriteDeadline(deadline)
	if err := s.conn.WriteMessage(websocket.TextMessage, line); err != nil {
		s.broken(err)
		return ErrDropped
	}
	return nil
}

// broken ends a session that cannot be written to. The reader has a moment left for
// the close frame that may say why.
func (s *session) broken(err error) {
	s.cause.CompareAndSwap(nil, &end{code: CodeClosed, message: fmt.Sprintf("writing failed: %v", err)})
	s.retire()
	s.conn.wire.endBy(time.Now().Add(s.g.bounds.Close))
}

// close ends a session on our side: a close frame, then a moment for its answer. The
// reader closes the socket.
func (s *session) close(code int, reason string, why end) {
	s.cause.CompareAndSwap(nil, &why)
	s.closed.Store(true)
	s.retire()
	deadline := time.Now().Add(s.g.bounds.Close)
	s.conn.wire.endBy(deadline)
	s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), deadline)
}

// retire takes the session out of use and fails everything in flight on it.
func (s *session) retire() {
	s.retired.Do(func() {
		close(s.closing)
		s.g.down(s)
		s.flight.drop()
	})
}

// pinged runs on the reader, which does not write: the library's own handler would, and
// would give up the socket where the network is slow.
func (s *session) pinged(data string) error {
	select {
	case s.pongs <- data:
	default: // a pong is on its way, which answers this ping as well
	}
	return nil
}

// keepalive pings, so that a dead peer shows as silence and a proxy on the way keeps
// the connection open, and answers the pings of the connector.
func (s *session) keepalive() {
	ticker := time.NewTicker(s.g.bounds.Ping)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			// A ping that cannot be written is no verdict; the silence is.
			s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.g.bounds.Write))
		case data := <-s.pongs:
			s.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(s.g.bounds.Write))
		case <-s.closing:
			return
		}
	}
}
