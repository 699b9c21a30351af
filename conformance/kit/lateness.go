package kit

import (
	"sync"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
)

// Lateness watches how late this machine is, for a case that judges a wait from above: a
// gateway on a machine that does not get to its timers is late for the same reason.
type Lateness struct {
	mu   sync.Mutex
	late []late
}

type late struct {
	from, to time.Time
	by       time.Duration
}

// lateTick is how often it looks, and lateFrom the lateness that is worth remembering: a
// quiet machine is less than a millisecond late.
const (
	lateTick = 5 * time.Millisecond
	lateFrom = 2 * time.Millisecond
)

// WatchLateness watches until the case has ended.
func (g *G) WatchLateness() *Lateness {
	l := &Lateness{}
	stop, ended := make(chan struct{}), make(chan struct{})
	g.Cleanup(func() { close(stop); <-ended })
	go func() {
		defer close(ended)
		timer := time.NewTimer(lateTick)
		defer timer.Stop()
		for {
			from := time.Now()
			select {
			case <-timer.C:
			case <-stop:
				return
			}
			to := time.Now()
			if by := to.Sub(from) - lateTick; by > lateFrom {
				l.mu.Lock()
				l.late = append(l.late, late{from, to, by})
				l.mu.Unlock()
			}
			timer.Reset(lateTick)
		}
	}()
	return l
}

// Between is how late a timer of the suite's own was at worst between two entries.
func (l *Lateness) Between(a, b fakeconnector.Entry) time.Duration { return l.during(a.Wall, b.Wall) }

// Since is how late one was at worst since a moment.
func (l *Lateness) Since(from time.Time) time.Duration { return l.during(from, time.Now()) }

func (l *Lateness) during(from, to time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	worst := time.Duration(0)
	for _, x := range l.late {
		if x.to.After(from) && x.from.Before(to) {
			worst = max(worst, x.by)
		}
	}
	return worst
}
