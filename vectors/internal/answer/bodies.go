package answer

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// Some ops have no function in the protocol package, because they are behaviour of one
// side and not values on the wire. What is here is a second reading of the contract,
// apart from the generator's, so that a vector is never judged by its own author alone.

func init() {
	ops["delivery/sign"] = call(func(in struct {
		Timestamp int64
		Body      body
		Key       string
	}, _ Input) (any, error) {
		b, err := in.Body.bytes()
		return auth.SignDelivery(in.Timestamp, b, in.Key), err
	})
	ops["delivery/verify"] = call(func(in delivery, args Input) (any, error) {
		b, err := in.Body.bytes()
		if err != nil {
			return nil, err
		}
		return true, authRefusal(auth.VerifyDelivery(in.Timestamp, in.Signature, b, in.Keys, args.Now))
	})
	ops["delivery/status"] = call(func(in delivery, args Input) (any, error) {
		b, err := in.Body.bytes()
		if err != nil {
			return nil, err
		}
		if auth.VerifyDelivery(in.Timestamp, in.Signature, b, in.Keys, args.Now) != nil {
			return 401, nil
		}
		var message map[string]json.RawMessage
		if !validUTF8JSON(b) || json.Unmarshal(b, &message) != nil || message == nil {
			return 400, nil
		}
		if event := message["event"]; in.Route == "/" && !strings.HasPrefix(string(event), "{") {
			return 400, nil
		}
		return 200, nil
	})
	ops["text/length"] = call(func(in struct{ Text, Unit string }, _ Input) (any, error) {
		return protocol.TextLength(in.Text, in.Unit), nil
	})
	ops["session-key/key"] = call(func(in struct {
		Source   protocol.Source
		Revision string
		Profile  string
		Groups   *bool `json:"group_sessions_per_user"`
		Threads  bool  `json:"thread_sessions_per_user"`
	}, _ Input) (any, error) {
		return protocol.SessionKey(in.Source, protocol.SessionKeyOptions{Profile: in.Profile, SharedGroups: in.Groups != nil && !*in.Groups,
			PerUserThreads: in.Threads, Revision: in.Revision}), nil
	})
	ops["passthrough/decode"] = call(func(in struct{ Forward json.RawMessage }, _ Input) (any, error) {
		line, err := json.Marshal(m{"type": "passthrough_forward", "forward": in.Forward})
		if err != nil {
			return nil, err
		}
		f, err := protocol.Decode(line)
		if err != nil {
			return nil, frameRefusal(err)
		}
		fw := f.(*protocol.PassthroughForward).Forward
		b, err := fw.Body()
		if err != nil {
			return nil, Refusal("not-base64")
		}
		return m{"platform": fw.Platform, "botId": fw.BotID, "method": fw.Method, "path": fw.Path, "headers": fw.Headers, "body_hex": hex.EncodeToString(b)}, nil
	})
	ops["event/read"] = call(event)
	ops["interaction/event"] = call(interaction)
	ops["policy/declare"] = call(policy)
	ops["policy/accepted"] = call(func(in struct{ Status int }, _ Input) (any, error) { return in.Status == 200, nil })
	ops["provision/body"] = call(provision)
	ops["provision/adopt"] = call(adopt)
	ops["enroll/adopt"] = call(adopt)
	ops["enroll/body"] = call(func(in struct {
		Token string `json:"enrollment_token"`
		ID    string `json:"gateway_id"`
	}, _ Input) (any, error) {
		return m{"enrollmentToken": in.Token, "gatewayId": in.ID}, nil
	})
	ops["reconnect/ladder"] = call(func(in struct{ Dials int }, _ Input) (any, error) {
		out := []int{}
		for i := range in.Dials {
			out = append(out, wait(i))
		}
		return out, nil
	})
	ops["reconnect/within"] = call(func(in struct {
		Rung int
		Wait int `json:"wait_ms"`
	}, _ Input) (any, error) {
		return math.Abs(float64(in.Wait-1000*wait(in.Rung-1))) <= float64(250*wait(in.Rung-1)), nil
	})
	ops["reconnect/waits"] = call(func(in struct{ Outcomes []string }, _ Input) (any, error) {
		out, failures := []int{}, 0
		for _, o := range in.Outcomes {
			if o == "session" {
				failures = 0
			}
			out = append(out, wait(failures))
			failures++
		}
		return out, nil
	})
	ops["revocation/decide"] = call(decide)
}

