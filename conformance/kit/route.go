package kit

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// Answered is the answer to an HTTP request of the probe.
type Answered struct {
	Status int
	Header http.Header
	Body   []byte
	Fields map[string]json.RawMessage // of the body's object; nil if it is none
}

// maxAnswer bounds the body of an answer that is read. 1 MiB is much more than any of the
// contract's.
const maxAnswer = 1 << 20

func (a Answered) String() string { return fmt.Sprintf("HTTP %d %s", a.Status, clip(string(a.Body))) }

// OK reports a 2xx.
func (a Answered) OK() bool { return a.Status/100 == 2 }

// Text is a text member of the body, or empty.
func (a Answered) Text(name string) string { return text(a.Fields[name]) }

// Post sends a POST to a route of the connector, with these values of the Authorization
// header, which may be none.
func (p *P) Post(route, body string, authorization ...string) Answered {
	p.note("> POST %s %s", route, clip(body))
	p.stimulus()
	a, err := p.post(route, body, authorization)
	if err != nil {
		p.Mismatch("an answer to POST "+route, err.Error())
	}
	p.note("< %s", a)
	p.observation()
	return a
}

func (p *P) post(route, body string, authorization []string) (Answered, error) {
	ctx, cancel := context.WithTimeout(p.bench.ctx, p.Timing.Answer)
	defer cancel()
	base := p.URL("")
	for _, x := range [][2]string{{"wss://", "https://"}, {"ws://", "http://"}} {
		if rest, ok := strings.CutPrefix(base, x[0]); ok {
			base = x[1] + rest
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+route, strings.NewReader(body))
	if err != nil {
		return Answered{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header["Authorization"] = authorization
	client := http.Client{Transport: p.transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	if err != nil {
		return Answered{}, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(io.LimitReader(got.Body, maxAnswer))
	if err != nil {
		return Answered{}, fmt.Errorf("reading the body: %w", err)
	}
	a := Answered{Status: got.StatusCode, Header: got.Header, Body: text}
	_ = json.Unmarshal(text, &a.Fields)
	return a, nil
}

// transport reaches the connector as the dialer of the target does.
func (p *P) transport() *http.Transport {
	t := &http.Transport{DisableKeepAlives: true}
	if d := p.bench.target.Dialer; d != nil {
		t.Proxy, t.DialContext, t.TLSClientConfig = d.Proxy, d.NetDialContext, d.TLSClientConfig
	}
	return t
}

// Bearer is the value of an Authorization header.
func Bearer(token string) string { return "Bearer " + token }

// Refuses expects an answer that is no success, with one of these statuses if there are
// any, and a JSON object with error.
func (p *P) Refuses(a Answered, statuses ...int) {
	ok := !a.OK() && a.Status >= 300
	if len(statuses) > 0 {
		ok = false
		for _, s := range statuses {
			ok = ok || s == a.Status
		}
	}
	if !ok {
		want := "a status other than 2xx"
		if len(statuses) > 0 {
			want = strings.ReplaceAll(strings.Trim(fmt.Sprint(statuses), "[]"), " ", " or ")
		}
		p.Mismatch("HTTP "+strings.TrimPrefix(want, "HTTP "), a.String())
	}
	if _, there := a.Fields["error"]; !there {
		p.Mismatch("a JSON object with error", a.String())
	}
}

// Secret makes the run's redactor know a secret that a case came by.
func (p *P) Secret(secret string) { p.bench.secret(secret) }

// Identity is an identity token of a gateway's tenant.
func (p *P) Identity(g ConnectorGateway) (token string) {
	p.operate("getting an identity token", func(ctx context.Context) (err error) {
		token, err = p.bench.target.Identity(ctx, g.Tenant)
		return err
	})
	p.bench.secret(token)
	return token
}

// Invite is an enrolment token of a gateway's tenant.
func (p *P) Invite(g ConnectorGateway) (token string) {
	p.operate("getting an enrolment token", func(ctx context.Context) (err error) {
		token, err = p.bench.target.Invite(ctx, g.Tenant)
		return err
	})
	p.bench.secret(token)
	return token
}

// NewGateway is a gateway that the connector does not know yet, with an id of its own.
func (p *P) NewGateway(like ConnectorGateway) ConnectorGateway {
	return ConnectorGateway{ID: p.ids.next("gw"), Tenant: like.Tenant, Instance: p.ids.next("inst"), Platform: like.Platform, BotID: like.BotID}
}

// ProvisionBody is the body of a provision request for a gateway.
func ProvisionBody(g ConnectorGateway) string {
	return fmt.Sprintf(`{"gatewayId":%q,"platform":%q,"botId":%q,"gatewayEndpoint":"","routeKeys":["G1","G2"],"instanceId":%q}`, g.ID, g.Platform, g.BotID, g.Instance)
}

// Provision provisions a gateway with an identity token, and returns it with its secret.
func (p *P) Provision(g ConnectorGateway, identity string) (ConnectorGateway, Answered) {
	a := p.Post(protocol.RouteProvision, ProvisionBody(g), Bearer(identity))
	if g.Secret = a.Text("secret"); !a.OK() || g.Secret == "" {
		p.lost(protocol.RuleProvisionAnswer, "a secret in answer to a good provision request", a.String())
	}
	p.bench.secret(g.Secret)
	if id := a.Text("gatewayId"); id != "" {
		g.ID = id
	}
	return g, a
}
