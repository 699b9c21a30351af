package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// faults are in force while the load runs. Each fires on one of so many, so that at every
// moment some gateways are in trouble and most are not.
func faults(c *fakeconnector.Connector, lose int) []*fakeconnector.Stub {
	type match = fakeconnector.Match
	stubs := []*fakeconnector.Stub{
		c.On(match{Point: fakeconnector.PointDial}).Every(20).Do(fakeconnector.DropTCP{}),
		c.On(match{Point: fakeconnector.PointDial}).After(7).Every(25).Do(fakeconnector.Refuse{Status: 503}),
		c.On(match{Type: protocol.TypeInbound}).Every(300).Do(fakeconnector.Reset{}),
		c.On(match{Type: protocol.TypeInbound}).After(50).Every(150).Do(fakeconnector.Duplicate{}),
		c.On(match{Type: protocol.TypeInboundAck}).Every(200).Do(fakeconnector.Reset{}),
		c.On(match{Type: protocol.TypeOutbound}).Every(400).Do(fakeconnector.CloseWith{Code: websocket.CloseServiceRestart}),
		c.On(match{Type: protocol.TypeOutbound}).After(100).Every(30).Do(fakeconnector.Delay{By: 40 * time.Millisecond}),
	}
	if lose > 0 {
		stubs = append(stubs, c.On(match{Type: protocol.TypeInboundAck}).Times(lose).Do(fakeconnector.Ignore{}))
	}
	return stubs
}

// follow writes the journal into the log until the connector is closed.
func follow(c *fakeconnector.Connector, log *logFile) {
	last := int64(0)
	for e := range c.Journal().Follow(context.Background(), 0) {
		if e.Seq != last+1 {
			log.write(record{What: "gap", Text: fmt.Sprintf("#%d to #%d of the journal are missing", last+1, e.Seq-1)})
		}
		last = e.Seq
		r := record{Gateway: e.GatewayID, Session: e.Session, Seq: e.Seq}
		switch e.Kind {
		case fakeconnector.KindViolation:
			r.What, r.Text = violated, e.String()
		case fakeconnector.KindFault:
			r.What = fault
		case fakeconnector.KindFrame:
			switch f := e.Frame.Frame.(type) {
			case *protocol.Inbound:
				r.What, r.Event, r.Buffer = sent, f.Event.Text, f.BufferID.Or("")
			case *protocol.InboundAck:
				r.What, r.Buffer = acked, f.BufferID
			case *protocol.Outbound:
				r.What, r.Request = asked, f.RequestID
			case *protocol.OutboundResult:
				r.What, r.Request, r.Message = answered, f.RequestID, f.Result.MessageID.Or("")
			}
		}
		if r.What != "" {
			log.write(r)
		}
	}
}

// shown reports whether the load has shown anything: an event went through a buffer, and
// every fault that is to fire in any case has fired.
func shown(buffered int, stubs []*fakeconnector.Stub, lose int) bool {
	fired := 0
	for _, s := range stubs {
		fired += s.Hits()
	}
	return buffered > 0 && fired > 0 && (lose == 0 || stubs[len(stubs)-1].Hits() == lose)
}

// patience is how long the load goes on after its time while it has shown nothing, as it may
// be on a loaded machine.
const patience = 2 * time.Minute

// load publishes events until the time is over, and takes samples of the heap.
func load(ctx context.Context, c *fakeconnector.Connector, log *logFile, instances []string, stubs []*fakeconnector.Stub, o options, out io.Writer) (memory samples) {
	rnd := rand.New(rand.NewPCG(uint64(o.seed), 3))
	began := time.Now()
	const pulse = 20 * time.Millisecond
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	number, buffered := 0, 0
	sampled := make(chan samples)
	sampling, enough := context.WithCancel(ctx)
	go func() { sampled <- sampleHeap(sampling, c, max(o.duration/60, time.Second), out) }()
	defer func() { enough(); memory = <-sampled }()
	for ctx.Err() == nil {
		if past := time.Since(began) - o.duration; past > patience || (past > 0 && shown(buffered, stubs, o.lose)) {
			break
		}
		<-tick.C
		for due := int(time.Since(began).Seconds() * o.rate); number < due; number++ {
			r := record{What: published, Gateway: instances[rnd.IntN(len(instances))], Event: "e" + strconv.Itoa(number)}
			d, err := c.Publish(r.Gateway, protocol.Event{Text: r.Event, Source: protocol.Source{ChatID: "C-" + r.Gateway}})
			if err != nil {
				r.What, r.Text = violated, "publishing: "+err.Error()
			}
			if r.Buffer = d.BufferID; r.Buffer != "" {
				buffered++
			}
			log.write(r)
		}
	}
	return nil
}

// settled waits until every buffer is empty.
func settled(ctx context.Context, c *fakeconnector.Connector, instances []string) error {
	ctx, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		waiting := 0
		for _, i := range instances {
			left, err := c.Buffered(i)
			if err != nil {
				return err
			}
			waiting += len(left)
			if c.Session(i) == nil {
				waiting++
			}
		}
		if waiting == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("expected every gateway to be back and every buffer to be empty within %s, %d are not: %w", settleBound, waiting, context.Cause(ctx))
		}
	}
}

// sample is the connector's heap after a garbage collection, in bytes.
type sample struct {
	at   time.Duration
	heap uint64
	full bool // the journal is as long as it becomes
}

// sampleHeap takes samples until ctx is done, in a goroutine of its own: a collection takes
// long where there is much else to do.
func sampleHeap(ctx context.Context, c *fakeconnector.Connector, every time.Duration, out io.Writer) (s samples) {
	began := time.Now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return s
		}
		one := takeSample(time.Since(began))
		one.full = c.Journal().Forgotten() > 0
		if s = append(s, one); len(s)%6 == 0 {
			fmt.Fprintf(out, "%5.0f s  heap %.1f MB  goroutines %d\n", one.at.Seconds(), float64(one.heap)/(1<<20), runtime.NumGoroutine())
		}
	}
}

func takeSample(at time.Duration) sample {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return sample{at: at, heap: m.HeapAlloc}
}

type samples []sample

// steady are the samples after a third of the run, and after the journal has become as long
// as it does. Where those are too few to tell anything there are none.
func (s samples) steady() samples {
	steady := s[len(s)/3:]
	for len(steady) > 0 && !steady[0].full {
		steady = steady[1:]
	}
	if len(steady) < leastSamples {
		return nil
	}
	return steady
}

const leastSamples = 10

// slope is the growth by least squares, in bytes a second.
func (s samples) slope() float64 {
	n := float64(len(s))
	var x, y, xx, xy float64
	for _, p := range s {
		t, h := p.at.Seconds(), float64(p.heap)
		x, y, xx, xy = x+t, y+h, xx+t*t, xy+t*h
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// growth is what the slope makes of the heap over the whole run, in percent.
func (s samples) growth() float64 {
	steady := s.steady()
	if steady == nil {
		return 0
	}
	return 100 * steady.slope() * s[len(s)-1].at.Seconds() / float64(steady[0].heap)
}

func (s samples) String() string {
	steady := s.steady()
	if steady == nil {
		return "heap after a collection  too short a run to tell whether it is flat"
	}
	least, most := steady[0].heap, steady[0].heap
	for _, p := range steady {
		least, most = min(least, p.heap), max(most, p.heap)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "heap after a collection  %.1f to %.1f MB, slope %+.1f KB/minute, %+.1f %% over the run",
		float64(least)/(1<<20), float64(most)/(1<<20), steady.slope()*60/1024, s.growth())
	return b.String()
}
