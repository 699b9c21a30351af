package gen

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

func init() {
	ops["descriptor/parse"] = op{
		doc: "Reads a descriptor, as JSON text, and yields what is in force: defaults filled in, the length limit and the unit resolved. " +
			"`ops` are the ops in use, besides get_chat_info, sorted; a `markdown_dialect` without code blocks shows in `code_blocks`.",
		input: m{"json": str},
		output: closed(m{"contract_version": integer, "platform": str, "label": str, "max_message_length": m{"type": "integer", "minimum": 1},
			"supports_draft_streaming": boolean, "supports_edit": boolean, "supports_threads": boolean, "markdown_dialect": str, "code_blocks": boolean,
			"len_unit": enum("chars", "utf16"), "emoji": str, "platform_hint": str, "pii_safe": boolean, "supports_context": boolean, "ops": strs}),
		errors: []string{"not-json", "missing-field", "mistyped-field"}}
}

var legacyOps = []string{"edit", "follow_up", "send", "typing"}

// inForce is the outcome for the usual descriptor, changed by pairs of name and value.
func inForce(change ...any) m {
	out := m{"contract_version": 1, "platform": "discord", "label": "Discord", "max_message_length": 2000, "supports_draft_streaming": false,
		"supports_edit": true, "supports_threads": true, "markdown_dialect": "discord", "code_blocks": true, "len_unit": "chars",
		"emoji": "\U0001f4ac", "platform_hint": "hint", "pii_safe": true, "supports_context": false, "ops": legacyOps}
	for i := 0; i < len(change); i += 2 {
		out[change[i].(string)] = change[i+1]
	}
	return out
}

type recordedDescriptor struct {
	id, rule, cause, since string
	out                    m
	err                    string
	flag                   string
	comment                string
}

