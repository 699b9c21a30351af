package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/store"
	"github.com/relaykit/relaykit/fakeconnector/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, limit int, now func() time.Time) store.Store { return store.NewMemory(limit, now) })
}

// A gateway remembers the IDs that it has accepted, so a connector that comes back with an
// empty memory must not give them again.
func TestMemoryPrefix(t *testing.T) {
	s := store.NewMemory(0, nil).Prefix("b-run7-")
	e, err := s.Append(context.Background(), "i", nil)
	if err != nil || e.ID != "b-run7-1" {
		t.Errorf(`expected the ID "b-run7-1", got %q, %v`, e.ID, err)
	}
}
