package conformance

import (
	"context"
	"fmt"
	"sync"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// schedule runs cases side by side:
//
//   - a case waits for every selected case of the rules in its After, and is blocked
//     when one of them is red;
//   - cases that are polite to the shared gateway run on it together; a case marked
//     Alone has it to itself, after the polite ones that can run;
//   - a Fresh case has a gateway of its own and waits for nobody's;
//   - cases marked Last run when all the others have ended.
type schedule struct {
	bench    *kit.Bench
	judge    kit.Judge
	parallel int
	// inapplicable says why a case cannot judge the subject, or ""; execute runs one.
	inapplicable func(kit.Case) string
	execute      func(context.Context, kit.Case) kit.Result
	done         func(kit.Result)
	restart      bool

	sharedMu sync.Mutex // held while the shared gateway is looked at or started anew
	mu       sync.Mutex
	changed  *sync.Cond
	waiting  []kit.Case
	running  int
	polite   int  // polite cases on the shared gateway now
	alone    bool // a case has the shared gateway to itself
	pending  map[protocol.RuleID]int
	red      map[protocol.RuleID]string // rule → why it counts as not holding
	warned   map[protocol.RuleID]string // the same for a SHOULD, which makes nobody unconformant
	results  []kit.Result
	shared   *kit.Instance
	sharedNo int
	notReady *kit.Diagnosis // why the shared gateway never was ready, nil if it was
}

// newSchedule is a schedule of cases that judge a gateway.
func newSchedule(b *kit.Bench, j kit.Judge, shared *kit.Instance, cases []kit.Case, parallel int, done func(kit.Result)) *schedule {
	s := newQueue(cases, parallel, done)
	s.bench, s.judge, s.shared, s.restart = b, j, shared, b.Launcher.Can().Restart
	s.inapplicable = func(c kit.Case) string { return b.Inapplicable(c, j) }
	s.execute = s.one
	return s
}

// newQueue is a schedule of cases of either side, whose caller says how one is executed.
func newQueue(cases []kit.Case, parallel int, done func(kit.Result)) *schedule {
	s := &schedule{parallel: max(parallel, 1), done: done, waiting: cases,
		pending: map[protocol.RuleID]int{}, red: map[protocol.RuleID]string{}, warned: map[protocol.RuleID]string{}}
	s.changed = sync.NewCond(&s.mu)
	for _, c := range cases {
		if !c.Needs.Last {
			s.pending[c.Rule()]++
		}
	}
	return s
}

// run returns when every case has a result, in the order in which they ended.
func (s *schedule) run(ctx context.Context) []kit.Result {
	stop := context.AfterFunc(ctx, func() { s.mu.Lock(); s.changed.Broadcast(); s.mu.Unlock() })
	defer stop()
	var wg sync.WaitGroup
	s.mu.Lock()
	for len(s.waiting) > 0 || s.running > 0 {
		i := s.next()
		if i < 0 {
			if s.running == 0 {
				s.unreachable()
				continue
			}
			s.changed.Wait()
			continue
		}
		c := s.waiting[i]
		s.waiting = append(s.waiting[:i:i], s.waiting[i+1:]...)
		if r, decided := s.withoutRunning(ctx, c); decided {
			s.finish(c, r)
			continue
		}
		s.take(c)
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := s.execute(ctx, c)
			s.mu.Lock()
			s.give(c)
			s.finish(c, r)
			s.mu.Unlock()
		}()
	}
	s.mu.Unlock()
	wg.Wait()
	return s.results
}

// next is the index of a case that may start now, or -1.
func (s *schedule) next() int {
	if s.running >= s.parallel {
		return -1
	}
	lasts, firstAlone := 0, -1
	for i, c := range s.waiting {
		switch {
		case c.Needs.Last:
			lasts++
			if lasts == len(s.waiting) && s.running == 0 {
				return 0
			}
		case !s.prerequisitesDone(c):
		case c.Needs.Fresh:
			return i
		case c.Needs.Alone:
			if firstAlone < 0 {
				firstAlone = i
			}
		case !s.alone:
			return i
		}
	}
	if firstAlone >= 0 && !s.alone && s.polite == 0 {
		return firstAlone
	}
	return -1
}