func describeDescriptors(b *builder) {
	g := b.group("descriptors", "Capability descriptors: what is in force after reading one, and which fail a handshake.")
	const zero, bad, opts, need = "descriptor/zero-length", "descriptor/bad-length", "handshake/optional-keys", "handshake/unreadable-descriptor"
	named := map[string]recordedDescriptor{
		"full":                               {"full", "descriptor/complete", "complete", "", inForce(), "", "", "Every field of the baseline."},
		"required only":                      {"required-only", opts, "optional-absent", "", inForce("emoji", "\U0001f50c", "platform_hint", "", "pii_safe", false), "", "", "Missing optional fields take their defaults."},
		"supports_context and supported_ops": {"later-fields", opts, "later-fields", "2026-07-25", inForce("supports_context", true, "ops", []string{"edit", "prompt", "send"}), "", "", "Fields of later revisions. To a baseline gateway they are unknown and change nothing."},
		"missing optional pii_safe":          {"pii-safe-absent", opts, "optional-absent", "", inForce("pii_safe", false), "", "", "One optional field is absent."},
		"max_message_length -1":              {"length-minus-one", bad, "length-negative", "2026-07", inForce("max_message_length", 4096), "", "", "A negative limit is in force as 4096."},
		"max_message_length -4096":           {"length-minus-4096", bad, "length-negative", "2026-07", inForce("max_message_length", 4096), "", "", "A negative limit is not its absolute value."},
		"max_message_length 1":               {"length-one", "descriptor/message-limit", "length-smallest", "", inForce("max_message_length", 1), "", "", "The smallest limit that is one."},
		"max_message_length '2000'":          {"length-text", bad, "length-not-a-number", "2026-07", inForce("max_message_length", 4096), "", "", "A number in a text is no number."},
		"max_message_length False":           {"length-false", bad, "length-not-a-number", "2026-07", inForce("max_message_length", 4096), "", "", "A truth value is no number, whatever its language makes of it."},
		"max_message_length []":              {"length-list", bad, "length-not-a-number", "2026-07", inForce("max_message_length", 4096), "", "", "A list is no number."},
		"max_message_length 1000000000":      {"length-huge", "descriptor/message-limit", "length-huge", "", inForce("max_message_length", 1000000000), "", "", "A huge limit is a limit."},
		"supported_ops []":                   {"ops-empty", "descriptor/legacy-ops", "ops-empty", "2026-07-25", inForce(), "", "", "An empty list means the legacy set."},
		"supported_ops ['send']":             {"ops-send", "action/newer-op", "ops-listed", "2026-07-25", inForce("ops", []string{"send"}), "", "", "A list says what the connector knows, no more and no less."},
		"supported_ops 'send'":               {"ops-text", "descriptor/legacy-ops", "ops-malformed", "2026-07-25", inForce(), "", "", "Malformed is like empty."},
		"supported_ops {'a': 1}":             {"ops-object", "descriptor/legacy-ops", "ops-malformed", "2026-07-25", inForce(), "", "", "Malformed is like empty."},
		"supported_ops [['send']]":           {"ops-nested", "descriptor/legacy-ops", "ops-malformed", "2026-07-25", inForce(), "", "", "A list of lists is malformed, hence empty."},
		"len_unit ''":                        {"unit-empty", "descriptor/unknown-len-unit", "unit-unknown", "", inForce(), "", "", "An unknown unit is in force as chars."},
		"len_unit None":                      {"unit-null", need, "required-null", "", nil, "missing-field", lenient, "Null in a required place is absence. The known implementation takes it."},
		"contract_version string accepted":   {"version-text", need, "required-mistyped", "", nil, "mistyped-field", lenient, "The version is a number. The known implementation takes anything."},
		"empty object":                       {"empty", need, "required-missing-all", "", nil, "missing-field", "", "Nothing that is required is there."},
		"null":                               {"null", need, "no-object", "", nil, "mistyped-field", "", "Null is no descriptor."},
		"string":                             {"text", need, "no-object", "", nil, "mistyped-field", "", "A text is no descriptor."},
		"number":                             {"number", need, "no-object", "", nil, "mistyped-field", "", "A number is no descriptor."},
		"not JSON":                           {"not-json", need, "not-json", "", nil, "not-json", "", "Not JSON at all."},
		"NaN accepted":                       {"nan", need, "not-json-nan", "", nil, "not-json", lenient, "NaN is not JSON. The known implementation's parser takes it."},
	}
	for _, r := range b.recorded("descriptors.2026-06.json") {
		var in struct{ JSON string }
		r.decode(&in)
		d, ok := named[r.Name]
		if field, missing := strings.CutPrefix(r.Name, "missing "); missing && !ok {
			d, ok = recordedDescriptor{"without-" + slug(field), need, "required-missing", "", nil, "missing-field", "", "Without the required field " + field + "."}, true
		}
		switch r.Name {
		case "duplicate keys: last wins":
			r.leftOut = open + "a JSON object that has a name twice"
			continue
		case "contract_version 2 accepted":
			r.leftOut = open + "whether a gateway takes a contract_version other than 1"
			continue
		case "max_message_length 2000.7":
			r.leftOut = "the contract does not say what a limit with a fraction means: it is a number, and no int"
			continue
		}
		if !ok {
			panic(fmt.Sprintf("descriptors: no description of the recorded case %q", r.Name))
		}
		k := c{id: "descriptor-parse-" + d.id, rule: d.rule, op: "descriptor/parse", cause: d.cause, since: d.since, in: m{"json": in.JSON},
			err: d.err, comment: d.comment, from: r}
		if d.err == "" {
			k.out = d.out
		}
		if d.since != "" {
			k.flags = append(k.flags, laterFlag)
		}
		if d.flag != "" {
			var said m
			r.expected(&said)
			k.flags, k.differs, k.said = append(k.flags, d.flag), true, said
			switch d.cause {
			case "required-null", "required-mistyped":
				k.said = m{"accepted": m{"contract_version": said["contract_version"], "len_unit": said["len_unit"]}}
			case "not-json-nan":
				k.said = m{"accepted": m{"max_message_length": "NaN"}}
			}
		}
		checkDescriptor(r, k)
		if strings.HasPrefix(d.cause, "length-n") {
			k.adapted = "the recorded outcome is the field as it came, the expected one is what is in force"
		}
		g.add(k)
	}
	for _, r := range b.recorded("descriptors.2026-08.json") {
		g.laterDescriptor(r, b)
	}
	for _, r := range b.recorded("descriptors_ops.2026-08.json") {
		var in struct{ JSON string }
		r.decode(&in)
		var said map[string]bool
		r.expected(&said)
		inUse := []string{}
		for name, yes := range said {
			if yes {
				inUse = append(inUse, name)
			}
		}
		slices.Sort(inUse)
		rule, cause := "action/newer-op", "ops-listed"
		if slices.Equal(inUse, legacyOps) {
			rule, cause = "descriptor/legacy-ops", "ops-absent"
		}
		g.add(c{id: "descriptor-parse-in-use-" + slug(strings.NewReplacer("None", "absent", "[]", "empty").Replace(r.Name)), rule: rule, op: "descriptor/parse", cause: cause,
			since: "2026-07-25", in: m{"json": in.JSON}, out: inForce("ops", inUse), from: r, flags: []string{laterFlag}, comment: "Which ops a gateway may use."})
	}
	g.ownDescriptors()
}

