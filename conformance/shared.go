package conformance

import (
	"context"
	"fmt"
	"sync"

	"github.com/relaykit/relaykit/conformance/kit"
)

// mostShared is how many gateways a run shares at most. More than that do not make it
// shorter: the cases that want one to themselves are then no longer what a run waits for.
const mostShared = 12

// aloneForEach is how many cases that want a gateway to themselves make one more worth its
// start: together they take about as long as an interpreter that loads for a second.
const aloneForEach = 8

// sharedGateway is a gateway that cases share, side by side or one after the other.
type sharedGateway struct {
	bench   *kit.Bench
	name    string
	restart bool // the launcher can start another one

	mu       sync.Mutex // held while it is looked at or started anew
	in       *kit.Instance
	starts   int
	deaf     bool           // it has a session and has stopped reading it
	notReady *kit.Diagnosis // why it never was ready, nil if it was
}

// live is the gateway, started when nobody has needed it yet, and anew when an earlier case
// cost its life.
func (g *sharedGateway) live() (*kit.Instance, *kit.Diagnosis, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.notReady != nil:
		return g.in, g.notReady, nil
	case g.in == nil:
	case !g.restart || !g.deaf && g.in.Usable():
		return g.in, nil, nil
	default:
		g.in.Close()
	}
	g.deaf = false
	name := g.name
	if g.starts > 0 {
		name = fmt.Sprintf("%s-again-%d", g.name, g.starts)
	}
	g.starts++
	in, d, err := g.bench.StartShared(name)
	if err != nil {
		return nil, nil, err
	}
	g.in = in
	return in, d, nil
}

// recover is called when a case that had the gateway to itself is red. Such a gateway can
// be left with a session that it no longer reads, which would be held against every case
// behind this one.
func (g *sharedGateway) recover() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in == nil || g.in.Reads() {
		return
	}
	g.deaf = true
	if !g.restart {
		g.in.EndSession() // all that the suite can do for one that it did not start
		g.deaf = false
	}
}

func (g *sharedGateway) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in != nil {
		g.in.Close()
	}
}

// gateways runs the cases of a schedule on the gateways that they need.
type gateways struct {
	bench  *kit.Bench
	judge  kit.Judge
	mu     sync.Mutex
	shared []*sharedGateway
}

// newSchedule is a schedule of cases that judge a gateway, of which the first that they
// share is running; notReady says why it is not as it should be, or is nil.
func newSchedule(b *kit.Bench, j kit.Judge, first *kit.Instance, notReady *kit.Diagnosis, cases []kit.Case, parallel int) (*schedule, *gateways) {
	s := newQueue(cases, parallel, nil)
	restart := b.Launcher.Can().Restart
	gs := &gateways{bench: b, judge: j, shared: []*sharedGateway{{bench: b, name: "shared", restart: restart, in: first, starts: 1, notReady: notReady}}}
	s.lanes[0].shared = gs.shared[0]
	alone := 0
	for _, c := range cases {
		if c.Needs.Alone {
			alone++
		}
	}
	if restart && notReady == nil {
		s.most = max(1, min(mostShared, parallel/2, 1+alone/aloneForEach))
	}
	s.inapplicable = func(c kit.Case) string { return b.Inapplicable(c, j) }
	s.execute = gs.one
	return s, gs
}

// one runs a case on the instance that it needs.
func (gs *gateways) one(ctx context.Context, c kit.Case, l *lane) kit.Result {
	if c.Needs.Fresh {
		return gs.bench.Run(ctx, c, nil, gs.judge)
	}
	shared := gs.of(l)
	if c.Needs.Last {
		gs.observe()
		return gs.bench.Run(ctx, c, shared.in, gs.judge)
	}
	in, why, err := shared.live()
	switch {
	case err != nil:
		return kit.Result{Case: c, Verdict: kit.HarnessError, Reason: "starting a gateway that cases share: " + err.Error()}
	case why != nil:
		return gs.bench.NotReady(c, in, why, gs.judge)
	}
	r := gs.bench.Run(ctx, c, in, gs.judge)
	if c.Needs.Alone && (r.Verdict == kit.Fail || r.Verdict == kit.Warn) {
		shared.recover()
	}
	return r
}

// of is the gateway of a lane, which at first has none.
func (gs *gateways) of(l *lane) *sharedGateway {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	if l.shared == nil {
		l.shared = &sharedGateway{bench: gs.bench, name: fmt.Sprintf("shared-%d", len(gs.shared)), restart: true}
		gs.shared = append(gs.shared, l.shared)
	}
	return l.shared
}

// observe takes in what the gateways that still run have shown so far.
func (gs *gateways) observe() {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	for _, g := range gs.shared {
		if g.in != nil {
			gs.bench.Observed().Take(g.in)
		}
	}
}

// close ends them all, side by side: each may take its time to say goodbye.
func (gs *gateways) close() {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	var wg sync.WaitGroup
	for _, g := range gs.shared {
		wg.Go(g.close)
	}
	wg.Wait()
}
