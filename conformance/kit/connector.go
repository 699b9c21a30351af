package kit

import (
	"context"
	"crypto/rsa"
	"errors"
	"strings"

	"github.com/gorilla/websocket"
)

// ConnectorTarget is a connector under test: where it is, who may dial it, and how the
// suite plays the platforms and the operator behind it. Nothing else of it is known.
type ConnectorTarget struct {
	Name, Version string
	// BaseURL is what a gateway of this connector is configured with (contract, section
	// "Connecting"); the suite dials it itself.
	BaseURL string
	Dialer  *websocket.Dialer // nil for the default one
	// Gateways are stored records that the suite alone uses. Each has an instance of its
	// own. Several of one tenant and several tenants let more cases run, also at once.
	Gateways []ConnectorGateway

	// Publish makes an event of a platform happen that the connector delivers to an
	// instance. It returns when the connector has sent or buffered it. Where no platform of
	// the connector has such an event, as a direct message without a chat, the error is
	// [ErrNotOffered].
	Publish func(ctx context.Context, instance string, e PublishedEvent) error
	// Revoke locks a gateway out at once: its secrets verify no more, and its open sockets
	// are closed, as after a deprovisioning. The gateway is not used again.
	Revoke func(ctx context.Context, gatewayID string) error

	// What a target need not offer; the cases that need it are not applicable then.

	// Rotate gives a gateway a new secret, beside which the old one goes on verifying.
	Rotate func(ctx context.Context, gatewayID string) (secret string, err error)
	// Forward makes a platform's HTTP request arrive that is passed on to an instance, on
	// the terms of Publish. A request that the connector keeps to itself is no error.
	Forward func(ctx context.Context, instance string, r ForwardedRequest) error
	// SetWakeURL registers the URL by which the gateway's instance is woken; an empty one
	// takes it back.
	SetWakeURL func(ctx context.Context, gatewayID, url string) error

	// Restart ends the connector's process, starts the next one on what the first has
	// stored, the records of Gateways included, and returns its base URL. No case beside
	// the one that asks for it is under way.
	Restart func(ctx context.Context) (baseURL string, err error)

	// Identity is an identity token of a tenant, by which a new gateway gets its
	// credentials. With it, the tenants of Gateways are named as the connector names them.
	Identity func(ctx context.Context, tenant string) (token string, err error)
	// Invite is an enrolment token of a tenant, which is good for one use.
	Invite func(ctx context.Context, tenant string) (token string, err error)

	// Arrive makes an event of a platform happen, past no gate: the connector decides who
	// receives it. It returns when the connector has decided, and sent or buffered it.
	Arrive func(ctx context.Context, e PublishedEvent) error
	// LinkCode is a code by which an author binds himself to an instance.
	LinkCode func(ctx context.Context, instance string) (code string, err error)
	// SetView says whether somebody is permitted to view a chat.
	SetView func(ctx context.Context, platform, userID, chatID string, can bool) error

	// Manage writes the bodies of this connector's /manage requests, which the contract
	// leaves open.
	Manage *ManageBodies
	// InstanceKey signs instance tokens that this connector accepts.
	InstanceKey *InstanceKey
}

// ManageBodies writes the bodies of /manage requests. Each is a JSON object.
type ManageBodies struct {
	Link        func(platform, userID string) string
	Scope       func(platform, scope string) string // also of a release; the scope is a chat or a server
	Principal   func(policy, platform string, allowed ...string) string
	Deprovision func() string
}

// InstanceKey is the private key behind a connector's key set, and what its tokens say
// beside the audience and the times.
type InstanceKey struct {
	Key    *rsa.PrivateKey
	ID     string         // the kid of a token; empty for none
	Claims map[string]any // such as iss, where the connector asks for it
}

// ConnectorGateway is a stored record of the connector's. The tenant and the instance are
// names by which the suite tells records apart; no frame carries them.
type ConnectorGateway struct {
	ID, Secret       string
	Tenant, Instance string
	Platform, BotID  string // what its hello says
}

// ErrNotOffered is what a function of a target wraps when the connector has no means for
// just this call, such as an event of a platform that it does not serve.
var ErrNotOffered = errors.New("the target does not offer this")

