// Package connector judges mutants of the fake connector: it starts the edited fake as a
// process (see serve) and speaks lines of JSON with it.
package connector

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/faketarget"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/mutants/connector/pipe"
	"github.com/relaykit/relaykit/conformance/report"
	"github.com/relaykit/relaykit/contract"
)

// Package is the command that mutants of the fake are built into.
const Package = "./conformance/mutants/connector/serve"

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
	target, err := p.target(hello)
	if err != nil {
		return report.Run{}, err
	}
	return conformance.VerifyConnector(ctx, conformance.ConnectorOptions{
		Target: target, Cases: list, Timing: timing, Revision: string(slices.Max(contract.Revisions())),
	})
}

// process is the fake behind its two pipes.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	errors  bytes.Buffer
	mu      sync.Mutex
	next    int
	waiting map[int]chan pipe.Answer
	ended   chan struct{}
}

func start(ctx context.Context, binary string) (*process, pipe.Hello, error) {
	p := &process{cmd: exec.CommandContext(ctx, binary), waiting: map[int]chan pipe.Answer{}, ended: make(chan struct{})}
	p.cmd.Stderr = &p.errors
	p.cmd.WaitDelay = stopBound
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, pipe.Hello{}, err
	}
	p.in = in
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, pipe.Hello{}, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, pipe.Hello{}, err
	}
	greeted := make(chan pipe.Hello, 1)
	go p.read(out, greeted)
	select {
	case h := <-greeted:
		return p, h, nil
	case <-p.ended:
		err = errors.New("it ended before it said how it is dialed")
	case <-time.After(startBound):
		err = fmt.Errorf("expected a first line within %s", startBound)
	}
	return nil, pipe.Hello{}, errors.Join(err, p.stop())
}

func (p *process) read(out io.Reader, greeted chan<- pipe.Hello) {
	defer close(p.ended)
	lines := json.NewDecoder(bufio.NewReader(out))
	var h pipe.Hello
	if lines.Decode(&h) != nil || h.BaseURL == "" {
		return
	}
	greeted <- h
	for {
		var a pipe.Answer
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

func (p *process) ask(ctx context.Context, r pipe.Request) (pipe.Answer, error) {
	answer := make(chan pipe.Answer, 1)
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
		return pipe.Answer{}, err
	}
	select {
	case a := <-answer:
		if a.Error != "" {
			return a, errors.New(a.Error)
		}
		return a, nil
	case <-p.ended:
		return pipe.Answer{}, errors.New("the fake connector's process has ended")
	case <-time.After(answerBound):
		return pipe.Answer{}, fmt.Errorf("expected an answer to %s within %s", r.Method, answerBound)
	case <-ctx.Done():
		return pipe.Answer{}, ctx.Err()
	}
}

func (p *process) target(h pipe.Hello) (kit.ConnectorTarget, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(h.Key)
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return kit.ConnectorTarget{}, fmt.Errorf("expected an RSA key in the first line of the fake connector's process, got %T: %w", parsed, err)
	}
	do := func(ctx context.Context, r pipe.Request) error {
		_, err := p.ask(ctx, r)
		return err
	}
	secret := func(method string) func(context.Context, string) (string, error) {
		return func(ctx context.Context, subject string) (string, error) {
			a, err := p.ask(ctx, pipe.Request{Method: method, Subject: subject})
			return a.Secret, err
		}
	}
	return kit.ConnectorTarget{
		Name: "fakeconnector", BaseURL: h.BaseURL, Gateways: h.Gateways,
		Publish: func(ctx context.Context, instance string, e kit.PublishedEvent) error {
			return do(ctx, pipe.Request{Method: "publish", Subject: instance, Event: &e})
		},
		Revoke: func(ctx context.Context, id string) error {
			return do(ctx, pipe.Request{Method: "revoke", Subject: id})
		},
		Rotate: secret("rotate"),
		Forward: func(ctx context.Context, instance string, r kit.ForwardedRequest) error {
			return do(ctx, pipe.Request{Method: "forward", Subject: instance, Forward: &r})
		},
		SetWakeURL: func(ctx context.Context, id, url string) error {
			return do(ctx, pipe.Request{Method: "wake", Subject: id, URL: url})
		},
		Identity: secret("identity"),
		Invite:   secret("invite"),
		Restart: func(ctx context.Context) (string, error) {
			a, err := p.ask(ctx, pipe.Request{Method: "restart"})
			return a.Secret, err
		},
		LinkCode: secret("link-code"),
		Arrive: func(ctx context.Context, e kit.PublishedEvent) error {
			return do(ctx, pipe.Request{Method: "arrive", Event: &e})
		},
		SetView: func(ctx context.Context, platform, user, chat string, can bool) error {
			return do(ctx, pipe.Request{Method: "view", View: &pipe.View{Platform: platform, UserID: user, ChatID: chat, Can: can}})
		},
		Manage: faketarget.ManageBodies(), InstanceKey: &kit.InstanceKey{Key: key, ID: h.KeyID},
	}, nil
}
