package reference

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// The types of a Discord interaction that have a text.
const (
	interactionPing      = 1
	interactionCommand   = 2
	interactionComponent = 3
)

// EventFromForward turns a platform request that the connector passed on into an
// event. The error says why it is none; such a forward is logged and dropped.
//
// Contract, section "Passthrough": a Discord interaction becomes an event of the
// platform relay. Its text is data.name for a command (type 2) and data.custom_id for
// a component (type 3), and empty for other types; a ping (type 1) never arrives.
// chat_id is the channel, chat_type is channel with a guild and dm without, the user
// is member.user or else user, the source's message_id is the interaction's id. The
// credential in it was taken out by the connector; the gateway answers with
// [Gateway.FollowUp], which names it.
func EventFromForward(f protocol.Forward) (protocol.Event, error) {
	if f.Platform != "discord" {
		return protocol.Event{}, fmt.Errorf("expected a Discord interaction, got a request of platform %q", f.Platform)
	}
	body, err := ForwardBody(f)
	if err != nil {
		return protocol.Event{}, err
	}
	in := object(body)
	if in == nil {
		return protocol.Event{}, fmt.Errorf("expected a Discord interaction as a JSON object, got %d bytes that are none", len(body))
	}
	text, err := interactionText(in)
	if err != nil {
		return protocol.Event{}, err
	}
	channel := in.id("channel_id")
	if channel == "" {
		return protocol.Event{}, errors.New("expected a Discord interaction with a channel_id, got none")
	}
	source := protocol.Source{
		Platform:  "relay",
		ChatID:    channel,
		ChatType:  "dm",
		ChatName:  protocol.Null[string](),
		ThreadID:  protocol.Null[string](),
		ChatTopic: protocol.Null[string](),
		UserID:    protocol.Null[string](),
		UserName:  protocol.Null[string](),
	}
	if guild := in.id("guild_id"); guild != "" {
		source.ChatType = "channel"
		// Under both of its names, so that the scope echo serves connectors old and new.
		source.GuildID, source.ScopeID = protocol.Some(guild), protocol.Some(guild)
	}
	if id := in.id("id"); id != "" {
		source.MessageID = protocol.Some(id)
	}
	user := in.object("member").object("user")
	if user.id("id") == "" {
		user = in.object("user")
	}
	if id := user.id("id"); id != "" {
		source.UserID = protocol.Some(id)
		if name := user.text("username"); name != "" {
			source.UserName = protocol.Some(name)
		}
	}
	return protocol.Event{Text: text, MessageType: "text", Source: source}, nil
}

// ForwardBody decodes the exact bytes of the request that was passed on: base64 in its
// standard alphabet, with padding and nothing else, line breaks included.
func ForwardBody(f protocol.Forward) ([]byte, error) {
	body, err := base64.StdEncoding.Strict().DecodeString(f.BodyB64)
	if err != nil || strings.ContainsAny(f.BodyB64, "\r\n") { // which the decoder skips
		return nil, fmt.Errorf("passthrough body: expected base64 with padding, got %d characters that are not", len(f.BodyB64))
	}
	return body, nil
}

func interactionText(in jsonObject) (string, error) {
	kind, err := strconv.ParseFloat(string(in["type"]), 64)
	if err != nil {
		return "", nil // a type that is no number is none that has a text
	}
	data := in.object("data")
	if raw, there := in["data"]; there && data == nil && string(raw) != "null" {
		return "", errors.New("expected the interaction's data as an object, got something else")
	}
	switch kind {
	case interactionPing:
		return "", errors.New("expected an interaction of a user, got a ping, which the connector answers itself")
	case interactionCommand:
		return data.text("name"), nil
	case interactionComponent:
		return data.text("custom_id"), nil
	}
	return "", nil
}
