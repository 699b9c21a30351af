package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Principal says who besides bound authors a grant lets in (contract, section
// "Management").
type Principal string

// The principal policies of the contract.
const (
	OwnerOnly Principal = "owner-only" // nobody; the policy of an instance that has set none
	AllowList Principal = "allow-list" // those on its list
	Any       Principal = "any"        // everybody
)

type principal struct {
	policy  Principal
	allowed []Author
}

func (p principal) is() Principal { return cmp.Or(p.policy, OwnerOnly) }

func (p principal) lets(a Author) bool {
	return p.policy == Any || p.policy == AllowList && slices.Contains(p.allowed, a)
}

// SetPrincipal sets an instance's principal policy, as POST /manage/principal does. The
// list belongs to [AllowList] alone, and replaces the one before.
func (g *Gate) SetPrincipal(instance string, policy Principal, allowed ...Author) error {
	switch {
	case policy != OwnerOnly && policy != AllowList && policy != Any:
		return bad("expected a principal policy of %s, %s and %s, got %.100q", OwnerOnly, AllowList, Any, string(policy))
	case policy != AllowList && len(allowed) > 0:
		return bad("expected no list of authors with the principal policy %s", policy)
	case slices.ContainsFunc(allowed, func(a Author) bool { return a.Platform == "" || a.UserID == "" }):
		return bad("expected authors with a platform and a user id")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := g.tenant(instance); err != nil {
		return fmt.Errorf("setting the principal policy: %w", err)
	}
	if err := g.room(len(allowed)-1, "authors on a list"); err != nil {
		return fmt.Errorf("setting the principal policy: %w", err)
	}
	g.principals[instance] = principal{policy, slices.Clone(allowed)}
	return nil
}

// Principals lists the instances that have set a principal policy, sorted.
func (g *Gate) Principals() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.principals))
}

// Principal returns an instance's principal policy and its list.
func (g *Gate) Principal(instance string) (Principal, []Author) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.principals[instance]
	return p.is(), slices.Clone(p.allowed)
}
