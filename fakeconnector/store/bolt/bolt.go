// Package bolt keeps a connector's buffers and flips in one file, so that they outlive
// the process as the contract asks (rule buffer/durable, section 16).
//
// The engine is bbolt: one file, one writing process, every change on the disk before it
// counts. Leases live in memory only, because nobody else can hold the file.
package bolt

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/relaykit/relaykit/fakeconnector/store"
)

// The waits and bounds of a file.
const (
	// lockWait bounds the wait for a file that another process holds: one that is ending
	// lets go of it within a second.
	lockWait = 2 * time.Second
	// batchDelay is how long a change waits for others to share its sync: about as long as
	// the sync itself takes on a solid-state disk.
	batchDelay = 2 * time.Millisecond
	// maxParked bounds what is kept of each instance for people to look at, as in memory.
	maxParked = 1000
)

// The buckets: root / instances / <instance> / {entries, parked}, and the values flipped and count.
var (
	keyRoot      = []byte("relaykit-buffers-1")
	keyToken     = []byte("token")
	keyInstances = []byte("instances")
	keyEntries   = []byte("entries")
	keyParked    = []byte("parked")
	keyFlipped   = []byte("flipped")
	keyCount     = []byte("count") // of entries: a limit is checked without walking through them
)

// Store is a [store.Store] in a file. Make one with [Open].
type Store struct {
	db    *bbolt.DB
	limit int
	now   func() time.Time
	token string // part of every ID, so that no two files give the same one

	mu     sync.Mutex
	leases map[string]lease
}

type lease struct {
	holder string
	until  time.Time
}

// Open opens the file at path, or makes it, readable by its owner only. At most limit
// entries are kept for each instance; 0 is no limit. now gives the time for leases; nil is
// the system clock. The error says so when another process holds the file, or when it is
// no file of this package.
func Open(path string, limit int, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, fmt.Errorf("buffers in %s: expected to be the only process that uses the file, but it is locked; stop the other one, or name another file", path)
	case err != nil:
		return nil, fmt.Errorf("buffers in %s: expected a file that bbolt can open: %w", path, err)
	}
	db.MaxBatchDelay = batchDelay
	s := &Store{db: db, limit: limit, now: now, leases: map[string]lease{}}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("buffers in %s: %w", path, err), db.Close())
	}
	return s, nil
}

// prepare makes the buckets of a new file and reads the token of an old one.
func (s *Store) prepare() error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(keyRoot) == nil {
			if first, _ := tx.Cursor().First(); first != nil {
				return fmt.Errorf("expected a file of buffers, got one that holds %q; name another file", first)
			}
		}
		root, err := tx.CreateBucketIfNotExists(keyRoot)
		if err != nil {
			return err
		}
		if _, err := root.CreateBucketIfNotExists(keyInstances); err != nil {
			return err
		}
		token := root.Get(keyToken)
		if token == nil {
			var b [4]byte
			_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
			token = []byte(hex.EncodeToString(b[:]))
			if err := root.Put(keyToken, token); err != nil {
				return err
			}
		}
		s.token = string(token)
		return nil
	})
}

// Close waits for what is under way and lets go of the file.
func (s *Store) Close() error { return s.db.Close() }

func (s *Store) id(seq int64) string { return fmt.Sprintf("b-%s-%d", s.token, seq) }

// seq is the place of an entry by its ID; false for an ID of another store.
func (s *Store) seq(id string) (int64, bool) {
	var n int64
	if _, err := fmt.Sscanf(id, "b-"+s.token+"-%d", &n); err != nil || n <= 0 || s.id(n) != id {
		return 0, false
	}
	return n, true
}

func key(seq int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(seq)) }

// instance is the bucket of an instance, or nil when nothing was ever kept for it.
func instance(tx *bbolt.Tx, name string) *bbolt.Bucket {
	return tx.Bucket(keyRoot).Bucket(keyInstances).Bucket(bucketName(name))
}

// bucketName: bbolt has no bucket with an empty name, and an instance id may be empty.
func bucketName(instance string) []byte { return append([]byte{'i'}, instance...) }

func makeInstance(tx *bbolt.Tx, name string) (*bbolt.Bucket, error) {
	b, err := tx.Bucket(keyRoot).Bucket(keyInstances).CreateBucketIfNotExists(bucketName(name))
	if err != nil {
		return nil, err
	}
	for _, k := range [][]byte{keyEntries, keyParked} {
		if _, err := b.CreateBucketIfNotExists(k); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// An entry's value is its tries and its payload.
func encode(tries int, payload []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(tries)), payload...)
}

func (s *Store) decode(k, v []byte) store.Entry {
	seq := int64(binary.BigEndian.Uint64(k))
	return store.Entry{Seq: seq, ID: s.id(seq), Tries: int(binary.BigEndian.Uint32(v)), Payload: bytes.Clone(v[4:])}
}

// count adds by to the number of entries of an instance, and returns it.
func count(b *bbolt.Bucket, by int) (int, error) {
	n := by
	if v := b.Get(keyCount); v != nil {
		n += int(binary.BigEndian.Uint64(v))
	}
	return n, b.Put(keyCount, key(int64(n)))
}

// Append implements [store.Store].
func (s *Store) Append(_ context.Context, name string, payload []byte) (store.Entry, error) {
	var e store.Entry
	err := s.db.Batch(func(tx *bbolt.Tx) error {
		b, err := makeInstance(tx, name)
		if err != nil {
			return err
		}
		held, err := count(b, +1)
		if err != nil {
			return err
		}
		if s.limit > 0 && held > s.limit {
			return fmt.Errorf("buffer of instance %q: expected fewer than %d entries: %w", name, s.limit, store.ErrFull)
		}
		n, err := tx.Bucket(keyRoot).NextSequence()
		if err != nil {
			return err
		}
		e = store.Entry{Seq: int64(n), ID: s.id(int64(n)), Payload: payload}
		return b.Bucket(keyEntries).Put(key(e.Seq), encode(0, payload))
	})
	return e, err
}

// Read implements [store.Store].
func (s *Store) Read(_ context.Context, name string, after int64, limit int) ([]store.Entry, error) {
	var out []store.Entry
	err := s.db.View(func(tx *bbolt.Tx) error {
		b := instance(tx, name)
		if b == nil {
			return nil
		}
		c := b.Bucket(keyEntries).Cursor()
		for k, v := c.Seek(key(after + 1)); k != nil && len(out) < limit; k, v = c.Next() {
			out = append(out, s.decode(k, v))
		}
		return nil
	})
	return out, err
}
