package control

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/gate"
)

// SeedBindings is who may write to which instance of a configuration, as GET /bindings
// lists it.
type SeedBindings struct {
	Authors    []SeedBinding   `json:"authors,omitempty" nullable:"false" doc:"an author is the owner of the instance that it is bound to"`
	Grants     []SeedGrant     `json:"grants,omitempty" nullable:"false" doc:"scopes that are granted to an instance"`
	DMDefaults []SeedDMDefault `json:"dm_defaults,omitempty" nullable:"false" doc:"who has the direct messages of those who are not bound"`
	Principals []SeedPrincipal `json:"principals,omitempty" nullable:"false" doc:"who besides bound authors a grant lets in"`
	Hidden     []api.Hidden    `json:"hidden,omitempty" nullable:"false" doc:"what somebody is not permitted to view"`
}

// Len is how many entries there are.
func (b SeedBindings) Len() int {
	return len(b.Authors) + len(b.Grants) + len(b.DMDefaults) + len(b.Principals) + len(b.Hidden)
}

// SeedBinding binds an author to an instance.
type SeedBinding struct {
	Instance string `json:"instance" minLength:"1" maxLength:"256"`
	api.Author
}

// SeedGrant grants a scope of a platform to an instance.
type SeedGrant struct {
	Instance string `json:"instance" minLength:"1" maxLength:"256"`
	Platform string `json:"platform" minLength:"1" maxLength:"256"`
	Scope    string `json:"scope" minLength:"1" maxLength:"256"`
}

// SeedDMDefault gives the direct messages of a platform to an instance.
type SeedDMDefault struct {
	Instance string `json:"instance" minLength:"1" maxLength:"256"`
	Platform string `json:"platform" minLength:"1" maxLength:"256"`
}

// SeedPrincipal is the principal policy of an instance.
type SeedPrincipal struct {
	Instance string `json:"instance" minLength:"1" maxLength:"256"`
	api.Principal
}

// SeedPolicy is what a gateway declares for a platform.
type SeedPolicy struct {
	Gateway  string `json:"gateway" minLength:"1" maxLength:"256"`
	Platform string `json:"platform" minLength:"1" maxLength:"256"`
	api.NewPolicy
}

// rule is one entry of a seed about who receives what: how to put it in force, and how to
// take it back. One that is gone already, by hand, is not taken back.
type rule struct {
	place string // such as bindings.authors[0]
	about string // what there can be one of
	made  string // what tells it from any other; equal to the last letter, nothing has changed
	put   func(*fakeconnector.Connector) error
	take  func(*fakeconnector.Connector)
}

