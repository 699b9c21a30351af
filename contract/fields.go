package contract

import (
	"fmt"
)

// readFrameFields reads a table with one row for each field of each frame.
func (m *Model) readFrameFields(p *page, t *table, c columns) Problems {
	var problems Problems
	for _, r := range t.rows {
		name := c.text(r, "frame")
		f := m.Frame(name)
		if f == nil {
			m.Frames = append(m.Frames, Frame{Type: name, Line: r.line})
			f = &m.Frames[len(m.Frames)-1]
		}
		if c.has("from") {
			side, err := senderOf(c.text(r, "from"))
			if err == nil && f.From != "" && f.From != side {
				err = fmt.Errorf("expected %s, as in line %d, got %s", f.From, f.Line, side)
			}
			if err != nil {
				problems = append(problems, p.problem(r.line, "frame %q: sender: %v", name, err))
			}
			f.From = side
		}
		if isDash(c.text(r, "field")) {
			continue
		}
		fields, ps := readField(p, r, c)
		problems = append(problems, ps...)
		problems = append(problems, addFields(p, "frame "+name, &f.Fields, fields)...)
	}
	return problems
}

// readFrames reads a table with one row for each frame, its fields in one cell.
func (m *Model) readFrames(p *page, t *table, c columns) Problems {
	var problems Problems
	for _, r := range t.rows {
		name := c.text(r, "type")
		from, err := senderOf(c.text(r, "from"))
		if err != nil {
			problems = append(problems, p.problem(r.line, "frame %q: sender: %v", name, err))
		}
		if f := m.Frame(name); f != nil {
			problems = append(problems, p.problem(r.line, "frame %q: expected a type of its own, got that of line %d", name, f.Line))
			continue
		}
		m.Frames = append(m.Frames, Frame{Type: name, From: from, Fields: m.lists(p, r, c), Line: r.line})
	}
	return problems
}

// readFields reads a table of the fields of one object, which its first header or the
// heading above it names; or of one frame, where a heading says so.
func (m *Model) readFields(p *page, t *table, c columns) Problems {
	var fields []Field
	var problems Problems
	for _, r := range t.rows {
		fs, ps := readField(p, r, c)
		problems = append(problems, ps...)
		fields = append(fields, fs...)
	}
	owner := ownerOf(t.header[c["field"]].text)
	if owner == "" {
		if name, from, ok := frameHeading(t.path); ok {
			f := m.addFrame(name, from, t.line)
			m.Tables++
			return append(problems, addFields(p, "frame "+name, &f.Fields, fields)...)
		}
		if name, ok := opHeading(t.path); ok {
			op := m.addOp(name, t.line)
			m.Tables++
			return append(problems, addFields(p, "op "+name, &op.Fields, fields)...)
		}
		if owner = objectHeading(t.path); owner == "" {
			m.Unread = append(m.Unread, p.problem(t.line, "table of fields: expected its first header (\"source field\") or its heading to say of which object, got the heading %q", last(t.path)))
			return problems
		}
	}
	o := m.Object(owner)
	if o == nil {
		m.Objects = append(m.Objects, Object{Name: owner, Line: t.line})
		o = &m.Objects[len(m.Objects)-1]
	}
	m.Tables++
	return append(problems, addFields(p, owner, &o.Fields, fields)...)
}

func (m *Model) addFrame(name string, from Side, line int) *Frame {
	if f := m.Frame(name); f != nil {
		return f
	}
	m.Frames = append(m.Frames, Frame{Type: name, From: from, Line: line})
	return &m.Frames[len(m.Frames)-1]
}

func addFields(p *page, owner string, to *[]Field, fields []Field) Problems {
	var problems Problems
	lines := make(map[string]int, len(*to))
	for _, f := range *to {
		lines[f.Name] = f.Line
	}
	for _, f := range fields {
		if line, twice := lines[f.Name]; twice {
			problems = append(problems, p.problem(f.Line, "%s: field %q: expected a name of its own, got that of line %d", owner, f.Name, line))
			continue
		}
		lines[f.Name] = f.Line
		*to = append(*to, f)
	}
	return problems
}

func last(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return path[len(path)-1]
}
