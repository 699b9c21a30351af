package kit

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// idSource makes ids that no other case of the run uses and that are the same for the
// same seed.
type idSource struct {
	prefix string
	n      *atomic.Int64
}

func newIDSource(seed int64, caseID string) idSource {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", seed, caseID)
	return idSource{prefix: fmt.Sprintf("%08x", uint32(h.Sum64())), n: new(atomic.Int64)}
}

func (s idSource) next(kind string) string {
	return fmt.Sprintf("%s-%s-%d", kind, s.prefix, s.n.Add(1))
}

// Event is an inbound event that a case sends, in a chat of its own.
type Event struct {
	protocol.Event
	BufferID string // empty: the frame carries none
	token    string // occurs in the text, and in an echo of it
}

// Event makes a text message in a guild channel, with a bufferId, so that every
// gateway can show on the wire that it accepted it.
func (g *G) Event(text string) *Event {
	token := g.ids.next("t")
	ev := &Event{token: token, BufferID: g.ids.next("buf")}
	ev.Text = text + " " + token
	ev.MessageType = "text"
	ev.MessageID = protocol.Some(g.ids.next("m"))
	ev.Source = protocol.Source{
		Platform: g.bench.Platform, ChatID: g.ids.next("c"), ChatType: "channel",
		ChatName: protocol.Some("general"), UserID: protocol.Some(g.ids.next("u")), UserName: protocol.Some("alice"),
		ThreadID: protocol.Null[string](), ChatTopic: protocol.Null[string](),
		GuildID: protocol.Some(g.ids.next("g")),
	}
	ev.Source.ScopeID = ev.Source.GuildID
	ev.Source.MessageID = ev.MessageID
	return ev
}

// Unbuffered is the event without a bufferId.
func (e *Event) Unbuffered() *Event { e.BufferID = ""; return e }

// Copy is the event once more, to be changed without changing the first.
func (e *Event) Copy() *Event { c := *e; return &c }

// Frame is the event as an inbound frame.
func (e *Event) Frame() *protocol.Inbound {
	f := &protocol.Inbound{Event: e.Event}
	if e.BufferID != "" {
		f.BufferID = protocol.Some(e.BufferID)
	}
	return f
}

// Line is the event's frame as it goes over the wire, newline included.
func (e *Event) Line() []byte {
	line, err := protocol.Encode(e.Frame())
	if err != nil {
		panic(stop{verdict: HarnessError, reason: "encoding an event of the suite's own: " + err.Error()})
	}
	return line
}

// Session is the live session of the gateway; the case is blocked when there is none
// within the bound of a redial, because then the gateway did not come back.
func (g *G) Session() *fakeconnector.Session {
	gw := g.Gateway()
	if s := gw.Session(); s != nil {
		return s
	}
	if d := gw.AwaitReady(g.bench.ctx, g.Timing.Redial(1)); d != nil {
		g.notReady(d)
	}
	s := gw.Session()
	if s == nil {
		g.blocked(protocol.RuleReconnectRedial, "the gateway has no live session")
	}
	return s
}

// Push sends events, each in a message of its own.
func (g *G) Push(events ...*Event) {
	for _, ev := range events {
		g.SendRaw(websocket.TextMessage, ev.Line())
	}
}

// PushTogether sends events in one message.
func (g *G) PushTogether(events ...*Event) {
	var all []byte
	for _, ev := range events {
		all = append(all, ev.Line()...)
	}
	g.SendRaw(websocket.TextMessage, all)
}

// SendRaw sends one WebSocket message exactly as it is.
func (g *G) SendRaw(opcode int, payload []byte) {
	s := g.Session()
	gw := g.Gateway()
	gw.sending.Lock()
	err := s.SendRaw(opcode, payload)
	gw.sending.Unlock()
	if err != nil {
		g.sendFailed(err)
	}
	g.stimulus()
}

// SendLine sends text and a newline as one text message.
func (g *G) SendLine(text string) { g.SendRaw(websocket.TextMessage, []byte(text+"\n")) }

func (g *G) sendFailed(err error) {
	g.Mismatch("a live session to send on", "a socket that the gateway had closed ("+err.Error()+")")
}

