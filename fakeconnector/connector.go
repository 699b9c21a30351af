package fakeconnector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector/gate"
	"github.com/relaykit/relaykit/fakeconnector/store"
	"github.com/relaykit/relaykit/internal/redact"
)

// Connector is the programmable connector. Make one with [New].
type Connector struct {
	// Set by options, constant afterwards.
	host      string
	given     net.Listener
	front     *Front
	observe   func(Entry)
	anonymous bool
	seed      int64
	clock     Clock
	tls       *tls.Config
	useTLS    bool
	limits    Limits
	log       *slog.Logger

	store   store.Store
	drain   Drain
	wake    Wake
	egress  Egress
	journal *Journal
	ids     *ids
	stubs   stubs
	secrets *redact.Redactor
	acks    ackBook
	known   known
	vault   *Vault
	gate    *gate.Gate
	keys    instanceKeys
	window  time.Duration   // how long an old secret goes on verifying; 0 is until it is dropped
	lenient bool            // unknown members of HTTP bodies are let through
	holder  string          // our name in leases
	ctx     context.Context // done when the connector is closed
	cancel  context.CancelFunc

	mu         sync.Mutex
	state      lifeState
	reserved   boundSocket
	url        string
	server     *http.Server
	records    map[string]*record
	order      []string            // gateway ids in the order of AddGateway
	byInstance map[string][]string // the same, of each instance; nil it whenever a record goes or changes its instance
	live       map[string]*Session
	sessions   map[*Session]struct{} // every session whose goroutine runs
	insts      map[string]*instance
	routes     *http.ServeMux
	admission  admission
	done       chan struct{} // closed by Close
	wg         sync.WaitGroup
}

type lifeState int

const (
	lifeNew lifeState = iota
	lifeReserved
	lifeStarted
	lifeClosed
)

// New makes a connector. Nothing is opened yet; without options it is a faithful
// connector on a free port of 127.0.0.1.
func New(opts ...Option) *Connector {
	c := &Connector{
		host: "127.0.0.1", seed: 1, clock: systemClock{}, limits: DefaultLimits(),
		log:     slog.New(slog.DiscardHandler),
		records: map[string]*record{}, live: map[string]*Session{}, sessions: map[*Session]struct{}{},
		insts: map[string]*instance{}, routes: http.NewServeMux(), done: make(chan struct{}), secrets: redact.New(),
		drain: Drain{}.withDefaults(), wake: Wake{}.withDefaults(), egress: EgressForeign,
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	for _, o := range opts {
		o(c)
	}
	c.ids = newIDs(c.seed)
	c.admission = newAdmission()
	c.journal = newJournal(c.clock, c.limits, c.secrets.String, c.log)
	c.journal.observe = c.observe
	c.stubs.c = c
	c.acks.limit = c.limits.RequestIDs
	c.known.limit = c.limits.ChatsKnown
	c.vault = newVault(c)
	c.gate = gate.New(gateRecords{c}, c.clock.Now, c.limits.Bindings)
	c.holder = newSecret()
	if c.store == nil {
		c.store = store.NewMemory(c.limits.BufferEntries, c.clock.Now)
	}
	return c
}

// Journal is what happened so far.
func (c *Connector) Journal() *Journal { return c.journal }

// Redact replaces every secret that the connector knows, and every bearer token, in text
// that is about to leave the process.
func (c *Connector) Redact(text string) string { return c.secrets.String(text) }

// AddSecret makes the redactor know a secret that the connector did not mint.
func (c *Connector) AddSecret(secret string) { c.secrets.Add(secret) }

// Handle serves HTTP requests that ask for no upgrade by the patterns of http.ServeMux,
// before the connector's own routes. They and their answers are in the journal as
// KindHTTP; an answer leaves when its handler has returned. What no pattern and no route
// matches is 404.
func (c *Connector) Handle(pattern string, h http.Handler) { c.routes.Handle(pattern, h) }

// Reserve binds the port without listening, so that a dial is refused, and returns its
// address, host:port. Start then listens on that very port.
func (c *Connector) Reserve() (addr string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state == lifeReserved:
		return c.reserved.Addr(), nil
	case c.state != lifeNew:
		return "", errors.New("reserving a port: expected a connector that was not started yet; call Reserve before Start")
	case c.front != nil:
		return "", errors.New("reserving a port: expected no front; leave out WithFront, the port is the front's")
	case c.given != nil:
		return "", errors.New("reserving a port: expected no listener of your own; leave out WithListener, or hold that one back yourself")
	}
	s, err := bind(c.host)
	if err != nil {
		return "", err
	}
	c.reserved, c.state = s, lifeReserved
	c.setURL(s.Addr())
	return s.Addr(), nil
}

