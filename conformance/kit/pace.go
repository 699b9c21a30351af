package kit

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
)

// How wide a run is. Cases mostly wait, so a gateway that starts at once can be judged by
// many of them side by side, and one that loads for seconds by few: its starts are what
// the machine is busy with, and a start must not take so long that it looks like none.
const (
	// fewest is how many cases run side by side whatever a start costs: two cores are idle
	// with less, as a case of a large agent still waits for most of its time.
	fewest = 8
	// most is enough to keep two cores busy with a gateway that starts, and answers, in
	// milliseconds.
	most = 48
	// startsAtOnce is how much work of starting gateways, for each core, is under way at a
	// time; sideBySide how much of it the cases that run side by side have cost.
	startsAtOnce = time.Second
	sideBySide   = 2 * time.Second
)

// pace is what the run knows of how dear a start is, and who may start now.
type pace struct {
	mu    sync.Mutex
	cost  time.Duration // of the first start, the launcher's part included; zero until it is known
	turns chan struct{} // a place for each start under way; nil: no bound
}

func newPace() *pace { return &pace{} }

func (p *pace) note(cost time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cost == 0 {
		p.cost = max(cost, time.Millisecond)
	}
}

// Settle adapts the run to what the first gateway of it showed, before the first case: how
// long it took to start, and how long to answer (zero when it does not). It returns how
// many cases are to run side by side, which is parallel unless that is zero.
//
// When several interpreters that each load for seconds start side by side, each takes as
// long as all of them, and a turn that needs a core waits for the others' turns. Half a
// dozen times that is slack for a loaded machine.
func (b *Bench) Settle(parallel int, turn time.Duration) int {
	if !b.Launcher.Can().Restart {
		// There is one gateway, and it was started by somebody, some time.
		if parallel == 0 {
			parallel = fewest
		}
		b.stretchAnswer(parallel, turn)
		return parallel
	}
	cores := time.Duration(max(1, runtime.NumCPU()))
	b.pace.mu.Lock()
	cost := max(b.pace.cost, time.Millisecond)
	if parallel == 0 {
		parallel = int(min(most, max(fewest, sideBySide*cores/max(cost, turn))))
	}
	starts := min(time.Duration(parallel), max(cores, startsAtOnce*cores/cost))
	b.pace.turns = make(chan struct{}, starts)
	b.pace.mu.Unlock()
	each := (starts + cores - 1) / cores
	b.Timing.Ready = max(b.Timing.Ready, slackOfLoad*each*b.startup())
	b.stretchAnswer(parallel, turn)
	return parallel
}

// slackOfLoad is how much longer than alone something may take on a loaded machine.
const slackOfLoad = 6

// longestAnswer is for a gateway whose turns take seconds of a core. Each answer that a
// broken one owes costs as much.
const longestAnswer = time.Minute

func (b *Bench) stretchAnswer(parallel int, turn time.Duration) {
	stretched := slackOfLoad * turn * time.Duration(max(1, parallel/max(1, runtime.NumCPU())))
	b.Timing.Answer = max(b.Timing.Answer, min(longestAnswer, stretched))
}

// admit waits until this gateway may be started.
func (in *Instance) admit() error {
	p := in.bench.pace
	p.mu.Lock()
	turns := p.turns
	p.mu.Unlock()
	in.settled = func() {}
	if turns == nil {
		return nil
	}
	began := time.Now()
	select {
	case turns <- struct{}{}:
	case <-in.bench.ctx.Done():
		return fmt.Errorf("waiting to be started: %w", context.Cause(in.bench.ctx))
	}
	in.waited += time.Since(began)
	in.settled = sync.OnceFunc(func() { <-turns })
	return nil
}

// settleOnceSeen lets the next gateway start once this one has been seen on the wire, has
// ended, or has taken much longer than the longest start before it.
func (in *Instance) settleOnceSeen() {
	ctx, cancel := context.WithTimeout(in.bench.ctx, slackOfLoad*in.bench.startup()+in.bench.Timing.Quiet)
	done := make(chan struct{})
	settled, subject := in.settled, in.Subject
	in.settled = func() { cancel(); <-done }
	go func() {
		defer close(done)
		defer settled()
		defer cancel()
		cancelAtDeath(ctx, cancel, subject, 0)
		_, _ = in.Connector.Journal().Wait(ctx, 0, func(e fakeconnector.Entry) bool {
			return IsDial(e) || e.Kind == fakeconnector.KindHTTP
		})
	}()
}
