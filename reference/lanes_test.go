package reference

import (
	"context"
	"testing"

	"github.com/relaykit/relaykit/protocol"
)

func TestFloodIsRefused(t *testing.T) {
	g, err := New(Config{URL: "http://relay.test"}, HandlerFunc(func(context.Context, *Turn) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	event := protocol.Event{Source: protocol.Source{Platform: "discord", ChatID: "C1", ChatType: "dm"}, MessageID: protocol.Some("M1")}
	g.lanes.size = laneLimit
	g.admit(nil, event, "b1")
	if len(g.lanes.keys) != 0 || g.seen.accepted(eventIDs(event, "b1")) {
		t.Error("expected the event to be refused and forgotten, so that it may come again")
	}
	g.lanes.size = 0
	g.admit(nil, event, "")
	if err := g.Shutdown(context.Background()); err != nil { // waits for the turn
		t.Error(err)
	}
	if g.lanes.size != 0 {
		t.Errorf("expected no job left, got %d", g.lanes.size)
	}
}
