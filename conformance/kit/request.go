package kit

import (
	"encoding/json"
	"fmt"

	"github.com/relaykit/relaykit/protocol"
)

// Request sends an action and returns its requestId.
func (s *Socket) Request(action string) string {
	id := s.p.ids.next("r")
	s.Send(OutboundLine(id, action))
	return id
}

// RequestID is an id for a request that the case writes itself.
func (p *P) RequestID() string { return p.ids.next("r") }

// OutboundLine is the frame of an action, without its newline.
func OutboundLine(requestID, action string) string {
	return fmt.Sprintf(`{"type":"outbound","requestId":%s,"action":%s}`, quote(requestID), action)
}

// IsResult matches the result of a request.
func IsResult(requestID string) func(Received) bool {
	return func(f Received) bool { return f.Is(protocol.TypeOutboundResult) && f.Text("requestId") == requestID }
}

// Answer is a result of the connector's.
type Answer struct {
	Success *bool // nil when it is absent or no boolean
	Error   string
	Raw     json.RawMessage
}

// Result waits for the result of a request.
func (s *Socket) Result(requestID string) Answer {
	f := s.Await("the result of request "+requestID, IsResult(requestID))
	a := Answer{Raw: f.Fields["result"], Error: text(f.Object("result")["error"])}
	_ = json.Unmarshal(f.Object("result")["success"], &a.Success)
	return a
}

// Do sends an action and waits for its result.
func (s *Socket) Do(action string) Answer { return s.Result(s.Request(action)) }

// Want ends the case unless the result says success or failure.
func (p *P) Want(a Answer, success bool, what string) {
	if a.Success == nil || *a.Success != success {
		p.Mismatch(fmt.Sprintf("success %v for %s", success, what), clip(string(a.Raw)))
	}
}

// SendAction is a send into the chat of an event, with the event's scope.
func (e *Published) SendAction(content string) string {
	return fmt.Sprintf(`{"op":"send","chat_id":%s,"content":%s,"reply_to":null,"metadata":{"guild_id":%s}}`, quote(e.ChatID), quote(content), quote(e.Scope))
}
