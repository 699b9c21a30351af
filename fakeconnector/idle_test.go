package fakeconnector

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/store"
	"github.com/relaykit/relaykit/protocol"
)

// publish publishes events with these texts and returns the bufferIds.
func publish(t testing.TB, c *Connector, instance string, texts ...string) (ids []string) {
	t.Helper()
	for _, text := range texts {
		d, err := c.Publish(instance, event("C1", text))
		must(t, err)
		ids = append(ids, d.BufferID)
	}
	return ids
}

func (k *client) inbound(text string) *protocol.Inbound {
	k.t.Helper()
	in := expect[*protocol.Inbound](k)
	if in.Event.Text != text {
		k.t.Fatalf("expected the event %q, got %q", text, in.Event.Text)
	}
	return in
}

func (k *client) ack(id string) {
	k.t.Helper()
	k.send(&protocol.InboundAck{BufferID: id})
}

func TestLiveDelivery(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	if ids := publish(t, c, g.Instance, "one"); ids[0] != "" {
		t.Errorf("expected live delivery, it was buffered as %s", ids[0])
	}
	in := k.inbound("one")
	if in.BufferID.IsSet() {
		t.Error("expected no bufferId on a live event")
	}
	if in.Event.Source.ScopeID.Or("") != "G1" || in.Event.Source.GuildID.Or("") != "G1" {
		t.Errorf("expected the scope under both names, got %+v", in.Event.Source)
	}
}

func TestGoingIdleFlipsThenAcks(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	// The ack is held back, so the flip is seen before it.
	hold := &Hold{}
	c.On(Match{Type: protocol.TypeGoingIdleAck}).Times(1).Do(hold)
	publish(t, c, g.Instance, "live")
	k.send(&protocol.GoingIdle{})
	must(t, hold.Wait(within(t), 1))
	k.inbound("live")
	ids := publish(t, c, g.Instance, "a", "b")
	hold.Release()
	expect[*protocol.GoingIdleAck](k)
	k.alive() // no live event came after the ack
	must(t, k.ws.Close())

	again := greeted(t, c, g)
	if in := again.inbound("a"); in.BufferID.Or("") != ids[0] {
		t.Errorf("expected bufferId %s, got %v", ids[0], in.BufferID)
	}
	again.inbound("b")
	again.ack(ids[0])
	again.ack(ids[1])
	await(t, c, 0, isNote("live again"))
	if f, _ := c.Flipped(g.Instance); f {
		t.Error("expected the flip to clear with the last ack")
	}
	publish(t, c, g.Instance, "c")
	if in := again.inbound("c"); in.BufferID.IsSet() {
		t.Error("expected live delivery after the drain")
	}
	noViolations(t, c)
}

func TestTheFlipComesBeforeTheAck(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	flipped := make(chan bool, 1)
	c.On(Match{Type: protocol.TypeGoingIdleAck}).Do(FaultFunc(func(*Exchange) {
		f, _ := c.Flipped(g.Instance)
		flipped <- f
	}))
	k.send(&protocol.GoingIdle{})
	expect[*protocol.GoingIdleAck](k)
	if !<-flipped {
		t.Error("expected the instance to be flipped when its ack leaves")
	}
}

func TestOnlyItsOwnInstance(t *testing.T) {
	c := started(t)
	g, h := c.AddGateway(Gateway{}), c.AddGateway(Gateway{})
	publish(t, c, g.Instance, "for g")
	publish(t, c, h.Instance, "for h")
	greeted(t, c, h).inbound("for h")
	greeted(t, c, g).inbound("for g")
}

func TestDrainWindowAndOrder(t *testing.T) {
	c := started(t, WithDrain(Drain{Window: 2}))
	g := c.AddGateway(Gateway{})
	ids := publish(t, c, g.Instance, "1", "2", "3", "4", "5")
	k := greeted(t, c, g)
	k.inbound("1")
	k.inbound("2")
	k.alive() // and nothing else: the window is full
	k.ack(ids[1])
	k.inbound("3")
	k.alive()
	k.reset() // exactly the unacknowledged tail comes again

	k = greeted(t, c, g)
	k.inbound("1")
	k.inbound("3")
	k.ack(ids[2])
	k.inbound("4")
	k.ack(ids[0])
	k.inbound("5")
	late := publish(t, c, g.Instance, "6") // behind the others
	k.ack(ids[3])
	k.inbound("6")
	k.ack(ids[4])
	k.ack(late[0])
	await(t, c, 0, isNote("live again"))
	noViolations(t, c)
}

