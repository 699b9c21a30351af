package fakeconnector

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/fakeconnector/gate"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// by is an event of an author in a channel of the server G1.
func by(user, text string) protocol.Event {
	e := event("C1", text)
	e.Source.UserID = protocol.Some(user)
	return e
}

// log reads the texts of events until the last one. It is made for a goroutine of its own,
// and so returns its error.
func (k *client) log(last string) (texts []string, err error) {
	for {
		_, p, err := k.read()
		if err != nil {
			return texts, err
		}
		for _, line := range k.in.Write(p) {
			f, err := protocol.Decode(line.Data)
			if err != nil {
				return texts, err
			}
			e, ok := f.(*protocol.Inbound)
			if !ok {
				return texts, fmt.Errorf("expected events alone, got %s", line.Data)
			}
			if e.Event.Text == last {
				return texts, nil
			}
			texts = append(texts, e.Event.Text)
		}
	}
}

// Two linked users and one who is not write in one channel, for two instances of two
// tenants: each instance has what its own user wrote, in order, and nothing else.
func TestManyAuthorsInOneGuild(t *testing.T) {
	const events = 10_000
	c := started(t)
	instances := []string{"a", "b"}
	authors := []string{"alice", "bob", "mallory"}
	var clients []*client
	for n, instance := range instances {
		clients = append(clients, greeted(t, c, c.AddGateway(Gateway{Tenant: "tenant-" + instance, Instance: instance})))
		must(t, c.Gate().Bind(instance, gate.Author{Platform: "discord", UserID: authors[n]}))
	}
	who := make([]int, events)
	for n := range who {
		who[n] = n % len(authors)
	}
	random := rand.New(rand.NewPCG(7, 0))
	random.Shuffle(events, func(i, j int) { who[i], who[j] = who[j], who[i] })
	want := map[int][]string{}
	logs := make([][]string, len(clients))
	var reading sync.WaitGroup
	for n, k := range clients {
		reading.Go(func() {
			var err error
			if logs[n], err = k.log("the end"); err != nil {
				t.Errorf("instance %s: %v", instances[n], err)
			}
		})
	}
	after := c.Journal().Mark()
	for n, author := range who {
		text := fmt.Sprintf("event %d", n)
		want[author] = append(want[author], text)
		_, err := c.Arrive(gate.Post{Event: by(authors[author], text)})
		must(t, err)
	}
	for n := range clients {
		_, err := c.Arrive(gate.Post{Event: by(authors[n], "the end")})
		must(t, err)
	}
	reading.Wait()
	for n := range clients {
		if diff := cmp.Diff(want[n], logs[n]); diff != "" {
			t.Errorf("instance %s: expected what %s wrote:\n%s", instances[n], authors[n], diff)
		}
	}
	decided, nobody := 0, 0
	for _, e := range c.Journal().Since(after) {
		if e.Kind == KindGate {
			decided++
			if e.Gate.Author.UserID == "mallory" && e.Gate.Receivers() == nil {
				nobody++
			}
		}
	}
	if decided != events+len(clients) || nobody != len(want[2]) {
		t.Errorf("expected a decision for each of %d events, and none of the %d of the unlinked author for anybody, got %d and %d", events+len(clients), len(want[2]), decided, nobody)
	}
	noViolations(t, c)
}

