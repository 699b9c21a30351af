package store

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// Entries go in any order; what is left stays in its own, and the holes are bounded.
func TestAcksInAnyOrder(t *testing.T) {
	ctx := context.Background()
	m := NewMemory(0, nil)
	const n = 1000
	var left []string
	for range n {
		e, err := m.Append(ctx, "i", nil)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, e.ID)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for len(left) > 0 {
		at := rnd.IntN(len(left))
		if ok, err := m.Ack(ctx, "i", left[at]); !ok || err != nil {
			t.Fatalf("expected %s to be removed, got %v, %v", left[at], ok, err)
		}
		if ok, _ := m.Ack(ctx, "i", left[at]); ok {
			t.Fatalf("expected %s to be gone", left[at])
		}
		left = slices.Delete(left, at, at+1)
		if len(left)%97 == 0 {
			entries, err := m.Read(ctx, "i", 0, n)
			if !slices.EqualFunc(entries, left, func(e Entry, id string) bool { return e.ID == id }) || err != nil {
				t.Fatalf("expected %d entries in their order, got %d, %v", len(left), len(entries), err)
			}
		}
		if b := m.instances["i"]; len(b.entries) > 2*len(left)+1 {
			t.Fatalf("expected no more holes than entries, got %d places for %d entries", len(b.entries), len(left))
		}
	}
}
