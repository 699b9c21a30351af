package control

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// Seed is what the default namespace begins with, and begins with again after a reset.
type Seed struct {
	Tenants  []SeedTenant     `json:"tenants,omitempty" nullable:"false"`
	Gateways []api.NewGateway `json:"gateways,omitempty" nullable:"false"`
	Bindings SeedBindings     `json:"bindings,omitempty"`
	Policies []SeedPolicy     `json:"policies,omitempty" nullable:"false"`
	Stubs    []api.NewStub    `json:"stubs,omitempty" nullable:"false"`
}

// SeedTenant is a tenant of a configuration.
type SeedTenant struct {
	ID             string   `json:"id" minLength:"1" maxLength:"256"`
	IdentityTokens []string `json:"identity_tokens,omitempty" nullable:"false" doc:"with which its gateways provision themselves"`
	Scopes         []string `json:"scopes,omitempty" nullable:"false" doc:"servers or workspaces that are its own"`
}

// Check says what is wrong with a seed, naming the place. A record needs an id and a
// secret: nobody would be shown one that was made.
func (s Seed) Check() error {
	seen := map[string]string{}
	once := func(kind, id, place string) error {
		if first, again := seen[kind+id]; again {
			return fmt.Errorf("%s: expected every %s once, got %q a second time, after %s", place, kind, id, first)
		}
		seen[kind+id] = place
		return nil
	}
	for i, t := range s.Tenants {
		if err := once("tenant", t.ID, fmt.Sprintf("tenants[%d].id", i)); err != nil {
			return err
		}
		for k, token := range t.IdentityTokens {
			// Not the token itself: an error is printed.
			place := fmt.Sprintf("tenants[%d].identity_tokens[%d]", i, k)
			if _, again := seen["token"+token]; again {
				return fmt.Errorf("%s: expected a token of one tenant, got one that stands above", place)
			}
			seen["token"+token] = place
		}
	}
	for i, g := range s.Gateways {
		place := fmt.Sprintf("gateways[%d]", i)
		if g.ID == "" || g.Secret == "" {
			return fmt.Errorf("%s: expected an id and a secret", place)
		}
		if err := once("gateway", g.ID, place+".id"); err != nil {
			return err
		}
	}
	about := map[string]string{}
	for _, r := range s.rules() {
		if first, again := about[r.about]; again {
			return fmt.Errorf("%s: expected one of it, got another one after %s", r.place, first)
		}
		about[r.about] = r.place
	}
	nothing := &Space{Connector: fakeconnector.New()}
	defer nothing.Connector.Close()
	return s.change(nothing, Seed{})
}

// ErrInPart says that a change was made in part: somebody changed the same through the API
// at that moment.
var ErrInPart = errors.New("the change was made in part")

// apply changes a space from what old made of it to what s says. It checks first, on
// nothing and on a mirror of the space, so that an error changes nothing.
func (s Seed) apply(space *Space, old Seed) error {
	if err := s.Check(); err != nil {
		return err
	}
	m := &Space{Name: space.Name, Connector: fakeconnector.New()}
	defer m.Connector.Close()
	if err := mirror(space, m); err != nil {
		return fmt.Errorf("looking ahead: %w", err)
	}
	if err := s.change(m, old); err != nil {
		return err
	}
	if err := s.change(space, old); err != nil {
		return fmt.Errorf("%w: %w", ErrInPart, err)
	}
	return nil
}

// change changes a space from what old made of it to what s says.
func (s Seed) change(space *Space, old Seed) error {
	for i := range s.Stubs {
		st := &s.Stubs[i]
		if st.ID == "" {
			st.ID = fmt.Sprintf("config-%d", i+1)
		}
		mine := slices.ContainsFunc(old.Stubs, func(other api.NewStub) bool { return other.ID == st.ID })
		if !mine && space.stubs.get(st.ID) != nil {
			return fmt.Errorf("stubs[%d].id: %q was taken by hand; remove that stub, or choose another id", i, st.ID)
		}
	}
	c := space.Connector
	was, is := identities(old), identities(s)
	for token := range was {
		if _, still := is[token]; !still {
			c.RemoveIdentity(token)
		}
	}
	for token, tenant := range is {
		c.AddIdentity(token, tenant)
	}
	for scope := range bound(old) {
		if !bound(s)[scope] {
			c.UnbindScope(scope[0], scope[1])
		}
	}
	for scope := range bound(s) {
		c.BindScope(scope[0], scope[1])
	}
	before, now := old.rules(), s.rules()
	for _, r := range without(before, now) {
		r.take(c)
	}
	for _, g := range old.Gateways {
		if !slices.ContainsFunc(s.Gateways, func(other api.NewGateway) bool { return other.ID == g.ID }) {
			_ = c.RemoveGateway(g.ID) // it may be gone already, by hand
		}
	}
	for _, g := range s.Gateways {
		// One that is as it was may have been rotated meanwhile, and stays so.
		if !slices.ContainsFunc(old.Gateways, func(other api.NewGateway) bool { return reflect.DeepEqual(other, g) }) {
			c.AddGateway(record(g))
		}
	}
	for _, r := range without(now, before) {
		if err := r.put(c); err != nil {
			return fmt.Errorf("%s: %w", r.place, err)
		}
	}
	for _, st := range old.Stubs {
		space.stubs.remove(st.ID)
	}
	for i, st := range s.Stubs {
		if _, err := space.stubs.add(c, st); err != nil {
			return fmt.Errorf("stubs[%d].%w", i, err)
		}
	}
	return nil
}

// identities are the identity tokens of a seed, with their tenants.
func identities(s Seed) map[string]string {
	out := map[string]string{}
	for _, t := range s.Tenants {
		for _, token := range t.IdentityTokens {
			out[token] = t.ID
		}
	}
	return out
}

// bound are the scopes of a seed, with their tenants.
func bound(s Seed) map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, t := range s.Tenants {
		for _, scope := range t.Scopes {
			out[[2]string{scope, t.ID}] = true
		}
	}
	return out
}

// record is a gateway as the connector has it.
func record(g api.NewGateway) fakeconnector.Gateway {
	out := fakeconnector.Gateway{ID: g.ID, Secret: g.Secret, Tenant: g.Tenant, Instance: g.Instance, Platform: g.Platform, BotID: g.BotID, WakeURL: g.WakeURL}
	for _, f := range g.Fronts {
		out.Fronts = append(out.Fronts, fakeconnector.Identity{Platform: f.Platform, BotID: f.BotID})
	}
	return out
}
