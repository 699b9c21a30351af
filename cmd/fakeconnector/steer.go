package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/fakeconnector/serve"
)

// steerGroup is the heading of the commands that steer a connector that runs.
const steerGroup = "steer"

// steering is how a command finds the connector that it steers, and prints.
type steering struct {
	control, token, namespace, cacert string
	json                              bool
	out                               io.Writer
}

// steer makes a command that steers a connector that runs: body gets a client of it. The
// API's refusal is exit code 1, a control token that is missing or wrong is 2 like anything
// else on the command line, and an API that cannot be reached is 3.
func steer(cmd *cobra.Command, body func(ctx context.Context, c *client.Client, s *steering, args []string) error) *cobra.Command {
	s := &steering{}
	f := cmd.Flags()
	f.StringVar(&s.control, "control", "", "`address` of the control API (default $"+envPrefix+"CONTROL, else "+serve.Default().Control+")")
	f.StringVar(&s.token, "token", "", "control token (default $"+envPrefix+"TOKEN)")
	f.StringVarP(&s.namespace, "namespace", "n", "", "`namespace` to act in (default $"+envPrefix+"NAMESPACE, else default)")
	f.StringVar(&s.cacert, "cacert", "", "PEM `file` with the certificate of a control API over TLS (default $"+envPrefix+"CACERT)")
	f.BoolVar(&s.json, "json", false, "print the API's answer as JSON")
	cmd.GroupID = steerGroup
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s.out = cmd.OutOrStdout()
		c, err := s.client(os.Getenv)
		if err != nil {
			return err
		}
		return steered(s.control, body(cmd.Context(), c, s, args))
	}
	return cmd
}

// listing makes a command that shows a table of what get answers.
func listing[T any](cmd *cobra.Command, get func(*client.Client, context.Context) (T, error), heading string, rows func(T) [][]string) *cobra.Command {
	cmd.Args = cobra.NoArgs
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
		list, err := get(c, ctx)
		if err != nil {
			return err
		}
		return s.print(list, func(w io.Writer) error { return table(w, heading, rows(list)) })
	})
}

// steered gives an error of the API at an address its exit code, and says what to do.
func steered(control string, err error) error {
	var refusal *api.Problem
	switch {
	case err == nil, errors.As(err, new(*exitError)):
		return err
	case errors.As(err, &refusal) && refusal.Status == http.StatusUnauthorized:
		return usagef("%w; give it with --token or "+envPrefix+"TOKEN", err)
	case errors.As(err, &refusal):
		return &exitError{exitNo, err}
	case errors.Is(err, syscall.ECONNREFUSED):
		err = fmt.Errorf("%w; expected the control API of a connector at %s: start one with fakeconnector serve, or say where it is with --control or "+envPrefix+"CONTROL", err, control)
	}
	return harnessError(err)
}

func (s *steering) client(getenv func(string) string) (*client.Client, error) {
	for value, name := range map[*string]string{&s.control: "CONTROL", &s.token: "TOKEN", &s.namespace: "NAMESPACE", &s.cacert: "CACERT"} {
		if *value == "" {
			*value = getenv(envPrefix + name)
		}
	}
	if s.control == "" {
		s.control = serve.Default().Control
	}
	h := &http.Client{}
	if s.cacert != "" {
		pem, err := os.ReadFile(s.cacert)
		if err != nil {
			return nil, usagef("--cacert: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, usagef("--cacert: expected certificates in PEM in %s, got none", s.cacert)
		}
		h.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	}
	if !strings.Contains(s.control, "://") {
		scheme := "http://"
		if s.cacert != "" {
			scheme = "https://"
		}
		s.control = scheme + s.control
	}
	return client.New(s.control, s.token).WithHTTP(h).In(s.namespace), nil
}

// print writes an answer: as JSON where that was asked for, else as text does.
func (s *steering) print(v any, text func(w io.Writer) error) error {
	if s.json || text == nil {
		return writeJSON(s.out, v)
	}
	return text(s.out)
}

// table prints rows under a heading.
func table(w io.Writer, heading string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, heading)
	for _, row := range rows {
		for i, cell := range row {
			if cell == "" {
				row[i] = "-"
			}
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// theInstance is the one that was named, or the only one that there is.
func theInstance(ctx context.Context, c *client.Client, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	all, err := c.Instances(ctx)
	if err != nil {
		return "", err
	}
	if len(all.Instances) == 1 {
		return all.Instances[0].ID, nil
	}
	if len(all.Instances) == 0 {
		return "", usagef("--instance: expected the id of an instance, and there is none yet; fakeconnector gateways add makes a gateway with one")
	}
	ids := make([]string, 0, len(all.Instances))
	for _, i := range all.Instances {
		ids = append(ids, i.ID)
	}
	return "", usagef("--instance: expected one of %q; it can be left out where there is one alone", ids)
}

// readInput reads a file, or standard input for "-".
func readInput(cmd *cobra.Command, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("%w", err)
	}
	return text, nil
}

// decode reads JSON strictly into a value of the API.
func decode(what string, text []byte, v any) error {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return usagef("%s: %w", what, err)
	}
	return nil
}
