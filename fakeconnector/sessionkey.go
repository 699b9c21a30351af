package fakeconnector

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// sessionKeys are the keys under which a gateway may run the turn of an event. Which of
// them it takes depends on its own switches and revision, which the wire does not show; an
// interrupt or follow-up that names any of them means this event's conversation. The
// namespace is always the default one.
func sessionKeys(src protocol.Source) []string {
	var keys []string
	for _, revision := range []string{protocol.Baseline, "2026-07", "2026-08"} {
		for _, shared := range []bool{false, true} {
			for _, perThread := range []bool{false, true} {
				for _, more := range [][]string{nil, {src.Platform}} {
					key := protocol.SessionKey(src, protocol.SessionKeyOptions{
						SharedGroups: shared, PerUserThreads: perThread, Revision: revision, MorePlatforms: more})
					if !slices.Contains(keys, key) {
						keys = append(keys, key)
					}
				}
			}
		}
	}
	return keys
}

const defaultNamespace = "agent:main"

// withoutProfile gives a session key the default namespace: the profile of a turn is the
// gateway's own business.
func withoutProfile(key string) string {
	rest, ok := strings.CutPrefix(key, "agent:")
	if !ok {
		return key
	}
	if _, rest, ok = strings.Cut(rest, ":"); !ok {
		return key
	}
	return defaultNamespace + ":" + rest
}

// interactionSource is the source of the event that a gateway makes of a forwarded Discord
// interaction (contract, section "Passthrough").
func interactionSource(f *protocol.Forward) (protocol.Source, bool) {
	i, ok := interaction(f)
	if !ok {
		return protocol.Source{}, false
	}
	src := protocol.Source{Platform: protocol.PlatformRelay, ChatID: i.ChannelID, ChatType: "dm"}
	if i.GuildID != "" {
		src.ChatType, src.GuildID, src.ScopeID = "channel", protocol.Some(i.GuildID), protocol.Some(i.GuildID)
	}
	user := i.User.ID
	if i.Member.User.ID != "" {
		user = i.Member.User.ID
	}
	if user != "" {
		src.UserID = protocol.Some(user)
	}
	return src, true
}

type discordInteraction struct {
	Type      int    `json:"type"`
	ChannelID string `json:"channel_id"`
	GuildID   string `json:"guild_id"`
	Token     string `json:"token"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
	Member struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"member"`
	Channel struct {
		Type     int    `json:"type"`
		ParentID string `json:"parent_id"`
	} `json:"channel"`
}

func interaction(f *protocol.Forward) (discordInteraction, bool) {
	var i discordInteraction
	body, err := f.Body()
	if f.Platform != "discord" || err != nil || json.Unmarshal(body, &i) != nil {
		return i, false
	}
	return i, true
}
