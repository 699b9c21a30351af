package contract

import (
	"fmt"
)

// readFrameFields reads a table with one row for each field of each frame.
func (m *Model) readFrameFields(p *page, t *table, c columns) Problems {
	var problems Problems
	name := ""
	for _, r := range t.rows {
		// An empty cell repeats the name above it, and with it the sender.
		repeats := c.text(r, "frame") == "" && name != ""
		if !repeats {
			name = c.text(r, "frame")
		}
		if name == "" {
			problems = append(problems, p.problem(r.line, "expected the type of a frame, got an empty cell with none above it"))
			continue
		}
		f := m.addFrame(name, "", r.line)
		if said := c.text(r, "from"); c.has("from") && !(repeats && said == "") {
			side, err := senderOf(said)
			if err == nil && f.From != "" && f.From != side {
				err = fmt.Errorf("expected %s, as in line %d, got %s", f.From, f.Line, side)
			}
			if err != nil {
				problems = append(problems, p.problem(r.line, "frame %q: sender: %v", name, err))
			}
			f.From = side
		}
		if isNothing(c.text(r, "field")) {
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

// readFields reads a table of the fields of one object, which its first header, the
// heading above it or the sentence before it names; or of one frame or op.
func (m *Model) readFields(p *page, t *table, c columns) Problems {
	var fields []Field
	var problems Problems
	for _, r := range t.rows {
		fs, ps := readField(p, r, c)
		problems = append(problems, ps...)
		fields = append(fields, fs...)
	}
	o, ok := owner{kind: "object", name: ownerOf(t.header[c["field"]].text)}, true
	if o.name == "" {
		if o, ok = p.owner(t.place); !ok {
			m.Unread = append(m.Unread, p.problem(t.line, "table of fields: expected its first header (\"source field\"), its heading or the sentence before it to say of which object, got the heading %q", last(t.path)))
			return problems
		}
	}
	m.Tables++
	return append(problems, m.describe(p, o, fields, t.place, t.line)...)
}

// describe adds fields to what they belong to.
func (m *Model) describe(p *page, o owner, fields []Field, at place, line int) Problems {
	switch o.kind {
	case "frame":
		return addFields(p, "frame "+o.name, &m.addFrame(o.name, o.from, line).Fields, fields)
	case "op":
		return addFields(p, "op "+o.name, &m.addOp(o.name, line).Fields, fields)
	}
	if o.body != "" {
		method, path, _ := routeHeading(last(at.path))
		route := Route{Method: method, Path: path, Line: p.headings[at.under].line}
		if o.body == "answer" {
			route.Answer.Fields = fields
		} else {
			route.Request.Fields = fields
		}
		m.addRoute(p, route)
	}
	obj := m.Object(o.name)
	if obj == nil {
		m.Objects = append(m.Objects, Object{Name: o.name, Line: line})
		obj = &m.Objects[len(m.Objects)-1]
	}
	return addFields(p, o.name, &obj.Fields, fields)
}

func (m *Model) addFrame(name string, from Side, line int) *Frame {
	f := m.Frame(name)
	if f == nil {
		m.Frames = append(m.Frames, Frame{Type: name, From: from, Line: line})
		f = &m.Frames[len(m.Frames)-1]
	}
	if f.From == "" {
		f.From = from
	}
	return f
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