func (s *schedule) prerequisitesDone(c kit.Case) bool {
	for _, rule := range c.After {
		if s.pending[rule] > 0 && rule != c.Rule() {
			return false
		}
	}
	return true
}

// unreachable ends a run whose cases wait for each other in a circle, which is a
// mistake in the cases.
func (s *schedule) unreachable() {
	for _, c := range s.waiting {
		s.finish(c, kit.Result{Case: c, Verdict: kit.HarnessError, Reason: fmt.Sprintf("its prerequisites %v wait for each other; mend After", c.After)})
	}
	s.waiting = nil
}

// withoutRunning decides cases that need not or cannot run.
func (s *schedule) withoutRunning(ctx context.Context, c kit.Case) (kit.Result, bool) {
	if ctx.Err() != nil {
		return kit.Result{Case: c, Verdict: kit.HarnessError, Reason: "the run was interrupted before this case"}, true
	}
	if why := s.inapplicable(c); why != "" {
		return kit.Result{Case: c, Verdict: kit.NotApplicable, Reason: why}, true
	}
	if c.Needs.Last {
		return kit.Result{}, false
	}
	for _, rule := range c.After {
		if why, ok := s.red[rule]; ok && rule != c.Rule() {
			return kit.Result{Case: c, Verdict: kit.Blocked, Reason: fmt.Sprintf("%s does not hold: %s", rule, why)}, true
		}
		if why, ok := s.warned[rule]; ok && rule != c.Rule() {
			return kit.Result{Case: c, Verdict: kit.NotApplicable, Reason: fmt.Sprintf("it stands on %s, a SHOULD that does not hold: %s", rule, why)}, true
		}
	}
	return kit.Result{}, false
}

func (s *schedule) take(c kit.Case) {
	s.running++
	switch {
	case c.Needs.Fresh:
	case c.Needs.Alone:
		s.alone = true
	default:
		s.polite++
	}
}

func (s *schedule) give(c kit.Case) {
	s.running--
	switch {
	case c.Needs.Fresh:
	case c.Needs.Alone:
		s.alone = false
	default:
		s.polite--
	}
}

func (s *schedule) finish(c kit.Case, r kit.Result) {
	s.results = append(s.results, r)
	if !c.Needs.Last {
		s.pending[c.Rule()]--
	}
	switch r.Verdict {
	case kit.Fail, kit.Blocked:
		if _, ok := s.red[c.Rule()]; !ok {
			s.red[c.Rule()] = r.Reason
		}
	case kit.Warn:
		s.warned[c.Rule()] = r.Reason
	}
	if s.done != nil {
		s.done(r)
	}
	s.changed.Broadcast()
}

// one runs a case on the instance that it needs.
func (s *schedule) one(ctx context.Context, c kit.Case) kit.Result {
	if c.Needs.Fresh {
		return s.bench.Run(ctx, c, nil, s.judge)
	}
	if c.Needs.Last {
		s.bench.Observed().Take(s.shared)
		return s.bench.Run(ctx, c, s.shared, s.judge)
	}
	shared, why, err := s.liveShared()
	switch {
	case err != nil:
		return kit.Result{Case: c, Verdict: kit.HarnessError, Reason: "starting the shared gateway again: " + err.Error()}
	case why != nil:
		return s.bench.NotReady(c, shared, why, s.judge)
	}
	return s.bench.Run(ctx, c, shared, s.judge)
}

// liveShared is the shared gateway, started anew when an earlier case cost its life.
func (s *schedule) liveShared() (*kit.Instance, *kit.Diagnosis, error) {
	s.sharedMu.Lock()
	defer s.sharedMu.Unlock()
	if s.notReady != nil {
		return s.shared, s.notReady, nil
	}
	if s.shared.Usable() || !s.restart {
		return s.shared, nil, nil
	}
	s.shared.Close()
	s.sharedNo++
	in, d, err := s.bench.StartShared(fmt.Sprintf("shared-%d", s.sharedNo))
	if err != nil {
		return nil, nil, err
	}
	s.shared = in
	return in, d, nil
}
