package gate

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/protocol"
)

// records are the instances of a test: a and b of tenant 1, c of tenant 2.
type records struct{ policies map[string][]Policy }

func (r records) Tenant(instance string) (string, bool) {
	t, ok := map[string]string{"a": "1", "b": "1", "c": "2"}[instance]
	return t, ok
}

func (r records) Policies(instance, platform string) []Policy {
	if p, ok := r.policies[instance]; ok {
		return p
	}
	return []Policy{{Platform: platform}}
}

var (
	alice = Author{"discord", "alice"}
	bob   = Author{"discord", "bob"}
	carol = Author{"discord", "carol"}
)

func newGate(t *testing.T, policies map[string][]Policy) *Gate {
	t.Helper()
	g := New(records{policies}, time.Now, 1000)
	ok(t, g.Bind("a", alice))
	return g
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// post is one in the channel C1 of the server G1.
func post(a Author, change ...func(*Post)) Post {
	p := Post{Event: protocol.Event{Text: "hi", Source: protocol.Source{
		Platform: a.Platform, ChatID: "C1", ChatType: "channel", GuildID: protocol.Some("G1"), UserID: protocol.Some(a.UserID),
	}}}
	for _, c := range change {
		c(&p)
	}
	return p
}

func direct(p *Post) {
	p.Event.Source.ChatType, p.Event.Source.ChatID, p.Event.Source.GuildID = "dm", "D1", protocol.Opt[string]{}
}

func inThread(p *Post) {
	p.Event.Source.ThreadID, p.Event.Source.ParentChatID = protocol.Some("T1"), protocol.Some("P1")
}

func TestLayers(t *testing.T) {
	strict := func(free ...string) map[string][]Policy {
		return map[string][]Policy{"a": {{RequireAddress: true, FreeResponseScopes: free}}}
	}
	grant := func(scope string, policy Principal, list ...Author) func(*testing.T, *Gate) {
		return func(t *testing.T, g *Gate) {
			ok(t, g.Grant("a", "discord", scope))
			ok(t, g.SetPrincipal("a", policy, list...))
		}
	}
	hide := func(chat string) func(*testing.T, *Gate) {
		return func(t *testing.T, g *Gate) { ok(t, g.SetView(alice, chat, false)) }
	}
	dms := func(t *testing.T, g *Gate) {
		ok(t, g.SetDMDefault("a", "discord", true))
		ok(t, g.SetPrincipal("a", Any))
	}
	isBot := func(p *Post) { p.Event.Source.IsBot = protocol.Some(true) }
	for name, test := range map[string]struct {
		policies map[string][]Policy
		given    func(*testing.T, *Gate)
		post     Post
		receives bool
		stops    Layer // that says no; empty where nobody is asked
		why      string
	}{
		"bound author":                {post: post(alice), receives: true, why: "bound to it"},
		"unlinked author":             {post: post(bob), why: "bound to no instance"},
		"no author":                   {post: post(Author{"discord", ""}), given: grant("C1", Any), why: "no author"},
		"same id elsewhere":           {post: post(Author{"telegram", "alice"}), why: "bound to no instance"},
		"granted to any":              {given: grant("C1", Any), post: post(bob), receives: true, why: "granted"},
		"granted server":              {given: grant("G1", Any), post: post(bob), receives: true, why: "the scope G1"},
		"granted thread":              {given: grant("T1", Any), post: post(bob, inThread), receives: true, why: "the scope T1"},
		"granted parent":              {given: grant("P1", Any), post: post(bob, inThread), receives: true, why: "the scope P1"},
		"granted elsewhere":           {given: grant("C2", Any), post: post(bob), why: "granted to none"},
		"granted to the owner only":   {given: grant("C1", OwnerOnly), post: post(bob), stops: Authorised, why: "owner-only"},
		"on the list":                 {given: grant("C1", AllowList, bob), post: post(bob), receives: true, why: "allow-list"},
		"not on the list":             {given: grant("C1", AllowList, bob), post: post(carol), stops: Authorised, why: "allow-list does not let"},
		"principal without a grant":   {given: func(t *testing.T, g *Gate) { ok(t, g.SetPrincipal("a", Any)) }, post: post(bob), why: "granted to none"},
		"hidden chat":                 {given: hide("C1"), post: post(alice), stops: Visible, why: "not permitted"},
		"hidden server":               {given: hide("G1"), post: post(alice), stops: Visible, why: "not permitted"},
		"another hidden chat":         {given: hide("C2"), post: post(alice), receives: true, why: "permitted"},
		"grant without an owner":      {given: func(t *testing.T, g *Gate) { grant("C1", Any)(t, g); ok(t, g.Unbind("a", alice)) }, post: post(bob), stops: Visible, why: "no owner"},
		"hidden for a granted author": {given: func(t *testing.T, g *Gate) { grant("C1", Any)(t, g); hide("C1")(t, g) }, post: post(bob), stops: Visible, why: "not permitted"},
		"not addressed":               {policies: strict(), given: grant("C1", Any), post: post(bob), stops: Relevant, why: "addresses nobody"},
		"mentioned":                   {policies: strict(), given: grant("C1", Any), post: post(bob, func(p *Post) { p.Addressed = true }), receives: true, why: "mentions"},
		"replied to":                  {policies: strict(), given: grant("C1", Any), post: post(bob, func(p *Post) { p.Event.ReplyTo = protocol.Some(protocol.ReplyTo{IsOwn: protocol.Some(true)}) }), receives: true, why: "answers a message"},
		"replied to another":          {policies: strict(), given: grant("C1", Any), post: post(bob, func(p *Post) { p.Event.ReplyTo = protocol.Some(protocol.ReplyTo{IsOwn: protocol.Some(false)}) }), stops: Relevant, why: "addresses nobody"},
		"pressed":                     {policies: strict(), given: grant("C1", Any), post: post(bob, func(p *Post) { p.Event.PromptResponse = protocol.Some(protocol.PromptResponse{}) }), receives: true, why: "presses"},
		"free scope":                  {policies: strict("C1"), given: grant("C1", Any), post: post(bob), receives: true, why: "free scope"},
		"free thread":                 {policies: strict("T1"), given: grant("C1", Any), post: post(bob, inThread), receives: true, why: "free scope"},
		"another free scope":          {policies: strict("C2", "G1"), given: grant("C1", Any), post: post(bob), stops: Relevant, why: "addresses nobody"},
		"the owner needs no address":  {policies: strict(), post: post(alice), receives: true, why: "owner wrote it"},
		"another bot":                 {given: grant("C1", Any), post: post(bob, func(p *Post) { p.Bot = true }), stops: Relevant, why: "a bot"},
		"another bot, by its source":  {given: grant("C1", Any), post: post(bob, isBot), stops: Relevant, why: "a bot"},
		"another bot in a free scope": {policies: strict("C1"), given: grant("C1", Any), post: post(bob, isBot), stops: Relevant, why: "a bot"},
		"allowed bot":                 {policies: map[string][]Policy{"a": {{AllowOtherBots: true}}}, given: grant("C1", Any), post: post(bob, isBot), receives: true, why: "no address"},
		"allowed bot, not addressed":  {policies: map[string][]Policy{"a": {{AllowOtherBots: true, RequireAddress: true}}}, given: grant("C1", Any), post: post(bob, isBot), stops: Relevant, why: "addresses nobody"},
		"one gateway of two":          {policies: map[string][]Policy{"a": {{RequireAddress: true}, {}}}, given: grant("C1", Any), post: post(bob), receives: true, why: "no address"},
		"no gateway":                  {policies: map[string][]Policy{"a": {}}, given: grant("C1", Any), post: post(bob), stops: Relevant, why: "none of its gateways"},
		"direct, bound":               {post: post(alice, direct), receives: true, why: "bound"},
		"direct, unlinked":            {post: post(bob, direct), why: "bound to no instance"},
		"direct by default":           {policies: strict(), given: dms, post: post(bob, direct), receives: true, why: "direct message addresses"},
		"direct on another platform":  {given: dms, post: post(Author{"telegram", "bob"}, direct), why: "bound to no instance"},
		"direct grant in a channel":   {given: dms, post: post(bob), why: "granted to none"},
		"direct, owner only":          {given: func(t *testing.T, g *Gate) { dms(t, g); ok(t, g.SetPrincipal("a", OwnerOnly)) }, post: post(bob, direct), stops: Authorised, why: "owner-only"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, test.policies)
			if test.given != nil {
				test.given(t, g)
			}
			d := g.Decide(test.post)
			if got := slices.Equal(d.Receivers(), []string{"a"}); got != test.receives || len(d.Receivers()) > 1 {
				t.Errorf("expected a to receive it: %v, got %v", test.receives, d)
			}
			if !strings.Contains(d.String(), test.why) {
				t.Errorf("expected the reason %q, got %v", test.why, d)
			}
			if (test.stops != "") != (len(d.Verdicts) == 1 && !d.Verdicts[0].Deliver) {
				t.Fatalf("expected one verdict that says no, got %v", d)
			}
			if test.stops != "" {
				if said := d.Verdicts[0].Layers; said[len(said)-1].Layer != test.stops || said[len(said)-1].Pass {
					t.Errorf("expected %s to say no, got %v", test.stops, d)
				}
			}
		})
	}
}

