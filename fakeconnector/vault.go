package fakeconnector

import (
	"sync"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// KindInteractionToken is the kind of the credential that a Discord interaction brings.
const KindInteractionToken = "discord.interaction_token"

// Capability is a platform's short-lived credential that the connector keeps for the
// gateways of a tenant. They name it by session key and kind, and never see it.
type Capability struct {
	Tenant     string
	SessionKey string // in the namespace of any profile
	Kind       string
	Credential string
	Expires    time.Time // zero is never
}

// Vault keeps capabilities. It is bounded; the oldest goes first.
type Vault struct {
	c    *Connector
	mu   sync.Mutex
	held table[Capability]
}

func newVault(c *Connector) *Vault { return &Vault{c: c} }

// Vault is where the connector keeps capabilities.
func (c *Connector) Vault() *Vault { return c.vault }

// Put keeps a capability, in place of an earlier one of the same tenant, session and kind.
func (v *Vault) Put(k Capability) {
	v.c.secrets.SweepWhenDue()
	v.c.hideUntil(k.Credential, k.Expires)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.held.put(vaultKey(k.Tenant, k.SessionKey, k.Kind), k, v.c.limits.ChatsKnown)
}

// find returns a capability that has not expired.
func (v *Vault) find(tenant, sessionKey, kind string) (Capability, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k, ok := v.held.get(vaultKey(tenant, sessionKey, kind))
	if !ok || (!k.Expires.IsZero() && !v.c.clock.Now().Before(k.Expires)) {
		return Capability{}, false
	}
	return k, true
}

func vaultKey(tenant, sessionKey, kind string) string {
	return pair(tenant, pair(withoutProfile(sessionKey), kind))
}

// followUp acts with a capability of the gateway's own tenant; there is nothing to retry
// when it is absent, expired or another tenant's, and the three look alike.
func (c *Connector) followUp(s *Session, f *protocol.FollowUp) protocol.Result {
	if _, ok := c.vault.find(s.gateway.Tenant, f.SessionKey, f.Kind); !ok {
		return failure("no live capability of that kind for that session")
	}
	return protocol.Result{Success: protocol.Some(true), MessageID: protocol.Some(c.ids.next("m"))}
}

// List returns what is kept and has not expired, in no order. The credentials are left out.
func (v *Vault) List() []Capability {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make([]Capability, 0, len(v.held.m))
	for _, k := range v.held.m {
		if k.Kind == "" || (!k.Expires.IsZero() && !v.c.clock.Now().Before(k.Expires)) {
			continue
		}
		k.Credential = ""
		out = append(out, k)
	}
	return out
}

// Remove takes a capability back; false if there is none.
func (v *Vault) Remove(tenant, sessionKey, kind string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	key := vaultKey(tenant, sessionKey, kind)
	k, ok := v.held.get(key)
	if !ok || k.Kind == "" {
		return false
	}
	// Its place in the table stays, empty and expired.
	v.held.put(key, Capability{Expires: time.Unix(1, 0)}, v.c.limits.ChatsKnown)
	return true
}
