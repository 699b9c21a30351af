package gen

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

func init() {
	messages := withDoc(list(either(
		closed(m{"text": str, "times?": m{"type": "integer", "minimum": 1}}),
		closed(m{"hex": m{"type": "string", "pattern": "^([0-9a-f]{2})*$"}}))),
		"WebSocket messages in their order: a text message, its text repeated `times` times, or a binary one in hex.")
	ops["frames/split"] = op{
		doc:   "Cuts WebSocket messages into lines; yields the complete lines that are not blank, without line breaks.",
		input: m{"messages": messages}, output: strs}
	ops["frames/read"] = op{
		doc: "Reads WebSocket messages as one side does: the well-formed frames of the other side (`handled`), the bufferIds that a " +
			"gateway then acknowledges if every handler accepts (`acks`), how many lines were no good frames (`skipped`), and how many " +
			"were frames of an unknown type or of the reader's own side (`ignored`).",
		input: m{"side": enum("gateway", "connector"), "messages": messages},
		output: closed(m{"handled": list(object), "acks": strs, "skipped": m{"type": "integer", "minimum": 0},
			"ignored": m{"type": "integer", "minimum": 0}})}
	ops["frames/decode"] = op{
		doc:    "Decodes one line; yields its type, and which side sends that (`unknown` for a type that the contract lacks).",
		input:  m{"line": str},
		output: closed(m{"type": str, "from": enum("gateway", "connector", "unknown")}),
		errors: []string{"not-json", "not-object", "no-type", "missing-field", "mistyped-field"}}
}

const (
	okEvent = `{"text": "a", "message_type": "text", "source": {"platform": "discord", "chat_id": "C", "chat_type": "dm"}}`
	okFrame = `{"type": "inbound", "event": ` + okEvent + `}`
	afterOK = `{"type": "inbound", "event": {"text": "after", "message_type": "text", "source": {"platform": "discord", "chat_id": "C", "chat_type": "dm"}}}`
	descrip = `{"contract_version": 1, "platform": "discord", "label": "Discord", "max_message_length": 2000, "supports_draft_streaming": false, "supports_edit": true, "supports_threads": true, "markdown_dialect": "discord", "len_unit": "chars"}`
)

func texts(messages ...string) []any {
	var out []any
	for _, t := range messages {
		out = append(out, m{"text": t})
	}
	return out
}

func binary(data string) m { return m{"hex": hex.EncodeToString([]byte(data))} }

// reading is the expected outcome of frames/read.
func reading(skipped, ignored int, acks []string, handled ...string) m {
	frames := []any{}
	for _, h := range handled {
		frames = append(frames, raw(h))
	}
	if acks == nil {
		acks = []string{}
	}
	return m{"handled": frames, "acks": acks, "skipped": skipped, "ignored": ignored}
}

// recordedReading is what the description adds to a recorded reading. line replaces
// the frame under test where the recorded one breaks more than one rule.
type recordedReading struct {
	id, rule, cause string
	skipped         int
	ignored         int
	line            string // the adapted line, if any
	handled         string // what of it is handled
	flag            string
	comment         string
}

