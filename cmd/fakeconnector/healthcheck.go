package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/fakeconnector/serve"
)

// healthPatience bounds one health check. A healthy process answers within milliseconds;
// the rest is for a machine under load, and stays below what an image's HEALTHCHECK allows.
const healthPatience = 5 * time.Second

// healthcheckCommand asks a connector whether it is alive, for an image without a shell.
func healthcheckCommand() *cobra.Command {
	var file, control string
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a connector on this machine whether it is alive",
		Long: `healthcheck asks /healthz of the control listener, which needs no token. The listener is
found as serve finds it: by --control, else ` + envPrefix + `CONTROL, else the file of --config or
` + envPrefix + `CONFIG. It is what the image runs as its HEALTHCHECK.

Exit codes: 0 alive, 1 not, 2 a command line or file that cannot be meant.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd.Flags(), file, os.LookupEnv)
			if err == nil {
				err = c.Check()
			}
			if err != nil {
				return usagef("%w", err)
			}
			if err := alive(cmd.Context(), c); err != nil {
				return &exitError{exitNo, err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "YAML `file` that serve was given")
	cmd.Flags().StringVar(&control, "control", serve.Default().Control, "`host:port` of the control API")
	return cmd
}

// alive asks the control listener of a configuration, on this machine.
func alive(ctx context.Context, c serve.Config) error {
	scheme := "http"
	transport := &http.Transport{DisableKeepAlives: true}
	if c.TLSCert != "" {
		scheme = "https"
		// The certificate is for a name, and this is an address of this machine. Nothing
		// secret is sent, and nothing but the status is believed.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
	}
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	url := scheme + "://" + serve.Reachable(c.Control) + "/healthz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return fmt.Errorf("expected a connector that answers at %s: %w", url, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: expected 200, got %s", url, resp.Status)
	}
	return nil
}
