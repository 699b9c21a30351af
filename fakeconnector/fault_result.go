package fakeconnector

import "github.com/relaykit/relaykit/protocol"

// Result answers an outbound frame with a result of your own.
type Result struct {
	Result protocol.Result `json:"result"`
}

// Name implements [Fault].
func (Result) Name() string { return "result" }

// Apply implements [Fault].
func (r Result) Apply(x *Exchange) {
	Reply{Frames: []protocol.Frame{&protocol.OutboundResult{Result: r.Result}}}.Apply(x)
}
