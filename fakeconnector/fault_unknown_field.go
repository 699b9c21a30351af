package fakeconnector

import "encoding/json"

// UnknownField adds a member that the contract lacks to every frame, or, with a Pointer
// that names an object, inside of it.
type UnknownField struct {
	Pointer string `json:"pointer,omitempty"` // default the frame itself
}

// Name implements [Fault].
func (UnknownField) Name() string { return "unknown-field" }

// Apply implements [Fault].
func (f UnknownField) Apply(x *Exchange) {
	SetField{Pointer: f.Pointer + "/x_unknown", Value: json.RawMessage(`{"deep":[1,null]}`)}.Apply(x)
}
