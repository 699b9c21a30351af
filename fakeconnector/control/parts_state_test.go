package control_test

import (
	"slices"
	"testing"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/protocol"
)

func bindingsPart(t *testing.T, r *controlled) {
	c := r.client
	r.add(t, "b")
	r.add(t, "b2")
	owner := api.Author{Platform: "discord", UserID: "U1"}
	must(t, c.BindAuthor(within(t), "inst-b", owner))
	grant := api.Grant{Platform: "discord", Scope: "G1", Instance: "inst-b"}
	must(t, c.Grant(within(t), grant))
	status(t, c.Grant(within(t), api.Grant{Platform: "discord", Scope: "G1", Instance: "inst-b2"}), 409, "path.scope")
	direct := api.DMDefault{Platform: "discord", Instance: "inst-b"}
	must(t, c.SetDMDefault(within(t), direct))
	must(t, c.SetPrincipal(within(t), "inst-b", api.Principal{Principal: "allow-list", Allow: []api.Author{{Platform: "discord", UserID: "U2"}}}))
	principal, err := c.Principal(within(t), "inst-b")
	must(t, err)
	if principal.Principal != "allow-list" || len(principal.Allow) != 1 {
		t.Errorf("expected the list, got %+v", principal)
	}
	all, err := c.Bindings(within(t))
	must(t, err)
	if len(all.Authors) != 1 || all.Authors[0].Instance != "inst-b" || !slices.Contains(all.Grants, grant) || !slices.Contains(all.DMDefaults, direct) {
		t.Errorf("expected what was bound, got %+v", all)
	}
	post := func(user string) api.Published {
		t.Helper()
		p, err := c.Publish(within(t), api.Post{Event: api.Event{Text: "hi", Source: protocol.Source{Platform: "discord", ChatID: "C1", ChatType: "channel",
			GuildID: protocol.Some("G1"), UserID: protocol.Some(user)}}, Addressed: true})
		must(t, err)
		return p
	}
	if p := post("U1"); p.Deliveries["inst-b"].BufferID == "" || p.Deliveries["inst-b"].SessionKey != "agent:main:discord:channel:C1:U1" {
		t.Errorf("expected the owner's post in the buffer, got %+v", p)
	}
	if p := post("U2"); len(p.Deliveries) != 1 {
		t.Errorf("expected the post of one on the list to be delivered, got %+v", p)
	}
	if p := post("U3"); len(p.Deliveries) != 0 || len(p.Decision.Verdicts) != 1 {
		t.Errorf("expected the post of a stranger to be dropped with a verdict, got %+v", p)
	}
	must(t, c.SetView(within(t), api.View{Hidden: api.Hidden{Author: owner, Chat: "C1"}, Can: false}))
	all, err = c.Bindings(within(t))
	must(t, err)
	if !slices.Contains(all.Hidden, api.Hidden{Author: owner, Chat: "C1"}) ||
		!slices.ContainsFunc(all.Principals, func(p api.PrincipalOf) bool { return p.Instance == "inst-b" && p.Principal.Principal == "allow-list" }) {
		t.Errorf("expected the hidden chat and the principal policy in the list, got %+v", all)
	}
	if p := post("U2"); len(p.Deliveries) != 0 {
		t.Errorf("expected nothing from a chat that the owner cannot view, got %+v", p)
	}
	code, err := c.CreateLinkCode(within(t), "inst-b2")
	must(t, err)
	linked, err := c.Publish(within(t), api.Post{Event: api.Event{Text: "/link " + code.Code, Source: protocol.Source{Platform: "discord", ChatID: "D1", UserID: protocol.Some("U9")}}})
	must(t, err)
	if linked.Decision.Linked != "inst-b2" {
		t.Errorf("expected the code to bind its sender, got %+v", linked)
	}
	must(t, c.UnbindAuthor(within(t), "inst-b", owner))
	status(t, c.UnbindAuthor(within(t), "inst-b", owner), 404, "path.user_id")
	must(t, c.ReleaseGrant(within(t), grant))
	status(t, c.ReleaseGrant(within(t), grant), 404, "path.scope")
	must(t, c.DeleteDMDefault(within(t), direct))
	status(t, c.DeleteDMDefault(within(t), direct), 404, "path.platform")

	must(t, c.BindScope(within(t), "G 7/8", "acme"))
	scopes, err := c.Scopes(within(t))
	must(t, err)
	if !slices.ContainsFunc(scopes.Scopes, func(x api.Scope) bool { return x.Scope == "G 7/8" && slices.Equal(x.Tenants, []string{"acme"}) }) {
		t.Errorf("expected the scope, got %+v", scopes)
	}
	must(t, c.UnbindScope(within(t), "G 7/8", "acme"))
	status(t, c.UnbindScope(within(t), "G 7/8", "acme"), 404, "path.scope")
}