// call reads the input into a type of the op's own.
func call[T any](f func(T, Input) (any, error)) func(Input, json.RawMessage) (any, error) {
	return func(args Input, input json.RawMessage) (any, error) {
		var in T
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, err
		}
		return f(in, args)
	}
}

type body struct {
	Text string
	Hex  *string
}

func (b body) bytes() ([]byte, error) {
	if b.Hex != nil {
		return hex.DecodeString(*b.Hex)
	}
	return []byte(b.Text), nil
}

type delivery struct {
	Route                string
	Timestamp, Signature string // an absent header reads as the empty text
	Body                 body
	Keys                 []string
}

func validUTF8JSON(data []byte) bool {
	return json.Valid(data) && string(data) == strings.ToValidUTF8(string(data), "")
}

func event(in struct {
	Event    json.RawMessage
	Revision string
}, _ Input) (any, error) {
	line, err := json.Marshal(m{"type": "inbound", "event": in.Event})
	if err != nil {
		return nil, err
	}
	f, err := protocol.Decode(line)
	var fe *protocol.FrameError
	if errors.As(err, &fe) && (fe.Pointer == "/event" || fe.Pointer == "/event/source") {
		return nil, Refusal("unmappable")
	}
	if err != nil {
		return nil, err
	}
	e := f.(*protocol.Inbound).Event
	kind, platform := e.MessageType, e.Source.Platform
	if !slices.Contains(protocol.MessageTypes(), kind) {
		kind = "text"
	}
	if !slices.Contains(protocol.KnownPlatforms(), platform) {
		platform = protocol.PlatformRelay
	}
	scope, author := nullable(e.Source.GuildID), nullable(e.Source.UserName)
	if scope == "" {
		scope = nil
	}
	if in.Revision >= "2026-07" {
		scope = firstOf(e.Source.ScopeID, e.Source.GuildID)
		author = firstOf(e.Source.UserDisplayName, e.Source.UserName, e.Source.UserHandle)
	}
	return m{"text": e.Text, "message_type": kind, "platform": platform, "chat_id": e.Source.ChatID, "chat_type": e.Source.ChatType,
		"user_id": nullable(e.Source.UserID), "thread_id": nullable(e.Source.ThreadID), "scope": scope, "author": author,
		"message_id": nullable(e.MessageID), "reply_to_message_id": nullable(e.ReplyToMessageID), "media_urls": e.MediaURLs.Or([]string{})}, nil
}

func nullable(o protocol.Opt[string]) any {
	if v, ok := o.Get(); ok {
		return v
	}
	return nil
}

func firstOf(options ...protocol.Opt[string]) any {
	for _, o := range options {
		if v := o.Or(""); v != "" {
			return v
		}
	}
	return nil
}

type discordUser struct {
	ID       protocol.Opt[string] `json:"id"`
	Username protocol.Opt[string] `json:"username"`
}

func interaction(in struct {
	Platform string
	Body     body
	Revision string
}, _ Input) (any, error) {
	data, err := in.Body.bytes()
	if err != nil {
		return nil, err
	}
	var p map[string]json.RawMessage
	if in.Platform != "discord" || !validUTF8JSON(data) || json.Unmarshal(data, &p) != nil || p == nil {
		return nil, Refusal("no-interaction")
	}
	var (
		kind           float64
		channel, guild string
		id             protocol.Opt[string]
		member         struct{ User *discordUser }
		user           *discordUser
		options        []struct{ Value string }
		channelInfo    struct {
			Type   int
			Parent protocol.Opt[string] `json:"parent_id"`
		}
	)
	read := func(name string, v any) { _ = json.Unmarshal(p[name], v) } // what is mistyped stays at its zero
	read("type", &kind)
	read("channel_id", &channel)
	read("guild_id", &guild)
	read("id", &id)
	read("member", &member)
	read("user", &user)
	var command struct {
		Name     string          `json:"name"`
		CustomID string          `json:"custom_id"`
		Options  json.RawMessage `json:"options"`
	}
	read("data", &command)
	read("channel", &channelInfo)
	_ = json.Unmarshal(command.Options, &options)
	out := m{"text": "", "message_type": "text", "platform": protocol.PlatformRelay, "chat_id": channel, "chat_type": "dm", "user_id": nil, "user_name": nil,
		"message_id": nullable(id), "scope": nil, "thread_id": nil, "parent_chat_id": nil}
	if guild != "" {
		out["chat_type"], out["scope"] = "channel", guild
	}
	author := member.User
	if author == nil {
		author = user
	}
	if author != nil {
		out["user_id"], out["user_name"] = nullable(author.ID), nullable(author.Username)
	}
	switch kind {
	case 2:
		out["text"] = command.Name
		if in.Revision >= "2026-07" {
			words := []string{"/" + command.Name}
			for _, o := range options {
				words = append(words, o.Value)
			}
			out["text"], out["message_type"] = strings.Join(words, " "), "command"
		}
	case 3:
		out["text"] = command.CustomID
	}
	if t := channelInfo.Type; in.Revision >= "2026-10" && t >= 10 && t <= 12 {
		out["chat_type"], out["thread_id"], out["parent_chat_id"] = "thread", channel, nullable(channelInfo.Parent)
	}
	return out, nil
}

