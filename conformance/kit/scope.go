package kit

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/fakeconnector"
)

// Meta is a member of an action's metadata: the text of a string, the JSON of anything
// else, and "" where it is absent, null or an empty string.
func (o *Outbound) Meta(name string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(o.Action["metadata"], &members) != nil {
		return ""
	}
	raw, ok := members[name]
	if !ok || string(raw) == "null" {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return string(raw)
	}
	return text
}

// isText says whether a member of an action's metadata is a string.
func (o *Outbound) isText(name string) bool {
	var members map[string]any
	_ = json.Unmarshal(o.Action["metadata"], &members)
	_, ok := members[name].(string)
	return ok
}

// scopeNames are the names under which an action can carry a scope; the second one came
// after the baseline.
var scopeNames = []string{"guild_id", "scope_id"}

// WantScope checks that an action carries a scope under a name.
func (g *G) WantScope(o *Outbound, name, want string) {
	if got := o.Meta(name); got != want || !o.isText(name) {
		g.Mismatch(fmt.Sprintf("%q, the scope of its chat, at /action/metadata/%s of the %s", want, name, o.Op), orNone(got, o.isText(name)), actionText(o))
	}
	g.observation()
}

// WantNoScope checks that an action carries no scope under any name.
func (g *G) WantNoScope(o *Outbound) {
	for _, name := range scopeNames {
		if got := o.Meta(name); got != "" {
			g.Mismatch(fmt.Sprintf("no scope at /action/metadata/%s of the %s, as no event from its chat had one", name, o.Op), fmt.Sprintf("%q", got), actionText(o))
		}
	}
	g.observation()
}

// WantNotScope checks that an action does not carry the scope of another chat.
func (g *G) WantNotScope(o *Outbound, foreign, of string) {
	for _, name := range scopeNames {
		if got := o.Meta(name); got == foreign {
			g.Mismatch(fmt.Sprintf("anything but %q, the scope of chat %q, at /action/metadata/%s of the %s to chat %q", foreign, of, name, o.Op, o.ChatID), "just that", actionText(o))
		}
	}
	g.observation()
}

func orNone(value string, isText bool) string {
	switch {
	case value == "":
		return "none"
	case !isText:
		return value + ", which is no string"
	}
	return fmt.Sprintf("%q", value)
}

func actionText(o *Outbound) string {
	return fmt.Sprintf("the action: %.400s", o.Frame["action"])
}

// ActionsIn are all the actions for a chat since the mark that have a metadata field;
// get_chat_info has none.
func (g *G) ActionsIn(chat string) []*Outbound {
	var out []*Outbound
	for _, e := range g.Connector().Journal().Since(g.mark) {
		if o := newOutbound(e); o != nil && o.ChatID == chat && o.Op != "get_chat_info" {
			out = append(out, o)
		}
	}
	return out
}

// Sends asks the driver for an action, and reports whether the gateway sends one of that op
// when it is asked: its driver can lack the method, and a gateway that shows no typing says
// nothing.
func (g *G) Sends(method, op string, params map[string]any) bool {
	d := g.Gateway().Driver
	if d == nil {
		g.NotApplicable("the gateway has not opened the driver channel, which %s needs", method)
	}
	after := g.Mark()
	ctx, cancel := patiently(g.bench.ctx, g.Timing.Answer)
	defer cancel()
	g.stimulus()
	if lacks(method, d.Call(ctx, method, params, nil)) != "" {
		return false
	}
	_, sent := g.waitAfter(after.Seq, g.Timing.Quiet, IsOp(op))
	return sent
}

// IsOp matches an action of an op.
func IsOp(op string) func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		o := newOutbound(e)
		return o != nil && o.Op == op
	}
}

// DriveAction asks the driver for an action in a chat and returns the frame that came of
// it. A gateway whose driver lacks the method, or whose callers cannot set what params
// has, is not judged; nor is one that shows no typing.
func (g *G) DriveAction(method string, params map[string]any) *Outbound {
	op := strings.TrimPrefix(method, "gateway/")
	chat, _ := params["chat_id"].(string)
	after := g.Mark()
	g.Drive(method, params, g.Timing.Answer)
	is := func(e fakeconnector.Entry) bool {
		o := newOutbound(e)
		if o == nil || o.Op != op || o.ChatID != chat {
			return false
		}
		// A turn of the gateway's own may still have something to say in that chat.
		content, given := params["content"].(string)
		return !given || o.Content == content
	}
	if op == "typing" {
		e, ok := g.waitAfter(after.Seq, g.Timing.Quiet, is)
		if !ok {
			g.NotApplicable("the gateway sends no typing when it is asked to")
		}
		return newOutbound(e)
	}
	return newOutbound(g.AwaitAfter(after, g.Timing.Answer, fmt.Sprintf("an outbound %s in chat %q", op, chat), is))
}
