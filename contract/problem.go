package contract

import (
	"fmt"
	"strings"
)

// Problem is one thing in a document that could not be read.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // from 1; 0 for the document as a whole
	Reason string `json:"reason"`
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Reason
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason)
}

// Problems is the error of [Parse]: everything that it could not read, in the order
// of the document.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}