// descriptorText is the usual descriptor as JSON, changed by pairs of name and raw
// value; an empty value takes the field away.
func descriptorText(change ...string) string {
	names := []string{"contract_version", "platform", "label", "max_message_length", "supports_draft_streaming", "supports_edit", "supports_threads",
		"markdown_dialect", "len_unit", "emoji", "platform_hint", "pii_safe"}
	values := map[string]string{"contract_version": "1", "platform": `"discord"`, "label": `"Discord"`, "max_message_length": "2000",
		"supports_draft_streaming": "false", "supports_edit": "true", "supports_threads": "true", "markdown_dialect": `"discord"`, "len_unit": `"chars"`,
		"emoji": `"\ud83d\udcac"`, "platform_hint": `"hint"`, "pii_safe": "true"}
	for i := 0; i < len(change); i += 2 {
		if _, known := values[change[i]]; !known {
			names = append(names, change[i])
		}
		values[change[i]] = change[i+1]
	}
	var parts []string
	for _, name := range names {
		if values[name] != "" {
			parts = append(parts, `"`+name+`": `+values[name])
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (g *group) ownDescriptors() {
	add := func(id, rule, cause, since, text string, out m, err, comment string) {
		k := c{id: "descriptor-parse-" + id, rule: rule, op: "descriptor/parse", cause: cause, since: since, in: m{"json": text}, err: err, comment: comment}
		if err == "" {
			k.out = out
		}
		if since != "" {
			k.flags = []string{laterFlag}
		}
		g.add(k)
	}
	const need, opts = "handshake/unreadable-descriptor", "handshake/optional-keys"
	add("length-zero", "descriptor/zero-length", "length-zero", "", descriptorText("max_message_length", "0"), inForce("max_message_length", 4096), "", "0 means 4096.")
	add("length-null", need, "required-null", "", descriptorText("max_message_length", "null"), nil, "missing-field", "Null in a required place is absence, not zero.")
	add("length-object", "descriptor/bad-length", "length-not-a-number", "2026-07", descriptorText("max_message_length", "{}"), inForce("max_message_length", 4096), "", "An object is no number.")
	for _, p := range [][4]string{{"telegram", "4096", "utf16", "markdown_v2"}, {"slack", "39000", "chars", "slack"}} {
		length := map[string]int{"4096": 4096, "39000": 39000}[p[1]]
		add("profile-"+p[0], "descriptor/complete", "profile", "", descriptorText("platform", `"`+p[0]+`"`, "max_message_length", p[1], "len_unit", `"`+p[2]+`"`, "markdown_dialect", `"`+p[3]+`"`),
			inForce("platform", p[0], "max_message_length", length, "len_unit", p[2], "markdown_dialect", p[3]), "", "A profile from practice.")
	}
	add("unit-utf16", "descriptor/len-unit", "unit-utf16", "", descriptorText("len_unit", `"utf16"`), inForce("len_unit", "utf16"), "", "UTF-16 code units.")
	for _, u := range []string{"bytes", "UTF16", "utf-16", " utf16", "CHARS"} {
		add("unit-"+slug(u)+map[bool]string{true: "-spaced"}[u[0] == ' ']+map[bool]string{true: "-upper-case"}[strings.ToUpper(u) == u], "descriptor/unknown-len-unit", "unit-unknown", "",
			descriptorText("len_unit", `"`+u+`"`), inForce(), "", "An unknown unit is in force as chars; units are compared as they stand.")
	}
	for _, d := range []string{"", "plain"} {
		add("dialect-"+map[bool]string{true: "empty", false: d}[d == ""], "descriptor/plain-dialect", "no-code-blocks", "", descriptorText("markdown_dialect", `"`+d+`"`),
			inForce("markdown_dialect", d, "code_blocks", false), "", "A dialect without code blocks.")
	}
	add("dialect-unknown", "descriptor/plain-dialect", "dialect-unknown", "", descriptorText("markdown_dialect", `"zorp"`), inForce("markdown_dialect", "zorp"), "", "Any other dialect has code blocks.")
	add("unknown-field", opts, "unknown-field", "", descriptorText("zorp", `{"a": [1]}`), inForce(), "", "A field that nobody knows yet.")
	for _, f := range [][2]string{{"emoji", "\U0001f50c"}, {"platform_hint", ""}} {
		add(slug(f[0])+"-null", opts, "optional-null", "", descriptorText(f[0], "null"), inForce(f[0], f[1]), "", "Null in an optional field is absence.")
		add(slug(f[0])+"-mistyped", opts, "optional-mistyped", "", descriptorText(f[0], "5"), inForce(f[0], f[1]), "", "A mistyped optional field takes its default.")
	}
	add("pii-safe-null", opts, "optional-null", "", descriptorText("pii_safe", "null"), inForce("pii_safe", false), "", "Null in an optional field is absence.")
	add("pii-safe-mistyped", opts, "optional-mistyped", "", descriptorText("pii_safe", `"yes"`), inForce("pii_safe", false), "", "A mistyped optional field takes its default, which here is the careful one.")
	add("emoji-empty", opts, "optional-empty", "", descriptorText("emoji", `""`), inForce("emoji", ""), "", "Empty is a value, not absence.")
	for _, f := range []string{"contract_version", "platform", "label", "supports_draft_streaming", "supports_edit", "supports_threads", "markdown_dialect", "len_unit"} {
		wrong := `5`
		if f == "contract_version" {
			wrong = `true`
		}
		if f != "len_unit" {
			add(slug(f)+"-null", need, "required-null", "", descriptorText(f, "null"), nil, "missing-field", "Null in the required field "+f+" is absence.")
		}
		add(slug(f)+"-mistyped", need, "required-mistyped", "", descriptorText(f, wrong), nil, "mistyped-field", "The required field "+f+" has another type.")
	}
	for _, f := range []string{"markdown_dialect", "len_unit"} {
		add("without-"+slug(f), need, "required-missing", "", descriptorText(f, ""), nil, "missing-field", "Without the required field "+f+".")
	}
	add("array", need, "no-object", "", "[]", nil, "mistyped-field", "An array is no descriptor.")
	add("ops-null", "descriptor/legacy-ops", "ops-absent", "2026-07-25", descriptorText("supported_ops", "null"), inForce(), "", "Null is absence.")
	add("ops-mixed", "descriptor/legacy-ops", "ops-malformed", "2026-07-25", descriptorText("supported_ops", `["send", 5]`), inForce(), "", "One entry that is no text makes the list malformed, hence empty.")
	add("ops-all-legacy", "action/newer-op", "ops-listed", "2026-07-25", descriptorText("supported_ops", `["send", "edit", "typing", "follow_up", "react"]`),
		inForce("ops", []string{"edit", "follow_up", "react", "send", "typing"}), "", "The legacy set and one newer op.")
	add("ops-unknown", "action/newer-op", "ops-unknown", "2026-07-25", descriptorText("supported_ops", `["send", "zorp"]`), inForce("ops", []string{"send"}), "", "An op that the contract lacks is nothing that a gateway could use.")
	for _, k := range g.cases {
		if text := k.in.(m)["json"].(string); k.err != "not-json" && !json.Valid([]byte(text)) {
			panic("descriptors: not JSON: " + text)
		}
	}
}

// laterDescriptor sets a recorded case of August aside where it says what June says, or
// where it bears out a vector that June could not: its record holds what is in force.
func (g *group) laterDescriptor(r *rec, b *builder) {
	var later, earlier m
	r.expected(&later)
	for _, e := range b.recorded("descriptors.2026-06.json") {
		if e.Name == r.Name {
			e.expected(&earlier)
		}
	}
	different := ""
	for name, v := range earlier {
		if !reflect.DeepEqual(v, later[name]) {
			different += name
		}
	}
	for i := range g.cases {
		k := &g.cases[i]
		if k.from == nil || k.from.Name != r.Name || k.cause != "length-negative" && k.cause != "length-not-a-number" {
			continue
		}
		// The rule is of July, so August's record is the better witness.
		k.from.leftOut = "the rule came in July; the case of the same name in the file of August is converted"
		k.from, k.adapted = r, ""
		if said := later["max_message_length"]; !reflect.DeepEqual(said, 4096.0) {
			k.differs, k.said, k.flags = true, m{"max_message_length": said}, append(k.flags, lenient)
			k.comment += " The known implementation takes it for the number that it spells."
		}
		return
	}
	if different != "" && r.Name != "NaN accepted" {
		panic("descriptors: " + r.Name + " differs in August in " + different)
	}
	r.same = true
}

// checkDescriptor holds the description to the recorded outcome, as far as a record of
// what came tells what is in force.
func checkDescriptor(r *rec, k c) {
	var said m
	r.expected(&said)
	_, failed := said["error"]
	if (failed == (k.err != "")) == k.differs {
		panic(fmt.Sprintf("descriptors: %s: differs is %v, and the recorded outcome is %s", k.id, k.differs, r.Expected))
	}
	if out, ok := k.out.(m); ok && !k.differs {
		for name, v := range said {
			if name != "max_message_length" && name != "len_unit" && name != "supported_ops" && !reflect.DeepEqual(v, normal(out[name])) {
				panic(fmt.Sprintf("descriptors: %s: %s is %v, recorded %v", k.id, name, out[name], v))
			}
		}
	}
}
