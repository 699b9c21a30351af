package fakeconnector

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/relaykit/relaykit/fakeconnector/gate"
)

// Policy is what a gateway declares about relevance on one platform (contract, section
// "Policy").
type Policy = gate.Policy

// maxPolicies bounds the platforms of one gateway: the contract knows a dozen.
const maxPolicies = 64

// servePolicy answers POST /relay/policy: 401 for an upgrade token that is not good, 400
// for a body that is wrong. A policy replaces the one before for that gateway and
// platform as a whole; a gateway that is added anew begins without one.
func (c *Connector) servePolicy(r *httpRequest) *Answer {
	id := c.authenticate(r.Header.Values("Authorization"))
	if !id.ok {
		return jsonError(http.StatusUnauthorized, "expected an upgrade token: "+id.why)
	}
	b := r.object()
	p := Policy{Platform: b.name("platform"), RequireAddress: b.flag("requireAddress"),
		FreeResponseScopes: b.texts("freeResponseScopes"), AllowOtherBots: b.flag("allowOtherBots")}
	if refused := b.done(c.lenient); refused != nil {
		return refused
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	rec, err := c.record(id.gateway.ID)
	if err != nil {
		return jsonError(http.StatusUnauthorized, "the gateway is gone")
	}
	policies := &rec.provisioned.Policies
	if _, again := (*policies)[p.Platform]; !again && len(*policies) >= maxPolicies {
		return jsonError(http.StatusTooManyRequests, fmt.Sprintf("expected at most %d platforms", maxPolicies))
	}
	if *policies == nil {
		*policies = map[string]Policy{}
	}
	(*policies)[p.Platform] = p
	return jsonAnswer(http.StatusOK, map[string]any{})
}

func clonePolicies(of map[string]Policy) map[string]Policy {
	out := maps.Clone(of)
	for platform, p := range out {
		p.FreeResponseScopes = slices.Clone(p.FreeResponseScopes)
		out[platform] = p
	}
	return out
}
