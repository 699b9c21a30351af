package reference

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"github.com/relaykit/relaykit/protocol"
)

// Credentials are what provisioning and enrolment give out.
type Credentials struct {
	GatewayID   string
	Secret      string // signs the upgrade tokens
	DeliveryKey string // verifies the superseded HTTP deliveries
	Tenant      string
}

// provisionBody is the request of /relay/provision. Optional members are left out when
// unset, never null or empty; gatewayEndpoint is empty when there is none.
type provisionBody struct {
	GatewayID       string   `json:"gatewayId"`
	Platform        string   `json:"platform"`
	BotID           string   `json:"botId"`
	GatewayEndpoint string   `json:"gatewayEndpoint"`
	RouteKeys       []string `json:"routeKeys"`
	InstanceID      string   `json:"instanceId,omitempty"`
	WakeURL         string   `json:"wakeUrl,omitempty"`
}

// Provision asks the connector for credentials, with the owner's identity token. The
// tenant is the connector's to decide, from that token. Provisioning again rotates the
// secret. (Contract, section "Provisioning".) Any 2xx with a secret is a success.
//
// A running gateway provisions itself, see [Gateway.Run]; this is for those who want
// the credentials in their own hands.
func Provision(ctx context.Context, config Config) (Credentials, error) {
	config, err := config.orDefaults()
	if err != nil {
		return Credentials{}, err
	}
	if config.Identity == nil {
		return Credentials{}, ErrNoIdentity
	}
	token, err := config.Identity(ctx)
	if err != nil {
		return Credentials{}, err
	}
	body := provisionBody{
		GatewayID: config.GatewayID, Platform: config.Platform, BotID: config.BotID,
		GatewayEndpoint: config.Endpoint, RouteKeys: append([]string{}, config.RouteKeys...),
		InstanceID: config.InstanceID, WakeURL: config.WakeURL,
	}
	ctx, cancel := context.WithTimeout(ctx, config.Bounds.HTTP)
	defer cancel()
	clean := newRedactor(token)
	status, answer, err := post(ctx, config.HTTPClient, config.URL, protocol.RouteProvision, token, body)
	if err != nil {
		return Credentials{}, clean.error(err)
	}
	return credentialsOf(protocol.RouteProvision, config.GatewayID, status, answer, clean)
}

// credentialsOf reads the answer of the two routes that give out credentials. The
// connector may name another gateway id than it was asked for; then that one counts.
func credentialsOf(route, gatewayID string, status int, body []byte, clean *redactor) (Credentials, error) {
	if status < 200 || status > 299 {
		return Credentials{}, refused(route, "a 2xx", status, body, clean)
	}
	got := object(body)
	if got.text("secret") == "" {
		return Credentials{}, fmt.Errorf("POST %s: expected a JSON object with a secret, got %d bytes without one", route, len(body))
	}
	c := Credentials{
		GatewayID: firstOf(got.text("gatewayId"), gatewayID), Secret: got.text("secret"),
		DeliveryKey: got.text("deliveryKey"), Tenant: got.text("tenant"),
	}
	if strings.ContainsFunc(c.Secret+c.DeliveryKey+c.GatewayID, unicode.IsControl) {
		return Credentials{}, fmt.Errorf("POST %s: expected credentials in plain characters, got control characters among them", route)
	}
	return c, nil
}

// boot gets the gateway ready to dial.
//
// Contract, sections "Provisioning" and "Policy":
//
//   - A gateway provisions itself when no secret is pinned and an identity token
//     resolves. A pinned secret is respected. The credentials stay in memory.
//   - Then it declares its policy, at every boot, once it has a secret.
//   - Any failure is logged, and boot goes on.
func (g *Gateway) boot(ctx context.Context) {
	if g.config.Secret == "" && g.config.Identity != nil {
		got, err := Provision(ctx, g.config)
		if err != nil {
			g.log.Warn("not provisioned; going on without", "error", err)
		} else {
			g.mu.Lock()
			g.config.GatewayID, g.config.Secret, g.config.DeliveryKey = got.GatewayID, got.Secret, got.DeliveryKey
			g.mu.Unlock()
			g.redactor.add(got.Secret, got.DeliveryKey)
			g.log.Info("provisioned", "gateway_id", got.GatewayID, "tenant", got.Tenant)
		}
	}
	if g.config.Policy != nil && g.config.Secret != "" {
		if err := g.declare(ctx, *g.config.Policy); err != nil {
			g.log.Warn("policy not declared; going on", "error", err)
		} else {
			g.log.Info("policy declared", "platform", g.config.Policy.Platform)
		}
	}
}

// declare sends the policy, a full replacement. 200 is the only success.
func (g *Gateway) declare(ctx context.Context, p Policy) error {
	ctx, cancel := context.WithTimeout(ctx, g.bounds.HTTP)
	defer cancel()
	status, answer, err := post(ctx, g.config.HTTPClient, g.config.URL, protocol.RoutePolicy, g.mintToken(), p)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return refused(protocol.RoutePolicy, "200", status, answer, g.redactor)
	}
	return nil
}
