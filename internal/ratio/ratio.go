// Package ratio collects what the benchmarks of a run came to, measured beside a bare
// program that does the same, so that one line each can be printed at the end.
package ratio

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

var (
	mu    sync.Mutex
	lines []string
)

// Add keeps the result of a benchmark, in the place of an earlier one of the same name: go
// test may run a benchmark more than once, and its last run is the longest. Whether a value
// must reach its goal or stay below it, the name tells.
func Add(name string, value, goal float64) {
	mu.Lock()
	defer mu.Unlock()
	start := "ratio " + name + " "
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, start) })
	lines = append(lines, fmt.Sprintf("%s%.2f goal %.2f", start, value, goal))
}

// Print writes the lines, in the order in which they came. make bench repeats them at its end.
func Print(w io.Writer) {
	mu.Lock()
	defer mu.Unlock()
	for _, l := range lines {
		fmt.Fprintln(w, l)
	}
}

// Median sorts values, which must not be empty, and returns the one in the middle.
func Median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// Turns runs two measurements in turn, so that what else the machine does falls on both
// alike, and returns the medians of the pairs' quotients, ours by bare, and of both.
func Turns(pairs int, bare, ours func() float64) (quotient, bareMedian, oursMedian float64) {
	var q, b, o []float64
	for i := range pairs {
		var x, y float64
		if i%2 == 0 {
			x = bare()
			y = ours()
		} else {
			y = ours()
			x = bare()
		}
		b, o, q = append(b, x), append(o, y), append(q, y/x)
	}
	return Median(q), Median(b), Median(o)
}
