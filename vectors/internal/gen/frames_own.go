package gen

import "strings"

// ownFrames are the cases that the recorded data lacks.
func (g *group) ownFrames() {
	split := func(id, rule, cause, comment string, messages []any, lines ...string) {
		if lines == nil {
			lines = []string{}
		}
		g.add(c{id: "frames-split-" + id, rule: rule, op: "frames/split", cause: cause, in: m{"messages": messages}, out: lines, comment: comment})
	}
	split("one", "framing/newline", "one-line", "One frame in one message.", texts("{\"a\":1}\n"), `{"a":1}`)
	split("two-in-one", "framing/several-in-message", "two-in-a-message", "Two frames in one message.", texts("{\"a\":1}\n{\"b\":2}\n"), `{"a":1}`, `{"b":2}`)
	split("hundred-in-one", "framing/several-in-message", "many-in-a-message", "A hundred frames in one message.", []any{m{"text": "{\"a\":1}\n", "times": 100}}, repeat(`{"a":1}`, 100)...)
	split("cut-in-two", "framing/across-messages", "cut-in-the-middle", "One frame in two messages.", texts("{\"a\"", ":1}\n"), `{"a":1}`)
	split("cut-everywhere", "framing/across-messages", "cut-everywhere", "Every character is a message of its own.", texts(strings.Split("{\"a\":1}\n", "")...), `{"a":1}`)
	split("cut-before-newline", "framing/across-messages", "cut-before-newline", "The newline comes alone.", texts(`{"a":1}`, "\n"), `{"a":1}`)
	split("cut-after-newline", "framing/across-messages", "cut-after-newline", "The next frame begins in the message that ended the one before.", texts("{\"a\":1}\n{", "\"b\":2}\n"), `{"a":1}`, `{"b":2}`)
	split("cut-between-cr-and-lf", "framing/across-messages", "cut-before-newline", "A message ends between the carriage return and the newline.", texts("{\"a\":1}\r", "\n"), `{"a":1}`)
	split("empty-messages", "framing/across-messages", "empty-message", "Empty messages add nothing and end nothing.", texts("", "{\"a\"", "", ":1}\n", ""), `{"a":1}`)
	split("nothing", "framing/newline", "nothing", "No message, no line.", []any{})
	split("no-newline", "framing/newline", "no-newline", "What has no newline yet is no line.", texts(`{"a":1}`))
	split("unfinished-tail", "framing/newline", "no-newline", "The complete lines come, the tail waits.", texts("{\"a\":1}\n{\"b\":2}"), `{"a":1}`)
	split("blank-lines", "framing/blank-lines", "empty-lines", "Empty lines before, between and after.", texts("\n\n{\"a\":1}\n\n\n{\"b\":2}\n\n"), `{"a":1}`, `{"b":2}`)
	split("blank-white-space", "framing/blank-lines", "white-space-lines", "Lines of spaces and tabs are blank.", texts("   \n\t\n \t \n{\"a\":1}\n"), `{"a":1}`)
	split("blank-crlf", "framing/blank-lines", "empty-crlf-lines", "An empty line that ends in CR LF is blank.", texts("\r\n{\"a\":1}\r\n\r\n"), `{"a":1}`)
	split("crlf", "framing/blank-lines", "carriage-return", "A carriage return before the newline is no part of the line.", texts("{\"a\":1}\r\n{\"b\":2}\n"), `{"a":1}`, `{"b":2}`)
	split("cr-alone", "framing/newline", "carriage-return-alone", "A carriage return alone ends no line.", texts("{\"a\":1}\r{\"b\":2}\n"), "{\"a\":1}\r{\"b\":2}")
	split("other-separators", "framing/newline", "other-line-separators", "NEL, LS, PS, VT and FF end no line, though some languages think so.", texts("{\"a\":\"\u0085\u2028\u2029\"}\v\f\n"), "{\"a\":\"\u0085\u2028\u2029\"}\v\f")
	split("escaped-newline", "framing/newline", "escaped-newline", "A newline that is escaped inside a text ends no line.", texts("{\"a\":\"x\\ny\"}\n"), `{"a":"x\ny"}`)
	split("not-json", "framing/newline", "splitting-is-blind", "Splitting does not look inside a line.", texts("{nope\n[]\n"), "{nope", "[]")
	split("binary", "framing/binary", "binary-message", "A binary message is read like a text message.", []any{binary("{\"a\":1}\n")}, `{"a":1}`)
	split("binary-continues-text", "framing/binary", "binary-continues-text", "A line that a text message began and a binary one ends.", []any{m{"text": "{\"a\""}, binary(":1}\n")}, `{"a":1}`)
	split("text-continues-binary", "framing/binary", "text-continues-binary", "A line that a binary message began and a text one ends.", []any{binary("{\"a\""), m{"text": ":1}\n"}}, `{"a":1}`)
	split("binary-two-in-one", "framing/several-in-message", "two-in-a-message", "Two frames in one binary message.", []any{binary("{\"a\":1}\n{\"b\":2}\n")}, `{"a":1}`, `{"b":2}`)
	smile := "{\"a\":\"\U0001f600\"}\n"
	split("binary-cut-inside-character", "framing/across-messages", "cut-inside-a-character", "Two binary messages share the bytes of one character: the line counts, not the message.", []any{binary(smile[:8]), binary(smile[8:])}, strings.TrimSuffix(smile, "\n"))
	split("not-ascii", "framing/unicode", "not-ascii", "Characters of one to four bytes.", texts("{\"a\":\"z\u00e9\u2603\U0001f600\"}\n"), "{\"a\":\"z\u00e9\u2603\U0001f600\"}")
	split("nul", "framing/newline", "nul", "A NUL is a character like any other to the splitter.", texts("{\"a\":1}\x00\n"), "{\"a\":1}\x00")
	split("long-line", "framing/across-messages", "long-line", "A line of 200000 characters in two messages.", []any{m{"text": "x", "times": 100000}, m{"text": "x", "times": 100000}, m{"text": "\n"}}, strings.Repeat("x", 200000))

	read := func(id, rule, cause, side, comment string, messages []any, out m) {
		g.add(c{id: "frames-read-" + id, rule: rule, op: "frames/read", cause: cause, in: m{"side": side, "messages": messages}, out: out, comment: comment})
	}
	line := func(frames ...string) []any { return texts(strings.Join(frames, "\n") + "\n") }
	with := func(from, to string) string { return strings.Replace(okFrame, from, to, 1) }
	buffered := func(id string) string { return with(`"type": "inbound"`, `"type": "inbound", "bufferId": "`+id+`"`) }
	read("buffer-id-empty", "inbound/ack-only-buffered", "buffer-id-empty", "gateway", "An empty bufferId counts as absent.", line(buffered("")), reading(0, 0, nil, buffered("")))
	read("buffer-id-order", "inbound/ack-buffered", "acks-in-order", "gateway", "Each event is acknowledged with its own id.", line(buffered("b1"), okFrame, buffered("b2")), reading(0, 0, []string{"b1", "b2"}, buffered("b1"), okFrame, buffered("b2")))
	read("buffer-id-unmappable", "inbound/ack-not-unmappable", "unmappable", "gateway", "An event that cannot be mapped is not acknowledged, or it would be lost.", line(`{"type": "inbound", "event": null, "bufferId": "b1"}`, afterOK), reading(1, 0, nil, afterOK))
	read("event-null", "framing/bad-frame", "event-null", "gateway", "A null event is a bad frame, and the reader goes on.", line(`{"type": "inbound", "event": null}`, afterOK), reading(1, 0, nil, afterOK))
	read("event-missing", "framing/bad-frame", "event-missing", "gateway", "No event at all.", line(`{"type": "inbound"}`, afterOK), reading(1, 0, nil, afterOK))
	pass := `{"type": "passthrough_forward", "bufferId": "p1", "forward": {"platform": "discord", "botId": "b", "method": "POST", "path": "/", "headers": [], "bodyB64": "eyJ0eXBlIjoyfQ=="}}`
	read("passthrough-buffered", "passthrough/ack-buffered", "buffer-id", "gateway", "A forward with a bufferId is acknowledged like an event.", line(pass), reading(0, 0, []string{"p1"}, pass))
	for _, f := range goodFrames {
		other := map[string]string{"gateway": "connector", "connector": "gateway"}[f.from]
		t := goodFrame(f.typ)
		read("plain-"+slug(f.typ), "framing/newline", "one-frame", other, article(f.typ)+f.typ+" frame, with nothing but what it must have, to the side that it is for.", line(t), readingOf(f.typ, t))
		probe := goodFrame(map[string]string{"gateway": "going_idle_ack", "connector": "going_idle"}[f.from])
		read("own-side-"+slug(f.typ), "framing/wrong-direction", "wrong-direction", f.from, article(f.typ)+f.typ+" frame to the side that sends such frames, then a good frame.", line(t, probe), reading(0, 1, nil, probe))
	}
	unknown := with(`"type": "inbound"`, `"type": "inbound", "zorp": {"deep": [1, 2]}`)
	read("unknown-field", "framing/unknown-fields", "unknown-field-in-frame", "gateway", "A field that nobody knows yet.", line(unknown), reading(0, 0, nil, unknown))
	unknownIn := with(`"platform": "discord"`, `"platform": "discord", "zorp": null`)
	read("unknown-field-in-source", "framing/unknown-fields", "unknown-field-inside", "gateway", "The same, deeper inside.", line(unknownIn), reading(0, 0, nil, unknownIn))
	optional := with(`"text": "a"`, `"text": "a", "message_id": null, "media_urls": null`)
	read("null-in-optional", "framing/null-field", "optional-null", "gateway", "Null in an optional field is absence.", line(optional), reading(0, 0, nil, optional))
	nullable := with(`"platform": "discord"`, `"platform": "discord", "chat_name": null, "user_id": null, "user_name": null, "thread_id": null, "chat_topic": null`)
	read("null-in-nullable", "framing/null-field", "nullable-null", "gateway", "Null in the fields that may be null.", line(nullable), reading(0, 0, nil, nullable))
	reason := `{"type": "interrupt", "session_key": "k", "reason": null}`
	read("reason-null", "framing/null-field", "optional-null", "connector", "An interrupt's reason may be null.", line(reason), reading(0, 0, nil, reason))
	escaped := with(`"a"`, `"\u2603\ud83d\ude00"`)
	plain := with(`"a"`, "\"\u2603\U0001f600\"")
	read("escaped-characters", "framing/unicode", "escaped", "gateway", "Escapes, a surrogate pair among them, are the characters themselves.", line(escaped), reading(0, 0, nil, plain))
	read("plain-characters", "framing/unicode", "not-ascii", "gateway", "The same characters in UTF-8.", line(plain), reading(0, 0, nil, plain))
	read("binary-cut-inside-character", "framing/across-messages", "cut-inside-a-character", "gateway", "A frame whose bytes are cut inside a character.", []any{binary(plain[:50]), binary(plain[50:] + "\n")}, reading(0, 0, nil, plain))
	read("many-bad-lines", "framing/not-json", "many-bad-lines", "gateway", "A hundred bad lines, then a good frame.", []any{m{"text": "{nope\n", "times": 100}, m{"text": okFrame + "\n"}}, reading(100, 0, nil, okFrame))
	for _, t := range [][3]string{
		{"single-quotes", "{'type': 'going_idle_ack'}", "Single quotes."}, {"trailing-comma", `{"type": "going_idle_ack",}`, "A comma at the end."},
		{"unquoted-name", `{type: "going_idle_ack"}`, "A name without quotes."}, {"comment", `{"type": "going_idle_ack"} // idle`, "A comment."},
		{"nan", `{"type": "going_idle_ack", "x": NaN}`, "NaN, which some parsers take."}, {"infinity", `{"type": "going_idle_ack", "x": -Infinity}`, "An infinity, which some parsers take."},
		{"two-objects", `{"type": "going_idle_ack"}{"type": "going_idle_ack"}`, "Two objects on one line, without a newline between them."},
		{"truncated", `{"type": "going_idle_ack"`, "The closing brace is missing."}, {"hex-number", `{"type": "going_idle_ack", "x": 0x10}`, "A hexadecimal number."},
		{"leading-zero", `{"type": "going_idle_ack", "x": 01}`, "A number with a leading zero."}, {"bare-text", "hello", "A word."}, {"control-character", "{\"type\": \"going_idle_ack\", \"x\": \"\x01\"}", "A control character inside a text."},
	} {
		read("not-json-"+t[0], "framing/not-json", "not-json-"+t[0], "gateway", t[2]+" It is not JSON: skipped, and the next line is read.", line(t[1], afterOK), reading(1, 0, nil, afterOK))
	}
	read("not-utf8-inside-text", "framing/not-utf8", "not-utf8-inside-a-text", "gateway", "A byte that is not UTF-8 inside an otherwise good frame.", []any{binary(with(`"a"`, "\"a\xff\"") + "\n"), m{"text": afterOK + "\n"}}, reading(1, 0, nil, afterOK))
	read("latin1", "framing/not-utf8", "latin-1", "gateway", "The text is in Latin-1.", []any{binary(with(`"a"`, "\"\xe9t\xe9\"") + "\n"), m{"text": afterOK + "\n"}}, reading(1, 0, nil, afterOK))
	for i := range g.cases {
		if id := g.cases[i].id; id == "frames-read-not-utf8-inside-text" || id == "frames-read-latin1" {
			g.cases[i].flags = []string{byteFlag}
		}
	}
	g.decoding()
}

