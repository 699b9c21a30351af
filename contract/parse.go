package contract

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// MaxSize is the longest document in bytes that [Parse] reads. The contract is about
// a fiftieth of it.
const MaxSize = 4 << 20

// Parse reads a document of the contract. The error is [Problems], each with its line;
// the model then holds what could be read in spite of them.
func Parse(name string, src []byte) (*Model, error) {
	m := &Model{Name: name}
	if problem, bad := unreadable(name, src); bad {
		return m, Problems{problem}
	}
	p, problems := newPage(name, src)
	if len(p.tables) == 0 && len(problems) == 0 {
		return m, Problems{{File: name, Reason: "expected a Markdown document with tables of rules or frames, got none"}}
	}
	for i := range p.tables {
		t := &p.tables[i]
		if cols, ok := ruleColumnsOf(t); ok {
			problems = append(problems, m.readRules(p, t, cols)...)
		}
	}
	if len(problems) == 0 {
		return m, nil
	}
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].Line < problems[j].Line })
	return m, problems
}

// unreadable refuses what is no text of a reasonable size.
func unreadable(name string, src []byte) (Problem, bool) {
	p := &page{name: name}
	switch {
	case len(bytes.TrimSpace(src)) == 0:
		return p.problem(0, "expected a Markdown document, got an empty file"), true
	case len(src) > MaxSize:
		return p.problem(0, "expected at most %d bytes of Markdown, got %d", MaxSize, len(src)), true
	}
	line := 1
	for rest := src; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return p.problem(line, "expected UTF-8 text, got the byte 0x%02x", rest[0]), true
		case r == 0:
			return p.problem(line, "expected text, got a NUL byte; is this a binary file?"), true
		case r == '\n':
			line++
		}
		rest = rest[size:]
	}
	return Problem{}, false
}
