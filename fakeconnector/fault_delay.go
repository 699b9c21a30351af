package fakeconnector

import "time"

// Delay does later what was about to be done: a slow dial, a slow answer. What comes
// meanwhile goes ahead.
type Delay struct {
	By time.Duration `json:"by"`
}

// Name implements [Fault].
func (Delay) Name() string { return "delay" }

// Apply implements [Fault].
func (f Delay) Apply(x *Exchange) {
	resume, c := x.park(), x.c
	c.clock.AfterFunc(f.By, func() { c.spawn(resume) })
}
