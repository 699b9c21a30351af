package contract

import (
	"fmt"
	"strings"
)

// senderOf reads who sends a frame: a side, or a direction such as
// "gateway → connector", "GW->C" or "from the connector", where the first side is the
// sender.
func senderOf(s string) (Side, error) {
	for _, word := range wordsOf(s) {
		switch word {
		case "gateway", "gw", "g", "g2c":
			return Gateway, nil
		case "connector", "conn", "con", "cn", "c", "c2g":
			return Connector, nil
		}
	}
	return "", fmt.Errorf("expected gateway or connector, or a direction between them, got %q", s)
}

func wordsOf(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !isNameRune(r) })
}

// withoutNumber is a heading without the number that it begins with.
func withoutNumber(heading string) string { return strings.TrimLeft(heading, "0123456789. ") }

// identifier is the name that a heading consists of, in snake case, and what follows it:
// "hello", "3.1 hello", "hello (gateway → connector)", "hello frame".
func identifier(heading string) (name, rest string, ok bool) {
	name, rest, _ = strings.Cut(withoutNumber(heading), " ")
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
	if !ok || about(path) != "frame" {
		return "", "", false
	}
	if object, _ := objectNamed(name); object != "" && object != "descriptor" {
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

// boundBy is the side that the rules below a heading bind, where they do not say so
// themselves. The title of a document names both sides and binds neither.
func boundBy(path []string) Side {
	for i := len(path) - 1; i > 0; i-- {
		gateway, connector := mentions(path[i], "gateway"), mentions(path[i], "connector")
		switch {
		case gateway && connector, mentions(path[i], "both"):
			return Both
		case gateway:
			return Gateway
		case connector:
			return Connector
		}
	}
	return ""
}

// opHeading reports whether a heading names one op: an identifier below a heading about
// ops or actions.
func opHeading(path []string) (string, bool) {
	name, _, ok := identifier(last(path))
	return name, ok && about(path) == "op"
}

// about is what the nearest heading above the last one is about, frames or ops.
func about(path []string) string {
	for i := len(path) - 2; i >= 0; i-- {
		switch {
		case mentions(path[i], "op", "operation", "action"):
			return "op"
		case mentions(path[i], "frame", "message"):
			return "frame"
		}
	}
	return ""
}

// mentions looks for words in a heading; "messages" counts for "message".
func mentions(heading string, words ...string) bool {
	for _, word := range wordsOf(heading) {
		for _, w := range words {
			if word == w || word == w+"s" {
				return true
			}
		}
	}
	return false
}
