package fakeconnector

import "github.com/relaykit/relaykit/protocol"

// Egress says which outbound actions are declined because their metadata does not lead to
// the gateway's tenant.
type Egress string

const (
	// EgressForeign declines an action whose scope is known to belong to other tenants
	// only. It is the default: it cannot decline an answer in a chat that the gateway was
	// addressed in, nor one for which a gateway has nothing to echo, such as an answer to
	// a direct message in the baseline.
	EgressForeign Egress = "foreign"
	// EgressStrict is the contract's rule to the letter (scope/decline): an action whose
	// metadata has neither a scope nor an author of the gateway's tenant is declined.
	EgressStrict Egress = "strict"
	// EgressOff declines nothing.
	EgressOff Egress = "off"
)

// ErrorNotRouted is the contract's error for an action that is declined.
const ErrorNotRouted = "target not routed to an onboarded tenant"

// BindScope makes a scope (a server or workspace) belong to a tenant. Scopes of events that
// were delivered are bound by themselves; a scope may belong to several tenants.
func (c *Connector) BindScope(scope, tenant string) {
	c.known.mu.Lock()
	defer c.known.mu.Unlock()
	bindTenant(&c.known.scopes, scope, tenant, c.known.limit)
}

// routed reports whether the metadata of an action leads to the gateway's tenant.
func (c *Connector) routed(g Gateway, m protocol.Metadata) bool {
	if c.egress == EgressOff {
		return true
	}
	scope, _ := m.String("scope_id")
	if scope == "" {
		scope, _ = m.String("guild_id")
	}
	user, _ := m.String("user_id")
	c.known.mu.Lock()
	defer c.known.mu.Unlock()
	if scope != "" {
		tenants, bound := c.known.scopes.get(scope)
		return tenants[g.Tenant] || (!bound && c.egress != EgressStrict)
	}
	if c.egress != EgressStrict {
		return true
	}
	tenants, _ := c.known.users.get(user)
	return tenants[g.Tenant]
}
