package gen

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"unicode/utf16"
)

func init() {
	nullable := m{"type": []string{"string", "null"}}
	ops["action/frame"] = op{doc: "The action of the outbound frame that a gateway writes when its caller asks for `action`, after the inbound events of `before` " +
		"and under a descriptor with this limit. What says nothing is left out of the value: a null, an empty metadata, and a `scope_id` in the metadata beside the same " +
		"`guild_id`, by which a gateway can serve later connectors. `mistyped-field` where the caller gives a field of another type, `over-limit` where the content is longer " +
		"than the limit: a gateway refuses it or cuts it, and does not send it whole.",
		input:  m{"before": list(object), "action": object, "max_message_length": integer, "len_unit": enum("chars", "utf16"), "revision": enum("2026-06")},
		output: object, errors: []string{"mistyped-field", "over-limit"}}
	ops["action/result"] = op{doc: "What the caller of an action is told, from the `result` of its outbound_result: a success with the id of the message if one was named, or a failure with the connector's own words if it gave any.",
		input:  m{"op": enum("send", "edit", "typing", "follow_up"), "result": object},
		output: either(closed(m{"success": m{"const": true}, "message_id": nullable}), closed(m{"success": m{"const": false}, "error": nullable}))}
	ops["chat-info/read"] = op{doc: "The name and the type of a chat, from the `result` of a get_chat_info; `declined` for a result that says success false.",
		input: m{"chat_id": str, "result": object}, output: closed(m{"name": str, "type": str}), errors: []string{"declined"}}
	ops["interrupt/frame"] = op{doc: "The frame that asks the connector to stop the turn of a session key, without a `reason` that is null.",
		input: m{"session_key": str, "reason": nullable}, output: closed(m{"type": m{"const": "interrupt"}, "session_key": str, "reason?": str})}
}

// recordedCall is what a recorded call was, of which the record has the name alone. Its
// arguments are read off the frames that it led to, and its result off what it returned.
type recordedCall struct {
	id, rule, cause, comment string
	action                   m
	result                   m // of a call whose outcome counts, and not its frame
	adapted                  string
}

const byName = "the record names the call; its arguments are those that its frame shows"

func recordedCalls() map[string]recordedCall {
	send := func(chat string, more ...any) m {
		a := m{"op": "send", "chat_id": chat, "content": "hi"}
		for i := 0; i < len(more); i += 2 {
			a[more[i].(string)] = more[i+1]
		}
		return a
	}
	mine := m{"guild_id": "MINE", "scope_id": "MINE2", "user_id": "MINE3"}
	key := "agent:main:relay:channel:C1:U1"
	return map[string]recordedCall{
		"send, unknown chat":                             {"send-unknown-chat", "scope/not-invented", "no-event", "For a chat that nothing came from, no scope is made up.", send("C1"), nil, byName},
		"send after a guild inbound":                     {"send-in-guild", "scope/echo", "echo", "The scope of the last event from the chat goes with the action.", send("C1"), nil, byName},
		"send after a dm inbound":                        {"send-in-dm", "scope/not-invented", "event-without-scope", "An event without a scope gives none to echo.", send("D1"), nil, byName},
		"send: caller's scope wins":                      {"send-explicit-scope", "scope/explicit-wins", "explicit", "What the caller gave stays as it is.", send("C1", "metadata", mine), nil, byName},
		"send: last author in a channel wins":            {"send-two-authors", "scope/echo", "author-not-echoed", "The baseline echoes the scope, and no author.", send("C1"), nil, byName},
		"send: scope kept when a later inbound has none": {"send-scope-kept", "scope/echo", "scope-kept", "An event without a scope does not make the chat's scope forgotten.", send("C1"), nil, byName},
		"send: only guild_id on the wire":                {"send-guild-alone", "scope/echo", "guild-alone", "The baseline's name of the scope is enough.", send("C1"), nil, byName},
		"send unicode is escaped":                        {"send-not-ascii", "outbound/fields", "content-not-ascii", "A content is any text.", send("C1", "content", "h\u00e9 \U0001f600"), nil, byName},
		"send empty":                                     {"send-empty", "outbound/fields", "content-empty", "An empty content is a content.", send("C1", "content", ""), nil, byName},
		"send over the limit is not split by send()":     {"send-over-limit", "descriptor/message-limit", "over-limit", "A content over the limit is not sent whole. The known implementation sends it and leaves it to its callers to cut.", send("C1", "content", strings.Repeat("x", 2500)), nil, byName},
		"numeric chat_id is not coerced":                 {"send-chat-number", "outbound/fields", "mistyped-field", "A chat_id is a text, whatever the caller has. The known implementation sends the number on.", send("C1", "chat_id", 42), nil, byName},
		"follow_up":                                      {"follow-up", "follow-up/names-session", "follow-up", "It names the session and the kind, and carries no credential.", m{"op": "follow_up", "session_key": key, "kind": "discord.interaction_token", "content": "hi"}, nil, byName},
		"follow_up metadata":                             {"follow-up-metadata", "follow-up/names-session", "follow-up-metadata", "Metadata goes with it as the caller gave it.", m{"op": "follow_up", "session_key": "k", "kind": "other", "content": "hi", "metadata": m{"x": 1}}, nil, byName},
		"send refused":                                   {"send-declined", "outbound/by-request-id", "declined", "The connector's words reach the caller.", send("C1"), m{"success": false, "error": "nope"}, "the record names the call; its result is what it returned"},
		"send result without success":                    {"send-no-success", "action/no-success", "no-success", "Without success true it is a failure, even where a message id came.", send("C1"), m{"message_id": "m1"}, "the record names the call; its result is what it returned"},
	}
}

