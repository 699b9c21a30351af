package contract

import (
	"strings"
	"unicode"
)

func (s *listScanner) brackets() {
	for depth := 0; s.pos < len(s.text); {
		switch s.text[s.pos] {
		case '[':
			depth++
		case ']':
			depth--
		}
		s.pos++
		if depth == 0 {
			return
		}
	}
}

// skipNote skips a remark in parentheses.
func (s *listScanner) skipNote() {
	for depth := 0; s.pos < len(s.text); {
		switch s.text[s.pos] {
		case '(':
			depth++
		case ')':
			depth--
		}
		s.pos++
		if depth == 0 {
			return
		}
	}
}

func (s *listScanner) sinceAhead() bool {
	return strings.HasPrefix(string(s.text[s.pos:min(len(s.text), s.pos+7)]), "[since ")
}

func (s *listScanner) since() (Mark, bool) {
	start := s.pos
	s.brackets()
	inner := strings.TrimSuffix(strings.TrimPrefix(string(s.text[start:s.pos]), "[since "), "]")
	mark, err := ParseMark(inner)
	if err != nil {
		s.rest = append(s.rest, string(s.text[start:s.pos]))
	}
	return mark, err == nil
}

// phrase takes words up to the next separator as not understood. Dashes alone are the
// usual way to write "nothing".
func (s *listScanner) phrase() {
	start := s.pos
	for s.pos < len(s.text) && !strings.ContainsRune(",;}", s.text[s.pos]) {
		s.pos++
	}
	if s.pos == start && s.pos < len(s.text) {
		s.pos++
	}
	if p := strings.TrimSpace(strings.ReplaceAll(string(s.text[start:s.pos]), "`", "")); strings.Trim(p, "-–—") != "" {
		s.rest = append(s.rest, p)
	}
}

// word takes the next run of name characters, in backticks or not.
func (s *listScanner) word() string {
	s.space()
	start := s.pos
	for s.pos < len(s.text) && (isNameRune(s.text[s.pos]) || s.text[s.pos] == '`') {
		s.pos++
	}
	return string(s.text[start:s.pos])
}

// atSeparator reports whether an item can end here: at the end, at a separator or a
// backtick, or before the remark, mark or item that follows it after a blank.
func (s *listScanner) atSeparator() bool {
	save := s.pos
	defer func() { s.pos = save }()
	s.space()
	switch {
	case s.pos >= len(s.text) || strings.ContainsRune(",;}`(", s.text[s.pos]):
		return true
	case s.pos == save:
		return false
	}
	return s.sinceAhead() || s.eatWord("or") || s.eatWord("and")
}

// eatWord takes a whole word if it stands here.
func (s *listScanner) eatWord(w string) bool {
	end := s.pos + len(w)
	if end > len(s.text) || string(s.text[s.pos:end]) != w || end < len(s.text) && isNameRune(s.text[end]) {
		return false
	}
	s.pos = end
	return true
}

func (s *listScanner) space() {
	for s.pos < len(s.text) && unicode.IsSpace(s.text[s.pos]) {
		s.pos++
	}
}

func (s *listScanner) at(r rune) bool { return s.pos < len(s.text) && s.text[s.pos] == r }

func (s *listScanner) eat(r rune) bool {
	if s.at(r) {
		s.pos++
		return true
	}
	return false
}

func (s *listScanner) eatText(t string) bool {
	if strings.HasPrefix(string(s.text[s.pos:min(len(s.text), s.pos+len(t))]), t) {
		s.pos += len([]rune(t))
		return true
	}
	return false
}

func isNameRune(r rune) bool {
	return r == '_' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }
