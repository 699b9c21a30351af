package control_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// status expects an error of the API with a status, and with a field that it names.
func status(t *testing.T, err error, want int, location string) {
	t.Helper()
	var p *api.Problem
	if !errors.As(err, &p) || p.Status != want {
		t.Errorf("expected a problem of status %d, got %v", want, err)
		return
	}
	if location != "" && !slices.ContainsFunc(p.Errors, func(e api.FieldError) bool { return e.Location == location }) {
		t.Errorf("expected the problem to name %s, got %v", location, p)
	}
}

// add makes a gateway in a part of its own.
func (r *controlled) add(t *testing.T, id string) api.NewGatewayRecord {
	t.Helper()
	made, err := r.client.CreateGateway(within(t), api.NewGateway{ID: id, Tenant: "tenant-" + id, Instance: "inst-" + id})
	must(t, err)
	return made
}

func namespacesPart(t *testing.T, r *controlled) {
	c := r.client
	info, err := c.Info(within(t))
	must(t, err)
	if info.Version != "test" || info.RelayURL != r.Front.URL() {
		t.Errorf("expected what runs here, got %+v", info)
	}
	one, err := c.CreateNamespace(within(t), "one")
	must(t, err)
	_, err = c.CreateNamespace(within(t), "one")
	status(t, err, 409, "body.name")
	inOne := c.In("one")
	_, err = inOne.CreateGateway(within(t), api.NewGateway{ID: "gw-ns"})
	must(t, err)
	_, err = c.Gateway(within(t), "gw-ns")
	status(t, err, 404, "path.gateway")
	again, err := inOne.Reset(within(t))
	must(t, err)
	if again.Epoch == one.Epoch || again.Gateways != 0 {
		t.Errorf("expected a reset namespace, got %+v after %+v", again, one)
	}
	snapshot, err := inOne.Snapshot(within(t))
	must(t, err)
	if snapshot.Namespace.Name != "one" || len(snapshot.Gateways) != 0 {
		t.Errorf("expected an empty namespace, got %+v", snapshot)
	}
	if got, err := c.Namespace(within(t), "one"); err != nil || got.Epoch != again.Epoch {
		t.Errorf("expected the namespace as it was reset, got %+v, %v", got, err)
	}
	must(t, c.DeleteNamespace(within(t), "one"))
	_, err = inOne.Snapshot(within(t))
	status(t, err, 404, "query.namespace")
	status(t, c.DeleteNamespace(within(t), "default"), 409, "path.name")
	list, err := c.Namespaces(within(t))
	must(t, err)
	if len(list.Namespaces) != 1 || list.Namespaces[0].Name != "default" {
		t.Errorf("expected the default namespace alone, got %+v", list)
	}
}

func tenantsPart(t *testing.T, r *controlled) {
	c := r.client
	token, err := c.CreateIdentityToken(within(t), "acme", api.NewIdentityToken{})
	must(t, err)
	own, err := c.CreateIdentityToken(within(t), "acme", api.NewIdentityToken{Token: "my-own-identity-token"})
	must(t, err)
	if len(token.Token) < 32 || own.Token != "my-own-identity-token" {
		t.Errorf("expected a token that was made and the own one, got %q and %q", token.Token, own.Token)
	}
	tenants, err := c.Tenants(within(t))
	must(t, err)
	if i := slices.IndexFunc(tenants.Tenants, func(x api.Tenant) bool { return x.Tenant == "acme" }); i < 0 || tenants.Tenants[i].IdentityTokens != 2 {
		t.Errorf("expected a tenant with two tokens, got %+v", tenants)
	}
	invitation, err := c.CreateEnrollmentToken(within(t), "acme", api.NewEnrollmentToken{TTL: api.Duration(time.Hour)})
	must(t, err)
	body := strings.NewReader(`{"enrollmentToken":"` + invitation.Token + `","gatewayId":"gw-enrolled"}`)
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, r.Front.URL()+"/relay/enroll", body)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+token.Token)
	resp, err := r.calls.next.RoundTrip(req)
	must(t, err)
	_ = resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("expected the invitation to let a gateway in, got %s", resp.Status)
	}
	gone, err := c.DeleteIdentityTokens(within(t), "acme")
	must(t, err)
	if gone.Removed != 2 {
		t.Errorf("expected two tokens to go, got %+v", gone)
	}
	_, err = c.DeleteIdentityTokens(within(t), "acme")
	status(t, err, 404, "path.tenant")
}

