package gen

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

func init() {
	nullable := m{"type": []string{"string", "null"}}
	ops["event/read"] = op{
		doc: "Reads the event of an inbound frame and yields what a gateway acts on. `scope` is guild_id in the baseline, and " +
			"scope_id before guild_id from 2026-06-30; `author` is user_name in the baseline, and from 2026-07-25 the display name, else the name, else the handle.",
		input: m{"event": anyJSON, "revision": enum("2026-06", "2026-08")},
		output: closed(m{"text": str, "message_type": enum("text", "location", "photo", "video", "audio", "voice", "document", "sticker", "command"),
			"platform": str, "chat_id": str, "chat_type": str, "user_id": nullable, "thread_id": nullable, "scope": nullable, "author": nullable,
			"message_id": nullable, "reply_to_message_id": nullable, "media_urls": strs}),
		errors: []string{"unmappable"}}
}

var messageTypes = strings.Fields("text location photo video audio voice document sticker command")

// readEvent is the contract's reading of an event, nil for an unmappable one.
func readEvent(event any, revision string) m {
	e, ok := event.(map[string]any)
	if !ok {
		return nil
	}
	s, ok := e["source"].(map[string]any)
	if !ok {
		return nil
	}
	text := func(o map[string]any, name string) any { // an optional text: null where it is not there
		if t, ok := o[name].(string); ok {
			return t
		}
		return nil
	}
	first := func(values ...any) any {
		for _, v := range values {
			if v != nil && v != "" {
				return v
			}
		}
		return nil
	}
	out := m{"text": "", "message_type": "text", "platform": "relay", "chat_id": text(s, "chat_id"), "chat_type": text(s, "chat_type"),
		"user_id": text(s, "user_id"), "thread_id": text(s, "thread_id"), "scope": first(text(s, "guild_id")), "author": text(s, "user_name"),
		"message_id": text(e, "message_id"), "reply_to_message_id": text(e, "reply_to_message_id"), "media_urls": []any{}}
	if t, ok := e["text"].(string); ok {
		out["text"] = t
	}
	if t, ok := e["message_type"].(string); ok && slices.Contains(messageTypes, t) {
		out["message_type"] = t
	}
	if p, ok := s["platform"].(string); ok && slices.Contains(knownPlatforms, p) {
		out["platform"] = p
	}
	if urls, ok := e["media_urls"].([]any); ok {
		out["media_urls"] = urls
	}
	if revision == "2026-08" {
		out["scope"] = first(text(s, "scope_id"), text(s, "guild_id"))
		out["author"] = first(text(s, "user_display_name"), text(s, "user_name"), text(s, "user_handle"))
	}
	return out
}

const twoRules = "the contract's words pull apart: a mistyped field that is always sent makes the frame bad, and every event that is not unmappable is handled"

