package reference

import "time"

// jitterShare is the part of a rung that jitter may add. Contract: up to a quarter.
const jitterShare = 0.25

// backoff is the ladder of redial delays. (Contract, section "Reconnect": from 1 s,
// doubling, capped at 30 s; jitter of up to a quarter of a rung is allowed. A
// successful handshake starts the ladder anew.)
type backoff struct {
	base, cap time.Duration
	jitter    func() float64
	rung      int
}

// next is the delay before the next dial.
func (b *backoff) next() time.Duration {
	d := b.base
	for range b.rung {
		if d >= b.cap {
			break
		}
		d *= 2
	}
	d = min(d, b.cap)
	b.rung++
	return d + time.Duration(b.jitter()*jitterShare*float64(d))
}

func (b *backoff) reset() { b.rung = 0 }