func gatewaysPart(t *testing.T, r *controlled) {
	c := r.client
	made := r.add(t, "g")
	_, err := c.CreateGateway(within(t), api.NewGateway{ID: "g"})
	status(t, err, 409, "body.id")
	over := r.dial(made)
	got, err := c.Gateway(within(t), "g")
	must(t, err)
	if got.Session == "" || got.Tenant != "tenant-g" {
		t.Errorf("expected a record with its session, got %+v", got)
	}
	rotated, err := c.Rotate(within(t), "g")
	must(t, err)
	if rotated.Secret == made.Secret || len(rotated.Secret) < 32 {
		t.Errorf("expected another secret")
	}
	must(t, c.DropOldSecrets(within(t), "g"))
	token, err := c.CreateUpgradeToken(within(t), "g", api.NewUpgradeToken{TTL: api.Duration(time.Minute)})
	must(t, err)
	if len(token.Token) < 32 {
		t.Errorf("expected a token, got %q", token.Token)
	}
	must(t, c.Revoke(within(t), "g"))
	<-over
	closed, err := c.Wait(within(t), client.Query{Filter: api.Filter{Kinds: []string{"closed"}, Gateway: "g"}}, bound)
	must(t, err)
	if closed.Close.Code != 4401 {
		t.Errorf("expected the revoked gateway's session to close with 4401, got %+v", closed.Close)
	}
	_, err = c.CreateUpgradeToken(within(t), "g", api.NewUpgradeToken{})
	status(t, err, 409, "path.gateway")
	must(t, c.DeleteGateway(within(t), "g"))
	status(t, c.DeleteGateway(within(t), "g"), 404, "path.gateway")
	list, err := c.Gateways(within(t))
	must(t, err)
	if slices.ContainsFunc(list.Gateways, func(x api.Gateway) bool { return x.ID == "g" }) {
		t.Errorf("expected the record to be gone, got %+v", list)
	}
}

func instancesPart(t *testing.T, r *controlled) {
	c := r.client
	woken := make(chan struct{}, 1)
	waker := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { woken <- struct{}{} }))
	defer waker.Close()
	made, err := c.CreateGateway(within(t), api.NewGateway{ID: "i", Tenant: "tenant-i", Instance: "inst-i", WakeURL: waker.URL})
	must(t, err)
	ctx := within(t)
	state := func(want string) { // it follows the descriptor, at once or when an older session has been read to its end
		t.Helper()
		for {
			got, err := c.Instance(ctx, "inst-i")
			if err != nil {
				t.Fatalf("expected the instance to be %s, got %v", want, err)
			}
			if got.State == want {
				return
			}
		}
	}
	state("away")
	r.dial(made)
	state("live")
	flipped, err := c.Flip(within(t), "inst-i")
	must(t, err)
	if flipped.State != "flipped" || flipped.Session != "" {
		t.Errorf("expected a flipped instance, got %+v", flipped)
	}
	first, err := c.Wake(within(t), "inst-i")
	must(t, err)
	<-woken
	second, err := c.Wake(within(t), "inst-i")
	must(t, err)
	if !first.Requested || second.Requested {
		t.Errorf("expected one request within the cooldown, got %v and %v", first, second)
	}
	list, err := c.Instances(within(t))
	must(t, err)
	if !slices.ContainsFunc(list.Instances, func(x api.Instance) bool { return x.ID == "inst-i" && slices.Equal(x.Gateways, []string{"i"}) }) {
		t.Errorf("expected the instance in the list, got %+v", list)
	}
	_, err = c.Instance(within(t), "nobody")
	status(t, err, 404, "path.instance")
	r.dial(made) // takes the place of the first
	state("live")
	token, err := c.CreateInstanceToken(within(t), "inst-i", api.NewInstanceToken{})
	must(t, err)
	if strings.Count(token.Token, ".") != 2 {
		t.Errorf("expected a JWT, got %q", token.Token)
	}
	must(t, c.Deprovision(within(t), "inst-i"))
	status(t, c.Deprovision(within(t), "inst-i"), 404, "path.instance")
}

func deliveriesPart(t *testing.T, r *controlled) {
	c := r.client
	made := r.add(t, "d")
	r.dial(made)
	d, err := c.Push(within(t), "inst-d", event("Cd", "hi"))
	must(t, err)
	if d.SessionKey != "agent:main:discord:dm:Cd" || d.Session == "" {
		t.Errorf("expected a live delivery, got %+v", d)
	}
	_, err = c.Wait(within(t), client.Query{After: d.Mark, Filter: api.Filter{Type: "outbound", ChatID: "Cd", Text: "^echo: hi$"}}, bound)
	must(t, err)

	request := "POST /interactions HTTP/1.1\r\nX-Trace: 1\r\nx-other: a\r\nX-Trace: 2\r\n\r\n{\"type\":2,\"id\":\"I1\",\"channel_id\":\"Cd\",\"token\":\"interaction-token-1\",\"data\":{\"name\":\"model\"},\"user\":{\"id\":\"U1\"}}"
	p, err := c.Passthrough(within(t), "inst-d", "", "", []byte(request))
	must(t, err)
	sent, err := c.Wait(within(t), client.Query{After: p.Mark, Filter: api.Filter{Type: "passthrough_forward"}}, bound)
	must(t, err)
	for _, part := range []string{`[["X-Trace","1"],["x-other","a"],["X-Trace","2"]]`, `"method":"POST"`, `"path":"/interactions"`, `"platform":"discord"`} {
		if !strings.Contains(sent.Frame.Text, part) {
			t.Errorf("expected %s in the forward, got %s", part, sent.Frame.Text)
		}
	}
	_, err = c.Passthrough(within(t), "inst-d", "", "", []byte("no request"))
	status(t, err, 422, "body")

	i, err := c.Interrupt(within(t), "inst-d", api.Interrupt{SessionKey: d.SessionKey, ChatID: "Cd"})
	must(t, err)
	_, err = c.Wait(within(t), client.Query{After: i.Mark, Filter: api.Filter{Type: "interrupt_inbound", SessionKey: d.SessionKey}}, bound)
	must(t, err)
	r.add(t, "away")
	_, err = c.Interrupt(within(t), "inst-away", api.Interrupt{SessionKey: "k", ChatID: "C"})
	status(t, err, 409, "path.instance")
}

