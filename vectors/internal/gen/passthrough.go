package gen

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

func init() {
	nullable := m{"type": []string{"string", "null"}}
	ops["passthrough/decode"] = op{doc: "Decodes a forward: its fields, its headers in their order, and the exact bytes of its body in hex.",
		input: m{"forward": anyJSON},
		output: closed(m{"platform": str, "botId": str, "method": str, "path": str, "headers": list(m{"type": "array", "items": str, "minItems": 2, "maxItems": 2}),
			"body_hex": m{"type": "string", "pattern": "^([0-9a-f]{2})*$"}}),
		errors: []string{"missing-field", "mistyped-field", "not-base64"}}
	ops["interaction/event"] = op{doc: "The event that a gateway makes of a forwarded Discord interaction; `no-interaction` for anything else, which is dropped.",
		input: m{"platform": str, "body": either(closed(m{"text": str}), closed(m{"hex": str})), "revision": enum("2026-06", "2026-08", "2026-10")},
		output: closed(m{"text": str, "message_type": enum("text", "command"), "platform": m{"const": "relay"}, "chat_id": str, "chat_type": enum("channel", "dm", "thread"),
			"user_id": nullable, "user_name": nullable, "message_id": nullable, "scope": nullable, "thread_id": nullable, "parent_chat_id": nullable}),
		errors: []string{"no-interaction"}}
}