func policiesPart(t *testing.T, r *controlled) {
	c := r.client
	r.add(t, "p")
	must(t, c.SetPolicy(within(t), "p", "discord", api.NewPolicy{RequireAddress: true, FreeResponseScopes: []string{"C9"}}))
	must(t, c.SetPolicy(within(t), "p", "slack", api.NewPolicy{AllowOtherBots: true}))
	must(t, c.SetPolicy(within(t), "p", "slack", api.NewPolicy{})) // as a whole
	list, err := c.Policies(within(t))
	must(t, err)
	mine := slices.DeleteFunc(list.Policies, func(p api.Policy) bool { return p.Gateway != "p" })
	if len(mine) != 2 || !mine[0].RequireAddress || !slices.Equal(mine[0].FreeResponseScopes, []string{"C9"}) || mine[1].AllowOtherBots {
		t.Errorf("expected two policies, the second replaced, got %+v", mine)
	}
	must(t, c.DeletePolicy(within(t), "p", "slack"))
	status(t, c.DeletePolicy(within(t), "p", "slack"), 404, "path.platform")
}

func buffersPart(t *testing.T, r *controlled) {
	c := r.client
	made := r.add(t, "buf")
	for _, text := range []string{"one", "two"} {
		d, err := c.Push(within(t), "inst-buf", event("Cbuf", text))
		must(t, err)
		if d.BufferID == "" || d.Session != "" {
			t.Errorf("expected a delivery to wait, got %+v", d)
		}
	}
	list, err := c.Buffers(within(t))
	must(t, err)
	if !slices.ContainsFunc(list.Buffers, func(b api.Buffer) bool { return b.Instance == "inst-buf" && b.Total == 2 }) {
		t.Errorf("expected a buffer of two, got %+v", list)
	}
	buffer, err := c.Buffer(within(t), "inst-buf", 1)
	must(t, err)
	frame, _ := buffer.Entries[0].Frame.(map[string]any)
	if buffer.Total != 2 || len(buffer.Entries) != 1 || frame["type"] != "inbound" {
		t.Errorf("expected one entry of two, got %+v", buffer)
	}
	snapshot, err := c.Snapshot(within(t))
	must(t, err)
	if !slices.ContainsFunc(snapshot.Buffers, func(b api.Buffer) bool { return b.Instance == "inst-buf" && len(b.Entries) == 2 }) {
		t.Errorf("expected the buffer in the snapshot, got %+v", snapshot.Buffers)
	}
	gone, err := c.DiscardBuffer(within(t), "inst-buf")
	must(t, err)
	if gone.Removed != 2 {
		t.Errorf("expected two entries to go, got %+v", gone)
	}
	// What comes next is drained to the gateway as if nothing had been.
	three, err := c.Push(within(t), "inst-buf", event("Cbuf", "three"))
	must(t, err)
	r.dial(made)
	_, err = c.Wait(within(t), client.Query{Filter: api.Filter{Type: "inbound_ack", BufferID: three.BufferID}}, bound)
	must(t, err)
}

