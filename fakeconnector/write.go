package fakeconnector

import (
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// outStream is what we send, read back as the gateway will read it: raw bytes count too.
// Messages are recorded when they are queued, before they leave, or an answer of the
// gateway could stand in the journal before what it answers.
type outStream struct {
	protocol.Splitter
	first   int64 // Seq of the message that began the unfinished line
	queue   []outItem
	bytes   int
	more    chan struct{} // of size 1: the queue is not empty
	stalled bool
	waiting []wireMessage // while stalled, in order, not yet recorded
}

type wireMessage struct {
	opcode  int
	payload []byte
}

// outItem is a message, or the act that ends the writer.
type outItem struct {
	wireMessage
	before func() // done just before the message leaves
	last   func() // instead of a message
}

// queuedBytes bounds the memory of one session whose gateway does not read.
const queuedBytes = 64 << 20

// ErrSessionOver is the cause when something is sent on a session that has ended.
var ErrSessionOver = errors.New("the session is over")

// Send sends one frame as one text message. Stubs on frames that we send see it.
func (s *Session) Send(f protocol.Frame) error {
	line, err := protocol.Encode(f)
	if err != nil {
		return fmt.Errorf("sending on session %s: %w", s.id, err)
	}
	return s.run(s.c.outgoing(s, f, line, nil))
}

// SendRaw sends one message with these very bytes. opcode is websocket.TextMessage or
// websocket.BinaryMessage. No stub sees it.
func (s *Session) SendRaw(opcode int, payload []byte) error {
	if opcode != websocket.TextMessage && opcode != websocket.BinaryMessage {
		return fmt.Errorf("sending on session %s: expected the opcode of a text (1) or binary (2) message, got %d", s.id, opcode)
	}
	return s.write(wireMessage{opcode, append([]byte(nil), payload...)})
}

// outgoing makes the steps that send one frame, after the stubs on it. f may be nil:
// then it is read from the line when a stub wants to see it.
func (c *Connector) outgoing(s *Session, f protocol.Frame, line []byte, cause protocol.Frame) []Step {
	steps := []Step{TextStep(line)}
	if c.stubs.none() {
		return steps
	}
	if f == nil {
		f, _ = protocol.Decode(line[:len(line)-1])
	}
	x := &Exchange{Point: PointSend, Session: s, Frame: f, Cause: cause, c: c, gateway: s.gateway, session: s.id, steps: steps}
	c.stubs.apply(x)
	return x.steps
}

// run carries out steps in order. It stops at the first that fails.
func (s *Session) run(steps []Step) error {
	for _, step := range steps {
		var err error
		if step.Act != nil {
			err = step.Act(s)
		} else {
			err = s.write(wireMessage{step.Opcode, step.Payload})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) write(m wireMessage) error {
	s.wmu.Lock()
	defer s.wmu.Unlock()
	if s.out.stalled {
		if len(s.out.waiting) >= s.c.limits.QueuedWrites {
			return fmt.Errorf("sending on session %s: it is stalled and %d messages wait already", s.id, len(s.out.waiting))
		}
		s.out.waiting = append(s.out.waiting, m)
		return nil
	}
	return s.writeLocked(m)
}

// writeLocked records and queues one message. It needs wmu.
func (s *Session) writeLocked(m wireMessage) error {
	if s.isClosing() {
		return fmt.Errorf("sending on session %s: %w", s.id, ErrSessionOver)
	}
	if len(s.out.queue) >= s.c.limits.QueuedWrites || s.out.bytes > queuedBytes {
		s.journal(Entry{Kind: KindNote, Note: fmt.Sprintf("the gateway does not read: %d messages wait for it", len(s.out.queue))})
		_ = s.Reset()
		return fmt.Errorf("sending on session %s: the gateway does not read: %w", s.id, ErrSessionOver)
	}
	carried := s.out.Pending() > 0
	entries, records := s.record(protocol.FromConnector, m, s.out.Write(m.payload), carried, s.out.first)
	if !carried || len(records) > 0 {
		s.out.first = entries[0].Seq
	}
	item := outItem{wireMessage: m}
	for i := range records {
		if s.noteSent(&records[i]) {
			// Before the gateway can know of it: what is published when it has read its
			// descriptor goes out live.
			item.before = func() { s.c.handshaken(s) }
		}
	}
	s.enqueue(item)
	return nil
}

// enqueue needs wmu.
func (s *Session) enqueue(i outItem) {
	s.out.queue = append(s.out.queue, i)
	s.out.bytes += len(i.payload)
	select {
	case s.out.more <- struct{}{}:
	default:
	}
}

// writer sends what is queued until the session is over.
func (s *Session) writer() {
	for {
		select {
		case <-s.out.more:
		case <-s.over:
			return
		}
		for {
			s.wmu.Lock()
			if len(s.out.queue) == 0 {
				s.out.queue = nil
				s.wmu.Unlock()
				break
			}
			i := s.out.queue[0]
			s.out.queue = s.out.queue[1:]
			s.out.bytes -= len(i.payload)
			s.wmu.Unlock()
			if i.last != nil {
				i.last()
				return
			}
			if i.before != nil {
				i.before()
			}
			_ = s.ws.SetWriteDeadline(time.Now().Add(s.c.limits.WriteTimeout))
			if err := s.ws.WriteMessage(i.opcode, i.payload); err != nil {
				if isTimeout(err) {
					s.journal(Entry{Kind: KindNote, Note: fmt.Sprintf("the gateway took no bytes for %s", s.c.limits.WriteTimeout)})
					_ = s.Reset()
				}
				// The reader sees the end of the stream and records it.
				return
			}
		}
	}
}

// Stall keeps everything that we would send on this session, in order, until the
// returned function is called.
func (s *Session) Stall() (resume func()) {
	s.wmu.Lock()
	defer s.wmu.Unlock()
	s.out.stalled = true
	return func() {
		s.wmu.Lock()
		defer s.wmu.Unlock()
		waiting := s.out.waiting
		s.out.stalled, s.out.waiting = false, nil
		for _, m := range waiting {
			if s.writeLocked(m) != nil {
				return
			}
		}
	}
}
