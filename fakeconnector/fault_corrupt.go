package fakeconnector

// Corrupt changes one byte of every message. At counts from 0, from the end where it is
// negative; without At the seed chooses. The newline at the end is left alone.
type Corrupt struct {
	At *int `json:"at,omitempty"`
}

// Name implements [Fault].
func (Corrupt) Name() string { return "corrupt" }

// Apply implements [Fault].
func (f Corrupt) Apply(x *Exchange) {
	x.eachMessage(func(s Step) []Step {
		p := append([]byte(nil), s.Payload...)
		n := len(p)
		if n > 0 && p[n-1] == '\n' {
			n--
		}
		if n == 0 {
			return []Step{s}
		}
		at := 0
		if f.At == nil {
			at = x.Rand.IntN(n)
		} else if at = *f.At; at < 0 {
			at += n
		}
		if at >= 0 && at < n {
			p[at] ^= 0x80 // never a newline, and never UTF-8 among ASCII
		}
		s.Payload = p
		return []Step{s}
	})
}
