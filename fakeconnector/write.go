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
	writing bool      // a goroutine empties the queue
	ended   bool      // nothing leaves any more
	last    time.Time // when the last message was sent
	pinging bool      // a ping waits in the queue
	pinger  *time.Timer
	stalled bool
	waiting []wireMessage // while stalled, in order, not yet recorded
}

type wireMessage struct {
	opcode  int
	payload []byte
	frame   protocol.Frame // what the payload is the encoding of, where that is sure
}

// outItem is a message, a ping, or the act that ends the writer.
type outItem struct {
	opcode  int
	payload []byte
	before  func() // done just before the message leaves
	last    func() // instead of a message
	rest    bool   // what did not leave at once, instead of a message
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
	return s.write(wireMessage{opcode: opcode, payload: append([]byte(nil), payload...)})
}

// outgoing makes the steps that send one frame, after the stubs on it. f may be nil:
// then it is read from the line when a stub wants to see it.
func (c *Connector) outgoing(s *Session, f protocol.Frame, line []byte, cause protocol.Frame) []Step {
	plain := TextStep(line)
	if c.stubs.none() {
		plain.frame = f
		return []Step{plain}
	}
	seen := f
	if seen == nil {
		seen, _ = protocol.Decode(line[:len(line)-1])
	}
	x := &Exchange{Point: PointSend, Session: s, Frame: seen, Cause: cause, c: c, gateway: s.gateway, session: s.id, steps: []Step{plain}}
	firing := c.stubs.firing(x)
	if len(firing) == 0 {
		x.steps[0].frame = f
	}
	apply(firing, x)
	return x.steps
}

// run carries out steps in order. It stops at the first that fails.
func (s *Session) run(steps []Step) error {
	for _, step := range steps {
		var err error
		if step.Act != nil {
			err = step.Act(s)
		} else {
			err = s.write(wireMessage{step.Opcode, step.Payload, step.frame})
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
	item := outItem{opcode: m.opcode, payload: m.payload}
	for _, sent := range s.recordSent(m) {
		if s.noteSent(sent.line, sent.frame, sent.typ) {
			// Before the gateway can know of it: what is published when it has read its
			// descriptor goes out live.
			item.before = func() { s.c.handshaken(s) }
		}
	}
	if !s.sendNow(m, item) {
		s.enqueue(item)
	}
	return nil
}

// sentLine is a line that we send.
type sentLine struct {
	line  []byte
	frame protocol.Frame // nil where it is no frame
	typ   protocol.Type
}

// recordSent writes a message of ours and its lines into the journal. It needs wmu.
func (s *Session) recordSent(m wireMessage) []sentLine {
	carried := s.out.Pending() > 0
	lines := cut(&s.out.Splitter, m.payload)
	if m.frame != nil && !carried && len(lines) == 1 && lines[0].Oversize == 0 {
		// Our own encoding of a frame need not be read to know what it is. The journal reads
		// it when somebody looks.
		sent := []sentLine{{lines[0].Data, m.frame, m.frame.FrameType()}}
		s.out.first = s.record(protocol.FromConnector, m, []FrameRecord{{Raw: lines[0].Data, unread: true}}, false, 0)
		return sent
	}
	records := decodeLines(lines)
	seq := s.record(protocol.FromConnector, m, records, carried, s.out.first)
	if !carried || len(records) > 0 {
		s.out.first = seq
	}
	sent := make([]sentLine, len(records))
	for i := range records {
		sent[i] = sentLine{records[i].Raw, records[i].Frame, sentType(&records[i])}
	}
	return sent
}

// enqueue needs wmu.
func (s *Session) enqueue(i outItem) {
	s.out.queue = append(s.out.queue, i)
	s.out.bytes += len(i.payload)
	if !s.out.writing && !s.out.ended {
		s.out.writing = true
		s.c.wg.Go(s.writer) // the session's own goroutine is still counted: it sets ended
	}
}

// burst is how soon after the last one a message counts as one of several. Those are left
// to the writer, which sends them together; a single one leaves here.
const burst = time.Millisecond

// sendNow lets a message leave in this goroutine, without waiting: an answer, or whatever
// comes alone. Otherwise, and for a rest that does not leave at once, there is the writer.
// It needs wmu.
func (s *Session) sendNow(m wireMessage, i outItem) bool {
	now := time.Now()
	alone := now.Sub(s.out.last) > burst
	s.out.last = now
	_, answer := m.frame.(*protocol.OutboundResult)
	if (!alone && !answer) || s.out.writing || s.out.ended || i.before != nil {
		return false
	}
	s.raw.setMode(writeTry)
	err := s.ws.WriteMessage(i.opcode, i.payload)
	if left := s.raw.setMode(writeThrough); left || err != nil {
		s.enqueue(outItem{rest: true})
	}
	return true
}

// endWriting lets nothing more leave.
func (s *Session) endWriting() {
	s.wmu.Lock()
	defer s.wmu.Unlock()
	s.out.ended = true
}

// writer sends what is queued and ends with the queue.
func (s *Session) writer() {
	for {
		i, more, ok := s.dequeue()
		if !ok {
			return
		}
		if i.last != nil {
			s.endWriting()
			i.last()
			return
		}
		if i.before != nil {
			i.before()
		}
		if more {
			s.raw.setMode(writeGather)
		} else {
			s.raw.setMode(writeThrough)
		}
		if err := s.send(i); err != nil {
			s.endWriting()
			if isTimeout(err) {
				s.journal(Entry{Kind: KindNote, Note: fmt.Sprintf("the gateway took no bytes for %s", s.c.limits.WriteTimeout)})
				_ = s.Reset()
			} else {
				// Our answer to the gateway's close frame may stand in what was gathered.
				_ = s.raw.flush(s.c.limits.CloseTimeout)
			}
			// The reader sees the end of the stream and records it.
			return
		}
	}
}

// dequeue takes the next item, and says whether another message follows at once.
func (s *Session) dequeue() (i outItem, more, ok bool) {
	s.wmu.Lock()
	defer s.wmu.Unlock()
	if len(s.out.queue) == 0 || s.out.ended {
		s.out.queue, s.out.writing = nil, false
		return outItem{}, false, false
	}
	i = s.out.queue[0]
	s.out.queue[0] = outItem{}
	s.out.queue = s.out.queue[1:]
	s.out.bytes -= len(i.payload)
	return i, len(s.out.queue) > 0 && s.out.queue[0].last == nil, true
}

func (s *Session) send(i outItem) error {
	if i.rest {
		return s.raw.flush(s.c.limits.WriteTimeout)
	}
	if i.opcode == websocket.PingMessage {
		s.wmu.Lock()
		s.out.pinging = false
		s.wmu.Unlock()
		return s.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.c.limits.WriteTimeout))
	}
	_ = s.ws.SetWriteDeadline(time.Now().Add(s.c.limits.WriteTimeout))
	return s.ws.WriteMessage(i.opcode, i.payload)
}

// ping queues a keepalive ping, unless the last one has not left yet.
func (s *Session) ping() {
	s.wmu.Lock()
	defer s.wmu.Unlock()
	if s.out.ended {
		return
	}
	if !s.out.pinging {
		s.out.pinging = true
		s.enqueue(outItem{opcode: websocket.PingMessage})
	}
	s.out.pinger.Reset(s.c.limits.PingInterval)
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
