package portrun

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Command returns a Start for Options that runs a program with arguments. No shell is
// involved. The program has its own process group, which is killed as a whole.
func Command(argv []string, dir string) func(context.Context) (Port, error) {
	return func(context.Context) (Port, error) {
		if len(argv) == 0 {
			return nil, fmt.Errorf("expected a command, got nothing")
		}
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		ownGroup(cmd)
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		p := &process{cmd: cmd, in: in, out: out, lines: make(chan []byte), killed: make(chan struct{}), done: make(chan struct{})}
		cmd.Stderr = &p.stderr
		cmd.WaitDelay = pipeDelay
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		go p.live()
		return p, nil
	}
}

// pipeDelay is how long standard error may stay open after the program has exited,
// held by something that it started.
const pipeDelay = time.Second

type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	lines  chan []byte
	stderr tail

	kill   sync.Once
	killed chan struct{}
	done   chan struct{} // closed when the program has exited and exit is set
	exit   error
}

// live reads the output to its end, then waits for the program and takes whatever it
// left behind with it.
func (p *process) live() {
	defer close(p.done)
	p.scan()
	p.exit = p.cmd.Wait()
	killGroup(p.cmd)
	if said := p.stderr.String(); p.exit != nil && said != "" {
		p.exit = fmt.Errorf("%w; it said: %s", p.exit, said)
	}
}

func (p *process) scan() {
	defer close(p.lines)
	r := bufio.NewReaderSize(p.out, 64<<10)
	var line []byte
	for {
		part, prefix, err := r.ReadLine()
		if err != nil {
			return
		}
		if len(line) < maxLine { // what is beyond is cut, and is no answer then
			line = append(line, part...)
		}
		if prefix {
			continue
		}
		select {
		case p.lines <- line:
		case <-p.killed:
			return
		}
		line = nil
	}
}

func (p *process) Write(data []byte) (int, error) { return p.in.Write(data) }
func (p *process) Lines() <-chan []byte           { return p.lines }
func (p *process) CloseInput() error              { return p.in.Close() }

func (p *process) Kill() {
	p.kill.Do(func() {
		close(p.killed)
		select {
		case <-p.done: // reaped: its number may be somebody else's by now
			return
		default:
		}
		killGroup(p.cmd)
		_ = p.out.Close() // something that left the group may hold the pipe open
		_ = p.in.Close()
	})
	<-p.done
}

// Wait waits for the program. What it wrote to standard error last is in the error.
func (p *process) Wait() error {
	<-p.done
	return p.exit
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

const tailBytes = 400

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if n := len(t.data) - tailBytes; n > 0 {
		t.data = append(t.data[:0], t.data[n:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(string(t.data)), " ")
}
