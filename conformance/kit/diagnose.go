package kit

import (
	"context"
	"fmt"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// Diagnosis says why a gateway that was started is not ready: the rule that it broke,
// and how.
type Diagnosis struct {
	Rule   protocol.RuleID
	Reason string
	// NeverDialed says that not even a dial came, so that starting the gateway again in
	// another way would only cost the same wait.
	NeverDialed bool
}

// awaitHello waits for the gateway's first well-formed hello.
func (in *Instance) awaitHello(ctx context.Context, within time.Duration) *Diagnosis {
	ctx, cancel := patiently(ctx, within)
	defer cancel()
	cancelAtDeath(ctx, cancel, in.Subject, in.bench.Timing.Quiet)
	e, err := in.Connector.Journal().Wait(ctx, 0, func(e fakeconnector.Entry) bool { return IsHello(e) || in.hopeless(e) })
	if err != nil || !IsHello(e) {
		return in.diagnose(within)
	}
	return nil
}

// cancelAtDeath ends a wait for a gateway whose process ends, as a dead one sends nothing
// more. What it sent before may still be on its way through the journal, for which the wait
// gets a last look. The subject is the caller's copy: the instance may be started once more
// before this watcher has been scheduled at all.
func cancelAtDeath(ctx context.Context, cancel context.CancelFunc, subject Subject, look time.Duration) {
	if subject == nil {
		return
	}
	go func() {
		select {
		case <-subject.Exited():
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(look)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-ctx.Done():
		}
	}()
}

// hopeless matches a violation after which no handshake can follow, so that nobody needs
// to wait for one.
func (in *Instance) hopeless(e fakeconnector.Entry) bool {
	if e.Kind != fakeconnector.KindViolation || e.Violation == nil || in.ignored[e.Violation.Rule] {
		return false
	}
	switch e.Violation.Rule {
	case protocol.RuleConnectDialPath, protocol.RuleAuthBearer, protocol.RuleAuthTokenLive:
		return true
	}
	return false
}

// AwaitReady waits for a live session: the gateway's hello arrived and was answered.
func (in *Instance) AwaitReady(ctx context.Context, within time.Duration) *Diagnosis {
	start := time.Now()
	if d := in.awaitHello(ctx, within); d != nil {
		return d
	}
	left := max(within-time.Since(start), in.bench.Timing.Answer)
	if !poll(ctx, left, func() bool { return in.Session() != nil || in.exited() }) || in.Session() == nil {
		return in.diagnose(within)
	}
	return nil
}

func (in *Instance) exited() bool {
	if in.Subject == nil {
		return false
	}
	select {
	case <-in.Subject.Exited():
		return true
	default:
		return false
	}
}

// diagnose finds the first promise of the handshake that was not kept, in the order in
// which a gateway comes to them.
func (in *Instance) diagnose(within time.Duration) *Diagnosis {
	ended := ""
	if in.exited() {
		ended = "; its process had ended: " + in.Subject.Exit().String()
	}
	entries := in.Connector.Journal().All()
	var dials, rightPath, upgraded, messages, hellos int
	var lastDial, lastMessage, lastClose, tooBig fakeconnector.Entry
	violations := map[protocol.RuleID]string{}
	for _, e := range entries {
		switch {
		case e.Kind == fakeconnector.KindDial:
			dials++
			lastDial = e
			if e.Dial != nil && e.Dial.Path == protocol.RouteRelay {
				rightPath++
			}
		case e.Kind == fakeconnector.KindUpgraded:
			upgraded++
		case IsGatewayMessage(e):
			messages++
			lastMessage = e
		case e.Kind == fakeconnector.KindClosed:
			lastClose = e
			if e.Close != nil && e.Close.Code == 1009 && e.Close.By == protocol.FromConnector {
				tooBig = e
			}
		case e.Kind == fakeconnector.KindViolation && e.Violation != nil:
			if _, ok := violations[e.Violation.Rule]; !ok {
				violations[e.Violation.Rule] = e.Violation.Text
			}
		}
		if IsHello(e) {
			hellos++
		}
	}
	say := func(rule protocol.RuleID, format string, args ...any) *Diagnosis {
		return &Diagnosis{Rule: rule, Reason: fmt.Sprintf(format, args...) + ended}
	}
	nonCanonical := ""
	if dials > 0 && in.secret {
		if t, why := readToken(lastDial.Dial.Header.Values("Authorization")); why == "" && t.SignedWith(in.Record.Secret) {
			nonCanonical = t.NotCanonical()
		}
	}
	switch {
	case dials == 0:
		d := say(protocol.RuleConnectDialPath, "expected a WebSocket upgrade on %s within %s; got no dial at all", protocol.RouteRelay, within)
		d.NeverDialed = true
		return d
	case rightPath == 0:
		return say(protocol.RuleConnectDialPath, "expected a WebSocket upgrade on %s; got a dial on %q", protocol.RouteRelay, lastDial.Dial.Path)
	case nonCanonical != "":
		return say(protocol.RuleAuthCanonical, "expected a token in the canonical form; got %s", nonCanonical)
	case violations[protocol.RuleAuthBearer] != "":
		return say(protocol.RuleAuthBearer, "%s", violations[protocol.RuleAuthBearer])
	case violations[protocol.RuleAuthTokenLive] != "":
		return say(protocol.RuleAuthTokenLive, "%s", violations[protocol.RuleAuthTokenLive])
	case in.secret && lastDial.Dial.Header.Get("Authorization") == "":
		return say(protocol.RuleAuthBearer, "expected an Authorization header with a token of gateway %q; got none", in.Record.ID)
	case upgraded == 0:
		return say(protocol.RuleConnectDialPath, "expected a WebSocket upgrade; got %d HTTP requests on %s that were none", dials, protocol.RouteRelay)
	case hellos == 0 && messages == 0 && tooBig.Kind != "":
		return say(protocol.RuleHandshakeHelloFirst, "expected a hello after the upgrade; got a message so long that the connector closed the session with 1009")
	case hellos == 0 && messages == 0:
		return say(protocol.RuleHandshakeHelloFirst, "expected a hello after the upgrade within %s; got no message on %d sockets", within, upgraded)
	case hellos == 0 && !endsLine(lastMessage):
		return say(protocol.RuleFramingNewline, "expected a hello frame and a newline; got a message without one: %s", shown(lastMessage))
	case hellos == 0:
		return say(protocol.RuleHandshakeHelloFirst, "expected a hello as the first frame; got %s", shown(lastMessage))
	case violations[protocol.RuleHandshakeHelloFields] != "":
		return say(protocol.RuleHandshakeHelloFields, "%s", violations[protocol.RuleHandshakeHelloFields])
	}
	last := in.lastExchange(entries)
	switch {
	case last.violation != nil:
		return say(last.violation.Rule, "%s", last.violation.Text)
	case last.upgraded && !last.hello && last.message.Kind == "" && last.closed.Kind == "":
		return say(protocol.RuleHandshakeHelloFirst, "expected a hello on every socket; got no message on that of the last dial within %s", within)
	case last.upgraded && !last.hello && last.message.Kind != "" && !endsLine(last.message):
		return say(protocol.RuleFramingNewline, "expected a hello frame and a newline on every socket; got a message without one: %s", shown(last.message))
	case last.upgraded && !last.hello && last.message.Kind != "":
		return say(protocol.RuleHandshakeHelloFirst, "expected a hello as the first frame on every socket; got %s", shown(last.message))
	case last.closed.Kind != "":
		return say(protocol.RuleReconnectRedial, "expected another dial within %s of the end of its session; got %s and no dial after it", within, shown(last.closed))
	case lastClose.Kind != "" && !last.upgraded:
		return say(protocol.RuleReconnectRedial, "expected a live session within %s; got %s and no handshake after it", within, shown(lastClose))
	default:
		return say(protocol.RuleHandshakeHelloFirst, "expected a live session within %s; got a hello and no handshake", within)
	}
}

// exchange is what happened since a gateway dialed.
type exchange struct {
	upgraded, hello bool
	message, closed fakeconnector.Entry      // the last of each; no Kind for none
	violation       *fakeconnector.Violation // the first that is not provoked
}

// lastExchange is what came of the last dial: what happened before it was put up with.
func (in *Instance) lastExchange(entries []fakeconnector.Entry) (x exchange) {
	for _, e := range entries {
		switch {
		case IsDial(e):
			x = exchange{}
		case e.Kind == fakeconnector.KindUpgraded:
			x.upgraded = true
		case IsGatewayMessage(e):
			x.message = e
		case e.Kind == fakeconnector.KindClosed:
			x.closed = e
		case e.Kind == fakeconnector.KindViolation && e.Violation != nil && x.violation == nil && !in.ignored[e.Violation.Rule]:
			x.violation = e.Violation
		}
		x.hello = x.hello || IsHello(e)
	}
	return x
}

func endsLine(e fakeconnector.Entry) bool {
	return e.Message != nil && len(e.Message.Payload) > 0 && e.Message.Payload[len(e.Message.Payload)-1] == '\n'
}

// Prepare gives a Fresh case its connector, so that it can be told to misbehave before
// the gateway is there.
func (g *G) Prepare(opts ...InstanceOption) {
	if !g.Case.Needs.Fresh {
		g.Harness(fmt.Errorf("the case is not marked Fresh"), "preparing a gateway")
	}
	if g.gw != nil {
		g.Harness(fmt.Errorf("the case did so before"), "preparing a gateway")
	}
	in, cfg, err := g.bench.prepare(g.ids.prefix, opts)
	if err != nil {
		g.Harness(err, "preparing a gateway")
	}
	g.gw, g.own = in, true
	g.cfg, g.Timing = cfg, in.Timing
}

// Start launches the gateway of a Fresh case, after Prepare or with its options.
func (g *G) Start(opts ...InstanceOption) {
	if g.gw == nil {
		g.Prepare(opts...)
	} else {
		for _, o := range opts {
			o(g.cfg)
		}
	}
	d, err := g.gw.launch(g.cfg)
	if err != nil {
		g.Harness(err, "starting the gateway")
	}
	g.Timing = g.gw.Timing
	g.stimulus()
	if d != nil {
		g.notReady(d)
	}
	if g.cfg.until != untilLaunched {
		g.observation()
	}
}

// Anew ends the gateway of a Fresh case, and its connector with it, so that the case can
// prepare and start another one: what one process shows only once is tried again so.
func (g *G) Anew() {
	for i := len(g.stubs) - 1; i >= 0; i-- {
		g.stubs[i].Remove()
	}
	g.Gateway().Close()
	g.waited += g.gw.waited
	g.gw, g.own, g.cfg, g.stubs = nil, false, nil, nil
	g.mark, g.began, g.notesMark = 0, 0, 0
}

// notReady ends the case: red when the gateway broke the very rule of the case, else
// blocked by the rule that it broke.
func (g *G) notReady(d *Diagnosis) {
	if d.Rule == g.Case.Rule() {
		g.Failf("%s", d.Reason)
	}
	g.bench.observed.violate(d.Rule, d.Reason, g.Case.ID)
	g.blocked(d.Rule, d.Reason)
}
