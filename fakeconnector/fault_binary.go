package fakeconnector

import (
	"strings"

	"github.com/gorilla/websocket"
)

// Binary sends binary messages instead of text messages.
type Binary struct{}

// Name implements [Fault].
func (Binary) Name() string { return "binary" }

// Apply implements [Fault].
func (Binary) Apply(x *Exchange) {
	x.eachMessage(func(s Step) []Step { return []Step{asBinary(s)} })
}

func asBinary(s Step) Step {
	s.Opcode = websocket.BinaryMessage
	return s
}

func fillRequestID(text string, x *Exchange) string {
	return strings.Replace(text, "{{requestId}}", x.requestID(), 1)
}
