package kit

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// wireCheck judges every line that the connector sends on one socket, whatever the case
// under way is about. It is used under the tape.
type wireCheck struct {
	p       *P
	socket  string
	greeted bool // something came
	results map[string]bool
}

func (w *wireCheck) broke(rule protocol.RuleID, format string, args ...any) {
	w.p.bench.violate(rule, w.p.Case.ID, format, args...)
}

// frameLimit is the contract's, see framing/frame-limit.
const frameLimit = 1048576

func (w *wireCheck) message(length int) {
	if length >= frameLimit {
		w.broke(protocol.RuleFramingFrameLimit, "expected a message of fewer than %d bytes, got one of %d on socket %s", frameLimit, length, w.socket)
	}
}

func (w *wireCheck) received(f Received) {
	w.p.bench.count(CountReceived)
	if len(f.Line)+1 >= frameLimit {
		w.broke(protocol.RuleFramingFrameLimit, "expected a frame of fewer than %d bytes, got %d: %s", frameLimit, len(f.Line)+1, f)
	}
	switch {
	case len(bytes.TrimSpace(f.Line)) == 0:
		return
	case !utf8.Valid(f.Line) || f.Fields == nil || !json.Valid(f.Line):
		w.broke(protocol.RuleFramingNewline, "expected one JSON object in UTF-8 on the line, got %s", f)
		return
	}
	if !w.greeted && !f.Is(protocol.TypeDescriptor) {
		w.broke(protocol.RuleHandshakeDescriptorFirst, "expected a descriptor as the first frame of socket %s, got %s", w.socket, f)
	}
	w.greeted = true
	switch {
	case f.Is(protocol.TypeDescriptor):
		w.p.bench.count(CountDescriptors)
		if why := BadDescriptor(f); why != "" {
			w.broke(protocol.RuleDescriptorComplete, "%s in %s", why, f)
		}
	case f.Is(protocol.TypeInbound):
		w.p.bench.count(CountEvents)
		if why := BadEvent(f); why != "" {
			w.broke(protocol.RuleEventFields, "%s in %s", why, f)
		}
	case f.Is(protocol.TypeOutboundResult):
		w.p.bench.count(CountResults)
		id := f.Text("requestId")
		if w.results[id] {
			w.broke(protocol.RuleOutboundAnswered, "expected one result for the request %q, got another: %s", id, f)
		}
		if w.results == nil {
			w.results = map[string]bool{}
		}
		w.results[id] = true
	}
}

func (w *wireCheck) ended(pending []byte, e *Ending) {
	if e.Code != websocket.CloseAbnormalClosure && len(bytes.TrimSpace(pending)) > 0 {
		w.broke(protocol.RuleFramingNewline, "expected a newline before the close, got an unfinished line: %s", clip(string(pending)))
	}
}

// member says how a member breaks its type and presence: a type ("string", "bool", "int",
// "object"), followed by "?" where null will do.
func member(object map[string]json.RawMessage, name, kind string) string {
	raw, there := object[name]
	kind, nullable := strings.CutSuffix(kind, "?")
	if !there {
		return "no " + name
	}
	if nullable && string(raw) == "null" {
		return ""
	}
	ok := len(raw) > 0
	switch {
	case !ok:
	case kind == "string":
		ok = raw[0] == '"'
	case kind == "bool":
		ok = string(raw) == "true" || string(raw) == "false"
	case kind == "object":
		ok = raw[0] == '{'
	case kind == "int":
		var n int64
		ok = json.Unmarshal(raw, &n) == nil && string(raw) != "null"
	}
	if !ok {
		return name + " that is no " + kind + ": " + clip(string(raw))
	}
	return ""
}

func first(object map[string]json.RawMessage, at string, members ...[2]string) string {
	for _, m := range members {
		if why := member(object, m[0], m[1]); why != "" {
			return why + " at " + at
		}
	}
	return ""
}

// BadDescriptor says what a descriptor lacks, or "".
func BadDescriptor(f Received) string {
	d := f.Object("descriptor")
	if why := first(d, "/descriptor", [][2]string{
		{"contract_version", "int"}, {"platform", "string"}, {"label", "string"}, {"max_message_length", "int"},
		{"supports_draft_streaming", "bool"}, {"supports_edit", "bool"}, {"supports_threads", "bool"},
		{"markdown_dialect", "string"}, {"len_unit", "string"},
	}...); why != "" {
		return why
	}
	if v := string(d["contract_version"]); v != "1" {
		return "the contract_version " + v
	}
	return ""
}

// BadEvent says what an event lacks, or "".
func BadEvent(f Received) string {
	if why := first(f.event(), "/event", [][2]string{{"text", "string"}, {"message_type", "string"}, {"source", "object"}}...); why != "" {
		return why
	}
	return first(f.Source(), "/event/source", [][2]string{
		{"platform", "string"}, {"chat_id", "string"}, {"chat_type", "string"}, {"chat_name", "string?"}, {"user_id", "string?"},
		{"user_name", "string?"}, {"thread_id", "string?"}, {"chat_topic", "string?"},
	}...)
}
