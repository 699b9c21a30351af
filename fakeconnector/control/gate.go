package control

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/gate"
	"github.com/relaykit/relaykit/protocol"
)

func bindingsOf(c *fakeconnector.Connector) api.Bindings {
	out := api.Bindings{Authors: []api.Binding{}, Grants: []api.Grant{}, DMDefaults: []api.DMDefault{},
		Principals: []api.PrincipalOf{}, Hidden: []api.Hidden{}}
	for _, b := range c.Gate().Bindings() {
		out.Authors = append(out.Authors, api.Binding{Tenant: b.Tenant, Instance: b.Instance, Platform: b.Platform, UserID: b.UserID})
	}
	for _, g := range c.Gate().Grants() {
		out.Grants = append(out.Grants, api.Grant(g))
	}
	defaults := c.Gate().DMDefaults()
	for _, platform := range slices.Sorted(maps.Keys(defaults)) {
		out.DMDefaults = append(out.DMDefaults, api.DMDefault{Platform: platform, Instance: defaults[platform]})
	}
	for _, instance := range c.Gate().Principals() {
		out.Principals = append(out.Principals, api.PrincipalOf{Instance: instance, Principal: principalOf(c, instance)})
	}
	for _, h := range c.Gate().Hidden() {
		out.Hidden = append(out.Hidden, api.Hidden{Author: api.Author(h.Author), Chat: h.Chat})
	}
	return out
}

func principalOf(c *fakeconnector.Connector, instance string) api.Principal {
	policy, allowed := c.Gate().Principal(instance)
	p := api.Principal{Principal: string(policy)}
	for _, a := range allowed {
		p.Allow = append(p.Allow, api.Author(a))
	}
	return p
}

func (s *Server) listBindings(_ context.Context, in *InNamespace) (*out[api.Bindings], error) {
	space, err := s.space(*in)
	if err != nil {
		return nil, err
	}
	return give(bindingsOf(space.Connector))
}

// AuthorOf names an instance, a platform and a user in the path.
type AuthorOf struct {
	OfInstance
	Platform string `path:"platform" minLength:"1" maxLength:"256"`
	UserID   string `path:"user_id" minLength:"1" maxLength:"256"`
}

func (s *Server) bindAuthor(_ context.Context, in *AuthorOf) (*struct{}, error) {
	return s.changeGate(in.OfInstance, "path.user_id", func(g *gate.Gate) error {
		return g.Bind(in.Instance, gate.Author{Platform: in.Platform, UserID: in.UserID})
	})
}

func (s *Server) unbindAuthor(_ context.Context, in *AuthorOf) (*struct{}, error) {
	return s.changeGate(in.OfInstance, "path.user_id", func(g *gate.Gate) error {
		return g.Unbind(in.Instance, gate.Author{Platform: in.Platform, UserID: in.UserID})
	})
}

// changeGate changes the gate of an instance that there is.
func (s *Server) changeGate(in OfInstance, location string, change func(*gate.Gate) error) (*struct{}, error) {
	c, _, err := s.instance(in)
	if err != nil {
		return nil, err
	}
	if err := change(c.Gate()); err != nil {
		return nil, refused(location, err)
	}
	return nil, nil
}

// GrantTo names an instance, a platform and a scope in the path.
type GrantTo struct {
	OfInstance
	Platform string `path:"platform" minLength:"1" maxLength:"256"`
	Scope    string `path:"scope" minLength:"1" maxLength:"256"`
}

func (s *Server) grant(_ context.Context, in *GrantTo) (*struct{}, error) {
	return s.changeGate(in.OfInstance, "path.scope", func(g *gate.Gate) error { return g.Grant(in.Instance, in.Platform, in.Scope) })
}

func (s *Server) releaseGrant(_ context.Context, in *GrantTo) (*struct{}, error) {
	return s.changeGate(in.OfInstance, "path.scope", func(g *gate.Gate) error { return g.Release(in.Instance, in.Platform, in.Scope) })
}

// DirectTo names an instance and a platform in the path.
type DirectTo struct {
	OfInstance
	Platform string `path:"platform" minLength:"1" maxLength:"256"`
}

func (s *Server) setDMDefault(_ context.Context, in *DirectTo) (*struct{}, error) {
	return s.changeGate(in.OfInstance, "path.platform", func(g *gate.Gate) error { return g.SetDMDefault(in.Instance, in.Platform, true) })
}

