package fakeconnector

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// Gateway is the connector's record of a gateway: what the identity of a session comes
// from, never from a frame. AddGateway fills in what is empty.
type Gateway struct {
	ID       string
	Secret   string // default 64 random hex digits
	Tenant   string // default a tenant of its own
	Instance string // default an instance of its own; gateways of one instance share its buffer
	Platform string // what its hello should name; default discord
	BotID    string
	Fronts   []Identity // further identities that it may say hello for

	// Descriptors replace the built-in table, by platform; the key "" stands for any.
	Descriptors map[string]protocol.Descriptor
	// WakeURL is poked once when the first event is buffered while the instance is flipped.
	WakeURL string
}

// Identity is a platform identity that a gateway fronts.
type Identity struct{ Platform, BotID string }

// AnonymousGatewayID is the gateway that dials without a token belong to in development
// mode. Add a record of this id to give it a tenant, an instance or a platform.
const AnonymousGatewayID = "anonymous"

// record is a Gateway with what the connector keeps about it.
type record struct {
	Gateway
	named   Identity             // what the caller itself named: hello must say so
	secrets []string             // the rotation list, newest first
	until   map[string]time.Time // when an older secret of it stops verifying, where it does by itself
	dropped []string             // revoked secrets, to tell a revoked token from a forged one

	provisioned provisioned
}

// maxSecrets bounds a rotation list: the contract needs the newest and the one before.
const maxSecrets = 8

// AddGateway stores a record and returns it completed. A record of the same id is
// replaced; its live session goes on under the identity that it began with.
func (c *Connector) AddGateway(g Gateway) Gateway {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addGateway(g)
}

// addGateway needs c.mu.
func (c *Connector) addGateway(g Gateway) Gateway {
	named := Identity{g.Platform, g.BotID}
	or(&g.Secret, newSecret())
	or(&g.Platform, "discord")
	for g.ID == "" {
		// One that somebody has chosen already is not taken from them.
		if id := c.ids.next("gw-"); c.records[id] == nil {
			g.ID = id
		}
	}
	or(&g.Tenant, "tenant-"+g.ID)
	or(&g.Instance, "inst-"+g.ID)
	or(&g.BotID, "bot-"+g.ID)
	g.Fronts = slices.Clone(g.Fronts)
	if old, known := c.records[g.ID]; !known {
		c.order = append(c.order, g.ID)
		if c.byInstance != nil {
			c.byInstance[g.Instance] = append(c.byInstance[g.Instance], g.ID)
		}
	} else if old.Instance != g.Instance {
		c.byInstance = nil // made again when it is needed
	}
	c.records[g.ID] = &record{Gateway: g, named: named, secrets: present(g.Secret)}
	c.hideOf(g.ID, g.Secret)
	return g
}

// idsOf lists the gateways of an instance, in the order of AddGateway. It needs c.mu.
func (c *Connector) idsOf(instance string) []string {
	if c.byInstance == nil {
		c.byInstance = make(map[string][]string, len(c.order))
		for _, id := range c.order {
			i := c.records[id].Instance
			c.byInstance[i] = append(c.byInstance[i], id)
		}
	}
	return c.byInstance[instance]
}

// Gateways returns the records, in the order in which they were added.
func (c *Connector) Gateways() []Gateway {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Gateway, 0, len(c.order))
	for _, id := range c.order {
		out = append(out, c.records[id].Gateway)
	}
	return out
}

// Rotate gives a gateway a new secret and returns the record with it. Older secrets keep
// verifying until the rotation window ends, see [WithRotationWindow].
func (c *Connector) Rotate(id string) (Gateway, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.record(id)
	if err != nil {
		return Gateway{}, fmt.Errorf("rotating a secret: %w", err)
	}
	c.rotate(r)
	return r.Gateway, nil
}

