package contract

import "regexp"

// readOpFields reads a table with one row for each field of each op.
func (m *Model) readOpFields(p *page, t *table, c columns) Problems {
	var problems Problems
	name := ""
	for _, r := range t.rows {
		if said := c.text(r, "op"); said != "" {
			name = said // an empty cell repeats the name above it
		}
		if name == "" {
			problems = append(problems, p.problem(r.line, "expected the name of an op, got an empty cell with none above it"))
			continue
		}
		op := m.addOp(name, r.line)
		if isNothing(c.text(r, "field")) {
			continue
		}
		fields, ps := readField(p, r, c)
		problems = append(problems, ps...)
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

var resultNote = regexp.MustCompile(`(?i)^(?:(?:results?|returns?|answers?|response|reply)\s*:|→|->|=>)\s*(.+)$`)

// readResultNotes reads the paragraphs below the heading of an op that give its result:
// "Result: success, error?".
func (m *Model) readResultNotes(p *page) {
	for _, h := range p.headings {
		name, ok := opHeading(h.path)
		if !ok {
			continue
		}
		for _, n := range h.notes {
			if parts := resultNote.FindStringSubmatch(n.cell.marked); parts != nil {
				m.readResult(p, m.addOp(name, h.line), cell{marked: parts[1]}, n.line)
			}
		}
	}
}
