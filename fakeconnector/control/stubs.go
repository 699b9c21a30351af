package control

import (
	"context"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

func (s *Server) listStubs(_ context.Context, in *InNamespace) (*out[api.Stubs], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	return give(api.Stubs{Stubs: space.stubs.all()})
}

func (s *Server) createStub(_ context.Context, in *struct {
	InNamespace
	Body api.NewStub
}) (*out[api.Stub], error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	made, err := space.stubs.add(space.Connector, in.Body)
	if err != nil {
		return nil, refused("body", err)
	}
	return give(made)
}

func (s *Server) deleteStubs(_ context.Context, in *InNamespace) (*out[api.Removed], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, one := range space.stubs.all() {
		if space.stubs.remove(one.ID) {
			n++
		}
	}
	return give(api.Removed{Removed: n})
}

// OfStub names a stub in the path.
type OfStub struct {
	InNamespace
	Stub string `path:"stub" minLength:"1" maxLength:"64"`
}

// stub finds the stub that a request names.
func (s *Server) stub(in OfStub) (*Space, *stub, error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, nil, err
	}
	if found := space.stubs.get(in.Stub); found != nil {
		return space, found, nil
	}
	return nil, nil, fault(404, "path.stub", in.Stub, "expected the id of a stub; GET %s/stubs has them", api.Base)
}

func (s *Server) getStub(_ context.Context, in *OfStub) (*out[api.Stub], error) {
	_, found, err := s.stub(*in)
	if err != nil {
		return nil, err
	}
	return give(found.look())
}

func (s *Server) deleteStub(_ context.Context, in *OfStub) (*struct{}, error) {
	space, found, err := s.stub(*in)
	if err != nil {
		return nil, err
	}
	space.stubs.remove(found.asked.ID)
	return nil, nil
}

func (s *Server) releaseStub(_ context.Context, in *struct {
	OfStub
	Body *api.Release
}) (*out[api.Released], error) {
	_, found, err := s.stub(in.OfStub)
	if err != nil {
		return nil, err
	}
	var at *int
	if in.Body != nil {
		at = in.Body.At
	}
	n := found.release(at)
	if n == 0 && at != nil {
		return nil, fault(422, "body.at", *at, "expected the place of one that is held, from 0; %d are", found.look().Held)
	}
	return give(api.Released{Released: n})
}
