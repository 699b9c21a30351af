package fakeconnector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/relaykit/relaykit/protocol"
)

// record writes a message and its lines into the journal, and returns the Seq of the
// message; those of the lines follow.
func (s *Session) record(dir protocol.Direction, m wireMessage, lines []FrameRecord, carried bool, first int64) int64 {
	return s.c.journal.message(s.stamp(Entry{Kind: KindMessage, Dir: dir, Message: &Message{m.opcode, m.payload}}), lines, carried, first)
}

// noteSent keeps what the gateway may rely on from now on; true for the descriptor that
// completes the handshake. f is what the gateway will read in the line, nil where it is no
// frame; typ is its type, or that of a frame that a fault broke.
func (s *Session) noteSent(line []byte, f protocol.Frame, typ protocol.Type) bool {
	if s.holdsSecret(line) {
		s.quotable.Store(true)
	}
	switch typ {
	case protocol.TypeDescriptor:
		s.mu.Lock()
		defer s.mu.Unlock()
		first := !s.handshaken
		s.handshaken = true
		return first
	case protocol.TypeInbound, protocol.TypePassthroughForward:
		if id := bufferIDOf(line, f); id != "" {
			s.c.acks.sent(s.gateway.Instance, id)
		}
		s.c.known.learn(s.gateway, f)
	}
	return false
}

// bufferIDOf is the id that the gateway may name in its ack, empty where it may not ack.
func bufferIDOf(line []byte, f protocol.Frame) string {
	var id protocol.Opt[string]
	var extra protocol.Extra
	switch f := f.(type) {
	case *protocol.Inbound:
		id, extra = f.BufferID, f.Extra
	case *protocol.PassthroughForward:
		id, extra = f.BufferID, f.Extra
	default: // a frame that a fault broke
		var m struct {
			BufferID json.RawMessage `json:"bufferId"`
		}
		_ = json.Unmarshal(line, &m)
		return bufferIDText(m.BufferID)
	}
	return id.Or(bufferIDText(extra["bufferId"])) // a mistyped one of a fault is among the unknown members
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

// bufferIDText is a bufferId as it is on the wire. A
// number that a fault sent counts as its digits, which is how lenient gateways read it.
func bufferIDText(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil { // null as well
		return s
	}
	return string(raw)
}

// cut takes the payload of a message and returns the lines that it completes. They may
// share its bytes, which nobody writes to.
func cut(s *protocol.Splitter, payload []byte) []protocol.Line {
	// Mostly a message is one frame and its newline.
	if end := len(payload) - 1; s.Pending() == 0 && end > 0 && end <= s.Limit && payload[0] == '{' && payload[end-1] == '}' &&
		bytes.IndexByte(payload, '\n') == end {
		return []protocol.Line{{Data: payload[:end:end]}}
	}
	return s.Write(payload)
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
