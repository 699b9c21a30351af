// Command soak runs the fake connector for minutes under thousands of gateways that send,
// receive, go idle and dial again while faults fire. Both sides write down what they see;
// when all is over the two logs are held against each other, and nothing else is asked.
//
// It exits with 0 if no ack was lost or doubled, nothing came after its ack, no result or
// event was crossed, and the connector's memory stayed flat.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

type options struct {
	gateways int
	duration time.Duration
	rate     float64
	lose     int
	dir      string
	seed     int64
	flat     float64
	pace     float64
}

func main() {
	var o options
	flag.IntVar(&o.gateways, "gateways", 2000, "how many gateways")
	flag.DurationVar(&o.duration, "duration", 5*time.Minute, "how long faults fire and everybody sends")
	flag.Float64Var(&o.rate, "rate", 400, "events a second, and as many outbound frames, of all gateways together")
	flag.IntVar(&o.lose, "lose", 0, "lose so many acks on purpose; then the verdict must say so")
	flag.StringVar(&o.dir, "dir", "", "where to leave the logs; without it they are removed")
	flag.Int64Var(&o.seed, "seed", 1, "of the faults' choices")
	flag.Float64Var(&o.flat, "flat", 10, "most growth of the connector's heap over the run, in percent")
	flag.Float64Var(&o.pace, "pace", 1, "how long gateways stay awake and asleep; less than 1 is shorter")
	fleet := flag.Bool("fleet", false, "play the gateways; used by the program itself")
	flag.Parse()
	var err error
	if *fleet {
		err = runFleet(os.Stdin)
	} else {
		err = run(o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// settleBound is for every gateway to dial once more and drain; a loaded machine is slow.
const settleBound = 3 * time.Minute

// run is the connector's side, and the verdict.
func run(o options, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "soak")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.dir = dir
	}
	theirs, ours := filepath.Join(o.dir, "gateways.jsonl"), filepath.Join(o.dir, "connector.jsonl")
	c := fakeconnector.New(fakeconnector.WithSeed(o.seed), fakeconnector.WithLimits(fakeconnector.Limits{
		Sessions: 2 * o.gateways, Connections: 4 * o.gateways,
		// These fill up within the first third of five minutes; then memory must be flat.
		JournalEntries: 50_000, RequestIDs: 16,
		RedialGrace: 30 * time.Second, CloseTimeout: 30 * time.Second,
	}), fakeconnector.WithDrain(fakeconnector.Drain{MaxTries: -1}))
	if err := c.Start(); err != nil {
		return err
	}
	defer c.Close()
	p := plan{URL: protocol.DialURL(c.URL()), Log: theirs, Rate: o.rate, Pace: o.pace}
	var instances []string
	for i := range o.gateways {
		id := fmt.Sprint("g", i)
		g := c.AddGateway(fakeconnector.Gateway{ID: id, Instance: id, BotID: "bot-" + id})
		p.Gateways = append(p.Gateways, credential{id, g.Secret})
		instances = append(instances, id)
	}
	log, err := createLog(ours)
	if err != nil {
		return err
	}
	followed := make(chan struct{})
	go func() { defer close(followed); follow(c, log) }()

	fleet, err := startFleet(p)
	if err != nil {
		return err
	}
	defer fleet.kill()
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	go func() { <-fleet.ended; lost(errors.New("the gateways ended before their time")) }()
	fmt.Fprintf(out, "%d gateways, %s, %.0f events and requests a second\n", o.gateways, o.duration, o.rate)
	stubs := faults(c, o.lose)
	memory := load(ctx, c, log, instances, stubs, o, out)
	for _, s := range stubs {
		s.Remove()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	fleet.say(wordSettle)
	if err := settled(ctx, c, instances); err != nil {
		return err
	}
	fleet.say(wordStop)
	if err := fleet.wait(); err != nil {
		return err
	}
	if err := c.Close(); err != nil {
		return err
	}
	<-followed
	if err := log.Close(); err != nil {
		return err
	}
	return verdict(ours, theirs, memory, o, out)
}

// verdict reads both logs and says what they tell.
func verdict(ours, theirs string, memory samples, o options, out io.Writer) error {
	a, err := os.Open(ours)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(theirs)
	if err != nil {
		return err
	}
	defer b.Close()
	v, err := judgeLogs(a, b)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "events published       %8d, %d of them buffered\n", v.Published, v.Buffered)
	fmt.Fprintf(out, "deliveries sent        %8d\n", v.Deliveries)
	fmt.Fprintf(out, "acks written           %8d\n", v.Acks)
	fmt.Fprintf(out, "requests, results      %8d, %d\n", v.Requests, v.Results)
	fmt.Fprintf(out, "sessions               %8d\n", v.Sessions)
	fmt.Fprintf(out, "faults fired           %8d\n", v.Faults)
	fmt.Fprintln(out, memory)
	for _, kind := range sorted(v.kinds()) {
		fmt.Fprintf(out, "DEFECT %s: %d\n", kind, v.kinds()[kind])
	}
	for _, d := range v.Defects {
		fmt.Fprintln(out, "  first", d)
	}
	switch growth := memory.growth(); {
	case len(v.Defects) > 0:
		return fmt.Errorf("expected no defects, got %d kinds", len(v.Defects))
	case v.Buffered == 0 || v.Results == 0 || v.Faults == 0:
		return errors.New("expected buffered events, results and faults, got none of one of them: the run shows nothing")
	case growth > o.flat:
		return fmt.Errorf("expected the heap to grow by at most %.0f %% over the run, it grew by %.1f %%", o.flat, growth)
	}
	fmt.Fprintln(out, "no ack lost or doubled, nothing sent after its ack, nothing crossed")
	return nil
}

// fleetProcess is this program in its other role.
type fleetProcess struct {
	cmd   *exec.Cmd
	in    *bufio.Writer
	ended chan struct{} // closed when the process has ended
	err   error         // then, why
}

func startFleet(p plan) (*fleetProcess, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe, "-fleet")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	f := &fleetProcess{cmd: cmd, in: bufio.NewWriter(in), ended: make(chan struct{})}
	go func() { defer close(f.ended); f.err = cmd.Wait() }()
	line, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	f.say(string(line))
	return f, nil
}

func (f *fleetProcess) say(word string) {
	_, _ = f.in.WriteString(word + "\n")
	_ = f.in.Flush()
}

// wait gives the fleet a minute to end its sessions and its log.
func (f *fleetProcess) wait() error {
	select {
	case <-f.ended:
		if f.err != nil {
			return fmt.Errorf("the gateways: %w", f.err)
		}
		return nil
	case <-time.After(time.Minute):
		return errors.New("expected the gateways to end within a minute")
	}
}

func (f *fleetProcess) kill() {
	_ = f.cmd.Process.Kill() // of a process that has ended it does nothing
	<-f.ended
}
