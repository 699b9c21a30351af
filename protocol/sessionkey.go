package protocol

import (
	"slices"
	"strings"
)

// SessionKeyOptions are what a session key depends on besides its source. The zero
// value is the contract's default for the baseline.
type SessionKeyOptions struct {
	// Profile is the profile under which the turn runs; empty and "default" mean the
	// main one. The profile of a source does not count.
	Profile string
	// SharedGroups turns per-user group sessions off, which are on by default.
	SharedGroups bool
	// PerUserThreads turns per-user thread sessions on, which are off by default.
	PerUserThreads bool
	// Revision is the revision of the contract, such as "2026-08"; empty means the
	// baseline. Slack's scope counts from 2026-07, a prospective thread from 2026-08.
	Revision string
	// MorePlatforms are platforms that count as known besides [KnownPlatforms].
	MorePlatforms []string
}

// KnownPlatforms lists the platforms of the contract, section "Session source". Any
// other is handled as [PlatformRelay], unless a gateway knows more.
func KnownPlatforms() []string {
	return []string{"local", "telegram", "discord", "whatsapp", "whatsapp_cloud", "slack", "signal", "mattermost", "matrix",
		"homeassistant", "email", "sms", "dingtalk", "api_server", "webhook", "msgraph_webhook", "feishu", "wecom",
		"wecom_callback", "weixin", "bluebubbles", "qqbot", "yuanbao", PlatformRelay}
}

// PlatformRelay is what an unknown platform is handled as.
const PlatformRelay = "relay"

// SessionKey is the name of the conversation that a source belongs to, the same text
// on both sides (contract, section "Session key"). Ids go in as they are; only
// WhatsApp's are normalised.
func SessionKey(s Source, o SessionKeyOptions) string {
	namespace := "agent:main"
	if o.Profile != "" && o.Profile != "default" {
		namespace = "agent:" + o.Profile
	}
	platform := s.Platform
	if !slices.Contains(KnownPlatforms(), platform) && !slices.Contains(o.MorePlatforms, platform) {
		platform = PlatformRelay
	}
	normal := func(id string) string { return id }
	if platform == "whatsapp" || platform == "whatsapp_cloud" {
		normal = whatsappID
	}
	participant := s.UserIDAlt.Or("")
	if participant == "" {
		participant = s.UserID.Or("")
	}
	participant = normal(participant)

	chatType, thread := s.ChatType, s.ThreadID.Or("")
	if chatType == "" {
		chatType = "dm" // what an absent chat type means is left open
	}
	dm := chatType == "dm"
	if next := s.ProspectiveThreadID.Or(""); thread == "" && next != "" && o.Revision >= "2026-08" {
		thread, chatType = next, "thread"
	}
	scope := ""
	if platform == "slack" && o.Revision >= "2026-07" {
		scope = s.ScopeID.Or("")
	}
	if dm {
		chat := normal(s.ChatID)
		if chat == "" {
			chat = participant
		}
		return joinKey(namespace, platform, chatType, scope, chat, thread)
	}
	if o.SharedGroups || (thread != "" && !o.PerUserThreads) {
		participant = ""
	}
	return joinKey(namespace, platform, chatType, scope, s.ChatID, thread, participant)
}

// joinKey leaves out empty parts with their colons.
func joinKey(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ":")
}

// whatsappID drops a leading +, a :device part and the @domain.
func whatsappID(id string) string {
	id, _, _ = strings.Cut(id, "@")
	id, _, _ = strings.Cut(id, ":")
	return strings.TrimPrefix(id, "+")
}
