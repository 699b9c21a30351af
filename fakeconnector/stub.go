package fakeconnector

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
)

// Fault is one thing that may go wrong. The package's own faults are small structs, one
// file each; a test may write its own.
type Fault interface {
	// Name is the fault's stable name, such as "withhold".
	Name() string
	// Apply changes what is about to happen. It must not block, and must not publish: an
	// event of the instance may be what is about to be sent. Steps may do both.
	Apply(*Exchange)
}

// dialFault marks the faults that act before there is a session.
type dialFault interface{ actsOnDials() }

func (*Hold) actsOnDials()     {}
func (Delay) actsOnDials()     {}
func (Refuse) actsOnDials()    {}
func (DropTCP) actsOnDials()   {}
func (Reset) actsOnDials()     {}
func (FaultFunc) actsOnDials() {}

// FaultFunc is a fault made of a function.
type FaultFunc func(*Exchange)

// Name implements [Fault].
func (FaultFunc) Name() string { return "func" }

// Apply implements [Fault].
func (f FaultFunc) Apply(x *Exchange) { f(x) }

// Stub applies faults wherever its match holds, as often as it was told to. It does
// nothing before [Stub.Do].
type Stub struct {
	set   *stubs
	match Match

	// Constant after Try.
	ready  *matcher
	faults []Fault
	times  int
	after  int
	every  int

	applying sync.Mutex
	rand     *rand.Rand // under applying

	mu      sync.Mutex
	matched int
	hits    int
	hit     chan struct{} // closed at the next hit
}

// On begins a stub. Several stubs that match are applied in the order of their Do.
func (c *Connector) On(m Match) *Stub {
	return &Stub{set: &c.stubs, match: m, every: 1}
}

// Times limits how often the stub acts. The default, 0, is always.
func (s *Stub) Times(n int) *Stub { s.times = n; return s }

// After lets the first n matches pass.
func (s *Stub) After(n int) *Stub { s.after = n; return s }

// Every acts on one of n matches: the first after After, then every nth.
func (s *Stub) Every(n int) *Stub { s.every = max(n, 1); return s }

// Do puts the stub in force, with faults that are applied in order. It panics on a Match
// whose pattern or JSON cannot be read, which is a mistake in the test's source; use
// [Stub.Try] for input from outside.
func (s *Stub) Do(faults ...Fault) *Stub {
	if err := s.Try(faults...); err != nil {
		panic(err)
	}
	return s
}

// Try is Do with an error.
func (s *Stub) Try(faults ...Fault) error {
	ready, err := s.match.ready()
	if err != nil {
		return err
	}
	for _, f := range faults {
		if err := fits(f, ready.Match); err != nil {
			return err
		}
	}
	s.ready, s.faults, s.rand = ready, faults, s.set.c.ids.source()
	s.set.mu.Lock()
	defer s.set.mu.Unlock()
	s.set.list = append(s.set.list, s)
	return nil
}

// Remove takes the stub out of force. What a hold keeps stays held.
func (s *Stub) Remove() {
	s.set.mu.Lock()
	defer s.set.mu.Unlock()
	for i, other := range s.set.list {
		if other == s {
			s.set.list = append(s.set.list[:i:i], s.set.list[i+1:]...)
			return
		}
	}
}

// Hits is how often the stub has acted.
func (s *Stub) Hits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits
}

// WaitHits blocks until the stub has acted n times.
func (s *Stub) WaitHits(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		hits := s.hits
		if s.hit == nil {
			s.hit = make(chan struct{})
		}
		hit := s.hit
		s.mu.Unlock()
		if hits >= n {
			return nil
		}
		select {
		case <-hit:
		case <-ctx.Done():
			return fmt.Errorf("expected the stub on %s to act %d times, it did %d times: %w", s.match, n, hits, context.Cause(ctx))
		case <-s.set.c.done:
			return fmt.Errorf("expected the stub on %s to act %d times, it did %d times: %w", s.match, n, hits, ErrClosed)
		}
	}
}

// fires counts a match and says whether the stub acts on it.
func (s *Stub) fires(x *Exchange) bool {
	if !s.ready.matches(x) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.matched++
	n := s.matched - s.after
	if n <= 0 || (n-1)%s.every != 0 || (s.times > 0 && s.hits >= s.times) {
		return false
	}
	s.hits++
	if s.hit != nil {
		close(s.hit)
		s.hit = nil
	}
	return true
}

// stubs are the stubs in force.
type stubs struct {
	c    *Connector
	mu   sync.Mutex
	list []*Stub
}

func (l *stubs) none() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list) == 0
}

func (l *stubs) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// firing returns the stubs that act on x.
func (l *stubs) firing(x *Exchange) []*Stub {
	l.mu.Lock()
	list := append([]*Stub(nil), l.list...)
	l.mu.Unlock()
	var out []*Stub
	for _, s := range list {
		if s.fires(x) {
			out = append(out, s)
		}
	}
	return out
}

func (l *stubs) apply(x *Exchange) { apply(l.firing(x), x) }

func apply(firing []*Stub, x *Exchange) {
	for _, s := range firing {
		names := make([]string, 0, len(s.faults))
		for _, f := range s.faults {
			names = append(names, f.Name())
		}
		x.c.journal.one(Entry{Kind: KindFault, Session: x.session, GatewayID: x.gateway.ID, Instance: x.gateway.Instance,
			Note: strings.Join(names, ", ") + " on " + s.match.String()})
		// One stub may fire in several sessions at once; its choices come one by one.
		s.applying.Lock()
		x.Rand = s.rand
		for _, f := range s.faults {
			f.Apply(x)
		}
		s.applying.Unlock()
	}
}

// ignores reports whether one of the stubs makes the frame unseen.
func ignores(firing []*Stub) bool {
	for _, s := range firing {
		for _, f := range s.faults {
			if _, ok := f.(interface{ ignores() }); ok {
				return true
			}
		}
	}
	return false
}
