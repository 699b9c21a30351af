// Package serve runs a fake connector as a process: a listener for gateways, another one
// for the control API, and what a process needs beside.
package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control"
)

// Config is what `fakeconnector serve` is told: by flags, the environment and a file.
type Config struct {
	Listen  string `yaml:"listen"`  // host:port for gateways; port 0 is a free one
	Control string `yaml:"control"` // host:port of the control API
	// PublicURL is how gateways reach the listener, where its own address does not say it: a
	// name, a forwarded port, TLS that ends elsewhere. It is what is printed and handed out.
	PublicURL string `yaml:"public_url,omitempty"`
	// Token is what the control API asks for. One is made for "make", and where it is empty
	// and a listener is not on loopback.
	Token      string   `yaml:"token,omitempty"`
	AllowHosts []string `yaml:"allow_hosts,omitempty"` // names under which the control listener is reached
	TLSCert    string   `yaml:"tls_cert,omitempty"`    // PEM files, for both listeners
	TLSKey     string   `yaml:"tls_key,omitempty"`
	LogLevel   string   `yaml:"log_level"` // debug, info, warn or error; debug shows the journal
	Pprof      bool     `yaml:"pprof"`     // /debug/pprof on the control listener

	Store string `yaml:"store,omitempty"` // file in which the default namespace keeps its buffers; empty is memory

	ShutdownTimeout time.Duration `yaml:"shutdown_timeout"` // for what is in flight, before sessions are closed

	Seed           int64  `yaml:"seed"`            // of ids and of the choices of faults
	Egress         string `yaml:"egress"`          // foreign, strict or off
	Anonymous      bool   `yaml:"anonymous"`       // development mode: every upgrade is accepted
	UnknownMembers bool   `yaml:"unknown_members"` // HTTP bodies may have members of later revisions

	Journal JournalConfig `yaml:"journal"`
	Drain   DrainConfig   `yaml:"drain"`
	Wake    WakeConfig    `yaml:"wake"`

	// What the default namespace begins with. SIGHUP reads these anew.
	Tenants  []any          `yaml:"tenants,omitempty"`
	Gateways []any          `yaml:"gateways,omitempty"`
	Bindings map[string]any `yaml:"bindings,omitempty"`
	Policies []any          `yaml:"policies,omitempty"`
	Stubs    []any          `yaml:"stubs,omitempty"`
}

// JournalConfig bounds the journal of one namespace; the oldest entries go.
type JournalConfig struct {
	Entries int `yaml:"entries"`
	Bytes   int `yaml:"bytes"`
}

// DrainConfig says how buffers are drained.
type DrainConfig struct {
	Window   int `yaml:"window"`
	MaxTries int `yaml:"max_tries"` // negative for no limit
}

// WakeConfig says how sleeping instances are woken.
type WakeConfig struct {
	Cooldown time.Duration `yaml:"cooldown"`
	Timeout  time.Duration `yaml:"timeout"`
}

// Default is the configuration of a connector that was told nothing.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:8790", Control: "127.0.0.1:8791", LogLevel: "info", ShutdownTimeout: 10 * time.Second,
		Seed: 1, Egress: string(fakeconnector.EgressForeign),
		Journal: JournalConfig{Entries: 100_000, Bytes: 64 << 20},
		Drain:   DrainConfig{Window: 16, MaxTries: 20},
		Wake:    WakeConfig{Cooldown: time.Minute, Timeout: 5 * time.Second},
	}
}

// Read puts the values of a YAML file over c. A field that the configuration lacks is an
// error, and so is a second document.
func (c *Config) Read(text []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return errors.New("expected one YAML document, got another one after it")
	}
	return nil
}

