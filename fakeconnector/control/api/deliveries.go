package api

import "github.com/relaykit/relaykit/protocol"

// Event is an inbound event, as the contract has it. Its source.chat_id is required; the
// rest is completed as every event of the connector is.
type Event = protocol.Event

// Delivery says what became of an event or a forwarded request.
type Delivery struct {
	Mark       int64  `json:"mark" doc:"seq of the last journal entry before it; wait for what it leads to after this one"`
	Instance   string `json:"instance"`
	Session    string `json:"session,omitempty" doc:"the session that it was sent on, live"`
	BufferID   string `json:"buffer_id,omitempty" doc:"its entry in the buffer, where it waits"`
	SessionKey string `json:"session_key,omitempty" doc:"the key that a gateway runs its turn under"`
}

// Interrupt stops a turn.
type Interrupt struct {
	SessionKey string `json:"session_key" minLength:"1" maxLength:"4096"`
	ChatID     string `json:"chat_id" maxLength:"1024"`
}

// Sent says on which session something was sent.
type Sent struct {
	Mark    int64  `json:"mark" doc:"seq of the last journal entry before it"`
	Session string `json:"session"`
}
