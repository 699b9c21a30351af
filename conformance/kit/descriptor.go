package kit

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// StartUnder gives the gateway a session whose descriptor has some fields of the case's own,
// or other values of the usual ones: the first one of a Fresh case, which starts so, another
// one of a gateway that is shared. A gateway that ends its session over them fails the case.
// What is returned answers every hello with them.
func (g *G) StartUnder(change map[string]any) *fakeconnector.Stub {
	if g.Case.Needs.Fresh {
		g.Prepare()
	}
	stub := g.AnswerHello(change)
	hello := g.untilHello()
	if e, ended := g.Within(g.Timing.Quiet, IsClosed(hello.Session)); ended {
		g.Mismatch(fmt.Sprintf("the session to go on under a descriptor with %s", mustJSON(change)), shown(e))
	}
	if g.own {
		g.gw.awaitConnected()
	} else {
		g.Alive()
	}
	return stub
}

// AnswerHello answers every hello from now on with a descriptor like that of StartUnder.
func (g *G) AnswerHello(change map[string]any) *fakeconnector.Stub {
	return g.On(fakeconnector.Match{Type: protocol.TypeHello}).Do(fakeconnector.Raw{Text: g.DescriptorLike(change) + "\n"})
}

// DescriptorLike is the frame of such a descriptor.
func (g *G) DescriptorLike(change map[string]any) string {
	d := map[string]any{
		"contract_version": 1, "platform": g.bench.Platform, "label": "Under test", "max_message_length": 2000,
		"supports_draft_streaming": false, "supports_edit": true, "supports_threads": true,
		"markdown_dialect": "discord", "len_unit": "chars",
	}
	maps.Copy(d, change)
	return string(mustJSON(map[string]any{"type": "descriptor", "descriptor": d}))
}

// InForce is a member of what the gateway says is in force, as its driver has it; a
// gateway whose driver does not tell it is not judged.
func (g *G) InForce(member string, params map[string]any) json.RawMessage {
	raw := g.Drive("gateway/capabilities", params, g.Timing.Answer)
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		g.Mismatch("an object from gateway/capabilities", fmt.Sprintf("%.200s", raw))
	}
	v, ok := members[member]
	if !ok {
		g.NotApplicable("the gateway's driver does not tell %s", member)
	}
	return v
}

// WantInForce checks such a member against a JSON value.
func (g *G) WantInForce(member string, params map[string]any, want, why string) {
	got := string(g.InForce(member, params))
	var have, expected any
	if json.Unmarshal([]byte(got), &have) != nil || json.Unmarshal([]byte(want), &expected) != nil || !reflect.DeepEqual(have, expected) {
		g.Mismatch(fmt.Sprintf("%s %s, %s", member, want, why), fmt.Sprintf("%.80s", got))
	}
}

// Texts are the contents that the gateway has put into a chat since the mark, by send or
// by edit.
func (g *G) Texts(chat string) []string {
	var out []string
	for _, o := range g.ActionsIn(chat) {
		if o.Op == "send" || o.Op == "edit" {
			out = append(out, o.Content)
		}
	}
	return out
}

// Chars is a length in Unicode code points, UTF16 the same in UTF-16 code units.
func Chars(text string) int { return len([]rune(text)) }

// UTF16 is a length in UTF-16 code units.
func UTF16(text string) int {
	n := 0
	for _, r := range text {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

// TooLong lets the gateway answer an event and returns the length of the first content in
// the event's chat that is longer than limit, or 0. It does not ask for the whole text: a
// gateway may cut it, or leave out its end.
func (g *G) TooLong(ev *Event, limit int, length func(string) int) int {
	first := func() int {
		for _, text := range g.Texts(ev.Source.ChatID) {
			if n := length(text); n > limit {
				return n
			}
		}
		return 0
	}
	g.OutboundTo(ev.Source.ChatID)
	// The pieces follow each other at once; the last one ends in the event's token.
	g.Within(g.Timing.Quiet, func(e fakeconnector.Entry) bool { return first() > 0 || g.IsReply(ev)(e) })
	g.Alive()
	return first()
}