func describePassthrough(b *builder) {
	g := b.group("passthrough", "Forwarded requests: their fields, header order, and the exact bytes of their bodies.")
	const body, headers, bad = "passthrough/exact-bytes", "passthrough/headers", "passthrough/malformed"
	named := map[string]recordedToken{
		"typical":                   {"typical", headers, "duplicates-and-order", "", "Order and duplicates of the headers survive."},
		"null":                      {"null", bad, "forward-null", "missing-field", "Null in a required place is absence."},
		"array":                     {"array", bad, "forward-mistyped", "mistyped-field", "An array is no forward."},
		"body binary":               {"body-binary", body, "body-binary", "", "Every byte value survives."},
		"body empty":                {"body-empty", body, "body-empty", "", "An empty body is a body."},
		"body null":                 {"body-null", bad, "body-null", "missing-field", "Null in a required place is absence. The known implementation takes it for an empty body."},
		"body url-safe alphabet":    {"body-url-alphabet", bad, "body-other-alphabet", "not-base64", "The other base64 alphabet. The known implementation drops the characters that it does not know, and bytes with them."},
		"body standard alphabet":    {"body-standard-alphabet", body, "body-standard-alphabet", "", "+ and / are the alphabet's own."},
		"body newlines inside":      {"body-newlines", bad, "body-white-space", "not-base64", "Line breaks are no part of base64, though many decoders skip them."},
		"body junk mixed in":        {"body-junk", bad, "body-junk", "not-base64", "A character that is not of the alphabet. The known implementation drops it."},
		"body over padded":          {"body-over-padded", bad, "body-padding", "not-base64", "More padding than any base64 has."},
		"body list":                 {"body-list", bad, "body-mistyped", "mistyped-field", "A list is no body."},
		"body bool":                 {"body-bool", bad, "body-mistyped", "mistyped-field", "A truth value is no body."},
		"headers None":              {"headers-null", bad, "headers-null", "missing-field", "Null in a required place is absence."},
		"headers []":                {"headers-empty", headers, "headers-empty", "", "No header at all."},
		"headers {}":                {"headers-empty-object", bad, "headers-mistyped", "mistyped-field", "An object has no order and no duplicates."},
		"headers 'ab'":              {"headers-text", bad, "headers-mistyped", "mistyped-field", "A text is no list of headers."},
		"headers {'a': 'b'}":        {"headers-object", bad, "headers-mistyped", "mistyped-field", "An object has no order and no duplicates."},
		"headers [['a']]":           {"headers-single", bad, "header-not-a-pair", "mistyped-field", "A header is a pair."},
		"headers [['a', 'b', 'c']]": {"headers-triple", bad, "header-not-a-pair", "mistyped-field", "A header is a pair."},
		"headers [['a', 'b'], 'cd', 'efg', 5, None, ['x', 1], [None, None], [['n'], {}]]": {"headers-mixture", bad, "header-not-a-pair", "mistyped-field", "One good header among bad ones does not save the forward."},
		"headers 5":            {"headers-number", bad, "headers-mistyped", "mistyped-field", "A number is no list of headers."},
		"headers True":         {"headers-true", bad, "headers-mistyped", "mistyped-field", "A truth value is no list of headers."},
		"headers ['ab', 'cd']": {"headers-texts", bad, "header-not-a-pair", "mistyped-field", "A text of two characters is no pair, whatever its language makes of it."},
		"profile key":          {"profile", "framing/unknown-fields", "later-field", "", "A field of a later revision changes nothing."},
		"numbers as fields":    {"fields-mistyped", bad, "field-mistyped", "mistyped-field", "Numbers are no texts. The known implementation writes them out."},
		"body key ignored":     {"fields-missing", bad, "field-missing", "missing-field", "body is not bodyB64, and nothing else is there."},
	}
	for _, r := range b.recorded("passthrough.json") {
		d, ok := named[r.Name]
		if !ok {
			panic("passthrough: no description of " + r.Name)
		}
		var in any
		r.decode(&in)
		var said m
		r.expected(&said)
		k := c{id: "passthrough-" + d.id, rule: d.rule, op: "passthrough/decode", cause: d.cause, in: m{"forward": in}, err: d.err, comment: d.comment, from: r}
		outcome := m{}
		if said["error"] == nil {
			raw, err := base64.StdEncoding.DecodeString(said["body"].(map[string]any)["b64"].(string))
			if err != nil {
				panic(err)
			}
			outcome = m{"platform": said["platform"], "botId": said["bot_id"], "method": said["method"], "path": said["path"], "headers": said["headers"], "body_hex": hex.EncodeToString(raw)}
		}
		switch {
		case d.err == "":
			k.out = outcome
		case said["error"] == nil:
			k.differs, k.flags = true, []string{lenient}
			k.said = m{"headers": outcome["headers"], "body_hex": outcome["body_hex"]}
		}
		g.add(k)
	}
	good := func(pairs ...any) m {
		f := m{"platform": "discord", "botId": "b", "method": "POST", "path": "/", "headers": []any{}, "bodyB64": ""}
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] == "absent" {
				delete(f, pairs[i].(string))
				continue
			}
			f[pairs[i].(string)] = pairs[i+1]
		}
		return f
	}
	add := func(id, rule, cause string, f m, err, comment string) {
		k := c{id: "passthrough-" + id, rule: rule, op: "passthrough/decode", cause: cause, in: m{"forward": f}, err: err, comment: comment}
		if err == "" {
			raw, e := base64.StdEncoding.Strict().DecodeString(f["bodyB64"].(string))
			if e != nil {
				panic(fmt.Sprintf("passthrough: %s: %v", id, e))
			}
			k.out = m{"platform": f["platform"], "botId": f["botId"], "method": f["method"], "path": f["path"], "headers": f["headers"], "body_hex": hex.EncodeToString(raw)}
		}
		g.add(k)
	}
	for _, data := range []string{"\x00", "\x00\xff", "a", "ab", "abc", "{}", "{\"a\": 1}\n", "\xff\xfe{\x00}\x00", "\xef\xbb\xbf{}"} {
		add("body-bytes-"+hex.EncodeToString([]byte(data)), body, "body-bytes", good("bodyB64", base64.StdEncoding.EncodeToString([]byte(data))), "", "A body of other bytes.")
	}
	add("body-unpadded", bad, "body-padding", good("bodyB64", "YQ"), "not-base64", "Without its padding.")
	add("body-one-pad", bad, "body-padding", good("bodyB64", "YQ="), "not-base64", "With half of its padding.")
	add("body-stray-bits", bad, "body-stray-bits", good("bodyB64", "YR=="), "not-base64", "The last character carries bits that no byte uses.")
	add("body-space", bad, "body-white-space", good("bodyB64", "YWI= "), "not-base64", "A space after it.")
	add("body-impossible-length", bad, "body-length", good("bodyB64", "YWJjZ"), "not-base64", "A length that no base64 has.")
	add("headers-order", headers, "order", good("headers", []any{[]any{"b", "1"}, []any{"a", "2"}, []any{"b", "3"}, []any{"B", "1"}}), "", "Nothing is sorted, joined or folded.")
	add("headers-values-verbatim", headers, "values-verbatim", good("headers", []any{[]any{"X", "  a, b ;c  "}, []any{"", ""}, []any{"\u00e9", "\u2603"}}), "", "Names and values stay as they are, empty and not ASCII alike.")
	for _, f := range []string{"platform", "botId", "method", "path", "headers", "bodyB64"} {
		add(slug(f)+"-absent", bad, "field-missing", good(f, "absent"), "missing-field", "Without the required field "+f+".")
		if f != "bodyB64" && f != "headers" {
			add(slug(f)+"-empty", body, "field-empty", good(f, ""), "", "Empty is a value.")
		}
	}
	add("unknown-field", "framing/unknown-fields", "unknown-field", good("zorp", 1), "", "Unknown fields change nothing.")
}