func describeFrames(b *builder) {
	g := b.group("frames", "Framing: how WebSocket messages become lines, lines frames, and which of them a side handles. Every rule is a rule of a reader that goes on after whatever comes.")
	const then = ", then a good frame"
	// All of these have a good frame after the one under test.
	bad := map[string]recordedReading{
		"array":                              {"array", "framing/bad-frame", "top-level-array", 1, 0, "", "", defect, "A top-level array is JSON and no frame."},
		"true":                               {"true", "framing/bad-frame", "top-level-scalar", 1, 0, "", "", defect, "A top-level scalar is JSON and no frame."},
		"unknown type":                       {"unknown-type", "framing/unknown-type", "unknown-type", 0, 1, "", "", "", "A type that nobody knows yet."},
		"type number":                        {"type-number", "framing/bad-frame", "mistyped-type", 1, 0, "", "", "", "The type is a number."},
		"type list":                          {"type-list", "framing/bad-frame", "mistyped-type", 1, 0, "", "", "", "The type is a list that holds a known one."},
		"type upper-case":                    {"type-upper-case", "framing/unknown-type", "type-case", 0, 1, `{"type": "INBOUND", "event": ` + okEvent + `}`, "", "", "Types are compared as they stand: INBOUND is unknown."},
		"outbound echoed":                    {"own-direction", "framing/wrong-direction", "outbound-to-gateway", 0, 1, `{"type": "outbound", "requestId": "r1", "action": {"op": "send", "chat_id": "C", "content": "x"}}`, "", "", "A gateway's own kind of frame, sent to a gateway."},
		"inbound event list":                 {"event-list", "framing/bad-frame", "event-mistyped", 1, 0, "", "", defect, "The event is a list."},
		"inbound event string":               {"event-string", "framing/bad-frame", "event-mistyped", 1, 0, "", "", defect, "The event is a text."},
		"inbound source string":              {"source-string", "framing/bad-frame", "source-mistyped", 1, 0, `{"type": "inbound", "event": {"text": "a", "message_type": "text", "source": "x"}}`, "", defect, "The source is a text, so the event is unmappable."},
		"descriptor empty":                   {"descriptor-empty", "framing/bad-frame", "descriptor-incomplete", 1, 0, "", "", defect, "A descriptor without a single field. It fails a handshake; it does not end a reader."},
		"descriptor missing":                 {"descriptor-missing", "framing/bad-frame", "descriptor-missing", 1, 0, "", "", defect, "A descriptor frame without its descriptor."},
		"descriptor good":                    {"descriptor", "framing/several-in-message", "descriptor-then-event", 0, 0, "", "itself", "", "A descriptor and an event in one message."},
		"descriptor null":                    {"descriptor-null", "framing/bad-frame", "descriptor-missing", 1, 0, "", "", defect, "A null in a required place."},
		"outbound_result no id":              {"result-without-id", "framing/bad-frame", "result-without-id", 1, 0, `{"type": "outbound_result", "result": {"success": true}}`, "", "", "A result that names no request."},
		"outbound_result list id":            {"result-list-id", "framing/bad-frame", "result-id-mistyped", 1, 0, `{"type": "outbound_result", "requestId": [], "result": {"success": true}}`, "", defect, "A result whose requestId is a list."},
		"outbound_result null id":            {"result-null-id", "framing/bad-frame", "result-without-id", 1, 0, `{"type": "outbound_result", "requestId": null, "result": {"success": true}}`, "", "", "A result whose requestId is null."},
		"going_idle_ack stray":               {"idle-ack-stray", "inbound/handled", "stray-idle-ack", 0, 0, "", `{"type":"going_idle_ack"}`, "", "An acknowledgement that nobody waits for is a good frame."},
		"interrupt_inbound bare":             {"interrupt-bare", "framing/bad-frame", "interrupt-without-fields", 1, 0, "", "", lenient, "An interrupt without its session key interrupts nothing. The known implementation hands empty texts to its handler."},
		"interrupt_inbound nulls":            {"interrupt-nulls", "framing/bad-frame", "interrupt-without-fields", 1, 0, "", "", lenient, "Null in a required place is absence. The known implementation hands nulls to its handler."},
		"interrupt_inbound bufferId ignored": {"interrupt-with-buffer-id", "inbound/ack-only-buffered", "interrupt-with-buffer-id", 0, 0, "", `{"type":"interrupt_inbound","session_key":"k","chat_id":"C","bufferId":"b"}`, "", "A bufferId is no field of an interrupt: it is an unknown field, and nothing is acknowledged."},
		"passthrough no forward":             {"passthrough-without-forward", "framing/bad-frame", "forward-missing", 1, 0, "", "", lenient, "A forward frame without its forward. The known implementation hands an empty one to its handler."},
		"passthrough null":                   {"passthrough-null", "framing/bad-frame", "forward-missing", 1, 0, "", "", defect, "Null in a required place."},
	}
	for _, r := range b.recorded("reader.2026-06.json") {
		var in struct{ Chunks []any }
		r.decode(&in)
		var said m
		r.expected(&said)
		if d, ok := bad[strings.TrimSuffix(r.Name, then)]; ok {
			line, _, _ := strings.Cut(in.Chunks[0].(string), "\n")
			k := c{id: "frames-read-" + d.id, rule: d.rule, op: "frames/read", cause: d.cause, comment: d.comment, from: r}
			k.adapted = "the good frame after it was completed"
			if d.line != "" {
				line = d.line
				k.adapted = "both frames were completed, so that one thing is unusual"
			}
			k.in = m{"side": "gateway", "messages": texts(line + "\n" + afterOK + "\n")}
			handled := []string{afterOK}
			switch d.handled {
			case "":
			case "itself":
				handled = []string{line, afterOK}
			default:
				handled = []string{d.handled, afterOK}
			}
			k.out = reading(d.skipped, d.ignored, nil, handled...)
			if d.flag != "" {
				k.differs, k.flags = true, []string{d.flag}
				k.said = m{"handled": said["handled"]}
				if killer, ok := said["reader_killed_by"].(string); ok {
					k.said = m{"reader_ended_by": killer}
				}
			}
			checkReading(r, k)
			g.add(k)
			continue
		}
		if id, ok := strings.CutPrefix(r.Name, "bufferId "); ok {
			g.recordedBufferID(r, id, in.Chunks[0].(string), said)
			continue
		}
		k := c{op: "frames/read", from: r, adapted: "the frames were completed"}
		switch r.Name {
		case "no newline: never handled":
			k.id, k.rule, k.cause, k.comment = "frames-read-no-newline", "framing/newline", "no-newline", "A line is complete with its newline and not before."
			k.in, k.out = m{"side": "gateway", "messages": texts(okFrame)}, reading(0, 0, nil)
		case "one and a half, then the rest":
			k.id, k.rule, k.cause, k.comment = "frames-read-one-and-a-half", "framing/across-messages", "cut-in-the-middle", "One frame and a half, then the rest."
			k.in, k.out = m{"side": "gateway", "messages": texts(okFrame+"\n"+afterOK[:7], afterOK[7:]+"\n")}, reading(0, 0, nil, okFrame, afterOK)
		case "CR only is not a separator":
			k.id, k.rule, k.cause, k.comment = "frames-read-carriage-return-alone", "framing/not-json", "carriage-return-alone", "A carriage return alone separates nothing: this is one line, and it is not JSON."
			k.in, k.out = m{"side": "gateway", "messages": texts(okFrame + "\r" + okFrame + "\n")}, reading(1, 0, nil)
		case "binary split inside a character":
			k.id, k.rule, k.cause, k.comment = "frames-read-binary-cut-character-unfinished", "framing/not-utf8", "unfinished-character", "A binary message ends inside a character, and the line ends there: it is not UTF-8, and the next line is read."
			k.in = m{"side": "gateway", "messages": append(recordedMessages(in.Chunks), m{"text": afterOK + "\n"})}
			k.out, k.adapted = reading(1, 0, nil, afterOK), "a good frame follows, so that reading on shows"
			k.flags, k.differs, k.said = []string{byteFlag, defect}, true, m{"reader_ended_by": said["reader_killed_by"]}
		case "binary bad utf-8":
			k.id, k.rule, k.cause, k.comment = "frames-read-binary-not-utf8", "framing/not-utf8", "not-utf8", "A binary line that is not UTF-8 is skipped like one that is not JSON."
			k.in, k.out = m{"side": "gateway", "messages": []any{m{"hex": "ff0a"}, m{"text": okFrame + "\n"}}}, reading(1, 0, nil, okFrame)
			k.flags, k.differs, k.said = []string{byteFlag, defect}, true, m{"reader_ended_by": said["reader_killed_by"]}
		case "text then binary continuation":
			k.id, k.rule, k.cause, k.comment = "frames-read-text-then-binary", "framing/binary", "binary-continues-text", "A binary message continues the line that a text message began."
			k.in, k.out = m{"side": "gateway", "messages": []any{m{"text": okFrame[:5]}, binary(okFrame[5:] + "\n")}}, reading(0, 0, nil, okFrame)
		case "U+2028 inside":
			k.id, k.rule, k.cause, k.comment = "frames-read-line-separator", "framing/newline", "other-line-separators", "U+2028 inside a text is a character like any other: some languages cut lines there."
			f := strings.Replace(okFrame, `"a"`, "\"a\u2028b\"", 1)
			k.in, k.out = m{"side": "gateway", "messages": texts(f + "\n")}, reading(0, 0, nil, f)
		case "bom first":
			k.id, k.rule, k.cause, k.comment = "frames-read-byte-order-mark", "framing/not-json", "byte-order-mark", "JSON has no byte order mark: the line is skipped, the next one read."
			k.in, k.out = m{"side": "gateway", "messages": texts("\ufeff"+okFrame+"\n", afterOK+"\n")}, reading(1, 0, nil, afterOK)
		case "malformed then good":
			k.id, k.rule, k.cause, k.comment = "frames-read-not-json", "framing/not-json", "not-json", "A line that is not JSON is skipped, the next one read."
			k.in, k.out = m{"side": "gateway", "messages": texts("{nope\n" + okFrame + "\n")}, reading(1, 0, nil, okFrame)
		case "duplicate type keys: last wins":
			r.leftOut = open + "a JSON object that has a name twice"
			continue
		case "deep nesting":
			k.id, k.rule, k.cause, k.comment = "frames-read-deep-nesting", "framing/bad-frame", "deep-nesting", "Brackets without end, which a recursive parser may refuse; whichever way it fails, the next line is read."
			k.in = m{"side": "gateway", "messages": []any{m{"text": "[", "times": 50000}, m{"text": "]", "times": 50000}, m{"text": "\n" + okFrame + "\n"}}}
			k.out = reading(1, 0, nil, okFrame)
			k.adapted = "sent in three messages, with the good frame completed"
			k.flags, k.differs, k.said = []string{defect, limitFlag}, true, m{"reader_ended_by": said["reader_killed_by"]}
		case "inbound reply_to string" + then:
			r.leftOut = "makes the same call as the case of the same name in August's file, whose outcome is the telling one"
			continue
		default:
			panic(fmt.Sprintf("frames: no description of the recorded case %q", r.Name))
		}
		checkReading(r, k)
		g.add(k)
	}
	for _, r := range b.later("reader.2026-08.json", "reader.2026-06.json") {
		if r.Name != "inbound reply_to string"+then {
			panic("frames: no description of the recorded case " + r.Name)
		}
		f := strings.Replace(okFrame, `"text": "a"`, `"text": "a", "reply_to": "x"`, 1)
		g.add(c{id: "frames-read-reply-to-string", rule: "framing/bad-frame", op: "frames/read", cause: "later-field-mistyped", from: r, adapted: "the event was completed",
			in: m{"side": "gateway", "messages": texts(f + "\n" + afterOK + "\n")}, out: reading(0, 0, nil, f, afterOK), differs: true, flags: []string{defect},
			said:    m{"reader_ended_by": "AttributeError"},
			comment: "A mistyped optional field takes its default. The later revision of the known implementation ends its reader over it."})
	}
	g.ownFrames()
}

