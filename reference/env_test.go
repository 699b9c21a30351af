package reference_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/relaykit/relaykit/reference"
)

func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestFromEnv(t *testing.T) {
	c, err := reference.FromEnv(env(map[string]string{
		"GATEWAY_RELAY_URL":         " https://connector.example/ ",
		"GATEWAY_RELAY_ID":          " gw-1\n",
		"GATEWAY_RELAY_SECRET":      " s3cret ",
		"GATEWAY_RELAY_PLATFORM":    "discord",
		"GATEWAY_RELAY_BOT_ID":      "b1",
		"GATEWAY_HANDSHAKE_TIMEOUT": "1500ms",
		"GATEWAY_OUTBOUND_TIMEOUT":  "2s",
		"GATEWAY_IDLE_TIMEOUT":      "3s",
		"GATEWAY_BACKOFF_BASE":      "4ms",
		"GATEWAY_BACKOFF_CAP":       "5s",
		"GATEWAY_SHUTDOWN_BUDGET":   "6s",
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "identity", []string{c.URL, c.GatewayID, c.Secret, c.Platform, c.BotID},
		[]string{"https://connector.example", "gw-1", "s3cret", "discord", "b1"})
	b := c.Bounds
	equal(t, "bounds", []time.Duration{b.Handshake, b.Outbound, b.Idle, b.BackoffBase, b.BackoffCap, b.Shutdown},
		[]time.Duration{1500 * time.Millisecond, 2 * time.Second, 3 * time.Second, 4 * time.Millisecond, 5 * time.Second, 6 * time.Second})
}

func TestFromEnvWithoutARelay(t *testing.T) {
	if _, err := reference.FromEnv(env(nil), nil); !errors.Is(err, reference.ErrNoURL) {
		t.Errorf("expected ErrNoURL, got %v", err)
	}
}

func TestFromEnvNamesWhatIsWrong(t *testing.T) {
	for _, value := range []string{"30", "-1s", "0s", "soon"} {
		_, err := reference.FromEnv(env(map[string]string{"GATEWAY_RELAY_URL": "https://c", "GATEWAY_IDLE_TIMEOUT": value}), nil)
		if err == nil || !strings.Contains(err.Error(), "GATEWAY_IDLE_TIMEOUT: expected a positive Go duration") {
			t.Errorf("%s: expected an error that names the variable, got %v", value, err)
		}
	}
}

func TestFromEnvRefusesAFileOfOtherTypes(t *testing.T) {
	vars := env(map[string]string{"GATEWAY_RELAY_URL": "https://c"})
	for want, file := range map[string]map[string]any{
		"gateway in the configuration file: expected a mapping": {"gateway": "relay_url=https://c"},
		"gateway.relay_id in the configuration file":            {"gateway": map[string]any{"relay_id": []any{"a"}}},
		"gateway.relay_secret in the configuration file":        {"gateway": map[string]any{"relay_secret": map[string]any{"hunter2": 1}}},
		"expected a list or a text with commas, got a number":   {"gateway": map[string]any{"relay_route_keys": 7}},
	} {
		_, err := reference.FromEnv(vars, file)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("expected an error with %q and without what the file holds, got %v", want, err)
		}
	}
	// What the environment says makes the file's value matter no more.
	c, err := reference.FromEnv(env(map[string]string{"GATEWAY_RELAY_URL": "https://c", "GATEWAY_RELAY_ID": "gw-1"}),
		map[string]any{"gateway": map[string]any{"relay_id": []any{"a"}}})
	if err != nil || c.GatewayID != "gw-1" {
		t.Errorf("expected the environment's id, got %q, %v", c.GatewayID, err)
	}
}

func TestSecretOfWhiteSpaceIsNone(t *testing.T) {
	c, err := reference.FromEnv(env(map[string]string{"GATEWAY_RELAY_URL": "https://c", "GATEWAY_RELAY_SECRET": " \t "}), nil)
	if err != nil || c.Secret != "" {
		t.Errorf("expected no secret, got %q, %v", c.Secret, err)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	handler := reference.HandlerFunc(nil)
	for name, c := range map[string]reference.Config{
		"no URL":         {},
		"another scheme": {URL: "ftp://c.example"},
		"no host":        {URL: "https://"},
		"unparseable":    {URL: "https://user:hunter2@c.example:port"},
		"negative bound": {URL: "https://c.example", Bounds: reference.Bounds{Idle: -1}},
	} {
		_, err := reference.New(c, handler)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: expected an error without the URL's password, got %v", name, err)
		}
	}
	if _, err := reference.New(reference.Config{URL: "https://c.example"}, nil); err == nil {
		t.Error("no handler: expected an error, got none")
	}
}
