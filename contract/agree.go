package contract

import (
	"strings"
)

func typesAgree(doc, code string) bool {
	return doc == "" || doc == code || doc == "[]" && strings.HasSuffix(code, "[]")
}

// presencesAgree compares as finely as the document speaks: one that uses both
// `required` and `always` means two things by them, any other means "sent".
func (c *comparer) presencesAgree(doc, code Presence) bool {
	switch {
	case doc == "" || doc == code:
		return true
	case doc == Sent:
		return code != Optional
	case !c.exact && (doc == Required || doc == Always):
		return code == Required || code == Always
	}
	return false
}

func usesBoth(m *Model) bool {
	seen := map[Presence]bool{}
	visit := func(fields []Field) {
		for _, f := range fields {
			seen[f.Presence] = true
		}
	}
	for _, f := range m.Frames {
		visit(f.Fields)
	}
	for _, o := range m.Objects {
		visit(o.Fields)
	}
	return seen[Required] && seen[Always]
}

// later reports whether a mark is after the revision that is compared.
func (c *comparer) later(since Mark) bool {
	return c.Revision != "" && since.Revision() > c.Revision
}

func (c *comparer) allLater(fields []Field) bool {
	for _, f := range fields {
		if !c.later(f.Since) {
			return false
		}
	}
	return true
}

// nestedFields finds the fields of an object that stands inside another one:
// `options[]{id,label}`.
func nestedFields(m *Model, name string) []Field {
	var walk func(fields []Field) []Field
	walk = func(fields []Field) []Field {
		for _, f := range fields {
			if len(f.Fields) == 0 {
				continue
			}
			if strings.TrimSuffix(f.Name, "s") == name {
				return f.Fields
			}
			if found := walk(f.Fields); found != nil {
				return found
			}
		}
		return nil
	}
	for _, f := range m.Frames {
		if found := walk(f.Fields); found != nil {
			return found
		}
	}
	for _, o := range m.Objects {
		if found := walk(o.Fields); found != nil {
			return found
		}
	}
	for _, op := range m.Ops {
		if found := walk(append(append([]Field(nil), op.Fields...), op.Results...)); found != nil {
			return found
		}
	}
	return nil
}

// holderLine is the line of the first field that holds an object of this name, or of the
// last frame where none does.
func holderLine(m *Model, name string) int {
	for _, f := range m.Frames {
		if held := find(f.Fields, name); held != nil {
			return held.Line
		}
	}
	for _, o := range m.Objects {
		if held := find(o.Fields, name); held != nil {
			return held.Line
		}
	}
	return lastFrameLine(m)
}

func find(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

func lastFrameLine(m *Model) int {
	if len(m.Frames) == 0 {
		return 0
	}
	return m.Frames[len(m.Frames)-1].Line
}

func lastOpLine(m *Model) int {
	if len(m.Ops) == 0 {
		return 0
	}
	return m.Ops[len(m.Ops)-1].Line
}
