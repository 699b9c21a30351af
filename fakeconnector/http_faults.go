package fakeconnector

import (
	"fmt"
	"net/http"
)

// httpFault marks the faults that act on an HTTP request that asks for no upgrade.
type httpFault interface{ actsOnHTTP() }

func (*Hold) actsOnHTTP()     {}
func (Delay) actsOnHTTP()     {}
func (Refuse) actsOnHTTP()    {}
func (DropTCP) actsOnHTTP()   {}
func (FaultFunc) actsOnHTTP() {}
func (Body) actsOnHTTP()      {}
func (CutBody) actsOnHTTP()   {}
func (Redirect) actsOnHTTP()  {}

// onlyHTTP marks those that mean nothing elsewhere.
type onlyHTTP interface{ onlyOnHTTP() }

func (Body) onlyOnHTTP()     {}
func (CutBody) onlyOnHTTP()  {}
func (Redirect) onlyOnHTTP() {}

// fits says why a fault cannot act at a point, or returns nil.
func fits(f Fault, m Match) error {
	_, dial := f.(dialFault)
	_, plain := f.(httpFault)
	_, only := f.(onlyHTTP)
	switch {
	case m.Point == PointDial && !dial:
		return fmt.Errorf("stub on %s: expected a fault that acts on a dial, such as refuse or hold, got %q; use PointUpgraded for what needs a session", m, f.Name())
	case m.Point == PointHTTP && !plain:
		return fmt.Errorf("stub on %s: expected a fault that acts on an HTTP request, such as refuse or body, got %q", m, f.Name())
	case m.Point != PointHTTP && only:
		return fmt.Errorf("stub on %s: expected a fault that acts there, got %q, which acts at PointHTTP", m, f.Name())
	}
	return nil
}

// EditAnswer changes the answer to an HTTP request, at PointHTTP; what the request does
// is done all the same.
func (x *Exchange) EditAnswer(edit func(*Answer)) { x.edits = append(x.edits, edit) }

// Body answers an HTTP request with another body: nothing, by default. The request has
// its effect. Status replaces the status too, where it is not 0.
type Body struct {
	Text   string `json:"text,omitempty"`
	Status int    `json:"status,omitempty"`
}

// Name implements [Fault].
func (Body) Name() string { return "body" }

// Apply implements [Fault].
func (f Body) Apply(x *Exchange) {
	x.EditAnswer(func(a *Answer) {
		a.Body = []byte(f.Text)
		if f.Status != 0 {
			a.Status = f.Status
		}
	})
}

// CutBody ends the connection in the middle of the answer to an HTTP request, after Keep
// bytes of its body, the half by default.
type CutBody struct {
	Keep int `json:"keep,omitempty"`
}

// Name implements [Fault].
func (CutBody) Name() string { return "cut-body" }

// Apply implements [Fault].
func (f CutBody) Apply(x *Exchange) {
	x.EditAnswer(func(a *Answer) {
		a.Cut, a.Keep = true, f.Keep
		or(&a.Keep, len(a.Body)/2)
	})
}

// Redirect answers an HTTP request with a redirect to another URL, 307 by default. The
// request has no effect.
type Redirect struct {
	To     string `json:"to"`
	Status int    `json:"status,omitempty"`
}

// Name implements [Fault].
func (Redirect) Name() string { return "redirect" }

// Apply implements [Fault].
func (f Redirect) Apply(x *Exchange) {
	or(&f.Status, http.StatusTemporaryRedirect)
	x.Refuse(f.Status)
	x.EditAnswer(func(a *Answer) { a.Header.Set("Location", f.To) })
}