// What is dropped for its relevance is neither buffered, nor does it wake anybody.
func TestDropsLeaveNoTrace(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	c := started(t)
	g := c.AddGateway(Gateway{Instance: "a", WakeURL: server.URL})
	must(t, c.Gate().Bind("a", gate.Author{Platform: "discord", UserID: "alice"}))
	must(t, c.Gate().Grant("a", "discord", "C1"))
	must(t, c.Gate().SetPrincipal("a", gate.Any))
	token, err := c.Token(g.ID, time.Minute)
	must(t, err)
	policy := `{"platform":"discord","requireAddress":true,"freeResponseScopes":[],"allowOtherBots":false}`
	if a := post(t, c, protocol.RoutePolicy, token, policy); a.status != 200 {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	for _, p := range []gate.Post{{Event: by("bob", "not addressed")}, {Event: by("bot", "a bot"), Bot: true, Addressed: true}} {
		arrived, err := c.Arrive(p)
		must(t, err)
		if len(arrived.Deliveries) > 0 {
			t.Errorf("expected %q to be dropped, got %+v", p.Event.Text, arrived)
		}
	}
	if flipped, _ := c.Flipped("a"); flipped {
		t.Error("expected an instance that was not flipped by what was dropped")
	}
	_, err = c.Arrive(gate.Post{Event: by("bob", "addressed"), Addressed: true})
	must(t, err)
	waiting, err := c.Buffered("a")
	must(t, err)
	if len(waiting) != 1 || !strings.Contains(string(waiting[0].Payload), `"addressed"`) {
		t.Errorf("expected the relevant event alone in the buffer, got %d", len(waiting))
	}
	await(t, c, 0, isNote("wake answered"))
	notes := 0
	for _, e := range c.Journal().All() {
		if e.Note == "wake requested" {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("expected one wake, by the relevant event, got %d", notes)
	}
}

// The journal explains each decision before the delivery, layer by layer.
func TestDecisionsInTheJournal(t *testing.T) {
	c := started(t)
	k := greeted(t, c, c.AddGateway(Gateway{Instance: "a"}))
	must(t, c.Gate().Bind("a", gate.Author{Platform: "discord", UserID: "alice"}))
	must(t, c.Gate().Grant("a", "discord", "C1"))
	after := c.Journal().Mark()
	for _, author := range []string{"alice", "bob"} {
		_, err := c.Arrive(gate.Post{Event: by(author, "hi")})
		must(t, err)
	}
	expect[*protocol.Inbound](k)
	decision := await(t, c, after, OfKind(KindGate))
	sent := await(t, c, after, FrameOf(protocol.TypeInbound))
	if decision.Seq > sent.Seq {
		t.Errorf("expected the decision before the delivery, got %v and %v", decision, sent)
	}
	want := []gate.Answer{
		{Layer: gate.Authorised, Pass: true, Why: "the author is bound to it"},
		{Layer: gate.Visible, Pass: true, Why: "its owner discord/alice is permitted to view the chat"},
		{Layer: gate.Relevant, Pass: true, Why: "its owner wrote it"},
	}
	if diff := cmp.Diff(want, decision.Gate.Verdicts[0].Layers); diff != "" {
		t.Error(diff)
	}
	line := await(t, c, decision.Seq, OfKind(KindGate)).String()
	if !strings.HasSuffix(line, "gate      discord/bob in C1: a not authorised (the scope C1 is granted to it, and its principal policy owner-only does not let discord/bob in) → dropped") {
		t.Errorf("expected the reason in one line, got %q", line)
	}
}

func TestArriveNeedsAPlatform(t *testing.T) {
	c := started(t)
	e := by("alice", "hi")
	e.Source.Platform = ""
	if _, err := c.Arrive(gate.Post{Event: e}); err == nil || !strings.Contains(err.Error(), "platform") {
		t.Errorf("expected an error about the platform, got %v", err)
	}
}

// A secret that was replaced verifies until its window is over.
func TestRotationWindow(t *testing.T) {
	clock := &handClock{now: time.Now()}
	c := started(t, WithClock(clock), WithRotationWindow(time.Minute))
	old := c.AddGateway(Gateway{})
	newer, err := c.Rotate(old.ID)
	must(t, err)
	verifies := func(secret string) bool {
		return c.authenticate([]string{"Bearer " + auth.Mint(old.ID, secret, 0)}).ok
	}
	clock.advance(59 * time.Second)
	if !verifies(old.Secret) || !verifies(newer.Secret) {
		t.Error("expected both secrets within the window")
	}
	clock.advance(time.Second)
	if verifies(old.Secret) || !verifies(newer.Secret) {
		t.Error("expected the newest alone after it")
	}
	if why := c.authenticate([]string{"Bearer " + auth.Mint(old.ID, old.Secret, 0)}).why; !strings.Contains(why, "revoked") {
		t.Errorf("expected a secret that is known to have been good, got %q", why)
	}
}