func describeActions(b *builder) {
	g := b.group("actions", "What a gateway's callers ask for and get: the action of an outbound frame with its scope echo, the outcome of a result, a chat's name and type, an interrupt.")
	calls := recordedCalls()
	infos := map[string]recordedCall{
		"get_chat_info":                   {"nested", "action/chat-info-nested", "nested", "Name and type of chat_info.", nil, m{"success": true, "chat_info": m{"name": "general", "type": "channel"}}, "the record names the call; the result is the one that its outcome shows"},
		"get_chat_info without chat_info": {"absent", "action/chat-info-default", "absent", "Without both, the chat_id and dm.", nil, m{"success": true}, "the record names the call and says that chat_info is left out"},
		"get_chat_info null chat_info":    {"null", "action/chat-info-default", "null", "Null is absence.", nil, m{"success": true, "chat_info": nil}, "the record names the call and says that chat_info is null"},
	}
	for _, r := range b.recorded("actions.2026-06.json") {
		var in struct {
			Before []m `json:"inbound_before"`
		}
		r.decode(&in)
		var said struct {
			Frames   []m
			Returned m
		}
		r.expected(&said)
		if said.Returned == nil && len(said.Frames) == 0 {
			r.leftOut = map[string]string{
				"typing unknown chat":    "the implementation of that month sends no typing; when one is sent, the contract does not say",
				"on_interrupt (discord)": "how one implementation is built: a hook that writes nothing",
			}[r.Name]
			if r.leftOut == "" {
				panic("actions: no description of " + r.Name)
			}
			continue
		}
		if strings.HasPrefix(r.Name, "interrupt ") {
			f := said.Frames[0]
			g.interrupt(slug(r.Name), "interrupt/fields", r.Name[len("interrupt "):], f["session_key"].(string), f["reason"], r)
			continue
		}
		if d, ok := infos[r.Name]; ok {
			g.info(d.id, d.rule, d.cause, "C1", d.result, d.comment, r, d.adapted)
			if want := said.Returned; !reflect.DeepEqual(normal(chatInfo("C1", d.result)), normal(want)) {
				panic(fmt.Sprintf("actions: %s: recorded %s", r.Name, compact(want)))
			}
			continue
		}
		d, ok := calls[r.Name]
		if !ok {
			panic("actions: no description of " + r.Name)
		}
		if d.result != nil {
			if said.Returned["success"] != false || !reflect.DeepEqual(said.Returned["error"], d.result["error"]) {
				panic(fmt.Sprintf("actions: %s: recorded %s", r.Name, compact(said.Returned)))
			}
			g.result(d.id, d.rule, d.cause, "send", d.result, d.comment, r, d.adapted)
			continue
		}
		k := g.call(d.id, d.rule, d.cause, in.Before, d.action, 2000, "chars", d.comment)
		k.from, k.adapted = r, d.adapted
		sent := said.Frames[0]["action"].(map[string]any)
		switch {
		case k.err != "":
			k.differs, k.said = true, bare(sent)
			k.flags = []string{map[string]string{"over-limit": lenient, "mistyped-field": defect}[k.err]}
		case !reflect.DeepEqual(normal(k.out), normal(bare(sent))):
			panic(fmt.Sprintf("actions: %s: recorded %s, formula %s", r.Name, compact(bare(sent)), compact(k.out)))
		}
		g.add(k)
	}
	g.ownActions()
}

