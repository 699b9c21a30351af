package fakeconnector

import (
	"bytes"
	"encoding/json"

	"github.com/relaykit/relaykit/protocol"
)

// Reply sends other frames instead of what was about to be sent, each as one text
// message. An outbound_result with an empty requestId takes the one of the request.
type Reply struct {
	Frames []protocol.Frame
}

// UnmarshalJSON reads {"frames":[…]}.
func (r *Reply) UnmarshalJSON(data []byte) error {
	var m struct {
		Frames []json.RawMessage `json:"frames"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return err
	}
	r.Frames = nil
	for _, raw := range m.Frames {
		f, err := protocol.Decode(raw)
		if err != nil {
			return err
		}
		r.Frames = append(r.Frames, f)
	}
	return nil
}

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
