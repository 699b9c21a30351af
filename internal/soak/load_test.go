package main

import (
	"math"
	"testing"
	"time"
)

func heaps(n int, full int, heap func(i int) uint64) (s samples) {
	for i := range n {
		s = append(s, sample{at: time.Duration(i) * time.Second, heap: heap(i), full: i >= full})
	}
	return s
}

func TestGrowth(t *testing.T) {
	const mb = 1 << 20
	for _, test := range []struct {
		name string
		s    samples
		want float64 // percent
	}{
		{"flat, after it has filled up", heaps(60, 10, func(i int) uint64 { return uint64(min(i, 15)) * mb }), 0},
		{"flat, with noise", heaps(61, 0, func(i int) uint64 { return 100*mb + uint64(i%2)*mb }), 0},
		{"a leak", heaps(60, 0, func(i int) uint64 { return uint64(100+i) * mb }), 100 * 59.0 / 120},
		{"too short to tell", heaps(60, 60-leastSamples+1, func(i int) uint64 { return uint64(i) * mb }), 0},
	} {
		if got := test.s.growth(); math.Abs(got-test.want) > 0.5 {
			t.Errorf("%s: expected a growth of %.1f %%, got %.1f %%", test.name, test.want, got)
		}
	}
}
