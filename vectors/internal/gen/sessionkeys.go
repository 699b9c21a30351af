package gen

import (
	"fmt"
	"slices"
	"strings"
)

func init() {
	ops["session-key/key"] = op{
		doc: "The session key of a source. Per-user group sessions are on unless said otherwise, per-user thread sessions off; " +
			"the profile is the one that the turn runs under; the revision decides about Slack's scope (2026-07) and prospective threads (2026-08).",
		input: m{"source": object, "revision": enum("2026-06", "2026-07", "2026-08"), "profile?": str, "group_sessions_per_user?": boolean, "thread_sessions_per_user?": boolean}, output: str}
}

var knownPlatforms = strings.Fields("local telegram discord whatsapp whatsapp_cloud slack signal mattermost matrix homeassistant email sms dingtalk api_server webhook msgraph_webhook feishu wecom wecom_callback weixin bluebubbles qqbot yuanbao relay")

// keyCall is a source with the settings that count.
type keyCall struct {
	source            map[string]any
	profile           string
	sharedGroups      bool
	perUserThreads    bool
	groupSet, userSet bool
	profileSet        bool
}

func (k keyCall) text(name string) string { s, _ := k.source[name].(string); return s }

// key is the contract's formula.
func (k keyCall) key(revision string) string {
	parts := []string{"agent", "main"}
	if k.profile != "" && k.profile != "default" {
		parts[1] = k.profile
	}
	platform := k.text("platform")
	if !slices.Contains(knownPlatforms, platform) {
		platform = "relay"
	}
	person := func(id string) string {
		if strings.HasPrefix(platform, "whatsapp") {
			id = strings.TrimPrefix(before(before(id, "@"), ":"), "+")
		}
		return id
	}
	participant := person(k.text("user_id"))
	if alt := k.text("user_id_alt"); alt != "" {
		participant = person(alt)
	}
	chat, thread, kind := k.text("chat_id"), k.text("thread_id"), k.text("chat_type")
	slot := kind
	if next := k.text("prospective_thread_id"); thread == "" && next != "" && revision >= "2026-08" {
		thread, slot = next, "thread"
	}
	parts = append(parts, platform, slot)
	if platform == "slack" && revision >= "2026-07" {
		parts = append(parts, k.text("scope_id"))
	}
	if kind == "dm" {
		if chat = person(chat); chat == "" {
			chat = participant
		}
		parts = append(parts, chat, thread)
	} else {
		parts = append(parts, chat, thread)
		if !k.sharedGroups && (thread == "" || k.perUserThreads) {
			parts = append(parts, participant)
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ":")
}

// about names the rule and the cause of a call.
func (k keyCall) about(revision string) (rule, cause, comment string) {
	dm, thread := k.text("chat_type") == "dm", k.text("thread_id") != ""
	_, alt := k.source["user_id_alt"]
	platform := k.text("platform")
	switch {
	case k.text("prospective_thread_id") != "" && thread:
		return "session-key/prospective", "real-thread-wins", "A real thread goes before a prospective one."
	case k.text("prospective_thread_id") != "":
		if revision < "2026-08" {
			return "session-key/group", "prospective-ignored", "Before 2026-08 a prospective thread is an unknown field."
		}
		return "session-key/prospective", map[bool]string{true: "prospective-per-user", false: "prospective"}[k.perUserThreads], "A prospective thread stands in for the thread, and the chat type reads thread."
	case platform == "slack" && k.text("scope_id") != "" && revision >= "2026-07":
		return "session-key/slack-scope", "slack-scope-" + map[bool]string{true: "dm", false: "group"}[dm], "Slack's scope stands after the chat type."
	case platform == "slack" && k.text("scope_id") != "":
		return "session-key/" + map[bool]string{true: "dm", false: "group"}[dm], "slack-scope-ignored", "Before 2026-07 no scope is part of a key."
	case k.text("scope_id") != "" || k.text("guild_id") != "":
		return "session-key/" + map[bool]string{true: "dm", false: "group"}[dm], "scope-ignored", "The scope is no part of the key."
	case !slices.Contains(knownPlatforms, platform):
		return "session-key/unknown-platform", "unknown-platform", "An unknown platform reads relay."
	case k.profileSet && (k.profile == "" || k.profile == "default"):
		return "session-key/namespace", "main-profile", "An empty profile and default are the main one."
	case k.profileSet:
		return "session-key/namespace", "profile", "A profile replaces main, whatever it holds."
	case k.source["profile"] != nil:
		return "session-key/namespace", "profile-of-source-ignored", "The profile of a source does not change a key."
	case strings.HasPrefix(platform, "whatsapp") && strings.ContainsAny(k.text("chat_id")+k.text("user_id")+k.text("user_id_alt"), "@+:"):
		return "session-key/whatsapp", "whatsapp-" + map[bool]string{true: "dm", false: "group"}[dm], "WhatsApp identifiers lose their leading +, :device and @domain; a group's own chat does not."
	case alt && k.text("chat_id") != "":
		return "session-key/alt-first", map[bool]string{true: "alt", false: "alt-empty"}[k.text("user_id_alt") != ""], "user_id_alt goes before user_id, unless it is empty."
	case dm && k.text("chat_id") == "":
		return "session-key/dm-fallback", "no-chat", "Without a chat the participant stands in, and without either the place is left out."
	case dm && (k.groupSet || k.userSet):
		return "session-key/dm", "switches-do-not-matter", "The switches do not matter in a direct message."
	case k.source["chat_id_alt"] != nil || k.source["parent_chat_id"] != nil || k.source["message_id"] != nil:
		return "session-key/" + map[bool]string{true: "dm", false: "group"}[dm], "other-ids-ignored", "Other ids are no part of the key."
	case strings.IndexFunc(k.text("chat_id")+k.text("user_id"), func(r rune) bool { return r > 127 || r == ':' || r == ' ' }) >= 0:
		return "session-key/verbatim", "verbatim", "Ids go in as they are."
	case dm:
		return "session-key/dm", map[bool]string{true: "dm-thread", false: "dm"}[thread], "Namespace, platform, dm, chat, and the thread if there is one."
	case k.groupSet || k.userSet || thread:
		if thread {
			return "session-key/thread-shared", fmt.Sprintf("thread-groups-%v-threads-%v", !k.sharedGroups, k.perUserThreads), "In a thread the participant is there only with both switches on."
		}
		return "session-key/participant", fmt.Sprintf("no-thread-groups-%v", !k.sharedGroups), "Outside of threads per-user group sessions decide about the participant."
	case k.text("chat_id") == "" || k.text("user_id") == "":
		return "session-key/group", "absent-parts", "A part that is absent, null or empty is left out with its colon."
	}
	return "session-key/group", "group-" + slug(k.text("chat_type")), "Namespace, platform, chat type as sent, chat, participant."
}

func describeSessionKeys(b *builder) {
	g := b.group("session-keys", "Session keys: the name of a conversation, which both sides compute on their own and must agree on.")
	convert := func(r *rec, revision string) {
		var in struct {
			Source map[string]any
			Group  *bool   `json:"group_sessions_per_user"`
			Thread *bool   `json:"thread_sessions_per_user"`
			Prof   *string `json:"profile"`
		}
		r.decode(&in)
		if t, has := in.Source["chat_type"].(string); !has || t == "" {
			r.leftOut = open + "the session key of a source without a chat type"
			return
		}
		if _, number := in.Source["thread_id"].(float64); number {
			r.leftOut = "a thread_id is a text; what a number does to a key, the contract does not say"
			return
		}
		k := keyCall{source: in.Source}
		if in.Group != nil {
			k.groupSet, k.sharedGroups = true, !*in.Group
		}
		if in.Thread != nil {
			k.userSet, k.perUserThreads = true, *in.Thread
		}
		if in.Prof != nil {
			k.profileSet, k.profile = true, *in.Prof
		}
		var said string
		r.expected(&said)
		if said != k.key(revision) {
			panic(fmt.Sprintf("session-keys: %s: recorded %s, formula %s", r.Name, said, k.key(revision)))
		}
		g.addKey(k, revision, r.Name, r)
	}
	for _, r := range b.recorded("session_keys.2026-06.json") {
		convert(r, "2026-06")
	}
	for _, r := range b.later("session_keys.2026-08.json", "session_keys.2026-06.json") {
		convert(r, "2026-08")
	}
	g.ownKeys()
}

func (g *group) addKey(k keyCall, revision, name string, r *rec) {
	in := m{"source": k.source, "revision": revision}
	if k.profileSet {
		in["profile"] = k.profile
	}
	if k.groupSet {
		in["group_sessions_per_user"] = !k.sharedGroups
	}
	if k.userSet {
		in["thread_sessions_per_user"] = k.perUserThreads
	}
	d := c{op: "session-key/key", in: in, out: k.key(revision), from: r}
	d.rule, d.cause, d.comment = k.about(revision)
	name = strings.NewReplacer("+", " with ", "''", "empty", "None", "null").Replace(name)
	d.id = "session-key-" + slug(name)
	if revision != "2026-06" {
		d.id += "-" + revision
	}
	switch d.rule {
	case "session-key/slack-scope":
		d.since = "2026-07"
	case "session-key/prospective":
		d.since = "2026-08"
	}
	if d.since != "" {
		d.flags = []string{laterFlag}
	}
	g.add(d)
}

// ownKeys are the cases that the recorded data lacks.
func (g *group) ownKeys() {
	src := func(pairs ...any) map[string]any {
		s := map[string]any{"platform": "discord", "chat_id": "C1", "chat_type": "channel", "user_id": "U1"}
		for i := 0; i < len(pairs); i += 2 {
			s[pairs[i].(string)] = pairs[i+1]
		}
		return s
	}
	add := func(name, revision string, s map[string]any, change ...func(*keyCall)) {
		k := keyCall{source: s}
		for _, f := range change {
			f(&k)
		}
		g.addKey(k, revision, name, nil)
	}
	for _, p := range knownPlatforms {
		if p != "slack" && !strings.HasPrefix(p, "whatsapp") {
			add("known platform "+p, "2026-06", src("platform", p, "chat_type", "group"))
		}
	}
	for _, p := range []string{"carrierpigeon", "", "discord2", "relay2"} {
		add("unknown platform "+map[bool]string{true: "empty", false: p}[p == ""], "2026-06", src("platform", p))
	}
	device := "15551234567:12@s.whatsapp.net"
	for _, id := range []struct{ name, value string }{{"device", device}, {"plus", "+15551234567"}, {"plus domain", "+15551234567@s.whatsapp.net"}, {"device alone", "15551234567:3"}, {"lid", "9988@lid"}, {"plus inside", "1555+1234567@s.whatsapp.net"}} {
		add("whatsapp dm "+id.name, "2026-06", src("platform", "whatsapp", "chat_type", "dm", "chat_id", id.value))
		add("whatsapp group participant "+id.name, "2026-06", src("platform", "whatsapp", "chat_type", "group", "chat_id", "120363@g.us", "user_id", id.value))
	}
	add("whatsapp dm alt stands in", "2026-06", src("platform", "whatsapp", "chat_type", "dm", "chat_id", "", "user_id_alt", device))
	add("whatsapp cloud dm plus number", "2026-06", src("platform", "whatsapp_cloud", "chat_type", "dm", "chat_id", "+15551234567"))
	add("whatsapp group alt", "2026-06", src("platform", "whatsapp", "chat_type", "group", "chat_id", "120363@g.us", "user_id_alt", device))
	add("whatsapp group thread", "2026-06", src("platform", "whatsapp", "chat_type", "group", "chat_id", "1:2@g.us", "thread_id", "T@1"))
	add("signal plus stays", "2026-06", src("platform", "signal", "chat_type", "dm", "chat_id", "+15551234567"))
	add("email at stays", "2026-06", src("platform", "email", "chat_type", "dm", "chat_id", "a:b@c.example"))
	add("chat with colon and thread", "2026-06", src("chat_id", "a:b", "thread_id", "c:d"))
	add("upper case ids", "2026-06", src("chat_id", "C One", "user_id", "U ONE"))
	add("nfd and nfc differ", "2026-06", src("chat_id", "e\u0301"))
	add("emoji id", "2026-06", src("chat_id", "\U0001f600"))
	add("both absent", "2026-06", map[string]any{"platform": "discord", "chat_id": "C1", "chat_type": "group", "user_id": nil, "user_id_alt": nil})
	add("dm no chat no user", "2026-06", src("chat_type", "dm", "chat_id", "", "user_id", nil))
	add("dm no chat alt before user", "2026-06", src("chat_type", "dm", "chat_id", "", "user_id_alt", "UA"))
	add("dm no chat empty alt", "2026-06", src("chat_type", "dm", "chat_id", "", "user_id_alt", ""))
	add("dm no chat no user thread", "2026-06", src("chat_type", "dm", "chat_id", "", "user_id", "", "thread_id", "T1"))
	add("chat type as sent", "2026-06", src("chat_type", "supergroup"))
	add("chat type case", "2026-06", src("chat_type", "Channel"))
	add("chat type dm case", "2026-06", src("chat_type", "DM"))
	for _, p := range []string{"Default", "DEFAULT", " default", "main", "a/b", "\u00e9"} {
		add("profile "+map[bool]string{true: "spaced "}[p[0] == ' ']+map[bool]string{true: "upper "}[strings.ToUpper(p) == p && p != "\u00e9"]+map[bool]string{true: "capital "}[p == "Default"]+map[bool]string{true: "not ascii"}[p == "\u00e9"]+p, "2026-06", src(), func(k *keyCall) { k.profileSet, k.profile = true, p })
	}
	for _, rev := range []string{"2026-06", "2026-07", "2026-08"} {
		for _, t := range []string{"dm", "channel", "thread"} {
			add("slack scope "+t, rev, src("platform", "slack", "scope_id", "S1", "chat_type", t))
		}
		add("slack no scope", rev, src("platform", "slack"))
		add("slack empty scope", rev, src("platform", "slack", "scope_id", ""))
		add("discord scope", rev, src("scope_id", "S1"))
		add("prospective", rev, src("prospective_thread_id", "M1"))
		add("prospective empty", rev, src("prospective_thread_id", ""))
		add("prospective with empty thread", rev, src("prospective_thread_id", "M1", "thread_id", ""))
	}
	add("slack scope and prospective", "2026-08", src("platform", "slack", "scope_id", "S1", "prospective_thread_id", "M1"))
	add("prospective shared groups", "2026-08", src("prospective_thread_id", "M1"), func(k *keyCall) { k.groupSet, k.sharedGroups, k.userSet, k.perUserThreads = true, true, true, true })
}
