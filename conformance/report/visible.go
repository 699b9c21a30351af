package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line makes a text safe to show on one line: in a table, an attribute, a string.
func line(s string) string { return visible(s, "") }

// block makes a text of several lines safe to show; its newlines and tabs stay.
func block(s string) string { return visible(strings.ReplaceAll(s, "\r\n", "\n"), "\n\t") }

// visible writes every character that does something other than be read as an escape:
// control characters (a terminal obeys them, XML forbids them), those that turn the
// direction of the text around or are not seen at all, bytes that are no UTF-8, and the
// two that XML forbids.
func visible(s, keep string) string {
	var b strings.Builder
	for i, c := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case strings.ContainsRune(keep, c) && c != utf8.RuneError:
			b.WriteRune(c)
		case c == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0x80 && unicode.IsControl(c):
			fmt.Fprintf(&b, `\x%02x`, c)
		case unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp), c == 0xfffe, c == 0xffff:
			if c > 0xffff {
				fmt.Fprintf(&b, `\U%08x`, c)
			} else {
				fmt.Fprintf(&b, `\u%04x`, c)
			}
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