func describeEvents(b *builder) {
	g := b.group("events", "Inbound events: what a gateway makes of the event of an inbound frame, with defaults, unknown values and fields of other revisions.")
	leave := func(name string) string {
		switch {
		case name == "source null":
			return open + "an event that lacks its source"
		case name == "channel_context on the wire is ignored", strings.HasPrefix(name, "slack text null"), name == "text null":
			if name == "channel_context on the wire is ignored" {
				return ""
			}
			return "what null in a field that is always sent means, the contract does not say"
		case name == "platform None", name == "message_type None", name == "chat_type None":
			return "what null in a field that is always sent means, the contract does not say"
		case slices.Contains([]string{"text number", "message_type 5", "message_type ['text']", "platform 5", "platform True", "chat_type 5", "chat_id number"}, name):
			return twoRules
		case name == "chat_type ''":
			return open + "a source whose chat_type is empty"
		case slices.Contains([]string{"platform 'irc'", "platform 'teams'", "platform 'google_chat'"}, name):
			return "a gateway can know more platforms than the contract lists"
		case name == "platform 'DISCORD'", name == "platform ' Discord '":
			return open + "whether a gateway also knows a platform by its name in another case or with white space around it"
		}
		return ""
	}
	june := map[string]m{}
	for _, r := range b.recorded("events.2026-06.json") {
		if reason := leave(r.Name); reason != "" {
			r.leftOut = reason
			continue
		}
		said := recordedEvent(r, "2026-06")
		june[r.Name] = said
		g.recordedEvent(r, said, "2026-06")
	}
	for _, r := range b.recorded("events.2026-08.json") {
		reason := leave(r.Name)
		said := recordedEvent(r, "2026-08")
		switch {
		case reason != "":
			r.leftOut = reason
		case reflect.DeepEqual(said, june[r.Name]) && !strings.HasPrefix(r.Name, "both") && !strings.HasPrefix(r.Name, "user names"):
			r.same = true
		case strings.HasPrefix(r.Name, "slack text"):
			r.leftOut = "how one implementation rewrites its own commands"
		case strings.HasPrefix(r.Name, "guild_id") || strings.HasPrefix(r.Name, "scope_id empty"):
			r.leftOut = "whether a gateway of 2026-07 or later takes guild_id where scope_id is absent, the contract does not say"
		case r.Name == "user names {'user_name': ''}":
			r.leftOut = "whether an empty name is a name, the contract does not say"
		default:
			g.recordedEvent(r, said, "2026-08")
		}
	}
	g.ownEvents()
}

// recordedEvent brings a recorded outcome into the op's shape; nil for an exception.
func recordedEvent(r *rec, revision string) m {
	var e m
	r.expected(&e)
	if e["error"] != nil {
		return nil
	}
	s := e["source"].(map[string]any)
	scope := s["guild_id"]
	if revision == "2026-08" {
		scope = s["scope_id"]
	}
	return m{"text": e["text"], "message_type": e["message_type"], "platform": s["platform"], "chat_id": s["chat_id"], "chat_type": s["chat_type"],
		"user_id": s["user_id"], "thread_id": s["thread_id"], "scope": scope, "author": s["user_name"], "message_id": e["message_id"],
		"reply_to_message_id": e["reply_to_message_id"], "media_urls": e["media_urls"]}
}

func (g *group) recordedEvent(r *rec, said m, revision string) {
	var event any
	r.decode(&event)
	want := readEvent(event, revision)
	name := strings.NewReplacer("{'", "", "'}", "", "':", "", "''", "empty", "None", "null", "[]", "list").Replace(r.Name)
	d := c{id: "event-" + slug(name), op: "event/read", in: m{"event": event, "revision": revision}, from: r}
	if revision != "2026-06" {
		d.id += "-" + revision
	}
	d.rule, d.cause, d.comment = aboutEvent(r.Name, revision)
	if want == nil {
		d.err = "unmappable"
	} else {
		d.out = want
	}
	switch d.rule {
	case "event/scope-id":
		d.since = "2026-06-30"
	case "event/display-name":
		d.since = "2026-07-25"
	}
	if d.since != "" {
		d.flags = append(d.flags, laterFlag)
	}
	if !reflect.DeepEqual(normal(want), normal(said)) {
		d.differs = true
		d.said = said
		if want != nil && said != nil {
			changed := m{}
			for k := range said {
				if !reflect.DeepEqual(normal(said[k]), normal(want[k])) {
					changed[k] = said[k]
				}
			}
			d.said = changed
		}
		d.flags = append(d.flags, lenient)
	}
	g.add(d)
}

func normal(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		panic(err)
	}
	return out
}

