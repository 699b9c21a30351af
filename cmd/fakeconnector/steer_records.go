package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// steerHolder makes a command of the group that only holds others.
func steerHolder(use, short string, subs ...*cobra.Command) *cobra.Command {
	for _, sub := range subs {
		sub.GroupID = "" // the heading is the holder's
	}
	cmd := group(&cobra.Command{Use: use, Short: short}, subs...)
	cmd.GroupID = steerGroup
	return cmd
}

func gatewaysCommand() *cobra.Command {
	var n api.NewGateway
	add := &cobra.Command{
		Use: "add [--id ID] [flags]", Short: "Store a record, and print its secret, this once", Args: cobra.NoArgs,
		Long: "add stores the record of a gateway. Everything has a default: an id, a secret, a tenant\nand an instance of its own, platform discord.",
	}
	f := add.Flags()
	f.StringVar(&n.ID, "id", "", "the gateway's `id`")
	f.StringVar(&n.Secret, "secret", "", "a secret of your own")
	f.StringVar(&n.Tenant, "tenant", "", "`id` of its tenant")
	f.StringVar(&n.Instance, "instance", "", "`id` of its instance; gateways of one instance share its buffer")
	f.StringVar(&n.Platform, "platform", "", "what its hello should name")
	f.StringVar(&n.BotID, "bot-id", "", "what its hello should name")
	f.StringVar(&n.WakeURL, "wake-url", "", "`URL` that is requested when it sleeps and something comes for it")
	var ttl time.Duration
	token := &cobra.Command{
		Use: "token GATEWAY [--ttl DURATION]", Short: "Mint a token to dial with, for a client of your own that plays the gateway", Args: cobra.ExactArgs(1),
		Long:    "token mints an upgrade token with the gateway's newest secret, which need not be known for it.",
		Example: "  websocat -H \"Authorization: Bearer $(fakeconnector gateways token gw-1 --ttl 5m)\" ws://127.0.0.1:8790/relay",
	}
	token.Flags().DurationVar(&ttl, "ttl", 0, "how long it is good for (default for ever)")
	return steerHolder("gateways", "List, store and remove the records of gateways, and mint tokens to dial with",
		listing(&cobra.Command{Use: "list", Short: "List the records"}, (*client.Client).Gateways,
			"GATEWAY\tTENANT\tINSTANCE\tPLATFORM\tBOT\tSESSION", func(list api.Gateways) (rows [][]string) {
				for _, g := range list.Gateways {
					rows = append(rows, []string{g.ID, g.Tenant, g.Instance, g.Platform, g.BotID, g.Session})
				}
				return rows
			}),
		steer(add, func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
			made, err := c.CreateGateway(ctx, n)
			if err != nil {
				return err
			}
			return s.print(made, func(w io.Writer) error { return tellCredentials(ctx, w, c, made) })
		}),
		steer(&cobra.Command{Use: "remove ID", Short: "Revoke a gateway and forget its record", Args: cobra.ExactArgs(1),
			Example: "  fakeconnector gateways remove gw-1"},
			func(ctx context.Context, c *client.Client, s *steering, args []string) error {
				return c.DeleteGateway(ctx, args[0])
			}),
		steer(token, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			t, err := c.CreateUpgradeToken(ctx, args[0], api.NewUpgradeToken{TTL: api.Duration(ttl)})
			return tellToken(s, t, err)
		}),
	)
}

func tellToken(s *steering, t api.Token, err error) error {
	if err != nil {
		return err
	}
	return s.print(t, func(w io.Writer) error { _, err := fmt.Fprintln(w, t.Token); return err })
}

func instanceCommand() *cobra.Command {
	var ttl time.Duration
	token := &cobra.Command{
		Use: "token INSTANCE [--ttl DURATION]", Short: "Mint a token for the /manage routes", Args: cobra.ExactArgs(1),
		Example: "  curl -s -H \"Authorization: Bearer $(fakeconnector instance token inst-1)\" --json '{}' http://127.0.0.1:8790/manage/link",
	}
	token.Flags().DurationVar(&ttl, "ttl", 0, "how long it is good for (default an hour)")
	return steerHolder("instance", "Mint a token for an instance, or drop it",
		steer(token, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			t, err := c.CreateInstanceToken(ctx, args[0], api.NewInstanceToken{TTL: api.Duration(ttl)})
			return tellToken(s, t, err)
		}),
		silent(&cobra.Command{
			Use: "deprovision INSTANCE", Short: "Drop its bindings, revoke its gateways and close their sessions with 4401",
			Example: "  fakeconnector instance deprovision inst-1",
		}, 1, func(ctx context.Context, c *client.Client, args []string) error {
			return c.Deprovision(ctx, args[0])
		}),
	)
}

