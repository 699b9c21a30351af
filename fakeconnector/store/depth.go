package store

import (
	"context"
	"math"
)

// Depth counts what waits for an instance and what was set aside. A store that has a
// method of that name is asked; of any other one the entries are read.
func Depth(ctx context.Context, s Store, instance string) (waiting, parked int, err error) {
	if counts, ok := s.(interface {
		Depth(ctx context.Context, instance string) (waiting, parked int, err error)
	}); ok {
		return counts.Depth(ctx, instance)
	}
	entries, err := s.Read(ctx, instance, 0, math.MaxInt)
	if err != nil {
		return 0, 0, err
	}
	aside, err := s.Parked(ctx, instance)
	return len(entries), len(aside), err
}

// Depth counts without reading.
func (m *Memory) Depth(_ context.Context, instance string) (waiting, parked int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.instances[instance]
	if !ok {
		return 0, 0, nil
	}
	return len(b.byID), len(b.parked), nil
}
