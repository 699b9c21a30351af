package driver

import (
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

type inboundParams struct {
	Event      protocol.Event `json:"event"`
	SessionKey string         `json:"session_key"`
}

type turnParams struct {
	SessionKey string            `json:"session_key"`
	Outcome    reference.Outcome `json:"outcome"`
}

type interruptParams struct {
	SessionKey string `json:"session_key"`
	ChatID     string `json:"chat_id"`
}

type passthroughParams struct {
	Forward    protocol.Forward `json:"forward"`
	Event      *protocol.Event  `json:"event,omitempty"`
	SessionKey string           `json:"session_key,omitempty"`
}

type statusParams struct {
	State     reference.State `json:"state"`
	Code      string          `json:"code,omitempty"`
	CloseCode int             `json:"close_code,omitempty"`
	Retryable *bool           `json:"retryable,omitempty"`
	Message   string          `json:"message,omitempty"`
}

func statusOf(s reference.Status) statusParams {
	p := statusParams{State: s.State, Code: s.Code, CloseCode: s.CloseCode, Message: s.Message}
	switch s.State {
	case "":
		p.State = reference.StateConnecting // about to
	case reference.StateReconnecting, reference.StateDisabled:
		p.Retryable = &s.Retryable
	}
	return p
}

// Observer tells the driver what the gateway sees; it belongs into [reference.Config].
func (c *Channel) Observer() reference.Observer {
	return reference.Observer{
		Inbound: func(turn *reference.Turn) {
			c.behaviour.receive(turn)
			c.notify("event/inbound", inboundParams{turn.Event, turn.SessionKey})
		},
		Turn: func(turn *reference.Turn, o reference.Outcome) {
			c.behaviour.forget(turn)
			c.notify("event/turn", turnParams{turn.SessionKey, o})
		},
		Interrupt: func(key, chat string) {
			c.notify("event/interrupt", interruptParams{key, chat})
		},
		Passthrough: func(f protocol.Forward, event *protocol.Event, key string) {
			c.notify("event/passthrough", passthroughParams{f, event, key})
		},
		Status: func(s reference.Status) { c.notify("event/status", statusOf(s)) },
	}
}