// interaction is the contract's table, nil for what is dropped.
func interaction(platform, body, revision string) m {
	var p map[string]any
	if platform != "discord" || json.Unmarshal([]byte(body), &p) != nil || p == nil {
		return nil
	}
	obj := func(o map[string]any, name string) map[string]any { v, _ := o[name].(map[string]any); return v }
	text := func(o map[string]any, name string) any {
		if t, ok := o[name].(string); ok {
			return t
		}
		return nil
	}
	out := m{"text": "", "message_type": "text", "platform": "relay", "chat_id": "", "chat_type": "dm", "user_id": nil, "user_name": nil,
		"message_id": text(p, "id"), "scope": nil, "thread_id": nil, "parent_chat_id": nil}
	if t := text(p, "channel_id"); t != nil {
		out["chat_id"] = t
	}
	if t := text(p, "guild_id"); t != nil {
		out["chat_type"], out["scope"] = "channel", t
	}
	user := obj(obj(p, "member"), "user")
	if user == nil {
		user = obj(p, "user")
	}
	out["user_id"], out["user_name"] = text(user, "id"), text(user, "username")
	data := obj(p, "data")
	switch p["type"] {
	case 2.0:
		name, _ := data["name"].(string)
		out["text"] = name
		if revision >= "2026-08" {
			line := "/" + name
			options, _ := data["options"].([]any)
			for _, o := range options {
				if t, ok := o.(map[string]any)["value"].(string); ok {
					line += " " + t
				}
			}
			out["text"], out["message_type"] = line, "command"
		}
	case 3.0:
		if t, ok := data["custom_id"].(string); ok {
			out["text"] = t
		}
	}
	if ch := obj(p, "channel"); revision >= "2026-10" && (ch["type"] == 10.0 || ch["type"] == 11.0 || ch["type"] == 12.0) {
		out["chat_type"], out["thread_id"], out["parent_chat_id"] = "thread", out["chat_id"], text(ch, "parent_id")
	}
	return out
}

