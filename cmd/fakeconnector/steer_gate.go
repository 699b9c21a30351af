package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// silent makes a command of n arguments that changes something and prints nothing.
func silent(cmd *cobra.Command, n int, body func(ctx context.Context, c *client.Client, args []string) error) *cobra.Command {
	cmd.Args = cobra.ExactArgs(n)
	return steer(cmd, func(ctx context.Context, c *client.Client, _ *steering, args []string) error {
		return body(ctx, c, args)
	})
}

// onOff makes a command of n arguments that puts something in force, or with --off out of it.
func onOff(cmd *cobra.Command, n int, on, off func(ctx context.Context, c *client.Client, args []string) error) *cobra.Command {
	var end bool
	cmd.Flags().BoolVar(&end, "off", false, "end that")
	return silent(cmd, n, func(ctx context.Context, c *client.Client, args []string) error {
		if end {
			return off(ctx, c, args)
		}
		return on(ctx, c, args)
	})
}

func bindingsCommand() *cobra.Command {
	author := func(args []string) api.Author { return api.Author{Platform: args[1], UserID: args[2]} }
	grant := func(args []string) api.Grant {
		return api.Grant{Instance: args[0], Platform: args[1], Scope: args[2]}
	}
	view := func(args []string, can bool) api.View {
		return api.View{Hidden: api.Hidden{Author: api.Author{Platform: args[0], UserID: args[1]}, Chat: args[2]}, Can: can}
	}
	cmd := steerHolder("bindings", "Say who may write to which instance",
		bindingsListCommand(),
		onOff(&cobra.Command{
			Use: "author INSTANCE PLATFORM USER [--off]", Short: "Bind an author to an instance, whose owner that makes him",
			Example: "  fakeconnector bindings author inst-1 discord U1",
		}, 3, func(ctx context.Context, c *client.Client, args []string) error {
			return c.BindAuthor(ctx, args[0], author(args))
		}, func(ctx context.Context, c *client.Client, args []string) error {
			return c.UnbindAuthor(ctx, args[0], author(args))
		}),
		onOff(&cobra.Command{
			Use: "grant INSTANCE PLATFORM SCOPE [--off]", Short: "Grant a thread, a chat or a server to an instance",
			Long:    "grant gives a scope to one instance, on the terms of its principal policy. Of several scopes\nthat an event is in, the narrowest that is granted counts alone.",
			Example: "  fakeconnector bindings grant inst-1 discord C1",
		}, 3, func(ctx context.Context, c *client.Client, args []string) error {
			return c.Grant(ctx, grant(args))
		}, func(ctx context.Context, c *client.Client, args []string) error {
			return c.ReleaseGrant(ctx, grant(args))
		}),
		onOff(&cobra.Command{
			Use: "dm-default INSTANCE PLATFORM [--off]", Short: "Grant the direct messages of all who are bound to nobody",
			Example: "  fakeconnector bindings dm-default inst-1 telegram",
		}, 2, func(ctx context.Context, c *client.Client, args []string) error {
			return c.SetDMDefault(ctx, api.DMDefault{Instance: args[0], Platform: args[1]})
		}, func(ctx context.Context, c *client.Client, args []string) error {
			return c.DeleteDMDefault(ctx, api.DMDefault{Instance: args[0], Platform: args[1]})
		}),
		principalCommand(),
		onOff(&cobra.Command{
			Use: "hide PLATFORM USER CHAT [--off]", Short: "Say that somebody is not permitted to view a chat or a server",
			Long:    "hide takes a chat from the sight of an owner: what comes from it is no longer visible for his\ninstance. Everybody sees what nothing was hidden from.",
			Example: "  fakeconnector bindings hide discord U1 C9",
		}, 3, func(ctx context.Context, c *client.Client, args []string) error {
			return c.SetView(ctx, view(args, false))
		}, func(ctx context.Context, c *client.Client, args []string) error {
			return c.SetView(ctx, view(args, true))
		}),
		onOff(&cobra.Command{
			Use: "scope SCOPE TENANT [--off]", Short: "Make a server or workspace belong to a tenant, for the egress guard",
			Example: "  fakeconnector bindings scope G1 acme",
		}, 2, func(ctx context.Context, c *client.Client, args []string) error {
			return c.BindScope(ctx, args[0], args[1])
		}, func(ctx context.Context, c *client.Client, args []string) error {
			return c.UnbindScope(ctx, args[0], args[1])
		}),
		steer(&cobra.Command{
			Use: "link-code INSTANCE", Short: "Make a code that binds whoever sends \"/link CODE\" to the bot", Args: cobra.ExactArgs(1),
			Example: "  fakeconnector bindings link-code inst-1",
		}, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
			code, err := c.CreateLinkCode(ctx, args[0])
			if err != nil {
				return err
			}
			return s.print(code, func(w io.Writer) error { _, err := fmt.Fprintln(w, code.Code); return err })
		}),
	)
	cmd.Long = `bindings shows and changes what the delivery gate goes by, for "publish" and for gateways
that call the /manage routes: whose owner an author is, which scopes an instance was granted
and whom a grant lets in. The contract has it in its section "Delivery gate".`
	return cmd
}

