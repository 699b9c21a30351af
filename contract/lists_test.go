package contract

import (
	"fmt"
	"strings"
	"testing"
)

// What a document was read as, in one line: what it describes, then what was left alone,
// then what could not be read.
func readAs(doc string) string {
	m, err := Parse("d.md", []byte(doc))
	var out []string
	fields := func(fs []Field) string {
		var words []string
		for _, f := range fs {
			words = append(words, strings.TrimRight(fmt.Sprintf("%s:%s:%s", f.Name, f.Type, f.Presence), ":"))
		}
		return strings.Join(words, " ")
	}
	for _, f := range m.Frames {
		out = append(out, fmt.Sprintf("frame %s from %s {%s}", f.Type, f.From, fields(f.Fields)))
	}
	for _, o := range m.Objects {
		out = append(out, fmt.Sprintf("object %s {%s}", o.Name, fields(o.Fields)))
	}
	for _, o := range m.Ops {
		out = append(out, fmt.Sprintf("op %s {%s} -> {%s}", o.Name, fields(o.Fields), fields(o.Results)))
	}
	for _, r := range m.Routes {
		out = append(out, fmt.Sprintf("route %s %s (%s) %v -> %v", r.Method, r.Path, r.Purpose, names(r.Request.Fields), names(r.Answer.Fields)))
	}
	for _, r := range m.Rules {
		out = append(out, fmt.Sprintf("rule %s %s %s %v %s: %s", r.ID, r.Side, r.Level, r.Core, r.Since, r.Statement))
	}
	for _, c := range m.CloseCodes {
		out = append(out, fmt.Sprintf("code %d from %s: %s", c.Code, c.From, c.Meaning))
	}
	for _, v := range m.Variables {
		out = append(out, fmt.Sprintf("variable %s: %s", v.Name, v.Meaning))
	}
	for _, x := range m.Timings {
		out = append(out, fmt.Sprintf("timing %s = %s", x.Name, x.Default))
	}
	for _, u := range m.Unread {
		out = append(out, "left alone: "+u.Error())
	}
	if problems, ok := err.(Problems); ok && (len(problems) != 1 || problems[0].Line != 0) {
		for _, p := range problems {
			out = append(out, "problem: "+p.Error())
		}
	}
	return strings.Join(out, "\n")
}

