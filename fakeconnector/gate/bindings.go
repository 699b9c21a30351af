package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Binding binds an author to one of a tenant's instances. An author can be bound once in
// each tenant.
type Binding struct {
	Author
	Tenant   string `json:"tenant"`
	Instance string `json:"instance"`
}

func (b Binding) String() string { return b.Author.String() + " in " + b.Tenant + " → " + b.Instance }

// Bind binds an author to an instance, as POST /manage/link does: [ErrTaken] if the author
// is bound to another instance of its tenant.
func (g *Gate) Bind(instance string, a Author) error {
	if a.Platform == "" || a.UserID == "" {
		return bad("expected an author with a platform and a user id, got %q", a)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	tenant, err := g.tenant(instance)
	if err != nil {
		return fmt.Errorf("binding %s: %w", a, err)
	}
	if to, bound := g.bound[a][tenant]; bound && to != instance {
		return fmt.Errorf("binding %s: %w", a, ErrTaken)
	}
	if err := g.bind(a, tenant, instance); err != nil {
		return fmt.Errorf("binding %s: %w", a, err)
	}
	return nil
}

// bind needs g.mu. It takes the author from another instance of the tenant.
func (g *Gate) bind(a Author, tenant, instance string) error {
	before, again := g.bound[a][tenant]
	if again && before == instance {
		return nil
	}
	if !again {
		if err := g.room(len(g.bound), "bound authors"); err != nil {
			return err
		}
	}
	g.disown(a, before)
	if g.bound[a] == nil {
		g.bound[a] = map[string]string{}
	}
	g.bound[a][tenant] = instance
	g.owned[instance] = append(g.owned[instance], a)
	return nil
}

// Unbind ends the binding of an author to an instance, or is [ErrNotHeld].
func (g *Gate) Unbind(instance string, a Author) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for tenant, to := range g.bound[a] {
		if to == instance {
			delete(g.bound[a], tenant)
			if len(g.bound[a]) == 0 {
				delete(g.bound, a)
			}
			g.disown(a, instance)
			return nil
		}
	}
	return fmt.Errorf("unbinding %s from %q: %w", a, instance, ErrNotHeld)
}

func (g *Gate) disown(a Author, instance string) {
	if i := slices.Index(g.owned[instance], a); i >= 0 {
		g.owned[instance] = slices.Delete(g.owned[instance], i, i+1)
	}
	if len(g.owned[instance]) == 0 {
		delete(g.owned, instance)
	}
}

// ownedBy reports whether an author is bound to an instance. Those who are are its owner:
// the platform accounts of whoever the agent belongs to.
func (g *Gate) ownedBy(a Author, instance string) bool {
	for _, to := range g.bound[a] {
		if to == instance {
			return true
		}
	}
	return false
}

// Bindings lists all bindings, in the order of their authors and tenants.
func (g *Gate) Bindings() []Binding {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Binding
	for a, tenants := range g.bound {
		for _, tenant := range slices.Sorted(maps.Keys(tenants)) {
			out = append(out, Binding{a, tenant, tenants[tenant]})
		}
	}
	slices.SortStableFunc(out, func(a, b Binding) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Tenant, b.Tenant))
	})
	return out
}
