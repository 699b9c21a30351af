package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/launch"
	"github.com/relaykit/relaykit/conformance/report"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// crude is a gateway of a few lines: it dials once, says hello, acknowledges and echoes.
// The fields break it in one way each.
type crude struct {
	path       string // dialed instead of /relay
	secret     string // signed with instead of its own
	noNewline  bool   // frames without a newline
	noHello    bool   // upgrades and says nothing
	openAcks   bool   // acknowledgements without a newline, and an echo behind them
	twice      bool   // opens a second socket beside the first
	silent     bool   // acknowledges and does not reply
	mute       bool   // neither acknowledges nor replies
	acksOne    bool   // acknowledges its first event alone, and replies to all
	noDirect   bool   // drops direct messages
	badRequest bool   // every outbound frame has the same requestId
	dies       bool   // returns when an event tells it to
	first      []byte // sent before everything else, as it is
	flood      bool   // sends unknown frames without end after its hello
	never      bool   // does not dial
}

func (c crude) run(ctx context.Context, env map[string]string, logs io.Writer) error {
	open := func() (*websocket.Conn, error) {
		secret := env["GATEWAY_RELAY_SECRET"]
		if c.secret != "" {
			secret = c.secret
		}
		path := c.path
		if path == "" {
			path = "/relay"
		}
		h := http.Header{"Authorization": {"Bearer " + auth.Mint(env["GATEWAY_RELAY_ID"], secret, time.Now().Unix()+300)}}
		ws, _, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(env["GATEWAY_RELAY_URL"], "http", "ws", 1)+path, h)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(logs, "dialed")
		if c.first != nil {
			_ = ws.WriteMessage(websocket.TextMessage, c.first)
		}
		if !c.noHello {
			c.send(ws, map[string]any{"type": "hello", "platform": env["GATEWAY_RELAY_PLATFORM"], "botId": env["GATEWAY_RELAY_BOT_ID"]})
		}
		return ws, nil
	}
	if c.never {
		fmt.Fprintln(logs, "no such option: --relay")
		<-ctx.Done()
		return nil
	}
	ws, err := open()
	if err != nil {
		<-ctx.Done()
		return nil
	}
	defer ws.Close()
	stop := context.AfterFunc(ctx, func() { ws.Close() })
	defer stop()
	if c.twice {
		second, err := open()
		if err != nil {
			return err
		}
		defer second.Close()
		ws.SetReadDeadline(time.Now().Add(time.Second))
		go io.Copy(io.Discard, ws.NetConn())
		ws = second
		stop := context.AfterFunc(ctx, func() { second.Close() })
		defer stop()
	}
	if c.flood {
		done := make(chan struct{})
		defer func() { ws.Close(); <-done }()
		go func() {
			defer close(done)
			frame := []byte(`{"type":"zorp","x":"` + strings.Repeat("x", 1000) + "\"}\n")
			for ws.WriteMessage(websocket.TextMessage, frame) == nil {
			}
		}()
		_, _, _ = ws.ReadMessage()
		<-ctx.Done()
		return nil
	}
	n := 0
	for {
		var f struct {
			Type     string
			BufferID string `json:"bufferId"`
			Event    struct {
				Text   string
				Source struct {
					ChatID   string `json:"chat_id"`
					ChatType string `json:"chat_type"`
				}
			}
		}
		_, data, err := ws.ReadMessage()
		if err != nil {
			<-ctx.Done()
			return nil
		}
		if json.Unmarshal(data, &f) != nil || f.Type != "inbound" {
			continue
		}
		if c.noDirect && f.Event.Source.ChatType == "dm" {
			continue
		}
		if c.dies && strings.HasPrefix(f.Event.Text, "die") {
			return errors.New("died on purpose")
		}
		fmt.Fprintln(logs, "handling an event")
		if f.BufferID != "" && !c.mute && !(c.acksOne && n > 0) {
			ack := c
			ack.noNewline = c.noNewline || c.openAcks
			ack.send(ws, map[string]any{"type": "inbound_ack", "bufferId": f.BufferID})
		}
		if c.silent || c.mute {
			continue
		}
		n++
		id := fmt.Sprint("r", n)
		if c.badRequest {
			id = "same"
		}
		c.send(ws, map[string]any{"type": "outbound", "requestId": id, "action": map[string]any{"op": "send", "chat_id": f.Event.Source.ChatID, "content": "echo: " + f.Event.Text}})
	}
}