func describeInteractions(b *builder) {
	g := b.group("interactions", "Discord interactions that were forwarded: the events that a gateway makes of them, and what it drops.")
	leave := func(name, revision string) string {
		switch {
		case name == "data is a list", name == "data is a string":
			return "what becomes of an interaction whose data is no object, the contract does not say, beyond that the session goes on"
		case name == "channel_id missing":
			return "what becomes of an interaction without a channel, the contract does not say"
		case name == "guild_id number":
			return pythonic
		case name == "guild_id empty string":
			return "whether an empty guild_id is one, the contract does not say"
		case name == "type 2.0 (== 2)":
			return "whether 2.0 is 2, the contract does not say"
		case revision == "2026-06":
			return ""
		case strings.HasPrefix(name, "component token") || strings.HasPrefix(name, "component token,"):
			return "how a gateway reads a prompt's token in a forward, the contract does not say: a press arrives as an event"
		case strings.HasPrefix(name, "subcommand"):
			return "what a subcommand adds to the command line, the contract does not say"
		case name == "command name empty", name == "options several", name == "options false and zero", name == "options null/blank skipped", name == "options not a list":
			return "how values that are no texts, and names that are empty, stand in a command line, the contract does not say"
		}
		return ""
	}
	for _, revision := range []string{"2026-06", "2026-08"} {
		rs := b.recorded("interactions." + revision + ".json")
		for _, r := range rs {
			if reason := leave(r.Name, revision); reason != "" {
				r.leftOut = reason
				continue
			}
			g.recordedInteraction(r, revision)
		}
	}
	g.ownInteractions()
}

func (g *group) recordedInteraction(r *rec, revision string) {
	var in struct {
		BodyB64 string `json:"body_b64"`
	}
	r.decode(&in)
	body, err := base64.StdEncoding.DecodeString(in.BodyB64)
	if err != nil {
		panic(err)
	}
	var e m
	r.expected(&e)
	var said m
	if e != nil {
		s := e["source"].(map[string]any)
		said = m{"text": e["text"], "message_type": e["message_type"], "platform": s["platform"], "chat_id": s["chat_id"], "chat_type": s["chat_type"],
			"user_id": s["user_id"], "user_name": s["user_name"], "message_id": s["message_id"], "scope": s["guild_id"], "thread_id": s["thread_id"], "parent_chat_id": s["parent_chat_id"]}
	}
	want := interaction("discord", string(body), revision)
	if !reflect.DeepEqual(normal(want), normal(said)) {
		panic(fmt.Sprintf("interactions: %s (%s): recorded %s, formula %s", r.Name, revision, compact(said), compact(want)))
	}
	name := strings.NewReplacer("'", "", "é", "not ascii", "HP1", "upper case hp1").Replace(r.Name)
	if strings.Contains(r.Name, "' hp1") {
		name += " spaced"
	}
	g.addInteraction(slug(name)+map[bool]string{true: "-2026-08"}[revision == "2026-08"], "discord", string(body), revision, "", r)
}

func (g *group) addInteraction(id, platform, body, revision, comment string, r *rec) {
	want := interaction(platform, body, revision)
	d := c{id: "interaction-" + id, op: "interaction/event", in: m{"platform": platform, "body": bodyOf(body), "revision": revision}, from: r}
	var p struct {
		Type    any
		Guild   any `json:"guild_id"`
		Member  any
		Channel map[string]any
	}
	_ = json.Unmarshal([]byte(body), &p)
	switch {
	case want == nil:
		d.rule, d.cause, d.comment, d.err = "passthrough/dropped", "dropped", "What is no interaction is dropped.", "no-interaction"
	case want["chat_type"] == "thread":
		d.rule, d.cause, d.comment, d.since = "passthrough/thread", "thread", "Inside a thread the channel is the thread.", "2026-10"
	case p.Type == 3.0:
		d.rule, d.cause, d.comment = "passthrough/component", "component", "A component's text is its custom_id, whatever that looks like."
	case p.Type != 2.0:
		d.rule, d.cause, d.comment = "passthrough/other-types", "other-type", "Any other type, a text or a truth value among them, has no text."
	case revision >= "2026-08":
		d.rule, d.cause, d.comment, d.since = "passthrough/command-line", "command-line", "A command's text is a slash, its name and its options' values.", "2026-07-25"
	case p.Guild == nil:
		d.rule, d.cause, d.comment = "passthrough/chat", "direct-message", "Without a guild_id it is a direct message."
	case want["user_id"] == nil || want["user_id"] == "U2":
		d.rule, d.cause, d.comment = "passthrough/author", "author-"+map[bool]string{true: "absent", false: "from-user"}[want["user_id"] == nil], "The author is member.user, else user, else nobody."
	default:
		d.rule, d.cause, d.comment = "passthrough/command", "command", "A command's text is its name; its options are no part of it."
	}
	if comment != "" {
		d.comment = comment
	}
	if want != nil {
		d.out = want
	}
	if d.since != "" {
		d.flags = []string{laterFlag}
	}
	if _, isHex := d.in.(m)["body"].(m)["hex"]; isHex {
		d.flags = append(d.flags, byteFlag)
	}
	g.add(d)
}

