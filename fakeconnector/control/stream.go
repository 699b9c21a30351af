package control

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/relaykit/relaykit/fakeconnector"
)

// isStream documents the stream.
func isStream(op *huma.Operation) {
	op.Description = "Events are `entry`, whose data is an entry as in the journal; `gap`, whose data says how many entries went before they could be sent (without after and Last-Event-ID the stream begins with the oldest entry that is held, and what went before that is none); and `end`, after which nothing comes, when the namespace was reset or removed or the connector shuts down. The id of an event names the epoch and the entry, so a client that comes back with Last-Event-ID misses nothing that is still held; after a reset it begins anew."
	op.Responses = map[string]*huma.Response{"200": {Description: "server-sent events", Content: map[string]*huma.MediaType{
		"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}}
}

func (s *Server) streamJournal(_ context.Context, in *struct {
	InJournal
	LastEventID string `header:"Last-Event-ID" doc:"where a stream of the same journal ended; goes before after"`
}) (*huma.StreamResponse, error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	matches, err := in.filter()
	if err != nil {
		return nil, err
	}
	after := in.After
	if in.LastEventID != "" {
		epoch, seq, _ := strings.Cut(in.LastEventID, "-")
		n, err := strconv.ParseInt(seq, 10, 64)
		switch {
		case err != nil || n < 0:
			return nil, fault(422, "header.Last-Event-ID", in.LastEventID, "expected the id of an event of this stream")
		case epoch == space.Epoch:
			after = n
		default:
			after = 0 // the journal that it was of is gone
		}
	}
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer leave()
		r, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", "text/event-stream")
		ctx, cancel := context.WithCancel(s.untilDone(r.Context()))
		defer cancel()
		out := &eventWriter{w: w, flush: http.NewResponseController(w), epoch: space.Epoch}
		out.run(ctx, space.Connector.Journal(), after, matches)
	}}, nil
}

// eventWriter writes server-sent events.
type eventWriter struct {
	w     io.Writer
	flush *http.ResponseController
	epoch string
}

// writeBound is how long a client may take no bytes before its stream ends.
const writeBound = 30 * time.Second

// run sends what matches, until ctx is done or the journal has ended.
func (e *eventWriter) run(ctx context.Context, j *fakeconnector.Journal, after int64, matches func(fakeconnector.Entry) bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	coming := make(chan fakeconnector.Entry)
	go func() {
		defer close(coming)
		for entry := range j.Follow(ctx, after) {
			select {
			case coming <- entry:
			case <-ctx.Done():
				return
			}
		}
	}()
	// When this returns the reader of the journal has ended as well.
	defer func() {
		cancel()
		for range coming {
		}
	}()
	silent := time.NewTicker(heartbeat)
	defer silent.Stop()
	if e.send(": the journal from here on\n\n") != nil {
		return
	}
	last := after // 0 is no place in the journal: whoever begins there has missed nothing
	for {
		select {
		case entry, more := <-coming:
			if !more {
				_ = e.send("event: end\ndata: {}\n\n")
				return
			}
			if lost := entry.Seq - last - 1; last > 0 && lost > 0 && e.send(fmt.Sprintf("event: gap\ndata: {\"lost\":%d}\n\n", lost)) != nil {
				return
			}
			last = entry.Seq
			if !matches(entry) {
				continue
			}
			line, err := j.Line(entry)
			if err == nil {
				err = e.send(fmt.Sprintf("id: %s-%d\nevent: entry\ndata: %s\n\n", e.epoch, entry.Seq, line))
			}
			if err != nil {
				return
			}
		case <-silent.C:
			if e.send(": still here\n\n") != nil {
				return
			}
		case <-ctx.Done():
			// Nobody may be there to read it, or the server ends.
			_ = e.send("event: end\ndata: {}\n\n")
			return
		}
	}
}

func (e *eventWriter) send(text string) error {
	_ = e.flush.SetWriteDeadline(time.Now().Add(writeBound))
	if _, err := io.WriteString(e.w, text); err != nil {
		return err
	}
	return e.flush.Flush()
}

// isExport documents the export.
func isExport(op *huma.Operation) {
	op.Responses = map[string]*huma.Response{"200": {Description: "one entry a line", Content: map[string]*huma.MediaType{
		"application/jsonl": {Schema: &huma.Schema{Type: huma.TypeString}}}}}
}

func (s *Server) exportJournal(_ context.Context, in *InNamespace) (*huma.StreamResponse, error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", "application/jsonl")
		if err := space.Connector.Journal().WriteJSONL(w); err != nil {
			s.Log.Debug("an export of the journal ended early", "error", s.redact(space.Name, err.Error()))
		}
	}}, nil
}
