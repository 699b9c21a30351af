package protocol

// scanner walks the members of a JSON object, or any one value, that is known to be valid.
type scanner struct {
	data []byte
	at   int

	name    []byte // without its quotes, escapes and all
	escaped bool   // the name has escapes, or other than ASCII
	value   []byte
}

// scan begins at the first member of an object.
func scan(object []byte) scanner {
	s := scanner{data: object}
	s.space()
	s.at++ // the brace
	return s
}

// next reads one member; false at the end of the object.
func (s *scanner) next() bool {
	s.space()
	if s.data[s.at] == ',' {
		s.at++
		s.space()
	}
	if s.data[s.at] == '}' {
		return false
	}
	from := s.at
	s.skipString()
	s.name = s.data[from+1 : s.at-1]
	s.escaped = false
	for _, b := range s.name {
		s.escaped = s.escaped || b == '\\' || b >= 0x80
	}
	s.space()
	s.at++ // the colon
	s.space()
	from = s.at
	s.skipValue()
	s.value = s.data[from:s.at]
	return true
}

// text is the member's name as a string.
func (s *scanner) text() string {
	if !s.escaped {
		return string(s.name)
	}
	quoted := make([]byte, 0, len(s.name)+2)
	return unquote(append(append(append(quoted, '"'), s.name...), '"'))
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) skipString() {
	for s.at++; s.data[s.at] != '"'; s.at++ {
		if s.data[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

func (s *scanner) skipValue() {
	switch s.data[s.at] {
	case '"':
		s.skipString()
	case '{', '[':
		for depth := 0; ; {
			switch s.data[s.at] {
			case '"':
				s.skipString()
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if s.at++; depth == 0 {
				return
			}
		}
	default: // a number or a word
		for s.at < len(s.data) {
			switch s.data[s.at] {
			case ',', '}', ']', ' ', '\t', '\r', '\n':
				return
			}
			s.at++
		}
	}
}
