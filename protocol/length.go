package protocol

import "unicode/utf8"

// TextLength is the length of a text in the unit of a descriptor's `len_unit`: UTF-16
// code units for [LenUnitUTF16], Unicode code points for [LenUnitChars] and for any
// unit that the contract lacks. A byte that is not UTF-8 counts as one. (Contract,
// section "Capability descriptor".)
func TextLength(text, unit string) int {
	n := utf8.RuneCountInString(text)
	if unit != LenUnitUTF16 {
		return n
	}
	for _, r := range text {
		if r > 0xffff {
			n++
		}
	}
	return n
}
