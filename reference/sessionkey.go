package reference

import (
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// SessionKeyOptions are the settings of a gateway that change its session keys. The
// zero value is the contract's default: one session per user in a group, one session
// for everybody in a thread.
type SessionKeyOptions struct {
	// Profile replaces "main" in the namespace, unless it is empty or "default".
	Profile string
	// SharedGroups gives everybody in a group, channel or forum one session.
	SharedGroups bool
	// PerUserThreads gives every user a session of their own in a thread.
	PerUserThreads bool
}

// SessionKey is the key under which the turns of a source run. It is a pure function
// that both sides must agree on, because an interrupt names a turn by it.
//
// Contract, section "Session key":
//
//   - dm:        ns:platform:dm[:chat][:thread], where chat is chat_id, else
//     user_id_alt, else user_id
//   - otherwise: ns:platform:chat_type[:chat_id][:thread_id][:participant], where the
//     participant is user_id_alt, else user_id, and stands there only where sessions
//     are per user
//   - ns is agent:main, or agent:<profile>
//   - an unknown platform reads relay; WhatsApp identifiers are normalised first
func SessionKey(s protocol.Source, o SessionKeyOptions) string {
	namespace := "agent:main"
	if o.Profile != "" && o.Profile != "default" {
		namespace = "agent:" + o.Profile
	}
	platform := KnownPlatform(s.Platform)
	person := func(id string) string { return id }
	if platform == "whatsapp" || platform == "whatsapp_cloud" {
		person = whatsappID
	}
	key := []string{namespace, platform}
	add := func(part string) {
		if part != "" {
			key = append(key, part)
		}
	}
	user := person(firstOf(s.UserIDAlt.Or(""), s.UserID.Or("")))
	thread := s.ThreadID.Or("")
	if s.ChatType == "dm" {
		key = append(key, "dm")
		add(firstOf(person(s.ChatID), user))
		add(thread)
		return strings.Join(key, ":")
	}
	key = append(key, s.ChatType)
	add(s.ChatID)
	add(thread)
	if !o.SharedGroups && (thread == "" || o.PerUserThreads) {
		add(user)
	}
	return strings.Join(key, ":")
}

// KnownPlatform is a platform's name in a session key: the name itself, or relay for an
// unknown one. (Contract, section "Session source".) Names are compared as they stand:
// the other side, which computes the same key, cannot know what this one would fold.
func KnownPlatform(name string) string {
	switch name {
	case "local", "telegram", "discord", "whatsapp", "whatsapp_cloud", "slack", "signal", "mattermost",
		"matrix", "homeassistant", "email", "sms", "dingtalk", "api_server", "webhook", "msgraph_webhook",
		"feishu", "wecom", "wecom_callback", "weixin", "bluebubbles", "qqbot", "yuanbao":
		return name
	}
	return "relay"
}

// whatsappID takes the leading plus, the device and the domain off a WhatsApp
// identifier: 15551234567:12@s.whatsapp.net becomes 15551234567.
func whatsappID(id string) string {
	id, _, _ = strings.Cut(strings.TrimPrefix(id, "+"), "@")
	id, _, _ = strings.Cut(id, ":")
	return id
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
