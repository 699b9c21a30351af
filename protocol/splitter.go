package protocol

import "bytes"

// Line is what a [Splitter] yields: one non-blank line without its line break, or
// the remains of one that was over the limit.
type Line struct {
	// Data is the line without the newline and a carriage return before it. It is
	// nil when the line was too long.
	Data []byte
	// Oversize is the length in bytes of a line that was over the limit, else 0.
	Oversize int
}

// Splitter cuts a stream of WebSocket messages into lines (contract, section
// "Framing"): several frames in one message, one frame across several messages,
// blank lines, text and binary alike. It is not safe for concurrent use. The zero
// value has no size limit.
type Splitter struct {
	// Limit is the longest line in bytes that is kept, newline not counted; 0 means
	// no limit. A longer line is dropped as it comes, so memory stays bounded, and is
	// reported when its newline arrives.
	Limit int

	partial []byte
	dropped int // bytes of the oversize line that is under way, 0 if none
}

// Write takes the payload of one message and returns the lines that it completes.
// The returned data does not alias payload.
func (s *Splitter) Write(payload []byte) []Line {
	var lines []Line
	for len(payload) > 0 {
		i := bytes.IndexByte(payload, '\n')
		if i < 0 {
			s.keep(payload)
			break
		}
		s.keep(payload[:i])
		payload = payload[i+1:]
		if line, ok := s.take(); ok {
			lines = append(lines, line)
		}
	}
	return lines
}

// Pending is how many bytes of an unfinished line have come.
func (s *Splitter) Pending() int { return len(s.partial) + s.dropped }

func (s *Splitter) keep(part []byte) {
	switch {
	case s.dropped > 0:
		s.dropped += len(part)
	case s.Limit > 0 && len(s.partial)+len(part) > s.Limit:
		s.dropped = len(s.partial) + len(part)
		s.partial = nil
	default:
		s.partial = append(s.partial, part...)
	}
}

func (s *Splitter) take() (Line, bool) {
	if n := s.dropped; n > 0 {
		s.dropped = 0
		return Line{Oversize: n}, true
	}
	line := s.partial
	s.partial = nil
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(bytes.Trim(line, " \t\r")) == 0 {
		return Line{}, false
	}
	return Line{Data: line}, true
}
