package control

import (
	"context"
	"maps"
	"slices"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

func policiesOf(c *fakeconnector.Connector) []api.Policy {
	out := []api.Policy{}
	for _, g := range c.Gateways() {
		p, _ := c.Provisioned(g.ID)
		for _, platform := range slices.Sorted(maps.Keys(p.Policies)) {
			one := p.Policies[platform]
			out = append(out, api.Policy{Gateway: g.ID, Platform: platform, RequireAddress: one.RequireAddress,
				FreeResponseScopes: append([]string{}, one.FreeResponseScopes...), AllowOtherBots: one.AllowOtherBots})
		}
	}
	return out
}

func (s *Server) listPolicies(_ context.Context, in *InNamespace) (*out[api.Policies], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	return give(api.Policies{Policies: policiesOf(space.Connector)})
}

// PolicyOf names a gateway and a platform in the path.
type PolicyOf struct {
	OfGateway
	Platform string `path:"platform" minLength:"1" maxLength:"256"`
}

func (s *Server) setPolicy(_ context.Context, in *struct {
	PolicyOf
	Body api.NewPolicy
}) (*struct{}, error) {
	c, g, err := s.gateway(in.OfGateway)
	if err != nil {
		return nil, err
	}
	err = c.SetPolicy(g.ID, fakeconnector.Policy{Platform: in.Platform, RequireAddress: in.Body.RequireAddress,
		FreeResponseScopes: in.Body.FreeResponseScopes, AllowOtherBots: in.Body.AllowOtherBots})
	if err != nil {
		return nil, refused("path.platform", err)
	}
	return nil, nil
}

func (s *Server) deletePolicy(_ context.Context, in *PolicyOf) (*struct{}, error) {
	c, g, err := s.gateway(in.OfGateway)
	if err != nil {
		return nil, err
	}
	if !c.RemovePolicy(g.ID, in.Platform) {
		return nil, fault(404, "path.platform", in.Platform, "expected a platform for which gateway %q has declared a policy", g.ID)
	}
	return nil, nil
}
