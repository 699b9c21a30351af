package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ids(t *testing.T, s Store, instance string, after int64, limit int) []string {
	t.Helper()
	entries, err := s.Read(ctx, instance, after, limit)
	must(t, err)
	var out []string
	for i, e := range entries {
		if i > 0 && e.Seq <= entries[i-1].Seq {
			t.Errorf("expected entries in order, got %v", entries)
		}
		out = append(out, string(e.Payload))
	}
	return out
}

func TestBuffer(t *testing.T) {
	s := NewMemory(0, nil)
	var all []Entry
	for i := range 5 {
		e, err := s.Append(ctx, "i", []byte(fmt.Sprint(i)))
		must(t, err)
		all = append(all, e)
		_, err = s.Append(ctx, "other", []byte("x"))
		must(t, err)
	}
	want := func(got []string, texts string) {
		t.Helper()
		if fmt.Sprint(got) != texts {
			t.Errorf("expected %s, got %s", texts, got)
		}
	}
	want(ids(t, s, "i", 0, 3), "[0 1 2]")
	want(ids(t, s, "i", all[1].Seq, 10), "[2 3 4]")
	for _, n := range []int{3, 0, 1} { // in the middle, and at the front
		ok, err := s.Ack(ctx, "i", all[n].ID)
		must(t, err)
		again, err := s.Ack(ctx, "i", all[n].ID)
		must(t, err)
		foreign, err := s.Ack(ctx, "other", all[n].ID)
		must(t, err)
		if !ok || again || foreign {
			t.Errorf("expected an ack to remove its own entry once, got %v %v %v", ok, again, foreign)
		}
	}
	want(ids(t, s, "i", 0, 10), "[2 4]")
	must(t, s.Tried(ctx, "i", all[2].ID))
	must(t, s.Park(ctx, "i", all[2].ID, "too long"))
	want(ids(t, s, "i", 0, 10), "[4]")
	parked, err := s.Parked(ctx, "i")
	must(t, err)
	if len(parked) != 1 || parked[0].ID != all[2].ID || parked[0].Tries != 1 || parked[0].Reason != "too long" {
		t.Errorf("expected the parked entry with its tries and reason, got %+v", parked)
	}
	want(ids(t, s, "other", 0, 10), "[x x x x x]")
}

func TestFull(t *testing.T) {
	s := NewMemory(1, nil)
	e, err := s.Append(ctx, "i", nil)
	must(t, err)
	if _, err := s.Append(ctx, "i", nil); !errors.Is(err, ErrFull) {
		t.Errorf("expected %v, got %v", ErrFull, err)
	}
	_, err = s.Ack(ctx, "i", e.ID)
	must(t, err)
	_, err = s.Append(ctx, "i", nil)
	must(t, err)
}

func TestFlip(t *testing.T) {
	s := NewMemory(0, nil)
	flipped := func(want bool) {
		t.Helper()
		if got, err := s.Flipped(ctx, "i"); err != nil || got != want {
			t.Errorf("expected flipped %v, got %v, %v", want, got, err)
		}
	}
	flipped(false)
	must(t, s.Flip(ctx, "i"))
	e, err := s.Append(ctx, "i", nil)
	must(t, err)
	if cleared, err := s.Unflip(ctx, "i"); cleared || err != nil {
		t.Errorf("expected the flip to stay while an entry waits, got %v, %v", cleared, err)
	}
	flipped(true)
	_, err = s.Ack(ctx, "i", e.ID)
	must(t, err)
	if cleared, err := s.Unflip(ctx, "i"); !cleared || err != nil {
		t.Errorf("expected the flip to clear, got %v, %v", cleared, err)
	}
	flipped(false)
}

func TestLease(t *testing.T) {
	now := time.Unix(1_750_000_000, 0)
	s := NewMemory(0, func() time.Time { return now })
	lease := func(holder string, want bool) {
		t.Helper()
		if got, err := s.Lease(ctx, "i", holder, time.Minute); err != nil || got != want {
			t.Errorf("expected a lease for %s: %v, got %v, %v", holder, want, got, err)
		}
	}
	lease("a", true)
	lease("b", false)
	now = now.Add(30 * time.Second)
	lease("a", true) // renewed
	now = now.Add(59 * time.Second)
	lease("b", false)
	must(t, s.Release(ctx, "i", "b")) // not its own
	lease("b", false)
	now = now.Add(time.Second)
	lease("b", true) // run out
	must(t, s.Release(ctx, "i", "b"))
	lease("a", true)
}

// Entries go in any order; what is left stays in its own.
func TestAcksInAnyOrder(t *testing.T) {
	m := NewMemory(0, nil)
	const n = 1000
	var left []string
	for i := range n {
		e, err := m.Append(ctx, "i", fmt.Appendf(nil, "b-%d", i+1))
		must(t, err)
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
			if got := ids(t, m, "i", 0, n); !slices.Equal(got, left) {
				t.Fatalf("expected %d entries in their order, got %d: %v", len(left), len(got), got)
			}
		}
		if b := m.instances["i"]; len(b.entries) > 2*len(left)+1 {
			t.Fatalf("expected no more holes than entries, got %d places for %d entries", len(b.entries), len(left))
		}
	}
	if ok, err := m.Unflip(ctx, "i"); !ok || err != nil {
		t.Errorf("expected an empty buffer, got %v, %v", ok, err)
	}
}
