// Package connector judges mutants of the fake connector: it starts the edited fake as a
// process (see serve) and speaks lines of JSON with it.
package connector

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/report"
	"github.com/relaykit/relaykit/contract"
)

// Package is the command that mutants of the fake are built into.
const Package = "./conformance/mutants/connector/serve"

// Hello is the first line of the process.
type Hello struct {
	BaseURL  string                 `json:"base"`
	Gateways []kit.ConnectorGateway `json:"gateways"`
}

// Request is one line to it.
type Request struct {
	ID      int                   `json:"id"`
	Method  string                `json:"method"`
	Subject string                `json:"subject"` // the instance, or the gateway's id
	Event   *kit.PublishedEvent   `json:"event,omitempty"`
	Forward *kit.ForwardedRequest `json:"forward,omitempty"`
	URL     string                `json:"url,omitempty"`
}

// Answer is one line from it.
type Answer struct {
	ID     int    `json:"id"`
	Secret string `json:"secret,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Bounds of the process. Loopback and pipes take milliseconds; the rest is for a loaded
// machine.
const (
	startBound  = 20 * time.Second
	answerBound = 10 * time.Second
	stopBound   = 5 * time.Second
)

// Verify starts the binary and runs cases on it.
func Verify(ctx context.Context, binary string, list []kit.Case) (run report.Run, err error) {
	p, hello, err := start(ctx, binary)
	if err != nil {
		return report.Run{}, fmt.Errorf("starting the fake connector: %w", err)
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	timing := kit.ContractTiming()
	// An edited fake that has fallen silent costs this wait once for each case; a whole one
	// answers in milliseconds.
	timing.Answer = 4 * time.Second
	return conformance.VerifyConnector(ctx, conformance.ConnectorOptions{
		Target: p.target(hello), Cases: list, Timing: timing, Revision: string(slices.Max(contract.Revisions())),
	})
}

// process is the fake behind its two pipes.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	errors  bytes.Buffer
	mu      sync.Mutex
	next    int
	waiting map[int]chan Answer
	ended   chan struct{}
}

func start(ctx context.Context, binary string) (*process, Hello, error) {
	p := &process{cmd: exec.CommandContext(ctx, binary), waiting: map[int]chan Answer{}, ended: make(chan struct{})}
	p.cmd.Stderr = &p.errors
	p.cmd.WaitDelay = stopBound
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, Hello{}, err
	}
	p.in = in
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, Hello{}, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, Hello{}, err
	}
	greeted := make(chan Hello, 1)
	go p.read(out, greeted)
	select {
	case h := <-greeted:
		return p, h, nil
	case <-p.ended:
		err = errors.New("it ended before it said how it is dialed")
	case <-time.After(startBound):
		err = fmt.Errorf("expected a first line within %s", startBound)
	}
	return nil, Hello{}, errors.Join(err, p.stop())
}

func (p *process) read(out io.Reader, greeted chan<- Hello) {
	defer close(p.ended)
	lines := json.NewDecoder(bufio.NewReader(out))
	var h Hello
	if lines.Decode(&h) != nil || h.BaseURL == "" {
		return
	}
	greeted <- h
	for {
		var a Answer
		if lines.Decode(&a) != nil {
			return
		}
		p.mu.Lock()
		if c, ok := p.waiting[a.ID]; ok {
			c <- a
			delete(p.waiting, a.ID)
		}
		p.mu.Unlock()
	}
}

// stop ends the process and returns what it had to say when it failed.
func (p *process) stop() error {
	_ = p.in.Close()
	select {
	case <-p.ended:
	case <-time.After(stopBound):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("the fake connector's process: %w\n%s", err, bytes.TrimSpace(p.errors.Bytes()))
	}
	return nil
}

func (p *process) ask(ctx context.Context, r Request) (Answer, error) {
	answer := make(chan Answer, 1)
	p.mu.Lock()
	p.next++
	r.ID = p.next
	p.waiting[r.ID] = answer
	line, err := json.Marshal(r)
	if err == nil {
		_, err = p.in.Write(append(line, '\n'))
	}
	p.mu.Unlock()
	if err != nil {
		return Answer{}, err
	}
	select {
	case a := <-answer:
		if a.Error != "" {
			return a, errors.New(a.Error)
		}
		return a, nil
	case <-p.ended:
		return Answer{}, errors.New("the fake connector's process has ended")
	case <-time.After(answerBound):
		return Answer{}, fmt.Errorf("expected an answer to %s within %s", r.Method, answerBound)
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

func (p *process) target(h Hello) kit.ConnectorTarget {
	do := func(ctx context.Context, r Request) error {
		_, err := p.ask(ctx, r)
		return err
	}
	return kit.ConnectorTarget{
		Name: "fakeconnector", BaseURL: h.BaseURL, Gateways: h.Gateways,
		Publish: func(ctx context.Context, instance string, e kit.PublishedEvent) error {
			return do(ctx, Request{Method: "publish", Subject: instance, Event: &e})
		},
		Revoke: func(ctx context.Context, id string) error { return do(ctx, Request{Method: "revoke", Subject: id}) },
		Rotate: func(ctx context.Context, id string) (string, error) {
			a, err := p.ask(ctx, Request{Method: "rotate", Subject: id})
			return a.Secret, err
		},
		Forward: func(ctx context.Context, instance string, r kit.ForwardedRequest) error {
			return do(ctx, Request{Method: "forward", Subject: instance, Forward: &r})
		},
		SetWakeURL: func(ctx context.Context, id, url string) error {
			return do(ctx, Request{Method: "wake", Subject: id, URL: url})
		},
	}
}
