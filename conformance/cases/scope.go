package cases

import (
	"slices"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func scopes() []kit.Case {
	replies := kit.Needs{Replies: true}
	asked := func(method string) kit.Needs { return kit.Needs{Driver: []string{method}} }
	given := func(variant, method, title string, known bool) kit.Case {
		c := kit.Case{ID: id(protocol.RuleScopeExplicitWins), Title: title, Level: kit.Must, Needs: asked(method), Gateway: explicitWins(method, known)}
		if variant != "" {
			c.ID = id(protocol.RuleScopeExplicitWins, variant)
		}
		return c
	}
	return slices.Concat(echo(protocol.RuleScopeEcho, "guild_id"), echo(protocol.RuleScopeEchoScopeId, "scope_id"), []kit.Case{
		given("", "gateway/send", "sends a caller's scope as it was given", true),
		given("edit", "gateway/edit", "edits with a caller's scope as it was given", true),
		given("typing", "gateway/typing", "shows typing with a caller's scope as it was given", true),
		given("new-chat", "gateway/send", "sends a caller's scope for a chat that nothing came from", false),
		{ID: id(protocol.RuleScopeNotInvented), Title: "answers in a chat without a scope without one", Level: kit.Must, Needs: replies, Gateway: notInvented("channel")},
		{ID: id(protocol.RuleScopeNotInvented, "direct"), Title: "answers a direct message without a scope without one", Level: kit.Must, Needs: replies, Gateway: notInvented("dm")},
		{ID: id(protocol.RuleScopeNotInvented, "new-chat"), Title: "sends without a scope to a chat that nothing came from", Level: kit.Must, Needs: asked("gateway/send"), Gateway: notInventedForNewChat},
		{ID: id(protocol.RuleScopeNotInvented, "redial"), Title: "does so on another session, too", Level: kit.Must, Needs: kit.Needs{Alone: true, Driver: []string{"gateway/send"}},
			After: rules(protocol.RuleReconnectRedial), Gateway: notInventedAfterRedial},
		{ID: id(protocol.RuleScopePerChat), Title: "answers each of several chats with its own scope", Level: kit.Must, Needs: replies, Gateway: ownScopeEach},
		{ID: id(protocol.RuleScopePerChat, "later"), Title: "keeps to a chat's scope when another chat was heard since", Level: kit.Must, Needs: replies, Gateway: ownScopeLater},
		{ID: id(protocol.RuleScopePerChat, "same-author"), Title: "keeps the chats apart in which the same author writes", Level: kit.Must, Needs: replies, Gateway: ownScopeOfAuthor},
		{ID: id(protocol.RuleScopePerChat, "send"), Title: "keeps the chats apart when it sends for a caller", Level: kit.Must, Needs: asked("gateway/send"), Gateway: ownScopeForCaller},
		{ID: id(protocol.RuleScopePerChat, "alike"), Title: "keeps chats apart whose ids are nearly the same", Level: kit.Must, Needs: asked("gateway/send"), Gateway: ownScopeThoughAlike},
		{ID: id(protocol.RuleScopePerChat, "digits"), Title: "keeps chats apart whose ids of many digits differ in the last one", Level: kit.Must, Needs: replies, Gateway: ownScopeThoughDigits},
		{ID: id(protocol.RuleScopePassthrough), Title: "learns a chat's scope from a forwarded interaction", Level: kit.Should,
			Needs: kit.Needs{Replies: true, Feature: "passthrough"}, After: rules(protocol.RuleScopeEcho, protocol.RuleScopeEchoScopeId, protocol.RulePassthroughChat), Gateway: learnsFromInteraction},
		{ID: id(protocol.RuleScopePassthrough, "latest"), Title: "takes the scope of the interaction in place of an earlier one", Level: kit.Should,
			Needs: kit.Needs{Replies: true, Feature: "passthrough"}, After: rules(protocol.RuleScopeEcho, protocol.RuleScopeEchoScopeId, protocol.RulePassthroughChat), Gateway: learnsLaterFromInteraction},
	})
}

// echo is the cases of the scope echo under the name that a revision gives the scope.
func echo(rule protocol.RuleID, name string) []kit.Case {
	variant := func(v, title string, needs kit.Needs, body func(*kit.G, string)) kit.Case {
		c := kit.Case{ID: id(rule), Title: title, Level: kit.Must, Needs: needs, Gateway: func(g *kit.G) { body(g, name) }}
		if v != "" {
			c.ID = id(rule, v)
		}
		return c
	}
	replies := kit.Needs{Replies: true}
	asked := func(method string) kit.Needs { return kit.Needs{Driver: []string{method}} }
	redial := variant("redial", "remembers the scope when its session is another one", kit.Needs{Alone: true, Driver: []string{"gateway/send"}}, echoedAfterRedial)
	redial.After = rules(protocol.RuleReconnectRedial)
	pressed := variant("interaction", "remembers the scope when an interaction has none", kit.Needs{Replies: true, Feature: "passthrough"}, echoedAfterInteraction)
	pressed.After = rules(protocol.RulePassthroughChat)
	return []kit.Case{
		variant("", "answers with the scope of the event", replies, echoed),
		variant("alone", "does so when the event has the scope under that name alone", replies, echoedAlone),
		variant("thread", "answers in a thread with the scope of the event", replies, echoedInThread),
		variant("chat-types", "answers in a chat of every type with the scope of the event", replies, echoedInEveryType),
		variant("platforms", "does so whatever platform the event is from", replies, echoedOnPlatforms),
		variant("no-author", "does so when the event names no author", replies, echoedWithoutAuthor),
		variant("digits", "gives a scope of digits back as the same string", replies, echoedDigits),
		variant("kept", "remembers the scope when a later event has none", replies, echoedKept),
		variant("latest", "takes the scope of the later of two events", replies, echoedLatest),
		variant("send", "sends for a caller with the scope of the chat", asked("gateway/send"), echoedFor("gateway/send")),
		variant("edit", "edits for a caller with the scope of the chat", asked("gateway/edit"), echoedFor("gateway/edit")),
		variant("typing", "shows typing with the scope of the chat", asked("gateway/typing"), echoedFor("gateway/typing")),
		variant("metadata", "adds the scope to a caller's own metadata", asked("gateway/send"), echoedBesides),
		variant("parts", "puts the scope on every part of a long answer", replies, echoedOnParts),
		variant("behind-a-turn", "takes the scope of an event that waits behind a turn", kit.Needs{Alone: true, Driver: []string{"gateway/send", "handler/set"}}, echoedBehindTurn),
		variant("many", "remembers the scope when many other chats were heard since", replies, echoedThoughMany),
		redial,
		pressed,
	}
}

// echoed looks at all that the gateway does in the chat, and not at its answer alone.
func echoed(g *kit.G, name string) {
	ev := g.Event("where am I")
	answeredWith(g, name, ev, ev)
	g.Alive()
	for _, o := range g.ActionsIn(ev.Source.ChatID) {
		g.WantScope(o, name, ev.Source.GuildID.Or(""))
	}
}

// answeredWith pushes an event and wants its answer to carry the scope of another.
func answeredWith(g *kit.G, name string, ev, scope *kit.Event) {
	g.Push(ev)
	g.WantScope(g.Reply(ev), name, scopeOf(scope))
}

func scopeOf(ev *kit.Event) string { return ev.Source.GuildID.Or(ev.Source.ScopeID.Or("")) }

func unscoped(ev *kit.Event) *kit.Event {
	ev.Source.GuildID, ev.Source.ScopeID = protocol.Opt[string]{}, protocol.Opt[string]{}
	return ev
}

func echoedAlone(g *kit.G, name string) {
	ev := g.Event("under one name")
	if name == "guild_id" {
		ev.Source.ScopeID = protocol.Opt[string]{}
	} else {
		ev.Source.GuildID = protocol.Opt[string]{}
	}
	answeredWith(g, name, ev, ev)
}

func echoedInThread(g *kit.G, name string) {
	ev := g.Event("in a thread")
	ev.Source.ThreadID = protocol.Some(g.ID("th"))
	answeredWith(g, name, ev, ev)
}

// echoedInEveryType: whatever the connector's platform calls a chat, a scope that came
// with its event belongs to it.
func echoedInEveryType(g *kit.G, name string) {
	for _, chatType := range append(notDM(), "dm") {
		ev := g.Event("in a " + chatType)
		ev.Source.ChatType = chatType
		answeredWith(g, name, ev, ev)
	}
}

func echoedOnPlatforms(g *kit.G, name string) {
	for _, platform := range []string{"slack", "telegram", "matrix", "discord"} {
		ev := g.Event("from " + platform)
		ev.Source.Platform = platform
		answeredWith(g, name, ev, ev)
	}
}

func echoedWithoutAuthor(g *kit.G, name string) {
	ev := g.Event("by nobody")
	ev.Source.UserID, ev.Source.UserName = protocol.Null[string](), protocol.Null[string]()
	answeredWith(g, name, ev, ev)
}

// echoedDigits has ids like those of Discord: beyond what a double holds exactly.
func echoedDigits(g *kit.G, name string) {
	ev := g.Event("from a server with a number")
	ev.Source.GuildID = protocol.Some("9007199254740993" + g.Digits())
	ev.Source.ScopeID = ev.Source.GuildID
	answeredWith(g, name, ev, ev)
}

func echoedKept(g *kit.G, name string) {
	first, second := g.Event("with a scope"), unscoped(g.Event("without one"))
	second.Source.ChatID = first.Source.ChatID
	answeredWith(g, name, first, first)
	answeredWith(g, name, second, first)
}

// echoedThoughMany: how much a gateway can remember is its own affair, and a few dozen chats are what a small server has.
func echoedThoughMany(g *kit.G, name string) {
	first, again := g.Event("before all others"), unscoped(g.Event("after all others"))
	again.Source.ChatID = first.Source.ChatID
	answeredWith(g, name, first, first)
	var others []*kit.Event
	for range 40 {
		others = append(others, g.Event("elsewhere"))
	}
	g.Push(others...)
	for _, ev := range others {
		g.Handled(ev)
	}
	answeredWith(g, name, again, first)
}

// beyondLimit is more than the limit of the suite's descriptor, so that it goes out in parts.
func beyondLimit() string { return strings.Repeat("seven77 ", 1200) }

// echoedOnParts has an echo in parts. Whether a gateway says all of it is its own affair.
func echoedOnParts(g *kit.G, name string) {
	ev := g.Event("")
	ev.Text += beyondLimit()
	g.Push(ev)
	g.Begun(ev.Source.ChatID)
	g.TurnOver(ev)
	for _, o := range g.ActionsIn(ev.Source.ChatID) {
		g.WantScope(o, name, scopeOf(ev))
	}
}

// echoedBehindTurn: the last event from the chat is the one that came last, whether or not
// anybody has looked at it yet.
func echoedBehindTurn(g *kit.G, name string) {
	first, second := g.Event("whose turn is held"), g.Event("behind it, from another server")
	second.Source.ChatID, second.Source.UserID = first.Source.ChatID, first.Source.UserID
	g.Handler("hold", "turn")
	g.Push(first)
	g.Acked(first)
	g.Push(second)
	g.Acked(second)
	o := g.DriveAction("gateway/send", params(g, "gateway/send", first.Source.ChatID))
	g.ReleaseHandler()
	g.Handler("echo", "")
	g.WantScope(o, name, scopeOf(second))
	g.Alive()
}

func echoedAfterInteraction(g *kit.G, name string) {
	in := g.Interaction(kit.ComponentInteraction).Unbuffered().Direct()
	first, again := g.Event("before the press"), unscoped(g.Event("after the press"))
	first.Source.ChatID, again.Source.ChatID = in.Channel, in.Channel
	answeredWith(g, name, first, first)
	g.Forward(in)
	g.Within(g.Timing.Quiet, func(e fakeconnector.Entry) bool { return g.AnswerTo(in)(e) })
	answeredWith(g, name, again, first)
}

func echoedLatest(g *kit.G, name string) {
	first, second := g.Event("from one server"), g.Event("from another")
	second.Source.ChatID = first.Source.ChatID
	answeredWith(g, name, first, first)
	answeredWith(g, name, second, second)
}

// params are what the driver takes for an action in a chat.
func params(g *kit.G, method, chat string) map[string]any {
	p := map[string]any{"chat_id": chat}
	if method != "gateway/typing" {
		p["content"] = "for a caller " + g.ID("t")
	}
	if method == "gateway/edit" {
		p["message_id"] = g.ID("m")
	}
	return p
}

func echoedFor(method string) func(*kit.G, string) {
	return func(g *kit.G, name string) {
		ev := g.Event("before")
		g.Push(ev)
		g.Handled(ev)
		g.WantScope(g.DriveAction(method, params(g, method, ev.Source.ChatID)), name, scopeOf(ev))
	}
}

func echoedBesides(g *kit.G, name string) {
	ev := g.Event("before")
	g.Push(ev)
	g.Handled(ev)
	p := params(g, "gateway/send", ev.Source.ChatID)
	p["metadata"] = map[string]any{"thread_id": g.ID("th")}
	g.WantScope(g.DriveAction("gateway/send", p), name, scopeOf(ev))
}

func echoedAfterRedial(g *kit.G, name string) {
	ev := g.Event("before")
	g.Push(ev)
	g.Handled(ev)
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	g.WantScope(g.DriveAction("gateway/send", params(g, "gateway/send", ev.Source.ChatID)), name, scopeOf(ev))
}

// explicitWins gives the scope under one name at a time: what a gateway adds under the
// other is its own affair.
func explicitWins(method string, known bool) func(*kit.G) {
	return func(g *kit.G) {
		ev := g.Event("before")
		if known {
			g.Push(ev)
			g.Handled(ev)
		}
		for _, name := range []string{"guild_id", "scope_id"} {
			p, mine := params(g, method, ev.Source.ChatID), g.ID("mine")
			p["metadata"] = map[string]any{name: mine}
			g.WantScope(g.DriveAction(method, p), name, mine)
		}
	}
}

func notInvented(chatType string) func(*kit.G) {
	return func(g *kit.G) {
		elsewhere := g.Event("in a server")
		g.Push(elsewhere)
		g.Handled(elsewhere)
		ev := unscoped(g.Event("from nowhere in particular"))
		ev.Source.ChatType = chatType
		g.Push(ev)
		g.WantNoScope(g.Reply(ev))
		for _, o := range g.ActionsIn(ev.Source.ChatID) {
			g.WantNoScope(o)
		}
	}
}

func notInventedForNewChat(g *kit.G) {
	elsewhere := g.Event("in a server")
	g.Push(elsewhere)
	g.Handled(elsewhere)
	g.WantNoScope(g.DriveAction("gateway/send", params(g, "gateway/send", g.ID("c"))))
}

func notInventedAfterRedial(g *kit.G) {
	g.Alive()
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	notInventedForNewChat(g)
}

func ownScopeEach(g *kit.G) {
	events := []*kit.Event{g.Event("one"), g.Event("two"), g.Event("three"), g.Event("four")}
	g.Push(events...)
	for _, ev := range events {
		g.Reply(ev)
	}
	apart(g, events)
}

// apart looks at all that the gateway did in the chats of events.
func apart(g *kit.G, events []*kit.Event) {
	for _, ev := range events {
		for _, o := range g.ActionsIn(ev.Source.ChatID) {
			for _, other := range events {
				if other != ev {
					g.WantNotScope(o, scopeOf(other), other.Source.ChatID)
				}
			}
		}
	}
}

func ownScopeLater(g *kit.G) {
	here, there := g.Event("here"), g.Event("there")
	g.Push(here)
	g.Reply(here)
	g.Push(there)
	g.Reply(there)
	again := unscoped(g.Event("here again"))
	again.Source.ChatID = here.Source.ChatID
	g.Push(again)
	g.WantNotScope(g.Reply(again), scopeOf(there), there.Source.ChatID)
}

// ownScopeOfAuthor: who writes in two servers is answered in each with its own.
func ownScopeOfAuthor(g *kit.G) {
	here, there := g.Event("here"), g.Event("there")
	there.Source.UserID = here.Source.UserID
	g.Push(here)
	g.Reply(here)
	g.Push(there)
	g.Reply(there)
	again := unscoped(g.Event("here again"))
	again.Source.ChatID, again.Source.UserID = here.Source.ChatID, here.Source.UserID
	g.Push(again)
	g.Reply(again)
	apart(g, []*kit.Event{here, there})
}

// ownScopeThoughDigits has ids that are the same as doubles.
func ownScopeThoughDigits(g *kit.G) {
	here, there := g.Event("here"), g.Event("there")
	id := "-9007199254740993" + g.Digits()
	here.Source.ChatID, there.Source.ChatID = id+"1", id+"2"
	for _, ev := range []*kit.Event{here, there} {
		g.Push(ev)
		g.Reply(ev)
	}
	again := unscoped(g.Event("here again"))
	again.Source.ChatID = here.Source.ChatID
	g.Push(again)
	g.Reply(again)
	apart(g, []*kit.Event{here, there})
}

func ownScopeForCaller(g *kit.G) {
	here, there := g.Event("here"), g.Event("there")
	g.Push(here, there)
	g.Handled(here)
	g.Handled(there)
	g.WantNotScope(g.DriveAction("gateway/send", params(g, "gateway/send", here.Source.ChatID)), scopeOf(there), there.Source.ChatID)
	g.WantNotScope(g.DriveAction("gateway/send", params(g, "gateway/send", there.Source.ChatID)), scopeOf(here), here.Source.ChatID)
}

// ownScopeThoughAlike hears one chat and sends to others whose ids differ from its own in
// case only, or begin with it, or are its beginning.
func ownScopeThoughAlike(g *kit.G) {
	ev := g.Event("here")
	ev.Source.ChatID = g.ID("Chat") + "x"
	g.Push(ev)
	g.Handled(ev)
	id := ev.Source.ChatID
	for _, alike := range []string{strings.ToLower(id), strings.ToUpper(id), id + "y", id[:len(id)-1], " " + id} {
		g.WantNotScope(g.DriveAction("gateway/send", params(g, "gateway/send", alike)), scopeOf(ev), id)
	}
}

// learnsFromInteraction does not ask for an answer to the interaction itself, which can
// be a follow_up and then has no scope. What it asks for is the answer to a plain event
// from the interaction's channel, which has no scope of its own.
func learnsFromInteraction(g *kit.G) {
	learnsFrom(g, g.Interaction(kit.ComponentInteraction).Unbuffered())
}

// learnsLaterFromInteraction has an event teach the channel another scope first.
func learnsLaterFromInteraction(g *kit.G) {
	in := g.Interaction(kit.ComponentInteraction).Unbuffered()
	ev := g.Event("before the press")
	ev.Source.ChatID = in.Channel
	g.Push(ev)
	g.Reply(ev)
	learnsFrom(g, in)
}

func learnsFrom(g *kit.G, in *kit.Interaction) {
	guild, _ := in.Members["guild_id"].(string)
	g.Forward(in)
	g.Within(g.Timing.Quiet, func(e fakeconnector.Entry) bool { return g.AnswerTo(in)(e) })
	ev := unscoped(g.Event("after the press"))
	ev.Source.ChatID = in.Channel
	g.Push(ev)
	name := "guild_id"
	if g.Facts.Revision >= "2026-07" {
		name = "scope_id"
	}
	g.WantScope(g.Reply(ev), name, guild)
}