func TestAFloodOfAcksChangesNothing(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	ids := publish(t, c, g.Instance, "1", "2")
	k := greeted(t, c, g)
	k.inbound("1")
	k.inbound("2")
	for n := range 100 {
		k.ack(fmt.Sprintf("b-%d", 1000+n))
		k.ack(ids[0])
	}
	k.alive()
	left, err := c.Buffered(g.Instance)
	must(t, err)
	if len(left) != 1 || left[0].ID != ids[1] {
		t.Errorf("expected %s to be left, got %v", ids[1], left)
	}
}

func TestForeignAcksChangeNothing(t *testing.T) {
	c := started(t)
	g, h := c.AddGateway(Gateway{}), c.AddGateway(Gateway{})
	ids := publish(t, c, g.Instance, "for g")
	k := greeted(t, c, h)
	k.ack(ids[0])
	k.alive()
	await(t, c, 0, isViolation(protocol.RuleInboundAckOnlyBuffered))
	greeted(t, c, g).inbound("for g")
}

func TestUndeliverableEntriesAreParked(t *testing.T) {
	c := started(t, WithDrain(Drain{MaxTries: 2}))
	g := c.AddGateway(Gateway{})
	huge, err := c.Publish(g.Instance, event("C1", strings.Repeat("x", frameLimit)))
	must(t, err)
	ids := publish(t, c, g.Instance, "poison", "fine")
	for range 2 { // twice a gateway dies of the first entry
		k := greeted(t, c, g)
		k.inbound("poison")
		k.reset()
	}
	k := greeted(t, c, g)
	k.inbound("fine")
	k.ack(ids[1])
	await(t, c, 0, isNote("live again"))
	parked, err := c.Parked(g.Instance)
	must(t, err)
	if len(parked) != 2 || parked[0].ID != huge.BufferID || parked[1].ID != ids[0] {
		t.Errorf("expected %s and %s to be set aside, got %v", huge.BufferID, ids[0], parked)
	}
	if _, err := c.Publish(g.Instance, event("C1", strings.Repeat("x", frameLimit))); !errors.Is(err, ErrTooLong) {
		t.Errorf("expected a live event of that length to be refused, got %v", err)
	}
	k.alive()
}

func TestBufferIsBounded(t *testing.T) {
	c := started(t, WithLimits(Limits{BufferEntries: 2}))
	g := c.AddGateway(Gateway{})
	publish(t, c, g.Instance, "1", "2")
	if _, err := c.Publish(g.Instance, event("C1", "3")); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("expected the third to be refused, got %v", err)
	}
}

func TestAnAckOnTheOldSocketCounts(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	ids := publish(t, c, g.Instance, "1", "2")
	// The ack is written while the connector does not read, then the gateway dies.
	half := &HalfOpen{}
	k := dial(t, c, g)
	c.On(Match{Type: protocol.TypeHello, Session: "s1"}).Do(half)
	k.hello(g)
	k.inbound("1")
	k.ack(ids[0])
	again := dial(t, c, g)
	await(t, c, 0, func(e Entry) bool { return e.Kind == KindClosed && e.Close.Code == CloseSuperseded })
	half.Release()
	again.hello(g)
	again.inbound("2")
	noViolations(t, c)
}

func TestWake(t *testing.T) {
	type request struct {
		method, path string
		header       http.Header
		length       int64
	}
	requests := make(chan request, 10)
	status := http.StatusTeapot // failures are swallowed
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- request{r.Method, r.URL.Path, r.Header, r.ContentLength}
		w.WriteHeader(status)
	}))
	defer server.Close()
	clock := &handClock{now: time.Unix(1_750_000_000, 0), timers: make(chan func(), 100)}
	c := started(t, WithClock(clock), WithWake(Wake{Cooldown: time.Minute}))
	g := c.AddGateway(Gateway{WakeURL: server.URL + "/wake"})

	publish(t, c, g.Instance, "1", "2", "3")
	r := <-requests
	if r.method != http.MethodGet || r.path != "/wake" || r.length != 0 || r.header.Get("Authorization") != "" || r.header.Get("Cookie") != "" {
		t.Errorf("expected a bare GET of /wake, got %+v", r)
	}
	await(t, c, 0, isNote("wake answered"))
	if len(requests) != 0 {
		t.Error("expected one request within the cooldown")
	}
	clock.advance(time.Minute)
	publish(t, c, g.Instance, "4")
	<-requests

	// While the gateway is there nobody is woken, and a failed wake loses nothing.
	server.Close()
	clock.advance(time.Hour)
	publish(t, c, g.Instance, "5")
	await(t, c, 0, isNote("wake failed"))
	k := greeted(t, c, g)
	for _, text := range []string{"1", "2", "3", "4", "5"} {
		k.inbound(text)
	}
	mark := c.Journal().Mark()
	publish(t, c, g.Instance, "6")
	k.inbound("6")
	for _, e := range c.Journal().Since(mark) {
		if isNote("wake")(e) {
			t.Errorf("expected no wake of a gateway that is connected, got %s", e)
		}
	}
}

