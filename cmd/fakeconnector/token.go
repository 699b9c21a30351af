package main

import (
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/protocol/auth"
)

func tokenCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "token",
		Short: "Mint and verify upgrade tokens",
	}, tokenMintCommand(), tokenVerifyCommand())
}

func tokenMintCommand() *cobra.Command {
	var gatewayID, secret string
	var ttl, exp int64
	var now nowFlag
	cmd := &cobra.Command{
		Use:   "mint --gateway-id ID --secret S [--ttl N | --exp N] [--now N]",
		Short: "Print an upgrade token",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if gatewayID == "" {
				return usagef("--gateway-id is empty; a token says who dials")
			}
			if secret == "" {
				return usagef("--secret is empty; a gateway without a secret sends no token at all")
			}
			if !cmd.Flags().Changed("exp") {
				at, err := now.time()
				if err != nil {
					return err
				}
				if ttl < 0 {
					return usagef("--ttl %d is negative; for a token that has expired, give its --exp", ttl)
				}
				if ttl > math.MaxInt64/int64(time.Second) || at.Unix() > math.MaxInt64-ttl {
					return usagef("--ttl %d is out of range; 0 is a token that never expires", ttl)
				}
				exp = auth.Expiry(at, time.Duration(ttl)*time.Second)
			} else if exp < 0 {
				return usagef("--exp %d is negative; it is in unix seconds, 0 for never", exp)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), auth.Mint(gatewayID, secret, exp))
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&gatewayID, "gateway-id", "", "the payload: the gateway's id (required)")
	flags.StringVar(&secret, "secret", "", "the gateway's secret, keyed by its UTF-8 bytes (required)")
	flags.Int64Var(&ttl, "ttl", int64(auth.DefaultTTL/time.Second), "seconds to live from now, 0 for ever")
	flags.Int64Var(&exp, "exp", 0, "the expiry itself, in unix seconds, 0 for never")
	now.register(cmd)
	cmd.MarkFlagsMutuallyExclusive("ttl", "exp")
	mustRequire(cmd, "gateway-id", "secret")
	return cmd
}

func tokenVerifyCommand() *cobra.Command {
	var token string
	var secrets []string
	var now nowFlag
	cmd := &cobra.Command{
		Use:   "verify --token T --secret S [--secret S2 ...] [--now N]",
		Short: "Verify an upgrade token against a rotation list",
		Long: "Prints the payload and exits with 0, or prints why the token is refused and exits\n" +
			"with 1: malformed, bad-signature or expired.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := now.time()
			if err != nil {
				return err
			}
			claims, err := auth.Verify(token, secrets, at)
			if err != nil {
				fmt.Fprintln(cmd.OutOrStdout(), auth.Code(err))
				return exitWith(exitNo)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), claims.Payload)
			return err
		},
	}
	cmd.Flags().StringVar(&token, "token", "", "the token, without `Bearer` (required)")
	cmd.Flags().StringArrayVar(&secrets, "secret", nil, "a secret of the rotation list, repeatable; an empty one is skipped (required)")
	now.register(cmd)
	mustRequire(cmd, "token", "secret")
	return cmd
}

// nowFlag is --now: the moment that counts as now, in unix seconds.
type nowFlag struct {
	cmd     *cobra.Command
	seconds int64
}

func (f *nowFlag) register(cmd *cobra.Command) {
	f.cmd = cmd
	cmd.Flags().Int64Var(&f.seconds, "now", 0, "what counts as now, in unix seconds (default: the clock)")
}

func (f *nowFlag) time() (time.Time, error) {
	if !f.cmd.Flags().Changed("now") {
		return time.Now(), nil
	}
	if f.seconds < 0 {
		return time.Time{}, usagef("--now %d is negative; it is in unix seconds", f.seconds)
	}
	return time.Unix(f.seconds, 0), nil
}

// mustRequire marks flags as required. It panics for a flag that the command lacks,
// which every run of the tool would show.
func mustRequire(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
}
