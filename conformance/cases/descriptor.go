package cases

import (
	"fmt"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func descriptors() []kit.Case {
	// One case of each rule begins with its descriptor; the others are given it on a redial.
	first := func(n kit.Needs) kit.Needs { n.Fresh, n.Alone = true, false; return n }
	alone := kit.Needs{Alone: true}
	echoing := kit.Needs{Alone: true, Replies: true}
	asked := func(methods ...string) kit.Needs { return kit.Needs{Alone: true, Driver: methods} }
	told := asked("gateway/capabilities")
	redials := rules(protocol.RuleReconnectRedial, protocol.RuleHandshakeAgainOnRedial)
	return []kit.Case{
		{ID: id(protocol.RuleDescriptorZeroLength), Title: "has 4096 in force under a limit of 0", Level: kit.Must, Needs: first(told), Gateway: zeroLength},
		{ID: id(protocol.RuleDescriptorZeroLength, "redial"), Title: "has 4096 in force when the descriptor of a redial says 0", Level: kit.Must, Needs: told, After: redials, Gateway: func(g *kit.G) {
			redialUnder(g, map[string]any{"max_message_length": 1234}, map[string]any{"max_message_length": 0})
			g.WantInForce("max_message_length", map[string]any{}, "4096", "as the new descriptor says 0")
		}},
		{ID: id(protocol.RuleDescriptorZeroLength, "answers"), Title: "goes on answering under a limit of 0", Level: kit.Must, Needs: alone, After: redials, Gateway: aliveUnder("max_message_length", 0)},
		{ID: id(protocol.RuleDescriptorLenUnit), Title: "counts code points under chars", Level: kit.Must, Needs: first(told), Gateway: counts("chars", kit.Chars)},
		{ID: id(protocol.RuleDescriptorLenUnit, "utf16"), Title: "counts UTF-16 code units under utf16", Level: kit.Must, Needs: told, After: redials, Gateway: counts("utf16", kit.UTF16)},
		{ID: id(protocol.RuleDescriptorLenUnit, "cut"), Title: "cuts its answers by UTF-16 code units under utf16", Level: kit.Must, Needs: echoing, After: redials, Gateway: cutByUnits},
		{ID: id(protocol.RuleDescriptorLenUnit, "send"), Title: "keeps what a caller sends within the limit in UTF-16 code units under utf16", Level: kit.Must, Needs: asked("gateway/send"), After: redials, Gateway: cutForCaller("gateway/send")},
		{ID: id(protocol.RuleDescriptorLenUnit, "edit"), Title: "keeps what a caller edits within it as well", Level: kit.Must, Needs: asked("gateway/edit"), After: redials, Gateway: cutForCaller("gateway/edit")},
		{ID: id(protocol.RuleDescriptorUnknownLenUnit), Title: "has chars in force under a unit that it does not know", Level: kit.Must, Needs: first(told),
			After: rules(protocol.RuleDescriptorLenUnit), Gateway: unknownUnit},
		{ID: id(protocol.RuleDescriptorUnknownLenUnit, "empty"), Title: "has chars in force under a unit that is empty", Level: kit.Must, Needs: told,
			After: append(slices.Clone(redials), protocol.RuleDescriptorLenUnit), Gateway: func(g *kit.G) { g.StartUnder(map[string]any{"len_unit": ""}); inChars(g, "") }},
		{ID: id(protocol.RuleDescriptorUnknownLenUnit, "redial"), Title: "has chars in force when the descriptor of a redial has a unit that it does not know", Level: kit.Must, Needs: told,
			After: append(slices.Clone(redials), protocol.RuleDescriptorLenUnit), Gateway: func(g *kit.G) {
				redialUnder(g, map[string]any{"len_unit": "utf16"}, map[string]any{"len_unit": "furlongs"})
				inChars(g, "furlongs")
			}},
		{ID: id(protocol.RuleDescriptorUnknownLenUnit, "answers"), Title: "goes on answering under a unit that it does not know", Level: kit.Must, Needs: alone, After: redials, Gateway: aliveUnder("len_unit", "furlongs")},
		{ID: id(protocol.RuleDescriptorMessageLimit), Title: "answers with nothing that is longer than the limit", Level: kit.Should, Needs: first(echoing), Gateway: shortAnswers(words)},
		{ID: id(protocol.RuleDescriptorMessageLimit, "one-word"), Title: "does so with a text that has no place to cut", Level: kit.Should, Needs: echoing, After: redials, Gateway: shortAnswers(oneWord)},
		{ID: id(protocol.RuleDescriptorMessageLimit, "default"), Title: "keeps to 4096 under a limit of 0", Level: kit.Should, Needs: echoing,
			After: append(slices.Clone(redials), protocol.RuleDescriptorZeroLength), Gateway: shortAnswersByDefault},
		{ID: id(protocol.RuleDescriptorMessageLimit, "send"), Title: "sends nothing longer than the limit for a caller", Level: kit.Should, Needs: asked("gateway/send"), After: redials, Gateway: shortFor("gateway/send")},
		{ID: id(protocol.RuleDescriptorMessageLimit, "edit"), Title: "edits nothing into something longer than the limit for a caller", Level: kit.Should, Needs: asked("gateway/edit"), After: redials, Gateway: shortFor("gateway/edit")},
		{ID: id(protocol.RuleDescriptorPlainDialect), Title: "reports code blocks as not supported under the dialect plain", Level: kit.Must, Needs: first(told), Gateway: noCodeBlocks("plain")},
		{ID: id(protocol.RuleDescriptorPlainDialect, "redial"), Title: "does so when the dialect is that of a redial", Level: kit.Must, Needs: told, After: redials, Gateway: func(g *kit.G) {
			redialUnder(g, map[string]any{"markdown_dialect": "discord"}, map[string]any{"markdown_dialect": "plain"})
			g.WantInForce("code_blocks", map[string]any{}, "false", `as the dialect of the redial is "plain"`)
		}},
		{ID: id(protocol.RuleDescriptorPlainDialect, "empty"), Title: "does so under an empty dialect", Level: kit.Must, Needs: told, After: redials, Gateway: noCodeBlocks("")},
		{ID: id(protocol.RuleDescriptorPlainDialect, "answers"), Title: "puts no code block of its own around an answer under the dialect plain", Level: kit.Must, Needs: echoing, After: redials, Gateway: noFences("plain")},
		{ID: id(protocol.RuleDescriptorPlainDialect, "answers-empty"), Title: "does so under an empty dialect", Level: kit.Must, Needs: echoing, After: redials, Gateway: noFences("")},
	}
}

func zeroLength(g *kit.G) {
	g.StartUnder(map[string]any{"max_message_length": 0})
	g.WantInForce("max_message_length", map[string]any{}, "4096", "as the descriptor says 0")
	g.Alive()
}

// aliveUnder is what the wire shows of a value that a gateway has to read as another.
func aliveUnder(field string, value any) func(*kit.G) {
	return func(g *kit.G) {
		g.StartUnder(map[string]any{field: value})
		s := g.Session()
		g.Alive()
		g.SameSession(s)
	}
}

// texts have other lengths in code points, in UTF-16 code units, in bytes, and in what a
// reader would call characters.
func texts() []string {
	return []string{"", "plain", "a\U0001F600", "h\u00e9", "he\u0301", "\u2603 \u65e5\u672c", "\U0001F468\u200d\U0001F469\u200d\U0001F467", "\U00020000\U0010FFFD", "two\nlines "}
}

func counts(unit string, length func(string) int) func(*kit.G) {
	return func(g *kit.G) {
		g.StartUnder(map[string]any{"len_unit": unit})
		for _, text := range texts() {
			g.WantInForce("message_length", map[string]any{"text": text}, fmt.Sprint(length(text)), fmt.Sprintf("the length of %+q under %s", text, unit))
		}
	}
}

func unknownUnit(g *kit.G) {
	g.StartUnder(map[string]any{"len_unit": "furlongs"})
	inChars(g, "furlongs")
}

func inChars(g *kit.G, unit string) {
	g.WantInForce("len_unit", map[string]any{}, `"chars"`, fmt.Sprintf("as the descriptor says %q", unit))
	g.WantInForce("message_length", map[string]any{"text": "a\U0001F600"}, "2", "the number of code points")
}

// The limit of the cases below leaves room for what a gateway puts around an echo.
const shortLimit = 300

func words(n int) string   { return strings.Repeat("seven77 ", n/8) }
func oneWord(n int) string { return strings.Repeat("x", n) }

func shortAnswers(text func(n int) string) func(*kit.G) {
	return func(g *kit.G) {
		answersWithin(g, map[string]any{"max_message_length": shortLimit}, text(4*shortLimit), shortLimit)
	}
}

func shortAnswersByDefault(g *kit.G) {
	answersWithin(g, map[string]any{"max_message_length": 0}, words(3*4096), 4096)
}

// cutByUnits sends a text that is within the limit in code points and well over it in
// UTF-16 code units, to a gateway that was first seen to cut a plain one: that it cuts at
// all is a rule of its own, and a weaker one.
func cutByUnits(g *kit.G) {
	change := map[string]any{"max_message_length": shortLimit, "len_unit": "utf16"}
	plain := startEchoing(g, change, words(4*shortLimit))
	if g.TooLong(plain, shortLimit, kit.Chars) > 0 {
		g.NotApplicable("the gateway does not keep to the limit, in whatever unit (%s)", protocol.RuleDescriptorMessageLimit)
	}
	ev := g.Event(strings.Repeat("\U0001F600", shortLimit-60))
	g.Push(ev)
	withinLimit(g, ev, shortLimit, kit.UTF16, "UTF-16 code units")
}

func answersWithin(g *kit.G, change map[string]any, text string, limit int) {
	withinLimit(g, startEchoing(g, change, text), limit, kit.Chars, "chars")
}

// startEchoing needs an echo: what any other gateway says is as long as it likes.
func startEchoing(g *kit.G, change map[string]any, text string) *kit.Event {
	if g.Facts.Replies != kit.RepliesEcho {
		g.NotApplicable("the gateway does not echo, so nothing makes it say something long")
	}
	g.StartUnder(change)
	ev := g.Event(text)
	g.Push(ev)
	return ev
}

func withinLimit(g *kit.G, ev *kit.Event, limit int, length func(string) int, unit string) {
	if n := g.TooLong(ev, limit, length); n > 0 {
		g.Mismatch(fmt.Sprintf("no content longer than %d %s, the limit in force", limit, unit), fmt.Sprintf("one of %d", n))
	}
}

// shortFor asks for too much. The gateway can refuse, cut the text, or send several.
func shortFor(method string) func(*kit.G) {
	return func(g *kit.G) {
		g.StartUnder(map[string]any{"max_message_length": shortLimit})
		chat := g.ID("c")
		params := map[string]any{"chat_id": chat, "content": words(4 * shortLimit)}
		if method == "gateway/edit" {
			params["message_id"] = g.ID("m")
		}
		g.Drive(method, params, g.Timing.Answer)
		g.Alive()
		for _, text := range g.Texts(chat) {
			if n := kit.Chars(text); n > shortLimit {
				g.Mismatch(fmt.Sprintf("no content longer than %d chars, the limit in force", shortLimit), fmt.Sprintf("one of %d", n))
			}
		}
	}
}

// cutForCaller is cutByUnits for a caller, who may be refused as well.
func cutForCaller(method string) func(*kit.G) {
	return func(g *kit.G) {
		g.StartUnder(map[string]any{"max_message_length": shortLimit, "len_unit": "utf16"})
		longest := func(content string, length func(string) int) (most int) {
			p := params(g, method, g.ID("c"))
			p["content"] = content
			g.Drive(method, p, g.Timing.Answer)
			g.Alive()
			for _, text := range g.Texts(p["chat_id"].(string)) {
				most = max(most, length(text))
			}
			return most
		}
		if longest(words(4*shortLimit), kit.Chars) > shortLimit {
			g.NotApplicable("the gateway does not keep to the limit, in whatever unit (%s)", protocol.RuleDescriptorMessageLimit)
		}
		if n := longest(strings.Repeat("\U0001F600", shortLimit-60), kit.UTF16); n > shortLimit {
			g.Mismatch(fmt.Sprintf("no content longer than %d UTF-16 code units, the limit in force", shortLimit), fmt.Sprintf("one of %d", n))
		}
	}
}

func noCodeBlocks(dialect string) func(*kit.G) {
	return func(g *kit.G) {
		g.StartUnder(map[string]any{"markdown_dialect": dialect})
		g.WantInForce("code_blocks", map[string]any{}, "false", fmt.Sprintf("as the dialect is %q", dialect))
	}
}

func noFences(dialect string) func(*kit.G) {
	return func(g *kit.G) {
		g.StartUnder(map[string]any{"markdown_dialect": dialect})
		ev := g.Event("func main() {\n\tprintln(\"hello\")\n}\n$ go run .\nhello\n")
		g.Push(ev)
		g.Reply(ev)
		for _, text := range g.Texts(ev.Source.ChatID) {
			if strings.Contains(text, "```") || strings.Contains(text, "~~~") {
				g.Mismatch("no code block in an answer to a text that has none", fmt.Sprintf("%.200q", text))
			}
		}
	}
}
