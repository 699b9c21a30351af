package gen

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

func init() {
	ops["text/length"] = op{doc: "The length of a text in a descriptor's unit: code points for chars and for any unknown unit, UTF-16 code units for utf16.",
		input: m{"text": str, "unit": str}, output: m{"type": "integer", "minimum": 0}}
}

func lengthOf(text, unit string) int {
	if unit == "utf16" {
		return len(utf16.Encode([]rune(text)))
	}
	return len([]rune(text))
}

func describeLengths(b *builder) {
	g := b.group("lengths", "Text lengths in the two units of a descriptor, by which messages are cut.")
	rule := func(unit string) string {
		if unit == "chars" || unit == "utf16" {
			return "descriptor/len-unit"
		}
		return "descriptor/unknown-len-unit"
	}
	ids := map[string]int{}
	add := func(text, unit, what string, r *rec) {
		cause := causeOfText(text)
		id := "text-length-" + slug("unit "+unit+" "+cause)
		if unit == "" {
			id = "text-length-unit-empty-" + cause
		}
		if ids[id+what]++; what != "" {
			id += "-" + slug(what)
		}
		k := c{id: id, rule: rule(unit), op: "text/length", cause: cause, in: m{"text": text, "unit": unit}, out: lengthOf(text, unit), from: r,
			comment: fmt.Sprintf("%s: %d in this unit.", textCauses[cause], lengthOf(text, unit))}
		if k.out == 0 {
			k.flags = []string{emptyValue}
		}
		g.add(k)
	}
	for _, r := range b.recorded("lengths.json") {
		var in struct {
			Unit *string `json:"len_unit"`
			Text string
		}
		r.decode(&in)
		switch {
		case strings.Contains(r.Name, "lone surrogate"):
			r.leftOut = "half of a surrogate pair is no character and cannot be sent as UTF-8"
			continue
		case in.Unit == nil:
			r.leftOut = "a descriptor's unit is always a text; `descriptor-parse-unit-null` has the verdict on null"
			continue
		}
		var said int
		r.expected(&said)
		if said != lengthOf(in.Text, *in.Unit) {
			panic("lengths: " + r.Name + ": the recorded length is not what the definition gives")
		}
		add(in.Text, *in.Unit, what(in.Text), r)
	}
	for _, t := range []string{"a\U0001f600b", "\U0001f600\U0001f600", "\u00e9", "\uffff", "\U00010000", "\U0001f1e9\U0001f1ea x", "z\u0335\u0321a\u0334", "\t", "\u2028", strings.Repeat("\u00e9", 4096), strings.Repeat("\U0001f600", 2048)} {
		for _, unit := range []string{"chars", "utf16"} {
			add(t, unit, what(t), nil)
		}
	}
	for _, unit := range []string{"bytes", "UTF16", "utf-16", "graphemes"} {
		add("a\U0001f600", unit, strings.ReplaceAll(unit, "UTF16", "upper-case")+" unit", nil)
	}
}

// what names a text by its code points.
func what(text string) string {
	r := []rune(text)
	switch {
	case len(r) == 0:
		return ""
	case len(r) > 12:
		return fmt.Sprintf("%d times", len(r))
	}
	var parts []string
	for _, c := range r {
		parts = append(parts, fmt.Sprintf("%x", c))
	}
	return strings.Join(parts, " ")
}

var textCauses = map[string]string{
	"empty": "The empty text", "ascii": "ASCII", "long-ascii": "A long text of ASCII", "long": "A long text", "surrogate-pairs": "Characters beyond the first plane take two UTF-16 units",
	"several-code-points": "One shape made of several code points, each of which counts", "combining": "A base and its combining marks, each of which counts",
	"controls": "Line breaks and controls count", "invisible": "Characters that nobody sees count", "bmp": "Characters of the first plane", "mixed": "A mixture", "edge-of-plane": "The last and first code points of a plane",
}

func causeOfText(text string) string {
	r := []rune(text)
	has := func(f func(rune) bool) bool { return strings.IndexFunc(text, f) >= 0 }
	beyond := has(func(c rune) bool { return c > 0xffff })
	switch {
	case len(r) == 0:
		return "empty"
	case text == "\uffff" || text == "\U00010000" || text == "\U0010ffff":
		return "edge-of-plane"
	case has(func(c rune) bool {
		return c == 0x200d || (c >= 0x1f1e6 && c <= 0x1f1ff) || (c >= 0x1f3fb && c <= 0x1f3ff) || c == 0xfe0f
	}):
		return "several-code-points"
	case len(r) > 100 && !has(func(c rune) bool { return c > 127 }):
		return "long-ascii"
	case len(r) > 100:
		return "long"
	case has(func(c rune) bool { return (c >= 0x300 && c < 0x370) || (c >= 0x1100 && c < 0x1200) }):
		return "combining"
	case has(func(c rune) bool { return c == 0xfeff || c == 0x200b || c == 0x2028 }):
		return "invisible"
	case has(func(c rune) bool { return c < 32 }):
		return "controls"
	case beyond && has(func(c rune) bool { return c < 0x10000 && c > 127 }):
		return "mixed"
	case beyond:
		return "surrogate-pairs"
	case has(func(c rune) bool { return c > 127 }):
		return "bmp"
	}
	return "ascii"
}
