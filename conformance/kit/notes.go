package kit

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
)

// NotifiedAny waits for a notification of the driver's since the case began, whatever
// its method.
func (g *G) NotifiedAny(what string, match func(Note) bool) Note {
	n, ok := g.note(g.notesMark, g.Timing.Answer, match)
	if !ok {
		g.Mismatch(fmt.Sprintf("%s within %s", what, g.Timing.Answer), g.lastNote())
	}
	g.observation()
	return n
}

func (g *G) note(after int, within time.Duration, match func(Note) bool) (Note, bool) {
	d := g.Gateway().Driver
	if d == nil {
		g.NotApplicable("the gateway has not opened the driver channel")
	}
	ctx, cancel := patiently(g.bench.ctx, within)
	defer cancel()
	return d.WaitNote(ctx, after, match)
}

func (g *G) lastNote() string {
	notes := g.Gateway().Driver.Notes(g.notesMark)
	if len(notes) == 0 {
		return "no notification"
	}
	last := notes[len(notes)-1]
	return fmt.Sprintf("%d notifications, the last: %s %.200s", len(notes), last.Method, last.Params)
}

// TurnKey waits until the driver has reported an event, and returns the session key that
// its turn runs under.
func (g *G) TurnKey(ev *Event) string {
	n := g.Notified("event/inbound", "the driver's event/inbound for it", MentionsText(ev))
	var p struct {
		SessionKey string `json:"session_key"`
	}
	if err := json.Unmarshal(n.Params, &p); err != nil || p.SessionKey == "" {
		g.Mismatch("a session_key in event/inbound", fmt.Sprintf("%.200s", n.Params))
	}
	return p.SessionKey
}

// TurnEnd is how the first turn under a key ended since the case began, if it did
// within that time.
func (g *G) TurnEnd(key string, within time.Duration) (outcome string, ended bool) {
	_, ended = g.note(g.notesMark, within, func(n Note) bool {
		var p struct {
			SessionKey string `json:"session_key"`
			Outcome    string `json:"outcome"`
		}
		if n.Method != "event/turn" || json.Unmarshal(n.Params, &p) != nil || p.SessionKey != key {
			return false
		}
		outcome = p.Outcome
		return true
	})
	if ended {
		g.observation()
	}
	return outcome, ended
}

// CatchUpNotes lets later expectations look only at notifications from here on.
func (g *G) CatchUpNotes() {
	if d := g.Gateway().Driver; d != nil {
		g.notesMark = d.Mark()
	}
}

// Interrupt is an interrupt of the gateway's, as its raw JSON has it.
func (g *G) Interrupt(sessionKey string) map[string]json.RawMessage {
	e := g.Await(g.Timing.Answer, fmt.Sprintf("an interrupt frame with the session key %q", sessionKey), IsInterrupt(sessionKey))
	return gatewayFrame(e, "interrupt")
}

// TurnOver waits until the turn of an event that was answered is over: by the driver
// where there is one, else for as long as a gateway may need to put its answer away.
func (g *G) TurnOver(ev *Event) {
	if g.Gateway().Driver == nil {
		g.Within(g.Timing.Quiet, func(fakeconnector.Entry) bool { return false })
		return
	}
	key := g.TurnKey(ev)
	if _, ended := g.TurnEnd(key, g.Timing.Answer); !ended {
		g.Mismatch(fmt.Sprintf("the driver's event/turn for %q within %s", key, g.Timing.Answer), g.lastNote())
	}
}
