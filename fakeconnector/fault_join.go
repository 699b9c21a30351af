package fakeconnector

import "sync"

// Join keeps messages back until it has Window of them (default 2) and sends them as one.
// Use a pointer, and one for each session. What is kept when no more comes is never sent.
type Join struct {
	Window int `json:"window,omitempty"`

	mu   sync.Mutex
	kept []byte
	n    int
}

// Name implements [Fault].
func (*Join) Name() string { return "join" }

// Apply implements [Fault].
func (f *Join) Apply(x *Exchange) {
	window := f.Window
	or(&window, 2)
	f.mu.Lock()
	defer f.mu.Unlock()
	x.eachMessage(func(s Step) []Step {
		f.kept = append(f.kept, s.Payload...)
		if f.n++; f.n < window {
			return nil
		}
		s.Payload, f.kept, f.n = f.kept, nil, 0
		return []Step{s}
	})
}
