package fakeconnector

// UnknownType replaces the type of every frame by one that the contract lacks.
type UnknownType struct {
	Type string `json:"type,omitempty"` // default "x_unknown"
}

// Name implements [Fault].
func (UnknownType) Name() string { return "unknown-type" }

// Apply implements [Fault].
func (f UnknownType) Apply(x *Exchange) {
	or(&f.Type, "x_unknown")
	SetField{Pointer: "/type", Value: quoted(f.Type)}.Apply(x)
}
