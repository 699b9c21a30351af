package target

import (
	"encoding/json"
	"fmt"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
)

// Bounds is what a timing template may name: the bounds that the gateway is given.
// {{.OutboundTimeout}} writes one as Go does ("3s", "100ms"), and
// {{.OutboundTimeout.Seconds}} and {{.OutboundTimeout.Milliseconds}} as a number.
type Bounds struct {
	HandshakeTimeout time.Duration // how long it waits for a descriptor
	OutboundTimeout  time.Duration // how long it waits for a result
	IdleTimeout      time.Duration // how long it waits for going_idle_ack
	BackoffBase      time.Duration // the first rung of the redial ladder
	BackoffCap       time.Duration // its top
	ShutdownBudget   time.Duration // how long it may take to stop altogether
}

func boundsOf(t kit.Timing) Bounds {
	return Bounds{t.Handshake, t.Outbound, t.IdleAck, t.BackoffBase, t.BackoffCap, t.Shutdown}
}

// template is a Go template of a target file, with where it stands.
type template struct {
	where  string
	parsed *texttemplate.Template
}

// functions are what a template may call besides those of text/template: json writes a
// value as JSON.
var functions = texttemplate.FuncMap{"json": func(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}}

func parseTemplate(where, source string) (template, error) {
	parsed, err := texttemplate.New(where).Option("missingkey=error").Funcs(functions).Parse(source)
	if err != nil {
		return template{}, fmt.Errorf("%s: not a template: %s", where, withoutName(err))
	}
	return template{where, parsed}, nil
}

func (t template) render(data any) (string, error) {
	var b strings.Builder
	if err := t.parsed.Execute(&b, data); err != nil {
		return "", fmt.Errorf("%s: the template cannot be rendered: %s", t.where, withoutName(err))
	}
	return b.String(), nil
}

// withoutName takes from an error of text/template what it says about where it is: the
// line of the file is known better here.
func withoutName(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, ">: "); ok {
		return after
	}
	parts := strings.SplitN(text, ": ", 3)
	return parts[len(parts)-1]
}
