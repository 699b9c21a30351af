package store

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"sync"
	"time"
)

// Memory is a [Store] that lives as long as its process. Make one with [NewMemory].
type Memory struct {
	limit  int
	now    func() time.Time
	prefix string

	mu        sync.Mutex
	next      int64
	instances map[string]*buffer
}

type buffer struct {
	entries []*held          // in order, holes among them
	holes   int              // how many of them are gone
	byID    map[string]*held // what is held
	parked  []Parked
	flipped bool
	holder  string
	until   time.Time
}

// held is an entry of a buffer, or the hole that it has left.
type held struct {
	Entry
	gone bool
}

// NewMemory makes an empty store that keeps at most limit entries for each instance; 0
// is no limit. now gives the time for leases; nil is the system clock.
func NewMemory(limit int, now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{limit: limit, now: now, prefix: "b-", instances: map[string]*buffer{}}
}

// Prefix sets what the IDs begin with, and returns m. The default is "b-", under which two
// stores give the same IDs: a gateway that outlives one connector and meets the next would
// take new entries for repeats. Whoever restarts a connector gives each run a prefix of its
// own. Call it before the first Append.
func (m *Memory) Prefix(prefix string) *Memory {
	m.prefix = prefix
	return m
}

func (m *Memory) buffer(instance string) *buffer {
	b := m.instances[instance]
	if b == nil {
		b = &buffer{byID: map[string]*held{}}
		m.instances[instance] = b
	}
	return b
}

// seen is the buffer of an instance for a look at it: most instances never have one.
func (m *Memory) seen(instance string) *buffer {
	if b := m.instances[instance]; b != nil {
		return b
	}
	return &buffer{}
}

// Append implements [Store].
func (m *Memory) Append(_ context.Context, instance string, payload []byte) (Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.buffer(instance)
	if m.limit > 0 && len(b.byID) >= m.limit {
		return Entry{}, fmt.Errorf("buffer of instance %q: expected fewer than %d entries: %w", instance, m.limit, ErrFull)
	}
	m.next++
	e := &held{Entry: Entry{Seq: m.next, ID: m.prefix + strconv.FormatInt(m.next, 10), Payload: payload}}
	b.entries = append(b.entries, e)
	b.byID[e.ID] = e
	return e.Entry, nil
}

// Read implements [Store].
func (m *Memory) Read(_ context.Context, instance string, after int64, limit int) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.seen(instance)
	var out []Entry
	for _, e := range b.entries[b.place(after+1):] {
		if len(out) == limit {
			break
		}
		if !e.gone {
			out = append(out, e.Entry)
		}
	}
	return out, nil
}

// place is the index of the first entry whose Seq is seq or greater.
func (b *buffer) place(seq int64) int {
	return sort.Search(len(b.entries), func(i int) bool { return b.entries[i].Seq >= seq })
}

// remove takes out an entry. It leaves a hole, so that it moves nothing; holes at the front
// go at once, which is where they mostly are, and the others when they are half of it.
func (b *buffer) remove(id string) (*held, bool) {
	e, ok := b.byID[id]
	if !ok {
		return nil, false
	}
	delete(b.byID, id)
	out := *e
	e.gone, e.Payload = true, nil
	b.holes++
	for len(b.entries) > 0 && b.entries[0].gone {
		b.entries[0] = nil
		b.entries, b.holes = b.entries[1:], b.holes-1
	}
	if b.holes > len(b.entries)/2 {
		kept := slices.DeleteFunc(b.entries, func(e *held) bool { return e.gone })
		b.entries, b.holes = kept, 0
	}
	return &out, true
}

// Ack implements [Store].
func (m *Memory) Ack(_ context.Context, instance, id string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.buffer(instance).remove(id)
	return ok, nil
}

// Tried implements [Store].
func (m *Memory) Tried(_ context.Context, instance, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.seen(instance).byID[id]; e != nil {
		e.Tries++
	}
	return nil
}

// maxParked bounds what is kept for people to look at.
const maxParked = 1000

// Park implements [Store].
func (m *Memory) Park(_ context.Context, instance, id, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.buffer(instance)
	if e, ok := b.remove(id); ok {
		b.parked = append(b.parked, Parked{Entry: e.Entry, Reason: reason})
		b.parked = b.parked[max(0, len(b.parked)-maxParked):]
	}
	return nil
}

// Parked implements [Store].
func (m *Memory) Parked(_ context.Context, instance string) ([]Parked, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Parked(nil), m.seen(instance).parked...), nil
}

// Flip implements [Store].
func (m *Memory) Flip(_ context.Context, instance string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.buffer(instance).flipped = true
	return nil
}

// Unflip implements [Store].
func (m *Memory) Unflip(_ context.Context, instance string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.buffer(instance)
	if len(b.byID) > 0 {
		return false, nil
	}
	b.flipped = false
	return true, nil
}

// Flipped implements [Store].
func (m *Memory) Flipped(_ context.Context, instance string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen(instance).flipped, nil
}

// Lease implements [Store].
func (m *Memory) Lease(_ context.Context, instance, holder string, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, now := m.buffer(instance), m.now()
	if b.holder != "" && b.holder != holder && now.Before(b.until) {
		return false, nil
	}
	b.holder, b.until = holder, now.Add(ttl)
	return true, nil
}

// Release implements [Store].
func (m *Memory) Release(_ context.Context, instance, holder string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.seen(instance); b.holder == holder {
		b.holder = ""
	}
	return nil
}
