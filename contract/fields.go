package contract

import (
	"fmt"
	"strings"
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

// readOpFields reads a table with one row for each field of each op.
func (m *Model) readOpFields(p *page, t *table, c columns) Problems {
	var problems Problems
	for _, r := range t.rows {
		fields, ps := readField(p, r, c)
		problems = append(problems, ps...)
		op := m.addOp(c.text(r, "op"), r.line)
		if op.Since == "" && len(fields) > 0 {
			op.Since = fields[0].Since
		}
		problems = append(problems, addFields(p, "op "+op.Name, &op.Fields, fields)...)
	}
	return problems
}

// readOps reads a table with one row for each op, its fields and results in one cell
// each.
func (m *Model) readOps(p *page, t *table, c columns) Problems {
	var problems Problems
	for _, r := range t.rows {
		name, mark := opName(c.cell(r, "op"))
		if op := m.Op(name); op != nil {
			problems = append(problems, p.problem(r.line, "op %q: expected a name of its own, got that of line %d", name, op.Line))
			continue
		}
		if since := c.text(r, "since"); since != "" {
			if _, err := ParseMark(since); err != nil {
				problems = append(problems, p.problem(r.line, "op %q: since: %v", name, err))
			}
			mark = Mark(since)
		}
		op := m.addOp(name, r.line)
		op.Since, op.Fields = mark, m.lists(p, r, c)
		if c.has("result") {
			m.readResult(p, op, c.cell(r, "result"), r.line)
		}
	}
	return problems
}

// readResults reads a table with the results of ops that another table describes.
func (m *Model) readResults(p *page, t *table, c columns) Problems {
	for _, r := range t.rows {
		name, _ := opName(c.cell(r, "op"))
		m.readResult(p, m.addOp(name, r.line), c.cell(r, "result"), r.line)
	}
	return nil
}

func (m *Model) readResult(p *page, op *Op, c cell, line int) {
	fields, s := scanList(c.marked, line)
	if s.like != "" {
		if other := m.Op(s.like); other != nil {
			fields = append(fields, other.Results...)
		} else {
			s.rest = append(s.rest, "as "+s.like)
		}
	}
	m.unread(p, line, s)
	op.Results = fields
}

func (m *Model) addOp(name string, line int) *Op {
	if op := m.Op(name); op != nil {
		return op
	}
	m.Ops = append(m.Ops, Op{Name: name, Line: line})
	return &m.Ops[len(m.Ops)-1]
}

// opName reads "prompt" and "`prompt` `[since 2026-07-26]`".
func opName(c cell) (string, Mark) {
	fields, _ := scanList(c.marked, 0)
	if len(fields) == 1 {
		return fields[0].Name, fields[0].Since
	}
	return c.text, ""
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

// readField reads one row of a table of fields. A cell can name several fields, which
// the rest of the row then describes alike.
func readField(p *page, r row, c columns) ([]Field, Problems) {
	var problems Problems
	bad := func(format string, args ...any) {
		problems = append(problems, p.problem(r.line, "field %q: %s", c.text(r, "field"), fmt.Sprintf(format, args...)))
	}
	fields, s := scanList(c.cell(r, "field").marked, r.line)
	if len(fields) == 0 || len(s.rest) > 0 {
		bad("expected the name of a field, got %q", c.text(r, "field"))
	}
	var typ string
	var presence Presence
	var since Mark
	var err error
	if c.has("type") {
		if typ, err = parseType(c.text(r, "type")); err != nil {
			bad("type: %v", err)
		}
	}
	if c.has("presence") {
		if presence, err = parsePresence(c.text(r, "presence")); err != nil {
			bad("presence: %v", err)
		}
	}
	if c.has("optional") {
		if presence, err = parsePresence(c.text(r, "optional")); err != nil {
			bad("optional: %v", err)
		} else if presence == Sent {
			presence = Optional
		} else if presence == Optional {
			presence = Sent
		}
	}
	if c.has("since") {
		if since, err = parseSince(c.text(r, "since")); err != nil {
			bad("since: %v", err)
		}
	}
	for i := range fields {
		f := &fields[i]
		optional := f.Presence == Optional
		f.Type, f.Presence, f.Default = typ, presence, c.text(r, "default")
		if !c.has("presence") && !c.has("optional") && optional {
			f.Presence = Optional
		}
		if since != "" {
			f.Since = since
		}
	}
	return fields, problems
}

// parseSince reads "", "2026-07-25" and "[since 2026-07-25]".
func parseSince(s string) (Mark, error) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "[since "), "]")
	if s == "" || isDash(s) {
		return Mark(Baseline), nil
	}
	return ParseMark(s)
}