// The narrowest grant counts alone, and an author who is bound elsewhere is let in by it.
func TestSeveralInstances(t *testing.T) {
	g := newGate(t, nil)
	ok(t, g.Bind("b", bob))
	ok(t, g.Bind("c", carol))
	ok(t, g.Bind("c", alice)) // in another tenant
	for _, instance := range []string{"b", "c"} {
		ok(t, g.SetPrincipal(instance, Any))
	}
	ok(t, g.Grant("b", "discord", "G1"))
	ok(t, g.Grant("c", "discord", "C1"))
	for _, test := range []struct {
		post Post
		want []string
	}{
		{post(alice), []string{"a", "c"}},
		{post(bob), []string{"b", "c"}},
		{post(carol), []string{"c"}},
		{post(Author{"discord", "dave"}), []string{"c"}},
		{post(Author{"discord", "dave"}, func(p *Post) { p.Event.Source.ChatID = "C2" }), []string{"b"}},
	} {
		if diff := cmp.Diff(test.want, g.Decide(test.post).Receivers()); diff != "" {
			t.Errorf("%s:\n%s", test.post.author(), diff)
		}
	}
}

func TestWhatIsTaken(t *testing.T) {
	g := newGate(t, nil)
	ok(t, g.Grant("a", "discord", "C1"))
	ok(t, g.SetDMDefault("a", "discord", true))
	// Once more is no error.
	ok(t, g.Bind("a", alice))
	ok(t, g.Grant("a", "discord", "C1"))
	ok(t, g.SetDMDefault("a", "discord", true))
	before := []any{g.Bindings(), g.Grants(), g.DMDefaults()}
	for name, test := range map[string]struct{ want, err error }{
		"author":         {ErrTaken, g.Bind("b", alice)},
		"scope":          {ErrTaken, g.Grant("b", "discord", "C1")},
		"other tenant":   {ErrTaken, g.Grant("c", "discord", "C1")},
		"direct":         {ErrTaken, g.SetDMDefault("b", "discord", true)},
		"not released":   {ErrNotHeld, g.Release("b", "discord", "C1")},
		"not there":      {ErrNotHeld, g.Release("b", "discord", "C9")},
		"direct, off":    {ErrNotHeld, g.SetDMDefault("b", "discord", false)},
		"not bound":      {ErrNotHeld, g.Unbind("b", alice)},
		"no instance":    {ErrNoInstance, g.Bind("x", bob)},
		"no grantee":     {ErrNoInstance, g.Grant("x", "discord", "C2")},
		"no principal":   {ErrNoInstance, g.SetPrincipal("x", Any)},
		"no receiver":    {ErrNoInstance, g.SetDMDefault("x", "telegram", true)},
		"nobody":         {ErrBad, g.Bind("a", Author{"discord", ""})},
		"nowhere":        {ErrBad, g.Grant("a", "", "C2")},
		"no platform":    {ErrBad, g.SetDMDefault("a", "", true)},
		"policy":         {ErrBad, g.SetPrincipal("a", "everybody")},
		"another case":   {ErrBad, g.SetPrincipal("a", "Any")},
		"empty policy":   {ErrBad, g.SetPrincipal("a", "")},
		"useless list":   {ErrBad, g.SetPrincipal("a", Any, bob)},
		"half an author": {ErrBad, g.SetPrincipal("a", AllowList, Author{"discord", ""})},
	} {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: expected %v, got %v", name, test.want, test.err)
		}
	}
	if p, list := g.Principal("a"); p != OwnerOnly || len(list) != 0 {
		t.Errorf("expected the principal policy that it had, got %s %v", p, list)
	}
	if diff := cmp.Diff(before, []any{g.Bindings(), g.Grants(), g.DMDefaults()}); diff != "" {
		t.Errorf("expected nothing to change:\n%s", diff)
	}
	// What was given back can be had by others.
	ok(t, g.Release("a", "discord", "C1"))
	ok(t, g.SetDMDefault("a", "discord", false))
	ok(t, g.Unbind("a", alice))
	ok(t, g.Grant("c", "discord", "C1"))
	ok(t, g.SetDMDefault("c", "discord", true))
	ok(t, g.Bind("b", alice))
}

