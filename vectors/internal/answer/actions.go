package answer

import (
	"encoding/json"
	"errors"
	"maps"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

func init() {
	ops["action/frame"] = call(actionFrame)
	ops["action/result"] = call(func(in struct{ Result protocol.Result }, _ Input) (any, error) {
		if r := in.Result; !r.Succeeded() {
			return m{"success": false, "error": nullable(r.Error)}, nil
		}
		return m{"success": true, "message_id": nullable(in.Result.MessageID)}, nil
	})
	ops["chat-info/read"] = call(func(in struct {
		ChatID string `json:"chat_id"`
		Result protocol.Result
	}, _ Input) (any, error) {
		if in.Result.Success.IsSet() && !in.Result.Succeeded() {
			return nil, Refusal("declined")
		}
		name, kind := in.Result.Name, in.Result.ChatType
		if info, nested := in.Result.ChatInfo.Get(); nested {
			name, kind = info.Name, info.Type
		}
		return m{"name": name.Or(in.ChatID), "type": kind.Or("dm")}, nil
	})
	ops["interrupt/frame"] = call(func(in struct {
		Key    string               `json:"session_key"`
		Reason protocol.Opt[string] `json:"reason"`
	}, _ Input) (any, error) {
		f := protocol.Interrupt{SessionKey: in.Key}
		if reason, given := in.Reason.Get(); given {
			f.Reason = protocol.Some(reason)
		}
		return encoded(&f)
	})
	ops["hello/open"] = call(func(in struct {
		Base      string
		GatewayID string `json:"gateway_id"`
		Secret    *string
		Platform  string
		BotID     string `json:"bot_id"`
	}, args Input) (any, error) {
		hello, err := encoded(&protocol.Hello{Platform: in.Platform, BotID: in.BotID})
		if err != nil {
			return nil, err
		}
		out := m{"url": protocol.DialURL(in.Base), "bearer": nil, "frames": []any{hello}}
		if in.Secret != nil {
			out["bearer"] = auth.Mint(in.GatewayID, *in.Secret, auth.Expiry(args.Now, auth.DefaultTTL))
		}
		return out, nil
	})
}

func encoded(f protocol.Frame) (json.RawMessage, error) { return protocol.Encode(f) }

// actionFrame sends an action back through the codec, with the scope that the events
// before it gave to its chat.
func actionFrame(in struct {
	Before []protocol.Event
	Action json.RawMessage
	Limit  int    `json:"max_message_length"`
	Unit   string `json:"len_unit"`
}, _ Input) (any, error) {
	action, err := protocol.DecodeAction(in.Action)
	if err != nil {
		return nil, frameRefusal(err)
	}
	scopes := map[string]string{}
	for _, e := range in.Before {
		if guild := e.Source.GuildID.Or(""); guild != "" {
			scopes[e.Source.ChatID] = guild
		}
	}
	echo := func(chat string, given protocol.Opt[protocol.Metadata]) protocol.Opt[protocol.Metadata] {
		metadata := maps.Clone(given.Or(protocol.Metadata{}))
		if _, explicit := metadata["guild_id"]; !explicit && scopes[chat] != "" {
			metadata.Set("guild_id", scopes[chat])
		}
		if len(metadata) == 0 {
			return protocol.Opt[protocol.Metadata]{}
		}
		return protocol.Some(metadata)
	}
	content := ""
	switch a := action.(type) {
	case *protocol.Send:
		content, a.Metadata = a.Content, echo(a.ChatID, a.Metadata)
	case *protocol.Edit:
		content, a.Metadata = a.Content, echo(a.ChatID, a.Metadata)
	case *protocol.Typing:
		a.Metadata = echo(a.ChatID, a.Metadata)
	case *protocol.GetChatInfo, *protocol.FollowUp:
	default:
		return nil, errors.New("expected an action of the baseline, got " + string(action.Op()))
	}
	if protocol.TextLength(content, in.Unit) > in.Limit {
		return nil, Refusal("over-limit")
	}
	return action, nil
}
