package fakeconnector

import (
	"math/rand/v2"
	"testing"
)

func TestRing(t *testing.T) {
	var r ring
	var want []int64
	rnd := rand.New(rand.NewPCG(1, 2))
	next := int64(0)
	for step := range 5000 {
		if rnd.IntN(100) < 55 {
			for range rnd.IntN(20) {
				next++
				r.push(Entry{Seq: next})
				want = append(want, next)
			}
		} else {
			for range min(rnd.IntN(25), len(want)) {
				if got := r.front().Seq; got != want[0] {
					t.Fatalf("step %d: expected #%d at the front, got #%d", step, want[0], got)
				}
				r.pop()
				want = want[1:]
			}
		}
		if r.len() != len(want) {
			t.Fatalf("step %d: expected %d entries, got %d", step, len(want), r.len())
		}
		skip := rnd.IntN(len(want) + 2)
		got := r.from(skip)
		if len(got) != max(len(want)-skip, 0) {
			t.Fatalf("step %d: expected %d entries behind %d, got %d", step, max(len(want)-skip, 0), skip, len(got))
		}
		for i, e := range got {
			if e.Seq != want[skip+i] {
				t.Fatalf("step %d: expected #%d, got #%d", step, want[skip+i], e.Seq)
			}
		}
	}
	if next < 1000 {
		t.Fatal("expected more entries than that")
	}
}
