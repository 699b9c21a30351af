package fakeconnector

import "encoding/json"

// MistypedField gives a member another JSON type: a string becomes a number, everything
// else a string.
type MistypedField struct {
	Pointer string `json:"pointer"` // such as /event/source/chat_id
}

// Name implements [Fault].
func (MistypedField) Name() string { return "mistyped-field" }

// Apply implements [Fault].
func (f MistypedField) Apply(x *Exchange) {
	x.eachMessage(func(s Step) []Step {
		s.Payload = editJSON(s.Payload, f.Pointer, func(old json.RawMessage) json.RawMessage {
			if len(old) > 0 && old[0] == '"' {
				return json.RawMessage("17")
			}
			return json.RawMessage(`"seventeen"`)
		})
		return []Step{s}
	})
}
