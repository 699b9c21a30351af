package kit

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/relaykit/relaykit/fakeconnector"
)

// Lend puts a capability for a session of this gateway into the connector's vault.
func (g *G) Lend(sessionKey, kind string) {
	credential := g.ids.next("credential")
	g.bench.Secret(credential)
	g.Connector().Vault().Put(fakeconnector.Capability{Tenant: g.Gateway().Record.Tenant, SessionKey: sessionKey, Kind: kind, Credential: credential})
}

// IsFollowUp matches a follow_up for a session.
func IsFollowUp(sessionKey string) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		o := newOutbound(e)
		var key string
		return o != nil && o.Op == "follow_up" && json.Unmarshal(o.Action["session_key"], &key) == nil && key == sessionKey
	}
}

// DriveFollowUp asks the driver for a follow_up and returns the frame that came of it, and
// what the caller was told.
func (g *G) DriveFollowUp(sessionKey, kind, content string) (*Outbound, json.RawMessage) {
	after := g.Mark()
	told := g.Drive("gateway/follow_up", map[string]any{"session_key": sessionKey, "kind": kind, "content": content}, g.Timing.Answer)
	e := g.AwaitAfter(after, g.Timing.Answer, "an outbound follow_up", func(e fakeconnector.Entry) bool {
		o := newOutbound(e)
		return o != nil && o.Op == "follow_up" && o.Content == content
	})
	return newOutbound(e), told
}

// WantText checks a member of an action that is a string.
func (g *G) WantText(o *Outbound, member, want string) {
	var got string
	if json.Unmarshal(o.Action[member], &got) != nil || got != want {
		g.Mismatch(fmt.Sprintf("%q at /action/%s", want, member), fmt.Sprintf("%.120s", o.Action[member]), actionText(o))
	}
	g.observation()
}

// WantNowhere checks that no message of the gateway's since the mark contains a text.
func (g *G) WantNowhere(text, what string) {
	for _, e := range g.Connector().Journal().Since(g.mark) {
		if IsGatewayMessage(e) && bytes.Contains(e.Message.Payload, []byte(text)) {
			g.Mismatch("no frame of the gateway to carry "+what, shown(e))
		}
	}
	g.observation()
}
