package kit

import "time"

// Timing is every bound of a run, in one place. The first group are the contract's
// bounds, which the gateway keeps; the second are the suite's own waits.
//
// A wait for something to happen is generous, because it is used up only by a
// subject that fails: it costs nothing when all is well and must not flicker on a
// loaded machine. A window in which nothing may happen is spent every time, so it is
// short, and is followed by a sign of life.
type Timing struct {
	// Handshake is how long a gateway waits for a descriptor. Contract: 30 s.
	Handshake time.Duration
	// Outbound is how long a gateway waits for a result. Contract: 30 s.
	Outbound time.Duration
	// IdleAck is how long a gateway waits for going_idle_ack. Contract: 10 s.
	IdleAck time.Duration
	// BackoffBase and BackoffCap are the first rung and the top of the redial ladder.
	// Contract: 1 s and 30 s.
	BackoffBase, BackoffCap time.Duration
	// Shutdown is how long a gateway may take to stop altogether: the wait for the
	// ack and the closing of its sockets. Contract: IdleAck and 5 s more.
	Shutdown time.Duration

	// Ready is the wait from the start of a subject to its hello. 30 s: an interpreter
	// that loads a large agent takes several seconds, many times that under load. What the
	// first start of a run took stretches it for the others.
	Ready time.Duration
	// Answer is the wait for anything that a gateway does at once. 10 s: a stock agent
	// takes one to two seconds for a turn; the rest is for a loaded machine.
	Answer time.Duration
	// Quiet is the window in which nothing may arrive after a stimulus that a gateway
	// reacts to at once if it does so at all. 400 ms, and a sign of life after it.
	Quiet time.Duration
	// Stop is the wait for a subject to end after it was asked to, before it is killed.
	Stop time.Duration
	// Slack is added to a bound of the gateway's before it counts as exceeded. 5 s:
	// a loaded two-core machine was seen to delay a timer by more than one.
	Slack time.Duration
	// DriverGrace is how long the suite waits, at the first gateway of a run, for
	// driver/ready once the handshake is complete; a gateway dials the driver first, so
	// this covers only the order of arrival. 1 s, once, for a gateway without a driver.
	DriverGrace time.Duration
}

// ContractTiming has the contract's own bounds.
func ContractTiming() Timing {
	return Timing{
		Handshake: 30 * time.Second, Outbound: 30 * time.Second, IdleAck: 10 * time.Second,
		BackoffBase: time.Second, BackoffCap: 30 * time.Second, Shutdown: 15 * time.Second,
		Ready: 30 * time.Second, Answer: 10 * time.Second, Quiet: 400 * time.Millisecond,
		Stop: 20 * time.Second, Slack: 5 * time.Second, DriverGrace: time.Second,
	}
}

// Scaled returns the timing with the gateway's bounds multiplied by factor (1 is the
// contract's). The suite's own waits stay as they are.
func (t Timing) Scaled(factor float64) Timing {
	for _, d := range t.bounds() {
		*d = time.Duration(float64(*d) * factor)
	}
	return t
}

// Shortened is the timing for a gateway that can be told its bounds: a tenth makes 30 s
// into 3 s. The redial ladder is a twentieth of its length, 50 ms and 1.5 s: a hundred
// cases take a redial, and those that judge the ladder itself ask for one that a loaded
// machine can tell apart, rung from rung.
func (t Timing) Shortened() Timing {
	t = t.Scaled(defaultScale)
	t.BackoffBase, t.BackoffCap = t.BackoffBase/2, t.BackoffCap/2
	return t
}

const defaultScale = 0.1

// Redial is how long a redial may take at most, rung being the number of failed
// attempts before it: the rung, a quarter of jitter, and slack.
func (t Timing) Redial(rung int) time.Duration {
	return t.Rung(rung)*5/4 + t.Slack
}

// Rung is the delay of the redial ladder after n failed attempts: the base doubled n
// times, at most the cap.
func (t Timing) Rung(n int) time.Duration {
	d := t.BackoffBase
	for range n {
		if d *= 2; d >= t.BackoffCap {
			return t.BackoffCap
		}
	}
	return min(d, t.BackoffCap)
}
