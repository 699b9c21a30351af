package kit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// PushFrame sends one frame as one text message.
func (g *G) PushFrame(f protocol.Frame) {
	line, err := protocol.Encode(f)
	if err != nil {
		g.Harness(err, "encoding a frame of the suite's own")
	}
	g.SendRaw(1, line)
}

// InPieces sends payload cut at the given places, each piece a message of its own. No
// other case's message comes between them.
func (g *G) InPieces(opcode int, payload []byte, cuts ...int) {
	g.Exclusively(func(s *fakeconnector.Session) {
		from := 0
		for _, to := range append(cuts, len(payload)) {
			if to <= from || to > len(payload) {
				continue
			}
			g.SendOn(s, opcode, payload[from:to])
			from = to
		}
	})
}

// Exclusively runs f while nobody else sends on the gateway's session, so that f may
// leave a line unfinished between two messages: no other case, and not the connector
// with its results, which wait until f has returned.
func (g *G) Exclusively(f func(*fakeconnector.Session)) {
	if !g.Case.Needs.Alone && !g.Case.Needs.Fresh {
		g.Harness(fmt.Errorf("the case is not marked Alone"), "leaving a line unfinished on a shared session")
	}
	s := g.Session()
	gw := g.Gateway()
	results := g.Hold(fakeconnector.Match{Type: protocol.TypeOutbound})
	defer results.Release()
	// A result to something that came before the hold may still be on its way. The
	// connector answers in the order in which it reads, so once it has read the
	// acknowledgement of one more event, nothing is.
	barrier := g.Event("before the cut")
	g.Push(barrier)
	g.Acked(barrier)
	gw.sending.Lock()
	defer gw.sending.Unlock()
	f(s)
}

// SendOn sends one message inside of Exclusively.
func (g *G) SendOn(s *fakeconnector.Session, opcode int, payload []byte) {
	if err := s.SendRaw(opcode, payload); err != nil {
		g.sendFailed(err)
	}
	g.stimulus()
}

// EscapeNonASCII writes every character beyond ASCII of a JSON text as an escape, beyond
// the basic plane as a surrogate pair, with hex digits in lower or upper case.
func EscapeNonASCII(jsonText []byte, upper bool) []byte {
	one, two := `\u%04x`, `\u%04x\u%04x`
	if upper {
		one, two = `\u%04X`, `\u%04X\u%04X`
	}
	var out []byte
	for len(jsonText) > 0 {
		r, n := utf8.DecodeRune(jsonText)
		switch {
		case r < utf8.RuneSelf:
			out = append(out, jsonText[:n]...)
		case r > 0xFFFF:
			a, b := utf16.EncodeRune(r)
			out = fmt.Appendf(out, two, a, b)
		default:
			out = fmt.Appendf(out, one, r)
		}
		jsonText = jsonText[n:]
	}
	return out
}

// Handler sets the gateway's handler through the driver. at may be empty.
func (g *G) Handler(mode, at string) {
	params := map[string]any{"mode": mode}
	if at != "" {
		params["at"] = at
	}
	g.Drive("handler/set", params, g.Timing.Answer)
	if mode != "echo" {
		d := g.Gateway().Driver
		g.Cleanup(func() {
			ctx, cancel := contextFor(g, g.Timing.Answer)
			defer cancel()
			_ = d.Call(ctx, "handler/release", map[string]any{}, nil)
			_ = d.Call(ctx, "handler/set", map[string]any{"mode": "echo"}, nil)
		})
	}
}

func contextFor(g *G, within time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(g.bench.ctx, within)
}

// ReleaseHandler lets the turns go on that a held handler keeps.
func (g *G) ReleaseHandler() { g.Drive("handler/release", map[string]any{}, g.Timing.Answer) }

// Capabilities are what the gateway says is in force.
type Capabilities struct {
	MaxMessageLength int    `json:"max_message_length"`
	LenUnit          string `json:"len_unit"`
	MessageLength    *int   `json:"message_length"`
}

