package reference

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// Config is what a gateway is made of. Only URL is required. (Contract, section
// "Gateway configuration".)
type Config struct {
	// URL is the relay's base, such as https://connector.example; the dial URL and the
	// HTTP routes are derived from it.
	URL string
	// GatewayID names this gateway in its upgrade token; empty means gw-<hostname>.
	GatewayID string
	// Secret signs the upgrade token. Without one the gateway dials without a header,
	// which only a development connector accepts.
	Secret string
	// Platform and BotID are the identity that the hello announces. Platform defaults
	// to "relay".
	Platform string
	BotID    string

	// Identity resolves the owner's identity token. With it, and without a Secret, the
	// gateway provisions itself when it starts; nil means that it cannot.
	Identity Identity
	// Endpoint, RouteKeys, InstanceID and WakeURL go into the provisioning request.
	Endpoint   string
	RouteKeys  []string
	InstanceID string
	WakeURL    string
	// DeliveryKey is kept for the superseded HTTP delivery, which this gateway lacks.
	DeliveryKey string
	// Policy is declared when the gateway starts, once it has a secret; nil means none,
	// and so does one that the contract has nobody declare, see [ProjectPolicy].
	Policy *Policy

	// SessionKeys are the settings that change the keys of this gateway's sessions.
	SessionKeys SessionKeyOptions

	// Bounds are the times that it waits; zero fields have the contract's values.
	Bounds Bounds

	// Accept, if set, is the step whose success inbound_ack reports: where an embedder
	// makes an event durable. It runs after the event was mapped and before its turn,
	// in order within a session key and never on the reader. An error leaves the event
	// unacknowledged, so that the connector delivers it again.
	Accept func(context.Context, *Turn) error
	// Observer is told what happens. Its functions must not block.
	Observer Observer
	// Logger takes structured logs; nil discards them. They never hold a secret.
	Logger *slog.Logger

	// NetDial opens the TCP connection; nil means the standard dialer and the proxy
	// settings of the environment, which do not count with it.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLSConfig is for a connector with a certificate of its own; nil means the roots of
	// the system.
	TLSConfig *tls.Config
	// HTTPClient makes the requests of the HTTP plane; nil means one that uses NetDial
	// and TLSConfig. It never follows a redirect, whatever its own setting.
	HTTPClient *http.Client
	// Now is the clock for the expiry of tokens; nil means time.Now.
	Now func() time.Time
	// Jitter returns a share between 0 and 1 of the quarter of a rung that may be added
	// to a redial delay; nil means a random share.
	Jitter func() float64
}

// Observer is told what happens, on receipt and before handling, in the order in
// which it happens. Its functions run on the gateway's own goroutines, the reader
// among them: they must return at once. Nil functions are skipped.
type Observer struct {
	// Inbound is called for every event that is to become a turn.
	Inbound func(turn *Turn)
	// Turn is called when a turn has ended.
	Turn func(turn *Turn, outcome Outcome)
	// Interrupt is called for every interrupt_inbound.
	Interrupt func(sessionKey, chatID string)
	// Passthrough is called for every passthrough_forward; event is nil if it became none.
	Passthrough func(forward protocol.Forward, event *protocol.Event, sessionKey string)
	// Status is called once per change.
	Status func(Status)
}

// guarded is an observer without nil functions, whose panics are logged and end nothing.
func (o Observer) guarded(log *slog.Logger) Observer {
	guard := func() {
		if p := recover(); p != nil {
			log.Error("an observer panicked; going on", "panic", fmt.Sprint(p))
		}
	}
	return Observer{
		Inbound: func(turn *Turn) {
			defer guard()
			if o.Inbound != nil {
				o.Inbound(turn)
			}
		},
		Turn: func(turn *Turn, outcome Outcome) {
			defer guard()
			if o.Turn != nil {
				o.Turn(turn, outcome)
			}
		},
		Interrupt: func(sessionKey, chatID string) {
			defer guard()
			if o.Interrupt != nil {
				o.Interrupt(sessionKey, chatID)
			}
		},
		Passthrough: func(forward protocol.Forward, event *protocol.Event, sessionKey string) {
			defer guard()
			if o.Passthrough != nil {
				o.Passthrough(forward, event, sessionKey)
			}
		},
		Status: func(status Status) {
			defer guard()
			if o.Status != nil {
				o.Status(status)
			}
		},
	}
}

// orDefaults checks a configuration and fills what was left out.
func (c Config) orDefaults() (Config, error) {
	if err := checkURL(protocol.DialURL(c.URL)); err != nil {
		return c, err
	}
	bounds, err := c.Bounds.orDefaults()
	if err != nil {
		return c, err
	}
	c.Bounds = bounds
	if c.GatewayID == "" {
		if c.GatewayID, err = defaultGatewayID(); err != nil {
			return c, err
		}
	}
	if c.Platform == "" {
		c.Platform = "relay"
	}
	if c.Policy != nil {
		p := *c.Policy
		p.FreeResponseScopes = append([]string{}, p.FreeResponseScopes...) // never null
		c.Policy = &p
		if !p.worthSaying() {
			c.Policy = nil
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.HTTPClient == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DisableKeepAlives = true // two requests in a life
		transport.TLSClientConfig = c.TLSConfig.Clone()
		if c.NetDial != nil {
			transport.DialContext, transport.Proxy = c.NetDial, nil
		}
		c.HTTPClient = &http.Client{Transport: transport}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	return c, nil
}

// checkURL never quotes the URL, whose user info or query could be secret.
func checkURL(dial string) error {
	u, err := url.Parse(dial)
	switch {
	case err != nil:
		return errors.New("relay URL: expected a URL such as https://connector.example, got one that does not parse; set GATEWAY_RELAY_URL")
	case u.Scheme != "ws" && u.Scheme != "wss":
		return fmt.Errorf("relay URL: expected the scheme https, http, wss or ws, got %q; set GATEWAY_RELAY_URL", u.Scheme)
	case u.Host == "":
		return errors.New("relay URL: expected a host, got none; set GATEWAY_RELAY_URL")
	}
	return nil
}

func defaultGatewayID() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("default gateway id gw-<hostname>: %w; set GATEWAY_RELAY_ID", err)
	}
	return "gw-" + host, nil
}
