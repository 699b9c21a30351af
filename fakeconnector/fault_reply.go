package fakeconnector

import "github.com/relaykit/relaykit/protocol"

// Reply sends other frames instead of what was about to be sent, each as one text
// message. An outbound_result with an empty requestId takes the one of the request.
type Reply struct{ Frames []protocol.Frame }

// Name implements [Fault].
func (Reply) Name() string { return "reply" }

// Apply implements [Fault].
func (r Reply) Apply(x *Exchange) {
	var steps []Step
	for _, f := range r.Frames {
		if res, ok := f.(*protocol.OutboundResult); ok && res.RequestID == "" {
			filled := *res
			filled.RequestID = x.requestID()
			f = &filled
		}
		if line, err := protocol.Encode(f); err == nil {
			steps = append(steps, TextStep(line))
		}
	}
	x.SetSteps(steps...)
}

// requestID is the id of the request that the exchange is about.
func (x *Exchange) requestID() string {
	if x.Frame == nil {
		return ""
	}
	return traitsOf(x.Frame).requestID
}
