package fakeconnector

import "encoding/json"

// SetField sets a member of every frame to any JSON value, or removes it.
type SetField struct {
	Pointer string          `json:"pointer"`
	Value   json.RawMessage `json:"value,omitempty"` // absent removes the member
}

// Name implements [Fault].
func (SetField) Name() string { return "set-field" }

// Apply implements [Fault].
func (f SetField) Apply(x *Exchange) {
	x.eachMessage(func(s Step) []Step {
		s.Payload = editJSON(s.Payload, f.Pointer, func(json.RawMessage) json.RawMessage { return f.Value })
		return []Step{s}
	})
}