func recordedMessages(chunks []any) []any {
	var out []any
	for _, ch := range chunks {
		switch ch := ch.(type) {
		case string:
			out = append(out, m{"text": ch})
		case map[string]any:
			data, err := base64.StdEncoding.DecodeString(ch["b64"].(string))
			if err != nil {
				panic(err)
			}
			out = append(out, m{"hex": hex.EncodeToString(data)})
		}
	}
	return out
}

// recordedBufferID converts the cases about the values of bufferId.
func (g *group) recordedBufferID(r *rec, value, line string, said m) {
	frame := strings.Replace(strings.TrimSuffix(line, "\n"), `"chat_id": "C"`, `"chat_id": "C", "chat_type": "dm"`, 1)
	frame = strings.Replace(frame, `"text": "a"`, `"text": "a", "message_type": "text"`, 1)
	k := c{op: "frames/read", rule: "inbound/ack-only-buffered", from: r, adapted: "the event was completed",
		in: m{"side": "gateway", "messages": texts(frame + "\n")}, out: reading(0, 0, nil, frame)}
	switch value {
	case "'b1'":
		k.id, k.rule, k.cause, k.comment = "plain", "inbound/ack-buffered", "buffer-id", "An event with a bufferId is acknowledged with it."
		k.out = reading(0, 0, []string{"b1"}, frame)
	case "' '":
		k.id, k.rule, k.cause, k.comment = "space", "inbound/ack-buffered", "buffer-id-verbatim", "A bufferId is any text that is not empty, and comes back as it is."
		k.out = reading(0, 0, []string{" "}, frame)
	case "None":
		k.id, k.cause, k.comment = "null", "buffer-id-null", "Null is absence: handled, and not acknowledged."
	case "0":
		k.id, k.cause, k.comment = "zero", "buffer-id-mistyped", "A mistyped optional field counts as absent: handled, and not acknowledged."
	case "True":
		k.id, k.cause, k.comment = "true", "buffer-id-mistyped", "A mistyped optional field counts as absent. The known implementation acknowledges a text of its own making."
	case "[]":
		k.id, k.cause, k.comment = "list", "buffer-id-mistyped", "A mistyped optional field counts as absent."
	case "{'a': 1}":
		k.id, k.cause, k.comment = "object", "buffer-id-mistyped", "A mistyped optional field counts as absent. The known implementation acknowledges a text of its own making."
	default:
		panic("frames: bufferId " + value)
	}
	k.id = "frames-read-buffer-id-" + k.id
	if sent, _ := said["sent"].([]any); len(sent) == 1 && k.cause == "buffer-id-mistyped" {
		k.differs, k.said, k.flags = true, m{"acks": []any{sent[0].(m)["bufferId"]}}, []string{lenient}
	}
	checkReading(r, k)
	g.add(k)
}

