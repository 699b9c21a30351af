package gate

import (
	"cmp"
	"fmt"
	"slices"
)

// place is a scope of a platform: a thread, a chat, or a server or workspace.
type place struct{ platform, scope string }

// Grant gives a scope of a platform to one instance, whichever the tenant.
type Grant struct {
	Platform string `json:"platform"`
	Scope    string `json:"scope"`
	Instance string `json:"instance"`
}

// Grant grants a scope to an instance, as POST /manage/scope does: [ErrTaken] if another
// one has it. The scope is the id of a thread, of a chat, or of a server or workspace; of
// several that a post is in, the narrowest counts alone.
func (g *Gate) Grant(instance, platform, scope string) error {
	if platform == "" || scope == "" {
		return bad("expected a platform and a scope, got %q and %q", platform, scope)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := g.tenant(instance); err != nil {
		return fmt.Errorf("granting %s/%s: %w", platform, scope, err)
	}
	switch to, granted := g.granted[place{platform, scope}]; {
	case granted && to != instance:
		return fmt.Errorf("granting %s/%s: %w", platform, scope, ErrTaken)
	case granted:
		return nil
	}
	if err := g.room(len(g.granted), "grants"); err != nil {
		return fmt.Errorf("granting %s/%s: %w", platform, scope, err)
	}
	g.granted[place{platform, scope}] = instance
	return nil
}

// Release gives a scope back, as POST /manage/scope/release does: [ErrNotHeld] if the
// instance does not have it.
func (g *Gate) Release(instance, platform, scope string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.granted[place{platform, scope}] != instance || instance == "" {
		return fmt.Errorf("releasing %s/%s: %w", platform, scope, ErrNotHeld)
	}
	delete(g.granted, place{platform, scope})
	return nil
}

// Grants lists all grants, in the order of their platforms and scopes.
func (g *Gate) Grants() []Grant {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Grant, 0, len(g.granted))
	for p, instance := range g.granted {
		out = append(out, Grant{p.platform, p.scope, instance})
	}
	slices.SortFunc(out, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Scope, b.Scope))
	})
	return out
}

// grantee is the instance that the post's scope is granted to, and what was granted, for a
// reader.
func (g *Gate) grantee(p *Post) (instance, what string) {
	platform := p.Event.Source.Platform
	if p.direct() {
		return g.directs[platform], "direct messages on " + platform
	}
	for _, scope := range p.scopes() {
		if to := g.granted[place{platform, scope}]; to != "" {
			return to, "the scope " + scope
		}
	}
	return "", ""
}
