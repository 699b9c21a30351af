package control

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// Space is a namespace: a connector of its own, with its stubs by id.
type Space struct {
	Name      string
	Epoch     string // differs after every reset
	Created   time.Time
	Connector *fakeconnector.Connector

	stubs stubBook
}

// Spaces are the namespaces behind one front. The zero value is not usable; see
// [NewSpaces]. All methods are safe for concurrent use.
type Spaces struct {
	front   *fakeconnector.Front
	options func(name string) []fakeconnector.Option
	removed func(name string)
	epochs  atomic.Int64
	started time.Time

	changing sync.Mutex // held while namespaces begin, end or are reset
	seed     Seed       // what the default namespace begins with; under changing

	mu     sync.RWMutex
	byName map[string]*Space
	closed bool
}

// Stubs is how many stubs are in force.
func (space *Space) Stubs() int { return len(space.stubs.all()) }

// MaxSpaces bounds how many namespaces there are at once: each has a journal.
const MaxSpaces = 256

var (
	errNoSpace     = errors.New("there is no namespace of that name")
	errSpaceTaken  = errors.New("there is a namespace of that name already")
	errTooMany     = fmt.Errorf("expected at most %d namespaces", MaxSpaces)
	errShutsDown   = errors.New("the connector shuts down")
	errDefaultSpot = errors.New("the default namespace cannot be removed; reset it instead")
)

// NewSpaces begins with the default namespace, in the state of the seed. options gives
// what the connector of a namespace is made with, beside the front. removed, which may be
// nil, is told of every namespace that was removed.
func NewSpaces(front *fakeconnector.Front, seed Seed, options func(name string) []fakeconnector.Option, removed func(name string)) (*Spaces, error) {
	if removed == nil {
		removed = func(string) {}
	}
	s := &Spaces{front: front, options: options, removed: removed, seed: seed, byName: map[string]*Space{}, started: time.Now()}
	if _, err := s.Create(api.DefaultNamespace); err != nil {
		return nil, err
	}
	return s, nil
}

// make starts a space that is not in the table yet. It needs s.changing.
func (s *Spaces) make(name string) (*Space, error) {
	options := append([]fakeconnector.Option{fakeconnector.WithFront(s.front)}, s.options(name)...)
	space := &Space{Name: name, Created: time.Now(), Connector: fakeconnector.New(options...),
		Epoch: fmt.Sprintf("%x.%d", s.started.UnixNano(), s.epochs.Add(1))}
	if name == api.DefaultNamespace {
		if err := s.seed.apply(space, Seed{}); err != nil {
			return nil, err
		}
	}
	if err := space.Connector.Start(); err != nil {
		return nil, err
	}
	if name == api.DefaultNamespace {
		s.front.Fallback(space.Connector)
	}
	return space, nil
}

// Create begins a namespace.
func (s *Spaces) Create(name string) (*Space, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	s.mu.RLock()
	_, taken := s.byName[name]
	n, closed := len(s.byName), s.closed
	s.mu.RUnlock()
	switch {
	case closed:
		return nil, errShutsDown
	case taken:
		return nil, errSpaceTaken
	case n >= MaxSpaces:
		return nil, errTooMany
	}
	space, err := s.make(name)
	if err != nil {
		return nil, err
	}
	s.put(space)
	return space, nil
}

func (s *Spaces) put(space *Space) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byName[space.Name] = space
}

// Get returns the namespace of a name.
func (s *Spaces) Get(name string) (*Space, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if space, ok := s.byName[name]; ok {
		return space, nil
	}
	return nil, errNoSpace
}

// List returns every namespace, sorted by name.
func (s *Spaces) List() []*Space {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*Space, 0, len(s.byName))
	for _, space := range s.byName {
		out = append(out, space)
	}
	slices.SortFunc(out, func(a, b *Space) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Remove ends a namespace with everything in it.
func (s *Spaces) Remove(name string) error {
	if name == api.DefaultNamespace {
		return errDefaultSpot
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	space, err := s.Get(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.byName, name)
	s.mu.Unlock()
	err = space.Connector.Close()
	s.removed(name)
	return err
}

// Reset puts a namespace back to how it began: another connector takes its place, with
// an empty journal. Its sessions are closed with 1001; gateways that are known from the
// configuration dial again and are served.
func (s *Spaces) Reset(name string) (*Space, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	old, err := s.Get(name)
	if err != nil {
		return nil, err
	}
	if s.isClosed() {
		return nil, errShutsDown
	}
	if err := discardAll(old.Connector); err != nil {
		return nil, err
	}
	space, err := s.make(name)
	if err != nil {
		return nil, err
	}
	s.put(space)
	return space, old.Connector.Close()
}

// discardAll empties every buffer: a store may outlive its connector.
func discardAll(c *fakeconnector.Connector) error {
	instances, err := c.Instances()
	if err != nil {
		return err
	}
	for _, i := range instances {
		if _, err := c.DiscardBuffer(i.ID); err != nil {
			return err
		}
	}
	return nil
}

// Reload makes the default namespace differ from what it is as the new seed differs from
// the one before: what was done through the API stays.
func (s *Spaces) Reload(seed Seed) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	space, err := s.Get(api.DefaultNamespace)
	if err != nil {
		return err
	}
	if err := seed.apply(space, s.seed); err != nil {
		return err
	}
	s.seed = seed
	return nil
}

func (s *Spaces) isClosed() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}

// Close ends every namespace.
func (s *Spaces) Close() error {
	s.changing.Lock()
	defer s.changing.Unlock()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	spaces := s.List()
	errs := make([]error, len(spaces))
	var all sync.WaitGroup
	for i, space := range spaces {
		all.Go(func() { errs[i] = space.Connector.Close() })
	}
	all.Wait()
	return errors.Join(errs...)
}
