package cases

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func interrupt() []kit.Case {
	asks := kit.Needs{Driver: []string{"gateway/interrupt"}}
	holds := kit.Needs{Alone: true, Driver: []string{"handler/set", "event/turn"}}
	acked := rules(protocol.RuleInboundAckBuffered)
	cancels := append(acked, protocol.RuleInterruptCancels)
	sibling := func(variant, title string, change func(a, b *kit.Event)) kit.Case {
		c := kit.Case{ID: id(protocol.RuleInterruptOnlySession), Title: title, Level: kit.Must, After: cancels, Needs: holds,
			Gateway: func(g *kit.G) { siblingRuns(g, change, func(a, b *kit.Event) string { return a.Source.ChatID }) }}
		if variant != "" {
			c.ID = id(protocol.RuleInterruptOnlySession, variant)
		}
		return c
	}
	nobody := func(variant, title, key string) kit.Case {
		return kit.Case{ID: id(protocol.RuleInterruptUnknownSession, variant), Title: title, Level: kit.Must, After: acked, Needs: kit.Needs{Alone: true},
			Gateway: func(g *kit.G) { interruptNobody(g, key) }}
	}
	return []kit.Case{
		{ID: id(protocol.RuleInterruptFields), Title: "writes the session key and a reason", Level: kit.Must, Needs: asks, Gateway: interruptFields(true)},
		{ID: id(protocol.RuleInterruptFields, "no-reason"), Title: "writes no reason of another type when it was given none", Level: kit.Must, Needs: asks, Gateway: interruptFields(false)},
		{ID: id(protocol.RuleInterruptFields, "observed"), Title: "wrote every interrupt whole", Level: kit.Must, Needs: kit.Needs{Last: true},
			Gateway: func(g *kit.G) { g.NoViolation(kit.CountInterrupts, 1) }},
		{ID: id(protocol.RuleInterruptCancels), Title: "ends the turn that runs under the key", Level: kit.Must, After: acked, Needs: holds, Gateway: interruptCancels},
		{ID: id(protocol.RuleInterruptCancels, "direct"), Title: "ends the turn of a direct message", Edge: true, Level: kit.Must, After: acked, Needs: holds, Gateway: interruptCancelsDirect},
		{ID: id(protocol.RuleInterruptCancels, "chat-not-in-key"), Title: "ends a turn whose chat stands in its session key in another form, or not at all", Edge: true, Level: kit.Must, After: acked, Needs: holds, Gateway: interruptCancelsElsewhere},
		{ID: id(protocol.RuleInterruptCancels, "with-one-behind"), Title: "ends the turn that runs, and not an event that waits behind it", Edge: true, Level: kit.Must, After: acked, Needs: holds, Gateway: interruptCancelsRunning},
		sibling("", "leaves the turn of another chat running", func(a, b *kit.Event) {}),
		sibling("same-chat", "leaves the turn of another author in the same chat running", func(a, b *kit.Event) {
			b.Source.ChatID, b.Source.GuildID, b.Source.ScopeID = a.Source.ChatID, a.Source.GuildID, a.Source.ScopeID
		}),
		sibling("same-author", "leaves a turn of the same author in another chat running", func(a, b *kit.Event) { b.Source.UserID = a.Source.UserID }),
		sibling("longer-key", "leaves a turn running whose key begins with the interrupted one", func(a, b *kit.Event) {
			b.Source = a.Source
			b.Source.MessageID = b.MessageID
			b.Source.UserID = protocol.Some(a.Source.UserID.Or("") + "1")
		}),
		sibling("other-case", "leaves a turn running whose key differs from the interrupted one in case only", func(a, b *kit.Event) {
			chat := a.Source.ChatID
			b.Source = a.Source
			b.Source.MessageID = b.MessageID
			a.Source.ChatID, b.Source.ChatID = chat+"x", chat+"X"
		}),
		{ID: id(protocol.RuleInterruptOnlySession, "key-not-chat"), Title: "goes by the session key, and leaves the turn of the chat that the frame names running", Level: kit.Must, After: cancels, Needs: holds,
			Gateway: func(g *kit.G) {
				siblingRuns(g, func(a, b *kit.Event) {}, func(a, b *kit.Event) string { return b.Source.ChatID })
			}},
		{ID: id(protocol.RuleInterruptOnlySession, "replies"), Title: "answers an event though another session was interrupted right behind it", Level: kit.Must, After: append(acked, protocol.RuleInterruptUnknownSession),
			Needs: kit.Needs{Replies: true}, Gateway: answersBesideInterrupt},
		nobodyFirst(nobody("x", "goes on after an interrupt for a session that never was", "agent:main:discord:channel:nobody:nobody")),
		nobody("empty", "goes on after an interrupt for an empty session key", ""),
		nobody("nonsense", "goes on after an interrupt for a session key that is none", "::nonsense \u2603 "+strings.Repeat("x", 300)),
		{ID: id(protocol.RuleInterruptUnknownSession, "running"), Title: "leaves a turn running when another session without one is interrupted", Level: kit.Must, After: acked, Needs: holds, Gateway: turnRunsOn},
		{ID: id(protocol.RuleInterruptUnknownSession, "next-turn"), Title: "runs the next turn of a session that was interrupted at rest", Level: kit.Must, After: acked, Gateway: nextTurnRuns},
	}
}