// Handled waits until the event was accepted: its bufferId is acknowledged, and where
// the gateway shows what it read (an echo, or the driver's event), the text arrived
// whole.
func (g *G) Handled(ev *Event) {
	if ev.BufferID != "" {
		g.unlessMute()
		g.Acked(ev)
	}
	switch {
	case g.Facts.Replies == RepliesEcho:
		g.Reply(ev)
	case g.Gateway().Driver != nil:
		g.Notified("event/inbound", "the driver's event/inbound for "+ev.token, func(p json.RawMessage) bool {
			var n struct {
				Event struct {
					Text string `json:"text"`
				} `json:"event"`
			}
			return json.Unmarshal(p, &n) == nil && n.Event.Text == ev.Text
		})
	case ev.BufferID == "":
		g.NotApplicable("the gateway shows no reaction to an event without a bufferId: it does not echo, and there is no driver")
	}
}

// unlessMute ends the case as blocked on a gateway that acknowledges nothing at all, which
// breaks that rule, not every other.
func (g *G) unlessMute() {
	if why := g.bench.mute.Load(); why != nil && g.Case.Rule() != why.Rule {
		g.blocked(why.Rule, why.Reason)
	}
}

// sawHandled reports whether something has shown that the event reached the gateway's
// handler: an answer that holds its text, or the driver.
func (g *G) sawHandled(ev *Event) bool {
	if g.Facts.Replies == RepliesEcho {
		_, replied := g.FindAfter(g.Marked(), g.IsReply(ev))
		return replied
	}
	d := g.Gateway().Driver
	return d != nil && slices.ContainsFunc(d.Notes(g.notesMark), func(n Note) bool { return n.Method == "event/inbound" && MentionsText(ev)(n.Params) })
}

// Taken waits until the event was accepted, and has reached the gateway's handler where
// the driver tells. It asks for no answer.
func (g *G) Taken(ev *Event) {
	g.Acked(ev)
	if g.Gateway().Driver != nil {
		g.Notified("event/inbound", "the driver's event/inbound for "+ev.token, MentionsText(ev))
	}
}

// Acked waits for the acknowledgement of the event's bufferId.
func (g *G) Acked(ev *Event) fakeconnector.Entry {
	return g.acked(ev, func() {
		if g.Case.Rule() == protocol.RuleInboundHandled && g.sawHandled(ev) {
			g.unacknowledged(ev) // and handled, which is all that the rule asks
		}
		g.missing(g.Timing.Answer, ackOf(ev))
	})
}

// AckedIfHandled is Acked for an event that the gateway may have dropped instead, which breaks
// another rule: nobody acknowledges an event that was not accepted.
func (g *G) AckedIfHandled(ev *Event) fakeconnector.Entry {
	return g.acked(ev, func() {
		g.unlessDropped(ev)
		g.missing(g.Timing.Answer, ackOf(ev))
	})
}

// Accepted is Acked for an event with which a case only begins: without an acknowledgement
// the case cannot be judged. Where the gateway shows what it handles, that tells whether the
// event was lost or the acknowledgement alone.
func (g *G) Accepted(ev *Event) fakeconnector.Entry {
	return g.acked(ev, func() {
		g.unlessUnreadable()
		g.unlessDropped(ev)
		g.blocked(protocol.RuleInboundAckBuffered, fmt.Sprintf("expected %s within %s; got %s", ackOf(ev), g.Timing.Answer, g.whatCame()))
	})
}

// acked waits for the acknowledgement; without one, lost ends the case.
func (g *G) acked(ev *Event, lost func()) fakeconnector.Entry {
	e, ok := g.Arrives(g.Timing.Answer, IsAck(ev.BufferID))
	if !ok {
		lost()
	}
	g.observation()
	g.bench.mute.Store(nil)
	return e
}

// unacknowledged ends the case for an event that was handled and not acknowledged.
func (g *G) unacknowledged(ev *Event) {
	g.blocked(protocol.RuleInboundAckBuffered, fmt.Sprintf("the gateway has handled an event and not acknowledged its bufferId %q", ev.BufferID))
}

// unlessDropped ends the case as blocked when the gateway shows which events reach its
// handler, and this one did not.
func (g *G) unlessDropped(ev *Event) {
	shows := g.Facts.Replies == RepliesEcho || g.Gateway().Driver != nil
	if shows && !g.sawHandled(ev) {
		g.blocked(protocol.RuleInboundHandled, fmt.Sprintf("the gateway has neither handled the event %q nor acknowledged it", ev.token))
	}
}

func ackOf(ev *Event) string { return fmt.Sprintf("an inbound_ack with bufferId %q", ev.BufferID) }

