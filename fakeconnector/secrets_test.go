package fakeconnector

import (
	"strings"
	"testing"
	"time"
)

// A secret is hidden for as long as it is one, and then for as long as the journal may hold
// it; after that it is forgotten, or a process of weeks would know all that it ever minted.
func TestSecretsAreForgottenInTheEnd(t *testing.T) {
	const entries = 50
	clock := &handClock{now: time.Unix(1_750_000_000, 0)}
	c := New(WithClock(clock), WithLimits(Limits{JournalEntries: entries}))
	defer c.Close()
	g := c.AddGateway(Gateway{ID: "gw-1", Instance: "inst-1"})
	gone := c.AddGateway(Gateway{ID: "gw-2"})
	token := func(ttl time.Duration) string {
		t.Helper()
		token, err := c.InstanceToken("inst-1", ttl)
		must(t, err)
		return token
	}
	code := func() string {
		t.Helper()
		code, err := c.LinkCode("inst-1")
		must(t, err)
		return code
	}
	keep := func(id, credential string, expires time.Time) string {
		c.Vault().Put(Capability{Tenant: "t", SessionKey: id, Kind: "k", Credential: credential, Expires: expires})
		return credential
	}
	short, long := clock.Now().Add(20*time.Minute), clock.Now().Add(48*time.Hour)
	live := map[string]string{
		"a gateway's secret": g.Secret, "an instance token": token(48 * time.Hour), "an invitation": c.EnrollmentToken("t", 48*time.Hour),
		"an invitation for ever": c.EnrollmentToken("t", 0), "an identity token": c.IdentityToken("t"),
		"a credential": keep("k1", "lasting-credential", long), "a credential for ever": keep("k2", "eternal-credential", time.Time{}),
	}
	claims, err := c.SignInstanceToken(map[string]any{"aud": "x"})
	must(t, err)
	live["a token without an end"] = claims
	removed := c.IdentityToken("t")
	over := map[string]string{
		"a removed gateway's secret": gone.Secret, "an instance token": token(20 * time.Minute), "a link code": code(),
		"an invitation": c.EnrollmentToken("t", 20*time.Minute), "an identity token": removed, "a credential": keep("k3", "passing-credential", short),
	}
	hidden := func(when string, secrets map[string]string, want bool) {
		t.Helper()
		for name, secret := range secrets {
			if got := !strings.Contains(c.Redact("x "+secret+" y"), secret); got != want {
				t.Errorf("%s: expected %s to be hidden: %v, got %v", when, name, want, got)
			}
		}
	}
	note := func(n int) {
		for range n {
			c.journal.one(Entry{Kind: KindNote, Note: "x"})
		}
	}
	// pass lets all go that has ended: seen to have, and then gone from the journal.
	pass := func() {
		c.secrets.Sweep()
		note(entries)
		c.secrets.Sweep()
	}
	pass()
	hidden("all live", live, true)
	hidden("none over", over, true)

	clock.advance(time.Hour)
	must(t, c.RemoveGateway("gw-2"))
	c.RemoveIdentity(removed)
	c.secrets.Sweep()
	hidden("in the journal", over, true)
	note(entries - 1)
	c.secrets.Sweep()
	hidden("all but one entry gone", over, true)
	note(1)
	c.secrets.Sweep()
	hidden("gone from the journal", over, false)
	hidden("still live", live, true)

	// What comes again is a secret again.
	c.AddGateway(gone)
	c.AddIdentity(removed, "t")
	hidden("again", map[string]string{"the gateway's secret": gone.Secret, "the identity token": removed}, true)
	pass()
	hidden("again, later", map[string]string{"the gateway's secret": gone.Secret, "the identity token": removed}, true)

	rotated, err := c.Rotate("gw-1")
	must(t, err)
	pass()
	hidden("rotated", map[string]string{"the new secret": rotated.Secret, "the old one, which verifies": g.Secret}, true)
	must(t, c.DropOldSecrets("gw-1"))
	must(t, c.Revoke("gw-1"))
	pass()
	hidden("revoked", map[string]string{"the secret": rotated.Secret, "the old one": g.Secret}, true)
}

// A record that gets an id is another one than those whose ids were chosen.
func TestMadeIDsLeaveChosenOnesAlone(t *testing.T) {
	c := started(t)
	chosen := c.AddGateway(Gateway{ID: "gw-1"})
	if made := c.AddGateway(Gateway{}); made.ID == chosen.ID {
		t.Errorf("expected another id than the chosen %s", chosen.ID)
	}
	if n := len(c.Gateways()); n != 2 {
		t.Errorf("expected 2 gateways, got %d", n)
	}
}

// Whoever mints without end sweeps: by each of the ways in which a secret comes that ends.
func TestMintingForgets(t *testing.T) {
	clock := &handClock{now: time.Unix(1_750_000_000, 0)}
	c := started(t, WithClock(clock), WithLimits(Limits{JournalEntries: 1}))
	c.AddGateway(Gateway{ID: "gw-1", Instance: "inst-1"})
	for name, mint := range map[string]func() string{
		"link codes": func() string {
			code, err := c.LinkCode("inst-1")
			must(t, err)
			return code
		},
		"credentials": func() string {
			credential := newSecret()
			c.Vault().Put(Capability{Tenant: "t", SessionKey: "k", Kind: "k", Credential: credential, Expires: clock.Now().Add(time.Minute)})
			return credential
		},
		"instance tokens": func() string {
			token, err := c.InstanceToken("inst-1", time.Minute)
			must(t, err)
			return token
		},
		"gateways, by what is requested": func() string {
			g := c.AddGateway(Gateway{})
			must(t, c.RemoveGateway(g.ID))
			request(t, c, "GET", "/healthz", "", "")
			return g.Secret
		},
	} {
		first := mint()
		for n := 0; !strings.Contains(c.Redact("x "+first), first); n++ {
			if n > 3000 { // far more than are held before a sweep is due
				t.Errorf("%s: expected the first of %d to be forgotten", name, n)
				break
			}
			clock.advance(time.Hour)
			c.journal.one(Entry{Kind: KindNote, Note: "x"})
			mint()
		}
	}
}
