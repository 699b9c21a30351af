package metrics

import (
	"fmt"
	"testing"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func frame(session string, f protocol.Frame) fakeconnector.Entry {
	return fakeconnector.Entry{Kind: fakeconnector.KindFrame, Session: session, Instance: "inst-1", Frame: &fakeconnector.FrameRecord{Frame: f}}
}

// What is never answered goes with its session, and what is never acknowledged is bounded.
func TestPendingIsBounded(t *testing.T) {
	m := New(nil)
	observe := m.Observer("space")
	for n := range 3 {
		session := fmt.Sprint("s", n)
		for i := range 10 {
			observe(frame(session, &protocol.Outbound{RequestID: fmt.Sprint("r", i)}))
		}
		observe(frame(session, &protocol.OutboundResult{RequestID: "r1"}))
		if got := len(m.pending["space"].arrived[session]); got != 9 {
			t.Errorf("expected nine requests of session %s that wait, got %d", session, got)
		}
		observe(fakeconnector.Entry{Kind: fakeconnector.KindClosed, Session: session, Close: &fakeconnector.CloseRecord{By: protocol.FromGateway, Code: 1000}})
	}
	if got := len(m.pending["space"].arrived); got != 0 {
		t.Errorf("expected nothing of sessions that ended, got %d of them", got)
	}
	for i := range maxPending + 10 {
		observe(frame("s4", &protocol.Inbound{BufferID: protocol.Some(fmt.Sprint("b", i))}))
		observe(frame("s4", &protocol.Outbound{RequestID: fmt.Sprint("r", i)}))
	}
	if p := m.pending["space"]; len(p.sent) != maxPending || len(p.arrived["s4"]) != maxPending {
		t.Errorf("expected at most %d of each, got %d deliveries and %d requests", maxPending, len(p.sent), len(p.arrived["s4"]))
	}
	m.Forget("space")
	if len(m.pending) != 0 {
		t.Error("expected a namespace that is gone to leave nothing")
	}
}
