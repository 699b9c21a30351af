package fakeconnector

import "net/http"

// Refuse answers a dial with an HTTP status instead of the 101; the default is 503.
type Refuse struct {
	Status int `json:"status,omitempty"`
}

// Name implements [Fault].
func (Refuse) Name() string { return "refuse" }

// Apply implements [Fault].
func (f Refuse) Apply(x *Exchange) {
	or(&f.Status, http.StatusServiceUnavailable)
	x.Refuse(f.Status)
}