// Capabilities asks the driver for what is in force now.
func (g *G) Capabilities() Capabilities {
	raw := g.Drive("gateway/capabilities", map[string]any{}, g.Timing.Answer)
	var c Capabilities
	if err := json.Unmarshal(raw, &c); err != nil {
		g.Mismatch("an object with max_message_length and len_unit", fmt.Sprintf("%.200s", raw))
	}
	return c
}

// MentionsText matches an event/inbound of the event.
func MentionsText(ev *Event) func(json.RawMessage) bool {
	return func(p json.RawMessage) bool {
		var n struct {
			Event struct {
				Text string `json:"text"`
			} `json:"event"`
		}
		return json.Unmarshal(p, &n) == nil && n.Event.Text == ev.Text
	}
}

// OutboundTo waits for the first send to a chat.
func (g *G) OutboundTo(chat string) *Outbound {
	e := g.Await(g.Timing.Answer, fmt.Sprintf("an outbound send to chat %q", chat), func(e fakeconnector.Entry) bool {
		o := newOutbound(e)
		return o != nil && o.Op == "send" && o.ChatID == chat
	})
	return newOutbound(e)
}

// Unique checks that no two outbound frames since the case began have the same requestId.
func (g *G) Unique() {
	seen := map[string]*Outbound{}
	for _, e := range g.Connector().Journal().Since(g.began) {
		o := newOutbound(e)
		if o == nil {
			continue
		}
		if other, twice := seen[o.RequestID]; twice {
			g.Mismatch("a requestId of its own for every outbound frame", fmt.Sprintf("%q for chat %q and for chat %q", o.RequestID, other.ChatID, o.ChatID))
		}
		seen[o.RequestID] = o
	}
	g.observation()
}

// WellFormedSend checks the raw members of a send against the contract.
func (g *G) WellFormedSend(o *Outbound) {
	at := func(pointer, want string, ok bool, got json.RawMessage) {
		if !ok {
			have := string(got)
			if have == "" {
				have = "nothing"
			}
			g.Mismatch(fmt.Sprintf("%s at %s", want, pointer), fmt.Sprintf("%.120s", have))
		}
	}
	is := func(raw json.RawMessage, kinds ...byte) bool {
		for _, k := range kinds {
			if len(raw) > 0 && raw[0] == k || len(raw) == 0 && k == 0 {
				return true
			}
		}
		return false
	}
	at("/requestId", "a non-empty string", o.requestIDIsString && o.RequestID != "", o.Frame["requestId"])
	at("/action", "an object", o.Action != nil, o.Frame["action"])
	at("/action/op", "a string", is(o.Action["op"], '"'), o.Action["op"])
	at("/action/chat_id", "a string", is(o.Action["chat_id"], '"'), o.Action["chat_id"])
	at("/action/content", "a string", is(o.Action["content"], '"'), o.Action["content"])
	at("/action/reply_to", "a string, null or nothing", is(o.Action["reply_to"], '"', 'n', 0), o.Action["reply_to"])
	at("/action/metadata", "an object, null or nothing", is(o.Action["metadata"], '{', 'n', 0), o.Action["metadata"])
	g.observation()
}

type sendResult struct {
	Success   *bool           `json:"success"`
	MessageID json.RawMessage `json:"message_id"`
	Error     json.RawMessage `json:"error"`
}

func (g *G) sendResult(raw json.RawMessage) sendResult {
	var r sendResult
	if err := json.Unmarshal(raw, &r); err != nil || r.Success == nil {
		g.Mismatch("a result with success", fmt.Sprintf("%.200s", raw))
	}
	return r
}

// WantSuccess checks what a caller of the gateway was told.
func (g *G) WantSuccess(raw json.RawMessage, want bool) {
	if r := g.sendResult(raw); *r.Success != want {
		g.Mismatch(fmt.Sprintf("success %v for the caller", want), fmt.Sprintf("%.200s", raw))
	}
}

