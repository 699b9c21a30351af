package cases

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func revocation() []kit.Case {
	fresh := kit.Needs{Fresh: true}
	after := rules(protocol.RuleReconnectRedial)
	return []kit.Case{
		{ID: id(protocol.RuleRevocationBeforeHandshake), Title: "dials again after a 4401 in place of its first handshake", Level: kit.Must, Needs: fresh, Gateway: rejectedAtFirst},
		{ID: id(protocol.RuleRevocationBeforeHandshake, "after-hello"), Title: "does so when the 4401 answers its hello", Level: kit.Must, Needs: fresh, Gateway: rejectedAfterHello},
		{ID: id(protocol.RuleRevocationAfterHandshake), Title: "stops dialing after a 4401 on its session", Level: kit.Must, Needs: fresh, After: after, Gateway: revoked},
		{ID: id(protocol.RuleRevocationAfterHandshake, "on-redial"), Title: "stops dialing after a 4401 on a redial", Level: kit.Must, Needs: fresh, After: after, Gateway: revokedWhileAway},
		{ID: id(protocol.RuleRevocationBeforeHandshake, "often"), Title: "does so however often it is closed with 4401", Level: kit.Must, Needs: kit.Needs{Fresh: true, Slow: true}, Gateway: rejectedOften},
		{ID: id(protocol.RuleRevocationAfterHandshake, "after-refusals"), Title: "stops dialing after a 4401 that comes after dials that failed", Level: kit.Must, Needs: fresh, After: after, Gateway: revokedAfterRefusals},
		{ID: id(protocol.RuleRevocationAfterHandshake, "reason"), Title: "goes by the code and not by the reason", Level: kit.Must, Needs: fresh, After: after, Gateway: revokedWithoutReason},
		{ID: id(protocol.RuleRevocationAfterHandshake, "expired"), Title: "stops dialing for the reason expired as well, which has no meaning of its own yet", Level: kit.Must, Needs: fresh, After: after, Gateway: revokedAsExpired},
		{ID: id(protocol.RuleRevocationAfterHandshake, "asked"), Title: "stops dialing though a caller has something to send", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Driver: []string{"gateway/send"}}, After: after, Gateway: revokedThoughAsked},
		{ID: id(protocol.RuleRevocationBeforeHandshake, "after-timeout"), Title: "dials again after a 4401 that follows a handshake without a descriptor", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Slow: true}, After: rules(protocol.RuleHandshakeDescriptorBound), Gateway: rejectedAfterTimeout},
		{ID: id(protocol.RuleRevocationDisabled, "on-redial"), Title: "reports it when the 4401 comes on a redial", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Driver: []string{"event/status"}}, After: rules(protocol.RuleRevocationAfterHandshake), Gateway: reportsDisabledOnRedial},
		{ID: id(protocol.RuleRevocationDisabled), Title: "reports the relay as disabled", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Driver: []string{"event/status"}}, After: rules(protocol.RuleRevocationAfterHandshake), Gateway: reportsDisabled},
	}
}

func rejectedAtFirst(g *kit.G) {
	// With a cap that is far from the first rungs, so that a wait of the cap shows.
	g.Prepare(kit.Bounds(func(t *kit.Timing) { t.BackoffCap = kit.ContractTiming().BackoffCap }))
	rejected := g.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded}).Times(2).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	g.Start(kit.UntilLaunched())
	g.Dials(3, g.Timing.Ready+g.Timing.Redial(0)+g.Timing.Redial(1))
	if rejected.Hits() != 2 {
		g.Mismatch("two dials to be closed with 4401", fmt.Sprint(rejected.Hits()))
	}
	g.Ready()
	g.Alive()
}

func rejectedAfterHello(g *kit.G) {
	g.Prepare()
	g.On(kit.FirstHello()).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	g.Start(kit.UntilHello())
	hello := g.Await(g.Timing.Answer, "a hello", kit.IsHello)
	g.CatchUpTo(hello)
	g.Redialed(0)
	g.Ready()
	g.Alive()
}

// revoked first shows that this gateway dials again after another close, and how soon;
// then it may not, for longer than its next rungs would take.
func revoked(g *kit.G) {
	g.Start(kit.Bounds(shortCap))
	g.Alive()
	redial(g)
	g.Connector().Revoke(g.Gateway().Record.ID)
	g.Stimulus()
	noMoreDials(g)
}

func revokedWhileAway(g *kit.G) {
	g.Start(kit.Bounds(shortCap))
	g.Alive()
	g.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded}).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Redialed(0)
	noMoreDials(g)
}

// noMoreDials begins once the 4401 went out.
func noMoreDials(g *kit.G) { noDialsSince(g, endedBy4401(g)) }

