package fakeconnector

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/relaykit/relaykit/protocol"
)

// inStream is the gateway's stream, cut into lines.
type inStream struct {
	protocol.Splitter
	first int64 // Seq of the message that began the unfinished line
	check checker
}

// tail is the unfinished line of the gateway's stream, watched for a missing newline.
type tail struct {
	bytes   []byte
	of      int64 // Seq of the message that it came with last
	flagged bool
	stop    func() bool
}

func (s *Session) received(opcode int, payload []byte) {
	carried := s.in.Pending() > 0
	records := decodeLines(cut(&s.in.Splitter, payload))
	seq := s.record(protocol.FromGateway, wireMessage{opcode: opcode, payload: payload}, records, carried, s.in.first)
	if !carried || len(records) > 0 {
		s.in.first = seq
	}
	s.watchTail(payload, seq)
	for i := range records {
		// What comes after our close is recorded and no more; a refused session is closed
		// before it is read. An acknowledgement counts all the same: what was accepted must
		// not come again.
		if s.isClosing() {
			if ack, ok := records[i].Frame.(*protocol.InboundAck); ok && s.accepted {
				s.c.acked(s, ack.BufferID)
			}
			continue
		}
		s.arrived(&records[i], seq+1+int64(i))
	}
}

// watchTail sets the bound on the newline of an unfinished line.
func (s *Session) watchTail(payload []byte, seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.tail
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
	if i := bytes.LastIndexByte(payload, '\n'); i >= 0 {
		t.bytes, t.flagged = nil, false
		payload = payload[i+1:]
	}
	if len(t.bytes)+len(payload) <= s.c.limits.LineBytes {
		t.bytes = append(t.bytes, payload...)
	}
	t.of = seq
	if !s.accepted || s.closing || len(bytes.TrimSpace(t.bytes)) == 0 {
		return
	}
	t.stop = s.c.clock.AfterFunc(s.c.limits.NewlineBound, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.tail.of == seq && !s.closing {
			s.judgeTail(fmt.Sprintf("no newline came for %s", s.c.limits.NewlineBound))
		}
	})
}

// judgeTail needs s.mu. A line that is cut off somewhere may go on; a whole JSON object
// lacks its newline and nothing else.
func (s *Session) judgeTail(what string) {
	t := &s.tail
	if t.flagged || !isObject(t.bytes) {
		return
	}
	t.flagged = true
	s.violation(protocol.RuleFramingNewline, t.of, "expected a newline after the frame, %s: %s", what, clip(t.bytes))
}

// atEnd judges the unfinished line when the gateway's side ended. Only an end that the
// gateway made itself, in order, tells anything: whoever is cut off may be in the middle
// of a frame, or just before its newline.
func (s *Session) atEnd(r CloseRecord, ours bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ours || !s.accepted || r.By != protocol.FromGateway || r.How != HowCloseFrame {
		return
	}
	t := &s.tail
	if rest := bytes.TrimSpace(t.bytes); len(rest) > 0 && !isObject(t.bytes) && !t.flagged {
		t.flagged = true
		s.violation(protocol.RuleFramingNewline, t.of, "expected a whole frame and its newline before the close, got %d bytes of an unfinished line: %s", len(rest), clip(rest))
		return
	}
	s.judgeTail("the gateway closed the session instead")
}

func (s *Session) dropTail() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tail.stop != nil {
		s.tail.stop()
	}
	s.tail.of = 0
}

func isObject(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && line[0] == '{' && json.Valid(line)
}

// arrived checks, stubs and answers one line of the gateway.
func (s *Session) arrived(r *FrameRecord, seq int64) {
	s.in.check.frame(s, r, seq)
	x := &Exchange{Point: PointFrame, Session: s, Frame: r.Frame, Raw: r.Raw, c: s.c, gateway: s.gateway, session: s.id}
	firing := s.c.stubs.firing(x)
	if !ignores(firing) {
		x.steps = s.answer(r)
	}
	apply(firing, x)
	if err := s.run(x.steps); err != nil && !s.isClosing() {
		s.journal(Entry{Kind: KindNote, Note: "the answer did not leave: " + err.Error()})
	}
}
