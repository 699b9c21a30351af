package contract

import (
	"strings"
)

// readShapes reads frames that stand as JSON in bullets, and objects that a sentence
// gives: `event` is `{text, …}`.
func (m *Model) readShapes(p *page) {
	for _, s := range p.shapes {
		switch {
		case strings.HasPrefix(s.codes[0], "{"):
			fields, scan := scanList(s.codes[0], s.line)
			m.unread(p, s.line, scan)
			if scan.typ == "" {
				continue // some other JSON
			}
			var own []Field
			for _, f := range fields {
				if f.Name != "type" {
					own = append(own, f)
				}
			}
			from, _ := senderOf(strings.TrimPrefix(s.text, s.codes[0]))
			if m.Frame(scan.typ) == nil {
				m.Frames = append(m.Frames, Frame{Type: scan.typ, From: from, Fields: own, Line: s.line})
			}
		case len(s.codes) > 1 && strings.HasPrefix(s.codes[1], "{") && (s.between == "is" || s.between == "=" || s.between == ":"):
			fields, scan := scanList(s.codes[1], s.line)
			m.unread(p, s.line, scan)
			if m.Object(s.codes[0]) == nil {
				m.Objects = append(m.Objects, Object{Name: s.codes[0], Fields: fields, Line: s.line})
			}
		}
	}
}

// readBareFrames adds the frames that have a heading and no table: those without
// fields.
func (m *Model) readBareFrames(p *page) {
	for _, h := range p.headings {
		if name, from, ok := frameHeading(h.path); ok && h.bare {
			m.addFrame(name, from, h.line)
		}
	}
}