func endedBy4401(g *kit.G) fakeconnector.Entry {
	closed := g.Await(g.Timing.Answer, "the session to end with 4401", func(e fakeconnector.Entry) bool {
		return e.Kind == fakeconnector.KindClosed && e.Close.Code == 4401
	})
	g.CatchUpTo(closed)
	return closed
}

func noDialsSince(g *kit.G, closed fakeconnector.Entry) {
	// Longer than the next rungs take; where the cap is near, than three waits at the cap.
	window := (g.Timing.Rung(0) + g.Timing.Rung(1) + g.Timing.Rung(2)) * 5 / 4
	if g.Timing.BackoffCap < 2*time.Second {
		window = max(window, 3*g.Timing.BackoffCap*5/4)
	}
	if e, found := g.Within(window, kit.IsDial); found {
		g.Mismatch("no further dial after the revocation", fmt.Sprintf("one %s after the 4401", kit.Elapsed(closed, e)))
	}
	g.StillThere()
}

// revokedThoughAsked has a caller send once the gateway has had time to notice.
func revokedThoughAsked(g *kit.G) {
	g.Start(kit.Bounds(shortCap))
	g.Alive()
	g.Connector().Revoke(g.Gateway().Record.ID)
	g.Stimulus()
	closed := endedBy4401(g)
	if e, found := g.Within(g.Timing.Quiet, kit.IsDial); found {
		g.Mismatch("no further dial after the revocation", fmt.Sprintf("one %s after the 4401", kit.Elapsed(closed, e)))
	}
	asked := g.DriveAsync("gateway/send", params(g, "gateway/send", g.ID("c")))
	noDialsSince(g, closed)
	asked(g.Timing.Answer) // whatever it says, it returns
}

// rejectedAfterTimeout: a session on which no descriptor came was no handshake either.
func rejectedAfterTimeout(g *kit.G) {
	g.Prepare(shortHandshake())
	g.On(kit.FirstHello()).Do(fakeconnector.Withhold{})
	g.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded, Session: "s2"}).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	g.Start(kit.UntilHello())
	g.Dials(3, g.Timing.Ready+g.Timing.Handshake+g.Timing.Redial(0)+g.Timing.Redial(1))
	g.Ready()
	g.Alive()
}

func rejectedOften(g *kit.G) {
	const times = 7
	g.Prepare(kit.Bounds(shortCap))
	g.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded}).Times(times).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	g.Start(kit.UntilLaunched())
	within := g.Timing.Ready
	for i := range times {
		within += g.Timing.Redial(i)
	}
	g.Dials(times+1, within)
	g.Ready()
	g.Alive()
}

// revokedAfterRefusals: that a handshake has succeeded is remembered through dials that fail.
func revokedAfterRefusals(g *kit.G) {
	g.Start(kit.Bounds(shortCap))
	g.Alive()
	g.On(fakeconnector.Match{Point: fakeconnector.PointDial}).Times(2).Do(fakeconnector.Refuse{})
	g.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded}).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Dials(3, g.Timing.Redial(0)+g.Timing.Redial(1)+g.Timing.Redial(2))
	noMoreDials(g)
}

func revokedWithoutReason(g *kit.G) {
	g.Start(kit.Bounds(shortCap))
	g.Alive()
	redial(g)
	g.CloseSession(4401, "")
	g.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded}).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401})
	noMoreDials(g)
}

// revokedAsExpired has the reason that a later revision makes an exception of.
func revokedAsExpired(g *kit.G) {
	g.Start(kit.Bounds(shortCap))
	g.Alive()
	g.CloseSession(4401, "expired")
	noMoreDials(g)
}

func reportsDisabledOnRedial(g *kit.G) {
	g.Start(kit.Bounds(shortCap))
	if g.Gateway().Driver == nil {
		g.NotApplicable("the gateway has not opened the driver channel, which sends event/status")
	}
	g.Alive()
	g.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded}).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Redialed(0)
	disabled(g)
}

func reportsDisabled(g *kit.G) {
	g.Start()
	if g.Gateway().Driver == nil {
		g.NotApplicable("the gateway has not opened the driver channel, which sends event/status")
	}
	g.Alive()
	g.Connector().Revoke(g.Gateway().Record.ID)
	g.Stimulus()
	disabled(g)
}

func disabled(g *kit.G) {
	n := g.Notified("event/status", "event/status with the state disabled", func(p json.RawMessage) bool {
		var s struct{ State string }
		return json.Unmarshal(p, &s) == nil && s.State == "disabled"
	})
	var s struct {
		Code      *string `json:"code"`
		Retryable *bool   `json:"retryable"`
	}
	if err := json.Unmarshal(n.Params, &s); err != nil {
		g.Mismatch("an object", err.Error())
	}
	if s.Code == nil || *s.Code != "relay_disabled" {
		g.Mismatch(`the code "relay_disabled"`, string(n.Params))
	}
	if s.Retryable == nil || *s.Retryable {
		g.Mismatch("retryable false", string(n.Params))
	}
}
