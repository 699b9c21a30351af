package kit

import (
	"maps"
	"time"
)

// toldBounds are the bounds that a gateway can be told, by their places in [bounds]. A
// target file may name some of them only; the gateway keeps the contract's value of the
// others, whatever the suite would like.
type toldBounds map[int]bool

// bounds are the bounds of the gateway's, in a fixed order.
func (t *Timing) bounds() []*time.Duration {
	return []*time.Duration{&t.Handshake, &t.Outbound, &t.IdleAck, &t.BackoffBase, &t.BackoffCap, &t.Shutdown}
}

// boundsToldBy finds out which bounds make a difference to what the gateway is told. One
// that cannot be rendered counts as told: the launch of the gateway says what is wrong.
func boundsToldBy(env func(Timing) (map[string]string, error)) toldBounds {
	told := toldBounds{}
	base, err := env(ContractTiming())
	for i := range new(Timing).bounds() {
		t := ContractTiming()
		*t.bounds()[i] += 7 * time.Second
		other, failed := env(t)
		told[i] = err != nil || failed != nil || !maps.Equal(base, other)
	}
	return told
}

// apply is a timing with those bounds of another that the gateway can be told.
func (told toldBounds) apply(t, changed Timing) Timing {
	for i, bound := range changed.bounds() {
		if !told[i] {
			*bound = *t.bounds()[i]
		}
	}
	return changed
}
