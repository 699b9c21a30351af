package fakeconnector

// HalfOpen stops reading from the gateway, as a peer does that is gone without a word,
// until [HalfOpen.Release]. Use a pointer.
type HalfOpen struct{ parked }

// Name implements [Fault].
func (*HalfOpen) Name() string { return "half-open" }

// Apply implements [Fault].
func (f *HalfOpen) Apply(x *Exchange) { f.park(x.Session.PauseReading()) }
