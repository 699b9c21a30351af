package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/reference"
)

// enrollCommand trades an enrolment token for credentials and keeps them in a file.
func enrollCommand(config *string, getenv func(string) string, stdout io.Writer) *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "enroll",
		Short: "Trade an enrolment token for credentials",
		Long: "Trade the enrolment token in $" + reference.EnvEnrollToken + " for credentials, with the identity token in\n$" +
			reference.EnvIdentityToken + ", $" + reference.EnvIdentityTokenFile + " or $" + reference.EnvIdentityTokenCommand + ".\n\n" +
			"The credentials are written as environment variables into a file that only its owner may read.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(*config, getenv)
			if err != nil {
				return err
			}
			token := strings.TrimSpace(getenv(reference.EnvEnrollToken))
			if token == "" {
				return errors.New("no enrolment token: expected one in " + reference.EnvEnrollToken)
			}
			// The token is good for one use: make sure of a place for the answer first.
			file, err := reserve(out, force)
			if err != nil {
				return err
			}
			got, err := reference.Enroll(cmd.Context(), c, token)
			if err != nil {
				file.discard()
				return failure{err}
			}
			if err := file.keep(envFile(got)); err != nil {
				return failure{err}
			}
			fmt.Fprintf(stdout, "enrolled %s with tenant %s; credentials are in %s\n", got.GatewayID, got.Tenant, out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "relay.env", "file for the credentials")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file if it is there")
	return cmd
}

// envFile writes credentials as lines that a shell, Docker and systemd read alike.
func envFile(c reference.Credentials) string {
	return fmt.Sprintf("%s=%s\n%s=%s\n%s=%s\n", reference.EnvID, c.GatewayID, reference.EnvSecret, c.Secret, reference.EnvDeliveryKey, c.DeliveryKey)
}

// reservation is a file that comes into being whole or not at all.
type reservation struct {
	file *os.File
	path string
}

// reserve opens a file beside path, readable by its owner only (0600).
func reserve(path string, force bool) (*reservation, error) {
	if _, err := os.Lstat(path); err == nil && !force {
		return nil, fmt.Errorf("--out %s: expected no such file, got one; use --force to replace it", path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--out: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".relay-*") // CreateTemp makes it 0600
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	return &reservation{file, path}, nil
}

func (r *reservation) discard() {
	r.file.Close()
	os.Remove(r.file.Name())
}

func (r *reservation) keep(text string) error {
	_, err := r.file.WriteString(text)
	err = errors.Join(err, r.file.Sync(), r.file.Close())
	if err == nil {
		err = os.Rename(r.file.Name(), r.path)
	}
	if err != nil {
		os.Remove(r.file.Name())
		return fmt.Errorf("keeping the credentials: %w", err)
	}
	return nil
}
