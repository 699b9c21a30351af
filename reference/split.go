package reference

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Split cuts a text into pieces of at most limit units each, see [TextLength]; a limit
// of 0 or less means the contract's default. A text within the limit comes back as it
// is, and so does an empty one.
//
// No code point, and so no surrogate pair, is cut. A piece ends at a line break if
// there is one in its second half, else at white space, else between two characters;
// what is lost is the one white space that a cut replaces, and pieces of nothing but
// white space, which platforms refuse. A limit too small for even one code point (1 in
// UTF-16, before an emoji) yields that code point alone.
func Split(text string, limit int, unit string) []string {
	if limit <= 0 {
		limit = defaultMaxMessageLength
	}
	if TextLength(text, unit) <= limit {
		return []string{text}
	}
	whole := text
	var pieces []string
	keep := func(piece string) {
		if strings.TrimSpace(piece) != "" {
			pieces = append(pieces, piece)
		}
	}
	for text != "" {
		fits := prefix(text, limit, unit)
		if fits == len(text) {
			keep(text)
			break
		}
		end, next := cut(text, fits)
		keep(text[:end])
		text = text[next:]
	}
	if len(pieces) == 0 { // nothing but white space: as much of it as fits, as asked
		return []string{whole[:prefix(whole, limit, unit)]}
	}
	return pieces
}

// prefix is how many bytes of text fit, at least one code point.
func prefix(text string, limit int, unit string) int {
	units, end := 0, 0
	for i, r := range text {
		n := 1
		if unit == lenUnitUTF16 {
			n = utf16Length(r)
		}
		if units+n > limit && i > 0 {
			break
		}
		units += n
		_, size := utf8.DecodeRuneInString(text[i:])
		end = i + size
	}
	return end
}

// cut finds where a piece of at most fits bytes ends and where the next begins.
func cut(text string, fits int) (end, next int) {
	_, size := utf8.DecodeRuneInString(text[fits:])
	window := text[:fits+size] // white space right behind the piece is a place to cut, too
	if i := strings.LastIndexByte(window, '\n'); i > fits/2 {
		return len(strings.TrimSuffix(text[:i], "\r")), i + 1
	}
	if i := strings.LastIndexFunc(window, unicode.IsSpace); i > 0 {
		_, size := utf8.DecodeRuneInString(text[i:])
		return i, i + size
	}
	end = fits
	for steps := 0; steps < maxJoined && end > 0 && joined(text, end); steps++ {
		_, size := utf8.DecodeLastRuneInString(text[:end])
		end -= size
	}
	if end == 0 || joined(text, end) {
		end = fits
	}
	return end, end
}

// maxJoined is how far a cut moves back to spare a character that is made of several
// code points; the longest emoji have about a dozen.
const maxJoined = 16

const zeroWidthJoiner = '\u200d'

// joined reports whether the code points on both sides of a cut look like one
// character: a letter and its accent, an emoji and its skin colour, a family.
func joined(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return before == zeroWidthJoiner || after == zeroWidthJoiner ||
		unicode.Is(unicode.Mn, after) || unicode.Is(unicode.Me, after) || // accents, variation selectors
		after >= 0x1F3FB && after <= 0x1F3FF // skin colours
}
