package control

import (
	"context"
	"encoding/json"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// bufferOf is the buffer of an instance with its first entries.
func bufferOf(c *fakeconnector.Connector, instance string, limit int) (api.Buffer, error) {
	out := api.Buffer{Instance: instance, Entries: []api.BufferEntry{}, Parked: []api.BufferEntry{}}
	flying := map[string]bool{}
	for _, id := range c.InFlight(instance) {
		flying[id] = true
	}
	waiting, err := c.Buffered(instance)
	if err != nil {
		return out, err
	}
	parked, err := c.Parked(instance)
	if err != nil {
		return out, err
	}
	out.Total = len(waiting)
	for _, e := range waiting[:min(limit, len(waiting))] {
		out.Entries = append(out.Entries, api.BufferEntry{BufferID: e.ID, Tries: e.Tries, InFlight: flying[e.ID], Frame: json.RawMessage(e.Payload)})
	}
	for _, e := range parked[max(0, len(parked)-limit):] {
		out.Parked = append(out.Parked, api.BufferEntry{BufferID: e.ID, Tries: e.Tries, Frame: json.RawMessage(e.Payload), Reason: e.Reason})
	}
	return out, nil
}

func (s *Server) listBuffers(_ context.Context, in *InNamespace) (*out[api.Buffers], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	instances, err := space.Connector.Instances()
	if err != nil {
		return nil, refused("query.namespace", err)
	}
	list := api.Buffers{Buffers: []api.Buffer{}}
	for _, i := range instances {
		if i.Buffered+i.Parked > 0 {
			list.Buffers = append(list.Buffers, api.Buffer{Instance: i.ID, Total: i.Buffered, Entries: []api.BufferEntry{}, Parked: []api.BufferEntry{}})
		}
	}
	return give(list)
}

func (s *Server) getBuffer(_ context.Context, in *struct {
	OfInstance
	Limit int `query:"limit" default:"100" minimum:"0" maximum:"10000" doc:"entries to show, the oldest ones; of what was parked the newest"`
}) (*out[api.Buffer], error) {
	c, state, err := s.instance(in.OfInstance)
	if err != nil {
		return nil, err
	}
	buffer, err := bufferOf(c, state.ID, in.Limit)
	if err != nil {
		return nil, refused("path.instance", err)
	}
	return give(buffer)
}

func (s *Server) discardBuffer(_ context.Context, in *OfInstance) (*out[api.Removed], error) {
	c, state, err := s.instance(*in)
	if err != nil {
		return nil, err
	}
	n, err := c.DiscardBuffer(state.ID)
	if err != nil {
		return nil, refused("path.instance", err)
	}
	return give(api.Removed{Removed: n})
}
