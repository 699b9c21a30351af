package control

import (
	"context"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

func instanceOf(i fakeconnector.InstanceState) api.Instance {
	out := api.Instance{ID: i.ID, Tenant: i.Tenant, Gateways: i.Gateways, Session: i.Session, Buffered: i.Buffered,
		InFlight: i.InFlight, Parked: i.Parked, WakeURL: i.WakeURL}
	switch {
	case i.Flipped && i.Session != "":
		out.State = "draining"
	case i.Flipped:
		out.State = "flipped"
	case i.Session != "":
		out.State = "live"
	default:
		out.State = "away"
	}
	return out
}

func instancesOf(c *fakeconnector.Connector) ([]api.Instance, error) {
	states, err := c.Instances()
	if err != nil {
		return nil, err
	}
	out := []api.Instance{}
	for _, i := range states {
		out = append(out, instanceOf(i))
	}
	return out, nil
}

func (s *Server) listInstances(_ context.Context, in *InNamespace) (*out[api.Instances], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	list, err := instancesOf(space.Connector)
	if err != nil {
		return nil, refused("query.namespace", err)
	}
	return give(api.Instances{Instances: list})
}

// OfInstance names an instance in the path.
type OfInstance struct {
	InNamespace
	Instance string `path:"instance" minLength:"1" maxLength:"256"`
}

// instance finds the instance that a request names.
func (s *Server) instance(in OfInstance) (*fakeconnector.Connector, fakeconnector.InstanceState, error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, fakeconnector.InstanceState{}, err
	}
	state, err := space.Connector.Instance(in.Instance)
	if err != nil {
		return nil, state, refused("path.instance", err)
	}
	return space.Connector, state, nil
}

func (s *Server) getInstance(_ context.Context, in *OfInstance) (*out[api.Instance], error) {
	_, state, err := s.instance(*in)
	if err != nil {
		return nil, err
	}
	return give(instanceOf(state))
}

func (s *Server) flip(_ context.Context, in *OfInstance) (*out[api.Instance], error) {
	c, state, err := s.instance(*in)
	if err != nil {
		return nil, err
	}
	if err := c.Flip(state.ID); err != nil {
		return nil, refused("path.instance", err)
	}
	if state, err = c.Instance(state.ID); err != nil {
		return nil, refused("path.instance", err)
	}
	return give(instanceOf(state))
}

func (s *Server) wake(_ context.Context, in *OfInstance) (*out[api.Woken], error) {
	c, state, err := s.instance(*in)
	if err != nil {
		return nil, err
	}
	return give(api.Woken{Requested: c.Poke(state.ID)})
}