// rotate needs c.mu.
func (c *Connector) rotate(r *record) {
	if c.window > 0 && len(r.secrets) > 0 {
		if r.until == nil {
			r.until = map[string]time.Time{}
		}
		r.until[r.secrets[0]] = c.clock.Now().Add(c.window)
	}
	r.Secret = newSecret()
	c.hideOf(r.ID, r.Secret)
	r.secrets = append([]string{r.Secret}, r.secrets...)
	if len(r.secrets) > maxSecrets {
		r.drop(r.secrets[maxSecrets:])
		r.secrets = r.secrets[:maxSecrets]
	}
}

// DropOldSecrets ends the rotation window: only the newest secret verifies from now on.
func (c *Connector) DropOldSecrets(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.record(id)
	if err != nil {
		return fmt.Errorf("ending a rotation window: %w", err)
	}
	if len(r.secrets) > 1 {
		r.drop(r.secrets[1:])
		r.secrets = r.secrets[:1]
	}
	return nil
}

// Revoke drops every secret of a gateway and closes its live session with 4401
// unauthorized. Its later dials are closed the same way, until Rotate gives it a secret.
func (c *Connector) Revoke(id string) error {
	c.mu.Lock()
	r, err := c.record(id)
	if err != nil {
		c.mu.Unlock()
		return fmt.Errorf("revoking a gateway: %w", err)
	}
	r.drop(r.secrets)
	r.secrets = nil
	s := c.live[id]
	c.mu.Unlock()
	c.journal.one(Entry{Kind: KindNote, GatewayID: id, Note: "revoked"})
	if s != nil {
		return s.Close(CloseUnauthorized, ReasonUnauthorized)
	}
	return nil
}

// Token mints an upgrade token for a gateway with its newest secret, for clients of your
// own that play a gateway. A ttl of zero or less never expires.
func (c *Connector) Token(id string, ttl time.Duration) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.record(id)
	if err != nil {
		return "", fmt.Errorf("minting a token: %w", err)
	}
	if len(r.secrets) == 0 {
		return "", fmt.Errorf("minting a token: expected gateway %q to have a secret, it was revoked; call Rotate first", id)
	}
	return auth.Mint(id, r.secrets[0], auth.Expiry(c.clock.Now(), ttl)), nil
}

// SetWakeURL registers where a gateway's instance is woken, or, with an empty URL, that it
// is not. All else of the record stays.
func (c *Connector) SetWakeURL(id, url string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.record(id)
	if err != nil {
		return fmt.Errorf("registering a wake URL: %w", err)
	}
	r.WakeURL = url
	return nil
}

// revoked reports whether a gateway has lost all its secrets, as it may between the
// judgement of its token and the beginning of its session. It needs c.mu.
func (c *Connector) revoked(id string) bool {
	r, known := c.records[id]
	return known && len(r.secrets) == 0
}

// record needs c.mu.
func (c *Connector) record(id string) (*record, error) {
	if r, ok := c.records[id]; ok {
		return r, nil
	}
	return nil, fmt.Errorf("expected the id of a stored gateway, got %q; store it with AddGateway (known: %q)", id, c.order)
}

// expire ends the rotation windows that are over.
func (r *record) expire(now time.Time) {
	for i := len(r.secrets) - 1; i > 0; i-- {
		if end, ends := r.until[r.secrets[i]]; ends && !now.Before(end) {
			r.drop(r.secrets[i : i+1])
			r.secrets = slices.Delete(slices.Clone(r.secrets), i, i+1)
		}
	}
}

func (r *record) drop(secrets []string) {
	for _, s := range secrets {
		delete(r.until, s)
	}
	r.dropped = append(r.dropped, secrets...)
	r.dropped = r.dropped[max(0, len(r.dropped)-maxSecrets):]
}

// present leaves out a secret of white space only, which counts as absent.
func present(secret string) []string {
	if strings.TrimSpace(secret) == "" {
		return nil
	}
	return []string{secret}
}

func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}
