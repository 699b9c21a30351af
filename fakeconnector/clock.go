package fakeconnector

import "time"

// Clock is where the connector takes the time from: the journal's stamps, the expiry of
// tokens and capabilities, delays, the wake cooldown and the newline bound. Deadlines of
// sockets always use the real time.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once, in a goroutine of its own, when d has passed, unless the
	// returned stop function is called before; stop reports whether it prevented the call.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}
