package reference

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// messageTypes are the known ones.
var messageTypes = []string{"text", "location", "photo", "video", "audio", "voice", "document", "sticker", "command"}

// job is an event on its way from the wire to the end of its turn.
type job struct {
	ctx      context.Context
	cancel   context.CancelCauseFunc
	turn     *Turn
	from     *session
	bufferID string   // empty: nothing to acknowledge
	ids      []string // the names that a repeat would share
	repeat   bool     // begun or accepted before
	ready    bool     // accepted on sight: nobody is asked and nobody is told
}

// receive takes a frame that may become a turn. It runs on the reader: it maps and
// hands over, and neither waits nor writes.
//
// Contract, sections "Inbound" and "Buffering":
//
//   - An event that cannot be mapped is logged and not acknowledged. (One with a
//     missing or mistyped field did not even decode.)
//   - An unknown message type is handled as text, an unknown platform as relay.
//   - A passthrough is received and acknowledged on the same terms as an event.
//   - A repeat of an accepted event is acknowledged and not handled twice.
func (g *Gateway) receive(from *session, frame protocol.Frame) {
	switch f := frame.(type) {
	case *protocol.Inbound:
		g.admit(from, f.Event, f.BufferID.Or(""))
	case *protocol.PassthroughForward:
		event, err := EventFromForward(f.Forward)
		if err != nil {
			g.observe.Passthrough(f.Forward, nil, "")
			g.log.Warn("passthrough dropped", "platform", f.Forward.Platform, "error", err)
			return
		}
		g.observe.Passthrough(f.Forward, &event, g.SessionKey(event.Source))
		g.admit(from, event, f.BufferID.Or(""))
	case *protocol.InterruptInbound:
		g.observe.Interrupt(f.SessionKey, f.ChatID)
		if !g.lanes.interrupt(f.SessionKey) {
			g.log.Debug("interrupt ignored: no such turn", "session_key", f.SessionKey)
		}
	}
}

// admit makes a job of an event and queues it to its session key.
func (g *Gateway) admit(from *session, event protocol.Event, bufferID string) {
	if !slices.Contains(messageTypes, event.MessageType) {
		event.MessageType = "text"
	}
	event.Source.Platform = KnownPlatform(event.Source.Platform)
	g.scopes.learn(event.Source)
	j := &job{
		turn:     &Turn{Event: event, SessionKey: g.SessionKey(event.Source), Gateway: g},
		from:     from,
		bufferID: bufferID,
		ids:      eventIDs(event, bufferID),
	}
	j.ctx, j.cancel = context.WithCancelCause(g.life)
	j.repeat = !g.seen.begin(j.ids)
	if !j.repeat {
		g.observe.Inbound(j.turn)
	}
	j.ready = !j.repeat && g.config.Accept == nil && bufferID == ""
	if !g.lanes.add(j) {
		// Unacknowledged, so a connector that keeps it delivers it again.
		g.seen.refuse(j.ids)
		j.cancel(nil)
		g.log.Error("event refused: too many are waiting for their turns", "session_key", j.turn.SessionKey, "limit", laneLimit)
	}
}

// eventIDs are the names of an event. A message id alone does not name one: it is
// unique within a chat, and an edit carries the id of what it edits.
func eventIDs(e protocol.Event, bufferID string) []string {
	var ids []string
	if bufferID != "" {
		ids = append(ids, "buffer\x00"+bufferID)
	}
	message := firstOf(e.MessageID.Or(""), e.Source.MessageID.Or(""))
	if message != "" && !e.Source.MessageIsEdit.Or(false) {
		ids = append(ids, strings.Join([]string{"message", e.Source.Platform, e.Source.ChatID, message}, "\x00"))
	}
	return ids
}

// accept is the step between the reader and the turn, in order within a session key.
// It reports whether the turn is to run. The acknowledgement says that the event was
// accepted; it does not wait for the turn, and a turn that fails does not take it back.
func (g *Gateway) accept(j *job) bool {
	if j.repeat {
		// What it repeats was ahead of it in the same queue, so it is decided by now.
		if g.seen.accepted(j.ids) || !g.seen.begin(j.ids) {
			g.acknowledge(j)
			return false
		}
		g.observe.Inbound(j.turn)
	}
	if err := g.callAccept(j); err != nil {
		g.seen.refuse(j.ids)
		g.log.Warn("event not accepted", "session_key", j.turn.SessionKey, "error", err)
		return false
	}
	g.seen.accept(j.ids)
	g.acknowledge(j)
	return true
}

func (g *Gateway) callAccept(j *job) (err error) {
	if g.config.Accept == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("accepting panicked: %v", p)
		}
	}()
	return g.config.Accept(j.ctx, j.turn)
}

// acknowledge names the bufferId on the session that it came on. If that has ended,
// the connector delivers the event again and is told then.
func (g *Gateway) acknowledge(j *job) {
	if j.bufferID == "" {
		return
	}
	if err := j.from.send(j.ctx, &protocol.InboundAck{BufferID: j.bufferID}); err != nil {
		g.log.Debug("acknowledgement not sent", "error", err)
	}
}
