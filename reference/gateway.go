package reference

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/relaykit/relaykit/protocol"
)

// Gateway is one gateway. Its methods are safe for concurrent use.
type Gateway struct {
	config  Config // its credentials are guarded by mu, see boot
	bounds  Bounds
	log     *slog.Logger
	handler Handler
	observe Observer

	redactor *redactor

	status statusBoard
	lanes  *lanes
	seen   *seen
	scopes *scopes

	mu           sync.Mutex
	live         *session // handshaken and open, or nil
	capabilities *Capabilities
	handshaken   bool // ever, in this gateway's life
	running      bool
	draining     bool // no session comes up any more

	life    context.Context // ends when the gateway stops; turns run under it
	endLife context.CancelCauseFunc
	dialing context.Context // ends with the life, or when a drain begins before that
	endDial context.CancelFunc
	drain   sync.Once
	drained chan struct{} // closed when a shutdown is over
	ended   chan struct{} // closed when Run has returned
}

// The errors of a life. ErrStopped is the cause of a turn's context once the gateway has stopped.
var (
	ErrRunning = errors.New("the gateway runs already: expected one call of Run in its life")
	ErrStopped = errors.New("the gateway was stopped")
)

// New makes a gateway that hands each inbound event to handler. It neither dials nor
// starts anything; [Gateway.Run] does. The error names what is wrong in config.
func New(config Config, handler Handler) (*Gateway, error) {
	config, err := config.orDefaults()
	if err != nil {
		return nil, err
	}
	if handler == nil {
		return nil, errors.New("expected a handler, got nil; use a HandlerFunc that does nothing")
	}
	clean := newRedactor(config.Secret, config.DeliveryKey)
	g := &Gateway{
		config:  config,
		bounds:  config.Bounds,
		handler: handler,
		seen:    newSeen(seenLimit),
		scopes:  newScopes(scopeLimit),
		drained: make(chan struct{}),
		ended:   make(chan struct{}),

		redactor: clean,
		log:      slog.New(cleanHandler{config.Logger.Handler(), clean}),
	}
	g.observe = config.Observer.guarded(g.log)
	g.life, g.endLife = context.WithCancelCause(context.Background())
	g.dialing, g.endDial = context.WithCancel(g.life)
	g.status.notify = g.observe.Status
	g.lanes = newLanes(g)
	return g, nil
}

// SessionKey is the key of a source, as this gateway's turns use it.
func (g *Gateway) SessionKey(source protocol.Source) string {
	return SessionKey(source, g.config.SessionKeys)
}

// current is the live session, or nil.
func (g *Gateway) current() *session {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.live
}

// up makes a handshaken session the live one. It reports whether it did: a gateway that
// drains takes no new session.
func (g *Gateway) up(s *session, c Capabilities) bool {
	g.mu.Lock()
	if g.draining {
		g.mu.Unlock()
		return false
	}
	g.capabilities, g.handshaken = &c, true
	select {
	case <-s.closing: // retired meanwhile
	default:
		g.live = s
	}
	g.mu.Unlock()
	g.status.set(Status{State: StateConnected})
	return true
}

// startDrain ends all dialing, a dial or a handshake under way included, and returns
// the live session, or nil, which is the last that there is.
func (g *Gateway) startDrain() *session {
	g.mu.Lock()
	g.draining = true
	s := g.live
	g.mu.Unlock()
	g.endDial()
	return s
}

// down takes a session that has ended, or is about to, out of use.
func (g *Gateway) down(s *session) {
	g.mu.Lock()
	if g.live == s {
		g.live = nil
	}
	g.mu.Unlock()
}

func (g *Gateway) handshakenBefore() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.handshaken
}