func sessionsPart(t *testing.T, r *controlled) {
	c := r.client
	made := r.add(t, "s")
	over := r.dial(made)
	list, err := c.Sessions(within(t))
	must(t, err)
	i := slices.IndexFunc(list.Sessions, func(x api.Session) bool { return x.Gateway == "s" })
	if i < 0 || !list.Sessions[i].Live || !list.Sessions[i].Handshake {
		t.Fatalf("expected the gateway's session, got %+v", list)
	}
	id := list.Sessions[i].ID
	one, err := c.Session(within(t), id)
	must(t, err)
	if one.ID != id || one.Since.IsZero() {
		t.Errorf("expected the session, got %+v", one)
	}
	frame, err := c.SendFrame(within(t), id, map[string]any{"type": "x_later", "member": 1})
	must(t, err)
	_, err = c.Wait(within(t), client.Query{After: frame.Mark, Filter: api.Filter{Type: "x_later", Session: id}}, bound)
	must(t, err)
	message, err := c.SendMessage(within(t), id, api.Message{Text: "{half", Binary: true})
	must(t, err)
	sent, err := c.Wait(within(t), client.Query{After: message.Mark, Filter: api.Filter{Kinds: []string{"message"}, Session: id, Dir: "connector"}}, bound)
	must(t, err)
	if sent.Message.Opcode != "binary" || sent.Message.Text != "{half" {
		t.Errorf("expected the message as it stood, got %+v", sent.Message)
	}
	_, err = c.SendMessage(within(t), id, api.Message{Text: "a", Bytes: []byte("b")})
	status(t, err, 422, "body")
	must(t, c.CloseSession(within(t), id, api.Close{Code: 4000, Reason: "enough"}))
	<-over
	closed, err := c.Wait(within(t), client.Query{Filter: api.Filter{Kinds: []string{"closed"}, Session: id}}, bound)
	must(t, err)
	if closed.Close.Code != 4000 || closed.Close.By != "connector" || closed.Close.Reason != "enough" {
		t.Errorf("expected our close, got %+v", closed.Close)
	}
	_, err = c.Session(within(t), "s9999")
	status(t, err, 404, "path.session")
}

func journalPart(t *testing.T, r *controlled) {
	c := r.client
	made := r.add(t, "j")
	r.dial(made)
	d, err := c.Push(within(t), "inst-j", event("Cj", "hi"))
	must(t, err)
	echo, err := c.Wait(within(t), client.Query{After: d.Mark, Filter: api.Filter{Type: "outbound", ChatID: "Cj"}}, bound)
	must(t, err)
	last, err := c.Journal(within(t), client.Query{Filter: api.Filter{Type: "outbound", Gateway: "j"}, Limit: 1, Last: true})
	must(t, err)
	if len(last.Entries) != 1 || last.Entries[0].Seq != echo.Seq || last.Mark < echo.Seq {
		t.Errorf("expected the echo, got %+v", last)
	}
	first, err := c.Journal(within(t), client.Query{Limit: 2})
	must(t, err)
	rest, err := c.Journal(within(t), client.Query{Limit: 2, After: first.Next})
	must(t, err)
	if len(first.Entries) != 2 || len(rest.Entries) != 2 || rest.Entries[0].Seq != first.Entries[1].Seq+1 {
		t.Errorf("expected pages without a gap, got %+v and %+v", first.Entries, rest.Entries)
	}
	_, err = c.Wait(within(t), client.Query{After: echo.Seq, Filter: api.Filter{Type: "outbound", ChatID: "nobody"}}, time.Millisecond)
	status(t, err, http.StatusRequestTimeout, "")
	_, err = c.Wait(within(t), client.Query{Filter: api.Filter{Text: "("}}, time.Second)
	status(t, err, 422, "query.text")

	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	for e, err := range c.Follow(ctx, client.Query{Filter: api.Filter{Type: "outbound", Gateway: "j"}}) {
		must(t, err)
		if e.Seq != echo.Seq || e.Frame.Type != "outbound" {
			t.Errorf("expected the echo on the stream, got %+v", e)
		}
		break
	}
	var export strings.Builder
	must(t, c.Export(within(t), &export))
	if strings.Contains(export.String(), made.Secret) || !strings.Contains(export.String(), "echo: hi") || strings.Count(export.String(), "\n") < 10 {
		t.Errorf("expected the journal without secrets, got %d bytes", export.Len())
	}
	if _, err := c.Journal(within(t), client.Query{Filter: api.Filter{Kinds: []string{"dial", "upgraded"}}}); err != nil {
		t.Error(err)
	}
}