func aboutEvent(name, revision string) (rule, cause, comment string) {
	is := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(name, p) {
				return true
			}
		}
		return false
	}
	switch {
	case is("source ", "event array"):
		return "inbound/ack-not-unmappable", "unmappable", "An event that is no object, or whose source is no object, cannot be mapped."
	case is("platform 'zorp'", "platform ''"):
		return "event/unknown-platform", "unknown-platform", "An unknown platform is handled as relay."
	case is("platform"):
		return "inbound/handled", "platform", "A platform of the contract's list."
	case is("message_type 'TEXT'", "message_type ''"):
		return "inbound/unknown-message-type", "unknown-message-type", "An unknown message type is text."
	case is("message_type"):
		return "inbound/handled", "message-type", "A message type of the contract's list."
	case is("chat_type"):
		return "inbound/handled", "chat-type", "A chat type of the contract's list."
	case is("scope_id number") && revision != "2026-06":
		return "inbound/handled", "optional-mistyped", "A mistyped optional field takes its default. The known implementation hands the number on."
	case is("both", "scope_id only", "guild_id null, scope_id set", "scope_id number", "all source fields"):
		if revision == "2026-06" {
			return "framing/unknown-fields", "scope-id-ignored", "In the baseline scope_id is an unknown field."
		}
		return "event/scope-id", map[bool]string{true: "scope-id-wins", false: "scope-id-alone"}[is("both", "all")], "scope_id goes before guild_id."
	case is("guild_id number"):
		return "inbound/handled", "optional-mistyped", "A mistyped optional field takes its default. The known implementation hands the number on."
	case is("guild_id", "scope_id empty"):
		return "inbound/handled", "guild-id", "The scope of the baseline is guild_id."
	case is("user names"):
		if revision == "2026-06" {
			return "framing/unknown-fields", "names-ignored", "In the baseline the display name and the handle are unknown fields."
		}
		return "event/display-name", "display-name", "The author's name is the display name, else the name, else the handle."
	case is("text missing"):
		return "inbound/handled", "text-missing", "A missing text is empty."
	case is("text", "discord /hermes", "slack text"):
		return "inbound/handled", "text-verbatim", "The text reaches the handler as it was sent."
	case is("media_urls string"):
		return "inbound/handled", "optional-mistyped", "A mistyped optional field takes its default. The known implementation hands it on."
	case is("media_urls", "message_id", "reply_to_message_id", "typical"):
		return "inbound/handled", "plain", "Nothing unusual."
	case is("reply_to", "context", "prompt_response", "profile", "auto_thread", "prospective"):
		return "framing/unknown-fields", "later-field", "A field of a later revision changes nothing of what the baseline reads."
	case is("internal", "is_bot", "channel_context"):
		return "event/relay-mark", "claims-of-the-event", "What an event claims about itself changes nothing."
	case is("unknown"):
		return "framing/unknown-fields", "unknown-field", "Unknown fields change nothing."
	}
	panic("events: no description of " + name)
}