func bindingsListCommand() *cobra.Command {
	return steer(&cobra.Command{Use: "list", Short: "List everything that is bound, granted or hidden", Args: cobra.NoArgs},
		func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
			all, err := c.Bindings(ctx)
			if err != nil {
				return err
			}
			scopes, err := c.Scopes(ctx)
			if err != nil {
				return err
			}
			return s.print(struct {
				api.Bindings
				api.Scopes
			}{all, scopes}, func(w io.Writer) error {
				var rows [][]string
				for _, b := range all.Authors {
					rows = append(rows, []string{"author", b.Platform + "/" + b.UserID, b.Instance})
				}
				for _, g := range all.Grants {
					rows = append(rows, []string{"grant", g.Platform + "/" + g.Scope, g.Instance})
				}
				for _, d := range all.DMDefaults {
					rows = append(rows, []string{"dm-default", d.Platform, d.Instance})
				}
				for _, p := range all.Principals {
					what := p.Principal.Principal
					for _, a := range p.Allow {
						what += " " + a.Platform + "/" + a.UserID
					}
					rows = append(rows, []string{"principal", what, p.Instance})
				}
				for _, h := range all.Hidden {
					rows = append(rows, []string{"hide", h.Chat, h.Platform + "/" + h.UserID})
				}
				for _, x := range scopes.Scopes {
					rows = append(rows, []string{"scope", x.Scope, strings.Join(x.Tenants, ",")})
				}
				return table(w, "KIND\tWHAT\tWHOSE", rows)
			})
		})
}

func principalCommand() *cobra.Command {
	var allow []string
	cmd := &cobra.Command{
		Use: "principal INSTANCE (owner-only | allow-list | any) [--allow PLATFORM/USER …]", Short: "Say whom besides its owner a grant lets in",
		Example: "  fakeconnector bindings principal inst-1 any\n  fakeconnector bindings principal inst-1 allow-list --allow discord/U2 --allow discord/U3",
	}
	cmd.Flags().StringSliceVar(&allow, "allow", nil, "somebody on the list, as `platform/user`, repeatable")
	return silent(cmd, 2, func(ctx context.Context, c *client.Client, args []string) error {
		p := api.Principal{Principal: args[1]}
		for _, one := range allow {
			platform, user, found := strings.Cut(one, "/")
			if !found {
				return usagef("--allow: expected platform/user, got %q", one)
			}
			p.Allow = append(p.Allow, api.Author{Platform: platform, UserID: user})
		}
		return c.SetPrincipal(ctx, args[0], p)
	})
}

func policiesCommand() *cobra.Command {
	var p api.NewPolicy
	set := &cobra.Command{
		Use: "set GATEWAY PLATFORM [--require-address] [--free-scope ID …] [--allow-other-bots]", Short: "Declare a policy for a gateway, in place of the one before",
		Long:    "set declares what a gateway wants to be told of on a platform, as its own POST /relay/policy\nwould. It replaces what was declared before as a whole.",
		Example: "  fakeconnector policies set gw-1 discord --require-address --free-scope C9",
	}
	set.Flags().BoolVar(&p.RequireAddress, "require-address", false, "only what addresses the bot: a mention, an answer to it, a direct message")
	set.Flags().StringSliceVar(&p.FreeResponseScopes, "free-scope", nil, "`id` of a chat that needs no address, repeatable")
	set.Flags().BoolVar(&p.AllowOtherBots, "allow-other-bots", false, "what other bots write as well")
	return steerHolder("policies", "List and set what gateways have declared about relevance",
		listing(&cobra.Command{Use: "list", Short: "List the policies"}, (*client.Client).Policies,
			"GATEWAY\tPLATFORM\tREQUIRE ADDRESS\tFREE SCOPES\tOTHER BOTS", func(list api.Policies) (rows [][]string) {
				for _, p := range list.Policies {
					rows = append(rows, []string{p.Gateway, p.Platform, fmt.Sprint(p.RequireAddress), strings.Join(p.FreeResponseScopes, ","), fmt.Sprint(p.AllowOtherBots)})
				}
				return rows
			}),
		silent(set, 2, func(ctx context.Context, c *client.Client, args []string) error {
			return c.SetPolicy(ctx, args[0], args[1], p)
		}),
		silent(&cobra.Command{Use: "remove GATEWAY PLATFORM", Short: "Take a policy back", Example: "  fakeconnector policies remove gw-1 discord"}, 2,
			func(ctx context.Context, c *client.Client, args []string) error {
				return c.DeletePolicy(ctx, args[0], args[1])
			}),
	)
}
