package contract

import (
	"fmt"
	"strings"
)

// senderOf reads who sends a frame: a side, or a direction such as
// "gateway → connector", "GW->C" or "from the connector", where the first side is the
// sender.
func senderOf(s string) (Side, error) {
	for _, word := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !isNameRune(r) }) {
		switch word {
		case "gateway", "gw", "g", "g2c":
			return Gateway, nil
		case "connector", "conn", "con", "cn", "c", "c2g":
			return Connector, nil
		}
	}
	return "", fmt.Errorf("expected gateway or connector, or a direction between them, got %q", s)
}

// identifier is the name that a heading consists of, in snake case, and what follows it:
// "hello", "3.1 hello", "hello (gateway → connector)", "hello frame".
func identifier(heading string) (name, rest string, ok bool) {
	heading = strings.TrimLeft(heading, "0123456789. ")
	name, rest, _ = strings.Cut(heading, " ")
	name, rest = strings.TrimSuffix(name, ":"), strings.TrimSpace(rest)
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "", "", false
	}
	switch {
	case rest == "", rest == "frame", rest == "message", rest == "op", rest == "action":
	case strings.HasPrefix(rest, "("), strings.HasPrefix(rest, "—"), strings.HasPrefix(rest, "–"), strings.HasPrefix(rest, "-"):
	default:
		return "", "", false
	}
	return name, rest, true
}

// frameHeading reports whether a heading names one frame: an identifier below a heading
// about frames or messages. The heading itself, or the nearest one above it that names
// one side, says who sends it.
func frameHeading(path []string) (name string, from Side, ok bool) {
	name, rest, ok := identifier(last(path))
	if !ok || len(path) < 2 || !mentions(path[:len(path)-1], "frame", "message") {
		return "", "", false
	}
	if side, err := senderOf(rest); err == nil {
		return name, side, true
	}
	return name, sideOf(path[:len(path)-1]), true
}

// sideOf is the sender that the nearest heading names: the only side that it mentions,
// or the one before an arrow or after "from".
func sideOf(path []string) Side {
	for i := len(path) - 1; i >= 0; i-- {
		h := strings.ToLower(path[i])
		one := strings.Contains(h, "gateway") != strings.Contains(h, "connector")
		if one || strings.Contains(h, "→") || strings.Contains(h, "->") || strings.Contains(h, "from ") {
			if side, err := senderOf(h); err == nil {
				return side
			}
		}
	}
	return ""
}

// opHeading reports whether a heading names one op: an identifier below a heading about
// ops or actions.
func opHeading(path []string) (string, bool) {
	name, _, ok := identifier(last(path))
	return name, ok && len(path) > 1 && mentions(path[:len(path)-1], "ops", "op", "operations", "actions", "action")
}

// mentions looks for words in headings; "messages" counts for "message".
func mentions(path []string, words ...string) bool {
	for _, h := range path {
		for _, word := range strings.FieldsFunc(strings.ToLower(h), func(r rune) bool { return !isNameRune(r) }) {
			for _, w := range words {
				if word == w || word == w+"s" {
					return true
				}
			}
		}
	}
	return false
}

// objectHeading is the object that the nearest heading names: the only one that it
// mentions, or the one that it ends in ("event source"). Otherwise it is nothing.
func objectHeading(path []string) string {
	for i := len(path) - 1; i >= 0; i-- {
		h := strings.ToLower(path[i])
		var found []string
		for _, object := range []string{"descriptor", "source", "event", "forward", "result"} {
			if strings.HasSuffix(h, object) {
				return object
			}
			if strings.Contains(h, object) {
				found = append(found, object)
			}
		}
		if len(found) == 0 && strings.Contains(h, "passthrough") {
			return "forward"
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0]
		default:
			return ""
		}
	}
	return ""
}