// parseType reads the contract's names of JSON types, their long forms, and unions with
// null ("string | null"), whose null is the presence's business.
func parseType(s string) (string, error) {
	t := strings.ToLower(s)
	t, _, _ = strings.Cut(t, "(")
	var names []string
	for _, name := range strings.FieldsFunc(strings.ReplaceAll(t, " or ", "|"), func(r rune) bool { return r == '|' || r == '/' }) {
		if name = strings.TrimSpace(name); name != "" && name != "null" {
			names = append(names, name)
		}
	}
	if len(names) == 0 || len(names) == 1 && isDash(names[0]) {
		return "", nil
	}
	found := ""
	for _, name := range names {
		one, ok := typeName(strings.Trim(name, "?"))
		if !ok || found != "" && one != found {
			return "", fmt.Errorf("expected string, int, number, bool, object or any, with [] for an array, got %q", s)
		}
		found = one
	}
	return found, nil
}

func typeName(t string) (string, bool) {
	if item, ok := strings.CutSuffix(t, "[]"); ok {
		inner, ok := typeName(item)
		return inner + "[]", ok
	}
	for _, prefix := range []string{"array of ", "list of ", "array<", "list<", "list[", "["} {
		if item, ok := strings.CutPrefix(t, prefix); ok {
			inner, ok := typeName(strings.TrimRight(item, ">]"))
			return inner + "[]", ok
		}
	}
	switch t {
	case "string", "str", "text", "strings":
		return "string", true
	case "int", "integer", "integers":
		return "int", true
	case "number", "float":
		return "number", true
	case "bool", "boolean":
		return "bool", true
	case "object", "dict", "map", "json object", "objects":
		return "object", true
	case "any", "json":
		return "any", true
	case "array", "list":
		return "[]", true
	case "pairs", "pairs of strings", "pair":
		return "string[]", true
	}
	// A list of the values that a string can have: "chars" | "utf16".
	if len(t) > 2 && t[0] == '"' && t[len(t)-1] == '"' {
		return "string", true
	}
	return "", false
}

// parsePresence reads the contract's four words, and yes/no and its like.
func parsePresence(s string) (Presence, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	if t == "" || isDash(t) {
		return "", nil
	}
	word := t
	if i := strings.IndexAny(t, " ,(.;:"); i > 0 {
		word = t[:i]
	}
	null := strings.Contains(t, "null")
	switch word {
	case "required", "mandatory":
		if null {
			return Nullable, nil
		}
		return Required, nil
	case "always":
		if null {
			return Nullable, nil
		}
		return Always, nil
	case "nullable":
		return Nullable, nil
	case "yes", "y", "true", "sent", "m", "r", "\u2713", "\u2714", "\u2705", "\u2611", "\u2714\ufe0f":
		if null {
			return Nullable, nil
		}
		return Sent, nil
	case "optional", "no", "n", "o", "false", "when", "if", "only", "sometimes", "conditional", "\u2717", "\u2718", "\u274c", "\u2715", "\u2716":
		return Optional, nil
	}
	return "", fmt.Errorf("expected required, always, nullable or optional, or yes or no, got %q", s)
}

func isDash(s string) bool { return s != "" && strings.Trim(s, "-–—") == "" }

func last(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return path[len(path)-1]
}
