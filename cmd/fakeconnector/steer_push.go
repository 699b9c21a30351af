package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/protocol"
)

// eventFlags make an event.
type eventFlags struct {
	chat, chatType, text, user, userName, scope, thread, platform, messageType, messageID, file string
}

func (e *eventFlags) register(f *pflag.FlagSet) {
	f.StringVar(&e.chat, "chat", "", "`id` of the chat")
	f.StringVar(&e.chatType, "chat-type", "", "dm, channel, group or thread (default channel with a --scope, else dm)")
	f.StringVar(&e.text, "text", "", "what is said")
	f.StringVar(&e.user, "user", "", "`id` of the author")
	f.StringVar(&e.userName, "user-name", "", "`name` of the author")
	f.StringVar(&e.scope, "scope", "", "`id` of the server or workspace")
	f.StringVar(&e.thread, "thread", "", "`id` of the thread")
	f.StringVar(&e.platform, "platform", "", "the source's platform (default the gateway's)")
	f.StringVar(&e.messageType, "message-type", "", "text, photo, command and so on (default text)")
	f.StringVar(&e.messageID, "message-id", "", "`id` of the message")
	f.StringVar(&e.file, "event", "", "`file` with the event as JSON instead, - for standard input")
}

func (e *eventFlags) event(cmd *cobra.Command) (api.Event, error) {
	var out api.Event
	if e.file != "" {
		text, err := readInput(cmd, e.file)
		if err != nil {
			return out, err
		}
		return out, decode("--event", text, &out)
	}
	if e.chat == "" {
		return out, usagef("--chat: expected the id of a chat, or a whole --event")
	}
	out = api.Event{Text: e.text, MessageType: e.messageType, Source: protocol.Source{Platform: e.platform, ChatID: e.chat, ChatType: e.chatType}}
	for value, field := range map[*string]*protocol.Opt[string]{&e.user: &out.Source.UserID, &e.userName: &out.Source.UserName,
		&e.scope: &out.Source.GuildID, &e.thread: &out.Source.ThreadID, &e.messageID: &out.MessageID} {
		if *value != "" {
			*field = protocol.Some(*value)
		}
	}
	return out, nil
}

func tellDelivery(w io.Writer, d api.Delivery) error {
	how := "sent on session " + d.Session
	if d.BufferID != "" {
		how = "buffered as " + d.BufferID
	}
	_, err := fmt.Fprintf(w, "%s: %s; what follows stands in the journal after #%d\n", d.Instance, how, d.Mark)
	return err
}

func pushCommand() *cobra.Command {
	var e eventFlags
	var instance string
	cmd := &cobra.Command{
		Use:   "push --chat ID --text TEXT [--instance ID] [flags]",
		Short: "Deliver an event to an instance, live or into its buffer",
		Example: `  fakeconnector push --chat C1 --text hi
  fakeconnector push --instance inst-1 --chat C1 --scope G1 --user U1 --text "@bot hi"
  echo '{"text":"hi","source":{"chat_id":"C1"}}' | fakeconnector push --event -`,
		Args: cobra.NoArgs,
	}
	e.register(cmd.Flags())
	cmd.Flags().StringVar(&instance, "instance", "", "`id` of the instance; it can be left out where there is one alone")
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
		event, err := e.event(cmd)
		if err != nil {
			return err
		}
		to, err := theInstance(ctx, c, instance)
		if err != nil {
			return err
		}
		d, err := c.Push(ctx, to, event)
		if err != nil {
			return err
		}
		return s.print(d, func(w io.Writer) error { return tellDelivery(w, d) })
	})
}

func publishCommand() *cobra.Command {
	var e eventFlags
	var p api.Post
	cmd := &cobra.Command{
		Use:   "publish --platform NAME --chat ID --user ID --text TEXT [flags]",
		Short: "Let the delivery gate decide who receives what somebody wrote",
		Long: "publish makes a post arrive from its platform. The delivery gate decides who receives it:\n" +
			"authorised, visible and relevant (contract, section \"Delivery gate\").",
		Example: "  fakeconnector publish --platform discord --chat C1 --scope G1 --user U1 --text \"@bot hi\" --addressed",
		Args:    cobra.NoArgs,
	}
	e.register(cmd.Flags())
	cmd.Flags().BoolVar(&p.Bot, "bot", false, "the author is a bot")
	cmd.Flags().BoolVar(&p.Addressed, "addressed", false, "the agent's bot is mentioned")
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
		event, err := e.event(cmd)
		if err != nil {
			return err
		}
		p.Event = event
		done, err := c.Publish(ctx, p)
		if err != nil {
			return err
		}
		return s.print(done, func(w io.Writer) error {
			fmt.Fprintln(w, done.Decision)
			for _, instance := range slices.Sorted(maps.Keys(done.Deliveries)) {
				if err := tellDelivery(w, done.Deliveries[instance]); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func passthroughCommand() *cobra.Command {
	var instance, platform, botID string
	cmd := &cobra.Command{
		Use:     "passthrough FILE [--instance ID] [flags]",
		Short:   "Pass a platform's HTTP request on to an instance",
		Long:    "passthrough forwards an HTTP request that stands in a file as it does on the wire: request\nline, headers, an empty line, body. - is standard input.",
		Example: `  printf 'POST /interactions HTTP/1.1\r\n\r\n{"type":2,"id":"I1","channel_id":"C1","token":"the-interaction-token"}' | fakeconnector passthrough -`,
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&instance, "instance", "", "`id` of the instance; it can be left out where there is one alone")
	cmd.Flags().StringVar(&platform, "platform", "", "where the request came from (default discord)")
	cmd.Flags().StringVar(&botID, "bot-id", "", "for which bot (default the gateway's)")
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, args []string) error {
		request, err := readInput(cmd, args[0])
		if err != nil {
			return err
		}
		to, err := theInstance(ctx, c, instance)
		if err != nil {
			return err
		}
		d, err := c.Passthrough(ctx, to, platform, botID, request)
		if err != nil {
			return err
		}
		return s.print(d, func(w io.Writer) error { return tellDelivery(w, d) })
	})
}

func interruptCommand() *cobra.Command {
	var instance string
	var i api.Interrupt
	cmd := &cobra.Command{
		Use:     "interrupt --session-key KEY [--chat ID] [--instance ID]",
		Short:   "Stop the turn of a session",
		Example: "  fakeconnector interrupt --session-key agent:main:discord:dm:C1 --chat C1",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&instance, "instance", "", "`id` of the instance; it can be left out where there is one alone")
	cmd.Flags().StringVar(&i.SessionKey, "session-key", "", "`key` of the session, which push --json shows (required)")
	cmd.Flags().StringVar(&i.ChatID, "chat", "", "`id` of its chat")
	mustRequire(cmd, "session-key")
	return steer(cmd, func(ctx context.Context, c *client.Client, s *steering, _ []string) error {
		to, err := theInstance(ctx, c, instance)
		if err != nil {
			return err
		}
		sent, err := c.Interrupt(ctx, to, i)
		return tellSent(s, sent, err)
	})
}
