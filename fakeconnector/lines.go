package fakeconnector

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/relaykit/relaykit/protocol"
)

// record writes a message and its lines into the journal.
func (s *Session) record(dir protocol.Direction, m wireMessage, lines []protocol.Line, carried bool, first int64) ([]Entry, []FrameRecord) {
	records := decodeLines(lines)
	entries := s.c.journal.add(func(seq int64) []Entry {
		es := make([]Entry, 1, 1+len(records))
		es[0] = s.stamp(Entry{Kind: KindMessage, Dir: dir, Message: &Message{m.opcode, m.payload}})
		for i := range records {
			records[i].Message, records[i].FirstMessage = seq, seq
			if i == 0 && carried {
				records[i].FirstMessage = first
			}
			es = append(es, s.stamp(Entry{Kind: KindFrame, Dir: dir, Frame: &records[i]}))
		}
		return es
	})
	return entries, records
}

// noteSent keeps what the gateway may rely on from now on; true for the descriptor that
// completes the handshake.
func (s *Session) noteSent(r *FrameRecord) bool {
	if s.holdsSecret(r.Raw) {
		s.quotable.Store(true)
	}
	switch sentType(r) {
	case protocol.TypeDescriptor:
		s.mu.Lock()
		defer s.mu.Unlock()
		first := !s.handshaken
		s.handshaken = true
		return first
	case protocol.TypeInbound, protocol.TypePassthroughForward:
		var m struct {
			BufferID json.RawMessage `json:"bufferId"`
		}
		if json.Unmarshal(r.Raw, &m) == nil {
			if id := bufferIDText(m.BufferID); id != "" {
				s.c.acks.sent(s.gateway.Instance, id)
			}
		}
		s.c.known.learn(s.gateway, r.Frame)
	}
	return false
}

// sentType is the type of a line that may be a broken frame of a fault.
func sentType(r *FrameRecord) protocol.Type {
	if r.Frame != nil {
		return r.Frame.FrameType()
	}
	var fe *protocol.FrameError
	if errors.As(r.Err, &fe) {
		return fe.Type
	}
	return ""
}

// bufferIDText is the id that a gateway may name in its ack, empty where it may not ack. A
// number that a fault sent counts as its digits, which is how lenient gateways read it.
func bufferIDText(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil { // null as well
		return s
	}
	return string(raw)
}

// decodeLines reads lines as frames.
func decodeLines(lines []protocol.Line) []FrameRecord {
	records := make([]FrameRecord, len(lines))
	for i, l := range lines {
		if l.Oversize > 0 {
			records[i].Err = fmt.Errorf("a line of %d bytes, over the limit: it was dropped", l.Oversize)
			continue
		}
		f, err := protocol.Decode(l.Data)
		records[i] = FrameRecord{Raw: l.Data, Frame: f, Err: err}
	}
	return records
}