func (c *Connector) setURL(addr string) {
	scheme := "http"
	if c.useTLS {
		scheme = "https"
	}
	c.url = scheme + "://" + addr
}

// Start listens. It must be called once.
func (c *Connector) Start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state >= lifeStarted {
		return errors.New("starting the connector: expected one that was neither started nor closed; make another with New")
	}
	if c.front != nil {
		c.state, c.url = lifeStarted, c.front.URL()
		c.journal.begin()
		c.front.add(c)
		return nil
	}
	if c.useTLS {
		if err := c.prepareTLS(); err != nil {
			return err
		}
	}
	var l net.Listener
	var err error
	switch {
	case c.given != nil:
		l = c.given
	case c.reserved != nil:
		l, err = c.reserved.Listen()
	default:
		l, err = net.Listen("tcp", net.JoinHostPort(c.host, "0"))
	}
	if err != nil {
		return fmt.Errorf("starting the connector on %s: %w", c.host, err)
	}
	if c.reserved == nil {
		c.setURL(l.Addr().String())
	}
	c.state = lifeStarted
	c.journal.begin()
	var serving net.Listener = &limitListener{Listener: l, max: c.limits.Connections}
	if c.useTLS {
		serving = tls.NewListener(serving, c.tls)
	}
	c.server = &http.Server{
		Handler:           http.HandlerFunc(c.serveHTTP),
		ReadHeaderTimeout: c.limits.HeaderTimeout,
		ErrorLog:          slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, nc)
		},
	}
	server := c.server
	c.wg.Go(func() {
		if err := server.Serve(serving); !errors.Is(err, http.ErrServerClosed) {
			c.log.Error("the listener failed", "error", err)
		}
	})
	return nil
}

type connKey struct{}

// URL is the base URL to configure a gateway with, such as http://127.0.0.1:41234; empty
// before Reserve or Start.
func (c *Connector) URL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.url
}

// Close ends every session (1001), stops listening and releases everything that is held.
// When it returns, no goroutine of the connector is left. It is bounded by
// Limits.ShutdownTimeout and may be called again.
func (c *Connector) Close() error {
	if c.front != nil {
		c.front.remove(c) // first, so that a dial goes to whoever takes the connector's place
	}
	c.mu.Lock()
	if c.state == lifeClosed {
		c.mu.Unlock()
		c.wg.Wait()
		return nil
	}
	state := c.state
	c.state = lifeClosed
	close(c.done)
	c.cancel()
	server := c.server
	open := make([]*Session, 0, len(c.sessions))
	for s := range c.sessions {
		open = append(open, s)
	}
	c.mu.Unlock()

	c.stubs.clear()
	if state == lifeReserved {
		_ = c.reserved.Close()
	}
	if c.given != nil {
		_ = c.given.Close()
	}
	for _, s := range open {
		_ = s.Close(websocket.CloseGoingAway, shutsDown)
	}
	if server != nil {
		_ = server.Close()
	}
	if !c.sessionsEnd(c.limits.ShutdownTimeout) {
		for _, s := range open {
			_ = s.raw.reset()
		}
	}
	c.wg.Wait()
	c.journal.end()
	return nil
}

// shutsDown is what everybody is told whom a connector that is closed still meets.
const shutsDown = "the connector shuts down"

// sessionsEnd waits until no session runs, at most d.
func (c *Connector) sessionsEnd(d time.Duration) bool {
	over := time.NewTimer(d)
	defer over.Stop()
	for {
		c.mu.Lock()
		var one *Session
		for s := range c.sessions {
			one = s
			break
		}
		c.mu.Unlock()
		if one == nil {
			return true
		}
		select {
		case <-one.over:
		case <-over.C:
			return false
		}
	}
}
