package contract

import (
	"strings"
	"unicode"
)

// A list of fields can stand in one cell or one code span, in many spellings:
//
//	`chat_id`, `reply_to?` (may be null), `options[]{id,label,style?}`
//	{success, message_id?, error?}
//	{"type": "inbound", "event": {...}, "bufferId"?: "..."}
//	`requestId`, `action`; `platform?`, `botId?` `[since 2026-06-26]`
//
// listScanner reads all of them. What it cannot make sense of ends up in rest.
type listScanner struct {
	text []rune
	pos  int
	line int
	rest []string // what was not understood
	like string   // "as send": the fields of another op
	typ  string   // value of a member "type" of the outermost object
}

// scanList reads the fields of a list, and returns the scanner for what else it saw.
func scanList(text string, line int) (fields []Field, s *listScanner) {
	s = &listScanner{text: []rune(text), line: line}
	group := 0 // where the fields since the last semicolon begin
	for s.pos < len(s.text) {
		switch r := s.text[s.pos]; {
		case unicode.IsSpace(r) || r == ',' || r == '`' || r == '}':
			s.pos++
		case r == ';':
			s.pos++
			group = len(fields)
		case r == '(':
			s.skipNote()
		case s.sinceAhead():
			mark, ok := s.since()
			if !ok {
				continue
			}
			from := group
			if group == 0 && len(fields) > 0 {
				from = len(fields) - 1 // without a semicolon, a mark dates the field before it
			}
			for i := from; i < len(fields); i++ {
				fields[i].Since = mark
			}
		case r == '{':
			s.pos++
			fields = append(fields, s.members(0)...)
		case s.eatWord("or") || s.eatWord("and") || s.eatWord("none"):
		case s.eatWord("as"):
			s.like = strings.Trim(s.word(), "`")
		case isNameRune(r) || r == '"':
			start := s.pos
			f, ok := s.member(0)
			if !ok || isNumber(f.Name) || !s.atSeparator() {
				s.pos = start
				s.phrase()
				continue
			}
			fields = append(fields, f)
		default:
			s.phrase()
		}
	}
	return fields, s
}

// maxDepth is how deep the shapes of objects nest; no frame comes near it.
const maxDepth = 32

// members reads the members of an object up to its closing brace.
func (s *listScanner) members(depth int) []Field {
	var fields []Field
	if depth > maxDepth {
		s.rest = append(s.rest, "an object nested too deeply")
		s.pos = len(s.text)
		return nil
	}
	for s.pos < len(s.text) {
		switch r := s.text[s.pos]; {
		case r == '}':
			s.pos++
			return fields
		case unicode.IsSpace(r) || r == ',' || r == '.' || r == '…' || r == '`':
			s.pos++
		case isNameRune(r) || r == '"':
			f, ok := s.member(depth)
			if !ok {
				s.phrase()
				continue
			}
			fields = append(fields, f)
		default:
			s.phrase()
		}
	}
	s.rest = append(s.rest, "an object without its closing brace")
	return fields
}

// member reads name, "name", name?, name[], name[]{…}, "name"?: value.
func (s *listScanner) member(depth int) (Field, bool) {
	f := Field{Presence: Sent, Line: s.line}
	begin := s.pos
	quoted := s.text[s.pos] == '"'
	if quoted {
		s.pos++
	}
	start := s.pos
	for s.pos < len(s.text) && isNameRune(s.text[s.pos]) {
		s.pos++
	}
	f.Name = string(s.text[start:s.pos])
	if f.Name != "" && quoted && s.eat('?') { // "bufferId?": the sign is no part of the key
		f.Presence = Optional
	}
	if f.Name == "" || quoted && !s.eat('"') {
		s.pos = begin
		return f, false
	}
	for {
		switch {
		case s.eatText("[]"):
			f.Type = "[]"
		case s.eat('?'):
			f.Presence = Optional
		case s.at('{'):
			s.pos++
			f.Fields = s.members(depth + 1)
			if f.Type == "" {
				f.Type = "object"
			} else {
				f.Type = "object[]"
			}
		default:
			s.value(&f, depth)
			return f, true
		}
	}
}

// value reads what stands behind a colon, if there is one.
func (s *listScanner) value(f *Field, depth int) {
	save := s.pos
	s.space()
	if !s.eat(':') {
		s.pos = save
		return
	}
	s.space()
	switch {
	case s.at('{'):
		s.pos++
		f.Fields, f.Type = s.members(depth+1), "object"
	case s.at('['):
		s.brackets()
		f.Type = "[]"
	case s.at('"'):
		s.pos++
		start := s.pos
		for s.pos < len(s.text) && s.text[s.pos] != '"' {
			s.pos++
		}
		if f.Name == "type" && depth == 0 {
			s.typ = string(s.text[start:s.pos])
		}
		s.eat('"')
		f.Type = "string"
	case s.eatWord("true"), s.eatWord("false"):
		f.Type = "bool"
	}
	// Alternatives and placeholders: … | null, <string>, ...
	for s.pos < len(s.text) && s.text[s.pos] != ',' && s.text[s.pos] != '}' {
		s.pos++
	}
}
