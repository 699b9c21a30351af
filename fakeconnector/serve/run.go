package serve

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"sync/atomic"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/inspector"
	"github.com/relaykit/relaykit/fakeconnector/metrics"
	"github.com/relaykit/relaykit/fakeconnector/store/bolt"
	"github.com/relaykit/relaykit/internal/redact"
)

// Options are what the process gives beside the configuration.
type Options struct {
	Version string
	Stderr  io.Writer
	// Load reads the configuration, at the start and at every Reload.
	Load   func() (Config, error)
	Reload <-chan os.Signal
	// Ready, which may be nil, is told of the URLs once both listeners are open: where
	// gateways dial, and where the control API is.
	Ready func(relayURL, controlURL string)
}

// ConfigError says that the configuration cannot be meant.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }

// process is a connector that runs.
type process struct {
	Options
	config  Config
	log     *slog.Logger
	secrets *redact.Redactor
	certs   *certificates // nil without TLS
	store   *bolt.Store   // nil for memory
	front   *fakeconnector.Front
	spaces  *control.Spaces
	metrics *metrics.Metrics
	control *http.Server
	done    chan struct{} // closed when streams are to end
	ready   atomic.Bool
}

// Run serves until ctx is done, and then shuts down in order: no more dials, what is in
// flight is waited for, sessions close with 1001. The error is a *[ConfigError] where the
// configuration cannot be meant, and nil after a shutdown.
func Run(ctx context.Context, o Options) error {
	config, err := o.Load()
	if err == nil {
		err = config.Check()
	}
	if err != nil {
		return &ConfigError{err}
	}
	p := &process{Options: o, config: config, secrets: redact.New(), done: make(chan struct{})}
	level, _ := config.level()
	p.log = slog.New(slog.NewJSONHandler(p.secrets.Writer(o.Stderr), &slog.HandlerOptions{Level: level}))
	if err := p.open(ctx); err != nil {
		return err
	}
	return p.serve(ctx)
}

// open makes everything, up to the listeners.
func (p *process) open(ctx context.Context) (err error) {
	c := p.config
	seed, err := c.seed()
	if err != nil {
		return &ConfigError{err}
	}
	var config *tls.Config
	if c.TLSCert != "" {
		p.certs = &certificates{cert: c.TLSCert, key: c.TLSKey}
		now, err := p.certs.read()
		if err != nil {
			return &ConfigError{err}
		}
		p.certs.now.Store(now)
		config = &tls.Config{GetCertificate: p.certs.get, MinVersion: tls.VersionTLS12}
	}
	if c.Store != "" {
		if p.store, err = bolt.Open(c.Store, c.limits().BufferEntries, nil); err != nil {
			return &ConfigError{fmt.Errorf("store: %w", err)}
		}
		defer func() {
			if err != nil {
				_ = p.store.Close()
			}
		}()
	}
	var lc net.ListenConfig
	relay, err := lc.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listening for gateways: %w; --listen names another address, with port 0 for a free one", err)
	}
	steer, err := lc.Listen(ctx, "tcp", c.Control)
	if err != nil {
		_ = relay.Close()
		return fmt.Errorf("listening for the control API: %w; --control names another address, with port 0 for a free one", err)
	}
	p.front = fakeconnector.NewFront(relay, config, c.limits(), p.log)
	p.metrics = metrics.New(p.states)
	p.spaces, err = control.NewSpaces(p.front, seed, p.options, p.metrics.Forget)
	if err != nil {
		_, _ = relay.Close(), steer.Close()
		return &ConfigError{err}
	}
	token := p.token()
	relayURL, controlURL := c.relayURL(relay.Addr()), c.at(steer.Addr())
	steering := control.New(control.Options{Spaces: p.spaces, Version: p.Version, RelayURL: relayURL, Log: p.log,
		Token: token, Hosts: c.AllowHosts, Redact: p.secrets.String, Done: p.done})
	steering.HandleOpen("/healthz", http.HandlerFunc(p.health))
	steering.HandleOpen("/readyz", http.HandlerFunc(p.readiness))
	steering.Handle("GET /metrics", p.metrics.Handler())
	steering.HandlePages(inspector.Base+"/", inspector.New(inspector.Options{Control: steering.Handler(), Token: token, Log: p.log}))
	if c.Pprof {
		steering.Handle("GET /debug/pprof/", http.HandlerFunc(pprof.Index))
		steering.Handle("GET /debug/pprof/cmdline", http.HandlerFunc(pprof.Cmdline))
		steering.Handle("GET /debug/pprof/profile", http.HandlerFunc(pprof.Profile))
		steering.Handle("GET /debug/pprof/symbol", http.HandlerFunc(pprof.Symbol))
		steering.Handle("GET /debug/pprof/trace", http.HandlerFunc(pprof.Trace))
	}
	p.control = &http.Server{Handler: steering.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug)}
	if config != nil {
		own := config.Clone()
		own.NextProtos = []string{"http/1.1"} // one that a stream may hold
		steer = tls.NewListener(steer, own)
	}
	go func() { // ended by shutdown
		if err := p.control.Serve(steer); !errors.Is(err, http.ErrServerClosed) {
			p.log.Error("the control listener failed", "error", err)
		}
	}()
	p.log.Info("serving", "relay", relayURL, "control", controlURL, "token", token != "", "version", p.Version)
	if p.Ready != nil {
		p.Ready(relayURL, controlURL)
	}
	return nil
}

