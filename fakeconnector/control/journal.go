package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/protocol"
)

// InJournal is what every route takes that reads the journal.
type InJournal struct {
	InNamespace
	api.Filter
	After int64 `query:"after" minimum:"0" doc:"only entries with a greater seq"`
}

// filter makes the filter of a request.
func (in *InJournal) filter() (func(fakeconnector.Entry) bool, error) {
	for _, k := range in.Kinds {
		if !slices.Contains(kinds, k) {
			return nil, fault(422, "query.kind", k, "expected some of %q", kinds)
		}
	}
	f := in.Filter
	matches, err := fakeconnector.Match{Gateway: f.Gateway, Instance: f.Instance, Session: f.Session, Type: protocol.Type(f.Type),
		Op: protocol.Op(f.Op), ChatID: f.ChatID, SessionKey: f.SessionKey, RequestID: f.RequestID, BufferID: f.BufferID, Text: f.Text}.Entries()
	if err != nil {
		return nil, fault(422, "query.text", f.Text, "%v", err)
	}
	return func(e fakeconnector.Entry) bool {
		return (len(f.Kinds) == 0 || slices.Contains(f.Kinds, string(e.Kind))) &&
			(f.Dir == "" || f.Dir == string(e.Dir)) &&
			(f.Rule == "" || (e.Violation != nil && f.Rule == string(e.Violation.Rule))) &&
			matches(e)
	}, nil
}

var kinds = []string{"dial", "http", "upgraded", "refused", "message", "frame", "closed", "fault", "violation", "gate", "note"}

// entries is a part of the journal as it is answered: redacted already.
type entries struct {
	Epoch     string            `json:"epoch"`
	Entries   []json.RawMessage `json:"entries"`
	Next      int64             `json:"next"`
	Mark      int64             `json:"mark"`
	Forgotten int64             `json:"forgotten"`
}

// documents says that an answer's schema is that of a T, where it is made of text that
// was encoded before.
func documents[T any](s *Server) func(*huma.Operation) {
	return func(op *huma.Operation) {
		schema := huma.SchemaFromType(s.api.OpenAPI().Components.Schemas, reflect.TypeFor[T]())
		op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}}
	}
}

func (s *Server) queryJournal(_ context.Context, in *struct {
	InJournal
	Limit int  `query:"limit" default:"200" minimum:"1" maximum:"5000" doc:"at most so many entries"`
	Last  bool `query:"last" doc:"of those that match the newest, not the oldest"`
}) (*out[any], error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	matches, err := in.filter()
	if err != nil {
		return nil, err
	}
	j := space.Connector.Journal()
	mark := j.Mark()
	var found []fakeconnector.Entry
	next := mark
	for _, e := range j.Since(in.After) {
		if !matches(e) {
			continue
		}
		if found = append(found, e); len(found) > in.Limit {
			if !in.Last {
				found = found[:in.Limit]
				next = found[in.Limit-1].Seq
				break
			}
			found = found[1:]
		}
	}
	return answer(space, found, next)
}

func answer(space *Space, found []fakeconnector.Entry, next int64) (*out[any], error) {
	j := space.Connector.Journal()
	a := entries{Epoch: space.Epoch, Entries: []json.RawMessage{}, Next: next, Mark: j.Mark(), Forgotten: j.Forgotten()}
	for _, e := range found {
		line, err := j.Line(e)
		if err != nil {
			return nil, refused("query.after", err)
		}
		a.Entries = append(a.Entries, line)
	}
	return &out[any]{a}, nil
}

func (s *Server) waitJournal(ctx context.Context, in *struct {
	InJournal
	Count   int    `query:"count" default:"1" minimum:"1" maximum:"1000" doc:"how many must match"`
	Timeout string `query:"timeout" default:"10s" example:"1m30s" doc:"how long to wait, 5m at most"`
}) (*out[any], error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	matches, err := in.filter()
	if err != nil {
		return nil, err
	}
	timeout, err := time.ParseDuration(in.Timeout)
	if err != nil || timeout < 0 || timeout > MaxWait {
		return nil, fault(422, "query.timeout", in.Timeout, "expected a duration such as 10s, at most %s", MaxWait)
	}
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(s.untilDone(ctx), timeout)
	defer cancel()
	found, err := space.Connector.Journal().WaitN(ctx, in.After, in.Count, matches)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, huma.NewError(408, err.Error())
		}
		return nil, huma.NewError(503, fmt.Sprintf("the wait ended: %v", err))
	}
	return answer(space, found, found[len(found)-1].Seq)
}

// enter takes one of the places that streams and waits have.
func (s *Server) enter() (leave func(), err error) {
	select {
	case s.streams <- struct{}{}:
		return func() { <-s.streams }, nil
	default:
		return nil, huma.NewError(503, fmt.Sprintf("expected at most %d streams and waits at once; try again later", maxStreams))
	}
}

// untilDone is a context that ends with the server as well.
func (s *Server) untilDone(ctx context.Context) context.Context {
	if s.Done == nil {
		return ctx
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		select {
		case <-s.Done:
		case <-ctx.Done():
		}
	}()
	return ctx
}