// call is a vector of an action, with the contract's formula for it.
func (g *group) call(id, rule, cause string, before []m, action m, limit int, unit, comment string) c {
	if before == nil {
		before = []m{}
	}
	k := c{id: "action-" + id, rule: rule, op: "action/frame", cause: cause, comment: comment,
		in: m{"before": before, "action": action, "max_message_length": limit, "len_unit": unit, "revision": "2026-06"}}
	if _, text := action["chat_id"].(string); action["chat_id"] != nil && !text {
		k.err = "mistyped-field"
		return k
	}
	content, _ := action["content"].(string)
	if n := len([]rune(content)); unit == "chars" && n > limit || unit == "utf16" && len(utf16.Encode([]rune(content))) > limit {
		k.err = "over-limit"
		return k
	}
	out := maps.Clone(action)
	metadata := m{}
	if given, ok := action["metadata"].(m); ok {
		metadata = maps.Clone(given)
	}
	if _, explicit := metadata["guild_id"]; !explicit && (action["op"] == "send" || action["op"] == "edit" || action["op"] == "typing") {
		for _, e := range before {
			s := e["source"].(map[string]any)
			if scope, _ := s["guild_id"].(string); s["chat_id"] == action["chat_id"] && scope != "" {
				metadata["guild_id"] = scope
			}
		}
	}
	out["metadata"] = metadata
	k.out = bare(out)
	return k
}

// bare is an action without what says nothing.
func bare(action m) m {
	out := m{}
	for name, v := range action {
		if metadata, ok := v.(map[string]any); ok && name == "metadata" {
			metadata = maps.Clone(metadata)
			if s := metadata["scope_id"]; s != nil && s == metadata["guild_id"] {
				delete(metadata, "scope_id")
			}
			if len(metadata) == 0 {
				continue
			}
			v = metadata
		}
		if v != nil {
			out[name] = v
		}
	}
	return out
}

func chatInfo(chatID string, result m) m {
	from := result
	if nested, ok := result["chat_info"].(m); ok {
		from = nested
	}
	out := m{"name": chatID, "type": "dm"}
	for name := range out {
		if v, ok := from[name].(string); ok && v != "" {
			out[name] = v
		}
	}
	return out
}

func (g *group) info(id, rule, cause, chatID string, result m, comment string, r *rec, adapted string) {
	k := c{id: "chat-info-" + id, rule: rule, op: "chat-info/read", cause: cause, in: m{"chat_id": chatID, "result": result}, comment: comment, from: r, adapted: adapted}
	if success, said := result["success"].(bool); said && !success {
		k.err = "declined"
	} else {
		k.out = chatInfo(chatID, result)
	}
	g.add(k)
}

func (g *group) result(id, rule, cause, op string, result m, comment string, r *rec, adapted string) {
	nullableText := func(name string) any {
		if s, ok := result[name].(string); ok {
			return s
		}
		return nil
	}
	out := m{"success": false, "error": nullableText("error")}
	if result["success"] == true {
		out = m{"success": true, "message_id": nullableText("message_id")}
	}
	g.add(c{id: "action-result-" + id, rule: rule, op: "action/result", cause: cause, in: m{"op": op, "result": result}, out: out, comment: comment, from: r, adapted: adapted})
}

func (g *group) interrupt(id, rule, cause, key string, reason any, r *rec) {
	out := m{"type": "interrupt", "session_key": key}
	comment := "Without a reason it is null or left out."
	if reason != nil {
		out["reason"], comment = reason, "The reason is a text."
	}
	k := c{id: id, rule: rule, op: "interrupt/frame", cause: slug(cause), in: m{"session_key": key, "reason": reason}, out: out, comment: comment}
	if r != nil {
		k.from, k.adapted = r, byName
	}
	g.add(k)
}

