package conformance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

// schedule runs cases side by side:
//
//   - a case waits for the selected cases of the rules in its After, and is blocked when
//     one of them is red. A variant that must outlast a bound, or is an edge, is not waited
//     for, and blocks nobody: it judges the far end of a rule, and others stand on its
//     beginning;
//   - cases that are polite to a shared gateway run together on the first one; a case
//     marked Alone has a shared gateway to itself, one of several where the launcher can
//     start several;
//   - a Fresh case has a gateway of its own and waits for nobody's;
//   - cases marked Last run when all the others have ended;
//   - of those that can run, the first is the one at the head of the longest chain.
type schedule struct {
	parallel int
	// inapplicable says why a case cannot judge the subject, or ""; execute runs one, on
	// a shared gateway where the case needs one.
	inapplicable func(kit.Case) string
	execute      func(context.Context, kit.Case, *lane) kit.Result
	done         func(kit.Result)
	// busy says that the machine has too much to do already for more than a few cases side
	// by side; nil means never.
	busy func() bool

	mu      sync.Mutex
	changed *sync.Cond
	waiting []kit.Case // by their rank
	running int
	lanes   []*lane
	most    int                        // lanes that there may be
	pending map[protocol.RuleID]int    // cases of the rule that others wait for
	red     map[protocol.RuleID]string // rule → why it counts as not holding
	warned  map[protocol.RuleID]string // the same for a SHOULD, which makes nobody unconformant
	results []kit.Result
}

// lane is a shared gateway, and who is on it. Its fields are the schedule's, under its
// lock.
type lane struct {
	polite int  // polite cases on it now
	alone  bool // a case has it to itself
	shared *sharedGateway
}

// newQueue is a schedule of cases of either side, whose caller says how one is executed.
func newQueue(cases []kit.Case, parallel int, done func(kit.Result)) *schedule {
	s := &schedule{parallel: max(parallel, 1), done: done, waiting: ranked(cases), lanes: []*lane{{}}, most: 1,
		pending: map[protocol.RuleID]int{}, red: map[protocol.RuleID]string{}, warned: map[protocol.RuleID]string{}}
	s.changed = sync.NewCond(&s.mu)
	for _, c := range cases {
		if holdsUp(c) {
			s.pending[c.Rule()]++
		}
	}
	return s
}

// holdsUp reports whether the cases that stand on a case's rule wait for this one.
func holdsUp(c kit.Case) bool {
	return !c.Needs.Last && !c.Edge && (!c.Needs.Slow || c.ID == string(c.Rule()))
}

// ranked is cases in the order in which they are to start, as far as they can: first those
// that head the longest chain of cases which wait for each other.
func ranked(cases []kit.Case) []kit.Case {
	waitFor := map[protocol.RuleID][]kit.Case{}
	for _, c := range cases {
		for _, rule := range c.After {
			if rule != c.Rule() {
				waitFor[rule] = append(waitFor[rule], c)
			}
		}
	}
	// What a case takes, in tenths of a second, as the reference is judged: what it does at
	// its end matters less than that those which outlast a bound come first.
	own := func(c kit.Case) int {
		switch {
		case c.Needs.Last:
			return 0
		case c.Needs.Slow:
			return 30
		case c.Needs.Fresh:
			return 5
		case c.Needs.Alone:
			return 3
		}
		return 1
	}
	behind := map[protocol.RuleID]int{} // the longest chain behind a rule
	var chain func(kit.Case) int
	chain = func(c kit.Case) int {
		if !holdsUp(c) {
			return own(c)
		}
		longest, known := behind[c.Rule()]
		if !known {
			behind[c.Rule()] = 0 // a circle ends here, and is told of when it is met
			for _, next := range waitFor[c.Rule()] {
				longest = max(longest, chain(next))
			}
			behind[c.Rule()] = longest
		}
		return own(c) + longest
	}
	order, rank := slices.Clone(cases), map[string]int{}
	for _, c := range order {
		rank[c.ID] = chain(c)
	}
	slices.SortStableFunc(order, func(a, b kit.Case) int { return cmp.Compare(rank[b.ID], rank[a.ID]) })
	return order
}

// run returns when every case has a result, in the order in which they ended.
func (s *schedule) run(ctx context.Context) []kit.Result {
	stop := context.AfterFunc(ctx, func() { s.mu.Lock(); s.changed.Broadcast(); s.mu.Unlock() })
	defer stop()
	var wg sync.WaitGroup
	s.mu.Lock()
	for len(s.waiting) > 0 || s.running > 0 {
		i, l := s.next()
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
		s.take(c, l)
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := s.execute(ctx, c, l)
			s.mu.Lock()
			s.give(c, l)
			s.finish(c, r)
			s.mu.Unlock()
		}()
	}
	s.mu.Unlock()
	wg.Wait()
	return s.results
}

// next is the index of a case that may start now, and the lane on which; or -1.
func (s *schedule) next() (int, *lane) {
	if s.running >= s.parallel || s.busy != nil && s.running >= fewSideBySide && s.busy() {
		return -1, nil
	}
	first := s.lanes[0]
	lasts, firstAlone := 0, -1
	for i, c := range s.waiting {
		switch {
		case c.Needs.Last:
			lasts++
			if lasts == len(s.waiting) && s.running == 0 {
				return 0, first
			}
		case !s.prerequisitesDone(c):
		case c.Needs.Fresh:
			return i, nil
		case c.Needs.Alone:
			if firstAlone < 0 {
				firstAlone = i
			}
			if l := s.laneBeside(); l != nil {
				return i, l
			}
		case !first.alone:
			return i, first
		}
	}
	// The first lane is for one that wants to be alone when no polite case can run on it.
	if firstAlone >= 0 && !first.alone && first.polite == 0 {
		return firstAlone, first
	}
	return -1, nil
}

// laneBeside is a lane besides the first on which nobody is, made if need be; or nil.
func (s *schedule) laneBeside() *lane {
	for _, l := range s.lanes[1:] {
		if !l.alone {
			return l
		}
	}
	if len(s.lanes) < s.most {
		s.lanes = append(s.lanes, &lane{})
		return s.lanes[len(s.lanes)-1]
	}
	return nil
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

func (s *schedule) take(c kit.Case, l *lane) {
	s.running++
	switch {
	case c.Needs.Fresh:
	case c.Needs.Alone:
		l.alone = true
	default:
		l.polite++
	}
}

func (s *schedule) give(c kit.Case, l *lane) {
	s.running--
	switch {
	case c.Needs.Fresh:
	case c.Needs.Alone:
		l.alone = false
	default:
		l.polite--
	}
}

func (s *schedule) finish(c kit.Case, r kit.Result) {
	s.results = append(s.results, r)
	if holdsUp(c) {
		s.pending[c.Rule()]--
		switch r.Verdict {
		case kit.Fail, kit.Blocked:
			if _, ok := s.red[c.Rule()]; !ok {
				s.red[c.Rule()] = r.Reason
			}
		case kit.Warn:
			s.warned[c.Rule()] = r.Reason
		}
	}
	if s.done != nil {
		s.done(r)
	}
	s.changed.Broadcast()
}
