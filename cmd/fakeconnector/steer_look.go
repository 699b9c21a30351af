package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

func instancesCommand() *cobra.Command {
	return listing(&cobra.Command{
		Use: "instances", Short: "List the instances and what state they are in",
		Long: "instances lists every instance that the record of a gateway names. live: deliveries go to\nits session; draining: its buffer is being sent; flipped: buffered-only; away: not\nconnected, so that the next delivery waits for it.",
	}, (*client.Client).Instances,
		"INSTANCE\tSTATE\tSESSION\tGATEWAYS\tTENANT\tBUFFERED\tIN FLIGHT\tPARKED", func(list api.Instances) (rows [][]string) {
			for _, i := range list.Instances {
				rows = append(rows, []string{i.ID, i.State, i.Session, strings.Join(i.Gateways, ","), i.Tenant, fmt.Sprint(i.Buffered), fmt.Sprint(i.InFlight), fmt.Sprint(i.Parked)})
			}
			return rows
		})
}

func sessionsCommand() *cobra.Command {
	return listing(&cobra.Command{Use: "sessions", Short: "List the open sessions"}, (*client.Client).Sessions,
		"SESSION\tGATEWAY\tINSTANCE\tSTATE\tSINCE\tREMOTE\tQUEUED", func(list api.Sessions) (rows [][]string) {
			for _, x := range list.Sessions {
				rows = append(rows, []string{x.ID, x.Gateway, x.Instance, strings.Join(states(x), ", "), x.Since.Format(time.TimeOnly), x.Remote, fmt.Sprint(x.Queued)})
			}
			return rows
		})
}

// states are the words for what a session is, in one order.
func states(x api.Session) (words []string) {
	for _, state := range []struct {
		word string
		is   bool
	}{{"live", x.Live}, {"before its handshake", !x.Handshake && !x.Closing}, {"stalled", x.Stalled}, {"closing", x.Closing}} {
		if state.is {
			words = append(words, state.word)
		}
	}
	return words
}

func buffersCommand() *cobra.Command {
	var discard bool
	var limit int
	cmd := &cobra.Command{
		Use: "buffers [INSTANCE] [--discard]", Short: "Show what waits for instances", Args: cobra.MaximumNArgs(1),
		Long:    "buffers lists the buffers that hold an entry, or the entries of one instance: oldest\nfirst, with those that were sent and not acknowledged marked.",
		Example: "  fakeconnector buffers\n  fakeconnector buffers inst-1 --discard",
	}
	cmd.Flags().BoolVar(&discard, "discard", false, "throw away what waits for the instance")
	cmd.Flags().IntVar(&limit, "limit", 20, "entries to show")
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
		switch {
		case discard && len(args) == 0:
			return usagef("--discard: expected the id of an instance")
		case discard:
			n, err := c.DiscardBuffer(ctx, args[0])
			if err != nil {
				return err
			}
			return s.print(n, func(w io.Writer) error { _, err := fmt.Fprintf(w, "%d discarded\n", n.Removed); return err })
		case len(args) == 0:
			list, err := c.Buffers(ctx)
			if err != nil {
				return err
			}
			return s.print(list, func(w io.Writer) error {
				var rows [][]string
				for _, b := range list.Buffers {
					rows = append(rows, []string{b.Instance, fmt.Sprint(b.Total)})
				}
				return table(w, "INSTANCE\tWAITING", rows)
			})
		}
		b, err := c.Buffer(ctx, args[0], limit)
		if err != nil {
			return err
		}
		return s.print(b, func(w io.Writer) error {
			var rows [][]string
			for _, e := range b.Entries {
				state := "waits"
				if e.InFlight {
					state = "unacknowledged"
				}
				rows = append(rows, []string{e.BufferID, state, fmt.Sprint(e.Tries), oneFrame(e.Frame)})
			}
			for _, e := range b.Parked {
				rows = append(rows, []string{e.BufferID, "parked: " + e.Reason, fmt.Sprint(e.Tries), oneFrame(e.Frame)})
			}
			if err := table(w, "ENTRY\tSTATE\tTRIES\tFRAME", rows); err != nil || b.Total <= len(b.Entries) {
				return err
			}
			_, err := fmt.Fprintf(w, "and %d more\n", b.Total-len(b.Entries))
			return err
		})
	})
}

// oneFrame is a frame as JSON in one line.
func oneFrame(frame any) string {
	text, err := json.Marshal(frame)
	if err != nil {
		return err.Error()
	}
	const longest = 200
	if len(text) > longest {
		return string(text[:longest]) + "…"
	}
	return string(text)
}

func snapshotCommand() *cobra.Command {
	return steer(&cobra.Command{Use: "snapshot", Short: "Print the whole state as JSON, without secrets", Args: cobra.NoArgs},
		func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
			all, err := c.Snapshot(ctx)
			if err != nil {
				return err
			}
			return s.print(all, nil)
		})
}