func TestLink(t *testing.T) {
	now := time.Unix(1000, 0)
	g := New(records{}, func() time.Time { return now }, 1000)
	says := func(a Author, text string, change ...func(*Post)) Decision {
		return g.Decide(post(a, append(change, func(p *Post) { p.Event.Text = text })...))
	}
	code, err := g.LinkCode("a", time.Minute)
	ok(t, err)
	for name, d := range map[string]Decision{
		"in a channel": says(bob, "/link "+code),
		"wrong code":   says(bob, "/link "+code+"x", direct),
		"no code":      says(bob, "/link", direct),
		"more":         says(bob, "/link "+code+" please", direct),
		"no command":   says(bob, "link "+code, direct),
		"nobody":       says(Author{"discord", ""}, "/link "+code, direct),
	} {
		if d.Linked != "" || len(g.Bindings()) > 0 {
			t.Errorf("%s: expected no binding, got %v", name, d)
		}
	}
	if d := says(bob, "/link  "+code+"\n", direct); d.Linked != "a" || d.Receivers() != nil {
		t.Errorf("expected a binding to a and no delivery, got %v", d)
	}
	if d := says(bob, "hi"); !slices.Equal(d.Receivers(), []string{"a"}) {
		t.Errorf("expected the author to be bound, got %v", d)
	}
	if d := says(carol, "/link "+code, direct); d.Linked != "" {
		t.Errorf("expected a code that works once, got %v", d)
	}
	late, err := g.LinkCode("a", time.Minute)
	ok(t, err)
	now = now.Add(time.Minute)
	if d := says(carol, "/link "+late, direct); d.Linked != "" {
		t.Errorf("expected a code that has expired, got %v", d)
	}
	// The author asks for it, so it moves within a tenant, and adds in another.
	other, err := g.LinkCode("b", 0)
	ok(t, err)
	foreign, err := g.LinkCode("c", 0)
	ok(t, err)
	says(bob, "/link "+other, direct)
	says(bob, "/link "+foreign, direct)
	if diff := cmp.Diff([]Binding{{bob, "1", "b"}, {bob, "2", "c"}}, g.Bindings()); diff != "" {
		t.Error(diff)
	}
	if _, err := g.LinkCode("x", 0); !errors.Is(err, ErrNoInstance) {
		t.Errorf("expected no code for an instance that is not there, got %v", err)
	}
}