func TestLists(t *testing.T) {
	tests := []struct{ name, doc, want string }{
		{"fields of an object", "# Source object\n\n- `a` (string or null, required)\n- `b?`: list of strings – x\n- c: integer, optional, default 5\n- `d[]` — array of objects, always, may be null, since 2026-07. A remark, with a comma\n- `e` (bool, nullable)\n",
			"object source {a:string:nullable b:string[]:optional c:int:optional d:object[]:nullable e:bool:nullable}"},
		{"a type that is none", "# Event\n\n- `a` (strng, required)\n- `b` (string, required)\n",
			"object event {a::required b:string:required}\n" + `left alone: d.md:3: field "a": expected a type or a presence, got the words "strng"`},
		{"signs that disagree", "# Event\n\n- `a?` (string, required)\n",
			"object event {a:string:optional}\n" + `left alone: d.md:3: field "a": expected a type or a presence, got the words "required"`},
		{"a sentence among fields", "# Event\n\n- `a` (string)\n- `b` (string)\n- and so on, see elsewhere\n",
			"object event {a:string:sent b:string:sent}\n" + `left alone: d.md:5: expected an item like the others of its list, got "and so on, see elsewhere"`},
		{"a field twice", "# Event\n\n- `a` (string)\n- `a` (string)\n",
			"object event {a:string:sent}\n" + `problem: d.md:4: event: field "a": expected a name of its own, got that of line 3`},
		{"values are no fields", "# Event\n\n- `photo` – a picture\n- `video` – a film\n",
			`left alone: d.md:3: no kind of list has items such as "photo – a picture"`},
		{"bare names are fields where it is said", "# Event\n\nIts fields:\n\n- `photo` – a picture\n- `video` – a film\n", "object event {photo::sent video::sent}"},
		{"of nobody knows what", "# Thumbnail\n\n- `a` (string)\n",
			`left alone: d.md:3: list of fields: expected its heading or the sentence before it to say of which object, got the heading "Thumbnail"`},
		{"not of the section around it", "# Event\n\n## Thumbnail\n\n- `a` (string)\n",
			`left alone: d.md:5: list of fields: expected its heading or the sentence before it to say of which object, got the heading "Thumbnail"`},
		{"below general headings", "# Source\n\n## 1.1 Optional items\n\n- `a` (string)\n", "object source {a:string:sent}"},
		{"by the sentence", "# Where an event comes from\n\nThe object under `source`:\n\n- `a` (string)\n", "object source {a:string:sent}"},
		{"by no certain heading", "# Where an event comes from\n\n- `a` (string)\n",
			`left alone: d.md:3: list of fields: expected its heading or the sentence before it to say of which object, got the heading "Where an event comes from"`},
		{"by a sentence that names two", "# Overview of things\n\nThe `event` has a `source`:\n\n- `a` (string)\n",
			`left alone: d.md:5: list of fields: expected its heading or the sentence before it to say of which object, got the heading "Overview of things"`},
		{"an op with its result", "# Ops\n\n## `send`\n\n- `chat_id`: str\n\n→ `success`, `error?`\n", "op send {chat_id:string:sent} -> {success::sent error::optional}"},
		{"an op's result in words", "# Ops\n\n## send\n\nReturns: whatever it likes\n", "op send {} -> {}\n" + `left alone: d.md:5: expected fields, got the words "whatever it likes"`},
		{"a frame by its nearest heading", "# Messages\n\n## Actions\n\n### send\n\n- `chat_id`: str\n", "op send {chat_id:string:sent} -> {}"},
		{"a frame", "# Frames\n\n## 1.1 hello\n\nDirection: G→C\n\n- `platform` (string, required)\n", "frame hello from gateway {platform:string:required}"},
		{"a frame without fields", "# Frames\n\n## going_idle_ack\n\nSent by: the connector\n", "frame going_idle_ack from connector {}"},
		{"a direction that is none", "# Frames\n\n## going_idle_ack\n\nDirection: downstream\n",
			"frame going_idle_ack from  {}\n" + `left alone: d.md:5: frame "going_idle_ack": sender: expected gateway or connector, or a direction between them, got "downstream"`},
		{"bodies of a route", "# `POST /relay/enroll`\n\nRequest:\n\n- `gatewayId` (str)\n\nResponse:\n\n- `secret` (str)\n",
			"object enroll request {gatewayId:string:sent}\nobject enroll answer {secret:string:sent}\nroute POST /relay/enroll () [gatewayId] -> [secret]"},
		{"fields of a route, but which", "# POST /relay/enroll\n\n- `gatewayId` (str)\n",
			`left alone: d.md:3: list of fields: expected its heading or the sentence before it to say of which object, got the heading "POST /relay/enroll"`},
		{"routes", "- `GET /relay` – the link\n- `POST /relay/policy`: relevance\n", "route GET /relay (the link) [] -> []\nroute POST /relay/policy (relevance) [] -> []"},
		{"a route twice", "| path | method | request | answer |\n|-|-|-|-|\n| /a | POST | x | y |\n\n| path | method | request | purpose |\n|-|-|-|-|\n| /a | POST | z | p |\n",
			"route POST /a (p) [x] -> [y]\nleft alone: d.md:7: route POST /a: expected its request in one place, got it in line 3 as well"},
		{"rules", "# Rules\n\n## Both sides\n\n- **a/b** (MUST, core): x\n- [HS-3] (should, connector, since 2026-07) – y\n", "rule a/b both MUST true 2026-06: x\nrule HS-3 connector SHOULD false 2026-07: y"},
		{"a rule that binds nobody", "# The gateway and the connector\n\n- **a/b** (MUST): x\n", `problem: d.md:3: rule "a/b": side: expected gateway, connector or both, here or in the heading, got neither`},
		{"a rule with a word too many", "- **a/b** (MUST, gateway, blue): x\n", `problem: d.md:1: rule "a/b": expected a level, a side, core or since and a date, got "blue"`},
		{"close codes", "- **1000** (both): normal end\n- **4401** – no entry\n", "code 1000 from both: normal end\ncode 4401 from : no entry"},
		{"years are no close codes", "- 2025 – founded\n- 2026 – sold\n", `left alone: d.md:1: no kind of list has items such as "2025 – founded"`},
		{"variables", "- `GATEWAY_RELAY_URL`: the base\n- `GATEWAY_RELAY_ID`\n", "variable GATEWAY_RELAY_URL: the base\nvariable GATEWAY_RELAY_ID: "},
		{"timings", "- Result wait: 30 s\n- redial cap: 30 s\n- redial factor: 2\n", "timing result wait = 30 s\ntiming redial cap = 30 s\ntiming redial factor = 2"},
		{"numbers are no timings", "- wheels: 4\n- doors: 2\n", `left alone: d.md:1: no kind of list has items such as "wheels: 4"`},
		{"frames as JSON below their names", "- `hello` (G→C)\n  - `{\"type\": \"hello\", \"platform\": \"x\", \"on?\": true}`\n- `going_idle` from the gateway\n  - `{\"type\": \"going_idle\"}`\n- `nothing` (G→C)\n",
			"frame hello from gateway {platform:string:sent on:bool:optional}\nframe going_idle from gateway {}\n" + `left alone: d.md:5: expected an item like the others of its list, got "nothing (G→C)"`},
		{"underlined numbers", "1. Frames\n---------\n\n### hello\n\nFrom: connector\n", "frame hello from connector {}"},
		{"a list and a rule", "1. Frames\n\n---\n\n### hello\n", `left alone: d.md:1: no kind of list has items such as "Frames"`},
		{"a list inside of a list", "- a\n  - b\n    - c\n", `left alone: d.md:1: no kind of list has items such as "a"`},
		{"a table inside of a list", "1. x\n\n   | source key | type |\n   |-|-|\n   | a | string |\n", "object source {a:string}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := readAs(tt.doc); got != tt.want {
				t.Errorf("expected\n%s\ngot\n%s", tt.want, got)
			}
		})
	}
}
