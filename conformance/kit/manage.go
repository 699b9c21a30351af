package kit

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// Manage writes the bodies of this connector's /manage requests.
func (p *P) Manage() *ManageBodies { return p.bench.target.Manage }

// As is the value of the Authorization header with which a gateway calls the routes that
// take an upgrade token.
func (p *P) As(g ConnectorGateway) string { return Bearer(p.Token(g)) }

// managed sends a /manage request that the case needs done.
func (p *P) managed(g ConnectorGateway, route, body string) {
	if a := p.Post(route, body, p.As(g)); !a.OK() {
		p.lost(protocol.RuleManageAuth, "a 2xx answer to POST "+route+" with an upgrade token", a.String())
	}
}

// undo does a /manage request when the case has ended, whatever becomes of it.
func (p *P) undo(g ConnectorGateway, route, body string) {
	p.Cleanup(func() {
		if !p.revoked[g.ID] {
			_, _ = p.post(route, body, []string{p.As(g)})
		}
	})
}

// Link binds an author to a gateway's instance.
func (p *P) Link(g ConnectorGateway, userID string) {
	p.managed(g, protocol.RouteManageLink, p.Manage().Link(g.Platform, userID))
}

// Grant grants a scope to a gateway's instance, until the case ends.
func (p *P) Grant(g ConnectorGateway, scope string) {
	p.managed(g, protocol.RouteManageScope, p.Manage().Scope(g.Platform, scope))
	p.undo(g, protocol.RouteManageScopeRelease, p.Manage().Scope(g.Platform, scope))
}

// Release gives a scope back.
func (p *P) Release(g ConnectorGateway, scope string) {
	p.managed(g, protocol.RouteManageScopeRelease, p.Manage().Scope(g.Platform, scope))
}

// Principal sets the principal policy of a gateway's instance, until the case ends.
func (p *P) Principal(g ConnectorGateway, policy string, allowed ...string) {
	p.undo(g, protocol.RouteManagePrincipal, p.Manage().Principal("owner-only", g.Platform))
	p.managed(g, protocol.RouteManagePrincipal, p.Manage().Principal(policy, g.Platform, allowed...))
}

// Deprovision drops a gateway's instance. The gateway is not used again.
func (p *P) Deprovision(g ConnectorGateway) {
	p.revoked[g.ID] = true
	p.managed(g, protocol.RouteManageDeprovision, p.Manage().Deprovision())
}

// PolicyBody is the body of a policy request.
func PolicyBody(platform string, requireAddress bool, free []string, otherBots bool) string {
	scopes, _ := json.Marshal(append([]string{}, free...))
	return fmt.Sprintf(`{"platform":%q,"requireAddress":%v,"freeResponseScopes":%s,"allowOtherBots":%v}`, platform, requireAddress, scopes, otherBots)
}

// Declare declares a policy for a gateway's platform, until the case ends.
func (p *P) Declare(g ConnectorGateway, requireAddress bool, free []string, otherBots bool) {
	p.undo(g, protocol.RoutePolicy, PolicyBody(g.Platform, false, nil, false))
	if a := p.Post(protocol.RoutePolicy, PolicyBody(g.Platform, requireAddress, free, otherBots), p.As(g)); a.Status != 200 {
		p.lost(protocol.RulePolicyReplaces, "HTTP 200 to a good policy request", a.String())
	}
}

// LinkCode is a code by which an author binds himself to a gateway's instance.
func (p *P) LinkCode(g ConnectorGateway) (code string) {
	p.operate("getting a link code", func(ctx context.Context) (err error) {
		code, err = p.bench.target.LinkCode(ctx, g.Instance)
		return err
	})
	p.bench.secret(code)
	return code
}

// Hide takes a chat from the view of somebody on a gateway's platform, until the case ends.
func (p *P) Hide(g ConnectorGateway, userID, chatID string) {
	set := func(can bool) {
		p.operate("taking a chat from somebody's view", func(ctx context.Context) error {
			return p.bench.target.SetView(ctx, g.Platform, userID, chatID, can)
		})
	}
	set(false)
	p.Cleanup(func() { _ = p.judge(func() { set(true) }) })
}

// Arrive makes events happen on a platform, that of the case's own gateway unless they name
// another, and the connector decide who receives them.
func (p *P) Arrive(events ...*Published) {
	for _, e := range events {
		if e.Platform == "" {
			e.Platform = p.Me().Platform
		}
		p.note("  %s writes %q in %s", e.UserID, clip(e.Text), e.ChatID)
		p.tape.Lock()
		for _, g := range p.cast.all() {
			p.touched[g.Instance] = true // whoever it went to
		}
		p.tape.Unlock()
		p.stimulus()
		p.operate("letting an event arrive", func(ctx context.Context) error { return p.bench.target.Arrive(ctx, e.PublishedEvent) })
	}
}

// SameChat makes another event in the chat of this one, by somebody.
func (p *P) SameChat(e *Published, userID, words string) *Published {
	out := p.Event(words)
	out.Platform, out.ChatID, out.ChatType, out.ChatName, out.Scope = e.Platform, e.ChatID, e.ChatType, e.ChatName, e.Scope
	out.UserID = userID
	return out
}

// InstanceToken is a good instance token of a gateway's instance, by the standard library.
func (p *P) InstanceToken(g ConnectorGateway, change map[string]any) string {
	return p.JWT(map[string]any{"alg": "RS256"}, p.InstanceClaims(g, change), p.RS256)
}

// InstanceClaims are the claims of a good instance token, with some of them changed, or
// taken out where the value is nil.
func (p *P) InstanceClaims(g ConnectorGateway, change map[string]any) map[string]any {
	now := time.Now().Unix()
	claims := map[string]any{"aud": "agent:" + g.Instance, "iat": now, "exp": now + tokenLife}
	maps.Copy(claims, p.bench.target.InstanceKey.Claims)
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

// JWT is a token with these members; the kid of the connector's key is put in its header.
func (p *P) JWT(header, claims map[string]any, sign func(input string) []byte) string {
	if id := p.bench.target.InstanceKey.ID; id != "" {
		header["kid"] = id
	}
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			p.Harness(err, "writing a JWT")
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	input := part(header) + "." + part(claims)
	token := input + "." + base64.RawURLEncoding.EncodeToString(sign(input))
	p.bench.secret(token)
	return token
}

// RS256 signs with the connector's key.
func (p *P) RS256(input string) []byte { return p.Sign(p.bench.target.InstanceKey.Key, input) }

// Sign signs with a key of one's own.
func (p *P) Sign(key *rsa.PrivateKey, input string) []byte {
	sum := sha256.Sum256([]byte(input))
	out, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		p.Harness(err, "signing a JWT")
	}
	return out
}

// InstancePublicKey verifies instance tokens; everybody can have it.
func (p *P) InstancePublicKey() *rsa.PublicKey { return &p.bench.target.InstanceKey.Key.PublicKey }
