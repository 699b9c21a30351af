package bolt

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"go.etcd.io/bbolt"

	"github.com/relaykit/relaykit/fakeconnector/store"
)

// take removes an entry from its bucket and returns it; false if there is none.
func (s *Store) take(b *bbolt.Bucket, seq int64) (store.Entry, bool, error) {
	entries := b.Bucket(keyEntries)
	v := entries.Get(key(seq))
	if v == nil {
		return store.Entry{}, false, nil
	}
	e := s.decode(key(seq), v)
	if err := entries.Delete(key(seq)); err != nil {
		return e, false, err
	}
	_, err := count(b, -1)
	return e, err == nil, err
}

// change runs f on the bucket of an instance that holds something and on the place of an
// entry of this file; otherwise there is nothing to change.
func (s *Store) change(name, id string, f func(b *bbolt.Bucket, seq int64) error) error {
	seq, ok := s.seq(id)
	if !ok {
		return nil
	}
	return s.db.Batch(func(tx *bbolt.Tx) error {
		if b := instance(tx, name); b != nil {
			return f(b, seq)
		}
		return nil
	})
}

// Ack implements [store.Store].
func (s *Store) Ack(_ context.Context, name, id string) (bool, error) {
	removed := false
	err := s.change(name, id, func(b *bbolt.Bucket, seq int64) (err error) {
		_, removed, err = s.take(b, seq)
		return err
	})
	return removed, err
}

// Tried implements [store.Store].
func (s *Store) Tried(_ context.Context, name, id string) error {
	return s.change(name, id, func(b *bbolt.Bucket, seq int64) error {
		entries := b.Bucket(keyEntries)
		v := entries.Get(key(seq))
		if v == nil {
			return nil
		}
		e := s.decode(key(seq), v)
		return entries.Put(key(seq), encode(e.Tries+1, e.Payload))
	})
}

// parkedEntry is how a parked entry lies in the file.
type parkedEntry struct {
	Seq     int64  `json:"seq"`
	Tries   int    `json:"tries"`
	Payload []byte `json:"payload"`
	Reason  string `json:"reason"`
}

// Park implements [store.Store].
func (s *Store) Park(_ context.Context, name, id, reason string) error {
	return s.change(name, id, func(b *bbolt.Bucket, seq int64) error {
		e, found, err := s.take(b, seq)
		if err != nil || !found {
			return err
		}
		text, err := json.Marshal(parkedEntry{Seq: e.Seq, Tries: e.Tries, Payload: e.Payload, Reason: reason})
		if err != nil {
			return err
		}
		parked := b.Bucket(keyParked)
		n, err := parked.NextSequence() // in the order in which they were parked
		if err != nil {
			return err
		}
		if n > maxParked {
			if err := parked.Delete(key(int64(n - maxParked))); err != nil {
				return err
			}
		}
		return parked.Put(key(int64(n)), text)
	})
}

// Parked implements [store.Store].
func (s *Store) Parked(_ context.Context, name string) ([]store.Parked, error) {
	var out []store.Parked
	err := s.db.View(func(tx *bbolt.Tx) error {
		b := instance(tx, name)
		if b == nil {
			return nil
		}
		return b.Bucket(keyParked).ForEach(func(_, v []byte) error {
			var p parkedEntry
			if err := json.Unmarshal(v, &p); err != nil {
				return err
			}
			out = append(out, store.Parked{Entry: store.Entry{Seq: p.Seq, ID: s.id(p.Seq), Tries: p.Tries, Payload: p.Payload}, Reason: p.Reason})
			return nil
		})
	})
	return out, err
}

// Flip implements [store.Store].
func (s *Store) Flip(_ context.Context, name string) error {
	return s.db.Batch(func(tx *bbolt.Tx) error {
		b, err := makeInstance(tx, name)
		if err != nil || b.Get(keyFlipped) != nil {
			return err
		}
		return b.Put(keyFlipped, []byte{1})
	})
}

// Unflip implements [store.Store].
func (s *Store) Unflip(_ context.Context, name string) (bool, error) {
	cleared := false
	err := s.db.Batch(func(tx *bbolt.Tx) error {
		b := instance(tx, name)
		if b == nil {
			cleared = true
			return nil
		}
		first, _ := b.Bucket(keyEntries).Cursor().First()
		cleared = first == nil
		if !cleared {
			return nil
		}
		return b.Delete(keyFlipped)
	})
	return cleared && err == nil, err
}

// Flipped implements [store.Store].
func (s *Store) Flipped(_ context.Context, name string) (bool, error) {
	flipped := false
	err := s.db.View(func(tx *bbolt.Tx) error {
		b := instance(tx, name)
		flipped = b != nil && bytes.Equal(b.Get(keyFlipped), []byte{1})
		return nil
	})
	return flipped, err
}

// Lease implements [store.Store].
func (s *Store) Lease(_ context.Context, name, holder string, ttl time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now := s.leases[name], s.now()
	if l.holder != "" && l.holder != holder && now.Before(l.until) {
		return false, nil
	}
	s.leases[name] = lease{holder, now.Add(ttl)}
	return true, nil
}

// Release implements [store.Store].
func (s *Store) Release(_ context.Context, name, holder string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[name].holder == holder {
		delete(s.leases, name)
	}
	return nil
}
