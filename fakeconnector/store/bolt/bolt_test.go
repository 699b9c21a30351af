package bolt

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/fakeconnector/store"
	"github.com/relaykit/relaykit/fakeconnector/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func opened(t *testing.T, path string, limit int, now func() time.Time) *Store {
	t.Helper()
	s, err := Open(path, limit, now)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, limit int, now func() time.Time) store.Store {
		return opened(t, filepath.Join(t.TempDir(), "buffers"), limit, now)
	})
}

// What a method has returned from is in the file: a copy that is made while the process
// still holds it is what is left of one that was killed at that moment.
func TestSurvivesDeath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffers")
	s := opened(t, path, 0, nil)
	var ids []string
	for _, text := range []string{"acked", "parked", "kept", "last"} {
		e, err := s.Append(ctx, "i", []byte(text))
		must(t, err)
		ids = append(ids, e.ID)
	}
	must(t, s.Flip(ctx, "i"))
	_, err := s.Ack(ctx, "i", ids[0])
	must(t, err)
	must(t, s.Park(ctx, "i", ids[1], "too long"))
	must(t, s.Tried(ctx, "i", ids[2]))
	if mine, err := s.Lease(ctx, "i", "the dead", time.Hour); !mine || err != nil {
		t.Fatalf("expected the lease, got %v, %v", mine, err)
	}

	data, err := os.ReadFile(path)
	must(t, err)
	left := filepath.Join(t.TempDir(), "left")
	must(t, os.WriteFile(left, data, 0o600))
	again := opened(t, left, 0, nil)
	entries, err := again.Read(ctx, "i", 0, 10)
	must(t, err)
	if len(entries) != 2 || entries[0].ID != ids[2] || entries[0].Tries != 1 || entries[1].ID != ids[3] || string(entries[1].Payload) != "last" {
		t.Errorf("expected the two entries that were neither acked nor parked, got %+v", entries)
	}
	if p, err := again.Parked(ctx, "i"); err != nil || len(p) != 1 || p[0].ID != ids[1] {
		t.Errorf("expected the parked entry, got %+v, %v", p, err)
	}
	if flipped, err := again.Flipped(ctx, "i"); err != nil || !flipped {
		t.Errorf("expected the instance to be flipped still, got %v, %v", flipped, err)
	}
	if mine, err := again.Lease(ctx, "i", "the heir", time.Hour); err != nil || !mine {
		t.Errorf("expected a lease of a dead process to be free, got %v, %v", mine, err)
	}
	e, err := again.Append(ctx, "i", nil)
	must(t, err)
	for _, id := range ids {
		if e.ID == id {
			t.Errorf("expected an ID that no entry had before, got %s", id)
		}
	}
}

// Two files never give the same ID: a gateway knows an entry by it.
func TestOwnIDs(t *testing.T) {
	a, err := opened(t, filepath.Join(t.TempDir(), "a"), 0, nil).Append(ctx, "i", nil)
	must(t, err)
	b, err := opened(t, filepath.Join(t.TempDir(), "b"), 0, nil).Append(ctx, "i", nil)
	must(t, err)
	if a.ID == b.ID {
		t.Errorf("expected two files to give two IDs, got %s twice", a.ID)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	held := filepath.Join(dir, "held")
	opened(t, held, 0, nil)
	garbage := filepath.Join(dir, "garbage")
	must(t, os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600))
	foreign := filepath.Join(dir, "foreign")
	db, err := bbolt.Open(foreign, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("theirs")); return err }))
	must(t, db.Close())
	for path, says := range map[string]string{
		held:                             "locked",
		garbage:                          "expected a file that bbolt can open",
		foreign:                          `holds "theirs"`,
		filepath.Join(dir, "no", "such"): "no such file or directory",
		dir:                              "is a directory",
	} {
		s, err := Open(path, 0, nil)
		if err == nil {
			must(t, s.Close())
		}
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("expected an error that names %s and says %q, got %v", path, says, err)
		}
	}
}

func TestOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffers")
	opened(t, path, 0, nil)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("expected a file for its owner only, as messages are in it; got %v", info.Mode())
	}
}
