package reference

import "unicode/utf8"

// TextLength is the length of a text in a descriptor's unit: Unicode code points for
// chars and for any unknown unit, UTF-16 code units for utf16. (Contract, section
// "Descriptor".) Bytes that are not UTF-8 count as the one replacement character that
// each of them is sent as.
func TextLength(text, unit string) int {
	if unit != lenUnitUTF16 {
		return utf8.RuneCountInString(text)
	}
	n := 0
	for _, r := range text {
		n += utf16Length(r)
	}
	return n
}

// utf16Length is 2 for a code point that takes a surrogate pair.
func utf16Length(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}
