package control_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// stream is the journal as server-sent events, read as a browser reads them.
type stream struct {
	t    *testing.T
	body io.ReadCloser
	in   *bufio.Reader
}

// sent is one event, its data as far as the stream documents it.
type sent struct {
	id, event string
	data      struct{ Seq, Lost int64 }
}

// stream opens one, as a client that has seen everything up to the event lastID.
func (r *controlled) stream(t *testing.T, query, lastID string) *stream {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), http.MethodGet, r.HTTP.URL+api.Base+"/journal/stream"+query, nil)
	must(t, err)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := r.calls.RoundTrip(req)
	must(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("expected a stream, got %s of %q", resp.Status, kind)
	}
	return &stream{t, resp.Body, bufio.NewReader(resp.Body)}
}

// next is the next event; comments are none.
func (s *stream) next() (e sent) {
	s.t.Helper()
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			s.t.Fatalf("expected an event, got %v", err)
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			must(s.t, json.Unmarshal([]byte(value), &e.data))
		case "":
			if line == "\n" && e.event != "" {
				return e
			}
		}
	}
}

// expect reads the entries from first to last, without anything between them, and returns
// the id of the last.
func (s *stream) expect(first, last int64) (id string) {
	s.t.Helper()
	for seq := first; seq <= last; seq++ {
		e := s.next()
		if e.event != "entry" || e.data.Seq != seq || e.id == "" {
			s.t.Fatalf("expected entry %d, got %+v", seq, e)
		}
		id = e.id
	}
	return id
}

// happen makes n entries in the journal, and returns the seq of the last.
func (r *controlled) happen(t *testing.T, n int) (mark int64) {
	t.Helper()
	for begin := r.mark(t); mark < begin+int64(n); mark = r.mark(t) {
		_, err := r.client.Push(within(t), "inst-gw", event("C1", "hi"))
		must(t, err)
	}
	return mark
}

func (r *controlled) mark(t *testing.T) int64 {
	t.Helper()
	list, err := r.client.Journal(within(t), client.Query{Limit: 1})
	must(t, err)
	return list.Mark
}

// Whoever comes back with the id of the last event goes on behind it: nothing twice, and
// nothing left out.
func TestStreamResumes(t *testing.T) {
	r := start(t, control.Seed{}, nil)
	r.add(t, "gw")
	r.happen(t, 5)
	s := r.stream(t, "", "")
	id := s.expect(1, 2)
	_ = s.body.Close()
	mark := r.happen(t, 3)
	// The id goes before the place that the first request named, as a browser sends both.
	for _, query := range []string{"", "?after=1", fmt.Sprintf("?after=%d", mark)} {
		s = r.stream(t, query, id)
		last := s.expect(3, mark)
		s.expect(mark+1, r.happen(t, 1)) // and goes on
		_ = s.body.Close()
		r.stream(t, query, last).expect(mark+1, r.mark(t))
		mark = r.mark(t)
	}
	// What does not match is not sent, and counts as seen.
	if e := r.stream(t, "?kind=dial,note&text=", id).next(); e.data.Seq != 3 {
		t.Errorf("expected the first entry of a kind after the id, got %+v", e)
	}
	made, err := r.client.CreateGateway(within(t), api.NewGateway{ID: "other"})
	must(t, err)
	r.dial(made)
	_, err = r.client.Wait(within(t), client.Query{Filter: api.Filter{Kinds: []string{"upgraded"}}}, bound)
	must(t, err)
	if e := r.stream(t, "?kind=upgraded", id).next(); e.event != "entry" || e.data.Seq <= mark {
		t.Errorf("expected the one entry of that kind, without a gap, got %+v", e)
	}

	// The journal of before a reset is gone: the new one is read from its beginning, though
	// the id has a greater number.
	_, err = r.client.Reset(within(t))
	must(t, err)
	r.add(t, "gw")
	r.stream(t, "", id).expect(1, min(2, r.happen(t, 2)))
}

// small is a journal that forgets soon.
var small = fakeconnector.WithLimits(fakeconnector.Limits{JournalEntries: smallJournal})

const smallJournal = 8

// Whoever comes back for entries that the journal does not hold any more is told how many.
func TestStreamTellsOfAGapBehindAnID(t *testing.T) {
	r := start(t, control.Seed{}, nil, small)
	r.add(t, "gw")
	r.happen(t, 2)
	s := r.stream(t, "", "")
	id := s.expect(1, 1)
	_ = s.body.Close()
	mark := r.happen(t, 30)
	first := mark - smallJournal + 1 // the oldest that is held
	for query, lastID := range map[string]string{"": id, "?after=1": ""} {
		s = r.stream(t, query, lastID)
		if gap := s.next(); gap.event != "gap" || gap.data.Lost != first-2 || gap.id != "" {
			t.Errorf("%q: expected a gap of the %d entries from 2 to %d, got %+v", query, first-2, first-1, gap)
		}
		s.expect(first, mark)
		_ = s.body.Close()
	}
	for _, err := range r.client.Follow(within(t), client.Query{After: 1}) {
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d entries went before they could be read", first-2)) {
			t.Errorf("expected the client to tell of the gap first, got %v", err)
		}
	}
}

// Who asks for no place in the journal is not told of what went before he came: a connector
// that has run for weeks can be followed.
func TestStreamBeginsWithTheOldestEntry(t *testing.T) {
	r := start(t, control.Seed{}, nil, small)
	r.add(t, "gw")
	mark := r.happen(t, 30)
	r.stream(t, "", "").expect(mark-smallJournal+1, mark)
	for e, err := range r.client.Follow(within(t), client.Query{}) {
		if err != nil || e.Seq != mark-smallJournal+1 {
			t.Errorf("expected the oldest entry that is held, got %+v, %v", e, err)
		}
		break
	}
}

// slow is a client that takes one write at a time, and only when the test reads.
type slow struct {
	header http.Header
	*io.PipeWriter
}

func (s slow) Header() http.Header { return s.header }
func (s slow) WriteHeader(int)     {}
func (s slow) Flush()              {}

// A reader that falls behind what the journal holds is told how much it has missed, and
// where: entries and gaps together leave nothing out.
func TestStreamTellsOfAGapBehindASlowReader(t *testing.T) {
	r := start(t, control.Seed{}, nil, small)
	r.add(t, "gw")
	r.happen(t, 2)
	body, w := io.Pipe()
	served := make(chan struct{})
	ctx, leave := context.WithCancel(within(t))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.HTTP.URL+api.Base+"/journal/stream", http.NoBody)
	must(t, err)
	go func() {
		defer close(served)
		r.Server.Handler().ServeHTTP(slow{http.Header{}, w}, req)
	}()
	defer func() { leave(); _ = body.Close(); <-served }()
	s := &stream{t, body, bufio.NewReader(body)}
	s.expect(1, 1)
	mark := r.happen(t, 5*smallJournal)
	var lost int64
	for seq := int64(2); seq <= mark; {
		switch e := s.next(); {
		case e.event == "gap" && e.data.Lost > 0:
			lost += e.data.Lost
			seq += e.data.Lost
		case e.event == "entry" && e.data.Seq == seq:
			seq++
		default:
			t.Fatalf("expected entry %d, or a gap before a later one, got %+v", seq, e)
		}
	}
	if lost == 0 {
		t.Errorf("expected a gap, as the journal holds %d of %d entries", smallJournal, mark)
	}
}
