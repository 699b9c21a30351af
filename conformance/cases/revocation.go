package cases

import (
	"encoding/json"
	"fmt"

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
		{ID: id(protocol.RuleRevocationDisabled), Title: "reports the relay as disabled", Level: kit.Must,
			Needs: kit.Needs{Fresh: true, Driver: []string{"event/status"}}, After: rules(protocol.RuleRevocationAfterHandshake), Gateway: reportsDisabled},
	}
}

func rejectedAtFirst(g *kit.G) {
	g.Prepare()
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
	g.Start()
	g.Alive()
	redial(g)
	g.Connector().Revoke(g.Gateway().Record.ID)
	g.Stimulus()
	noMoreDials(g)
}

func revokedWhileAway(g *kit.G) {
	g.Start()
	g.Alive()
	g.On(fakeconnector.Match{Point: fakeconnector.PointUpgraded}).Do(fakeconnector.Withhold{}, fakeconnector.CloseWith{Code: 4401, Reason: "unauthorized"})
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Redialed(0)
	noMoreDials(g)
}

// noMoreDials begins once the 4401 went out.
func noMoreDials(g *kit.G) {
	closed := g.Await(g.Timing.Answer, "the session to end with 4401", func(e fakeconnector.Entry) bool {
		return e.Kind == fakeconnector.KindClosed && e.Close.Code == 4401
	})
	g.CatchUpTo(closed)
	window := g.Timing.Rung(0)*5/4 + g.Timing.Rung(1)*5/4 + g.Timing.Rung(2)*5/4
	if e, found := g.Within(window, kit.IsDial); found {
		g.Mismatch("no further dial after the revocation", fmt.Sprintf("one %s after the 4401", kit.Elapsed(closed, e)))
	}
	g.StillThere()
}

func reportsDisabled(g *kit.G) {
	g.Start()
	if g.Gateway().Driver == nil {
		g.NotApplicable("the gateway has not opened the driver channel, which sends event/status")
	}
	g.Alive()
	g.Connector().Revoke(g.Gateway().Record.ID)
	g.Stimulus()
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
