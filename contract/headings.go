package contract

import (
	"fmt"
	"strings"
)

// senderOf reads who sends a frame: a side, or a direction such as
// "gateway → connector", where the first side is the sender.
func senderOf(s string) (Side, error) {
	t := strings.ToLower(s)
	g, c := strings.Index(t, "gateway"), strings.Index(t, "connector")
	switch {
	case g >= 0 && (c < 0 || g < c):
		return Gateway, nil
	case c >= 0:
		return Connector, nil
	}
	return "", fmt.Errorf("expected gateway or connector, or a direction between them, got %q", s)
}

// frameHeading reports whether a heading names one frame: a single word in snake case
// below a heading about frames or messages. The nearest heading above it that names
// one side says who sends it.
func frameHeading(path []string) (name string, from Side, ok bool) {
	if len(path) < 2 || strings.Trim(last(path), "abcdefghijklmnopqrstuvwxyz_") != "" || last(path) == "" {
		return "", "", false
	}
	for i := len(path) - 2; i >= 0; i-- {
		h := strings.ToLower(path[i])
		g, c := strings.Contains(h, "gateway"), strings.Contains(h, "connector")
		if from == "" && g != c {
			from = Connector
			if g {
				from = Gateway
			}
		}
		ok = ok || strings.Contains(h, "frame") || strings.Contains(h, "message")
	}
	return last(path), from, ok
}

// objectHeading is the object that the nearest heading names, or nothing where none
// names exactly one.
func objectHeading(path []string) string {
	for i := len(path) - 1; i >= 0; i-- {
		h := strings.ToLower(path[i])
		var found []string
		for _, object := range []string{"descriptor", "source", "event", "forward", "result"} {
			if strings.Contains(h, object) {
				found = append(found, object)
			}
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
