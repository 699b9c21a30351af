package fakeconnector

// CloseWith closes the session with a code and reason, after what is about to be sent.
// With Withhold before it nothing is sent. At PointUpgraded it closes before any frame.
type CloseWith struct {
	Code   int    `json:"code"`
	Reason string `json:"reason,omitempty"`
}

// Name implements [Fault].
func (CloseWith) Name() string { return "close" }

// Apply implements [Fault].
func (f CloseWith) Apply(x *Exchange) {
	x.Then(func(s *Session) error { return s.Close(f.Code, f.Reason) })
}
