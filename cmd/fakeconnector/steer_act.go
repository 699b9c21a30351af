package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

func closeCommand() *cobra.Command {
	var how api.Close
	cmd := &cobra.Command{
		Use: "close (SESSION | GATEWAY) [--code N] [--reason TEXT] [--how close-frame|fin|rst]", Short: "End a session", Args: cobra.ExactArgs(1),
		Example: "  fakeconnector close gw-1 --code 4401 --reason unauthorized\n  fakeconnector close s3 --how rst",
	}
	cmd.Flags().IntVar(&how.Code, "code", 1000, "close code")
	cmd.Flags().StringVar(&how.Reason, "reason", "", "its reason")
	cmd.Flags().StringVar(&how.How, "how", "close-frame", "a close frame, or the end of TCP without one: fin or rst")
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
		id, err := sessionOf(ctx, c, args[0])
		if err != nil {
			return err
		}
		return c.CloseSession(ctx, id, how)
	})
}

func revokeCommand() *cobra.Command {
	return steer(&cobra.Command{Use: "revoke GATEWAY", Short: "Drop a gateway's secrets and close its session with 4401", Args: cobra.ExactArgs(1),
		Example: "  fakeconnector revoke gw-1"},
		func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			return c.Revoke(ctx, args[0])
		})
}

func rotateCommand() *cobra.Command {
	var drop bool
	cmd := &cobra.Command{Use: "rotate GATEWAY [--drop-old]", Short: "Give a gateway a new secret, and print it, this once", Args: cobra.ExactArgs(1),
		Example: "  fakeconnector rotate gw-1 | tee gw.env"}
	cmd.Flags().BoolVar(&drop, "drop-old", false, "end the rotation window: older secrets verify no more")
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
		made, err := c.Rotate(ctx, args[0])
		if err == nil && drop {
			err = c.DropOldSecrets(ctx, args[0])
		}
		if err != nil {
			return err
		}
		return s.print(made, func(w io.Writer) error { return tellCredentials(ctx, w, c, made) })
	})
}

func flipCommand() *cobra.Command {
	return steer(&cobra.Command{Use: "flip INSTANCE", Short: "Make an instance buffered-only until its next handshake", Args: cobra.ExactArgs(1),
		Example: "  fakeconnector flip inst-1"},
		func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			i, err := c.Flip(ctx, args[0])
			if err != nil {
				return err
			}
			return s.print(i, func(w io.Writer) error { _, err := fmt.Fprintf(w, "%s is %s\n", i.ID, i.State); return err })
		})
}

func wakeCommand() *cobra.Command {
	return steer(&cobra.Command{Use: "wake INSTANCE", Short: "Request the wake URL of an instance, unless that was just done", Args: cobra.ExactArgs(1),
		Example: "  fakeconnector wake inst-1"},
		func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			woken, err := c.Wake(ctx, args[0])
			if err != nil {
				return err
			}
			return s.print(woken, func(w io.Writer) error {
				text := "requested"
				if !woken.Requested {
					text = "not requested: it has no wake URL, or was woken within the cooldown"
				}
				_, err := fmt.Fprintln(w, text)
				return err
			})
		})
}

func resetCommand() *cobra.Command {
	return steer(&cobra.Command{
		Use: "reset", Short: "Put the namespace back to how it began", Args: cobra.NoArgs,
		Long: "reset ends the sessions with 1001, and begins anew with what the configuration says, and an\nempty journal. Gateways that the configuration has dial again and are served.",
	}, func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
		n, err := c.Reset(ctx)
		if err != nil {
			return err
		}
		return s.print(n, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s was reset; it has %s\n", n.Name, plural(n.Gateways, "gateway"))
			return err
		})
	})
}
