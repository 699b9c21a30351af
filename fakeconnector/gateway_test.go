package fakeconnector

import (
	"testing"

	"github.com/relaykit/relaykit/protocol"
)

// Who owns an instance is kept by instance, and must follow every change of the records.
func TestOwnersFollowTheRecords(t *testing.T) {
	c := started(t)
	tenant := func(want string) {
		t.Helper()
		if got := c.ownerOf("i").Tenant; got != want {
			t.Errorf("expected instance i to belong to %q, got %q", want, got)
		}
		if _, err := c.Publish("i", protocol.Event{Text: "x", Source: protocol.Source{ChatID: "C"}}); err != nil {
			t.Error(err)
		}
	}
	tenant("")
	c.AddGateway(Gateway{ID: "a", Tenant: "first", Instance: "i"})
	c.AddGateway(Gateway{ID: "b", Tenant: "second", Instance: "i"})
	tenant("first")
	must(t, c.RemoveGateway("a"))
	tenant("second")
	c.AddGateway(Gateway{ID: "b", Tenant: "second", Instance: "another"})
	tenant("")
	c.AddGateway(Gateway{ID: "c", Tenant: "third", Instance: "i"})
	tenant("third")
}
