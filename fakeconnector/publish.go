package fakeconnector

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/store"
	"github.com/relaykit/relaykit/protocol"
)

// Delivery says what became of an event that was published.
type Delivery struct {
	Session  string // the session that it was sent on, live; empty if it was buffered
	BufferID string // the entry in the instance's buffer; empty if it was sent
}

// ErrTooLong says that a delivery could never be sent: its frame would reach the
// contract's limit.
var ErrTooLong = errors.New("the frame is too long")

// Publish delivers an event to an instance: live on its newest session, or into its
// buffer while the instance is flipped, drained or not connected. A scope is sent under
// both of its names, for gateways of every revision.
func (c *Connector) Publish(instance string, e protocol.Event) (Delivery, error) {
	c.complete(instance, &e)
	src := &e.Source
	if src.GuildID.IsSet() && src.ScopeID.IsZero() {
		src.ScopeID = src.GuildID
	} else if src.ScopeID.IsSet() && src.GuildID.IsZero() {
		src.GuildID = src.ScopeID
	}
	if p := c.known.profile(c.tenantOf(instance), src.ChatID); p != "" && src.Profile.IsZero() {
		src.Profile = protocol.Some(p)
	}
	return c.deliver(instance, &protocol.Inbound{Event: e})
}

// complete gives an event the members that every event has (event/fields): what is not
// known is null, and what has a default takes it.
func (c *Connector) complete(instance string, e *protocol.Event) {
	src := &e.Source
	or(&e.MessageType, "text")
	or(&src.Platform, c.platformOf(instance))
	completeSource(src)
	for _, o := range []*protocol.Opt[string]{&src.ChatName, &src.UserID, &src.UserName, &src.ThreadID, &src.ChatTopic} {
		if o.IsZero() {
			*o = protocol.Null[string]()
		}
	}
}

// Forward passes a platform's HTTP request on to an instance, on the terms of Publish.
// The credential of a Discord interaction is taken out and kept in the vault; pings are
// the connector's own business and are refused.
func (c *Connector) Forward(instance string, f protocol.Forward) (Delivery, error) {
	if i, ok := interaction(&f); ok {
		if i.Type == 1 {
			return Delivery{}, errors.New("forwarding to an instance: expected no interaction of type 1, a connector answers those itself")
		}
		if i.Token != "" {
			c.keepToken(instance, &f, i)
		}
	}
	if src, ok := interactionSource(&f); ok && f.Profile.IsZero() {
		if p := c.known.profile(c.tenantOf(instance), src.ChatID); p != "" {
			f.Profile = protocol.Some(p)
		}
	}
	return c.deliver(instance, &protocol.PassthroughForward{Forward: f})
}

// interactionTokenLife is how long Discord honours an interaction token.
const interactionTokenLife = 15 * time.Minute

// keepToken moves the interaction's token into the vault. Its value in the body becomes
// an empty string; every other byte stays.
func (c *Connector) keepToken(instance string, f *protocol.Forward, i discordInteraction) {
	src, _ := interactionSource(f)
	for _, key := range sessionKeys(src) {
		c.vault.Put(Capability{Tenant: c.tenantOf(instance), SessionKey: key, Kind: KindInteractionToken,
			Credential: i.Token, Expires: c.clock.Now().Add(interactionTokenLife)})
	}
	body, _ := f.Body()
	f.BodyB64 = base64.StdEncoding.EncodeToString(editJSON(body, "/token", func(json.RawMessage) json.RawMessage { return json.RawMessage(`""`) }))
}

func (c *Connector) tenantOf(instance string) string { return c.ownerOf(instance).Tenant }

func (c *Connector) platformOf(instance string) string {
	p := c.ownerOf(instance).Platform
	or(&p, protocol.PlatformRelay)
	return p
}

// ownerOf is the first record of an instance, zero if there is none.
func (c *Connector) ownerOf(instance string) Gateway {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ids := c.idsOf(instance); len(ids) > 0 {
		return c.records[ids[0]].Gateway
	}
	return Gateway{}
}

// deliver sends or buffers one frame that carries no bufferId yet.
func (c *Connector) deliver(instance string, f protocol.Frame) (Delivery, error) {
	line, err := protocol.Encode(f)
	if err != nil {
		return Delivery{}, fmt.Errorf("delivering to instance %q: %w", instance, err)
	}
	i := c.instance(instance)
	i.mu.Lock()
	defer i.mu.Unlock()
	flipped, err := c.store.Flipped(c.ctx, instance)
	if err != nil {
		return Delivery{}, fmt.Errorf("delivering to instance %q: reading the flip: %w", instance, err)
	}
	if !flipped && i.session != nil {
		if len(line) >= frameLimit {
			return Delivery{}, fmt.Errorf("delivering to instance %q: expected fewer than %d bytes, got %d: %w", instance, frameLimit, len(line), ErrTooLong)
		}
		if i.session.run(c.outgoing(i.session, f, line, nil)) == nil {
			return Delivery{Session: i.session.id}, nil
		}
		// It ended under our hands, so this one waits for the next.
	}
	if !flipped {
		if err := c.store.Flip(c.ctx, instance); err != nil {
			return Delivery{}, fmt.Errorf("delivering to instance %q: flipping it: %w", instance, err)
		}
	}
	e, err := c.store.Append(c.ctx, instance, bytes.TrimSuffix(line, []byte("\n")))
	if err != nil {
		return Delivery{}, fmt.Errorf("delivering to instance %q: %w", instance, err)
	}
	c.journal.one(Entry{Kind: KindNote, Instance: instance, Note: "buffered as " + e.ID})
	if i.session != nil {
		i.pump()
	} else {
		i.poke()
	}
	return Delivery{BufferID: e.ID}, nil
}

// Buffered returns what waits in the buffer of an instance, in order.
func (c *Connector) Buffered(instance string) ([]store.Entry, error) {
	return c.store.Read(c.ctx, instance, 0, c.limits.BufferEntries)
}

// Parked returns what was set aside for an instance.
func (c *Connector) Parked(instance string) ([]store.Parked, error) {
	return c.store.Parked(c.ctx, instance)
}

// Flipped reports whether an instance is buffered-only.
func (c *Connector) Flipped(instance string) (bool, error) {
	return c.store.Flipped(c.ctx, instance)
}
