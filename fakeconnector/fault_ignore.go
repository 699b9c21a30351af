package fakeconnector

// Ignore treats a frame of the gateway as if it had never arrived: it has no effect and
// no answer. The journal still shows it.
type Ignore struct{}

// Name implements [Fault].
func (Ignore) Name() string { return "ignore" }

// Apply implements [Fault]. What it does is done before the frame is handled.
func (Ignore) Apply(x *Exchange) { x.SetSteps() }

func (Ignore) ignores() {}
