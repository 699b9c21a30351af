package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/relaykit/relaykit/fakeconnector/serve"
	"github.com/relaykit/relaykit/internal/build"
)

// envPrefix begins the environment variable of every flag of serve: --log-level is
// FAKECONNECTOR_LOG_LEVEL.
const envPrefix = "FAKECONNECTOR_"

func serveCommand() *cobra.Command {
	var file string
	var print bool
	typed := serve.Default()
	cmd := &cobra.Command{
		Use:   "serve [--config FILE] [flags]",
		Short: "Run a fake connector, with a control API",
		Long: `serve runs a fake connector for gateways to dial, and a control API on a listener of
its own: push events, script faults, read the journal, with curl or with the other
commands of this program.

  fakeconnector serve
  fakeconnector gateways add --id gw-1        # prints the secret, this once
  GATEWAY_RELAY_URL=http://127.0.0.1:8790 GATEWAY_RELAY_ID=gw-1 GATEWAY_RELAY_SECRET=… ./my-gateway
  fakeconnector push --chat C1 --text hi
  fakeconnector journal --follow

What waits in buffers is in memory, or in the file of --store, and outlives the process
there. Everything else, made through the API, is in memory: gateways that are to come back
stand in the configuration.

A value comes from its flag, else from the environment (` + envPrefix + ` and the flag's name, such
as ` + envPrefix + `LOG_LEVEL), else from the file. SIGHUP reads the file again and takes over its
tenants, gateways, bindings, policies and stubs, and the certificate; a file that is wrong
changes nothing, and one line of the log says why.
SIGTERM and SIGINT shut down: no more dials, what is in flight is waited for, sessions
close with 1001. Both listeners are on loopback by default; elsewhere the control API asks
for a token, which is made and shown once on standard error where none is given.

Exit codes: 0 after a shutdown, 2 a command line or file that cannot be meant, 3 a
listener that cannot be opened or fails.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load := func() (serve.Config, error) { return loadConfig(cmd.Flags(), file, os.LookupEnv) }
			if print {
				c, err := load()
				if err == nil {
					err = c.Check()
				}
				if err != nil {
					return usagef("%w", err)
				}
				return c.Write(cmd.OutOrStdout())
			}
			hangup := make(chan os.Signal, 1)
			signal.Notify(hangup, syscall.SIGHUP)
			defer signal.Stop(hangup)
			err := serve.Run(cmd.Context(), serve.Options{Version: build.Read().String(), Stderr: cmd.ErrOrStderr(), Load: load, Reload: hangup})
			var config *serve.ConfigError
			if errors.As(err, &config) {
				return usagef("%w", err)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "YAML `file`; --print-config shows what it may hold")
	cmd.Flags().BoolVar(&print, "print-config", false, "print the configuration that is in force, without its secrets, and end")
	configFlags(cmd.Flags(), &typed)
	return cmd
}

// configFlags are the flags of the values that a file may hold as well.
func configFlags(f *pflag.FlagSet, c *serve.Config) {
	f.StringVar(&c.Listen, "listen", c.Listen, "`host:port` for gateways; port 0 is a free one")
	f.StringVar(&c.Control, "control", c.Control, "`host:port` of the control API")
	f.StringVar(&c.PublicURL, "public-url", c.PublicURL, "base `URL` under which gateways reach --listen, for all that is printed and handed out (default its own address, or loopback for one on every address)")
	f.StringVar(&c.Token, "token", c.Token, "what the control API asks for, or make for one that is made; rather set "+envPrefix+"TOKEN, which no process list shows")
	f.StringSliceVar(&c.AllowHosts, "allow-hosts", c.AllowHosts, "`names` under which the control listener is reached, beside localhost and addresses")
	f.StringVar(&c.TLSCert, "tls-cert", c.TLSCert, "certificate `file` in PEM, for both listeners")
	f.StringVar(&c.TLSKey, "tls-key", c.TLSKey, "key `file` in PEM")
	f.StringVar(&c.LogLevel, "log-level", c.LogLevel, "debug, info, warn or error; debug shows the journal")
	f.StringVar(&c.Store, "store", c.Store, "`file` in which buffers outlive the process; without one they are in memory")
	f.BoolVar(&c.Pprof, "pprof", c.Pprof, "serve /debug/pprof on the control listener")
	f.DurationVar(&c.ShutdownTimeout, "shutdown-timeout", c.ShutdownTimeout, "how long a shutdown waits for what is in flight")
	f.Int64Var(&c.Seed, "seed", c.Seed, "of ids and of the choices that faults leave open")
	f.StringVar(&c.Egress, "egress", c.Egress, "which outbound actions are declined for their tenant: foreign, strict or off")
	f.BoolVar(&c.Anonymous, "anonymous", c.Anonymous, "development mode: accept every upgrade, with a token or without")
	f.BoolVar(&c.UnknownMembers, "unknown-members", c.UnknownMembers, "accept members of later revisions in the bodies of /relay/*")
	f.IntVar(&c.Journal.Entries, "journal-entries", c.Journal.Entries, "entries that the journal of one namespace holds")
	f.IntVar(&c.Journal.Bytes, "journal-bytes", c.Journal.Bytes, "bytes that it holds")
	f.IntVar(&c.Drain.Window, "drain-window", c.Drain.Window, "buffered entries sent and not yet acknowledged")
	f.IntVar(&c.Drain.MaxTries, "drain-max-tries", c.Drain.MaxTries, "sessions that may end with an entry before it is parked; negative for no limit")
	f.DurationVar(&c.Wake.Cooldown, "wake-cooldown", c.Wake.Cooldown, "at most one wake request of an instance within it")
	f.DurationVar(&c.Wake.Timeout, "wake-timeout", c.Wake.Timeout, "for one wake request")
}

// loadConfig puts the file over the defaults, the environment over the file, and the flags
// that were given over both.
func loadConfig(given *pflag.FlagSet, file string, getenv func(string) (string, bool)) (serve.Config, error) {
	c := serve.Default()
	if file == "" {
		file, _ = getenv(envPrefix + "CONFIG")
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err == nil {
			err = c.Read(text)
		}
		if err != nil {
			return c, fmt.Errorf("configuration %s: %w", file, err)
		}
	}
	over := pflag.NewFlagSet("", pflag.ContinueOnError)
	configFlags(over, &c)
	var wrong error
	over.VisitAll(func(f *pflag.Flag) {
		name := envPrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, set := getenv(name)
		if g := given.Lookup(f.Name); g != nil && g.Changed {
			set, value, name = true, g.Value.String(), "--"+f.Name
			if list, ok := g.Value.(pflag.SliceValue); ok {
				value = strings.Join(list.GetSlice(), ",")
			}
		}
		if !set || wrong != nil {
			return
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			wrong = list.Replace(nonEmpty(strings.Split(value, ",")))
		} else if err := f.Value.Set(value); err != nil {
			wrong = fmt.Errorf("%s: %w", name, err)
		}
	})
	return c, wrong
}

// nonEmpty leaves out empty entries, and white space around the others.
func nonEmpty(list []string) (out []string) {
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