// ownActions are the cases that the recorded data lacks.
func (g *group) ownActions() {
	event := func(chat, chatType, messageID string, more ...any) m {
		s := m{"platform": "discord", "chat_id": chat, "chat_type": chatType, "chat_name": nil, "user_id": "U1", "user_name": "alice", "thread_id": nil, "chat_topic": nil}
		for i := 0; i < len(more); i += 2 {
			s[more[i].(string)] = more[i+1]
		}
		return m{"text": "x", "message_type": "text", "message_id": messageID, "source": s}
	}
	in := func(guild string) []m { return []m{event("C1", "channel", "M1", "guild_id", guild)} }
	send := func(chat string, metadata m) m {
		a := m{"op": "send", "chat_id": chat, "content": "hi"}
		if metadata != nil {
			a["metadata"] = metadata
		}
		return a
	}
	add := func(id, rule, cause string, before []m, action m, comment string) {
		g.add(g.call(id, rule, cause, before, action, 2000, "chars", comment))
	}
	edit := m{"op": "edit", "chat_id": "C1", "message_id": "m1", "content": "hi"}
	add("edit", "outbound/fields", "edit", nil, edit, "It names the message.")
	add("edit-in-guild", "scope/echo", "echo-edit", in("G1"), edit, "An edit carries the scope as well.")
	add("typing", "outbound/fields", "typing", nil, m{"op": "typing", "chat_id": "C1"}, "Nothing but the chat.")
	add("typing-in-guild", "scope/echo", "echo-typing", in("G1"), m{"op": "typing", "chat_id": "C1", "content": "thinking"}, "A typing carries the scope as well.")
	add("chat-info", "outbound/fields", "chat-info", nil, m{"op": "get_chat_info", "chat_id": "C1"}, "Nothing but the chat.")
	add("chat-info-in-guild", "outbound/fields", "chat-info-no-metadata", in("G1"), m{"op": "get_chat_info", "chat_id": "C1"}, "It has no metadata to carry a scope in.")
	add("follow-up-in-guild", "follow-up/names-session", "follow-up-no-chat", in("G1"), m{"op": "follow_up", "session_key": "agent:main:discord:channel:C1:U1", "kind": "k", "content": "hi"}, "It names no chat, and no scope is taken from its session key.")
	add("send-reply", "outbound/fields", "reply-to", nil, m{"op": "send", "chat_id": "C1", "content": "hi", "reply_to": "M1"}, "The message that it answers.")
	add("send-metadata-kept", "outbound/fields", "metadata-kept", nil, send("C1", m{"x": 1, "y": []any{m{"z": nil}}, "thread_id": "T1"}), "Metadata is the caller's, whatever it holds.")
	add("send-metadata-and-scope", "scope/echo", "echo-beside-others", in("G1"), send("C1", m{"x": 1}), "The scope joins what the caller gave.")
	add("send-explicit-alone", "scope/explicit-wins", "explicit", in("G1"), send("C1", m{"guild_id": "MINE"}), "What the caller gave stays as it is.")
	add("send-explicit-unknown-chat", "scope/explicit-wins", "explicit-unknown-chat", nil, send("C1", m{"guild_id": "MINE"}), "Also for a chat that nothing came from.")
	add("send-last-scope", "scope/echo", "last-scope", append(in("G1"), event("C1", "channel", "M2", "guild_id", "G2")), send("C1", nil), "The last event that had a scope decides.")
	add("send-scope-verbatim", "scope/echo", "scope-verbatim", in(" g:1 \u00e9 "), send("C1", nil), "A scope is said back as it came.")
	two := append(in("G1"), event("C2", "channel", "M2", "guild_id", "G2"))
	add("send-other-chat", "scope/per-chat", "two-chats", two, send("C2", nil), "Each chat has its own.")
	add("send-first-chat", "scope/per-chat", "two-chats-first", two, send("C1", nil), "A later event from another chat changes nothing.")
	add("send-third-chat", "scope/not-invented", "other-chats", two, send("C3", nil), "Other chats' scopes are not its own.")
	add("send-chat-case", "scope/per-chat", "chat-case", in("G1"), send("c1", nil), "A chat is known by its id as it stands.")
	add("send-empty-scope", "scope/not-invented", "empty-scope", in(""), send("C1", nil), "An empty scope is none.")
	add("send-null-scope", "scope/not-invented", "null-scope", []m{event("C1", "channel", "M1", "guild_id", nil)}, send("C1", nil), "Null is absence.")
	add("send-thread-scope", "scope/echo", "echo-thread", []m{event("C1", "thread", "M1", "guild_id", "G1", "thread_id", "T1", "parent_chat_id", "P1")}, send("C1", nil), "The chat's id decides, whatever its thread.")
	add("send-parent-of-thread", "scope/not-invented", "parent-chat", []m{event("C1", "thread", "M1", "guild_id", "G1", "thread_id", "T1", "parent_chat_id", "P1")}, send("P1", nil), "No event came from the parent itself.")

	length := func(id, cause, op, content string, limit int, unit, comment string) {
		a := m{"op": op, "chat_id": "C1", "content": content}
		if op == "edit" {
			a["message_id"] = "m1"
		}
		g.add(g.call(id, "descriptor/message-limit", cause, nil, a, limit, unit, comment))
	}
	smile := func(n int) string { return strings.Repeat("\U0001f600", n) }
	length("send-at-limit", "at-limit", "send", strings.Repeat("x", 20), 20, "chars", "The limit itself is allowed.")
	length("send-one-over", "over-limit", "send", strings.Repeat("x", 21), 20, "chars", "One more is not.")
	length("send-emoji-chars", "at-limit", "send", smile(20), 20, "chars", "Code points are counted under chars.")
	length("send-emoji-utf16", "at-limit-utf16", "send", smile(10), 20, "utf16", "Two units each under utf16.")
	length("send-emoji-utf16-over", "over-limit-utf16", "send", smile(10)+"x", 20, "utf16", "Half of the code points that chars would take.")
	length("edit-one-over", "over-limit-edit", "edit", strings.Repeat("x", 21), 20, "chars", "An edit is held to the limit as well.")
	length("send-default-limit", "default-limit", "send", strings.Repeat("x", 4097), 4096, "chars", "4096 is what a limit of 0 stands for.")

	for _, op := range []string{"send", "follow_up"} {
		g.result(slug(op)+"-named", "outbound/by-request-id", "message-id", op, m{"success": true, "message_id": "m1"}, "A success that names the message.", nil, "")
		g.result(slug(op)+"-unnamed", "outbound/by-request-id", "no-message-id", op, m{"success": true}, "A success that names none.", nil, "")
		g.result(slug(op)+"-null-id", "framing/null-field", "null-message-id", op, m{"success": true, "message_id": nil, "error": nil}, "Null is absence.", nil, "")
	}
	g.result("edit-done", "outbound/by-request-id", "edit", "edit", m{"success": true}, "An edit names no message.", nil, "")
	g.result("typing-done", "outbound/by-request-id", "typing", "typing", m{"success": true}, "Nor does a typing.", nil, "")
	g.result("send-declined-silently", "outbound/by-request-id", "declined-silently", "send", m{"success": false}, "A failure without words.", nil, "")
	g.result("send-null-success", "action/no-success", "null-success", "send", m{"success": nil, "message_id": "m1"}, "Null is not true.", nil, "")
	g.result("send-text-success", "action/no-success", "text-success", "send", m{"success": "true", "message_id": "m1"}, "A text is not true.", nil, "")
	g.result("send-number-success", "action/no-success", "number-success", "send", m{"success": 1, "message_id": "m1"}, "A number is not true.", nil, "")
	g.result("send-nothing", "action/no-success", "empty-result", "send", m{}, "An empty result is a failure.", nil, "")
	g.result("edit-nothing", "action/no-success", "empty-result-edit", "edit", m{}, "Of any op but get_chat_info.", nil, "")
	g.result("typing-nothing", "action/no-success", "empty-result-typing", "typing", m{}, "Of any op but get_chat_info.", nil, "")
	g.result("send-unknown-fields", "framing/unknown-fields", "unknown-fields", "send", m{"success": true, "message_id": "m1", "zorp": m{"a": 1}}, "Unknown fields change nothing.", nil, "")

	info := func(id, rule, cause string, result m, comment string) {
		g.info(id, rule, cause, "C 1:\u00e9", result, comment, nil, "")
	}
	info("flat", "action/chat-info-flat", "flat", m{"name": "general", "type": "channel"}, "Without chat_info the two stand at the top.")
	info("flat-success", "action/chat-info-flat", "flat", m{"success": true, "name": "general", "type": "group"}, "A success beside them changes nothing.")
	info("nested-before-flat", "action/chat-info-nested", "nested-before-flat", m{"chat_info": m{"name": "general", "type": "channel"}, "name": "other", "type": "dm"}, "chat_info goes first.")
	info("nested-no-success", "action/chat-info-nested", "no-success", m{"chat_info": m{"name": "general", "type": "channel"}}, "This op alone may leave success out.")
	info("nested-name-alone", "action/chat-info-default", "name-alone", m{"chat_info": m{"name": "general"}}, "Each default stands on its own.")
	info("nested-type-alone", "action/chat-info-default", "type-alone", m{"chat_info": m{"type": "group"}}, "Each default stands on its own.")
	info("flat-name-alone", "action/chat-info-default", "flat-name-alone", m{"name": "general"}, "Each default stands on its own.")
	info("nested-empty", "action/chat-info-default", "nested-empty", m{"chat_info": m{}}, "An empty chat_info has neither.")
	info("empty", "action/chat-info-default", "empty-result", m{}, "An empty result has neither.")
	info("declined", "action/chat-info-default", "declined", m{"success": false, "error": "nope"}, "A result that says success false is no answer.")

	g.interrupt("interrupt-not-ascii", "interrupt/fields", "reason not ascii", "agent:main:discord:channel:C1:U1", "st\u00f6p \U0001f6d1", nil)
	g.interrupt("interrupt-key-verbatim", "interrupt/fields", "key verbatim", "agent:main:discord:dm: C:1 ", nil, nil)
}