func (c crude) send(ws *websocket.Conn, frame any) {
	line, _ := json.Marshal(frame)
	if !c.noNewline {
		line = append(line, '\n')
	}
	_ = ws.WriteMessage(websocket.TextMessage, line)
}

// quick has short waits: these gateways fail at once or never. What they do at once took up to 2 s under the race
// detector on two cores with a load of 16.
func quick() kit.Timing {
	t := kit.ContractTiming().Scaled(0.01)
	t.Ready, t.Answer, t.Slack, t.Quiet, t.Stop = 6*time.Second, 6*time.Second, time.Second, 50*time.Millisecond, 5*time.Second
	return t
}

func judge(t *testing.T, c crude, list []kit.Case, change ...func(*conformance.Options)) report.Run {
	t.Helper()
	o := conformance.Options{Launcher: launch.InProcess("crude", c.run), Timing: quick(), Cases: list}
	for _, f := range change {
		f(&o)
	}
	run, err := conformance.Verify(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func verdictOf(t *testing.T, run report.Run, id string) kit.Result {
	t.Helper()
	for _, r := range run.Results {
		if r.Case.ID == id {
			return r
		}
	}
	t.Fatalf("no verdict for %s", id)
	return kit.Result{}
}

func want(t *testing.T, r kit.Result, verdict kit.Verdict, reason string) {
	t.Helper()
	if r.Verdict != verdict || !strings.Contains(r.Reason, reason) {
		t.Errorf("%s: want %s because of %q, got %s: %s\n%s", r.Case.ID, verdict, reason, r.Verdict, r.Reason, r.Evidence)
	}
}

func gatewayCase(id string, body func(*kit.G)) kit.Case {
	return kit.Case{ID: id, Title: id, Level: kit.Must, Gateway: body}
}

func alive(g *kit.G) { g.Alive() }

// Each way of not getting ready is held against the rule that it breaks; what stands on
// a live session is blocked and names that rule.
func TestNotReadyIsBlamedOnItsRule(t *testing.T) {
	list := []kit.Case{
		{ID: "connect/dial-path:observed", Title: "dials", Level: kit.Must, Needs: kit.Needs{Last: true}, Gateway: func(g *kit.G) { g.NoViolation(kit.CountDials, 1) }},
		{ID: "auth/bearer:observed", Title: "token", Level: kit.Must, Needs: kit.Needs{Last: true}, Gateway: func(g *kit.G) { g.NoViolation(kit.CountDials, 1) }},
		{ID: "framing/newline:observed", Title: "newline", Level: kit.Must, Needs: kit.Needs{Last: true}, Gateway: func(g *kit.G) { g.NoViolation(kit.CountMessages, 1) }},
		{ID: "handshake/hello-first:observed", Title: "hello", Level: kit.Must, Needs: kit.Needs{Last: true}, Gateway: func(g *kit.G) { g.NoViolation(kit.CountSessions, 1) }},
		gatewayCase("inbound/handled", alive),
	}
	for name, tc := range map[string]struct {
		gateway crude
		rule    string
		reason  string
	}{
		"another path":  {crude{path: "/other"}, "connect/dial-path:observed", "/other"},
		"wrong secret":  {crude{secret: "not-the-secret"}, "auth/bearer:observed", "signature"},
		"no newline":    {crude{noNewline: true}, "framing/newline:observed", "newline"},
		"never a dial":  {crude{never: true}, "connect/dial-path:observed", "no dial at all"},
		"garbage first": {crude{first: []byte("\x00\xff not a frame\n"), noHello: true}, "handshake/hello-first:observed", "first frame"},
		"64 MiB line":   {crude{first: []byte(strings.Repeat("x", 64<<20)), noHello: true}, "handshake/hello-first:observed", "1009"},
		"never a hello": {crude{noHello: true}, "handshake/hello-first:observed", "no message"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := judge(t, tc.gateway, list, func(o *conformance.Options) {
				if len(tc.gateway.first) > 1<<20 {
					o.Timing.Ready = 15 * time.Second // masking and reading 64 MiB under the race detector
				}
			})
			for _, r := range run.Results {
				if r.Case.ID == tc.rule {
					want(t, r, kit.Fail, tc.reason)
				} else {
					want(t, r, kit.Blocked, strings.TrimSuffix(tc.rule, ":observed"))
				}
			}
			if run.Header.Outcome.Exit != 1 {
				t.Errorf("expected exit 1, got %d: %s", run.Header.Outcome.Exit, run.Header.Outcome.Why)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	list := []kit.Case{
		gatewayCase("inbound/handled", alive),
		gatewayCase("inbound/ack-buffered", func(g *kit.G) { g.Alive(); g.Mismatch("this", "that") }),
		{ID: "inbound/ack-before-turn", Title: "blocked", Level: kit.Must, After: []protocol.RuleID{"inbound/ack-buffered"}, Gateway: alive},
		{ID: "inbound/repeat-once", Title: "a SHOULD", Level: kit.Should, Gateway: func(g *kit.G) { g.Alive(); g.Failf("not this time") }},
		gatewayCase("framing/binary", func(*kit.G) {}),
		gatewayCase("framing/unicode", func(*kit.G) { panic("a mistake of the case's") }),
		gatewayCase("framing/not-json", func(g *kit.G) { g.Alive(); g.NotApplicable("for a reason") }),
		{ID: "outbound/by-request-id", Title: "driven", Level: kit.Must, Needs: kit.Needs{Driver: []string{"gateway/send"}}, Gateway: alive},
		gatewayCase("framing/blank-lines", alive),
		gatewayCase("framing/unknown-type", func(g *kit.G) { g.Alive(); g.Failf("as listed") }),
		gatewayCase("framing/unknown-fields", alive),
	}
	run := judge(t, crude{}, list, func(o *conformance.Options) {
		o.Known = map[string]conformance.Known{
			"framing/blank-lines":    {Reason: "listed, and passing"},
			"framing/unknown-type":   {Reason: "upstream"},
			"framing/unknown-fields": {Reason: "now and then", Flaky: true},
		}
	})
	want(t, verdictOf(t, run, "inbound/handled"), kit.Pass, "")
	want(t, verdictOf(t, run, "inbound/ack-buffered"), kit.Fail, "expected this; got that")
	want(t, verdictOf(t, run, "inbound/ack-before-turn"), kit.Blocked, "inbound/ack-buffered does not hold")
	want(t, verdictOf(t, run, "inbound/repeat-once"), kit.Warn, "not this time")
	want(t, verdictOf(t, run, "framing/binary"), kit.HarnessError, "0 stimuli and 0 observations")
	want(t, verdictOf(t, run, "framing/unicode"), kit.HarnessError, "a mistake of the case's")
	want(t, verdictOf(t, run, "framing/not-json"), kit.NotApplicable, "for a reason")
	want(t, verdictOf(t, run, "outbound/by-request-id"), kit.NotApplicable, "driver channel")
	want(t, verdictOf(t, run, "framing/blank-lines"), kit.UnexpectedPass, "take it off the list")
	want(t, verdictOf(t, run, "framing/unknown-type"), kit.Known, "upstream")
	want(t, verdictOf(t, run, "framing/unknown-fields"), kit.Flaky, "now and then")
	if run.Header.Outcome.Exit != 3 {
		t.Errorf("expected exit 3, as the harness failed, got %d", run.Header.Outcome.Exit)
	}
}

// A rule of another revision is no part of the run, and a run of nothing else is none.
func TestCasesOfOtherRevisions(t *testing.T) {
	t.Parallel()
	later := kit.Case{ID: "reconnect/flapping", Title: "later", Level: kit.Must, Gateway: alive}
	run := judge(t, crude{}, []kit.Case{gatewayCase("inbound/handled", alive), later})
	if len(run.Results) != 1 || run.Header.Unbound != 1 || run.Header.Exercised != (report.Count{Rules: 1, Of: 1}) {
		t.Errorf("got %d results, %d of other revisions, %+v", len(run.Results), run.Header.Unbound, run.Header.Exercised)
	}
	_, err := conformance.Verify(t.Context(), conformance.Options{Launcher: launch.InProcess("crude", crude{}.run), Cases: []kit.Case{later}})
	if !errors.Is(err, conformance.ErrNothingToJudge) || !strings.Contains(err.Error(), "reconnect/flapping is a rule from revision 2026-10 on, and the gateway claims 2026-06") {
		t.Errorf("got %v", err)
	}
}

// What the fake notices is held against its own rule, and not against the case that
// happened to run.
func TestBlameGoesToTheRule(t *testing.T) {
	t.Parallel()
	list := []kit.Case{
		gatewayCase("inbound/handled", func(g *kit.G) { g.Alive(); g.Alive() }),
		{ID: "outbound/request-id:observed", Title: "ids", Level: kit.Must, Needs: kit.Needs{Last: true}, Gateway: func(g *kit.G) { g.NoViolation(kit.CountOutbound, 2) }},
	}
	run := judge(t, crude{badRequest: true}, list)
	want(t, verdictOf(t, run, "inbound/handled"), kit.Pass, "")
	want(t, verdictOf(t, run, "outbound/request-id:observed"), kit.Fail, "requestId")
	run = judge(t, crude{silent: true}, list)
	want(t, verdictOf(t, run, "outbound/request-id:observed"), kit.NotApplicable, "only 0 outbound frames")
}

// A gateway that floods the session is judged all the same, within its bounds.
func TestFlood(t *testing.T) {
	t.Parallel()
	run := judge(t, crude{flood: true}, []kit.Case{gatewayCase("inbound/ack-buffered", alive)})
	want(t, verdictOf(t, run, "inbound/ack-buffered"), kit.Fail, "inbound_ack")
}

// A gateway that acknowledges nothing is red for that, and for nothing that only needs an
// acknowledgement to be seen.
func TestMute(t *testing.T) {
	t.Parallel()
	run := judge(t, crude{mute: true}, []kit.Case{gatewayCase("connect/dial-path", func(g *kit.G) { g.FirstDial(); g.Alive() }), gatewayCase("inbound/ack-buffered", alive)})
	want(t, verdictOf(t, run, "connect/dial-path"), kit.Blocked, "inbound/ack-buffered does not hold: the gateway has not acknowledged anything")
	want(t, verdictOf(t, run, "inbound/ack-buffered"), kit.Fail, "inbound_ack")
}

// An event that is answered was taken: that it is not acknowledged is no fault against the
// rule whose case only asked for a sign of life.
func TestASignOfLifeThatIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	twice := func(g *kit.G) { g.FirstDial(); g.Alive(); g.Alive() }
	run := judge(t, crude{acksOne: true}, []kit.Case{gatewayCase("connect/dial-path", twice), gatewayCase("inbound/ack-buffered", twice)})
	want(t, verdictOf(t, run, "connect/dial-path"), kit.Blocked, "inbound/ack-buffered does not hold: the gateway has handled an event and not acknowledged")
	want(t, verdictOf(t, run, "inbound/ack-buffered"), kit.Fail, "inbound_ack")
}

// Whether an event was lost or its acknowledgement alone is told apart where the gateway
// shows what it handles, and only the rule that is broken is red.
func TestLostOrNotAcknowledged(t *testing.T) {
	t.Parallel()
	push := func(expect func(*kit.G, *kit.Event)) func(*kit.G) {
		return func(g *kit.G) {
			ev := g.Event("direct")
			ev.Source.ChatType = "dm"
			g.Push(ev)
			expect(g, ev)
		}
	}
	list := []kit.Case{
		gatewayCase("inbound/handled", push(func(g *kit.G, ev *kit.Event) { g.Acked(ev) })),
		gatewayCase("inbound/repeat-once", push(func(g *kit.G, ev *kit.Event) { g.Accepted(ev) })),
		gatewayCase("inbound/ack-buffered", push(func(g *kit.G, ev *kit.Event) { g.AckedIfHandled(ev) })),
	}
	const lost, unacknowledged = "inbound/handled does not hold: the gateway has neither handled", "inbound/ack-buffered does not hold: "
	run := judge(t, crude{noDirect: true}, list)
	want(t, verdictOf(t, run, "inbound/handled"), kit.Fail, "inbound_ack")
	want(t, verdictOf(t, run, "inbound/repeat-once"), kit.Blocked, lost)
	want(t, verdictOf(t, run, "inbound/ack-buffered"), kit.Blocked, lost)
	run = judge(t, crude{acksOne: true}, list)
	want(t, verdictOf(t, run, "inbound/handled"), kit.Blocked, unacknowledged)
	want(t, verdictOf(t, run, "inbound/repeat-once"), kit.Blocked, unacknowledged)
	want(t, verdictOf(t, run, "inbound/ack-buffered"), kit.Fail, "inbound_ack")
}

// A gateway whose acknowledgements lack their newline is red for that, and for nothing that
// an acknowledgement or an answer would have shown.
func TestUnreadableAcks(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]crude{"glued to the echo": {openAcks: true}, "alone": {openAcks: true, silent: true}} {
		run := judge(t, g, []kit.Case{
			gatewayCase("framing/binary", alive),
			gatewayCase("framing/unknown-fields", func(g *kit.G) { ev := g.Event("text"); g.Push(ev); g.Acked(ev) }),
			{ID: "framing/newline:observed", Title: "newline", Level: kit.Must, Needs: kit.Needs{Last: true}, Gateway: func(g *kit.G) { g.NoViolation(kit.CountMessages, 1) }},
		}, func(o *conformance.Options) { o.Timing.Answer = 3 * time.Second }) // longer than a newline is waited for
		t.Logf("acknowledgements %s", name)
		want(t, verdictOf(t, run, "framing/binary"), kit.Blocked, "framing/newline does not hold: expected a newline")
		want(t, verdictOf(t, run, "framing/unknown-fields"), kit.Blocked, "framing/newline does not hold: expected a newline")
		want(t, verdictOf(t, run, "framing/newline:observed"), kit.Fail, "newline")
	}
}

// A gateway that never dials costs one wait for it, and says so in its own rule's case.
func TestNeverDialed(t *testing.T) {
	t.Parallel()
	run := judge(t, crude{never: true}, []kit.Case{
		gatewayCase("connect/dial-path", func(g *kit.G) { g.FirstDial(); g.Alive() }),
		{ID: "connect/dial-path:variant", Title: "variant", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: func(g *kit.G) { g.Start() }},
	})
	r := verdictOf(t, run, "connect/dial-path")
	want(t, r, kit.Fail, "no dial at all")
	for _, part := range []string{"rule connect/dial-path (MUST)", "log log: no such option: --relay"} {
		if !strings.Contains(r.Evidence, part) {
			t.Errorf("expected %q in the evidence, got:\n%s", part, r.Evidence)
		}
	}
	want(t, verdictOf(t, run, "connect/dial-path:variant"), kit.Blocked, "no dial at all")
}

// A gateway that opens two sockets is red for it.
func TestTwoSockets(t *testing.T) {
	t.Parallel()
	run := judge(t, crude{twice: true}, []kit.Case{
		gatewayCase("inbound/handled", alive),
		{ID: "connect/single-socket:observed", Title: "one socket", Level: kit.Must, Needs: kit.Needs{Last: true}, Gateway: func(g *kit.G) { g.NoViolation(kit.CountSessions, 1) }},
	})
	want(t, verdictOf(t, run, "connect/single-socket:observed"), kit.Fail, "socket")
}

// A gateway that dies is red where it was needed, with how it ended.
func TestDeathIsTold(t *testing.T) {
	t.Parallel()
	run := judge(t, crude{dies: true}, []kit.Case{
		gatewayCase("inbound/handled", func(g *kit.G) {
			g.Alive()
			g.Push(g.Event("die"))
			g.Await(g.Timing.Answer, "something that never comes", kit.IsClosed("nobody"))
		}),
	})
	want(t, verdictOf(t, run, "inbound/handled"), kit.Fail, "died on purpose")
}

// A gateway that does not end when it is asked to costs the whole wait at each of its ends,
// which the report tells. One that a case has stopped is no longer counted.
func TestWhatHadToBeKilledIsCounted(t *testing.T) {
	t.Parallel()
	list := []kit.Case{
		gatewayCase("inbound/handled", alive),
		{ID: "idle/announce", Title: "stopped by its case", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: func(g *kit.G) {
			g.Start()
			g.Alive()
			g.Stop()
		}},
	}
	if run := judge(t, crude{}, list); run.Header.Stops != (kit.Stops{Of: 1}) {
		t.Errorf("expected the end of the shared gateway alone, and nothing killed; got %+v", run.Header.Stops)
	}
	deaf, end := context.WithCancel(context.Background())
	t.Cleanup(end)
	run := judge(t, crude{}, list[:1], func(o *conformance.Options) {
		o.Launcher = launch.InProcess("deaf", func(_ context.Context, env map[string]string, logs io.Writer) error {
			return crude{}.run(deaf, env, logs)
		})
		o.Timing.Stop = 100 * time.Millisecond
	})
	if run.Header.Stops != (kit.Stops{Killed: 1, Of: 1}) || run.Header.StopWithin != 100*time.Millisecond {
		t.Errorf("expected one end, by a kill after 100 ms; got %+v after %s", run.Header.Stops, run.Header.StopWithin)
	}
	want(t, verdictOf(t, run, "inbound/handled"), kit.Pass, "")
}

func TestEvidenceIsWholeAndRedacted(t *testing.T) {
	t.Parallel()
	var secret string
	run := judge(t, crude{}, []kit.Case{gatewayCase("inbound/handled", func(g *kit.G) {
		secret = g.Gateway().Record.Secret
		ev := g.Event("the secret is " + secret)
		g.Push(ev)
		g.Handled(ev)
		g.Mismatch("no "+secret, "it")
	})}, func(o *conformance.Options) { o.Rerun = func(id string) string { return "rerun " + id } })
	r := verdictOf(t, run, "inbound/handled")
	if secret == "" || strings.Contains(r.Reason+r.Evidence, secret) {
		t.Errorf("the secret is in the evidence:\n%s", r.Evidence)
	}
	for _, part := range []string{"rule inbound/handled (MUST): Every inbound frame", "expected: ", "actual:   it", "inbound_ack", "log log: handling an event", "run it again: rerun inbound/handled"} {
		if !strings.Contains(r.Evidence, part) {
			t.Errorf("expected %q in the evidence, got:\n%s", part, r.Evidence)
		}
	}
}

// What should not have come is shown, whichever entry of the journal it was found by.
func TestEvidenceShowsWhatShouldNotHaveCome(t *testing.T) {
	for id, c := range map[string]struct {
		match func(*kit.Event) func(fakeconnector.Entry) bool
		shows string
	}{
		"inbound/ack-only-buffered": {func(ev *kit.Event) func(fakeconnector.Entry) bool { return kit.IsAck(ev.BufferID) }, `{"bufferId":"buf-`},
		"outbound/fields":           {func(*kit.Event) func(fakeconnector.Entry) bool { return kit.IsGatewayMessage }, `> s1 text "{\"bufferId\":\"buf-`},
	} {
		run := judge(t, crude{}, []kit.Case{gatewayCase(id, func(g *kit.G) {
			g.CatchUp()
			ev := g.Event("acknowledged")
			g.Push(ev)
			g.Nothing("answer to it", c.match(ev))
		})})
		r := verdictOf(t, run, id)
		want(t, r, kit.Fail, "expected no answer to it; got "+c.shows)
		if line := "actual:   " + c.shows; !strings.Contains(r.Evidence, line) {
			t.Errorf("%s: expected a line with %q, got:\n%s", id, line, r.Evidence)
		}
	}
}

func TestNotStartedIsTheHarnesss(t *testing.T) {
	t.Parallel()
	_, err := conformance.Verify(t.Context(), conformance.Options{Launcher: launch.Command([]string{"./no-such-gateway"})})
	if !errors.Is(err, conformance.ErrNotStarted) {
		t.Errorf("expected ErrNotStarted, got %v", err)
	}
}

// Cases that wait for each other are a mistake of the suite's, and end.
func TestACircleOfPrerequisitesEnds(t *testing.T) {
	t.Parallel()
	run := judge(t, crude{}, []kit.Case{
		{ID: "inbound/handled", Title: "a", Level: kit.Must, After: []protocol.RuleID{"inbound/ack-buffered"}, Gateway: alive},
		{ID: "inbound/ack-buffered", Title: "b", Level: kit.Must, After: []protocol.RuleID{"inbound/handled"}, Gateway: alive},
	})
	want(t, verdictOf(t, run, "inbound/handled"), kit.HarnessError, "wait for each other")
	want(t, verdictOf(t, run, "inbound/ack-buffered"), kit.HarnessError, "wait for each other")
}

// A gateway that is not ready is judged by its last dial, not by what it got over before.
func TestTheLastExchangeDecides(t *testing.T) {
	t.Parallel()
	dial := func(ctx context.Context, env map[string]string) (*websocket.Conn, error) {
		h := http.Header{"Authorization": {"Bearer " + auth.Mint(env["GATEWAY_RELAY_ID"], env["GATEWAY_RELAY_SECRET"], time.Now().Unix()+300)}}
		ws, _, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(env["GATEWAY_RELAY_URL"], "http", "ws", 1)+"/relay", h)
		return ws, err
	}
	hello := func(ws *websocket.Conn, env map[string]string, end string) {
		_ = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"hello","platform":%q,"botId":%q}%s`, env["GATEWAY_RELAY_PLATFORM"], env["GATEWAY_RELAY_BOT_ID"], end))
	}
	for name, tc := range map[string]struct {
		// What it does when its first session has ended, and the socket that it keeps: one that nothing refers to is closed by the collector.
		again  func(ctx context.Context, env map[string]string) *websocket.Conn
		reason string
	}{
		"no dial": {func(context.Context, map[string]string) *websocket.Conn { return nil }, "reconnect/redial does not hold: expected another dial"},
		"no hello": {func(ctx context.Context, env map[string]string) *websocket.Conn {
			ws, _ := dial(ctx, env)
			return ws
		}, "handshake/hello-first does not hold: expected a hello on every socket; got no message"},
		"no newline": {func(ctx context.Context, env map[string]string) *websocket.Conn {
			ws, err := dial(ctx, env)
			if err == nil {
				hello(ws, env, "")
			}
			return ws
		}, "framing/newline does not hold: expected a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := func(ctx context.Context, env map[string]string, _ io.Writer) error {
				ws, err := dial(ctx, env)
				if err != nil {
					return err
				}
				defer ws.Close()
				hello(ws, env, "\n")
				closed := make(chan struct{})
				go func() {
					defer close(closed)
					for err == nil {
						_, _, err = ws.ReadMessage()
					}
				}()
				select {
				case <-closed:
					if again := tc.again(ctx, env); again != nil {
						defer again.Close()
					}
				case <-ctx.Done():
					ws.Close()
					<-closed
				}
				<-ctx.Done()
				return nil
			}
			o := conformance.Options{Launcher: launch.InProcess("one", gateway), Timing: quick(), Facts: kit.Facts{Replies: kit.RepliesNone}, Cases: []kit.Case{
				{ID: "inbound/handled", Title: "fresh", Level: kit.Must, Needs: kit.Needs{Fresh: true}, Gateway: func(g *kit.G) {
					g.Prepare()
					g.On(kit.FirstHello()).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: websocket.CloseServiceRestart, Reason: "restart"})
					g.Start()
				}},
			}}
			run, err := conformance.Verify(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			want(t, verdictOf(t, run, "inbound/handled"), kit.Blocked, tc.reason)
		})
	}
}
