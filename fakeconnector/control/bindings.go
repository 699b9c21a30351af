package control

import (
	"context"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

func scopesOf(c *fakeconnector.Connector) []api.Scope {
	out := []api.Scope{}
	for scope, tenants := range c.Scopes() {
		if len(tenants) > 0 {
			out = append(out, api.Scope{Scope: scope, Tenants: tenants})
		}
	}
	slices.SortFunc(out, func(a, b api.Scope) int { return strings.Compare(a.Scope, b.Scope) })
	return out
}

func (s *Server) listScopes(_ context.Context, in *InNamespace) (*out[api.Scopes], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	return give(api.Scopes{Scopes: scopesOf(space.Connector)})
}

// ScopeOfTenant names a scope and a tenant in the path.
type ScopeOfTenant struct {
	InNamespace
	Scope  string `path:"scope" minLength:"1" maxLength:"256"`
	Tenant string `path:"tenant" minLength:"1" maxLength:"256"`
}

func (s *Server) bindScope(_ context.Context, in *ScopeOfTenant) (*struct{}, error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	space.Connector.BindScope(in.Scope, in.Tenant)
	return nil, nil
}

func (s *Server) unbindScope(_ context.Context, in *ScopeOfTenant) (*struct{}, error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	if !space.Connector.UnbindScope(in.Scope, in.Tenant) {
		return nil, fault(404, "path.scope", in.Scope, "expected a scope that belongs to tenant %q", in.Tenant)
	}
	return nil, nil
}