// Reply waits for the gateway's answer to an event: the first send in its chat, which
// for a gateway that echoes contains the text.
func (g *G) Reply(ev *Event) *Outbound {
	return g.replyAfter(g.mark, ev)
}

func (g *G) replyAfter(after int64, ev *Event) *Outbound {
	what := fmt.Sprintf("an outbound send in chat %q", ev.Source.ChatID)
	if g.Facts.Replies == RepliesEcho {
		what += fmt.Sprintf(" whose content holds %q", ev.token)
	}
	e, ok := g.waitAfter(after, g.Timing.Answer, g.IsReply(ev))
	if !ok {
		g.unlessUnreadable()
		g.Mismatch(fmt.Sprintf("%s within %s", what, g.Timing.Answer), g.whatCame())
	}
	g.observation()
	return newOutbound(e)
}

// IsReply matches an answer to the event.
func (g *G) IsReply(ev *Event) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		o := newOutbound(e)
		if o == nil || o.Op != "send" || o.ChatID != ev.Source.ChatID {
			return false
		}
		return g.Facts.Replies != RepliesEcho || strings.Contains(o.Content, ev.token)
	}
}

// Begun waits until the turn of an event has sent something, whatever it says: a gateway
// can write its answer in steps, and the first of them waits for its result.
func (g *G) Begun(chat string) {
	g.Await(g.Timing.Answer, fmt.Sprintf("an outbound send or follow_up for chat %q", chat), func(e fakeconnector.Entry) bool {
		o := newOutbound(e)
		return o != nil && (o.Op == "send" && o.ChatID == chat || o.Op == "follow_up" && strings.Contains(o.sessionKey(), chat))
	})
}

// ReplyWherever is Reply for a gateway that can get the chat wrong: where it echoes, the
// text alone tells which event it answers.
func (g *G) ReplyWherever(ev *Event) *Outbound {
	if g.Facts.Replies != RepliesEcho {
		return g.Reply(ev)
	}
	return newOutbound(g.Await(g.Timing.Answer, fmt.Sprintf("an outbound send whose content holds %q", ev.token), func(e fakeconnector.Entry) bool {
		o := newOutbound(e)
		return o != nil && o.Op == "send" && strings.Contains(o.Content, ev.token)
	}))
}

// Outbound is an outbound frame as its raw JSON has it, read without the project's own
// wire types.
type Outbound struct {
	Entry                           fakeconnector.Entry
	RequestID, Op, ChatID, Content  string
	Frame, Action                   map[string]json.RawMessage
	requestIDIsString, hasRequestID bool
}

func newOutbound(e fakeconnector.Entry) *Outbound {
	if e.Kind != fakeconnector.KindFrame || e.Dir != protocol.FromGateway || e.Frame == nil {
		return nil
	}
	o := &Outbound{Entry: e}
	var typ string
	if json.Unmarshal(e.Frame.Raw, &o.Frame) != nil || json.Unmarshal(o.Frame["type"], &typ) != nil || typ != "outbound" {
		return nil
	}
	raw, ok := o.Frame["requestId"]
	o.hasRequestID = ok
	o.requestIDIsString = ok && json.Unmarshal(raw, &o.RequestID) == nil
	if json.Unmarshal(o.Frame["action"], &o.Action) != nil {
		return o
	}
	_ = json.Unmarshal(o.Action["op"], &o.Op)
	_ = json.Unmarshal(o.Action["chat_id"], &o.ChatID)
	_ = json.Unmarshal(o.Action["content"], &o.Content)
	return o
}

// IsOutbound matches any outbound frame.
func IsOutbound(e fakeconnector.Entry) bool { return newOutbound(e) != nil }

// IsAck matches the acknowledgement of a bufferId.
func IsAck(bufferID string) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		f := gatewayFrame(e, "inbound_ack")
		var id string
		return f != nil && json.Unmarshal(f["bufferId"], &id) == nil && id == bufferID
	}
}

// IsAnyAck matches every acknowledgement.
func IsAnyAck(e fakeconnector.Entry) bool { return gatewayFrame(e, "inbound_ack") != nil }

// IsHello matches a hello.
func IsHello(e fakeconnector.Entry) bool { return gatewayFrame(e, "hello") != nil }

// IsDial matches an upgrade request, on whatever path.
func IsDial(e fakeconnector.Entry) bool { return e.Kind == fakeconnector.KindDial }

