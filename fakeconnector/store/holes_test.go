package store

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// Entries that go in any order leave holes, and never more of them than entries.
func TestHolesAreBounded(t *testing.T) {
	ctx, m := context.Background(), NewMemory(0, nil)
	var left []string
	for range 1000 {
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
		left = slices.Delete(left, at, at+1)
		if b := m.instances["i"]; len(b.entries) > 2*len(left)+1 {
			t.Fatalf("expected no more holes than entries, got %d places for %d entries", len(b.entries), len(left))
		}
	}
}