// tellCredentials prints what a gateway is configured with, as its environment.
func tellCredentials(ctx context.Context, w io.Writer, c *client.Client, made api.NewGatewayRecord) error {
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "GATEWAY_RELAY_URL=%s\nGATEWAY_RELAY_ID=%s\nGATEWAY_RELAY_SECRET=%s\nGATEWAY_RELAY_PLATFORM=%s\nGATEWAY_RELAY_BOT_ID=%s\n",
		info.RelayURL, made.Gateway.ID, made.Secret, made.Gateway.Platform, made.Gateway.BotID)
	return err
}

func tenantsCommand() *cobra.Command {
	var own string
	identity := &cobra.Command{Use: "identity-token TENANT", Short: "Mint a token with which its gateways provision themselves", Args: cobra.ExactArgs(1),
		Example: "  fakeconnector tenants identity-token acme"}
	identity.Flags().StringVar(&own, "value", "", "a token of your own")
	var ttl time.Duration
	invite := &cobra.Command{Use: "enrollment-token TENANT", Short: "Mint an invitation of a gateway, good for one use", Args: cobra.ExactArgs(1),
		Example: "  fakeconnector tenants enrollment-token acme --ttl 1h"}
	invite.Flags().DurationVar(&ttl, "ttl", 0, "how long it is good for (default for ever)")
	return steerHolder("tenants", "List tenants, and mint tokens for their gateways",
		listing(&cobra.Command{Use: "list", Short: "List the tenants"}, (*client.Client).Tenants,
			"TENANT\tGATEWAYS\tIDENTITY TOKENS", func(list api.Tenants) (rows [][]string) {
				for _, t := range list.Tenants {
					rows = append(rows, []string{t.Tenant, fmt.Sprint(len(t.Gateways)), fmt.Sprint(t.IdentityTokens)})
				}
				return rows
			}),
		steer(identity, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			t, err := c.CreateIdentityToken(ctx, args[0], api.NewIdentityToken{Token: own})
			return tellToken(s, t, err)
		}),
		steer(invite, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			t, err := c.CreateEnrollmentToken(ctx, args[0], api.NewEnrollmentToken{TTL: api.Duration(ttl)})
			return tellToken(s, t, err)
		}),
	)
}

func namespacesCommand() *cobra.Command {
	return steerHolder("namespaces", "List, begin and end namespaces",
		listing(&cobra.Command{Use: "list", Short: "List the namespaces"}, (*client.Client).Namespaces,
			"NAMESPACE\tSINCE\tGATEWAYS\tSESSIONS\tJOURNAL", func(list api.Namespaces) (rows [][]string) {
				for _, n := range list.Namespaces {
					rows = append(rows, []string{n.Name, n.Created.Format(time.RFC3339), fmt.Sprint(n.Gateways), fmt.Sprint(n.Sessions), fmt.Sprint(n.Entries)})
				}
				return rows
			}),
		steer(&cobra.Command{Use: "add NAME", Short: "Begin a namespace, for a test that shares the connector with others", Args: cobra.ExactArgs(1),
			Example: "  fakeconnector namespaces add my-test\n  fakeconnector gateways add -n my-test"},
			func(ctx context.Context, c *client.Client, s *steering, args []string) error {
				_, err := c.CreateNamespace(ctx, args[0])
				return err
			}),
		steer(&cobra.Command{Use: "remove NAME", Short: "End a namespace with everything in it", Args: cobra.ExactArgs(1),
			Example: "  fakeconnector namespaces remove my-test"},
			func(ctx context.Context, c *client.Client, s *steering, args []string) error {
				return c.DeleteNamespace(ctx, args[0])
			}),
	)
}
