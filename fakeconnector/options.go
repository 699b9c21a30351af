package fakeconnector

import (
	"crypto/rsa"
	"crypto/tls"
	"log/slog"
	"net"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/store"
)

// Option sets up a connector in [New].
type Option func(*Connector)

// WithListenAddress listens on a host, always on a free port. The default is 127.0.0.1;
// anything but a loopback address lets others dial.
func WithListenAddress(host string) Option { return func(c *Connector) { c.host = host } }

// WithListener serves on l, in memory for example. [Connector.Close] closes it.
func WithListener(l net.Listener) Option { return func(c *Connector) { c.given = l } }

// WithAnonymous is the development mode: every upgrade is accepted, with a token or
// without. A dial without a token that names a stored gateway is served as the gateway
// [AnonymousGatewayID].
func WithAnonymous() Option { return func(c *Connector) { c.anonymous = true } }

// WithUnknownMembers lets HTTP bodies have members that the contract lacks, as those of a
// later revision have. The default refuses them with 400.
func WithUnknownMembers() Option { return func(c *Connector) { c.lenient = true } }

// WithSeed seeds the ids that the connector makes and the choices of its faults. The
// default seed is 1. Secrets are always random.
func WithSeed(seed int64) Option { return func(c *Connector) { c.seed = seed } }

// WithClock replaces the system clock.
func WithClock(clock Clock) Option { return func(c *Connector) { c.clock = clock } }

// WithTLS serves https and wss with a given configuration, or, with nil, with a
// certificate made for this connector alone: see [Connector.Certificates].
func WithTLS(config *tls.Config) Option {
	return func(c *Connector) { c.tls, c.useTLS = config, true }
}

// WithLimits replaces the limits; zero fields keep their defaults.
func WithLimits(l Limits) Option { return func(c *Connector) { c.limits = l.withDefaults() } }

// WithLogger logs what the connector does. The default logs nothing.
func WithLogger(l *slog.Logger) Option { return func(c *Connector) { c.log = l } }

// WithStore keeps buffers and flips in s. The default is memory, which ends with the
// connector.
func WithStore(s store.Store) Option { return func(c *Connector) { c.store = s } }

// WithDrain sets how buffers are drained; zero fields keep their defaults.
func WithDrain(d Drain) Option { return func(c *Connector) { c.drain = d.withDefaults() } }

// WithWake sets how sleeping instances are woken; zero fields keep their defaults.
func WithWake(w Wake) Option { return func(c *Connector) { c.wake = w.withDefaults() } }

// WithEgress sets which outbound actions are declined for their tenant. The default is
// [EgressForeign].
func WithEgress(e Egress) Option { return func(c *Connector) { c.egress = e } }

// WithObserver calls observe for each entry of the journal right after it was written, in
// the goroutine that wrote it: it must be quick, and must not call the connector. Entries
// of different goroutines may come in another order than they stand in the journal.
func WithObserver(observe func(Entry)) Option { return func(c *Connector) { c.observe = observe } }

// WithRotationWindow ends the rotation window by itself: an older secret verifies for d
// after it was replaced. Without it the window ends at [Connector.DropOldSecrets]; the
// contract leaves its length open.
func WithRotationWindow(d time.Duration) Option { return func(c *Connector) { c.window = d } }

// WithInstanceKey signs and verifies instance tokens with a key of your own, of 2048 bits
// or more. Without it one is made when it is first needed.
func WithInstanceKey(key *rsa.PrivateKey) Option { return func(c *Connector) { c.keys.given = key } }
