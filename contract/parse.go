package contract

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the longest document in bytes that [Parse] reads. The contract is about a
// tenth of it.
const MaxSize = 1 << 20

// MaxLine is the longest line in bytes that [Parse] reads, some twenty times the
// contract's longest. Markdown nests with every character, and a parser's effort grows
// with the square of that.
const MaxLine = 16 << 10

// Parse reads a document of the contract: this one, or another of its family. Sections
// can have any titles and tables any order of columns, names can stand in backticks or
// not, and frames and objects can be tables, lists in one cell, JSON shapes in bullets,
// or bullets. Which tables it reads, and what their columns can be called, is in kinds.go;
// which lists, in listkinds.go.
//
// The error is [Problems], each with its line; the model then holds what could be read
// in spite of them. Model.Unread lists what was left alone.
func Parse(name string, src []byte) (*Model, error) {
	m := &Model{Name: name}
	if problem, bad := unreadable(name, src); bad {
		return m, Problems{problem}
	}
	src, problems := m.frontMatter(src)
	m.claimOfFrontMatter()
	p, ps := newPage(name, src)
	problems = append(problems, ps...)
	for i := range p.tables {
		t := &p.tables[i]
		p.done[t.line] = true // read, or reported apart
		k, c, ok := kindOf(t)
		if !ok {
			m.Unread = append(m.Unread, p.problem(t.line, "no kind of table has the columns %s", t.headers()))
			continue
		}
		if k.name != "fields" { // which counts itself, when it finds out of what
			m.Tables++
		}
		problems = append(problems, k.read(m, p, t, c)...)
	}
	m.readShapes(p)
	problems = append(problems, m.readLists(p)...)
	m.readResultNotes(p)
	m.readBareFrames(p)
	m.reportLists(p)
	m.Unread = append(m.Unread, p.unread...)
	sort.SliceStable(m.Unread, func(i, j int) bool { return m.Unread[i].Line < m.Unread[j].Line })
	m.Examples = p.examples
	if len(problems) == 0 && m.Empty() {
		problems = append(problems, Problem{File: name, Reason: "expected a Markdown document with tables of rules or frames, got none"})
	}
	if len(problems) == 0 {
		return m, nil
	}
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].Line < problems[j].Line })
	return m, problems
}

// Empty reports whether nothing was read that a document could be compared by.
func (m *Model) Empty() bool {
	return len(m.Rules) == 0 && len(m.Frames) == 0 && len(m.Objects) == 0 && len(m.Ops) == 0
}

// frontMatter reads the YAML at the top and blanks it, so that lines keep their numbers.
func (m *Model) frontMatter(src []byte) ([]byte, Problems) {
	fence := ""
	for _, f := range []string{"---", "+++"} {
		if rest, ok := bytes.CutPrefix(src, []byte(f)); ok && len(rest) > 0 && (rest[0] == '\n' || rest[0] == '\r') {
			fence = f
		}
	}
	if fence == "" {
		return src, nil
	}
	lines := strings.SplitAfter(string(src), "\n")
	end := 1
	for end < len(lines) && strings.TrimRight(lines[end], "\r\n") != fence {
		end++
	}
	if end == len(lines) {
		return src, Problems{{File: m.Name, Line: 1, Reason: fmt.Sprintf("front matter: expected a second line %q, got the end of the document", fence)}}
	}
	head := strings.Join(lines[1:end], "")
	blanked := strings.Repeat("\n", end+1) + strings.Join(lines[end+1:], "")
	if fence != "---" {
		m.Unread = append(m.Unread, Problem{File: m.Name, Line: 1, Reason: "front matter: expected YAML between lines of ---, got another kind"})
		return []byte(blanked), nil
	}
	if err := yaml.Unmarshal([]byte(head), &m.FrontMatter); err != nil {
		return []byte(blanked), Problems{{File: m.Name, Line: 1, Reason: "front matter: expected YAML: " + err.Error()}}
	}
	return []byte(blanked), nil
}

func (t *table) headers() string {
	names := make([]string, len(t.header))
	for i, h := range t.header {
		names[i] = fmt.Sprintf("%q", h.text)
	}
	return strings.Join(names, ", ")
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
	line, start := 1, 0
	for rest := src; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		at := len(src) - len(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return p.problem(line, "expected UTF-8 text, got the byte 0x%02x", rest[0]), true
		case r == 0:
			return p.problem(line, "expected text, got a NUL byte; is this a binary file?"), true
		case r == '\n':
			line, start = line+1, at+1
		case at-start >= MaxLine:
			return p.problem(line, "expected lines of at most %d bytes, got a longer one", MaxLine), true
		}
		rest = rest[size:]
	}
	return Problem{}, false
}