// rules of a seed, in the order in which they stand.
func (s Seed) rules() (out []rule) {
	// One that hangs on a gateway is made anew when the gateway's record changes.
	records := func(of func(api.NewGateway) bool) (text string) {
		for _, g := range s.Gateways {
			if of(g) {
				text += encoded(g)
			}
		}
		return text
	}
	of := func(instance string) string {
		return records(func(g api.NewGateway) bool {
			return g.Instance == instance || g.Instance == "" && "inst-"+g.ID == instance
		})
	}
	add := func(list string, i int, one, on string, about []string, put func(*fakeconnector.Connector) error, take func(*fakeconnector.Connector)) {
		out = append(out, rule{fmt.Sprintf("%s[%d]", list, i), list + encoded(about), list + one + on, put, take})
	}
	for i, b := range s.Bindings.Authors {
		author := gate.Author(b.Author)
		add("bindings.authors", i, encoded(b), of(b.Instance), []string{b.Instance, b.Platform, b.UserID},
			func(c *fakeconnector.Connector) error { return c.Gate().Bind(b.Instance, author) },
			func(c *fakeconnector.Connector) { _ = c.Gate().Unbind(b.Instance, author) })
	}
	for i, g := range s.Bindings.Grants {
		add("bindings.grants", i, encoded(g), of(g.Instance), []string{g.Platform, g.Scope},
			func(c *fakeconnector.Connector) error { return c.Gate().Grant(g.Instance, g.Platform, g.Scope) },
			func(c *fakeconnector.Connector) { _ = c.Gate().Release(g.Instance, g.Platform, g.Scope) })
	}
	for i, d := range s.Bindings.DMDefaults {
		add("bindings.dm_defaults", i, encoded(d), of(d.Instance), []string{d.Platform},
			func(c *fakeconnector.Connector) error { return c.Gate().SetDMDefault(d.Instance, d.Platform, true) },
			func(c *fakeconnector.Connector) { _ = c.Gate().SetDMDefault(d.Instance, d.Platform, false) })
	}
	for i, p := range s.Bindings.Principals {
		add("bindings.principals", i, encoded(p), of(p.Instance), []string{p.Instance},
			func(c *fakeconnector.Connector) error { return setPrincipal(c.Gate(), p.Instance, p.Principal) },
			func(c *fakeconnector.Connector) { _ = c.Gate().SetPrincipal(p.Instance, gate.OwnerOnly) })
	}
	for i, h := range s.Bindings.Hidden {
		author := gate.Author(h.Author)
		add("bindings.hidden", i, encoded(h), "", []string{h.Platform, h.UserID, h.Chat},
			func(c *fakeconnector.Connector) error { return c.Gate().SetView(author, h.Chat, false) },
			func(c *fakeconnector.Connector) { _ = c.Gate().SetView(author, h.Chat, true) })
	}
	for i, p := range s.Policies {
		on := records(func(g api.NewGateway) bool { return g.ID == p.Gateway })
		add("policies", i, encoded(p), on, []string{p.Gateway, p.Platform},
			func(c *fakeconnector.Connector) error {
				return c.SetPolicy(p.Gateway, fakeconnector.Policy{Platform: p.Platform, RequireAddress: p.RequireAddress,
					FreeResponseScopes: p.FreeResponseScopes, AllowOtherBots: p.AllowOtherBots})
			},
			func(c *fakeconnector.Connector) { c.RemovePolicy(p.Gateway, p.Platform) })
	}
	return out
}

// without are those that are not among others.
func without(rules, others []rule) (out []rule) {
	there := map[string]bool{}
	for _, r := range others {
		there[r.made] = true
	}
	for _, r := range rules {
		if !there[r.made] {
			out = append(out, r)
		}
	}
	return out
}

func encoded(v any) string {
	text, _ := json.Marshal(v) // a value of the API always encodes
	return string(text)
}

// mirror puts a space that nobody dials into the state of another one, as far as a seed
// touches it: a place to see whether a change can be made.
func mirror(space, m *Space) error {
	from, to := space.Connector, m.Connector
	var revoked []string
	for _, g := range from.Gateways() {
		to.AddGateway(g)
		if _, err := from.Token(g.ID, 0); err != nil {
			revoked = append(revoked, g.ID)
		}
		p, _ := from.Provisioned(g.ID)
		for _, policy := range p.Policies {
			if err := to.SetPolicy(g.ID, policy); err != nil {
				return err
			}
		}
	}
	// What is given to an instance stays so when its last gateway goes, but only to one
	// that has a gateway can it be given.
	have := func(instance, tenant string) {
		if _, err := to.Instance(instance); err != nil {
			revoked = append(revoked, to.AddGateway(fakeconnector.Gateway{Instance: instance, Tenant: tenant}).ID)
		}
	}
	var failed []error
	for _, b := range from.Gate().Bindings() {
		have(b.Instance, b.Tenant)
		failed = append(failed, to.Gate().Bind(b.Instance, b.Author))
	}
	for _, g := range from.Gate().Grants() {
		have(g.Instance, "")
		failed = append(failed, to.Gate().Grant(g.Instance, g.Platform, g.Scope))
	}
	for platform, instance := range from.Gate().DMDefaults() {
		have(instance, "")
		failed = append(failed, to.Gate().SetDMDefault(instance, platform, true))
	}
	for _, h := range from.Gate().Hidden() {
		failed = append(failed, to.Gate().SetView(h.Author, h.Chat, false))
	}
	for _, id := range revoked {
		failed = append(failed, to.Revoke(id))
	}
	for _, st := range space.stubs.all() {
		asked := st.NewStub
		asked.ID = st.ID
		_, err := m.stubs.add(to, asked)
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
