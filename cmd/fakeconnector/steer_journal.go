package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

func journalCommand() *cobra.Command {
	var q client.Query
	var follow, export bool
	var wait time.Duration
	count := 1
	cmd := &cobra.Command{
		Use:   "journal [--follow | --wait DURATION | --export] [filters]",
		Short: "Show what happened, or follow it, or wait for it",
		Long: `journal prints the newest entries of the journal, --limit of them; with --after those
that follow an entry. --follow goes on as they come, --wait waits until --count of them
match and exits with 1 when they do not come in time, and --export writes everything as
JSON lines. Secrets are replaced by placeholders. Of several filters all must hold.`,
		Example: `  fakeconnector journal --follow --kind frame,violation
  fakeconnector journal --wait 10s --type outbound --chat C1 --after 17
  fakeconnector journal --kind violation`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.BoolVarP(&follow, "follow", "f", false, "go on as entries come")
	f.DurationVar(&wait, "wait", 0, "wait so long for entries")
	f.IntVar(&count, "count", 1, "how many to wait for")
	f.BoolVar(&export, "export", false, "write everything, one JSON object a line")
	f.Int64Var(&q.After, "after", 0, "only entries after this `number`")
	f.IntVar(&q.Limit, "limit", 50, "at most so many, without --follow and --wait")
	f.StringSliceVar(&q.Kinds, "kind", nil, "dial, http, upgraded, refused, message, frame, closed, fault, violation, gate, note")
	f.StringVar(&q.Gateway, "gateway", "", "`id` of a gateway")
	f.StringVar(&q.Instance, "instance", "", "`id` of an instance")
	f.StringVar(&q.Session, "session", "", "`id` of a session")
	f.StringVar(&q.Dir, "dir", "", "who sent it: gateway or connector")
	f.StringVar(&q.Rule, "rule", "", "`id` of the rule of a violation")
	f.StringVar(&q.Type, "type", "", "of a frame, such as outbound")
	f.StringVar(&q.Op, "op", "", "of an outbound action, such as send")
	f.StringVar(&q.ChatID, "chat", "", "`id` of a chat, in a frame")
	f.StringVar(&q.SessionKey, "session-key", "", "`key` of a session, in a frame")
	f.StringVar(&q.RequestID, "request-id", "", "`id` of a request")
	f.StringVar(&q.BufferID, "buffer-id", "", "`id` of a buffered entry")
	f.StringVar(&q.Text, "text", "", "regular `expression` for the text of a frame")
	cmd.MarkFlagsMutuallyExclusive("follow", "wait", "export")
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
		switch {
		case export:
			return c.Export(ctx, s.out)
		case follow:
			return followJournal(ctx, c, s, q)
		case cmd.Flags().Changed("wait"):
			found, err := c.WaitN(ctx, q, count, wait)
			if err != nil {
				return err
			}
			return s.entries(found)
		}
		q.Last = !cmd.Flags().Changed("after")
		found, err := c.Journal(ctx, q)
		if err != nil {
			return err
		}
		return s.entries(found.Entries)
	})
}

// followJournal prints entries as they come, until an interrupt.
func followJournal(ctx context.Context, c *client.Client, s *steering, q client.Query) error {
	for e, err := range c.Follow(ctx, q) {
		switch {
		case errors.Is(err, context.Canceled):
			return nil
		case err != nil:
			return err
		}
		if err := s.entries([]api.Entry{e}); err != nil {
			return err
		}
	}
	return nil
}

// entries prints them, one a line.
func (s *steering) entries(list []api.Entry) error {
	for _, e := range list {
		if s.json {
			line, err := json.Marshal(e)
			if err == nil {
				_, err = fmt.Fprintf(s.out, "%s\n", line)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := tellEntry(s.out, e); err != nil {
			return err
		}
	}
	return nil
}

// tellEntry is an entry in one line.
func tellEntry(w io.Writer, e api.Entry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "#%-5d %s %-9s", e.Seq, e.Wall.Format("15:04:05.000"), e.Kind)
	for _, who := range []string{e.Session, e.Gateway} {
		if who != "" {
			b.WriteString(" " + who)
		}
	}
	switch e.Dir {
	case "gateway":
		b.WriteString(" >")
	case "connector":
		b.WriteString(" <")
	}
	switch {
	case e.Frame != nil:
		b.WriteString(" " + e.Frame.Text)
		if e.Frame.Error != "" {
			b.WriteString(" (no frame: " + e.Frame.Error + ")")
		}
	case e.Message != nil:
		fmt.Fprintf(&b, " %s, %d bytes: %s", e.Message.Opcode, e.Message.Length, strings.ReplaceAll(e.Message.Text, "\n", `\n`))
	case e.Close != nil:
		fmt.Fprintf(&b, " by the %s, %s, code %d %s", e.Close.By, e.Close.How, e.Close.Code, e.Close.Reason)
	case e.Violation != nil:
		fmt.Fprintf(&b, " of %s by #%d: %s", e.Violation.Rule, e.Violation.Of, e.Violation.Text)
	case e.Decision != nil:
		b.WriteString(" " + e.Decision.String())
	case e.Answer != nil:
		fmt.Fprintf(&b, " to #%d %s: HTTP %d %s", e.Answer.Of, e.Answer.Path, e.Answer.Status, e.Answer.Body)
	case e.Dial != nil:
		fmt.Fprintf(&b, " %s %s from %s", e.Dial.Method, e.Dial.Path, e.Dial.Remote)
		if e.Dial.Status != 0 {
			fmt.Fprintf(&b, ": HTTP %d", e.Dial.Status)
		}
		if e.Dial.Body != "" {
			b.WriteString(" " + e.Dial.Body)
		}
	}
	if e.Note != "" {
		b.WriteString(" " + e.Note)
	}
	_, err := fmt.Fprintln(w, b.String())
	return err
}
