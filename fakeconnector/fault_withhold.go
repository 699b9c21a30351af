package fakeconnector

// Withhold keeps back what was about to be sent: the answer to a frame of the gateway,
// whose effect stays, or a frame of ours.
type Withhold struct{}

// Name implements [Fault].
func (Withhold) Name() string { return "withhold" }

// Apply implements [Fault].
func (Withhold) Apply(x *Exchange) { x.SetSteps() }