func TestBufferOutlivesTheConnector(t *testing.T) {
	shared := store.NewMemory(0, nil)
	first := started(t, WithStore(shared))
	g := first.AddGateway(Gateway{})
	ids := publish(t, first, g.Instance, "1", "2")
	k := greeted(t, first, g)
	k.inbound("1")
	k.ack(ids[0])
	k.alive2()
	must(t, first.Close())

	second := started(t, WithStore(shared))
	second.AddGateway(g)
	again := greeted(t, second, g)
	if in := again.inbound("2"); in.BufferID.Or("") != ids[1] {
		t.Errorf("expected the entry to keep its bufferId %s, got %v", ids[1], in.BufferID)
	}
	again.alive()
}

func TestOneProcessDrains(t *testing.T) {
	ctx := within(t)
	clock := &handClock{now: time.Unix(1_750_000_000, 0), timers: make(chan func(), 10)}
	shared := store.NewMemory(0, clock.Now)
	c := started(t, WithStore(shared), WithClock(clock))
	g := c.AddGateway(Gateway{})
	publish(t, c, g.Instance, "1")
	_, err := shared.Lease(ctx, g.Instance, "another process", leaseTime)
	must(t, err)
	k := greeted(t, c, g)
	publish(t, c, g.Instance, "2", "3")
	k.alive() // nothing is drained while another process does
	if n := len(clock.timers); n != 1 {
		t.Errorf("expected to ask for the lease once more when it is over, got %d timers", n)
	}
	clock.advance(leaseTime)
	(<-clock.timers)()
	for _, text := range []string{"1", "2", "3"} {
		k.inbound(text)
	}
}

func TestForward(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	const token = "aW50ZXJhY3Rpb24tdG9rZW4"
	f := protocol.Forward{Platform: "discord", BotID: "b", Method: "POST", Path: "/interactions",
		Headers: [][2]string{{"x-trace", "1"}, {"X-Trace", "2"}, {"x-trace", "1"}}}
	body := `{"type":2, "token" : "` + token + `",  "channel_id":"C1","guild_id":"G1","member":{"user":{"id":"U1"}}}`
	f.BodyB64 = b64(body)
	_, err := c.Forward(g.Instance, f)
	must(t, err)
	got := expect[*protocol.PassthroughForward](k).Forward
	if !slices.Equal(got.Headers, f.Headers) {
		t.Errorf("expected the headers in their order, got %v", got.Headers)
	}
	sent, err := got.Body()
	must(t, err)
	if want := strings.Replace(body, `"`+token+`"`, `""`, 1); string(sent) != want {
		t.Errorf("expected the body without its credential and otherwise byte for byte\n%s, got\n%s", want, sent)
	}
	// What was taken out is in the vault, for this tenant only, until it expires.
	follow := &protocol.FollowUp{SessionKey: "agent:main:relay:channel:C1:U1", Kind: KindInteractionToken, Content: "done"}
	if r := k.ask("r1", follow); !r.Succeeded() || r.MessageID.Or("") == "" {
		t.Errorf("expected the follow-up to be sent, got %+v", r)
	}
	other := greeted(t, c, c.AddGateway(Gateway{}))
	if r := other.ask("r1", follow); r.Succeeded() || r.Error.Or("") == "" {
		t.Errorf("expected another tenant's follow-up to be refused, got %+v", r)
	}
	if text := c.Redact("x " + token); strings.Contains(text, token) {
		t.Errorf("expected the redactor to know the credential, got %s", text)
	}

	f.BodyB64 = b64(`{"type":1}`)
	if _, err := c.Forward(g.Instance, f); err == nil {
		t.Error("expected a ping not to be forwarded")
	}
	f.Platform, f.BodyB64 = "twilio", b64("no JSON, \xff")
	_, err = c.Forward(g.Instance, f)
	must(t, err)
	if got := expect[*protocol.PassthroughForward](k).Forward; got.BodyB64 != f.BodyB64 {
		t.Errorf("expected any other body untouched, got %s", got.BodyB64)
	}
	noViolations(t, c)
}

func TestBufferedForward(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	_, err := c.Forward(g.Instance, protocol.Forward{Platform: "twilio", Headers: [][2]string{}, BodyB64: b64("x")})
	must(t, err)
	k := greeted(t, c, g)
	if f := expect[*protocol.PassthroughForward](k); f.BufferID.Or("") == "" || f.Forward.BodyB64 != b64("x") {
		t.Errorf("expected the forward with a bufferId, got %+v", f)
	}
}
