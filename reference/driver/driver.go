// Package driver is the driver channel of the reference gateway: a JSON-RPC 2.0
// connection over which a test harness sees what the gateway saw and tells it what to
// do. It is a package apart, so that an embedder of the gateway does not carry it.
//
// The gateway dials the URL in RELAY_DRIVER_URL before it dials the relay, says
// driver/ready first, and then sends an event/… notification for each thing that
// happens, on receipt. One JSON-RPC message is one WebSocket text message; there are
// no batches; parameters are objects; requests run concurrently. When the channel
// drops, the gateway goes on, dials it again and says driver/ready again.
//
// The URL is a secret: it carries an unguessable path. It never appears in a log.
package driver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/relaykit/relaykit/reference"
)

// EnvURL names the environment variable that holds the URL to dial.
const EnvURL = "RELAY_DRIVER_URL"

// The waits of the channel.
const (
	readyWait  = 5 * time.Second        // for the first connection; the gateway goes on without it
	dialBound  = 3 * time.Second        // one dial: a driver is near
	redialWait = 100 * time.Millisecond // between dials: a driver that is gone comes back at once or never
	writeBound = 5 * time.Second        // one message: a driver reads, or the channel is broken
	closeBound = time.Second            // the answer to our close frame
	readLimit  = 8 << 20                // bytes of one message, the gateway's own limit of a frame
	queueLimit = 16384                  // notifications that wait for the writer
)

// Channel is a driver channel. It is the [reference.Handler] of its gateway, so that
// the driver decides what a turn does.
type Channel struct {
	url           string
	name, version string
	log           *slog.Logger
	behaviour     behaviour

	gateway *reference.Gateway
	life    context.Context
	end     context.CancelFunc
	over    sync.WaitGroup

	mu   sync.Mutex
	link *link // the live connection, or nil
}

// New makes a channel to the driver at url. The name and version are what
// driver/ready says. Nothing is dialed before [Channel.Start].
func New(url, name, version string, log *slog.Logger) *Channel {
	c := &Channel{url: url, name: name, version: version, log: log}
	c.life, c.end = context.WithCancel(context.Background())
	c.behaviour.set(silent, atTurn)
	return c
}

// Start dials the driver for a gateway and returns once driver/ready was said, or
// after a bounded wait; dialing goes on then.
func (c *Channel) Start(gateway *reference.Gateway) {
	c.gateway = gateway
	ready := make(chan struct{})
	c.over.Add(1)
	go func() {
		defer c.over.Done()
		c.keep(sync.OnceFunc(func() { close(ready) }))
	}()
	timer := time.NewTimer(readyWait)
	defer timer.Stop()
	select {
	case <-ready:
	case <-timer.C:
		c.log.Warn("driver not reached; going on without it", "waited", readyWait)
	case <-c.life.Done():
	}
}

// Close ends the channel with close code 1000, after what was notified was sent and
// what was asked was answered, and returns when nothing of it runs any more. Call it
// once the gateway has stopped.
func (c *Channel) Close() {
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l != nil {
		l.close()
	}
	c.end()
	c.over.Wait()
}

// keep holds a connection to the driver until the channel ends.
func (c *Channel) keep(ready func()) {
	for c.life.Err() == nil {
		l, err := c.dial(c.life)
		if err != nil {
			c.log.Debug("driver not reached", "error", err)
		} else {
			l.notify("driver/ready", map[string]any{"name": c.name, "version": c.version})
			c.use(l)
			l.flush()
			ready()
			unwatch := context.AfterFunc(c.life, func() { l.rpc.Close() })
			l.wait()
			unwatch()
			c.use(nil)
			c.log.Info("driver channel ended")
		}
		timer := time.NewTimer(redialWait)
		select {
		case <-timer.C:
		case <-c.life.Done():
			timer.Stop()
		}
	}
}

func (c *Channel) use(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = l
}

// notify tells the driver, if there is one. It never blocks.
func (c *Channel) notify(method string, params any) {
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l != nil {
		l.notify(method, params)
	}
}
