package api

import (
	"fmt"
	"strings"
)

// Problem is what went wrong with a request (RFC 9457, application/problem+json). Nothing
// was changed.
type Problem struct {
	Type   string       `json:"type,omitempty"` // left out: about:blank
	Title  string       `json:"title,omitempty"`
	Status int          `json:"status,omitempty"`
	Detail string       `json:"detail,omitempty"`
	Errors []FieldError `json:"errors,omitempty" nullable:"false"`
}

// FieldError says what is wrong with one field.
type FieldError struct {
	Message  string `json:"message,omitempty"`
	Location string `json:"location,omitempty"` // such as body.source.chat_id, path.instance or query.namespace
	Value    any    `json:"value,omitempty"`    // what came, where it is short
}

// Error implements error, in one line.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", p.Status, p.Title)
	if p.Detail != "" {
		b.WriteString(": " + p.Detail)
	}
	for _, e := range p.Errors {
		b.WriteString("; ")
		if e.Location != "" {
			b.WriteString(e.Location + ": ")
		}
		b.WriteString(e.Message)
		if e.Value != nil {
			fmt.Fprintf(&b, " (got %v)", e.Value)
		}
	}
	return b.String()
}
