package fakeconnector

import (
	"sync"

	"github.com/relaykit/relaykit/internal/bounded"
)

// ackBook counts, per instance and bufferId, how often an entry was sent and acked. It
// outlives sessions: a gateway may ack after a redial what it accepted before.
type ackBook struct {
	mu        sync.Mutex
	limit     int
	instances map[string]*instanceAcks
}

type instanceAcks struct {
	open   map[string]int // sends less acks
	order  bounded.Order[string]
	forgot bool // something was forgotten, so an unknown id may have been sent
}

type ackVerdict int

const (
	ackFine ackVerdict = iota
	ackNeverSent
	ackTooOften
)

func (b *ackBook) sent(instance, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.instances == nil {
		b.instances = map[string]*instanceAcks{}
	}
	i := b.instances[instance]
	if i == nil {
		i = &instanceAcks{open: map[string]int{}}
		b.instances[instance] = i
	}
	if _, known := i.open[id]; !known {
		if oldest, gone := i.order.Add(id, b.limit); gone {
			delete(i.open, oldest)
			i.forgot = true
		}
	}
	i.open[id]++
}

func (b *ackBook) acked(instance, id string) ackVerdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.instances[instance]
	if i == nil {
		return ackNeverSent
	}
	n, known := i.open[id]
	switch {
	case !known && i.forgot:
		return ackFine
	case !known:
		return ackNeverSent
	case n == 0:
		return ackTooOften
	}
	i.open[id]--
	return ackFine
}