// nobodyFirst makes a variant the rule's first case.
func nobodyFirst(c kit.Case) kit.Case {
	c.ID = string(c.Rule())
	return c
}

// interruptFields does not ask for the very reason back: the rule leaves it to the
// gateway whether it says one.
func interruptFields(reason bool) func(*kit.G) {
	return func(g *kit.G) {
		key := "agent:main:discord:channel:" + g.ID("c") + ":" + g.ID("u")
		params := map[string]any{"session_key": key}
		if reason {
			params["reason"] = "user said \u2603 stop"
		}
		// The connector would send it on to this very gateway.
		g.On(fakeconnector.Match{Type: protocol.TypeInterrupt, SessionKey: key}).Do(fakeconnector.Ignore{})
		g.Drive("gateway/interrupt", params, g.Timing.Answer)
		frame := g.Interrupt(key)
		var got *string
		if err := json.Unmarshal(frame["reason"], &got); err != nil && len(frame["reason"]) > 0 {
			g.Mismatch("a string, null or nothing at /reason of the interrupt", string(frame["reason"]))
		}
		g.Alive()
	}
}

// interruptAgain is how often an interrupt is repeated while its turn goes on. A turn
// that has been accepted may not run yet, and an interrupt that finds none changes
// nothing. A turn that runs ends within milliseconds of the first one.
const interruptAgain = time.Second

func interruptKey(g *kit.G, key, chat string) {
	k, _ := json.Marshal(key)
	c, _ := json.Marshal(chat)
	g.SendRaw(websocket.TextMessage, fmt.Appendf(nil, `{"type":"interrupt_inbound","session_key":%s,"chat_id":%s}`+"\n", k, c))
}

// interrupted sends interrupts until the turn has ended.
func interrupted(g *kit.G, key, chat string) {
	for range g.Timing.Answer / interruptAgain {
		interruptKey(g, key, chat)
		if outcome, ended := g.TurnEnd(key, interruptAgain); ended {
			if outcome != "interrupted" {
				g.Mismatch(fmt.Sprintf("the turn of %q to end as interrupted", key), fmt.Sprintf("it ended as %q", outcome))
			}
			return
		}
	}
	g.Mismatch(fmt.Sprintf("an interrupt_inbound to end the turn that runs under %q within %s", key, g.Timing.Answer), "the turn goes on")
}

func interruptCancels(g *kit.G) {
	g.Handler("hold", "turn")
	ev := g.Event("to be interrupted")
	g.Push(ev)
	g.Acked(ev)
	interrupted(g, g.TurnKey(ev), ev.Source.ChatID)
	g.Handler("echo", "")
	g.Alive()
}

func interruptCancelsDirect(g *kit.G) {
	g.Handler("hold", "turn")
	ev := g.Event("to be interrupted, in private")
	ev.Source.ChatType = "dm"
	ev.Source.GuildID, ev.Source.ScopeID = protocol.Opt[string]{}, protocol.Opt[string]{}
	g.Push(ev)
	g.Acked(ev)
	interrupted(g, g.TurnKey(ev), ev.Source.ChatID)
	g.Handler("echo", "")
	g.Alive()
}

// interruptCancelsElsewhere interrupts direct messages: one on WhatsApp, whose chat is
// normalised in the key, and one whose chat_id is empty. The session key alone says which
// turn is meant.
func interruptCancelsElsewhere(g *kit.G) {
	whatsapp, nowhere := direct(g), direct(g)
	whatsapp.Source.Platform, whatsapp.Source.ChatID = "whatsapp", g.Digits()+":12@s.whatsapp.net"
	nowhere.Source.ChatID = ""
	for _, ev := range []*kit.Event{whatsapp, nowhere} {
		g.Handler("hold", "turn")
		g.Push(ev)
		g.Acked(ev)
		interrupted(g, g.TurnKey(ev), ev.Source.ChatID)
		g.Handler("echo", "")
	}
	g.Alive()
}