func readingOf(typ, text string) m {
	return reading(0, 0, nil, text)
}

func repeat(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

// decoding describes frames/decode: every type, and every required field absent, null
// and mistyped.
func (g *group) decoding() {
	add := func(id, rule, cause, line string, out any, err, comment string) {
		g.add(c{id: "frames-decode-" + id, rule: rule, op: "frames/decode", cause: cause, in: m{"line": line}, out: out, err: err, comment: comment})
	}
	wrong := map[bool]string{true: `["x"]`, false: `5`}
	for _, f := range goodFrames {
		add(slug(f.typ), "framing/newline", "decode", goodFrame(f.typ), m{"type": f.typ, "from": f.from}, "", "A complete "+f.typ+" frame.")
		for i, field := range f.fields {
			without := append(append([][2]string{}, f.fields[:i]...), f.fields[i+1:]...)
			null := append([][2]string{}, f.fields...)
			null[i] = [2]string{field[0], "null"}
			mistyped := append([][2]string{}, f.fields...)
			mistyped[i] = [2]string{field[0], wrong[strings.HasPrefix(field[1], "{")]}
			name := slug(f.typ) + "-" + slug(field[0])
			add(name+"-missing", "framing/bad-frame", "required-missing", frameText(f.typ, without), nil, "missing-field", article(f.typ)+f.typ+" frame without its "+field[0]+".")
			add(name+"-null", "framing/bad-frame", "required-null", frameText(f.typ, null), nil, "missing-field", article(f.typ)+f.typ+" frame whose "+field[0]+" is null, which in a required place is absence.")
			add(name+"-mistyped", "framing/bad-frame", "required-mistyped", frameText(f.typ, mistyped), nil, "mistyped-field", article(f.typ)+f.typ+" frame whose "+field[0]+" has another type.")
		}
	}
	add("unknown-type", "framing/unknown-type", "unknown-type", `{"type": "zorp", "x": 1}`, m{"type": "zorp", "from": "unknown"}, "", "A type that the contract lacks is no error.")
	add("empty-type", "framing/unknown-type", "type-empty", `{"type": ""}`, m{"type": "", "from": "unknown"}, "", "An empty type is a type that the contract lacks.")
	add("type-case", "framing/unknown-type", "type-case", `{"type": "Going_Idle"}`, m{"type": "Going_Idle", "from": "unknown"}, "", "Types are compared as they stand.")
	add("type-missing", "framing/bad-frame", "type-missing", `{"platform": "discord", "botId": "b"}`, nil, "no-type", "An object without a type.")
	add("type-null", "framing/bad-frame", "type-missing", `{"type": null}`, nil, "no-type", "Null is no type.")
	add("type-number", "framing/bad-frame", "mistyped-type", `{"type": 5}`, nil, "no-type", "A number is no type.")
	add("type-name-case", "framing/bad-frame", "field-name-case", `{"Type": "going_idle"}`, nil, "no-type", "Names of fields are compared as they stand: Type is not type.")
	add("field-name-case", "framing/bad-frame", "field-name-case", `{"type": "hello", "platform": "discord", "BotId": "b"}`, nil, "missing-field", "BotId is not botId.")
	add("array", "framing/bad-frame", "top-level-array", `[{"type": "going_idle"}]`, nil, "not-object", "A frame inside an array.")
	add("text", "framing/bad-frame", "top-level-scalar", `"going_idle"`, nil, "not-object", "A text.")
	add("number", "framing/bad-frame", "top-level-scalar", `5`, nil, "not-object", "A number.")
	add("null", "framing/bad-frame", "top-level-scalar", `null`, nil, "not-object", "Null.")
	add("truncated", "framing/not-json", "not-json-truncated", `{"type": "going_idle"`, nil, "not-json", "The closing brace is missing.")
	add("empty", "framing/not-json", "empty-line", ``, nil, "not-json", "The empty text is not JSON; a reader never decodes a blank line.")
	add("white-space-around", "framing/newline", "white-space-around", " \t{\"type\": \"going_idle\"} \r", m{"type": "going_idle", "from": "gateway"}, "", "White space around the object is JSON's own.")
	add("reason-mistyped", "framing/bad-frame", "optional-mistyped", `{"type": "interrupt", "session_key": "k", "reason": 5}`, m{"type": "interrupt", "from": "gateway"}, "", "A mistyped optional field counts as absent, and the frame is good.")
	add("unknown-fields", "framing/unknown-fields", "unknown-field-in-frame", `{"type": "going_idle", "zorp": [1, {"a": null}]}`, m{"type": "going_idle", "from": "gateway"}, "", "Unknown fields are no error.")
	add("source-chat-id-null", "framing/bad-frame", "required-null", strings.Replace(okFrame, `"chat_id": "C"`, `"chat_id": null`, 1), nil, "missing-field", "Null in a required place inside the source.")
	add("text-mistyped", "framing/bad-frame", "always-mistyped", strings.Replace(okFrame, `"text": "a"`, `"text": 5`, 1), nil, "mistyped-field", "A text that is a number: the field is always sent, and a mistyped one makes the frame bad.")
	add("op-unknown", "outbound/unknown-op", "unknown-op", `{"type": "outbound", "requestId": "r", "action": {"op": "zorp", "x": 1}}`, m{"type": "outbound", "from": "gateway"}, "", "An op that the contract lacks is a good frame, which the connector answers.")
	add("op-missing", "framing/bad-frame", "op-missing", `{"type": "outbound", "requestId": "r", "action": {"chat_id": "C"}}`, nil, "missing-field", "An action without its op.")
	add("op-mistyped", "framing/bad-frame", "op-mistyped", `{"type": "outbound", "requestId": "r", "action": {"op": 5}}`, nil, "mistyped-field", "An op that is a number.")
	for _, f := range [][2]string{{"send", "content"}, {"edit", "message_id"}, {"typing", "chat_id"}, {"get_chat_info", "chat_id"}, {"follow_up", "session_key"}} {
		add("action-"+slug(f[0])+"-incomplete", "outbound/fields", "action-incomplete", incompleteAction(f[0], f[1]), nil, "missing-field", "The op "+f[0]+" without its "+f[1]+".")
		add("action-"+slug(f[0]), "outbound/fields", "action-complete", incompleteAction(f[0], ""), m{"type": "outbound", "from": "gateway"}, "", "The op "+f[0]+" with what it must have.")
	}
}

func incompleteAction(op, without string) string {
	fields := map[string][]string{
		"send": {"chat_id", "content"}, "edit": {"chat_id", "message_id", "content"}, "typing": {"chat_id"}, "get_chat_info": {"chat_id"},
		"follow_up": {"session_key", "kind", "content"},
	}[op]
	action := `{"op": "` + op + `"`
	for _, f := range fields {
		if f != without {
			action += `, "` + f + `": "x"`
		}
	}
	return `{"type": "outbound", "requestId": "r", "action": ` + action + `}}`
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "An "
	}
	return "A "
}
