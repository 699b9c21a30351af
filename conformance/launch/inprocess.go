package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"github.com/relaykit/relaykit/conformance/kit"
)

// The exit codes of an in-process subject, as the process around it would have had them.
const (
	codeReturned = 0
	codeFailed   = 1
	codePanicked = 2 // what the Go runtime exits with
)

// InProcess is a launcher for a gateway that is a function of this process. run gets
// the subject's whole environment and must return when ctx ends; what it writes to logs
// is its output. Several may run side by side, so run must not read the environment of
// the process. Returning an error that wraps ctx's after it ended is stopping cleanly.
//
// A panic in run ends the subject with Exit.Err, the stack in its log. A panic in a
// goroutine that run started ends the whole process: nobody can catch that.
func InProcess(name string, run func(ctx context.Context, env map[string]string, logs io.Writer) error) kit.Launcher {
	l := inProcess{name: name}
	if run != nil {
		l.run = func(ctx context.Context, call Call, logs io.Writer) error { return run(ctx, call.Env, logs) }
	}
	return l
}

// Call is what a gateway is started with that stands for a process of its own.
type Call struct {
	// Dir stands for its working directory. It is fresh, holds the files that the suite gives the gateway, is its HOME
	// and TMPDIR as well, and is removed when the gateway has ended.
	Dir string
	// Args are the further arguments that its program would get, such as those with which it enrols and ends.
	Args []string
	Env  map[string]string
}

// InProcessIn is [InProcess] for a gateway that reads a configuration file, takes arguments or
// writes files. run must not look into the working directory of this process.
func InProcessIn(name string, run func(ctx context.Context, call Call, logs io.Writer) error) kit.Launcher {
	return inProcess{name: name, run: run, dir: true}
}

type inProcess struct {
	name string
	run  func(ctx context.Context, call Call, logs io.Writer) error
	dir  bool // it has a directory of its own
}

func (l inProcess) Can() kit.Abilities {
	return kit.Abilities{Restart: true, SetEnv: true, Signal: true, Files: l.dir, Args: l.dir}
}

func (l inProcess) Launch(ctx context.Context, spec kit.Spec) (kit.Subject, error) {
	if l.run == nil {
		return nil, fmt.Errorf("launch %s: expected a function to run, got nil", l.name)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("launch %s: %w", l.name, err)
	}
	if len(spec.Args) > 0 && !l.dir {
		return nil, fmt.Errorf("launch %s: a function takes no arguments; see InProcessIn", l.name)
	}
	if len(spec.Files) > 0 && !l.dir {
		return nil, fmt.Errorf("launch %s: it has no working directory of its own to put files into; see InProcessIn", l.name)
	}
	env, dir := maps.Clone(spec.Env), ""
	if l.dir {
		var err error
		if dir, err = os.MkdirTemp("", "relaykit-"+pathWord(spec.Name)+"-"); err != nil {
			return nil, fmt.Errorf("launch %s: making a directory for it: %w", l.name, err)
		}
		if err := writeFiles(dir, spec.Files); err != nil {
			return nil, errors.Join(fmt.Errorf("launch %s: %w", l.name, err), os.RemoveAll(dir))
		}
		if env == nil {
			env = map[string]string{}
		}
		env["HOME"], env["TMPDIR"] = dir, dir
	}
	// The subject outlives the call; only Stop and Kill end it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &function{
		name: strings.TrimSpace(l.name + " " + spec.Name), cancel: cancel,
		logs: &LogBuffer{}, exited: make(chan struct{}),
	}
	out := s.logs.Stream("log")
	go func() {
		defer close(s.exited)
		defer cancel()
		defer out.Flush()
		if dir != "" {
			defer func() {
				if spec.AtEnd != nil {
					spec.AtEnd(placed{s, dir}.Files)
				}
				if err := os.RemoveAll(dir); err != nil {
					s.logs.Note("its directory could not be removed: " + err.Error())
				}
			}()
		}
		s.call(ctx, func() error { return l.run(ctx, Call{Dir: dir, Args: spec.Args, Env: env}, out) })
	}()
	if dir != "" {
		return placed{s, dir}, nil
	}
	return s, nil
}

// placed is a function with a directory of its own.
type placed struct {
	*function
	dir string
}

// Files are those in its directory. It implements [kit.Placed].
func (s placed) Files(_ context.Context, look func(string, []byte)) error {
	lookThrough(s.dir, look)
	return nil
}

// function is one run of an in-process subject.
type function struct {
	name   string
	cancel context.CancelFunc
	logs   *LogBuffer
	exited chan struct{}
	exit   kit.Exit // valid once exited is closed, but for late
	late   atomic.Bool
}

// call runs f and records how it ended, also when it did not return.
func (s *function) call(ctx context.Context, f func() error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if p := recover(); p != nil {
			s.exit = kit.Exit{Code: codePanicked, Err: fmt.Sprintf("panic: %v", p)}
			for line := range strings.Lines(s.exit.Err + "\n" + string(debug.Stack())) {
				s.logs.Note(strings.TrimRight(line, "\n"))
			}
			return
		}
		s.exit = kit.Exit{Code: codeFailed, Err: "its goroutine was ended by runtime.Goexit (a t.FailNow?) instead of a return"}
	}()
	err := f()
	returned = true
	switch {
	case err == nil, ctx.Err() != nil && errors.Is(err, ctx.Err()):
		s.exit = kit.Exit{Code: codeReturned}
	default:
		s.exit = kit.Exit{Code: codeFailed, Err: err.Error()}
	}
}

// Stop ends the context and waits for the return. When ctx ends first, the error says
// that the function still runs: nothing can kill it.
func (s *function) Stop(ctx context.Context) (kit.Exit, error) {
	s.cancel()
	select {
	case <-s.exited:
		return s.Exit(), nil
	default:
	}
	select {
	case <-s.exited:
		return s.Exit(), nil
	case <-ctx.Done():
	}
	s.late.Store(true)
	err := fmt.Errorf("stop %s: expected it to return once its context was cancelled, within the bound given; "+
		"it has not, and a function cannot be killed, so it still runs", s.name)
	return kit.Exit{Code: -1, Killed: true, Err: err.Error()}, err
}

func (s *function) Kill() error {
	ctx, done := context.WithTimeout(context.Background(), cancelBound)
	defer done()
	_, err := s.Stop(ctx)
	return err
}

func (s *function) Exited() <-chan struct{} { return s.exited }

// Processes is this process. It implements [kit.Observable].
func (s *function) Processes() []int { return []int{os.Getpid()} }

// Exit tells how the function ended. One that returned after Stop gave up on it counts
// as one that had to be killed.
func (s *function) Exit() kit.Exit {
	select {
	case <-s.exited:
	default:
		return kit.Exit{Code: -1, Err: "still running"}
	}
	exit := s.exit
	exit.Killed = s.late.Load()
	return exit
}

func (s *function) Logs() kit.LogReader { return s.logs }