func (g *group) ownInteractions() {
	const command = `{"type": 2, "id": "I1", "channel_id": "C1", "guild_id": "G1", "member": {"user": {"id": "U1", "username": "alice"}}, "data": {"name": "model"}}`
	add := g.addInteraction
	for _, p := range []string{"telegram", "", "Discord", "slack"} {
		id := slug(p)
		if p == "" {
			id = "empty"
		} else if p == "Discord" {
			id = "discord-capital"
		}
		add("platform-"+id, p, command, "2026-06", "Only a forward of discord is an interaction.", nil)
	}
	add("body-array", "discord", "["+command+"]", "2026-06", "", nil)
	add("body-null", "discord", "null", "2026-06", "", nil)
	add("body-empty", "discord", "", "2026-06", "", nil)
	add("body-not-utf8", "discord", "\xff\xfe", "2026-06", "", nil)
	add("type-missing", "discord", `{"id": "I1", "channel_id": "C1", "guild_id": "G1", "user": {"id": "U1", "username": "alice"}}`, "2026-06", "Without a type there is no text.", nil)
	add("both-users", "discord", `{"type": 2, "id": "I1", "channel_id": "C1", "guild_id": "G1", "member": {"user": {"id": "U1", "username": "alice"}}, "user": {"id": "U9", "username": "zed"}, "data": {"name": "model"}}`, "2026-06", "member.user goes before user.", nil)
	add("member-null", "discord", `{"type": 2, "id": "I1", "channel_id": "C1", "guild_id": "G1", "member": null, "user": {"id": "U2", "username": "bob"}, "data": {"name": "model"}}`, "2026-06", "Without a member the user is the author.", nil)
	add("options-texts", "discord", strings.Replace(command, `"name": "model"`, `"name": "model", "options": [{"name": "a", "type": 3, "value": "x"}, {"name": "b", "type": 3, "value": "y z"}]`, 1), "2026-08", "", nil)
	add("options-texts-baseline", "discord", strings.Replace(command, `"name": "model"`, `"name": "model", "options": [{"name": "a", "type": 3, "value": "x"}]`, 1), "2026-06", "", nil)
	add("component-2026-08", "discord", strings.Replace(strings.Replace(command, `"type": 2`, `"type": 3`, 1), `"name": "model"`, `"custom_id": "btn"`, 1), "2026-08", "", nil)
	for _, t := range []int{0, 5, 9, 10, 11, 12, 13} {
		for _, rev := range []string{"2026-08", "2026-10"} {
			text := strings.Replace(command, `"channel_id"`, fmt.Sprintf(`"channel": {"id": "C1", "type": %d, "parent_id": "P1"}, "channel_id"`, t), 1)
			add(fmt.Sprintf("channel-type-%d-%s", t, rev), "discord", text, rev, map[bool]string{true: "", false: "A channel of this type is no thread, or no thread yet in this revision."}[rev == "2026-10" && t >= 10 && t <= 12], nil)
		}
	}
}