// WantFailure checks that a caller was told success false and why.
func (g *G) WantFailure(raw json.RawMessage) {
	r := g.sendResult(raw)
	if *r.Success {
		g.Mismatch("success false for the caller", fmt.Sprintf("%.200s", raw))
	}
	var text string
	if json.Unmarshal(r.Error, &text) != nil || text == "" {
		g.Mismatch("an error that says why", fmt.Sprintf("%.200s", raw))
	}
}

// WantMessageID checks that a caller got the result that was meant for it.
func (g *G) WantMessageID(raw json.RawMessage, want string) {
	var got string
	_ = json.Unmarshal(g.sendResult(raw).MessageID, &got)
	if got != want {
		g.Mismatch(fmt.Sprintf("the result with message_id %q for its own caller", want), fmt.Sprintf("%.200s", raw))
	}
}

// Turns counts how often an event was handled.
type Turns struct {
	g    *G
	ev   *Event
	base int // what was seen of the event's first turn
	told *toldTurns
}

// toldTurns is what the driver has told of them so far. Each notification is read once, as
// a shared gateway sends many.
type toldTurns struct {
	read int    // notifications, from the beginning of the channel
	key  string // the session key of the event, once it is known
	n    int    // its turns
}

// CountTurns counts the turns of an event: by the driver where there is one, else by the
// gateway's answers in its chat. The event has its first turn by the time this returns,
// and a gateway that answers in several messages has sent them.
func (g *G) CountTurns(ev *Event) Turns {
	t := Turns{g: g, ev: ev, told: &toldTurns{read: g.notesMark}}
	switch {
	case g.Gateway().Driver != nil:
		g.Notified("event/turn", "the driver's event/turn", func(json.RawMessage) bool { return t.driven() > 0 })
	case g.Facts.Replies == RepliesEcho || g.Facts.Replies == RepliesSome:
		g.Reply(ev)
	default:
		g.NotApplicable("the gateway shows no turns: it does not reply, and there is no driver")
	}
	t.base = t.seen()
	for g.Gateway().Driver == nil && poll(g.bench.ctx, g.Timing.Quiet, func() bool { return t.seen() > t.base }) {
		t.base = t.seen()
	}
	return t
}

func (t Turns) driven() int {
	for _, note := range t.g.Gateway().Driver.Notes(t.told.read) {
		t.told.read++
		var p struct {
			SessionKey string `json:"session_key"`
		}
		switch {
		case note.Method == "event/inbound" && t.told.key == "":
			if MentionsText(t.ev)(note.Params) && json.Unmarshal(note.Params, &p) == nil {
				t.told.key = p.SessionKey
			}
		case note.Method == "event/turn" && t.told.key != "":
			if json.Unmarshal(note.Params, &p) == nil && p.SessionKey == t.told.key {
				t.told.n++
			}
		}
	}
	return t.told.n
}

func (t Turns) seen() int {
	if t.g.Gateway().Driver != nil {
		return t.driven()
	}
	n := 0
	for _, e := range t.g.Connector().Journal().Since(t.g.began) {
		if t.g.IsReply(t.ev)(e) {
			n++
		}
	}
	return n
}

// Stay holds a quiet window open and shows a sign of life, after which there must have
// been no further turn.
func (t Turns) Stay() {
	poll(t.g.bench.ctx, t.g.Timing.Quiet, func() bool { return t.seen() > t.base })
	t.g.Alive()
	if got := t.seen(); got != t.base {
		t.g.Mismatch("one turn for the event, and none for its repeat", t.second())
	}
	t.g.observation()
}

// Grow waits for a further turn of the event, for what only looks like its repeat.
func (t Turns) Grow() {
	if !poll(t.g.bench.ctx, t.g.Timing.Answer, func() bool { return t.seen() > t.base }) {
		t.g.Mismatch("a turn for the second event as well, which is no repeat of the first", "one turn for both")
	}
	t.g.observation()
}

// second says what showed a turn too many.
func (t Turns) second() string {
	if t.g.Gateway().Driver != nil {
		return fmt.Sprintf("%d turns that the driver reports as event/turn", t.driven())
	}
	return fmt.Sprintf("%d answers in its chat, %d of them to the repeat", t.seen(), t.seen()-t.base)
}
