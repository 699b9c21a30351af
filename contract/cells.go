package contract

import (
	"fmt"
	"strings"
)

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
	null := strings.Contains(strings.ToLower(c.text(r, "type")), "null")
	if c.has("nullable") {
		may, err := parseYes(c.text(r, "nullable"))
		if err != nil {
			bad("null: %v", err)
		}
		null = null || may
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
		f.Presence = withNull(f.Presence, null)
		if since != "" {
			f.Since = since
		}
	}
	return fields, problems
}

// withNull is the presence of a field that can be null: one that is always sent is
// nullable, and one that can be left out is optional all the same.
func withNull(p Presence, null bool) Presence {
	if null && (p == Required || p == Always || p == Sent) {
		return Nullable
	}
	return p
}

// parseSince reads "", "2026-07-25" and "[since 2026-07-25]".
func parseSince(s string) (Mark, error) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "[since "), "]")
	if s == "" || isNothing(s) {
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
	if len(names) == 0 || len(names) == 1 && isNothing(names[0]) {
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
	for _, prefix := range []string{"array of ", "list of ", "arrays of ", "lists of ", "array<", "list<", "list[", "["} {
		if item, ok := strings.CutPrefix(t, prefix); ok {
			inner, ok := typeName(strings.TrimRight(item, ">]"))
			return inner + "[]", ok
		}
	}
	switch t {
	case "string", "str", "text", "strings", "strs":
		return "string", true
	case "int", "integer", "integers":
		return "int", true
	case "number", "float":
		return "number", true
	case "bool", "boolean", "bools", "booleans":
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
	if t == "" || isNothing(t) {
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

// isNothing reports whether a cell says that there is nothing to say.
func isNothing(s string) bool {
	switch strings.Trim(strings.ToLower(s), "().") {
	case "none", "nothing", "n/a", "no fields":
		return true
	}
	return s != "" && strings.Trim(s, "-–—") == ""
}