// options of the connector of a namespace.
func (p *process) options(name string) []fakeconnector.Option {
	c := p.config
	options := []fakeconnector.Option{
		fakeconnector.WithLimits(c.limits()), fakeconnector.WithSeed(c.Seed), fakeconnector.WithEgress(fakeconnector.Egress(c.Egress)),
		fakeconnector.WithDrain(fakeconnector.Drain{Window: c.Drain.Window, MaxTries: c.Drain.MaxTries}),
		fakeconnector.WithWake(fakeconnector.Wake{Cooldown: c.Wake.Cooldown, Timeout: c.Wake.Timeout}),
		fakeconnector.WithLogger(p.log.With("namespace", name)),
		fakeconnector.WithObserver(p.metrics.Observer(name)),
	}
	if p.store != nil && name == api.DefaultNamespace {
		options = append(options, fakeconnector.WithStore(p.store))
	}
	if c.Anonymous {
		options = append(options, fakeconnector.WithAnonymous())
	}
	if c.UnknownMembers {
		options = append(options, fakeconnector.WithUnknownMembers())
	}
	return options
}

// states are what the gauges show.
func (p *process) states() (out []metrics.State) {
	for _, space := range p.spaces.List() {
		out = append(out, metrics.State{Namespace: space.Name, Connector: space.Connector, Stubs: space.Stubs()})
	}
	return out
}

// token is the control token; one that is made is shown this once.
func (p *process) token() string {
	token := p.config.Token
	if p.config.makesToken() {
		b := make([]byte, 24)
		_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
		token = hex.EncodeToString(b)
		fmt.Fprintf(p.Stderr, "control token, made for this run and shown this once: %s\n", token)
	}
	p.secrets.Add(token)
	return token
}

// serve passes dials on until ctx is done or the listener fails.
func (p *process) serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- p.front.Serve() }()
	p.ready.Store(true)
	for {
		select {
		case <-p.Reload:
			p.reload()
		case <-ctx.Done():
			p.shutdown()
			return <-failed
		case err := <-failed:
			p.shutdown()
			return fmt.Errorf("the listener for gateways failed: %w", err)
		}
	}
}

// reload reads the configuration again. What is wrong with it changes nothing.
func (p *process) reload() {
	config, err := p.Load()
	if err == nil {
		err = config.Check()
	}
	var cert *tls.Certificate
	if err == nil && p.certs != nil {
		cert, err = p.certs.read()
	}
	var seed control.Seed
	if err == nil {
		seed, err = config.seed()
	}
	if err == nil {
		err = p.spaces.Reload(seed)
	}
	switch {
	case errors.Is(err, control.ErrInPart):
		p.log.Error("reloaded in part; reload again", "error", err)
		return
	case err != nil:
		p.log.Error("not reloaded, everything stays as it was", "error", err)
		return
	case cert != nil:
		p.certs.now.Store(cert)
	}
	p.log.Info("reloaded", "tenants", len(seed.Tenants), "gateways", len(seed.Gateways), "bindings", seed.Bindings.Len(), "policies", len(seed.Policies), "stubs", len(seed.Stubs))
	for _, name := range p.config.differs(config) {
		p.log.Warn("changed in the configuration, and takes effect at the next start", "field", name)
	}
}
