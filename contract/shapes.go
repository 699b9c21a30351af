package contract

import (
	"slices"
	"strings"
)

// readShapes reads frames that stand as JSON in bullets, and objects that a sentence
// gives: `event` is `{text, …}`.
func (m *Model) readShapes(p *page) {
	for _, s := range p.shapes {
		for _, code := range s.codes {
			m.readShape(p, s, code)
		}
		if len(s.codes) < 2 || !strings.HasPrefix(s.codes[1], "{") || s.between != "is" && s.between != "=" && s.between != ":" {
			continue
		}
		fields, scan := scanList(s.codes[1], s.line)
		if scan.typ != "" {
			continue // a frame, with its name before it
		}
		m.unread(p, s.line, scan)
		p.done[s.line] = true
		if m.Object(s.codes[0]) == nil {
			m.Objects = append(m.Objects, Object{Name: s.codes[0], Fields: fields, Line: s.line})
		}
	}
}

// readShape reads a frame that stands as JSON. Its sender is in the words around it, or
// in a heading above it.
func (m *Model) readShape(p *page, s shape, code string) {
	if !strings.HasPrefix(code, "{") {
		return
	}
	fields, scan := scanList(code, s.line)
	if scan.typ == "" {
		return // some other JSON
	}
	p.done[s.line] = true
	m.unread(p, s.line, scan)
	from, err := senderOf(strings.Replace(s.text, code, "", 1))
	if err != nil {
		if from = s.outer; from == "" {
			from = sideOf(s.path)
		}
	}
	if m.Frame(scan.typ) == nil {
		m.Frames = append(m.Frames, Frame{Type: scan.typ, From: from, Fields: drop(fields, "type"), Line: s.line})
	}
}

// drop leaves out the field that says what an object is.
func drop(fields []Field, names ...string) []Field {
	var kept []Field
	for _, f := range fields {
		if !slices.Contains(names, f.Name) {
			kept = append(kept, f)
		}
	}
	return kept
}

// readBareFrames adds the frames that have a heading and no table: those without
// fields.
func (m *Model) readBareFrames(p *page) {
	for _, h := range p.headings {
		if name, from, ok := frameHeading(h.path); ok && h.bare {
			if from == "" {
				from = h.side
			}
			m.addFrame(name, from, h.line)
		}
	}
}
