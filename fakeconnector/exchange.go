package fakeconnector

import (
	"math/rand/v2"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// Point is where in the life of a session a stub acts.
type Point string

// The points. At each there is something that the faithful connector would do, which the
// faults of a stub change.
const (
	PointDial     Point = "dial"     // an upgrade of /relay arrived, before the 101: refuse, drop, hold
	PointHTTP     Point = "http"     // an HTTP request that asks for no upgrade arrived; its answer is changed
	PointUpgraded Point = "upgraded" // after the 101 of an authenticated gateway, before anything is read
	PointFrame    Point = "frame"    // a frame of the gateway arrived; its answer is changed
	PointSend     Point = "send"     // a frame of ours is about to leave, an answer as well
)

// Exchange is what a fault may look at and change at one point.
type Exchange struct {
	Point   Point
	Session *Session       // nil at PointDial and PointHTTP
	Dial    *Dial          // at PointDial and PointHTTP
	Frame   protocol.Frame // that arrived, or is about to leave; nil for a line that is no frame
	Raw     []byte         // the line that arrived
	Cause   protocol.Frame // at PointSend, the gateway's frame that ours answers, if any
	Rand    *rand.Rand     // the stub's own seeded choices

	c       *Connector
	gateway Gateway
	session string
	steps   []Step
	status  int
	drop    bool
	wait    <-chan struct{}
	edits   []func(*Answer) // at PointHTTP
}

// Step is one thing that the connector does in answer: it sends a message, or acts.
type Step struct {
	Opcode  int
	Payload []byte
	Act     func(*Session) error // instead of a message

	frame protocol.Frame // what Payload is the encoding of, where no fault has touched it
}

// TextStep sends bytes as one text message.
func TextStep(payload []byte) Step { return Step{Opcode: websocket.TextMessage, Payload: payload} }

// Steps is what is about to be done.
func (x *Exchange) Steps() []Step { return x.steps }

// SetSteps replaces what is about to be done. At PointDial steps mean nothing.
func (x *Exchange) SetSteps(steps ...Step) { x.steps = steps }

// Then adds an act after everything else.
func (x *Exchange) Then(act func(*Session) error) { x.steps = append(x.steps, Step{Act: act}) }

// Refuse answers a dial, or an HTTP request, with a status, and it has no effect.
func (x *Exchange) Refuse(status int) { x.status = status }

// DropTCP ends the TCP connection of a dial or an HTTP request without an answer.
func (x *Exchange) DropTCP() { x.drop = true }

// eachMessage replaces every message step by what change makes of it.
func (x *Exchange) eachMessage(change func(Step) []Step) {
	var out []Step
	for _, s := range x.steps {
		if s.Act != nil {
			out = append(out, s)
			continue
		}
		out = append(out, change(s)...)
	}
	x.steps = out
}

// park takes everything that is about to be done and returns what does it later. At
// PointDial and PointHTTP the request waits instead.
func (x *Exchange) park() (resume func()) {
	if x.Point == PointDial || x.Point == PointHTTP {
		gate := make(chan struct{})
		before := x.wait
		after := make(chan struct{})
		x.wait = after
		x.c.spawn(func() {
			defer close(after)
			for _, g := range []<-chan struct{}{gate, before} {
				if g == nil {
					continue
				}
				select {
				case <-g:
				case <-x.c.done:
					return
				}
			}
		})
		return func() { close(gate) }
	}
	steps, s := x.steps, x.Session
	x.steps = nil
	return func() { _ = s.run(steps) }
}
