package fakeconnector

// Duplicate sends every message twice: a double result, a repeated delivery, a second
// descriptor.
type Duplicate struct{}

// Name implements [Fault].
func (Duplicate) Name() string { return "duplicate" }

// Apply implements [Fault].
func (Duplicate) Apply(x *Exchange) {
	x.eachMessage(func(s Step) []Step { return []Step{s, s} })
}
