package launch

import (
	"context"
	"errors"
	"sync"

	"github.com/relaykit/relaykit/conformance/kit"
)

// ErrAttached is returned when a second gateway is asked of [Attach] while the first is
// still in use: there is only one.
var ErrAttached = errors.New("attach: expected one subject at a time, and one is announced already; " +
	"cases that need a gateway of their own are not applicable to one that runs already")

// Attach is a launcher for a gateway that somebody else runs. Launch hands the address
// and the credentials to announce, which tells them to whoever starts the gateway, and
// does nothing else; nor does Stop. All abilities are false.
func Attach(announce func(spec kit.Spec)) kit.Launcher { return &attach{announce: announce} }

type attach struct {
	announce func(kit.Spec)
	mu       sync.Mutex
	current  *attached
}

func (a *attach) Can() kit.Abilities { return kit.Abilities{} }

func (a *attach) Launch(ctx context.Context, spec kit.Spec) (kit.Subject, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current != nil {
		select {
		case <-a.current.exited:
		default:
			return nil, ErrAttached
		}
	}
	a.current = &attached{exited: make(chan struct{})}
	if a.announce != nil {
		a.announce(spec)
	}
	return a.current, nil
}

// attached is a gateway that was running before and will run on. It counts as exited
// once it was let go with Stop or Kill; whether it really runs, nobody here can tell.
type attached struct {
	once   sync.Once
	exited chan struct{}
}

func (s *attached) Stop(context.Context) (kit.Exit, error) {
	s.once.Do(func() { close(s.exited) })
	return s.Exit(), nil
}

func (s *attached) Kill() error {
	_, err := s.Stop(context.Background())
	return err
}

func (s *attached) Exited() <-chan struct{} { return s.exited }

func (s *attached) Exit() kit.Exit {
	return kit.Exit{Code: -1, Err: "not started by the suite, and left running"}
}

func (s *attached) Logs() kit.LogReader { return &LogBuffer{} }
