package reference

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The contract's environment variables, section "Gateway configuration".
const (
	EnvURL         = "GATEWAY_RELAY_URL"
	EnvID          = "GATEWAY_RELAY_ID"
	EnvSecret      = "GATEWAY_RELAY_SECRET"
	EnvDeliveryKey = "GATEWAY_RELAY_DELIVERY_KEY"
	EnvPlatform    = "GATEWAY_RELAY_PLATFORM"
	EnvBotID       = "GATEWAY_RELAY_BOT_ID"
	EnvEndpoint    = "GATEWAY_RELAY_ENDPOINT"
	EnvRouteKeys   = "GATEWAY_RELAY_ROUTE_KEYS"
	EnvInstanceID  = "GATEWAY_RELAY_INSTANCE_ID"
	EnvWakeURL     = "GATEWAY_RELAY_WAKE_URL"
)

// The bounds, which are this gateway's own variables: Go durations such as 500ms. One
// that is left out has the contract's value.
const (
	EnvHandshakeTimeout = "GATEWAY_HANDSHAKE_TIMEOUT"
	EnvOutboundTimeout  = "GATEWAY_OUTBOUND_TIMEOUT"
	EnvIdleTimeout      = "GATEWAY_IDLE_TIMEOUT"
	EnvBackoffBase      = "GATEWAY_BACKOFF_BASE"
	EnvBackoffCap       = "GATEWAY_BACKOFF_CAP"
	EnvShutdownBudget   = "GATEWAY_SHUTDOWN_BUDGET"
)

// ErrNoURL says that no relay is configured: its URL is what turns the relay on.
var ErrNoURL = errors.New("no relay URL: expected one in " + EnvURL + " or as gateway.relay_url in the configuration file, such as https://connector.example")

// FromEnv reads a configuration from the environment and then, for what is not set
// there, from a configuration file. getenv is os.Getenv or a stand-in; file is the
// decoded file, nil without one.
//
// Values are trimmed, so that a secret of white space alone counts as none; URLs lose
// their trailing slashes. Errors name the variable and never quote a secret;
// [ErrNoURL] is one of them.
func FromEnv(getenv func(string) string, file map[string]any) (Config, error) {
	env := func(name string) string { return strings.TrimSpace(getenv(name)) }
	var errs []error
	section, ok := file["gateway"].(map[string]any)
	if file["gateway"] != nil && !ok {
		errs = append(errs, fmt.Errorf("gateway in the configuration file: expected a mapping with keys such as relay_url, got %s", kindOf(file["gateway"])))
	}
	get := func(name, key string) string {
		if v := env(name); v != "" {
			return v
		}
		switch v := section[key].(type) {
		case nil:
			return ""
		case map[string]any, []any:
			errs = append(errs, fmt.Errorf("gateway.%s in the configuration file: expected a text, got %s", key, kindOf(v)))
			return ""
		default:
			return strings.TrimSpace(fmt.Sprint(v))
		}
	}
	url := func(name, key string) string { return strings.TrimRight(get(name, key), "/") }
	c := Config{
		URL:         url(EnvURL, "relay_url"),
		GatewayID:   get(EnvID, "relay_id"),
		Secret:      get(EnvSecret, "relay_secret"),
		DeliveryKey: env(EnvDeliveryKey),
		Platform:    env(EnvPlatform),
		BotID:       env(EnvBotID),
		Endpoint:    url(EnvEndpoint, "relay_endpoint"),
		InstanceID:  get(EnvInstanceID, "relay_instance_id"),
		WakeURL:     url(EnvWakeURL, "relay_wake_url"),
	}
	switch configured := section["relay_route_keys"].(type) {
	case nil, string, []any:
		c.RouteKeys = list(configured)
	default:
		errs = append(errs, fmt.Errorf("gateway.relay_route_keys in the configuration file: expected a list or a text with commas, got %s", kindOf(configured)))
	}
	if keys := env(EnvRouteKeys); keys != "" {
		c.RouteKeys = list(keys)
	}
	c.Policy = ProjectPolicy(file, getenv, c.Platform)

	if c.URL == "" {
		errs = append(errs, ErrNoURL)
	}
	identity, err := identityFromEnv(env)
	if err != nil {
		errs = append(errs, err)
	}
	c.Identity = identity
	errs = append(errs, boundsFromEnv(env, &c.Bounds))
	return c, errors.Join(errs...)
}

// kindOf names the kind of a value of the file, and never the value.
func kindOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case bool:
		return "a truth value"
	case string:
		return "a text"
	}
	return "a number"
}

func boundsFromEnv(env func(string) string, b *Bounds) error {
	var errs []error
	for _, v := range []struct {
		name  string
		bound *time.Duration
	}{
		{EnvHandshakeTimeout, &b.Handshake},
		{EnvOutboundTimeout, &b.Outbound},
		{EnvIdleTimeout, &b.Idle},
		{EnvBackoffBase, &b.BackoffBase},
		{EnvBackoffCap, &b.BackoffCap},
		{EnvShutdownBudget, &b.Shutdown},
	} {
		text := env(v.name)
		if text == "" {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			errs = append(errs, fmt.Errorf("%s: expected a positive Go duration such as 30s or 500ms, got %q", v.name, text))
			continue
		}
		*v.bound = d
	}
	return errors.Join(errs...)
}