func policy(in struct {
	Platform  string
	Mention   *bool  `json:"require_mention"`
	Free      any    `json:"free_response_channels"`
	AllowBots string `json:"allow_bots"`
	Revision  string
}, _ Input) (any, error) {
	platform, bots := strings.TrimSpace(in.Platform), strings.TrimSpace(in.AllowBots)
	scopes := []string{}
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			scopes = append(scopes, s)
		}
	}
	switch v := in.Free.(type) {
	case string:
		for s := range strings.SplitSeq(v, ",") {
			add(s)
		}
	case []any:
		for _, s := range v {
			text, _ := s.(string)
			add(text)
		}
	}
	mention, allow := in.Mention != nil && *in.Mention, bots == "mentions" || bots == "all"
	said := mention || allow || len(scopes) > 0
	if in.Revision >= "2026-08" {
		said = in.Mention != nil || in.Free != nil || bots != ""
	}
	if platform == "" || platform == "relay" || !said {
		return nil, nil
	}
	return m{"platform": platform, "requireAddress": mention, "freeResponseScopes": scopes, "allowOtherBots": allow}, nil
}

func provision(in struct {
	Hostname, Platform, Endpoint, Revision string
	GatewayID                              string   `json:"gateway_id"`
	BotID                                  string   `json:"bot_id"`
	RouteKeys                              []string `json:"route_keys"`
	InstanceID                             string   `json:"instance_id"`
	WakeURL                                string   `json:"wake_url"`
	DisplayName                            string   `json:"display_name"`
}, _ Input) (any, error) {
	out := m{"gatewayId": in.GatewayID, "platform": in.Platform, "botId": in.BotID, "gatewayEndpoint": in.Endpoint, "routeKeys": in.RouteKeys}
	if in.GatewayID == "" {
		out["gatewayId"] = "gw-" + in.Hostname
	}
	if in.InstanceID != "" {
		out["instanceId"] = in.InstanceID
	}
	if in.WakeURL != "" {
		out["wakeUrl"] = in.WakeURL
	}
	if in.DisplayName != "" && in.Revision >= "2026-07" {
		out["displayName"] = in.DisplayName
	}
	return out, nil
}

func adopt(in struct {
	Status          int
	Body, GatewayID string
}, _ Input) (any, error) {
	if in.Status/100 != 2 {
		return nil, Refusal("refused")
	}
	var answer map[string]any
	if json.Unmarshal([]byte(in.Body), &answer) != nil {
		return nil, Refusal("unusable")
	}
	text := func(name string) string { s, _ := answer[name].(string); return s }
	if text("secret") == "" {
		return nil, Refusal("unusable")
	}
	out := m{"secret": text("secret"), "gatewayId": text("gatewayId"), "deliveryKey": text("deliveryKey")}
	if text("gatewayId") == "" {
		out["gatewayId"] = in.GatewayID
	}
	return out, nil
}

// wait is the rung after so many failures, in seconds.
func wait(failures int) int { return int(min(30, math.Pow(2, float64(failures)))) }

func decide(in struct {
	Revision string
	Sockets  []struct {
		Handshake bool
		Code      *int
		Reason    string
		Asked     bool
	}
}, _ Input) (any, error) {
	out := []string{}
	everShaken, lastChance := false, false
	for _, s := range in.Sockets {
		everShaken = everShaken || s.Handshake
		if s.Asked {
			return append(out, "stay-down"), nil
		}
		refused := s.Code != nil && *s.Code == 4401 && everShaken
		if refused && in.Revision >= "2026-09" && s.Reason == "expired" {
			refused = false
		}
		switch {
		case !refused:
			out, lastChance = append(out, "redial"), false
		case in.Revision < "2026-09" || lastChance:
			return append(out, "disabled"), nil
		default:
			out, lastChance = append(out, "redial-now"), true
		}
	}
	return out, nil
}
