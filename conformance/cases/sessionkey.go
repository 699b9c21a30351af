package cases

import (
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func sessionKeys() []kit.Case {
	asked := kit.Needs{Driver: []string{"gateway/session_key"}}
	turn := kit.Needs{Driver: []string{"event/inbound"}}
	return []kit.Case{
		{ID: id(protocol.RuleSessionKeyNamespace), Title: "begins its keys with agent:main", Level: kit.Must, Needs: asked, Gateway: namespace},
		{ID: id(protocol.RuleSessionKeyNamespace, "profile"), Title: "does not take a source's profile for its own", Level: kit.Must, Needs: turn, Gateway: foreignProfile},
		{ID: id(protocol.RuleSessionKeyNamespace, "turn"), Title: "runs a turn under a key of that namespace", Level: kit.Must, Needs: turn, Gateway: namespaceOfTurn},
		{ID: id(protocol.RuleSessionKeyNamespace, "source-profile"), Title: "does not take the namespace from the source", Level: kit.Must, Needs: asked, Gateway: namespaceWithoutProfile},
		{ID: id(protocol.RuleSessionKeyDm), Title: "names a direct message by chat and thread", Level: kit.Must, Needs: asked, Gateway: dmKeys},
		{ID: id(protocol.RuleSessionKeyDm, "turn"), Title: "runs a direct message's turn under that key", Level: kit.Must, Needs: turn, Gateway: dmTurn},
		{ID: id(protocol.RuleSessionKeyDmFallback), Title: "names a direct message without a chat by its author", Level: kit.Must, Needs: asked, After: rules(protocol.RuleSessionKeyDm), Gateway: dmFallback},
		{ID: id(protocol.RuleSessionKeyGroup), Title: "names everything else by chat type, chat and thread", Level: kit.Must, Needs: asked, Gateway: groupKeys},
		{ID: id(protocol.RuleSessionKeyGroup, "turn"), Title: "runs a turn in a channel under that key", Level: kit.Must, Needs: turn, After: rules(protocol.RuleSessionKeyParticipant), Gateway: channelTurn},
		{ID: id(protocol.RuleSessionKeyParticipant), Title: "gives everybody outside of threads a session of their own", Level: kit.Must, Needs: asked, Gateway: participants},
		{ID: id(protocol.RuleSessionKeyParticipant, "empty-thread"), Title: "takes a thread_id that is empty for none", Level: kit.Must, Needs: asked, Gateway: participantWithEmptyThread},
		{ID: id(protocol.RuleSessionKeyParticipant, "turn"), Title: "runs the turns of two authors of a channel apart", Level: kit.Must, Needs: turn, Gateway: twoAuthors("")},
		{ID: id(protocol.RuleSessionKeyThreadShared), Title: "gives everybody in a thread one session", Level: kit.Must, Needs: asked, Gateway: sharedThreads},
		{ID: id(protocol.RuleSessionKeyThreadShared, "turn"), Title: "runs the turns of two authors of a thread under one key", Level: kit.Must, Needs: turn, Gateway: twoAuthors("th")},
		{ID: id(protocol.RuleSessionKeyAltFirst), Title: "takes user_id_alt before user_id", Level: kit.Must, Needs: asked, After: rules(protocol.RuleSessionKeyParticipant), Gateway: altFirst},
		{ID: id(protocol.RuleSessionKeyVerbatim), Title: "leaves ids as they are", Level: kit.Must, Needs: asked, After: rules(protocol.RuleSessionKeyParticipant), Gateway: verbatim},
		{ID: id(protocol.RuleSessionKeyUnknownPlatform), Title: "writes a known platform's name, and relay for an unknown one", Level: kit.Must, Needs: asked, Gateway: platforms},
		{ID: id(protocol.RuleSessionKeyWhatsapp), Title: "takes plus, device and domain off WhatsApp's identifiers", Level: kit.Must, Needs: asked, After: rules(protocol.RuleSessionKeyParticipant, protocol.RuleSessionKeyAltFirst), Gateway: whatsapp},
		{ID: id(protocol.RuleSessionKeyWhatsapp, "fallback"), Title: "does so where the author stands for the chat", Level: kit.Must, Needs: asked, After: rules(protocol.RuleSessionKeyDmFallback), Gateway: whatsappFallback},
	}
}

type members = map[string]any

// notDM are the chat types of everything that is no direct message.
func notDM() []string { return []string{"group", "channel", "thread", "forum"} }

// of is a source as a reader of a report sees it.
func of(s members) string {
	var parts []string
	for _, name := range []string{"platform", "chat_type", "chat_id", "thread_id", "user_id", "user_id_alt"} {
		if v, ok := s[name].(string); ok {
			parts = append(parts, fmt.Sprintf("%s %q", name, v))
		}
	}
	return strings.Join(parts, ", ")
}

// namespace: the suite configures no profile, so the turns run under the default one.
func namespace(g *kit.G) {
	for _, chatType := range append(notDM(), "dm") {
		s := g.Source(chatType, g.ID("c"), members{"user_id": g.ID("u")})
		inMain(g, g.SessionKey(s))
	}
}

// namespaceWithoutProfile: the baseline knows no profile of a source, and what a later
// revision makes of one is that revision's.
func namespaceWithoutProfile(g *kit.G) {
	if g.Facts.Revision >= "2026-07" {
		g.NotApplicable("from revision 2026-07 on a source can name the profile that its turn runs under")
	}
	inMain(g, g.SessionKey(g.Source("channel", g.ID("c"), members{"user_id": g.ID("u"), "profile": "coder"})))
}

func namespaceOfTurn(g *kit.G) {
	ev := g.Event("in which namespace")
	g.Push(ev)
	inMain(g, g.TurnKey(ev))
}

// foreignProfile: the suite configures no profile, so there is none but the default to
// run the turn under.
func foreignProfile(g *kit.G) {
	ev := g.Event("for a profile that the gateway has not")
	ev.Source.Profile = protocol.Some("coder")
	g.Push(ev)
	inMain(g, g.TurnKey(ev))
}

func inMain(g *kit.G, key string) {
	if !strings.HasPrefix(key, "agent:main:") {
		g.Mismatch(`a session key that begins with "agent:main:", as no profile is configured`, fmt.Sprintf("%q", key))
	}
}

func dmKeys(g *kit.G) {
	chat, thread := g.ID("c"), g.ID("th")
	everything := members{"user_id": g.ID("u"), "user_id_alt": g.ID("ua"), "chat_id_alt": g.ID("ca"), "parent_chat_id": g.ID("p"), "message_id": g.ID("m")}
	for _, platform := range []string{"discord", "telegram", "signal", "relay"} {
		everything["platform"], everything["thread_id"] = platform, nil
		s := g.Source("dm", chat, everything)
		g.WantKey(g.SessionKey(s), platform+":dm:"+chat, of(s))
		everything["thread_id"] = thread
		s = g.Source("dm", chat, everything)
		g.WantKey(g.SessionKey(s), platform+":dm:"+chat+":"+thread, of(s))
		everything["thread_id"] = chat
		s = g.Source("dm", chat, everything)
		g.WantKey(g.SessionKey(s), platform+":dm:"+chat+":"+chat, of(s))
	}
}

func dmTurn(g *kit.G) {
	ev := direct(g)
	g.Push(ev)
	g.WantKey(g.TurnKey(ev), g.Platform()+":dm:"+ev.Source.ChatID, "a direct message")
}

func direct(g *kit.G) *kit.Event {
	ev := g.Event("in private")
	ev.Source.ChatType = "dm"
	ev.Source.GuildID, ev.Source.ScopeID = protocol.Opt[string]{}, protocol.Opt[string]{}
	return ev
}

func dmFallback(g *kit.G) {
	user, alt, thread := g.ID("u"), g.ID("ua"), g.ID("th")
	for _, c := range []struct {
		members members
		want    string
	}{
		{members{"user_id": user, "user_id_alt": alt}, "dm:" + alt},
		{members{"user_id": user}, "dm:" + user},
		{members{"user_id_alt": alt}, "dm:" + alt},
		{members{"user_id": user, "thread_id": thread}, "dm:" + user + ":" + thread},
		{members{}, "dm"},
		{members{"thread_id": thread}, "dm:" + thread},
		{members{"user_id": user, "chat_id_alt": g.ID("ca"), "parent_chat_id": g.ID("p")}, "dm:" + user},
	} {
		s := g.Source("dm", "", c.members)
		g.WantKey(g.SessionKey(s), g.Platform()+":"+c.want, of(s))
	}
}

// groupKeys has sources without an author, so that who takes part in a session, which
// has rules of its own, does not matter.
func groupKeys(g *kit.G) {
	chat, thread := g.ID("c"), g.ID("th")
	for _, chatType := range notDM() {
		for _, platform := range []string{"discord", "telegram", "relay"} {
			begin := platform + ":" + chatType
			for _, c := range []struct {
				chat    string
				members members
				want    string
			}{
				{chat, members{}, begin + ":" + chat},
				{chat, members{"thread_id": thread}, begin + ":" + chat + ":" + thread},
				{chat, members{"chat_id_alt": g.ID("ca"), "parent_chat_id": g.ID("p"), "message_id": g.ID("m"), "guild_id": g.ID("g")}, begin + ":" + chat},
				{"", members{"thread_id": thread}, begin + ":" + thread},
				{"", members{}, begin},
			} {
				c.members["platform"] = platform
				s := g.Source(chatType, c.chat, c.members)
				g.WantKey(g.SessionKey(s), c.want, of(s))
			}
		}
	}
}

func channelTurn(g *kit.G) {
	ev := g.Event("in a channel")
	g.Push(ev)
	g.WantKey(g.TurnKey(ev), g.Platform()+":channel:"+ev.Source.ChatID+":"+ev.Source.UserID.Or(""), "a message in a channel")
}

func participants(g *kit.G) {
	for _, chatType := range notDM() {
		for _, platform := range knownPlatforms() {
			user := g.ID("u")
			s := g.Source(chatType, g.ID("c"), members{"platform": platform, "user_id": user})
			if key := g.SessionKey(s); !strings.HasSuffix(key, ":"+user) {
				g.Mismatch(fmt.Sprintf("a session key that ends in %q, the participant, for %s", user, of(s)), fmt.Sprintf("%q", key))
			}
		}
	}
}

func participantWithEmptyThread(g *kit.G) {
	for _, chatType := range notDM() {
		chat, user := g.ID("c"), g.ID("u")
		s := g.Source(chatType, chat, members{"thread_id": "", "user_id": user})
		g.WantKey(g.SessionKey(s), g.Platform()+":"+chatType+":"+chat+":"+user, of(s))
	}
}

// twoAuthors sends two events of different authors to one channel, inside of a thread or
// outside of any.
func twoAuthors(thread string) func(*kit.G) {
	return func(g *kit.G) {
		one, two := g.Event("from one author"), g.Event("from another")
		two.Source.ChatID = one.Source.ChatID
		if thread != "" {
			one.Source.ThreadID = protocol.Some(g.ID(thread))
			two.Source.ThreadID = one.Source.ThreadID
		}
		g.Push(one, two)
		a, b := g.TurnKey(one), g.TurnKey(two)
		if thread == "" && a == b {
			g.Mismatch("a session of its own for each author of a channel", fmt.Sprintf("the key %q for both", a))
		}
		if thread != "" && a != b {
			g.Mismatch("one session for all authors of a thread", fmt.Sprintf("the keys %q and %q", a, b))
		}
	}
}

func sharedThreads(g *kit.G) {
	for _, chatType := range notDM() {
		user, alt := g.ID("u"), g.ID("ua")
		s := g.Source(chatType, g.ID("c"), members{"thread_id": g.ID("th"), "user_id": user, "user_id_alt": alt})
		if key := g.SessionKey(s); strings.Contains(key, user) || strings.Contains(key, alt) {
			g.Mismatch("a session key without a participant for "+of(s), fmt.Sprintf("%q", key))
		}
	}
}

func altFirst(g *kit.G) {
	for _, chatType := range notDM() {
		user, alt := g.ID("u"), g.ID("ua")
		for _, c := range []struct {
			members members
			want    string
		}{
			{members{"user_id": user, "user_id_alt": alt}, alt},
			{members{"user_id_alt": alt}, alt},
			{members{"user_id": user, "user_id_alt": nil}, user},
			{members{"user_id": user, "user_id_alt": ""}, user},
		} {
			s := g.Source(chatType, g.ID("c"), c.members)
			key := g.SessionKey(s)
			if !strings.HasSuffix(key, ":"+c.want) || c.want == alt && strings.Contains(key, user) {
				g.Mismatch(fmt.Sprintf("a session key with %q as the participant for %s", c.want, of(s)), fmt.Sprintf("%q", key))
			}
		}
	}
}

// verbatim looks for each part between its colons, wherever it stands.
func verbatim(g *kit.G) {
	odd := []string{"a:b", " C 1 ", "\u00c9\u2603\U0001F600", "e\u0301", "C%3A1", "MixedCase", `quo"te\`, "C/1?x=y#z", "+15551234567", "u:12@example.org", "00.10", "tab\there", strings.Repeat("long", 100)}
	for _, part := range odd {
		for _, s := range []members{
			g.Source("channel", part, members{}),
			g.Source("dm", part, members{"platform": "signal"}),
			g.Source("group", g.ID("c"), members{"thread_id": part}),
			g.Source("group", g.ID("c"), members{"user_id": part}),
			g.Source("group", g.ID("c"), members{"platform": "whatsapp", "thread_id": part}), // a thread is no identifier of WhatsApp's
		} {
			if key := g.SessionKey(s); !strings.Contains(key+":", ":"+part+":") {
				g.Mismatch(fmt.Sprintf("%+q unchanged in the session key for %s", part, of(s)), fmt.Sprintf("%+q", key))
			}
		}
	}
}

// knownPlatforms is the contract's list.
func knownPlatforms() []string {
	return strings.Fields(`local telegram discord whatsapp whatsapp_cloud slack signal mattermost matrix homeassistant email sms
		dingtalk api_server webhook msgraph_webhook feishu wecom wecom_callback weixin bluebubbles qqbot yuanbao relay`)
}

func platforms(g *kit.G) {
	for _, platform := range knownPlatforms() {
		s := g.Source("channel", g.ID("c"), members{"platform": platform})
		if key := g.SessionKey(s); !strings.Contains(key, ":"+platform+":") {
			g.Mismatch(fmt.Sprintf("%q in the session key for %s", platform, of(s)), fmt.Sprintf("%q", key))
		}
	}
	unknown := g.ID("pigeon")
	s := g.Source("channel", g.ID("c"), members{"platform": unknown})
	if key := g.SessionKey(s); !strings.Contains(key, ":relay:") || strings.Contains(key, unknown) {
		g.Mismatch("relay in the session key for "+of(s), fmt.Sprintf("%q", key))
	}
}

// numbers are WhatsApp's identifiers of one person.
func numbers() []string {
	return []string{"15551234567", "+15551234567", "15551234567@s.whatsapp.net", "15551234567:12@s.whatsapp.net", "+15551234567:3@s.whatsapp.net"}
}

func whatsapp(g *kit.G) {
	const number, group = "15551234567", "120363@g.us"
	for _, platform := range []string{"whatsapp", "whatsapp_cloud"} {
		ends := func(s members, want string) {
			s["platform"] = platform
			if key := g.SessionKey(s); !strings.HasSuffix(key, ":"+want) {
				g.Mismatch(fmt.Sprintf("a session key that ends in %q for %s", want, of(s)), fmt.Sprintf("%q", key))
			}
		}
		for _, n := range numbers() {
			ends(g.Source("dm", n, members{}), "dm:"+number)
			ends(g.Source("group", group, members{"user_id": n}), group+":"+number)
			ends(g.Source("group", group, members{"user_id": g.ID("u"), "user_id_alt": n}), group+":"+number)
		}
		ends(g.Source("dm", "abc@lid", members{}), "dm:abc")
		ends(g.Source("group", group, members{}), "group:"+group)
		ends(g.Source("group", "+1:2@g.us", members{}), "group:+1:2@g.us")
	}
}

func whatsappFallback(g *kit.G) {
	for _, n := range numbers() {
		s := g.Source("dm", "", members{"platform": "whatsapp", "user_id": n})
		g.WantKey(g.SessionKey(s), "whatsapp:dm:15551234567", of(s))
	}
}
