package fakeconnector

// Truncate sends the first Keep bytes of every message and no more, so the newline is
// missing too. A negative Keep drops as many at the end: -1 drops just the newline.
type Truncate struct {
	Keep int `json:"keep"`
}

// Name implements [Fault].
func (Truncate) Name() string { return "truncate" }

// Apply implements [Fault].
func (f Truncate) Apply(x *Exchange) {
	x.eachMessage(func(s Step) []Step {
		keep := f.Keep
		if keep < 0 {
			keep += len(s.Payload)
		}
		s.Payload = s.Payload[:min(max(keep, 0), len(s.Payload))]
		return []Step{s}
	})
}
