package fakeconnector

// Raw sends these very bytes as one message instead of what was about to be sent. No
// newline is added. The first {{requestId}} in it becomes the id of the request.
type Raw struct {
	Text   string `json:"text"`
	Binary bool   `json:"binary,omitempty"`
}

// Name implements [Fault].
func (Raw) Name() string { return "raw" }

// Apply implements [Fault].
func (r Raw) Apply(x *Exchange) {
	step := TextStep([]byte(fillRequestID(r.Text, x)))
	if r.Binary {
		step = asBinary(step)
	}
	x.SetSteps(step)
}
