//go:build unix

package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
)

// process is one run of a command: its process group, its output, its directory.
type process struct {
	name   string
	family family
	root   string // removed when it has ended
	atEnd  atEnd  // called before that, or nil
	logs   *LogBuffer
	exited chan struct{}

	mu     sync.Mutex
	gone   bool     // nobody is left, so the group's number may be somebody else's by now
	exit   kit.Exit // of the process that was started
	killed bool     // it was asked to stop and had to be killed
}

// startProcess starts cmd and watches it. root is removed when the last process has
// ended, after the call of end; home is what marks the subject's processes.
func startProcess(cmd *exec.Cmd, root, home string, end atEnd) (*process, error) {
	p := &process{name: cmd.Path, root: root, atEnd: end, logs: &LogBuffer{}, exited: make(chan struct{})}
	cmd.SysProcAttr = groupAttributes()
	var outputs []*os.File
	var pumps sync.WaitGroup
	var writers []*os.File
	for _, stream := range []struct {
		name string
		set  *io.Writer
	}{{"stdout", &cmd.Stdout}, {"stderr", &cmd.Stderr}} {
		// A pipe of our own: waiting for one of exec's waits for everybody who holds it.
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(append(outputs, writers...))
			return nil, err
		}
		*stream.set = w
		outputs, writers = append(outputs, r), append(writers, w)
		lines := p.logs.Stream(stream.name)
		pumps.Go(func() {
			_, _ = io.Copy(lines, r) // ends at the end of the output, or when its bound is over
			lines.Flush()
		})
	}
	started := make(chan error)
	go func() {
		// The kernel kills the process when the thread that started it dies, so the
		// thread must live as long as the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		closeAll(writers)
		if err == nil {
			p.family = newFamily(cmd.Process.Pid, home)
		}
		started <- err
		if err == nil {
			p.watch(cmd, outputs, &pumps)
		}
	}()
	if err := <-started; err != nil {
		pumps.Wait()
		closeAll(outputs)
		return nil, err
	}
	return p, nil
}

// Files are those in the directory that was made for the subject, with its HOME, its temporary
// files and, unless it was given another, its working directory. It implements [kit.Placed].
func (p *process) Files(_ context.Context, look func(string, []byte)) error {
	lookThrough(p.root, look)
	return nil
}

// watch waits for the last of the processes and for what they wrote.
func (p *process) watch(cmd *exec.Cmd, outputs []*os.File, pumps *sync.WaitGroup) {
	defer close(p.exited)
	state, err := cmd.Process.Wait()
	p.mu.Lock()
	p.exit = exitOf(state, err)
	p.mu.Unlock()
	p.awaitEmpty()

	// A read that has data never sees its deadline, so a bound on the reads would let a
	// flood go on: the bound is on all of them together.
	overdue := time.AfterFunc(drainBound, func() {
		p.logs.Note("its output is still held open by a process that left its group; what that one writes is not read")
		closeAll(outputs)
	})
	pumps.Wait()
	overdue.Stop()
	closeAll(outputs)
	if p.atEnd != nil {
		p.atEnd(p.Files)
	}
	if err := os.RemoveAll(p.root); err != nil {
		p.logs.Note("its directory could not be removed: " + err.Error())
	}
}

// awaitEmpty returns when nobody is left of the subject. A process may be born while
// somebody looks, so it takes two looks to be sure.
func (p *process) awaitEmpty() {
	empty := 0
	for wait := pollFirst; ; wait = min(2*wait, pollMost) {
		if len(p.family.survivors()) > 0 {
			empty = 0
		} else if empty++; empty == 2 {
			p.mu.Lock()
			p.gone = true
			p.mu.Unlock()
			return
		} else {
			wait = pollFirst
		}
		time.Sleep(wait)
	}
}

// signal reaches every process of the subject that is still there.
func (p *process) signal(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		p.family.signal(sig)
	}
}

// Stop sends SIGTERM to the group and waits for its last member.
func (p *process) Stop(ctx context.Context) (kit.Exit, error) {
	select {
	case <-p.exited:
		return p.Exit(), nil
	default:
	}
	p.signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		return p.Exit(), nil
	case <-ctx.Done():
	}
	select {
	case <-p.exited: // at the last moment, and by itself
		return p.Exit(), nil
	default:
	}
	p.mu.Lock()
	p.killed = true
	p.mu.Unlock()
	err := p.Kill()
	return p.Exit(), err
}

// Kill sends SIGKILL until nobody is left, and returns then. The error names what
// outlived even that.
func (p *process) Kill() error {
	bound := time.NewTimer(killBound)
	defer bound.Stop()
	again := time.NewTicker(pollMost)
	defer again.Stop()
	for {
		p.signal(syscall.SIGKILL)
		select {
		case <-p.exited:
			return nil
		case <-again.C:
		case <-bound.C:
			return fmt.Errorf("kill %s: expected every process to be gone after %s; still there: %v", p.name, killBound, p.family.survivors())
		}
	}
}

func (p *process) Exited() <-chan struct{} { return p.exited }

// Processes are the ids of what is there of the subject now. It implements
// [kit.Observable].
func (p *process) Processes() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return nil
	}
	return p.family.survivors()
}

func (p *process) Exit() kit.Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	exit := p.exit
	exit.Killed = p.killed
	return exit
}

func (p *process) Logs() kit.LogReader { return p.logs }

func exitOf(state *os.ProcessState, err error) kit.Exit {
	if err != nil {
		return kit.Exit{Code: -1, Err: "its exit could not be read: " + err.Error()}
	}
	status, ok := state.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return kit.Exit{Code: -1, Signal: signalName(status.Signal())}
	}
	return kit.Exit{Code: state.ExitCode()}
}

// signalName is a signal by the name that a reader looks up.
func signalName(sig syscall.Signal) string {
	switch sig {
	case syscall.SIGHUP:
		return "SIGHUP"
	case syscall.SIGINT:
		return "SIGINT"
	case syscall.SIGQUIT:
		return "SIGQUIT"
	case syscall.SIGILL:
		return "SIGILL"
	case syscall.SIGABRT:
		return "SIGABRT"
	case syscall.SIGBUS:
		return "SIGBUS"
	case syscall.SIGFPE:
		return "SIGFPE"
	case syscall.SIGKILL:
		return "SIGKILL"
	case syscall.SIGSEGV:
		return "SIGSEGV"
	case syscall.SIGPIPE:
		return "SIGPIPE"
	case syscall.SIGTERM:
		return "SIGTERM"
	default:
		return fmt.Sprintf("signal %d (%v)", int(sig), sig)
	}
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close() // closing twice is an error without consequence
	}
}

// groupEmpty reports that no process is in the group, not even one that has ended and
// that its parent has not yet taken note of.
func groupEmpty(group int) bool {
	return errors.Is(syscall.Kill(-group, 0), syscall.ESRCH)
}
