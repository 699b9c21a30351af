// Package reference is a gateway that keeps the relay ⇄ connector contract: the
// agent side, a WebSocket client that dials out and opens no port. Embed it, or read
// it beside the contract to write one in another language. Each file holds one part
// of the contract and begins with its rules.
//
// # A bot
//
// A gateway is made with [New] from a [Config] and a [Handler], and lives in [Gateway.Run]:
//
//	config, err := reference.FromEnv(os.Getenv, nil) // GATEWAY_RELAY_URL and its like
//	…
//	gw, err := reference.New(config, reference.HandlerFunc(
//		func(ctx context.Context, turn *reference.Turn) error {
//			who := turn.Event.Source.UserName.Or("you")
//			_, err := turn.Reply(ctx, "Hello "+who+", you said: "+turn.Event.Text)
//			return err
//		}))
//	…
//	go gw.Run(ctx)
//	…
//	gw.Shutdown(ctx) // drains: announces going idle, serves until the ack, closes
//
// A handler runs one turn at a time for each conversation, and those of different ones
// side by side, so what it shares between them needs a lock. It may take as long as it
// likes, and call whatever it likes of the gateway. Its context ends when the connector
// interrupts the turn, and when the gateway stops. What it returns, or a panic, ends its
// turn and is logged, nothing more: to tell the user is the handler's own affair.
//
// [Turn.Reply] answers in the turn's chat and cuts a text that is too long. To write
// elsewhere, edit, show a status or ask about a chat, use [Gateway.Send], [Gateway.Edit],
// [Gateway.Typing] and [Gateway.ChatInfo]; the scope that a connector needs to route
// them goes along by itself. A Discord command arrives as a turn as well, and
// [Gateway.FollowUp] answers it by the turn's session key and the kind
// "discord.interaction_token". While the relay is down each call fails at once with
// [ErrNotConnected], and with [ErrDropped] if it was under way; the gateway dials again
// by itself, and [Gateway.Status] and [Observer] tell where it stands.
//
// Optional members of the contract are protocol.Opt values: read one with Or or Get, and
// make one with protocol.Some.
//
// A bot framework that has several chat platforms takes it as one more of them, see
// [Adapter].
//
// # The files
//
// How the parts fit together, each file a part of the contract:
//
//	config.go, env.go, bounds.go   what a gateway is configured with
//	run.go          the one dialer: a loop of dial → session → decide → wait
//	dial.go         URL, bearer token, upgrade
//	session.go      one live WebSocket: its reader, its writes, its end
//	handshake.go    hello, descriptor, bound; capabilities.go: what the descriptor means
//	decide.go       what a close means: redial, or revoked
//	backoff.go      the ladder of redial delays
//	status.go       where it stands, and why
//	intake.go       from a frame to an accepted event: map, repeat, acknowledge; seen.go
//	passthrough.go  from a platform's request to an event
//	lanes.go        turns: in order within a session key, side by side between them
//	turn.go         what a handler gets; sessionkey.go: the key that it runs under
//	outbound.go     actions out; flight.go: results back by request id
//	scope.go        the scope echo
//	split.go        long texts, in the platform's unit: textlength.go
//	drain.go        going idle and shutdown
//	provision.go, enroll.go, policy.go, identity.go, post.go   the HTTP plane
//	decode.go, object.go, redact.go   a short way through JSON, and logs without secrets
//
// The vocabulary is the contract's: a session is one live WebSocket, a session key
// names a conversation, and the handling of one event is a turn.
package reference