func TestDrop(t *testing.T) {
	g := newGate(t, nil)
	code, err := g.LinkCode("a", 0)
	ok(t, err)
	ok(t, g.Bind("c", alice))
	ok(t, g.Grant("a", "discord", "C1"))
	ok(t, g.Grant("c", "discord", "C2"))
	ok(t, g.SetPrincipal("a", AllowList, bob))
	ok(t, g.SetDMDefault("a", "discord", true))
	g.Drop("a")
	if diff := cmp.Diff([]any{[]Binding{{alice, "2", "c"}}, []Grant{{"discord", "C2", "c"}}, map[string]string{}}, []any{g.Bindings(), g.Grants(), g.DMDefaults()}); diff != "" {
		t.Error(diff)
	}
	if p, list := g.Principal("a"); p != OwnerOnly || list != nil {
		t.Errorf("expected no principal policy, got %s %v", p, list)
	}
	if d := g.Decide(post(bob, direct, func(p *Post) { p.Event.Text = "/link " + code })); d.Linked != "" {
		t.Errorf("expected no code to be left, got %v", d)
	}
	if d := g.Decide(post(bob)); d.Receivers() != nil {
		t.Errorf("expected nobody, got %v", d)
	}
}

func TestFull(t *testing.T) {
	g := New(records{}, time.Now, 1)
	ok(t, g.Bind("a", alice))
	ok(t, g.Grant("a", "discord", "C1"))
	ok(t, g.SetView(alice, "C1", false))
	ok(t, g.SetDMDefault("a", "discord", true))
	_, err := g.LinkCode("a", 0)
	ok(t, err)
	_, another := g.LinkCode("a", 0)
	for name, err := range map[string]error{
		"bindings": g.Bind("a", bob), "grants": g.Grant("a", "discord", "C2"), "views": g.SetView(alice, "C2", false), "codes": another,
		"direct": g.SetDMDefault("a", "telegram", true), "list": g.SetPrincipal("a", AllowList, alice, bob),
	} {
		if !errors.Is(err, ErrFull) {
			t.Errorf("%s: expected ErrFull, got %v", name, err)
		}
	}
	ok(t, g.SetView(alice, "C1", true))
	ok(t, g.SetView(alice, "C2", false))
	ok(t, g.SetPrincipal("a", AllowList, bob))
}

// Of many that claim one thing at once, one has it.
func TestClaimedAtOnce(t *testing.T) {
	g := New(records{}, time.Now, 1000)
	claims := map[string]func(instance string) error{
		"scope":  func(i string) error { return g.Grant(i, "discord", "C1") },
		"author": func(i string) error { return g.Bind(i, alice) },
		"direct": func(i string) error { return g.SetDMDefault(i, "discord", true) },
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	won := map[string]map[string]int{"scope": {}, "author": {}, "direct": {}}
	for what, claim := range claims {
		for range 20 {
			for _, instance := range []string{"a", "b"} {
				all.Go(func() {
					err := claim(instance)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won[what][instance]++
					} else if !errors.Is(err, ErrTaken) {
						t.Errorf("%s: expected ErrTaken, got %v", what, err)
					}
				})
			}
		}
	}
	all.Wait()
	for what, winners := range won {
		if len(winners) != 1 || winners["a"]+winners["b"] != 20 {
			t.Errorf("%s: expected one instance to have it each time it asked, got %v", what, winners)
		}
	}
}
