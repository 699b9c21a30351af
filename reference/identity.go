package reference

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/mattn/go-shellwords"
)

// Where this gateway finds its identity token, the credential of its owner with which
// it provisions and enrols. The contract leaves that to the gateway. The first that is
// set counts.
const (
	EnvIdentityToken        = "GATEWAY_IDENTITY_TOKEN"         // the token
	EnvIdentityTokenFile    = "GATEWAY_IDENTITY_TOKEN_FILE"    // a file that holds it
	EnvIdentityTokenCommand = "GATEWAY_IDENTITY_TOKEN_COMMAND" // a command that prints it; no shell
)

// ErrNoIdentity says that no identity token is configured.
var ErrNoIdentity = errors.New("no identity token: expected one in " + EnvIdentityToken + ", " + EnvIdentityTokenFile + " or " + EnvIdentityTokenCommand)

// Identity resolves an identity token, afresh each time. Its error never holds it.
type Identity func(ctx context.Context) (string, error)

// identityCommandBound is how long a command may take to print the token: it may ask a
// metadata server, and it must not hold up the boot for ever.
const identityCommandBound = 15 * time.Second

// identityFromEnv is nil if nothing is configured.
func identityFromEnv(get func(string) string) (Identity, error) {
	if token := get(EnvIdentityToken); token != "" {
		return func(context.Context) (string, error) { return token, nil }, nil
	}
	if path := get(EnvIdentityTokenFile); path != "" {
		return func(context.Context) (string, error) {
			data, err := os.ReadFile(path)
			if err != nil {
				return "", fmt.Errorf("%s: %w", EnvIdentityTokenFile, err)
			}
			return oneToken(EnvIdentityTokenFile, data)
		}, nil
	}
	if line := get(EnvIdentityTokenCommand); line != "" {
		argv, err := shellwords.Parse(line)
		if err != nil || len(argv) == 0 {
			return nil, fmt.Errorf("%s: expected a command with its arguments, got one that does not parse", EnvIdentityTokenCommand)
		}
		return func(ctx context.Context) (string, error) {
			ctx, cancel := context.WithTimeout(ctx, identityCommandBound)
			defer cancel()
			cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
			cmd.WaitDelay = time.Second // a grandchild that keeps the pipe open
			data, err := cmd.Output()
			if err != nil {
				return "", fmt.Errorf("%s: running %s: %w", EnvIdentityTokenCommand, argv[0], err)
			}
			return oneToken(EnvIdentityTokenCommand, data)
		}, nil
	}
	return nil, nil
}

// oneToken trims a token and refuses what could not stand in a header.
func oneToken(from string, data []byte) (string, error) {
	token := string(bytes.TrimSpace(data))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s: expected one token, got %d bytes that are none", from, len(data))
	}
	return token, nil
}
