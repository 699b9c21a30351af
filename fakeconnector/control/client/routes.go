package client

import (
	"context"
	"net/url"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// Info tells what is running.
func (c *Client) Info(ctx context.Context) (api.Info, error) {
	return do[api.Info](ctx, c, call{method: "GET", path: "/info"})
}

// Namespaces lists them.
func (c *Client) Namespaces(ctx context.Context) (api.Namespaces, error) {
	return do[api.Namespaces](ctx, c, call{method: "GET", path: "/namespaces"})
}

// CreateNamespace begins one; [Client.In] is then the client for it.
func (c *Client) CreateNamespace(ctx context.Context, name string) (api.Namespace, error) {
	return do[api.Namespace](ctx, c, call{method: "POST", path: "/namespaces", body: api.NewNamespace{Name: name}})
}

// Namespace returns one.
func (c *Client) Namespace(ctx context.Context, name string) (api.Namespace, error) {
	return do[api.Namespace](ctx, c, call{method: "GET", path: at("namespaces", name)})
}

// DeleteNamespace ends one with everything in it.
func (c *Client) DeleteNamespace(ctx context.Context, name string) error {
	_, err := do[none](ctx, c, call{method: "DELETE", path: at("namespaces", name)})
	return err
}

// Snapshot returns the whole state, without secrets.
func (c *Client) Snapshot(ctx context.Context) (api.Snapshot, error) {
	return do[api.Snapshot](ctx, c, call{method: "GET", path: "/snapshot"})
}

// Reset puts the namespace back to how it began.
func (c *Client) Reset(ctx context.Context) (api.Namespace, error) {
	return do[api.Namespace](ctx, c, call{method: "POST", path: "/reset"})
}

// Tenants lists them.
func (c *Client) Tenants(ctx context.Context) (api.Tenants, error) {
	return do[api.Tenants](ctx, c, call{method: "GET", path: "/tenants"})
}

// CreateIdentityToken lets gateways of a tenant provision themselves.
func (c *Client) CreateIdentityToken(ctx context.Context, tenant string, n api.NewIdentityToken) (api.Token, error) {
	return do[api.Token](ctx, c, call{method: "POST", path: at("tenants", tenant, "identity-tokens"), body: n})
}

// DeleteIdentityTokens ends every identity token of a tenant.
func (c *Client) DeleteIdentityTokens(ctx context.Context, tenant string) (api.Removed, error) {
	return do[api.Removed](ctx, c, call{method: "DELETE", path: at("tenants", tenant, "identity-tokens")})
}

// CreateEnrollmentToken invites a gateway, once.
func (c *Client) CreateEnrollmentToken(ctx context.Context, tenant string, n api.NewEnrollmentToken) (api.Token, error) {
	return do[api.Token](ctx, c, call{method: "POST", path: at("tenants", tenant, "enrollment-tokens"), body: n})
}

// Gateways lists the records.
func (c *Client) Gateways(ctx context.Context) (api.Gateways, error) {
	return do[api.Gateways](ctx, c, call{method: "GET", path: "/gateways"})
}

// CreateGateway stores a record. Its secret is in the answer and is not shown again.
func (c *Client) CreateGateway(ctx context.Context, n api.NewGateway) (api.NewGatewayRecord, error) {
	return do[api.NewGatewayRecord](ctx, c, call{method: "POST", path: "/gateways", body: n})
}

// Gateway returns a record.
func (c *Client) Gateway(ctx context.Context, id string) (api.Gateway, error) {
	return do[api.Gateway](ctx, c, call{method: "GET", path: at("gateways", id)})
}

// DeleteGateway revokes a gateway and forgets its record.
func (c *Client) DeleteGateway(ctx context.Context, id string) error {
	_, err := do[none](ctx, c, call{method: "DELETE", path: at("gateways", id)})
	return err
}

// Rotate gives a gateway a new secret, which is in the answer and not shown again.
func (c *Client) Rotate(ctx context.Context, id string) (api.NewGatewayRecord, error) {
	return do[api.NewGatewayRecord](ctx, c, call{method: "POST", path: at("gateways", id, "rotate")})
}

// DropOldSecrets ends the rotation window of a gateway.
func (c *Client) DropOldSecrets(ctx context.Context, id string) error {
	_, err := do[none](ctx, c, call{method: "POST", path: at("gateways", id, "drop-old-secrets")})
	return err
}

// Revoke drops the secrets of a gateway and closes its session with 4401.
func (c *Client) Revoke(ctx context.Context, id string) error {
	_, err := do[none](ctx, c, call{method: "POST", path: at("gateways", id, "revoke")})
	return err
}

// CreateUpgradeToken mints a token to dial with.
func (c *Client) CreateUpgradeToken(ctx context.Context, id string, n api.NewUpgradeToken) (api.Token, error) {
	return do[api.Token](ctx, c, call{method: "POST", path: at("gateways", id, "upgrade-tokens"), body: n})
}

// Instances lists them with their states.
func (c *Client) Instances(ctx context.Context) (api.Instances, error) {
	return do[api.Instances](ctx, c, call{method: "GET", path: "/instances"})
}

// Instance returns one.
func (c *Client) Instance(ctx context.Context, id string) (api.Instance, error) {
	return do[api.Instance](ctx, c, call{method: "GET", path: at("instances", id)})
}

// Flip makes an instance buffered-only until its next handshake.
func (c *Client) Flip(ctx context.Context, id string) (api.Instance, error) {
	return do[api.Instance](ctx, c, call{method: "POST", path: at("instances", id, "flip")})
}

// Wake requests the wake URL of an instance, unless that was just done.
func (c *Client) Wake(ctx context.Context, id string) (api.Woken, error) {
	return do[api.Woken](ctx, c, call{method: "POST", path: at("instances", id, "wake")})
}

// Push delivers an event to an instance, live or into its buffer.
func (c *Client) Push(ctx context.Context, instance string, e api.Event) (api.Delivery, error) {
	return do[api.Delivery](ctx, c, call{method: "POST", path: at("instances", instance, "events"), body: e})
}

// Passthrough passes a platform's HTTP request on, which is given as it stands on the
// wire. platform and botID have defaults where they are empty: discord, and the bot of
// the instance's gateway.
func (c *Client) Passthrough(ctx context.Context, instance, platform, botID string, request []byte) (api.Delivery, error) {
	q := url.Values{}
	set(q, "platform", platform)
	set(q, "bot_id", botID)
	return do[api.Delivery](ctx, c, call{method: "POST", path: at("instances", instance, "passthrough"), query: q, body: request, contentType: "message/http"})
}

// Interrupt stops the turn of a session.
func (c *Client) Interrupt(ctx context.Context, instance string, i api.Interrupt) (api.Sent, error) {
	return do[api.Sent](ctx, c, call{method: "POST", path: at("instances", instance, "interrupts"), body: i})
}

// Sessions lists the open ones.
func (c *Client) Sessions(ctx context.Context) (api.Sessions, error) {
	return do[api.Sessions](ctx, c, call{method: "GET", path: "/sessions"})
}

// Session returns one.
func (c *Client) Session(ctx context.Context, id string) (api.Session, error) {
	return do[api.Session](ctx, c, call{method: "GET", path: at("sessions", id)})
}

// CloseSession ends one.
func (c *Client) CloseSession(ctx context.Context, id string, how api.Close) error {
	_, err := do[none](ctx, c, call{method: "POST", path: at("sessions", id, "close"), body: how})
	return err
}

// SendFrame sends any frame on a session. It is a value whose JSON has a type, or
// json.RawMessage.
func (c *Client) SendFrame(ctx context.Context, session string, frame any) (api.Sent, error) {
	return do[api.Sent](ctx, c, call{method: "POST", path: at("sessions", session, "frames"), body: frame})
}

// SendMessage sends one WebSocket message as it stands.
func (c *Client) SendMessage(ctx context.Context, session string, m api.Message) (api.Sent, error) {
	return do[api.Sent](ctx, c, call{method: "POST", path: at("sessions", session, "messages"), body: m})
}

// Bindings lists who may write to which instance.
func (c *Client) Bindings(ctx context.Context) (api.Bindings, error) {
	return do[api.Bindings](ctx, c, call{method: "GET", path: "/bindings"})
}

// BindAuthor binds an author to an instance.
func (c *Client) BindAuthor(ctx context.Context, instance string, a api.Author) error {
	_, err := do[none](ctx, c, call{method: "PUT", path: at("bindings", "authors", instance, a.Platform, a.UserID)})
	return err
}

// UnbindAuthor ends that.
func (c *Client) UnbindAuthor(ctx context.Context, instance string, a api.Author) error {
	_, err := do[none](ctx, c, call{method: "DELETE", path: at("bindings", "authors", instance, a.Platform, a.UserID)})
	return err
}

// Grant grants a scope of a platform to an instance.
func (c *Client) Grant(ctx context.Context, g api.Grant) error {
	_, err := do[none](ctx, c, call{method: "PUT", path: at("bindings", "grants", g.Instance, g.Platform, g.Scope)})
	return err
}

// ReleaseGrant gives it back.
func (c *Client) ReleaseGrant(ctx context.Context, g api.Grant) error {
	_, err := do[none](ctx, c, call{method: "DELETE", path: at("bindings", "grants", g.Instance, g.Platform, g.Scope)})
	return err
}

// SetDMDefault gives the direct messages of those who are not bound to an instance.
func (c *Client) SetDMDefault(ctx context.Context, d api.DMDefault) error {
	_, err := do[none](ctx, c, call{method: "PUT", path: at("bindings", "dm-defaults", d.Instance, d.Platform)})
	return err
}

// DeleteDMDefault ends that.
func (c *Client) DeleteDMDefault(ctx context.Context, d api.DMDefault) error {
	_, err := do[none](ctx, c, call{method: "DELETE", path: at("bindings", "dm-defaults", d.Instance, d.Platform)})
	return err
}

// Principal says who besides bound authors a grant lets in.
func (c *Client) Principal(ctx context.Context, instance string) (api.Principal, error) {
	return do[api.Principal](ctx, c, call{method: "GET", path: at("instances", instance, "principal")})
}

// SetPrincipal sets that.
func (c *Client) SetPrincipal(ctx context.Context, instance string, p api.Principal) error {
	_, err := do[none](ctx, c, call{method: "PUT", path: at("instances", instance, "principal"), body: p})
	return err
}

// SetView says whether somebody is permitted to view a chat.
func (c *Client) SetView(ctx context.Context, v api.View) error {
	_, err := do[none](ctx, c, call{method: "POST", path: "/bindings/views", body: v})
	return err
}

// CreateLinkCode makes a code that binds whoever sends it to the bot.
func (c *Client) CreateLinkCode(ctx context.Context, instance string) (api.Code, error) {
	return do[api.Code](ctx, c, call{method: "POST", path: at("instances", instance, "link-codes")})
}

// CreateInstanceToken mints a token for the /manage routes.
func (c *Client) CreateInstanceToken(ctx context.Context, instance string, n api.NewInstanceToken) (api.Token, error) {
	return do[api.Token](ctx, c, call{method: "POST", path: at("instances", instance, "instance-tokens"), body: n})
}

// Deprovision drops the bindings of an instance and revokes its gateways.
func (c *Client) Deprovision(ctx context.Context, instance string) error {
	_, err := do[none](ctx, c, call{method: "POST", path: at("instances", instance, "deprovision")})
	return err
}

// Publish lets the delivery gate decide who receives a post, and delivers it to them.
func (c *Client) Publish(ctx context.Context, p api.Post) (api.Published, error) {
	return do[api.Published](ctx, c, call{method: "POST", path: "/posts", body: p})
}

// Scopes lists which tenants a scope belongs to.
func (c *Client) Scopes(ctx context.Context) (api.Scopes, error) {
	return do[api.Scopes](ctx, c, call{method: "GET", path: "/bindings/scopes"})
}

// BindScope makes a scope belong to a tenant.
func (c *Client) BindScope(ctx context.Context, scope, tenant string) error {
	_, err := do[none](ctx, c, call{method: "PUT", path: at("bindings", "scopes", scope, tenant)})
	return err
}

// UnbindScope ends that.
func (c *Client) UnbindScope(ctx context.Context, scope, tenant string) error {
	_, err := do[none](ctx, c, call{method: "DELETE", path: at("bindings", "scopes", scope, tenant)})
	return err
}

// Policies lists what gateways declared.
func (c *Client) Policies(ctx context.Context) (api.Policies, error) {
	return do[api.Policies](ctx, c, call{method: "GET", path: "/policies"})
}

// SetPolicy declares a policy for a gateway, as its own request would.
func (c *Client) SetPolicy(ctx context.Context, gateway, platform string, p api.NewPolicy) error {
	_, err := do[none](ctx, c, call{method: "PUT", path: at("policies", gateway, platform), body: p})
	return err
}

// DeletePolicy takes it back.
func (c *Client) DeletePolicy(ctx context.Context, gateway, platform string) error {
	_, err := do[none](ctx, c, call{method: "DELETE", path: at("policies", gateway, platform)})
	return err
}

// Buffers lists the depth of every buffer that holds an entry.
func (c *Client) Buffers(ctx context.Context) (api.Buffers, error) {
	return do[api.Buffers](ctx, c, call{method: "GET", path: "/buffers"})
}

// Buffer returns what waits for an instance: at most limit entries, 0 for the default.
func (c *Client) Buffer(ctx context.Context, instance string, limit int) (api.Buffer, error) {
	q := url.Values{}
	setInt(q, "limit", int64(limit))
	return do[api.Buffer](ctx, c, call{method: "GET", path: at("buffers", instance), query: q})
}

// DiscardBuffer throws away what waits for an instance.
func (c *Client) DiscardBuffer(ctx context.Context, instance string) (api.Removed, error) {
	return do[api.Removed](ctx, c, call{method: "DELETE", path: at("buffers", instance)})
}

// Vault lists the capabilities that are kept, without their credentials.
func (c *Client) Vault(ctx context.Context) (api.Vault, error) {
	return do[api.Vault](ctx, c, call{method: "GET", path: "/vault"})
}

// PutCapability keeps one.
func (c *Client) PutCapability(ctx context.Context, n api.NewCapability) (api.Held, error) {
	return do[api.Held](ctx, c, call{method: "POST", path: "/vault", body: n})
}

// DeleteCapability takes one back. An empty kind is that of Discord's interaction tokens.
func (c *Client) DeleteCapability(ctx context.Context, tenant, sessionKey, kind string) error {
	q := url.Values{"tenant": {tenant}, "session_key": {sessionKey}}
	set(q, "kind", kind)
	_, err := do[none](ctx, c, call{method: "DELETE", path: "/vault", query: q})
	return err
}

// Faults lists every fault that there is, with its fields.
func (c *Client) Faults(ctx context.Context) (api.FaultKinds, error) {
	return do[api.FaultKinds](ctx, c, call{method: "GET", path: "/faults"})
}

// Stubs lists those in force.
func (c *Client) Stubs(ctx context.Context) (api.Stubs, error) {
	return do[api.Stubs](ctx, c, call{method: "GET", path: "/stubs"})
}

// CreateStub puts faults in force.
func (c *Client) CreateStub(ctx context.Context, n api.NewStub) (api.Stub, error) {
	return do[api.Stub](ctx, c, call{method: "POST", path: "/stubs", body: n})
}

// DeleteStubs takes every stub out of force.
func (c *Client) DeleteStubs(ctx context.Context) (api.Removed, error) {
	return do[api.Removed](ctx, c, call{method: "DELETE", path: "/stubs"})
}

// Stub returns one.
func (c *Client) Stub(ctx context.Context, id string) (api.Stub, error) {
	return do[api.Stub](ctx, c, call{method: "GET", path: at("stubs", id)})
}

// DeleteStub takes one out of force and lets go of what it holds.
func (c *Client) DeleteStub(ctx context.Context, id string) error {
	_, err := do[none](ctx, c, call{method: "DELETE", path: at("stubs", id)})
	return err
}

// Release lets go of what a stub holds, stalls or keeps half open.
func (c *Client) Release(ctx context.Context, id string, r api.Release) (api.Released, error) {
	return do[api.Released](ctx, c, call{method: "POST", path: at("stubs", id, "release"), body: r})
}

// Journal returns a part of the journal.
func (c *Client) Journal(ctx context.Context, q Query) (api.Entries, error) {
	return do[api.Entries](ctx, c, call{method: "GET", path: "/journal", query: q.values()})
}

// Wait waits until the first entry matches, at most timeout, and returns it. What came
// instead is in the problem of status 408.
func (c *Client) Wait(ctx context.Context, q Query, timeout time.Duration) (api.Entry, error) {
	found, err := c.WaitN(ctx, q, 1, timeout)
	if err != nil {
		return api.Entry{}, err
	}
	return found[0], nil
}

// WaitN is Wait for n entries.
func (c *Client) WaitN(ctx context.Context, q Query, n int, timeout time.Duration) ([]api.Entry, error) {
	values := q.values()
	values.Del("limit")
	values.Del("last")
	setInt(values, "count", int64(n))
	values.Set("timeout", timeout.String())
	found, err := do[api.Entries](ctx, c, call{method: "GET", path: "/journal/wait", query: values})
	return found.Entries, err
}
