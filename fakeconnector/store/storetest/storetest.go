// Package storetest holds what every [store.Store] must do, as tests. An engine's own
// tests call [Run] with a way to open it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/store"
)

// Open makes an empty store with a limit of entries for each instance and a clock for its
// leases; nil is the system clock. It ends with the test.
type Open func(t *testing.T, limit int, now func() time.Time) store.Store

// Run tests a store.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"Buffer", buffer}, {"Full", full}, {"Flip", flip}, {"Lease", lease}, {"Parked", parked},
		{"AnyOrder", anyOrder}, {"Strangers", strangers}, {"Concurrent", concurrent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Texts are the payloads that a store reads for an instance, whose places must rise.
func Texts(t *testing.T, s store.Store, instance string, after int64, limit int) []string {
	t.Helper()
	entries, err := s.Read(ctx, instance, after, limit)
	must(t, err)
	var out []string
	for i, e := range entries {
		if e.Seq <= after || i > 0 && e.Seq <= entries[i-1].Seq {
			t.Errorf("expected entries after %d, in order, got %v", after, entries)
		}
		out = append(out, string(e.Payload))
	}
	return out
}

func want(t *testing.T, got []string, texts ...string) {
	t.Helper()
	if !slices.Equal(got, texts) {
		t.Errorf("expected %q, got %q", texts, got)
	}
}

func buffer(t *testing.T, open Open) {
	s := open(t, 0, nil)
	var all []store.Entry
	for i := range 5 {
		e, err := s.Append(ctx, "i", []byte(fmt.Sprint(i)))
		must(t, err)
		all = append(all, e)
		_, err = s.Append(ctx, "other", []byte("x"))
		must(t, err)
	}
	want(t, Texts(t, s, "i", 0, 3), "0", "1", "2")
	want(t, Texts(t, s, "i", all[1].Seq, 10), "2", "3", "4")
	for _, n := range []int{3, 0, 1} { // in the middle, and at the front
		ok, err := s.Ack(ctx, "i", all[n].ID)
		must(t, err)
		again, err := s.Ack(ctx, "i", all[n].ID)
		must(t, err)
		foreign, err := s.Ack(ctx, "other", all[n].ID)
		must(t, err)
		if !ok || again || foreign {
			t.Errorf("expected an ack to remove its own entry once, got %v %v %v", ok, again, foreign)
		}
	}
	want(t, Texts(t, s, "i", 0, 10), "2", "4")
	want(t, Texts(t, s, "other", 0, 10), "x", "x", "x", "x", "x")
}

func parked(t *testing.T, open Open) {
	s := open(t, 0, nil)
	e, err := s.Append(ctx, "i", []byte("bad"))
	must(t, err)
	_, err = s.Append(ctx, "i", []byte("good"))
	must(t, err)
	must(t, s.Tried(ctx, "i", e.ID))
	if held, err := s.Read(ctx, "i", 0, 1); err != nil || len(held) != 1 || held[0].Tries != 1 || string(held[0].Payload) != "bad" {
		t.Errorf("expected the entry with one try, got %+v, %v", held, err)
	}
	must(t, s.Park(ctx, "i", e.ID, "too long"))
	must(t, s.Park(ctx, "i", e.ID, "again")) // is there no more
	want(t, Texts(t, s, "i", 0, 10), "good")
	p, err := s.Parked(ctx, "i")
	must(t, err)
	if len(p) != 1 || p[0].ID != e.ID || p[0].Tries != 1 || p[0].Reason != "too long" || string(p[0].Payload) != "bad" {
		t.Errorf("expected the parked entry with its tries and reason, got %+v", p)
	}
}

func full(t *testing.T, open Open) {
	s := open(t, 1, nil)
	e, err := s.Append(ctx, "i", nil)
	must(t, err)
	for range 2 { // what was refused does not count
		if _, err := s.Append(ctx, "i", nil); !errors.Is(err, store.ErrFull) {
			t.Errorf("expected %v, got %v", store.ErrFull, err)
		}
	}
	_, err = s.Append(ctx, "other", nil)
	must(t, err)
	_, err = s.Ack(ctx, "i", e.ID)
	must(t, err)
	e, err = s.Append(ctx, "i", nil)
	must(t, err)
	must(t, s.Park(ctx, "i", e.ID, "makes room"))
	_, err = s.Append(ctx, "i", nil)
	must(t, err)
}

func flip(t *testing.T, open Open) {
	s := open(t, 0, nil)
	flipped := func(want bool) {
		t.Helper()
		if got, err := s.Flipped(ctx, "i"); err != nil || got != want {
			t.Errorf("expected flipped %v, got %v, %v", want, got, err)
		}
	}
	flipped(false)
	must(t, s.Flip(ctx, "i"))
	must(t, s.Flip(ctx, "i"))
	e, err := s.Append(ctx, "i", nil)
	must(t, err)
	if cleared, err := s.Unflip(ctx, "i"); cleared || err != nil {
		t.Errorf("expected the flip to stay while an entry waits, got %v, %v", cleared, err)
	}
	flipped(true)
	_, err = s.Ack(ctx, "i", e.ID)
	must(t, err)
	if cleared, err := s.Unflip(ctx, "i"); !cleared || err != nil {
		t.Errorf("expected the flip to clear, got %v, %v", cleared, err)
	}
	flipped(false)
}

func lease(t *testing.T, open Open) {
	now := time.Unix(1_750_000_000, 0)
	s := open(t, 0, func() time.Time { return now })
	lease := func(holder string, want bool) {
		t.Helper()
		if got, err := s.Lease(ctx, "i", holder, time.Minute); err != nil || got != want {
			t.Errorf("expected a lease for %s: %v, got %v, %v", holder, want, got, err)
		}
	}
	lease("a", true)
	lease("b", false)
	now = now.Add(30 * time.Second)
	lease("a", true) // renewed
	now = now.Add(59 * time.Second)
	lease("b", false)
	must(t, s.Release(ctx, "i", "b")) // not its own
	lease("b", false)
	now = now.Add(time.Second)
	lease("b", true) // run out
	must(t, s.Release(ctx, "i", "b"))
	lease("a", true)
}

// anyOrder: entries go in any order; what is left stays in its own.
func anyOrder(t *testing.T, open Open) {
	s := open(t, 0, nil)
	const n = 200
	var texts, ids []string
	for i := range n {
		e, err := s.Append(ctx, "i", fmt.Append(nil, i))
		must(t, err)
		texts, ids = append(texts, string(e.Payload)), append(ids, e.ID)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for len(ids) > 0 {
		at := rnd.IntN(len(ids))
		ok, err := s.Ack(ctx, "i", ids[at])
		must(t, err)
		if again, _ := s.Ack(ctx, "i", ids[at]); !ok || again {
			t.Fatalf("expected %s to go once, got %v and then %v", ids[at], ok, again)
		}
		texts, ids = slices.Delete(texts, at, at+1), slices.Delete(ids, at, at+1)
		if len(ids)%19 == 0 {
			want(t, Texts(t, s, "i", 0, n), texts...)
		}
	}
	if ok, err := s.Unflip(ctx, "i"); !ok || err != nil {
		t.Errorf("expected an empty buffer, got %v, %v", ok, err)
	}
}

// strangers: an instance that nobody has heard of, ids that no entry has, and an instance
// without a name.
func strangers(t *testing.T, open Open) {
	s := open(t, 0, nil)
	want(t, Texts(t, s, "never", 0, 10))
	for _, id := range []string{"", "b-1", "b-", "x", "b-00000000-1"} {
		if ok, err := s.Ack(ctx, "never", id); ok || err != nil {
			t.Errorf("expected nothing to acknowledge under %q, got %v, %v", id, ok, err)
		}
		must(t, s.Tried(ctx, "never", id))
		must(t, s.Park(ctx, "never", id, "why"))
	}
	if p, err := s.Parked(ctx, "never"); len(p) != 0 || err != nil {
		t.Errorf("expected nothing parked, got %v, %v", p, err)
	}
	if cleared, err := s.Unflip(ctx, "never"); !cleared || err != nil {
		t.Errorf("expected an empty buffer to be live, got %v, %v", cleared, err)
	}
	e, err := s.Append(ctx, "", []byte("nameless"))
	must(t, err)
	want(t, Texts(t, s, "", 0, 10), "nameless")
	if ok, err := s.Ack(ctx, "", e.ID); !ok || err != nil {
		t.Errorf("expected the entry of the nameless instance to go, got %v, %v", ok, err)
	}
}

// concurrent: what several append at once is there once each, under IDs of their own.
func concurrent(t *testing.T, open Open) {
	const writers, each = 4, 50
	s := open(t, 0, nil)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				if _, err := s.Append(ctx, "i", fmt.Appendf(nil, "%d/%02d", w, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	entries, err := s.Read(ctx, "i", 0, 2*writers*each)
	must(t, err)
	ids, last := map[string]bool{}, map[byte]string{}
	for _, e := range entries {
		text := string(e.Payload)
		if ids[e.ID] || text <= last[text[0]] {
			t.Errorf("expected entry %s once and after %q, got it again or before", text, last[text[0]])
		}
		ids[e.ID], last[text[0]] = true, text
	}
	if len(ids) != writers*each {
		t.Errorf("expected %d entries, got %d", writers*each, len(ids))
	}
	for id := range ids {
		wg.Go(func() {
			if ok, err := s.Ack(ctx, "i", id); !ok || err != nil {
				t.Errorf("expected %s to be removed, got %v, %v", id, ok, err)
			}
		})
	}
	wg.Wait()
	want(t, Texts(t, s, "i", 0, 10))
}
