package fakeconnector

import (
	"context"
	"fmt"
	"sync"
)

// Hold keeps what was about to happen until it is released by hand: a dial before its
// 101, the answer to a frame, a frame of ours. The zero value is ready; use a pointer.
type Hold struct {
	mu      sync.Mutex
	held    []func()
	open    bool // nothing is held any more
	changed chan struct{}
}

// Name implements [Fault].
func (*Hold) Name() string { return "hold" }

// Apply implements [Fault].
func (h *Hold) Apply(x *Exchange) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open {
		return
	}
	if x.c != nil && len(h.held) >= x.c.limits.QueuedWrites {
		x.c.journal.one(Entry{Kind: KindNote, Session: x.session, Note: "not held: the hold is full"})
		return
	}
	h.held = append(h.held, x.park())
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// Held is how many are held now.
func (h *Hold) Held() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.held)
}

// Wait blocks until n are held.
func (h *Hold) Wait(ctx context.Context, n int) error {
	for {
		h.mu.Lock()
		held := len(h.held)
		if h.changed == nil {
			h.changed = make(chan struct{})
		}
		changed := h.changed
		h.mu.Unlock()
		if held >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("expected %d to be held, %d are: %w", n, held, context.Cause(ctx))
		}
	}
}

// Release lets everything go that is held now, in the order in which it came, and
// returns how many that were. What comes later is held again while the stub is in force.
func (h *Hold) Release() int { return h.release(false) }

// Open is Release for good. What comes later is not held any more, which holds as well for
// what the stub has seen already and is only on its way here.
func (h *Hold) Open() { h.release(true) }

func (h *Hold) release(forGood bool) int {
	h.mu.Lock()
	held := h.held
	h.held, h.open = nil, h.open || forGood
	h.mu.Unlock()
	for _, resume := range held {
		resume()
	}
	return len(held)
}

// ReleaseAt lets one go: the ith of those held, counted from 0. It reports whether there
// was one, so answers may be released in any order.
func (h *Hold) ReleaseAt(i int) bool {
	h.mu.Lock()
	if i < 0 || i >= len(h.held) {
		h.mu.Unlock()
		return false
	}
	resume := h.held[i]
	h.held = append(h.held[:i:i], h.held[i+1:]...)
	h.mu.Unlock()
	resume()
	return true
}
