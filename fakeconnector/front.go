package fakeconnector

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/relaykit/relaykit/protocol/auth"
)

// Front is one listener in front of several connectors, which know nothing of each other:
// users of one address who must not meet. Make one with [NewFront], give it to connectors
// with [WithFront], and serve.
//
// A request goes to the connector whose credential it carries: the one for which its
// upgrade, instance or identity token is good, else one that has a record of the gateway that
// it names, else the connector that was added first.
type Front struct {
	server   *http.Server
	listener net.Listener
	url      string

	mu       sync.RWMutex
	behind   []*Connector // in the order of their Start
	fallback *Connector   // nil: the first
	closing  bool
}

// NewFront makes a front on l, over TLS where config is not nil. It takes Connections and
// HeaderTimeout from the limits. Nothing is accepted before [Front.Serve].
func NewFront(l net.Listener, config *tls.Config, limits Limits, log *slog.Logger) *Front {
	limits = limits.withDefaults()
	f := &Front{url: "http://" + l.Addr().String()}
	f.listener = &limitListener{Listener: l, max: limits.Connections}
	if config != nil {
		config = config.Clone()
		// WebSocket runs over HTTP/1.1 only.
		config.NextProtos = []string{"http/1.1"}
		f.listener, f.url = tls.NewListener(f.listener, config), "https://"+l.Addr().String()
	}
	f.server = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: limits.HeaderTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, nc)
		},
	}
	return f
}

// WithFront serves behind f instead of on a listener of the connector's own.
func WithFront(f *Front) Option { return func(c *Connector) { c.front = f } }

// URL is the base URL that gateways are configured with.
func (f *Front) URL() string { return f.url }

// Serve accepts connections until [Front.Close]. It returns nil then, and what failed
// otherwise.
func (f *Front) Serve() error {
	if err := f.server.Serve(f.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Refuse answers every dial and request from now on with 503, which gateways take for a
// reason to dial again later. Sessions go on.
func (f *Front) Refuse() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closing = true
}

// Close stops listening. Close the connectors first: their sessions are theirs.
func (f *Front) Close() error { return f.server.Close() }

func (f *Front) add(c *Connector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind = append(slices.Clone(f.behind), c)
}

func (f *Front) remove(c *Connector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind = slices.DeleteFunc(slices.Clone(f.behind), func(other *Connector) bool { return other == c })
	if f.fallback == c {
		f.fallback = nil
	}
}

// Fallback makes c the connector of what belongs to nobody. It must be served behind f.
func (f *Front) Fallback(c *Connector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fallback = c
}

// ServeHTTP passes a request on to its connector.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.RLock()
	behind, to, closing := f.behind, f.fallback, f.closing
	f.mu.RUnlock()
	if closing || len(behind) == 0 {
		http.Error(w, shutsDown, http.StatusServiceUnavailable)
		return
	}
	if to == nil {
		to = behind[0]
	}
	if len(behind) > 1 {
		best := claimNone
		for _, c := range behind {
			if claim := c.claims(r); claim > best {
				to, best = c, claim
			}
		}
	}
	to.serveHTTP(w, r)
}

// How sure it is that a request is for a connector.
const (
	claimNone  = iota
	claimNamed // its credential names a record
	claimGood  // its credential is good
)

func (c *Connector) claims(r *http.Request) int {
	headers := r.Header.Values("Authorization")
	if c.authenticate(headers).ok {
		return claimGood
	}
	if _, refused := c.tenant(r); refused == nil {
		return claimGood
	}
	if token, ok := bearerJWT(headers); ok {
		if _, err := c.instanceOf(token); err == nil {
			return claimGood
		}
		return claimNone
	}
	if len(headers) != 1 {
		return claimNone
	}
	_, token, _ := strings.Cut(headers[0], " ")
	if claims, err := auth.Peek(token); err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if _, known := c.records[claims.Payload]; known {
			return claimNamed
		}
	}
	return claimNone
}
