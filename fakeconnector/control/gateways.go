package control

import (
	"context"
	"slices"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

func gatewayOf(c *fakeconnector.Connector, g fakeconnector.Gateway) api.Gateway {
	out := api.Gateway{ID: g.ID, Tenant: g.Tenant, Instance: g.Instance, Platform: g.Platform, BotID: g.BotID, WakeURL: g.WakeURL, Fronts: []api.Identity{}}
	for _, f := range g.Fronts {
		out.Fronts = append(out.Fronts, api.Identity{Platform: f.Platform, BotID: f.BotID})
	}
	if p, ok := c.Provisioned(g.ID); ok {
		out.DisplayName = p.DisplayName
	}
	if s := c.Session(g.ID); s != nil {
		out.Session = s.ID()
	}
	return out
}

func gatewaysOf(c *fakeconnector.Connector) []api.Gateway {
	out := []api.Gateway{}
	for _, g := range c.Gateways() {
		out = append(out, gatewayOf(c, g))
	}
	return out
}

func (s *Server) listGateways(_ context.Context, in *InNamespace) (*out[api.Gateways], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	return give(api.Gateways{Gateways: gatewaysOf(space.Connector)})
}

func (s *Server) createGateway(_ context.Context, in *struct {
	InNamespace
	Body api.NewGateway
}) (*out[api.NewGatewayRecord], error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	g, err := space.Connector.NewGateway(record(in.Body))
	if err != nil {
		return nil, refused("body.id", err)
	}
	return give(api.NewGatewayRecord{Gateway: gatewayOf(space.Connector, g), Secret: g.Secret})
}

// OfGateway names a gateway in the path.
type OfGateway struct {
	InNamespace
	Gateway string `path:"gateway" minLength:"1" maxLength:"256"`
}

// gateway finds the record that a request names.
func (s *Server) gateway(in OfGateway) (*fakeconnector.Connector, fakeconnector.Gateway, error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, fakeconnector.Gateway{}, err
	}
	all := space.Connector.Gateways()
	i := slices.IndexFunc(all, func(g fakeconnector.Gateway) bool { return g.ID == in.Gateway })
	if i < 0 {
		return nil, fakeconnector.Gateway{}, fault(404, "path.gateway", in.Gateway, "expected the id of a stored gateway; GET %s/gateways has them", api.Base)
	}
	return space.Connector, all[i], nil
}

func (s *Server) getGateway(_ context.Context, in *OfGateway) (*out[api.Gateway], error) {
	c, g, err := s.gateway(*in)
	if err != nil {
		return nil, err
	}
	return give(gatewayOf(c, g))
}

func (s *Server) deleteGateway(_ context.Context, in *OfGateway) (*struct{}, error) {
	c, g, err := s.gateway(*in)
	if err != nil {
		return nil, err
	}
	if err := c.RemoveGateway(g.ID); err != nil {
		return nil, refused("path.gateway", err)
	}
	return nil, nil
}

func (s *Server) rotate(_ context.Context, in *OfGateway) (*out[api.NewGatewayRecord], error) {
	c, g, err := s.gateway(*in)
	if err != nil {
		return nil, err
	}
	if g, err = c.Rotate(g.ID); err != nil {
		return nil, refused("path.gateway", err)
	}
	return give(api.NewGatewayRecord{Gateway: gatewayOf(c, g), Secret: g.Secret})
}

func (s *Server) dropOldSecrets(_ context.Context, in *OfGateway) (*struct{}, error) {
	c, g, err := s.gateway(*in)
	if err != nil {
		return nil, err
	}
	if err := c.DropOldSecrets(g.ID); err != nil {
		return nil, refused("path.gateway", err)
	}
	return nil, nil
}

func (s *Server) revoke(_ context.Context, in *OfGateway) (*struct{}, error) {
	c, g, err := s.gateway(*in)
	if err != nil {
		return nil, err
	}
	if err := c.Revoke(g.ID); err != nil {
		return nil, refused("path.gateway", err)
	}
	return nil, nil
}

func (s *Server) createUpgradeToken(_ context.Context, in *struct {
	OfGateway
	Body *api.NewUpgradeToken
}) (*out[api.Token], error) {
	c, g, err := s.gateway(in.OfGateway)
	if err != nil {
		return nil, err
	}
	var ttl time.Duration
	if in.Body != nil {
		ttl = time.Duration(in.Body.TTL)
	}
	token, err := c.Token(g.ID, ttl)
	if err != nil {
		return nil, fault(409, "path.gateway", in.Gateway, "%v", err)
	}
	return give(api.Token{Token: token})
}
