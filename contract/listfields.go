package contract

import (
	"regexp"
	"strings"
)

// fieldItem is `chat_id`, chat_id?, `options[]?` and what follows.
var fieldItem = regexp.MustCompile("^`?\"?([A-Za-z_][A-Za-z0-9_]*)(\\[\\])?(\\?)?\"?`?(\\?)?(.*)$")

// readFieldItems reads a list with one item for each field: "`chat_id`: string",
// "`text` (string, required) – what was said", "`chat_name` – string or null, always".
// What it belongs to is said by the heading, as for a table. A list whose items are
// mostly without a type and a presence counts only where its own sentence says that it is
// one of fields, for it could be one of values just as well.
func (m *Model) readFieldItems(p *page, l *list) Problems {
	if p.anyDone(l.line, l.end) { // of frames as JSON
		return nil
	}
	var fields []Field
	var unread []Problem
	said := 0
	for _, it := range l.items {
		f, words, ok := readFieldItem(it)
		if !ok {
			continue // and it stays unread
		}
		if f.Type != "" || f.Presence != Sent {
			said++
		}
		for _, w := range words {
			unread = append(unread, p.problem(it.line, "field %q: expected a type or a presence, got the words %q", f.Name, w))
		}
		fields = append(fields, f)
	}
	if 2*len(fields) <= len(l.items) || 2*said <= len(l.items) && !announcesFields(l.intro.text) {
		return nil
	}
	o, ok := p.owner(l.place)
	if !ok {
		if !l.inner {
			m.Unread = append(m.Unread, p.problem(l.line, "list of fields: expected its heading or the sentence before it to say of which object, got the heading %q", last(l.path)))
			p.done[l.line] = true
		}
		return nil
	}
	m.Lists++
	for _, f := range fields {
		p.done[f.Line] = true
	}
	m.Unread = append(m.Unread, unread...)
	return m.describe(p, o, fields, l.place, l.line)
}

// announcesFields reports whether a sentence says that fields follow.
func announcesFields(intro string) bool {
	return bodyNamed(intro) != "" || mentions(intro, "field", "argument", "parameter", "key", "member", "payload")
}

// readFieldItem reads one item, and the words in the place of a type and a presence that
// are neither.
func readFieldItem(it item) (f Field, words []string, ok bool) {
	parts := fieldItem.FindStringSubmatch(it.marked)
	if parts == nil {
		return f, nil, false
	}
	rest := strings.TrimSpace(parts[5])
	backticked := strings.HasPrefix(it.marked, "`")
	f = Field{Name: parts[1], Presence: Sent, Line: it.line}
	if parts[2] != "" {
		f.Type = "[]"
	}
	optional := parts[3] != "" || parts[4] != ""
	if optional {
		f.Presence = Optional
	}
	var said string
	switch {
	case rest == "":
		return f, nil, backticked || optional
	case strings.HasPrefix(rest, "("):
		said, _, ok = strings.Cut(rest[1:], ")")
		if !ok {
			return f, nil, false
		}
	case strings.HasPrefix(rest, ":"):
		said = upToRemark(rest[1:])
	case strings.HasPrefix(rest, "–"), strings.HasPrefix(rest, "—"), strings.HasPrefix(rest, "- "):
		// A remark, unless it begins with a type.
		said = upToRemark(strings.TrimLeft(rest, "–—- "))
		if first, _, _ := strings.Cut(said, ","); !isAttribute(first) {
			return f, nil, backticked
		}
	default:
		return f, nil, false // a sentence that begins with a name
	}
	words = f.attributes(strings.ReplaceAll(said, "`", ""), optional)
	return f, words, true
}

// upToRemark cuts a text where a remark begins: at a dash, a full stop or a semicolon.
func upToRemark(s string) string {
	for _, end := range []string{" – ", " — ", " - ", ". ", ";", " ("} {
		s, _, _ = strings.Cut(s, end)
	}
	return strings.TrimSuffix(strings.TrimSpace(s), ".")
}

func isAttribute(s string) bool {
	var f Field
	return len(f.attributes(s, false)) == 0
}

// attributes reads "string or null, required, default x, since 2026-07", and returns what
// is none of these.
func (f *Field) attributes(said string, optional bool) (unread []string) {
	null := false
	for _, word := range strings.Split(said, ",") {
		word = strings.TrimSpace(word)
		lower := strings.ToLower(word)
		first, after, _ := strings.Cut(lower, " ")
		if typ, err := parseType(word); err == nil && word != "" {
			null = null || strings.Contains(lower, "null")
			if typ != "" {
				f.Type = typ
			}
			continue
		}
		switch first {
		case "":
		case "default", "defaults":
			f.Default = strings.TrimSpace(strings.TrimLeft(word[len(first):], " :="))
		case "since":
			mark, err := ParseMark(after)
			if err != nil {
				unread = append(unread, word)
				continue
			}
			f.Since = mark
		case "may", "can", "possibly":
			if !strings.Contains(after, "null") {
				unread = append(unread, word)
			}
			null = true
		case "required", "mandatory", "always", "nullable", "optional", "when", "if", "sometimes", "conditional":
			presence, err := parsePresence(word)
			if err != nil || optional && presence != Optional {
				unread = append(unread, word)
				continue
			}
			f.Presence = presence
		default:
			unread = append(unread, word)
		}
	}
	f.Presence = withNull(f.Presence, null)
	return unread
}