func (g *group) ownEvents() {
	src := func(pairs ...any) m {
		s := m{"platform": "discord", "chat_id": "C1", "chat_type": "channel", "chat_name": "general", "user_id": "U1", "user_name": "alice", "thread_id": nil, "chat_topic": nil}
		for i := 0; i < len(pairs); i += 2 {
			s[pairs[i].(string)] = pairs[i+1]
		}
		return s
	}
	ev := func(s any, pairs ...any) m {
		e := m{"text": "hello", "message_type": "text", "source": s, "message_id": "M1"}
		for i := 0; i < len(pairs); i += 2 {
			e[pairs[i].(string)] = pairs[i+1]
		}
		return e
	}
	add := func(id, rule, cause, revision string, event any, comment string) {
		d := c{id: "event-" + id, rule: rule, op: "event/read", cause: cause, in: m{"event": event, "revision": revision}, comment: comment}
		if want := readEvent(normal(event), revision); want == nil {
			d.err = "unmappable"
		} else {
			d.out = want
		}
		switch rule {
		case "event/scope-id":
			d.since, d.flags = "2026-06-30", []string{laterFlag}
		case "event/display-name":
			d.since, d.flags = "2026-07-25", []string{laterFlag}
		}
		g.add(d)
	}
	add("null", "inbound/ack-not-unmappable", "unmappable", "2026-06", nil, "A null event cannot be mapped.")
	add("text", "inbound/ack-not-unmappable", "unmappable", "2026-06", "hi", "A text is no event.")
	add("source-number", "inbound/ack-not-unmappable", "unmappable", "2026-06", ev(5), "A number is no source.")
	add("source-true", "inbound/ack-not-unmappable", "unmappable", "2026-06", ev(true), "A truth value is no source.")
	for _, p := range knownPlatforms {
		add("platform-"+slug(p), "inbound/handled", "platform", "2026-06", ev(src("platform", p)), "A platform of the contract's list.")
	}
	for _, t := range messageTypes {
		add("message-type-"+t, "inbound/handled", "message-type", "2026-06", ev(src(), "message_type", t), "A message type of the contract's list.")
	}
	for _, t := range []string{"image", "Photo", " text", "gif"} {
		add("message-type-unknown-"+slug(t)+map[bool]string{true: "-spaced", false: ""}[t[0] == ' '], "inbound/unknown-message-type", "unknown-message-type", "2026-06", ev(src(), "message_type", t), "An unknown message type is text.")
	}
	missing := ev(src())
	delete(missing, "message_type")
	add("message-type-missing", "inbound/unknown-message-type", "missing-message-type", "2026-06", missing, "A missing message type is text.")
	for _, f := range []string{"message_id", "reply_to_message_id", "media_urls"} {
		add(slug(f)+"-null", "framing/null-field", "optional-null", "2026-06", ev(src(), f, nil), "Null in an optional field is absence.")
		add(slug(f)+"-mistyped", "inbound/handled", "optional-mistyped", "2026-06", ev(src(), f, m{"a": 1}), "A mistyped optional field takes its default.")
	}
	for _, f := range []string{"user_id", "user_name", "thread_id"} {
		add(slug(f)+"-null", "framing/null-field", "nullable-null", "2026-06", ev(src(f, nil)), "A nullable field may be null.")
		add(slug(f)+"-mistyped", "inbound/handled", "nullable-mistyped", "2026-06", ev(src(f, []any{"x"})), "A mistyped nullable field is read like null.")
		absent := src()
		delete(absent, f)
		add(slug(f)+"-absent", "framing/null-field", "nullable-absent", "2026-06", ev(absent), "A nullable field that is absent is read like null.")
	}
	add("media-urls-several", "inbound/handled", "media-urls", "2026-06", ev(src(), "media_urls", []any{"https://a.example/1", "https://a.example/2"}), "Attachments keep their order.")
	add("chat-id-empty", "inbound/handled", "chat-id-empty", "2026-06", ev(src("chat_id", "")), "A chat id may be empty.")
	add("text-white-space", "inbound/handled", "text-verbatim", "2026-06", ev(src(), "text", "  a\n\tb  "), "Nothing of a text is trimmed.")
	add("text-nul", "inbound/handled", "text-verbatim", "2026-06", ev(src(), "text", "a\x00b"), "Not even a NUL is taken out.")
	for _, rev := range []string{"2026-06", "2026-08"} {
		suffix := "-" + rev
		add("guild-id"+suffix, "inbound/handled", "no-scope", rev, ev(src()), "Without a scope there is none.")
		rule := map[string]string{"2026-06": "framing/unknown-fields", "2026-08": "event/scope-id"}[rev]
		add("scope-id-and-guild-id"+suffix, rule, map[string]string{"2026-06": "scope-id-ignored", "2026-08": "scope-id-wins"}[rev], rev, ev(src("guild_id", "G1", "scope_id", "S1")), "Two names for the scope, and which one counts.")
		rule = map[string]string{"2026-06": "framing/unknown-fields", "2026-08": "event/display-name"}[rev]
		cause := map[string]string{"2026-06": "names-ignored", "2026-08": "display-name"}[rev]
		add("all-names"+suffix, rule, cause, rev, ev(src("user_display_name", "Alice D", "user_handle", "@alice")), "A display name, a name and a handle.")
		add("name-and-handle"+suffix, rule, cause, rev, ev(src("user_handle", "@alice")), "A name and a handle.")
		add("handle-alone"+suffix, rule, cause, rev, ev(src("user_name", nil, "user_handle", "@alice")), "A handle alone.")
	}
}
