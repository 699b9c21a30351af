package fakeconnector

import "sync"

// Reorder keeps messages back until it has Window of them (default 2) and then sends them
// in another order: backwards, or shuffled by the seed. Use a pointer. What is kept when
// no more comes is never sent.
type Reorder struct {
	Window  int  `json:"window,omitempty"`
	Shuffle bool `json:"shuffle,omitempty"`

	mu   sync.Mutex
	kept []func()
}

// Name implements [Fault].
func (*Reorder) Name() string { return "reorder" }

// Apply implements [Fault].
func (r *Reorder) Apply(x *Exchange) {
	window := r.Window
	or(&window, 2)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, x.park())
	if len(r.kept) < window {
		return
	}
	kept := r.kept
	r.kept = nil
	order := make([]int, len(kept))
	for i := range order {
		order[i] = len(kept) - 1 - i
	}
	if r.Shuffle {
		order = x.Rand.Perm(len(kept))
	}
	x.Then(func(*Session) error {
		for _, i := range order {
			kept[i]()
		}
		return nil
	})
}
