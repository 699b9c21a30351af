package reference

import (
	"context"
	"slices"
	"sync"
)

// lanes order the turns: one after the other within a session key, side by side
// between them. A lane exists while it has something to do.
type lanes struct {
	g    *Gateway
	mu   sync.Mutex
	keys map[string]*lane
	size int        // jobs that are not over
	idle *sync.Cond // broadcast when the last lane has gone
}

// laneLimit bounds the jobs that are not over, so that a connector that floods a
// gateway whose handler hangs does not fill its memory.
const laneLimit = 1 << 17

// lane is the queue of one session key. An event passes two steps, acceptance and
// turn, each in order; acceptance runs ahead of the turns.
type lane struct {
	received  []*job // waiting to be accepted
	accepted  []*job // waiting for their turn
	open      []*job // not yet over, oldest first: what an interrupt ends
	accepting bool
	running   bool
}

func newLanes(g *Gateway) *lanes {
	l := &lanes{g: g, keys: map[string]*lane{}}
	l.idle = sync.NewCond(&l.mu)
	return l
}

// add queues a job to its session key. It refuses when there are too many.
func (l *lanes) add(j *job) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size == laneLimit {
		return false
	}
	l.size++
	key := j.turn.SessionKey
	ln := l.keys[key]
	if ln == nil {
		ln = &lane{}
		l.keys[key] = ln
	}
	if !j.repeat {
		ln.open = append(ln.open, j)
	}
	if j.ready && !ln.accepting {
		l.g.seen.accept(j.ids)
		ln.accepted = append(ln.accepted, j)
		ln.start(l, key)
		return true
	}
	ln.received = append(ln.received, j)
	if !ln.accepting {
		ln.accepting = true
		go l.acceptAll(key, ln)
	}
	return true
}

func (l *lanes) acceptAll(key string, ln *lane) {
	for {
		j := l.next(key, ln, &ln.received, &ln.accepting)
		if j == nil {
			return
		}
		run := l.g.accept(j)
		l.mu.Lock()
		if run {
			ln.accepted = append(ln.accepted, j)
			if j.repeat { // of one that was refused: an event in its own right now
				ln.open = append(ln.open, j)
			}
			ln.start(l, key)
		} else {
			l.finish(ln, j)
		}
		l.mu.Unlock()
	}
}

// start makes sure that the accepted turns run.
func (ln *lane) start(l *lanes, key string) {
	if !ln.running {
		ln.running = true
		go l.runAll(key, ln)
	}
}

func (l *lanes) runAll(key string, ln *lane) {
	for {
		j := l.next(key, ln, &ln.accepted, &ln.running)
		if j == nil {
			return
		}
		outcome := l.g.run(j)
		l.mu.Lock()
		l.finish(ln, j)
		l.mu.Unlock()
		l.g.observe.Turn(j.turn, outcome)
	}
}

// next takes the head of a queue. With none it marks the step as at rest and removes
// a lane that has nothing left to do.
func (l *lanes) next(key string, ln *lane, queue *[]*job, busy *bool) *job {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(*queue) > 0 {
		j := (*queue)[0]
		*queue = (*queue)[1:]
		return j
	}
	*busy = false
	if !ln.accepting && !ln.running && l.keys[key] == ln {
		delete(l.keys, key)
		if len(l.keys) == 0 {
			l.idle.Broadcast()
		}
	}
	return nil
}

func (l *lanes) finish(ln *lane, j *job) {
	l.size--
	j.cancel(nil)
	if i := slices.Index(ln.open, j); i >= 0 {
		ln.open = slices.Delete(ln.open, i, i+1)
	}
}

// interrupt ends the turn of exactly one session key: the oldest that is not over,
// which is the running one, or the next if none runs yet. (Contract, section
// "Interrupts".)
func (l *lanes) interrupt(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.keys[key]
	if ln == nil || len(ln.open) == 0 {
		return false
	}
	ln.open[0].cancel(ErrInterrupted)
	return true
}

// wait lets the turns end until ctx does. It reports whether they did.
func (l *lanes) wait(ctx context.Context) bool {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.idle.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.keys) > 0 && ctx.Err() == nil {
		l.idle.Wait()
	}
	return len(l.keys) == 0
}