// IsGatewayMessage matches any WebSocket message of the gateway's.
func IsGatewayMessage(e fakeconnector.Entry) bool {
	return e.Kind == fakeconnector.KindMessage && e.Dir == protocol.FromGateway
}

// IsClosed matches the end of a session, by whichever side.
func IsClosed(session string) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		return e.Kind == fakeconnector.KindClosed && (session == "" || e.Session == session)
	}
}

// gatewayFrame is the members of a gateway's frame of that type, read from its raw
// bytes; nil for anything else.
func gatewayFrame(e fakeconnector.Entry, typ string) map[string]json.RawMessage {
	if e.Kind != fakeconnector.KindFrame || e.Dir != protocol.FromGateway || e.Frame == nil {
		return nil
	}
	var members map[string]json.RawMessage
	var got string
	if json.Unmarshal(e.Frame.Raw, &members) != nil || json.Unmarshal(members["type"], &got) != nil || got != typ {
		return nil
	}
	return members
}

// SameSession fails the case when the gateway's session is another one than before:
// what was sent since must not have cost it the connection.
func (g *G) SameSession(before *fakeconnector.Session) {
	if now := g.Gateway().Session(); now == nil || now.ID() != before.ID() {
		why := "the session ended"
		for _, e := range g.Connector().Journal().Since(g.began) {
			if e.Kind == fakeconnector.KindClosed && e.Session == before.ID() {
				why = shown(e)
			}
		}
		g.Mismatch("the session to go on", why)
	}
	g.observation()
}

// Survives pushes what, which must neither end nor block the session: an event that
// follows it is accepted on the same socket.
func (g *G) Survives(send func()) {
	s := g.Session()
	send()
	ev := g.Event("after it")
	if err := s.SendRaw(websocket.TextMessage, ev.Line()); err != nil {
		g.sendFailed(err)
	}
	g.stimulus()
	e, ok := g.wait(g.Timing.Answer, func(e fakeconnector.Entry) bool {
		return IsAck(ev.BufferID)(e) || IsClosed(s.ID())(e)
	})
	if !ok {
		g.unlessUnreadable()
		g.Mismatch(fmt.Sprintf("the event after it to be accepted within %s", g.Timing.Answer), g.whatCame())
	}
	if e.Kind == fakeconnector.KindClosed {
		g.Mismatch("the session to go on and the event after it to be accepted", shown(e))
	}
	g.observation()
	g.Handled(ev)
	g.SameSession(s)
}

// CloseSession ends the live session from the connector's side.
func (g *G) CloseSession(code int, reason string) {
	g.endSession(func(s *fakeconnector.Session) error { return s.Close(code, reason) })
}

// ResetSession ends the live session with a TCP reset, which may overtake what was sent last.
func (g *G) ResetSession() { g.endSession((*fakeconnector.Session).Reset) }

// DropSession ends the live session without a close frame, behind what was sent last.
func (g *G) DropSession() { g.endSession((*fakeconnector.Session).Drop) }

func (g *G) endSession(end func(*fakeconnector.Session) error) {
	s := g.Session()
	g.CatchUp()
	if err := end(s); err != nil {
		g.sendFailed(err)
	}
	g.stimulus()
}

// Redialed waits for the next dial after the mark, on the given rung of the ladder,
// and returns it.
func (g *G) Redialed(rung int) fakeconnector.Entry {
	return g.Await(g.Timing.Redial(rung), "another dial", IsDial)
}

// Back waits until the gateway has a live session again after the mark and shows that
// it serves it.
func (g *G) Back() {
	g.Await(g.Timing.Redial(1), "a hello on a new session", IsHello)
	g.Alive()
}

// BackUnder is Back for a descriptor that a rule of its own asks the gateway to take: when it
// ends the session instead, that rule is broken, and the case cannot be judged.
func (g *G) BackUnder(rule protocol.RuleID) {
	hello := g.Await(g.Timing.Redial(1), "a hello on a new session", IsHello)
	if e, ended := g.Within(g.Timing.Quiet, IsClosed(hello.Session)); ended {
		g.blocked(rule, "expected the session to go on under the descriptor; got "+brief(e))
	}
	g.Alive()
}

// Elapsed is the time between two journal entries.
func Elapsed(from, to fakeconnector.Entry) time.Duration { return to.At - from.At }
