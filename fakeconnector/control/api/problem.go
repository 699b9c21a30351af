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
	separator := ": "
	say := func(text string) {
		b.WriteString(separator + text)
		separator = "; "
	}
	// The detail of a problem about one field is what the field says.
	if p.Detail != "" && !(len(p.Errors) == 1 && p.Detail == p.Errors[0].text()) {
		say(p.Detail)
	}
	for _, e := range p.Errors {
		text := e.text()
		if e.Value != nil {
			text += fmt.Sprintf(" (got %v)", e.Value)
		}
		say(text)
	}
	return b.String()
}

func (e FieldError) text() string {
	if e.Location == "" {
		return e.Message
	}
	return e.Location + ": " + e.Message
}