// PublishedEvent is what a platform tells its connector. Empty members are not known.
type PublishedEvent struct {
	Text      string `json:"text"`
	Platform  string `json:"platform,omitempty"` // empty for the gateway's own
	ChatID    string `json:"chat_id"`
	ChatType  string `json:"chat_type"`
	ChatName  string `json:"chat_name,omitempty"`
	ThreadID  string `json:"thread_id,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	UserIDAlt string `json:"user_id_alt,omitempty"`
	UserName  string `json:"user_name,omitempty"`
	Scope     string `json:"scope,omitempty"` // the Discord server or Slack workspace
	MessageID string `json:"message_id,omitempty"`
	Addressed bool   `json:"addressed,omitempty"` // the agent's bot is mentioned; Arrive alone looks at it
	Bot       bool   `json:"bot,omitempty"`       // the author is a bot; likewise
}

// ForwardedRequest is an HTTP request of a platform.
type ForwardedRequest struct {
	Platform string      `json:"platform"`
	BotID    string      `json:"botId"`
	Method   string      `json:"method"`
	Path     string      `json:"path"`
	Headers  [][2]string `json:"headers"`
	Body     []byte      `json:"body"`
}

// ProbeNeeds is what a connector-side case asks of its target. A case that asks for
// nothing has one gateway of its own.
type ProbeNeeds struct {
	Peers     int  // further gateways of the same tenant, each another instance
	Strangers int  // gateways of another tenant
	Colon     bool // a gateway whose id holds a colon
	// Spends: the gateway cannot be used after the case, which therefore runs after those
	// that leave theirs whole.
	Spends bool
	Offers Offers
}

// Offers says which of its functions a target has.
type Offers struct {
	Publish, Revoke, Rotate, Forward, Wake              bool
	Identity, Invite                                    bool
	Arrive, LinkCode, View                              bool
	ManageLink, ManageScope, ManagePrincipal, ManageEnd bool
	InstanceKey, Restart                                bool
}

// Offers are the target's own.
func (t ConnectorTarget) Offers() Offers {
	o := Offers{
		Publish: t.Publish != nil, Revoke: t.Revoke != nil, Rotate: t.Rotate != nil, Forward: t.Forward != nil, Wake: t.SetWakeURL != nil,
		Identity: t.Identity != nil, Invite: t.Invite != nil,
		Arrive: t.Arrive != nil, LinkCode: t.LinkCode != nil, View: t.SetView != nil, InstanceKey: t.InstanceKey != nil,
		Restart: t.Restart != nil,
	}
	if m := t.Manage; m != nil {
		o.ManageLink, o.ManageScope, o.ManagePrincipal, o.ManageEnd = m.Link != nil, m.Scope != nil, m.Principal != nil, m.Deprovision != nil
	}
	return o
}

// Lacks names what o has and has does not, as words for a reader; empty for nothing.
func (o Offers) Lacks(has Offers) string {
	var lacking []string
	for _, x := range []struct {
		needs, has bool
		words      string
	}{
		{o.Publish, has.Publish, "to publish an event"},
		{o.Revoke, has.Revoke, "to revoke a gateway"},
		{o.Rotate, has.Rotate, "to rotate a gateway's secret"},
		{o.Forward, has.Forward, "to forward a request"},
		{o.Wake, has.Wake, "to register a wake URL"},
		{o.Identity, has.Identity, "an identity token"},
		{o.Invite, has.Invite, "an enrolment token"},
		{o.Arrive, has.Arrive, "to let the gate decide about an event"},
		{o.LinkCode, has.LinkCode, "a link code"},
		{o.View, has.View, "to take a chat from somebody's view"},
		{o.ManageLink, has.ManageLink, "the body of /manage/link"},
		{o.ManageScope, has.ManageScope, "the body of /manage/scope"},
		{o.ManagePrincipal, has.ManagePrincipal, "the body of /manage/principal"},
		{o.ManageEnd, has.ManageEnd, "the body of /manage/deprovision"},
		{o.Restart, has.Restart, "to restart it"},
		{o.InstanceKey, has.InstanceKey, "a key that signs instance tokens"},
	} {
		if x.needs && !x.has {
			lacking = append(lacking, x.words)
		}
	}
	return strings.Join(lacking, " and ")
}