// interruptCancelsRunning: what becomes of the second event is left to the gateway, which
// can also end the first turn by itself for it.
func interruptCancelsRunning(g *kit.G) {
	g.Handler("hold", "turn")
	first, second := g.Event("to be interrupted"), g.Event("that waits behind it")
	second.Source = first.Source
	second.Source.MessageID = second.MessageID
	g.Push(first)
	g.Acked(first)
	g.Push(second)
	g.Acked(second)
	interrupted(g, g.TurnKey(first), first.Source.ChatID)
	g.Handler("echo", "")
	g.ReleaseHandler()
	g.Alive()
}

func turnRunsOn(g *kit.G) {
	g.Handler("hold", "turn")
	ev := g.Event("to go on")
	g.Push(ev)
	g.Acked(ev)
	key := g.TurnKey(ev)
	interruptKey(g, "agent:main:discord:channel:"+g.ID("c")+":"+g.ID("u"), g.ID("c"))
	if outcome, ended := g.TurnEnd(key, g.Timing.Quiet); ended {
		g.Mismatch("an interrupt of a session without a turn to change nothing", fmt.Sprintf("the turn of %q ended as %q", key, outcome))
	}
	g.ReleaseHandler()
	if outcome, ended := g.TurnEnd(key, g.Timing.Answer); !ended || outcome != "done" {
		g.Mismatch(fmt.Sprintf("the turn of %q to end as done once it was released", key), fmt.Sprintf("ended %v, as %q", ended, outcome))
	}
	g.Handler("echo", "")
	g.Alive()
}

// siblingRuns holds the turns of two sessions and interrupts the first of them. The other
// must still be there to be released, and end as done; it may have begun only then, as
// it is left to the gateway how many turns run at once. named is the chat that the
// interrupt names.
func siblingRuns(g *kit.G, change func(a, b *kit.Event), named func(a, b *kit.Event) string) {
	g.Handler("hold", "turn")
	a, b := g.Event("to be interrupted"), g.Event("to go on")
	change(a, b)
	g.Push(a)
	g.Acked(a)
	g.Push(b)
	g.Acked(b)
	keyA, keyB := g.TurnKey(a), g.TurnKey(b)
	if keyA == keyB {
		g.NotApplicable("the gateway runs both events under the session key %q", keyA)
	}
	interrupted(g, keyA, named(a, b))
	if outcome, ended := g.TurnEnd(keyB, g.Timing.Quiet); ended {
		g.Mismatch(fmt.Sprintf("the turn of %q to go on after an interrupt of %q", keyB, keyA), fmt.Sprintf("it ended as %q", outcome))
	}
	g.ReleaseHandler()
	outcome, ended := g.TurnEnd(keyB, g.Timing.Answer)
	if !ended || outcome != "done" {
		g.Mismatch(fmt.Sprintf("the turn of %q to end as done once it was released, after an interrupt of %q", keyB, keyA), fmt.Sprintf("ended %v, as %q", ended, outcome))
	}
	g.Handler("echo", "")
	g.Alive()
}

func interruptNobody(g *kit.G, key string) {
	s := g.Session()
	g.Survives(func() { interruptKey(g, key, "nowhere") })
	g.Alive()
	g.SameSession(s)
}

// answersBesideInterrupt is for gateways whose turns take a while: the interrupt comes
// when the turn of the event has hardly begun.
func answersBesideInterrupt(g *kit.G) {
	ev := g.Event("to be answered all the same")
	other := g.ID("c")
	frame := fmt.Appendf(ev.Line(), `{"type":"interrupt_inbound","session_key":"agent:main:%s:channel:%s:%s","chat_id":%q}`+"\n", ev.Source.Platform, other, g.ID("u"), other)
	g.SendRaw(websocket.TextMessage, frame)
	g.Acked(ev)
	g.Reply(ev)
}

// nextTurnRuns: the session has had a turn, which is over, and is interrupted then. What
// comes next is not what the interrupt was about.
func nextTurnRuns(g *kit.G) {
	first, next := g.Event("over when the interrupt comes"), g.Event("behind the interrupt")
	next.Source = first.Source
	next.Source.MessageID = next.MessageID
	g.Push(first)
	g.Handled(first)
	g.TurnOver(first)
	key := fmt.Sprintf("agent:main:%s:channel:%s:%s", first.Source.Platform, first.Source.ChatID, first.Source.UserID.Or(""))
	interruptKey(g, key, first.Source.ChatID)
	g.CatchUp()
	g.Push(next)
	g.Handled(next)
}