// Check says what is wrong with a configuration, by the name of the field.
func (c Config) Check() error {
	if _, err := c.level(); err != nil {
		return err
	}
	for name, addr := range map[string]string{"listen": c.Listen, "control": c.Control} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return fmt.Errorf("%s: expected host:port, got %q", name, addr)
		}
	}
	if err := checkPublicURL(c.PublicURL); err != nil {
		return err
	}
	switch fakeconnector.Egress(c.Egress) {
	case fakeconnector.EgressForeign, fakeconnector.EgressStrict, fakeconnector.EgressOff:
	default:
		return fmt.Errorf("egress: expected foreign, strict or off, got %q", c.Egress)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("tls_cert and tls_key: expected both or neither")
	}
	if c.Token != "" && c.Token != makeToken && len(c.Token) < minToken {
		return fmt.Errorf("token: expected at least %d characters, got %d", minToken, len(c.Token))
	}
	for name, n := range map[string]int64{"shutdown_timeout": int64(c.ShutdownTimeout), "journal.entries": int64(c.Journal.Entries),
		"journal.bytes": int64(c.Journal.Bytes), "drain.window": int64(c.Drain.Window), "wake.cooldown": int64(c.Wake.Cooldown), "wake.timeout": int64(c.Wake.Timeout)} {
		if n <= 0 {
			return fmt.Errorf("%s: expected more than 0, got %d", name, n)
		}
	}
	if c.Drain.MaxTries == 0 { // where the connector would take its default
		return errors.New("drain.max_tries: expected more than 0, or less for no limit, got 0")
	}
	_, err := c.seed()
	return err
}

// checkPublicURL: the four schemes are those of the contract's table of dial URLs.
func checkPublicURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) {
		return fmt.Errorf("public_url: expected the base URL that gateways are given, such as https://connector.example, got %q", text)
	}
	return nil
}

// relayURL is what gateways are configured with: the public URL, else the address of the
// listener as this machine reaches it.
func (c Config) relayURL(listener net.Addr) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return c.at(listener)
}

// at is the URL of a listener, as this machine reaches it.
func (c Config) at(listener net.Addr) string {
	scheme := "http://"
	if c.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + Reachable(listener.String())
}

// Reachable is an address of a listener as this machine reaches it: one on every address
// is reached on loopback.
func Reachable(hostPort string) string {
	host, port, err := net.SplitHostPort(hostPort)
	if ip := net.ParseIP(host); err == nil && (host == "" || (ip != nil && ip.IsUnspecified())) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return hostPort
}

// minToken keeps a control token from being guessed, and above what a redactor leaves alone.
const minToken = 16

// makeToken asks for a token that is made.
const makeToken = "make"

// makesToken reports whether a control token is made.
func (c Config) makesToken() bool {
	return c.Token == makeToken || (c.Token == "" && !(loopback(c.Control) && loopback(c.Listen)))
}

func (c Config) level() (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return l, fmt.Errorf("log_level: expected debug, info, warn or error, got %q", c.LogLevel)
	}
	return l, nil
}

// seed is the state that the file describes, by the schemas of the control API.
func (c Config) seed() (control.Seed, error) {
	given := map[string]any{"tenants": orEmpty(c.Tenants), "gateways": orEmpty(c.Gateways), "policies": orEmpty(c.Policies), "stubs": orEmpty(c.Stubs)}
	if c.Bindings != nil {
		given["bindings"] = c.Bindings
	}
	text, err := json.Marshal(given)
	if err != nil {
		return control.Seed{}, fmt.Errorf("tenants, gateways, bindings, policies and stubs: expected mappings with text for keys: %w", err)
	}
	return control.ReadSeed(text)
}

func orEmpty(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}

// limits of the connector of one namespace.
func (c Config) limits() fakeconnector.Limits {
	l := fakeconnector.DefaultLimits()
	l.JournalEntries, l.JournalBytes = c.Journal.Entries, c.Journal.Bytes
	l.Connections, l.Sessions = 16_384, 8_192
	return l
}

// hidden stands for a secret where a configuration is printed.
const hidden = "(hidden)"

// Write prints the configuration as YAML, without its secrets.
func (c Config) Write(w io.Writer) error {
	if c.Token != "" {
		c.Token = hidden
	}
	c.Tenants, c.Gateways = hide(c.Tenants, "identity_tokens"), hide(c.Gateways, "secret")
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(c); err != nil {
		return err
	}
	return e.Close()
}

// hide replaces a member of each mapping in a list.
func hide(list []any, member string) []any {
	out := make([]any, 0, len(list))
	for _, one := range list {
		m, ok := one.(map[string]any)
		if !ok {
			continue // Check has refused it
		}
		shown := map[string]any{}
		for k, v := range m {
			shown[k] = v
		}
		switch v := shown[member].(type) {
		case nil:
		case []any:
			shown[member] = make([]string, len(v))
			for i := range v {
				shown[member].([]string)[i] = hidden
			}
		default:
			shown[member] = hidden
		}
		out = append(out, shown)
	}
	return out
}

// loopback reports whether a listen address can be reached from this machine alone.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