func (s *Server) deleteDMDefault(_ context.Context, in *DirectTo) (*struct{}, error) {
	return s.changeGate(in.OfInstance, "path.platform", func(g *gate.Gate) error { return g.SetDMDefault(in.Instance, in.Platform, false) })
}

func (s *Server) getPrincipal(_ context.Context, in *OfInstance) (*out[api.Principal], error) {
	c, state, err := s.instance(*in)
	if err != nil {
		return nil, err
	}
	return give(principalOf(c, state.ID))
}

func (s *Server) setPrincipal(_ context.Context, in *struct {
	OfInstance
	Body api.Principal
}) (*struct{}, error) {
	return s.changeGate(in.OfInstance, "body.allow", func(g *gate.Gate) error {
		return setPrincipal(g, in.Instance, in.Body)
	})
}

func setPrincipal(g *gate.Gate, instance string, p api.Principal) error {
	allowed := make([]gate.Author, 0, len(p.Allow))
	for _, a := range p.Allow {
		allowed = append(allowed, gate.Author(a))
	}
	return g.SetPrincipal(instance, gate.Principal(p.Principal), allowed...)
}

func (s *Server) setView(_ context.Context, in *struct {
	InNamespace
	Body api.View
}) (*struct{}, error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	if err := space.Connector.Gate().SetView(gate.Author(in.Body.Author), in.Body.Chat, in.Body.Can); err != nil {
		return nil, refused("body.chat", err)
	}
	return nil, nil
}

func (s *Server) createLinkCode(_ context.Context, in *OfInstance) (*out[api.Code], error) {
	c, state, err := s.instance(*in)
	if err != nil {
		return nil, err
	}
	code, err := c.LinkCode(state.ID)
	if err != nil {
		return nil, refused("path.instance", err)
	}
	return give(api.Code{Code: code})
}

// instanceTokenLife is how long an instance token works that says nothing.
const instanceTokenLife = time.Hour

func (s *Server) createInstanceToken(_ context.Context, in *struct {
	OfInstance
	Body *api.NewInstanceToken
}) (*out[api.Token], error) {
	c, state, err := s.instance(in.OfInstance)
	if err != nil {
		return nil, err
	}
	ttl := instanceTokenLife
	if in.Body != nil && in.Body.TTL > 0 {
		ttl = time.Duration(in.Body.TTL)
	}
	token, err := c.InstanceToken(state.ID, ttl)
	if err != nil {
		return nil, refused("path.instance", err)
	}
	return give(api.Token{Token: token})
}

func (s *Server) deprovision(_ context.Context, in *OfInstance) (*struct{}, error) {
	c, state, err := s.instance(*in)
	if err != nil {
		return nil, err
	}
	if err := c.Deprovision(state.ID); err != nil {
		return nil, refused("path.instance", err)
	}
	return nil, nil
}

func (s *Server) publish(_ context.Context, in *struct {
	InNamespace
	Body api.Post
}) (*out[api.Published], error) {
	space, err := s.space(in.InNamespace)
	if err != nil {
		return nil, err
	}
	c, src := space.Connector, in.Body.Event.Source
	if src.Platform == "" {
		return nil, fault(422, "body.event.source.platform", nil, "expected the platform that somebody wrote on")
	}
	mark := c.Journal().Mark()
	a, err := c.Arrive(gate.Post{Event: in.Body.Event, Bot: in.Body.Bot, Addressed: in.Body.Addressed})
	if err != nil && len(a.Deliveries) == 0 {
		return nil, refused("body.event", err)
	}
	p := api.Published{Mark: mark, Decision: a.Decision, Deliveries: map[string]api.Delivery{}}
	for instance, d := range a.Deliveries {
		p.Deliveries[instance] = api.Delivery{Mark: mark, Instance: instance, Session: d.Session, BufferID: d.BufferID,
			SessionKey: protocol.SessionKey(completed(src), protocol.SessionKeyOptions{})}
	}
	return give(p)
}

// completed is a source with the chat type that it takes when it names none.
func completed(src protocol.Source) protocol.Source {
	if strings.TrimSpace(src.ChatType) == "" {
		src.ChatType = "dm"
		if src.GuildID.IsSet() || src.ScopeID.IsSet() {
			src.ChatType = "channel"
		}
	}
	return src
}
