package control_test

import (
	"testing"

	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

func TestPushAndEcho(t *testing.T) {
	r := start(t, control.Seed{}, nil)
	c := r.client
	made, err := c.CreateGateway(within(t), api.NewGateway{Tenant: "acme", Instance: "inst-1"})
	must(t, err)
	r.dial(c, made)
	d, err := c.Push(within(t), "inst-1", event("C1", "hi"))
	must(t, err)
	if d.Session == "" || d.BufferID != "" || d.SessionKey != "agent:main:discord:dm:C1" {
		t.Errorf("expected a live delivery, got %+v", d)
	}
	echo, err := c.Wait(within(t), client.Query{After: d.Mark, Filter: api.Filter{Type: "outbound", ChatID: "C1", Text: "^echo: hi$"}}, bound)
	must(t, err)
	if echo.Frame == nil || echo.Frame.Text == "" || echo.Gateway != made.Gateway.ID {
		t.Errorf("expected the echo's frame, got %+v", echo)
	}
}
