package control

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

func held(k fakeconnector.Capability) api.Held {
	out := api.Held{Tenant: k.Tenant, SessionKey: k.SessionKey, Kind: k.Kind}
	if !k.Expires.IsZero() {
		out.Expires = &k.Expires
	}
	return out
}

func vaultOf(c *fakeconnector.Connector) []api.Held {
	out := []api.Held{}
	for _, k := range c.Vault().List() {
		out = append(out, held(k))
	}
	slices.SortFunc(out, func(a, b api.Held) int {
		return cmp.Or(strings.Compare(a.Tenant, b.Tenant), strings.Compare(a.SessionKey, b.SessionKey), strings.Compare(a.Kind, b.Kind))
	})
	return out
}

func (s *Server) listVault(_ context.Context, in *InNamespace) (*out[api.Vault], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	return give(api.Vault{Capabilities: vaultOf(space.Connector)})
}

func (s *Server) putCapability(_ context.Context, in *struct {
	InNamespace
	Body api.NewCapability
}) (*out[api.Held], error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	k := fakeconnector.Capability{Tenant: in.Body.Tenant, SessionKey: in.Body.SessionKey, Kind: in.Body.Kind, Credential: in.Body.Credential}
	if in.Body.TTL > 0 {
		k.Expires = time.Now().Add(time.Duration(in.Body.TTL))
	}
	space.Connector.Vault().Put(k)
	return give(held(k))
}

func (s *Server) deleteCapability(_ context.Context, in *struct {
	InNamespace
	Tenant     string `query:"tenant" required:"true" minLength:"1" maxLength:"256"`
	SessionKey string `query:"session_key" required:"true" minLength:"1" maxLength:"4096"`
	Kind       string `query:"kind" default:"discord.interaction_token" maxLength:"256"`
}) (*struct{}, error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	if !space.Connector.Vault().Remove(in.Tenant, in.SessionKey, in.Kind) {
		return nil, fault(404, "query.session_key", in.SessionKey, "expected a capability of tenant %q and kind %q for that session", in.Tenant, in.Kind)
	}
	return nil, nil
}
