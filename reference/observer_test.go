package reference_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// An observer that panics ends nothing, and the event that it was told of is handled.
func TestPanickingObservers(t *testing.T) {
	bubble(t, func(t *testing.T, r *relay) {
		c := r.config()
		var log lines
		c.Logger = log.logger()
		c.Observer = reference.Observer{
			Inbound:     func(*reference.Turn) { panic("inbound") },
			Turn:        func(*reference.Turn, reference.Outcome) { panic("turn") },
			Interrupt:   func(string, string) { panic("interrupt") },
			Passthrough: func(protocol.Forward, *protocol.Event, string) { panic("passthrough") },
			Status:      func(reference.Status) { panic("status") },
		}
		gw := start(t, c, echo)
		p := r.handshaken()
		p.send(object{"type": "interrupt_inbound", "session_key": "k", "chat_id": "C1"})
		p.send(with(inbound("C1", "event", "M1"), "bufferId", "b1"))
		equal(t, "ack", p.expect("inbound_ack")["bufferId"], "b1")
		equal(t, "content", p.answer(object{"success": true})["content"], "event")
		p.send(object{"type": "passthrough_forward", "forward": object{
			"platform": "discord", "botId": "b", "method": "POST", "path": "/", "headers": [][]string{},
			"bodyB64": base64.StdEncoding.EncodeToString([]byte(`{"type":2,"id":"I1","channel_id":"C2","data":{"name":"forward"}}`))}})
		equal(t, "content", p.answer(object{"success": true})["content"], "forward")
		synctest.Wait()
		go func() { p.expect("going_idle"); p.send(object{"type": "going_idle_ack"}) }()
		if err := gw.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		equal(t, "state", gw.Status().State, reference.StateStopped)
		equal(t, "dials", len(r.dialTimes()), 1)
		for _, what := range []string{"inbound", "turn", "interrupt", "passthrough", "status"} {
			if !strings.Contains(log.String(), "panic="+what) {
				t.Errorf("expected the log to name the panic %q, got %s", what, log.String())
			}
		}
	})
}
