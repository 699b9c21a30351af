package fakeconnector

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Journal is everything that happened, in one order. It is bounded ([Limits]): when it
// is full, the oldest entries go.
type Journal struct {
	clock      Clock
	start      time.Time
	maxEntries int
	maxBytes   int
	redact     func(string) string
	log        *slog.Logger
	observe    func(Entry) // may be nil

	mu      sync.Mutex
	entries []Entry // entries[head:] are held
	head    int
	next    int64 // Seq of the next entry
	bytes   int
	changed chan struct{} // closed at the next append; nil while nobody waits
	ended   bool
}

func newJournal(clock Clock, limits Limits, redact func(string) string, log *slog.Logger) *Journal {
	return &Journal{clock: clock, start: clock.Now(), next: 1, redact: redact, log: log,
		maxEntries: limits.JournalEntries, maxBytes: limits.JournalBytes}
}

// begin makes now the zero of Entry.At.
func (j *Journal) begin() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.start = j.clock.Now()
}

// add appends the entries that fill returns, which gets the Seq of the first one, so
// that entries can name each other. Nothing comes between them.
func (j *Journal) add(fill func(seq int64) []Entry) []Entry {
	entries := j.append(fill)
	for _, e := range entries {
		if j.observe != nil {
			j.observe(e)
		}
		level := slog.LevelDebug
		if e.Kind == KindViolation {
			level = slog.LevelWarn
		}
		if j.log.Enabled(context.Background(), level) {
			j.log.Log(context.Background(), level, j.redact(e.String()))
		}
	}
	return entries
}

func (j *Journal) append(fill func(seq int64) []Entry) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.clock.Now()
	entries := fill(j.next)
	for i := range entries {
		entries[i].Seq = j.next
		entries[i].At = now.Sub(j.start)
		entries[i].Wall = now.Round(0)
		j.next++
		j.bytes += weight(entries[i])
	}
	j.entries = append(j.entries, entries...)
	for len(j.entries)-j.head > j.maxEntries || (j.bytes > j.maxBytes && len(j.entries)-j.head > 1) {
		j.bytes -= weight(j.entries[j.head])
		j.entries[j.head] = Entry{}
		j.head++
	}
	if j.head > len(j.entries)/2 {
		j.entries = append([]Entry(nil), j.entries[j.head:]...)
		j.head = 0
	}
	j.wake()
	return entries
}

func (j *Journal) one(e Entry) Entry {
	return j.add(func(int64) []Entry { return []Entry{e} })[0]
}

func (j *Journal) wake() {
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// end makes every wait that is not yet satisfied fail at once.
func (j *Journal) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
	j.wake()
}

// entryOverhead is what an entry costs beside its payload, roughly.
const entryOverhead = 256

func weight(e Entry) int {
	n := entryOverhead + len(e.Note)
	if e.Message != nil {
		n += len(e.Message.Payload)
	}
	if e.Frame != nil {
		n += 2 * len(e.Frame.Raw) // raw and decoded
	}
	if e.Answer != nil {
		n += len(e.Answer.Body)
	}
	if e.Dial != nil {
		n += len(e.Dial.Body)
		n += len(e.Dial.Path) + len(e.Dial.RawQuery)
		for k, vs := range e.Dial.Header {
			n += len(k) + len(strings.Join(vs, ""))
		}
	}
	return n
}

// Mark is the Seq of the last entry, 0 if there is none. Take it before a stimulus and
// wait after it.
func (j *Journal) Mark() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next - 1
}

// Since returns the entries with a Seq greater than seq that are still held.
func (j *Journal) Since(seq int64) []Entry {
	entries, _, _ := j.since(seq, false)
	return entries
}

// All returns every entry that is still held.
func (j *Journal) All() []Entry { return j.Since(0) }

// Forgotten is how many entries had to go because the journal was full.
func (j *Journal) Forgotten() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next - 1 - int64(len(j.entries)-j.head)
}

// since also returns a channel that is closed when more comes, and whether the journal
// has ended.
func (j *Journal) since(seq int64, wait bool) ([]Entry, <-chan struct{}, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	held := j.entries[j.head:]
	first := j.next - int64(len(held))
	var out []Entry
	if skip := max(seq+1-first, 0); skip < int64(len(held)) {
		out = append(out, held[skip:]...)
	}
	if !wait {
		return out, nil, j.ended
	}
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return out, j.changed, j.ended
}
