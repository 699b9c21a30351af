// Package faketarget makes a fake connector the subject of the connector-side cases. It
// uses the fake's public API alone.
package faketarget

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/store/bolt"
	"github.com/relaykit/relaykit/protocol"
)

// How many records the cases may use: enough that eight cases run at once, two of which
// need gateways of two tenants, and that some can be revoked.
const (
	tenants   = 5
	instances = 3 // of each
)

// Options are those of a fake connector that keeps the contract to the letter.
func Options() []fakeconnector.Option {
	return []fakeconnector.Option{fakeconnector.WithEgress(fakeconnector.EgressStrict)}
}

// New stores the records in a started connector and tells how it is judged. It makes the
// key that signs instance tokens, which takes a moment.
func New(c *fakeconnector.Connector) kit.ConnectorTarget { return newTarget(&target{}, c) }

// Durable starts a fake connector whose buffers are in the file at path, and tells how it
// is judged, and restarted. stop ends it.
func Durable(path string) (out kit.ConnectorTarget, stop func() error, err error) {
	var c *fakeconnector.Connector
	var file *bolt.Store
	start := func(more ...fakeconnector.Option) (err error) {
		if file, err = bolt.Open(path, 0, nil); err != nil {
			return err
		}
		c = fakeconnector.New(append(append(Options(), fakeconnector.WithStore(file)), more...)...)
		return c.Start()
	}
	stop = func() error { return errors.Join(c.Close(), file.Close()) }
	if err := start(); err != nil {
		return out, nil, err
	}
	t := &target{}
	out = newTarget(t, c)
	out.Restart = func(context.Context) (string, error) {
		gateways := c.Gateways()
		if err := stop(); err != nil {
			return "", err
		}
		if err := start(fakeconnector.WithInstanceKey(out.InstanceKey.Key)); err != nil {
			return "", err
		}
		for _, g := range gateways {
			c.AddGateway(g)
		}
		t.c.Store(c)
		return c.URL(), nil
	}
	return out, stop, nil
}

func newTarget(t *target, c *fakeconnector.Connector) kit.ConnectorTarget {
	t.c.Store(c)
	key, id, err := c.InstanceKey()
	if err != nil {
		panic(err) // never: crypto/rand ends the process instead
	}
	out := kit.ConnectorTarget{
		Name: "fakeconnector", BaseURL: c.URL(),
		Publish: t.publish, Revoke: t.revoke, Rotate: t.rotate, Forward: t.forward, SetWakeURL: t.setWakeURL,
		Identity: t.identity, Invite: t.invite, Arrive: t.arrive, LinkCode: t.linkCode, SetView: t.setView,
		Manage: ManageBodies(), InstanceKey: &kit.InstanceKey{Key: key, ID: id},
	}
	for n := range tenants {
		for i := range instances {
			id := fmt.Sprintf("gw-%d-%d", n, i)
			if i == instances-1 {
				id = fmt.Sprintf("gw:%d:%d", n, i)
			}
			g := c.AddGateway(fakeconnector.Gateway{ID: id, Tenant: fmt.Sprintf("tenant-%d", n), Platform: "discord", BotID: fmt.Sprintf("bot-%d", n)})
			out.Gateways = append(out.Gateways, kit.ConnectorGateway{ID: g.ID, Secret: g.Secret, Tenant: g.Tenant, Instance: g.Instance, Platform: g.Platform, BotID: g.BotID})
		}
	}
	return out
}

type target struct {
	c atomic.Pointer[fakeconnector.Connector]
}

// fake is the connector that runs now.
func (t *target) fake() *fakeconnector.Connector { return t.c.Load() }

func (t *target) publish(_ context.Context, instance string, e kit.PublishedEvent) error {
	_, err := t.fake().Publish(instance, Event(e))
	return err
}

// Event is what the fake publishes for what a platform told.
func Event(e kit.PublishedEvent) protocol.Event {
	some := func(s string) (o protocol.Opt[string]) {
		if s != "" {
			o = protocol.Some(s)
		}
		return o
	}
	return protocol.Event{Text: e.Text, MessageID: some(e.MessageID), Source: protocol.Source{
		Platform: e.Platform, ChatID: e.ChatID, ChatType: e.ChatType, ChatName: some(e.ChatName), ThreadID: some(e.ThreadID),
		UserID: some(e.UserID), UserIDAlt: some(e.UserIDAlt), UserName: some(e.UserName), GuildID: some(e.Scope), MessageID: some(e.MessageID),
	}}
}

func (t *target) revoke(_ context.Context, gatewayID string) error { return t.fake().Revoke(gatewayID) }

func (t *target) rotate(_ context.Context, gatewayID string) (string, error) {
	g, err := t.fake().Rotate(gatewayID)
	return g.Secret, err
}

func (t *target) forward(_ context.Context, instance string, r kit.ForwardedRequest) error {
	f := protocol.Forward{Platform: r.Platform, BotID: r.BotID, Method: r.Method, Path: r.Path, Headers: r.Headers, BodyB64: base64.StdEncoding.EncodeToString(r.Body)}
	_, err := t.fake().Forward(instance, f)
	var ping struct{ Type int }
	if err != nil && json.Unmarshal(r.Body, &ping) == nil && ping.Type == 1 {
		return nil // which the fake keeps to itself by an error
	}
	return err
}

func (t *target) setWakeURL(_ context.Context, gatewayID, url string) error {
	return t.fake().SetWakeURL(gatewayID, url)
}
