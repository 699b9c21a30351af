package fakeconnector

import (
	"math/rand/v2"
	"strconv"
	"sync"
)

// ids makes the connector's own ids. The same seed gives the same ids.
type ids struct {
	mu     sync.Mutex
	counts map[string]int
	rand   *rand.Rand
}

func newIDs(seed int64) *ids {
	return &ids{counts: map[string]int{}, rand: rand.New(rand.NewPCG(uint64(seed), 0))}
}

func (i *ids) next(prefix string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.counts[prefix]++
	return prefix + strconv.Itoa(i.counts[prefix])
}

// source is a stream of random choices of its own, so that one fault's choices do not
// depend on how often another one fired.
func (i *ids) source() *rand.Rand {
	i.mu.Lock()
	defer i.mu.Unlock()
	return rand.New(rand.NewPCG(i.rand.Uint64(), i.rand.Uint64()))
}