func vaultPart(t *testing.T, r *controlled) {
	c := r.client
	n := api.NewCapability{Tenant: "acme", SessionKey: "agent:main:relay:dm:C1", Credential: "the-platform-credential"}
	kept, err := c.PutCapability(within(t), n)
	must(t, err)
	if kept.Kind != "discord.interaction_token" || kept.Expires != nil {
		t.Errorf("expected the usual kind, for ever, got %+v", kept)
	}
	list, err := c.Vault(within(t))
	must(t, err)
	if !slices.Contains(list.Capabilities, kept) {
		t.Errorf("expected the capability, got %+v", list)
	}
	must(t, c.DeleteCapability(within(t), n.Tenant, n.SessionKey, ""))
	status(t, c.DeleteCapability(within(t), n.Tenant, n.SessionKey, ""), 404, "query.session_key")
}

func stubsPart(t *testing.T, r *controlled) {
	c := r.client
	kinds, err := c.Faults(within(t))
	must(t, err)
	if !slices.ContainsFunc(kinds.Faults, func(k api.FaultKind) bool { return k.Name == "close" && slices.Contains(k.Points, "frame") }) {
		t.Errorf("expected the faults, got %+v", kinds)
	}
	made := r.add(t, "st")
	r.dial(made)
	held, err := c.CreateStub(within(t), api.NewStub{ID: "keep", Match: api.Match{Gateway: "st", Type: "outbound"}, Every: 1, Faults: []api.Fault{fault("hold", nil)}})
	must(t, err)
	if held.ID != "keep" || held.Hits != 0 {
		t.Errorf("expected a stub that has not acted, got %+v", held)
	}
	_, err = c.CreateStub(within(t), api.NewStub{ID: "keep", Every: 1, Faults: []api.Fault{fault("hold", nil)}})
	status(t, err, 409, "body.id")
	_, err = c.CreateStub(within(t), api.NewStub{Every: 1, Faults: []api.Fault{fault("close", map[string]any{"cod": 1})}})
	status(t, err, 422, "body.faults[0]")
	_, err = c.CreateStub(within(t), api.NewStub{Every: 1, Match: api.Match{Point: "dial"}, Faults: []api.Fault{fault("close", nil)}})
	status(t, err, 422, "body.match")

	d, err := c.Push(within(t), "inst-st", event("Cst", "hi"))
	must(t, err)
	_, err = c.Wait(within(t), client.Query{After: d.Mark, Filter: api.Filter{Kinds: []string{"fault"}, Gateway: "st"}}, bound)
	must(t, err)
	_, err = c.Release(within(t), "keep", api.Release{At: new(int(7))})
	status(t, err, 422, "body.at")
	released, err := c.Release(within(t), "keep", api.Release{})
	must(t, err)
	if released.Released != 1 {
		t.Errorf("expected the held answer to go, got %+v", released)
	}
	_, err = c.Wait(within(t), client.Query{After: d.Mark, Filter: api.Filter{Type: "outbound_result", Gateway: "st"}}, bound)
	must(t, err)
	one, err := c.Stub(within(t), "keep")
	must(t, err)
	if one.Hits != 1 || one.Held != 0 {
		t.Errorf("expected one hit and nothing held, got %+v", one)
	}
	must(t, c.DeleteStub(within(t), "keep"))
	status(t, c.DeleteStub(within(t), "keep"), 404, "path.stub")
	_, err = c.CreateStub(within(t), api.NewStub{Every: 1, Faults: []api.Fault{fault("duplicate", nil)}, Match: api.Match{Type: "descriptor", Gateway: "nobody"}})
	must(t, err)
	list, err := c.Stubs(within(t))
	must(t, err)
	gone, err := c.DeleteStubs(within(t))
	must(t, err)
	if len(list.Stubs) != 1 || gone.Removed != 1 {
		t.Errorf("expected one stub, and it to go, got %+v and %+v", list, gone)
	}
}
