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
	held    ring
	next    int64 // Seq of the next entry
	bytes   int
	changed chan struct{} // closed at the next append; nil while nobody waits
	ended   bool

	reading sync.Mutex // held while frames are decoded for a reader
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

// one appends an entry.
func (j *Journal) one(e Entry) Entry {
	j.mu.Lock()
	j.stamp(&e, j.clock.Now())
	j.held.push(e)
	j.trim()
	j.mu.Unlock()
	j.tell(e)
	return e
}

// message appends a message and, right behind it, its lines, which name the messages that
// they came with; the first line began in the message with Seq first, if carried. It
// returns the Seq of the message, and nothing comes between it and its lines, which must
// not be touched any more.
func (j *Journal) message(m Entry, lines []FrameRecord, carried bool, first int64) int64 {
	listened := j.observe != nil || j.log.Enabled(context.Background(), slog.LevelDebug)
	if listened {
		for i := range lines {
			lines[i].decode()
		}
	}
	frame := m
	frame.Kind, frame.Message = KindFrame, nil
	j.mu.Lock()
	now := j.clock.Now()
	j.stamp(&m, now)
	j.held.push(m)
	for i := range lines {
		lines[i].Message, lines[i].FirstMessage = m.Seq, m.Seq
		if i == 0 && carried {
			lines[i].FirstMessage = first
		}
		frame.Frame = &lines[i]
		j.stamp(&frame, now)
		j.held.push(frame)
	}
	j.trim()
	j.mu.Unlock()
	if listened {
		j.tell(m)
		for i := range lines {
			frame.Seq, frame.Frame = m.Seq+1+int64(i), &lines[i]
			j.tell(frame)
		}
	}
	return m.Seq
}

// stamp needs j.mu.
func (j *Journal) stamp(e *Entry, now time.Time) {
	e.Seq, e.At, e.Wall = j.next, now.Sub(j.start), now.Round(0)
	j.next++
	j.bytes += weight(e)
}

// trim forgets what is over the bounds and wakes who waits. It needs j.mu.
func (j *Journal) trim() {
	for j.held.len() > j.maxEntries || (j.bytes > j.maxBytes && j.held.len() > 1) {
		j.bytes -= weight(j.held.front())
		j.held.pop()
	}
	j.wake()
}

// tell logs an entry.
func (j *Journal) tell(e Entry) {
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

func weight(e *Entry) int {
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
	if e.Gate != nil {
		n += len(e.Gate.String())
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
	return j.next - 1 - int64(j.held.len())
}

// since also returns a channel that is closed when more comes, and whether the journal
// has ended.
func (j *Journal) since(seq int64, wait bool) ([]Entry, <-chan struct{}, bool) {
	out, changed, ended := j.copied(seq, wait)
	j.reading.Lock()
	defer j.reading.Unlock()
	for i := range out {
		out[i].Frame.decode()
	}
	return out, changed, ended
}

func (j *Journal) copied(seq int64, wait bool) ([]Entry, <-chan struct{}, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	first := j.next - int64(j.held.len())
	out := j.held.from(int(min(max(seq+1-first, 0), int64(j.held.len()))))
	if !wait {
		return out, nil, j.ended
	}
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return out, j.changed, j.ended
}
