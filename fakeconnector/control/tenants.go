package control

import (
	"context"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

func tenantsOf(c *fakeconnector.Connector) []api.Tenant {
	out := []api.Tenant{}
	gateways := c.Gateways()
	for _, id := range c.Tenants() {
		t := api.Tenant{Tenant: id, Gateways: []string{}, IdentityTokens: c.Identities(id)}
		for _, g := range gateways {
			if g.Tenant == id {
				t.Gateways = append(t.Gateways, g.ID)
			}
		}
		out = append(out, t)
	}
	return out
}

func (s *Server) listTenants(_ context.Context, in *InNamespace) (*out[api.Tenants], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	return give(api.Tenants{Tenants: tenantsOf(space.Connector)})
}

// InTenant names a tenant in the path. There is no other record of it than that.
type InTenant struct {
	InNamespace
	Tenant string `path:"tenant" minLength:"1" maxLength:"256"`
}

func (s *Server) createIdentityToken(_ context.Context, in *struct {
	InTenant
	Body *api.NewIdentityToken
}) (*out[api.Token], error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	c := space.Connector
	if in.Body == nil || in.Body.Token == "" {
		return give(api.Token{Token: c.IdentityToken(in.Tenant)})
	}
	c.AddIdentity(in.Body.Token, in.Tenant)
	return give(api.Token{Token: in.Body.Token})
}

func (s *Server) deleteIdentityTokens(_ context.Context, in *InTenant) (*out[api.Removed], error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	n := space.Connector.RemoveIdentities(in.Tenant)
	if n == 0 {
		return nil, fault(404, "path.tenant", in.Tenant, "expected a tenant with an identity token")
	}
	return give(api.Removed{Removed: n})
}

func (s *Server) createEnrollmentToken(_ context.Context, in *struct {
	InTenant
	Body *api.NewEnrollmentToken
}) (*out[api.Token], error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	var ttl time.Duration
	if in.Body != nil {
		ttl = time.Duration(in.Body.TTL)
	}
	return give(api.Token{Token: space.Connector.EnrollmentToken(in.Tenant, ttl)})
}
