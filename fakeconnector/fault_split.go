package fakeconnector

// Split cuts every message into several. At gives the places of the cuts in bytes, in
// order; without it the seed chooses Into parts (default 2).
type Split struct {
	At   []int `json:"at,omitempty"`
	Into int   `json:"into,omitempty"`
}

// Name implements [Fault].
func (Split) Name() string { return "split" }

// Apply implements [Fault].
func (f Split) Apply(x *Exchange) {
	x.eachMessage(func(s Step) []Step {
		cuts := f.At
		if len(cuts) == 0 {
			into := f.Into
			or(&into, 2)
			for from := 0; len(cuts) < into-1 && from < len(s.Payload)-1; from = cuts[len(cuts)-1] {
				// Room is left for the parts that are still to come.
				room := len(s.Payload) - from - (into - 1 - len(cuts))
				cuts = append(cuts, from+1+x.Rand.IntN(max(room, 1)))
			}
		}
		var out []Step
		from := 0
		for _, at := range append(cuts[:len(cuts):len(cuts)], len(s.Payload)) {
			if at = min(at, len(s.Payload)); at > from {
				part := s
				part.Payload = s.Payload[from:at]
				out = append(out, part)
				from = at
			}
		}
		return out
	})
}
