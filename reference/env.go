package reference

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The contract's environment variables that this file reads, section "Gateway
// configuration"; the bounds are this gateway's own.
const (
	EnvURL      = "GATEWAY_RELAY_URL"
	EnvID       = "GATEWAY_RELAY_ID"
	EnvSecret   = "GATEWAY_RELAY_SECRET"
	EnvPlatform = "GATEWAY_RELAY_PLATFORM"
	EnvBotID    = "GATEWAY_RELAY_BOT_ID"

	EnvHandshakeTimeout = "GATEWAY_HANDSHAKE_TIMEOUT"
	EnvOutboundTimeout  = "GATEWAY_OUTBOUND_TIMEOUT"
	EnvIdleTimeout      = "GATEWAY_IDLE_TIMEOUT"
	EnvBackoffBase      = "GATEWAY_BACKOFF_BASE"
	EnvBackoffCap       = "GATEWAY_BACKOFF_CAP"
	EnvShutdownBudget   = "GATEWAY_SHUTDOWN_BUDGET"
)

// ErrNoURL says that no relay is configured: its URL is what turns the relay on.
var ErrNoURL = errors.New("no relay URL: expected one in " + EnvURL + ", such as https://connector.example")

// FromEnv reads a configuration from the environment; getenv is os.Getenv or a
// stand-in. Values are trimmed, so that a secret of white space alone counts as none.
// Bounds are Go durations such as 500ms; one that is left out takes the contract's
// value. Errors name the variable; [ErrNoURL] is one of them.
func FromEnv(getenv func(string) string) (Config, error) {
	get := func(name string) string { return strings.TrimSpace(getenv(name)) }
	c := Config{
		URL:       strings.TrimRight(get(EnvURL), "/"),
		GatewayID: get(EnvID),
		Secret:    get(EnvSecret),
		Platform:  get(EnvPlatform),
		BotID:     get(EnvBotID),
	}
	var errs []error
	if c.URL == "" {
		errs = append(errs, ErrNoURL)
	}
	for name, bound := range map[string]*time.Duration{
		EnvHandshakeTimeout: &c.Bounds.Handshake,
		EnvOutboundTimeout:  &c.Bounds.Outbound,
		EnvIdleTimeout:      &c.Bounds.Idle,
		EnvBackoffBase:      &c.Bounds.BackoffBase,
		EnvBackoffCap:       &c.Bounds.BackoffCap,
		EnvShutdownBudget:   &c.Bounds.Shutdown,
	} {
		text := get(name)
		if text == "" {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			errs = append(errs, fmt.Errorf("%s: expected a positive Go duration such as 30s or 500ms, got %q", name, text))
			continue
		}
		*bound = d
	}
	return c, errors.Join(errs...)
}
