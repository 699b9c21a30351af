package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/relaykit/relaykit/protocol"
)

// The types of a Discord interaction that have a text.
const (
	interactionPing      = 1
	interactionCommand   = 2
	interactionComponent = 3
)

// interaction is what a gateway reads of a Discord interaction. The inner objects are
// kept raw, because a stray type in one of them must not cost the whole.
type interaction struct {
	Type      json.RawMessage `json:"type"`
	ID        loose           `json:"id"`
	ChannelID loose           `json:"channel_id"`
	GuildID   loose           `json:"guild_id"`
	Data      json.RawMessage `json:"data"`
	Member    json.RawMessage `json:"member"`
	User      json.RawMessage `json:"user"`
}

type interactionUser struct {
	ID       loose `json:"id"`
	Username loose `json:"username"`
}

// loose is an identifier that may have come as a number.
type loose string

// UnmarshalJSON reads a string or a number, and anything else as empty.
func (l *loose) UnmarshalJSON(data []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(data, &s) == nil:
		*l = loose(s)
	case json.Unmarshal(data, &n) == nil:
		*l = loose(n)
	}
	return nil
}

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
	body, err := f.Body()
	if err != nil {
		return protocol.Event{}, err
	}
	var in interaction
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) || json.Unmarshal(body, &in) != nil {
		return protocol.Event{}, fmt.Errorf("expected a Discord interaction as a JSON object, got %d bytes that are none", len(body))
	}
	text, err := in.text()
	if err != nil {
		return protocol.Event{}, err
	}
	if in.ChannelID == "" {
		return protocol.Event{}, errors.New("expected a Discord interaction with a channel_id, got none")
	}
	source := protocol.Source{
		Platform:  "relay",
		ChatID:    string(in.ChannelID),
		ChatType:  "dm",
		ChatName:  protocol.Null[string](),
		ThreadID:  protocol.Null[string](),
		ChatTopic: protocol.Null[string](),
		UserID:    protocol.Null[string](),
		UserName:  protocol.Null[string](),
	}
	if in.GuildID != "" {
		source.ChatType = "channel"
		source.GuildID = protocol.Some(string(in.GuildID))
	}
	if in.ID != "" {
		source.MessageID = protocol.Some(string(in.ID))
	}
	if user := in.user(); user.ID != "" {
		source.UserID = protocol.Some(string(user.ID))
		if user.Username != "" {
			source.UserName = protocol.Some(string(user.Username))
		}
	}
	return protocol.Event{Text: text, MessageType: "text", Source: source}, nil
}

func (in interaction) text() (string, error) {
	var kind float64
	if json.Unmarshal(in.Type, &kind) != nil {
		return "", nil // a type that is no number is none that has a text
	}
	if kind == interactionPing {
		return "", errors.New("expected an interaction of a user, got a ping, which the connector answers itself")
	}
	if kind != interactionCommand && kind != interactionComponent {
		return "", nil
	}
	var data struct {
		Name     loose `json:"name"`
		CustomID loose `json:"custom_id"`
	}
	if len(in.Data) > 0 && json.Unmarshal(in.Data, &data) != nil {
		return "", errors.New("expected the interaction's data as an object, got something else")
	}
	if kind == interactionCommand {
		return string(data.Name), nil
	}
	return string(data.CustomID), nil
}

func (in interaction) user() interactionUser {
	var member struct {
		User json.RawMessage `json:"user"`
	}
	var user interactionUser
	if json.Unmarshal(in.Member, &member) == nil && json.Unmarshal(member.User, &user) == nil && user.ID != "" {
		return user
	}
	user = interactionUser{}
	if json.Unmarshal(in.User, &user) != nil {
		return interactionUser{}
	}
	return user
}
