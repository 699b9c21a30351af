package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// matchFlags say what a stub applies to.
func matchFlags(f *pflag.FlagSet, n *api.NewStub, jsonMatch *string) {
	m := &n.Match
	f.StringVar(&n.ID, "id", "", "an `id` for the stub")
	f.StringVar(&m.Point, "point", "", "dial, http, upgraded, frame or send (default what --type means, else frame)")
	f.StringVar(&m.Gateway, "gateway", "", "only this gateway's")
	f.StringVar(&m.Instance, "instance", "", "only this instance's")
	f.StringVar(&m.Session, "session", "", "only this session's")
	f.StringVar(&m.Path, "path", "", "only requests of this path, at dial and http")
	f.StringVar(&m.Type, "type", "", "only frames of this type, such as outbound")
	f.StringVar(&m.Op, "op", "", "only actions with this op, such as send")
	f.StringVar(&m.ChatID, "chat", "", "only frames of this chat")
	f.StringVar(&m.SessionKey, "session-key", "", "only frames with this session key")
	f.StringVar(&m.Text, "text", "", "only where this regular `expression` matches the text")
	f.StringVar(jsonMatch, "match-json", "", "only frames that contain this JSON `object`")
	f.IntVar(&n.After, "after", 0, "let so many matches pass")
	f.IntVar(&n.Every, "every", 1, "act on one of so many")
	f.IntVar(&n.Times, "times", 0, "act so often and no more; 0 is always")
}

func faultCommand() *cobra.Command {
	n := api.NewStub{}
	var list bool
	var fields []string
	var jsonMatch string
	cmd := &cobra.Command{
		Use:   "fault NAME [--set FIELD=VALUE …] [match] | fault --list",
		Short: "Put one fault in force",
		Long: `fault makes a stub with one fault: what goes wrong, where, and how often. The match flags
say where; without them it is every frame of every gateway. --set gives a field of the
fault, as JSON, or as text where it is none. --list prints every fault with its fields.
A stub is taken out again with "stub remove", and what it holds let go with "stub release".`,
		Example: `  fakeconnector fault close --set code=4401 --set reason=unauthorized --type outbound --times 1
  fakeconnector fault delay --set by=2s --type outbound_result
  fakeconnector fault refuse --set status=503 --point dial --times 3
  fakeconnector fault withhold --type outbound --op send --chat C1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if list {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list the faults that there are")
	cmd.Flags().StringArrayVar(&fields, "set", nil, "a `field=value` of the fault, repeatable")
	matchFlags(cmd.Flags(), &n, &jsonMatch)
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
		if list {
			kinds, err := c.Faults(ctx)
			if err != nil {
				return err
			}
			return s.print(kinds, func(w io.Writer) error { return tellFaults(w, kinds) })
		}
		fault := api.Fault{"name": quoted(args[0])}
		for _, f := range fields {
			name, value, found := strings.Cut(f, "=")
			if !found || name == "" || name == "name" {
				return usagef("--set: expected field=value, got %q", f)
			}
			if fault[name] = json.RawMessage(value); !json.Valid(fault[name]) {
				fault[name] = quoted(value)
			}
		}
		n.Faults = []api.Fault{fault}
		if jsonMatch != "" {
			n.Match.JSON = json.RawMessage(jsonMatch)
			if !json.Valid(n.Match.JSON) {
				return usagef("--match-json: expected JSON, got %q", jsonMatch)
			}
		}
		made, err := c.CreateStub(ctx, n)
		if err != nil {
			return err
		}
		return s.print(made, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s is in force; end it with: fakeconnector stub remove %s\n", made.ID, made.ID)
			return err
		})
	})
}

func quoted(s string) json.RawMessage {
	text, _ := json.Marshal(s) // a text always encodes
	return text
}

func tellFaults(w io.Writer, kinds api.FaultKinds) error {
	var rows [][]string
	for _, k := range kinds.Faults {
		var schema struct{ Properties map[string]json.RawMessage }
		if err := json.Unmarshal(k.Fields, &schema); err != nil {
			return err
		}
		rows = append(rows, []string{k.Name, strings.Join(slices.Sorted(maps.Keys(schema.Properties)), ", "), strings.Join(k.Points, ", ")})
	}
	return table(w, "FAULT\tFIELDS\tACTS AT", rows)
}

func stubCommand() *cobra.Command {
	return steerHolder("stub", "List, add and remove stubs",
		listing(&cobra.Command{Use: "list", Short: "List the stubs in force, in the order in which they are applied"}, (*client.Client).Stubs,
			"STUB\tHITS\tHELD\tMATCH\tFAULTS", func(list api.Stubs) (rows [][]string) {
				for _, st := range list.Stubs {
					match, _ := json.Marshal(st.Match)
					faults, _ := json.Marshal(st.Faults)
					rows = append(rows, []string{st.ID, fmt.Sprint(st.Hits), fmt.Sprint(st.Held), string(match), string(faults)})
				}
				return rows
			}),
		stubAddCommand(),
		steer(&cobra.Command{Use: "remove ID", Short: "Take a stub out of force and let go of what it holds", Args: cobra.ExactArgs(1),
			Example: "  fakeconnector stub remove stub-1"},
			func(ctx context.Context, c *client.Client, s *steering, args []string) error {
				return c.DeleteStub(ctx, args[0])
			}),
		steer(&cobra.Command{Use: "clear", Short: "Take every stub out of force", Args: cobra.NoArgs},
			func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
				n, err := c.DeleteStubs(ctx)
				if err != nil {
					return err
				}
				return s.print(n, func(w io.Writer) error { _, err := fmt.Fprintf(w, "%d removed\n", n.Removed); return err })
			}),
		steer(&cobra.Command{Use: "release ID", Short: "Let go of what a stub holds, stalls or keeps half open", Args: cobra.ExactArgs(1),
			Example: "  fakeconnector stub release stub-1"},
			func(ctx context.Context, c *client.Client, s *steering, args []string) error {
				n, err := c.Release(ctx, args[0], api.Release{})
				if err != nil {
					return err
				}
				return s.print(n, func(w io.Writer) error { _, err := fmt.Fprintf(w, "%d released\n", n.Released); return err })
			}),
	)
}

func stubAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add FILE", Short: "Put a stub in force that stands in a file as JSON", Args: cobra.ExactArgs(1),
		Long:    "add reads a stub with several faults, - from standard input. For one fault, use \"fault\".",
		Example: `  echo '{"match":{"type":"outbound"},"after":1,"times":1,"faults":[{"name":"withhold"},{"name":"close","code":4401}]}' | fakeconnector stub add -`,
	}
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
		text, err := readInput(cmd, args[0])
		if err != nil {
			return err
		}
		n := api.NewStub{Every: 1}
		if err := decode(args[0], text, &n); err != nil {
			return err
		}
		made, err := c.CreateStub(ctx, n)
		if err != nil {
			return err
		}
		return s.print(made, func(w io.Writer) error { _, err := fmt.Fprintf(w, "%s is in force\n", made.ID); return err })
	})
}