// checkReading holds the description to the recorded outcome: the case says that it
// differs exactly where what was handled, what was acknowledged or the reader's end does.
func checkReading(r *rec, k c) {
	var said struct {
		Handled [][]any
		Sent    []struct{ BufferID any }
		Killed  *string `json:"reader_killed_by"`
	}
	r.expected(&said)
	want := k.out.(m)
	handled := 0
	for _, frame := range want["handled"].([]any) {
		var f struct{ Type string }
		if err := json.Unmarshal(frame.(json.RawMessage), &f); err != nil {
			panic(err)
		}
		switch f.Type { // of the others the recorded data tells nothing
		case "inbound", "interrupt_inbound", "passthrough_forward":
			handled++
		}
	}
	same := said.Killed == nil && len(said.Handled) == handled && len(said.Sent) == len(want["acks"].([]string))
	if same == k.differs {
		panic(fmt.Sprintf("frames: %s: differs is %v, and the recorded outcome is %s", k.id, k.differs, r.Expected))
	}
}

// goodFrames is one complete frame of every type, with its required fields.
var goodFrames = []struct {
	typ, from string
	fields    [][2]string
}{
	{"hello", "gateway", [][2]string{{"platform", `"discord"`}, {"botId", `"b"`}}},
	{"descriptor", "connector", [][2]string{{"descriptor", descrip}}},
	{"inbound", "connector", [][2]string{{"event", okEvent}}},
	{"inbound_ack", "gateway", [][2]string{{"bufferId", `"b1"`}}},
	{"outbound", "gateway", [][2]string{{"requestId", `"r1"`}, {"action", `{"op": "send", "chat_id": "C", "content": "x"}`}}},
	{"outbound_result", "connector", [][2]string{{"requestId", `"r1"`}, {"result", `{"success": true}`}}},
	{"interrupt", "gateway", [][2]string{{"session_key", `"k"`}}},
	{"interrupt_inbound", "connector", [][2]string{{"session_key", `"k"`}, {"chat_id", `"C"`}}},
	{"passthrough_forward", "connector", [][2]string{{"forward", `{"platform": "discord", "botId": "b", "method": "POST", "path": "/", "headers": [], "bodyB64": "e30="}`}}},
	{"going_idle", "gateway", nil},
	{"going_idle_ack", "connector", nil},
}

func frameText(typ string, fields [][2]string) string {
	parts := []string{`"type": "` + typ + `"`}
	for _, f := range fields {
		parts = append(parts, `"`+f[0]+`": `+f[1])
	}
	text := "{" + strings.Join(parts, ", ") + "}"
	if !json.Valid([]byte(text)) {
		panic("not JSON: " + text)
	}
	return text
}

func goodFrame(typ string) string {
	for _, f := range goodFrames {
		if f.typ == typ {
			return frameText(typ, f.fields)
		}
	}
	panic("no frame " + typ)
}
