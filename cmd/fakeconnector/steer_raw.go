package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// sessionOf is the live session of a gateway, or the id of a session as it was given.
func sessionOf(ctx context.Context, c *client.Client, named string) (string, error) {
	list, err := c.Sessions(ctx)
	if err != nil {
		return "", err
	}
	for _, x := range list.Sessions {
		if x.Gateway == named && x.Live {
			return x.ID, nil
		}
	}
	return named, nil
}

func tellSent(s *steering, sent api.Sent, err error) error {
	if err != nil {
		return err
	}
	return s.print(sent, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "sent on session %s, after #%d\n", sent.Session, sent.Mark)
		return err
	})
}

func sendCommand() *cobra.Command {
	frame := &cobra.Command{
		Use: "frame (SESSION | GATEWAY) FILE", Short: "Send any frame, which stands in a file as JSON", Args: cobra.ExactArgs(2),
		Long: "frame sends a frame of any type with any members, one line on the wire. Stubs see it. A frame\nof a type that the contract has must have its members. - is standard input.",
		Example: `  echo '{"type":"interrupt_inbound","session_key":"agent:main:discord:dm:C1","chat_id":"C1"}' | fakeconnector send frame gw-1 -
  echo '{"type":"x_later","member":1}' | fakeconnector send frame s3 -`,
	}
	var binary bool
	message := &cobra.Command{
		Use: "message (SESSION | GATEWAY) FILE [--binary]", Short: "Send one WebSocket message as it stands in a file, whatever it is", Args: cobra.ExactArgs(2),
		Long: "message sends the bytes of a file as one WebSocket message: half a frame, several ones, none.\nNo newline is added, and no stub sees it. - is standard input.",
		Example: `  printf '{"type":"inbound","ev' | fakeconnector send message gw-1 -
  fakeconnector send message gw-1 frames.bin --binary`,
	}
	message.Flags().BoolVar(&binary, "binary", false, "as a binary message, not as text")
	return steerHolder("send", "Send frames or bytes of your own on a session",
		steer(frame, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			text, err := readInput(frame, args[1])
			if err != nil {
				return err
			}
			if text = bytes.TrimSpace(text); !json.Valid(text) {
				return usagef("%s: expected one JSON object; \"send message\" sends what is none", args[1])
			}
			id, err := sessionOf(ctx, c, args[0])
			if err != nil {
				return err
			}
			sent, err := c.SendFrame(ctx, id, json.RawMessage(text))
			return tellSent(s, sent, err)
		}),
		steer(message, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			text, err := readInput(message, args[1])
			if err != nil {
				return err
			}
			id, err := sessionOf(ctx, c, args[0])
			if err != nil {
				return err
			}
			sent, err := c.SendMessage(ctx, id, api.Message{Bytes: text, Binary: binary})
			return tellSent(s, sent, err)
		}),
	)
}

func vaultCommand() *cobra.Command {
	n := api.NewCapability{}
	var ttl time.Duration
	put := &cobra.Command{
		Use: "put --tenant ID --session-key KEY --credential TEXT [flags]", Short: "Keep a capability", Args: cobra.NoArgs,
		Long:    "put keeps what a follow-up of the session is carried out with, in place of an earlier one of the\nsame tenant, session and kind. A forwarded request that has one puts it there by itself.",
		Example: "  fakeconnector vault put --tenant acme --session-key agent:main:discord:dm:C1 --credential - --ttl 15m <token.txt",
	}
	var tenant, key, kind string
	remove := &cobra.Command{
		Use: "remove --tenant ID --session-key KEY [--kind KIND]", Short: "Take a capability back", Args: cobra.NoArgs,
		Example: "  fakeconnector vault remove --tenant acme --session-key agent:main:discord:dm:C1",
	}
	for _, f := range []struct {
		cmd               *cobra.Command
		tenant, key, kind *string
	}{{put, &n.Tenant, &n.SessionKey, &n.Kind}, {remove, &tenant, &key, &kind}} {
		f.cmd.Flags().StringVar(f.tenant, "tenant", "", "`id` of the tenant (required)")
		f.cmd.Flags().StringVar(f.key, "session-key", "", "`key` of the session, which push --json shows (required)")
		f.cmd.Flags().StringVar(f.kind, "kind", "", "what it is (default discord.interaction_token)")
		mustRequire(f.cmd, "tenant")
		mustRequire(f.cmd, "session-key")
	}
	put.Flags().StringVar(&n.Credential, "credential", "", "the platform's credential, - to read it from standard input, where no process list shows it (required)")
	mustRequire(put, "credential")
	put.Flags().DurationVar(&ttl, "ttl", 0, "how long it is kept (default for ever)")
	return steerHolder("vault", "List, keep and remove capabilities for follow-ups",
		listing(&cobra.Command{Use: "list", Short: "List the capabilities, without their credentials"}, (*client.Client).Vault,
			"TENANT\tSESSION KEY\tKIND\tUNTIL", func(list api.Vault) (rows [][]string) {
				for _, k := range list.Capabilities {
					rows = append(rows, []string{k.Tenant, k.SessionKey, k.Kind, until(k)})
				}
				return rows
			}),
		steer(put, func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
			if n.Credential == "-" {
				text, err := readInput(put, "-")
				if err != nil {
					return err
				}
				n.Credential = string(bytes.TrimSpace(text))
			}
			n.TTL = api.Duration(ttl)
			kept, err := c.PutCapability(ctx, n)
			if err != nil {
				return err
			}
			return s.print(kept, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s of %s is kept until %s\n", kept.Kind, kept.Tenant, until(kept))
				return err
			})
		}),
		steer(remove, func(ctx context.Context, c *client.Client, _ *steering, _ []string) error {
			return c.DeleteCapability(ctx, tenant, key, kind)
		}),
	)
}

// until is when a capability ends.
func until(k api.Held) string {
	if k.Expires == nil {
		return "it is taken back"
	}
	return k.Expires.Format(time.RFC3339)
}
