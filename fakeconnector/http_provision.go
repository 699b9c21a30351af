package fakeconnector

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// Provisioned is what the HTTP routes have told the connector about a gateway, beside its
// record.
type Provisioned struct {
	DeliveryKey string // signs the superseded HTTP delivery; empty for one that was added by hand
	Endpoint    string // of that delivery
	RouteKeys   []string
	DisplayName string // since 2026-07-25
	Policies    map[string]Policy
}

// provisioned is what a record keeps for the HTTP routes.
type provisioned struct {
	Provisioned
	since map[string]bool // platforms that have asked since the secret was last rotated
}

// Provisioned returns what is known about a gateway from the HTTP routes, and whether
// there is such a gateway.
func (c *Connector) Provisioned(id string) (Provisioned, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.record(id)
	if err != nil {
		return Provisioned{}, false
	}
	p := r.provisioned.Provisioned
	p.RouteKeys = slices.Clone(p.RouteKeys)
	p.Policies = clonePolicies(p.Policies)
	return p, true
}

// admitted is what a caller asks for who may have credentials.
type admitted struct {
	tenant, gatewayID, platform, botID string
	instance, wakeURL                  string
	provisioned                        Provisioned
}

// serveProvision answers POST /relay/provision (contract, section "Provisioning"): 401
// for an identity that is not known, 400 for a body that is wrong, 403 for a gateway or
// an instance of another tenant. Nothing is changed then.
func (c *Connector) serveProvision(r *httpRequest) *Answer {
	tenant, refused := c.tenant(r.Request)
	if refused != nil {
		return refused
	}
	b := r.object()
	a := admitted{tenant: tenant, gatewayID: b.name("gatewayId"), platform: b.name("platform"), botID: b.text("botId")}
	a.provisioned.Endpoint, a.provisioned.RouteKeys = b.text("gatewayEndpoint"), b.texts("routeKeys")
	a.instance, a.wakeURL = b.optional("instanceId"), b.optional("wakeUrl")
	a.provisioned.DisplayName = b.optional("displayName")
	if refused := b.done(c.lenient); refused != nil {
		return refused
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	rec, refused := c.admit(a)
	if refused != nil {
		return refused
	}
	return jsonAnswer(http.StatusOK, map[string]any{
		"secret": rec.Secret, "deliveryKey": rec.provisioned.DeliveryKey, "tenant": rec.Tenant,
		"gatewayId": rec.ID, "routeKeys": rec.provisioned.RouteKeys,
	})
}

// admit gives a gateway credentials. It needs c.mu.
//
// A gateway that asks again gets a new secret; older ones keep verifying for the rotation
// window, which lasts until [Connector.DropOldSecrets]. Its several platforms share one:
// only a platform that has asked before rotates it.
func (c *Connector) admit(a admitted) (*record, *Answer) {
	if strings.ContainsFunc(a.gatewayID, unicode.IsControl) {
		return nil, jsonError(http.StatusBadRequest, "expected gatewayId without control characters")
	}
	rec, known := c.records[a.gatewayID]
	if known && rec.Tenant != a.tenant {
		return nil, jsonError(http.StatusForbidden, "the gateway id is taken by another tenant")
	}
	instance := a.instance
	if instance == "" && !known {
		instance = "inst-" + a.gatewayID // the default of AddGateway
	}
	for _, other := range c.records {
		if instance != "" && other.Instance == instance && other.Tenant != a.tenant {
			return nil, jsonError(http.StatusForbidden, "the instance is one of another tenant")
		}
	}
	switch {
	case !known && len(c.records) >= c.limits.Gateways:
		return nil, jsonError(http.StatusTooManyRequests, fmt.Sprintf("expected at most %d gateways", c.limits.Gateways))
	case !known:
		c.addGateway(Gateway{ID: a.gatewayID, Tenant: a.tenant, Instance: a.instance, Platform: a.platform, BotID: a.botID, WakeURL: a.wakeURL})
		rec = c.records[a.gatewayID]
	default:
		if len(rec.secrets) == 0 || rec.provisioned.since == nil || rec.provisioned.since[a.platform] {
			c.rotate(rec)
			rec.provisioned.since = nil
		}
		before := rec.Instance
		rec.front(a)
		if rec.Instance != before {
			c.byInstance = nil
		}
	}
	if rec.provisioned.since == nil {
		rec.provisioned.since = map[string]bool{}
	}
	rec.provisioned.since[a.platform] = true
	p := &rec.provisioned.Provisioned
	if p.DeliveryKey == "" {
		p.DeliveryKey = newSecret()
		c.hideOf(rec.ID, p.DeliveryKey)
	}
	p.Endpoint, p.RouteKeys, p.DisplayName = a.provisioned.Endpoint, a.provisioned.RouteKeys, a.provisioned.DisplayName
	return rec, nil
}

// front takes over what a known gateway says about itself.
func (r *record) front(a admitted) {
	if a.platform == "" { // an enrolment says nothing about it
		return
	}
	if a.platform == r.Platform {
		r.BotID, r.named = a.botID, Identity{a.platform, a.botID}
	} else if one := (Identity{a.platform, a.botID}); !slices.Contains(r.Fronts, one) {
		// A new slice: sessions hold the old one.
		r.Fronts = append(slices.DeleteFunc(slices.Clone(r.Fronts), func(i Identity) bool { return i.Platform == a.platform }), one)
	}
	if a.instance != "" {
		r.Instance = a.instance
	}
	r.WakeURL = a.wakeURL
}
