package contract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever somebody changes in such a document, the check names it and its line.
func TestChangesInDocumentsFromTheWild(t *testing.T) {
	const nothing = "\x00" // the old line is taken out as a whole
	tests := []struct {
		file, old, new string
		want           []string
	}{
		{"alpha.md", "| | | `reason` | str | no | free text, may be `null` |", nothing, []string{"100 missing: frame interrupt: field reason (string optional): the code has it, the document does not"}},
		{"alpha.md", "| `pii_safe` |", "| `pii_free` |", []string{
			"113 missing: descriptor: field pii_safe (bool optional): the code has it, the document does not",
			"126 extra: descriptor: field pii_free (a field bool): the document has it, the code does not",
		}},
		{"alpha.md", "| `media_urls` | list of strings |", "| `media_urls` | list of integers |", []string{"151 different: event: field media_urls: type: the document says int[], the code string[]"}},
		{"alpha.md", "| | | `action` | object | yes |", "| | | `action` | object | no |", []string{"97 different: frame outbound: field action: presence: the document says optional, the code required"}},
		{"alpha.md", "| `chat_topic` | str | yes | yes |", "| `chat_topic` | str | no | yes |", []string{"166 different: source: field chat_topic: presence: the document says optional, the code nullable"}},
		{"alpha.md", "| `guild_id` | str | no |", "| `guild_id` | integer | no |", []string{"171 different: source: field guild_id: type: the document says int, the code string"}},
		{"alpha.md", "`chat_id, message_id, content, metadata?`", "`chat_id, content, metadata?`", []string{"193 missing: op edit: field message_id (string required): the code has it, the document does not"}},
		{"alpha.md", "`chat_id, content?, metadata?`", "`chat_id, content, metadata?`", []string{"194 different: op typing: field content: presence: the document says sent, the code optional"}},
		{"alpha.md", "| `inbound_ack` | gateway → connector |", "| `inbound_ack` | connector → gateway |", []string{"95 different: frame inbound_ack: sender: the document says connector, the code gateway"}},
		{"beta.md", "| no | string | chat_id | its chat | C1 |", nothing, []string{"158 missing: frame interrupt_inbound: field chat_id (string required): the code has it, the document does not"}},
		{"beta.md", "| no | string | bodyB64 | |", "| no | string | body | |", []string{
			"258 missing: forward: field bodyB64 (string required): the code has it, the document does not",
			"265 extra: forward: field body (a field string): the document has it, the code does not",
		}},
		{"beta.md", "| no | array of array of string | headers |", "| no | array of string | headers |", []string{"264 different: forward: field headers: type: the document says string[], the code string[][]"}},
		{"beta.md", "| yes | string \\| null | reason |", "| no | string \\| null | reason |", []string{"152 different: frame interrupt: field reason: presence: the document says nullable, the code optional"}},
		{"beta.md", "| yes | string | user_id_alt | |", "| no | string | user_id_alt | |", []string{"248 different: source: field user_id_alt: presence: the document says sent, the code optional"}},
		{"beta.md", "| no | string | kind | |", "| no | object | kind | |", []string{"317 different: op follow_up: field kind: type: the document says object, the code string"}},
		{"beta.md", "Result: success, error?", "Result: success, mistake?", []string{"292 extra: op edit: result mistake (a result): the document has it, the code does not"}},
		{"gamma.md", `, "chat_id": "C1"}`, "}", []string{"51 missing: frame interrupt_inbound: field chat_id (string required): the code has it, the document does not"}},
		{"gamma.md", `"forward": {}`, `"request": {}`, []string{
			"53 missing: frame passthrough_forward: field forward (object required): the code has it, the document does not",
			"53 extra: frame passthrough_forward: field request (a field object): the document has it, the code does not",
		}},
		{"gamma.md", `"reason?":`, `"reason":`, []string{"49 different: frame interrupt: field reason: presence: the document says sent, the code optional"}},
		{"gamma.md", `"platform": "discord", "botId"`, `"platform": {}, "botId"`, []string{"37 different: frame hello: field platform: type: the document says object, the code string"}},
		{"gamma.md", "- `guild_id` (str, optional)", "- `guild_id` (str, required)", []string{"101 different: source: field guild_id: presence: the document says required, the code optional"}},
		{"gamma.md", "- `user_id` (str or null, required)", "- `user_id` (integer or null, required)", []string{"93 different: source: field user_id: type: the document says int, the code string"}},
		{"gamma.md", "- `message_type` (str, required) – `text` `location` `photo` `video` `audio` `voice` `document` `sticker` `command`", nothing, []string{"80 missing: event: field message_type (string always): the code has it, the document does not"}},
		{"gamma.md", "| `pii_safe` | boolean | ✗ |", "| `pii_safe` | boolean | ✓ |", []string{"76 different: descriptor: field pii_safe: presence: the document says sent, the code optional"}},
		{"gamma.md", "- `reply_to?`: str or null", "- `replies_to?`: str or null", []string{
			"120 missing: op send: field reply_to (string optional): the code has it, the document does not",
			"122 extra: op send: field replies_to (a field string): the document has it, the code does not",
		}},
	}
	code := theCode(t)
	for _, tt := range tests {
		doc := wild(t, tt.file)
		old, new := tt.old, tt.new
		if new == nothing {
			old, new = "\n"+old, ""
		}
		if !strings.Contains(doc, old) {
			t.Fatalf("%s: expected to find %q", tt.file, old)
		}
		m, err := Parse(tt.file, []byte(strings.Replace(doc, old, new, 1)))
		if err != nil {
			t.Errorf("%s: with %q: %v", tt.file, tt.new, err)
			continue
		}
		var got []string
		for _, d := range Compare(m, code, "").Drift {
			got = append(got, fmt.Sprintf("%d %s", d.Line, d))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %q for %q (- expected, + got):\n%s", tt.file, tt.new, tt.old, diff)
		}
	}
}

// No line that says something about a field can go, or call it something else, without
// the check saying so.
func TestEveryFieldOfTheWildCounts(t *testing.T) {
	code := theCode(t)
	for _, file := range []string{"alpha.md", "beta.md", "gamma.md"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			doc := wild(t, file)
			m, err := Parse(file, []byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.SplitAfter(doc, "\n")
			try := func(line int, changed, what string) {
				t.Helper()
				old := lines[line-1]
				lines[line-1] = changed
				cut, err := Parse(file, []byte(strings.Join(lines, "")))
				if c := Compare(cut, code, ""); err == nil && len(c.Drift) == 0 {
					t.Errorf("%s:%d: %s: expected a difference, got none", file, line, what)
				}
				lines[line-1] = old
			}
			fields, results := compared(m, code)
			gone := map[int]bool{}
			for _, f := range fields {
				old := lines[f.Line-1]
				if !gone[f.Line] && !results[f.Line] { // the code has one object for the results of all ops
					try(f.Line, "", "without the line")
					gone[f.Line] = true
				}
				if renamed := strings.ReplaceAll(old, f.Name, "zz_"+f.Name); renamed != old { // the heading of a table names its frame
					try(f.Line, renamed, f.Name+" by another name")
				}
			}
		})
	}
}

// compared lists the frames and fields of a document that Compare looks at, and the lines
// of its results.
func compared(doc, code *Model) (fields []Field, results map[int]bool) {
	results = map[int]bool{}
	for _, f := range doc.Frames {
		fields = append(append(fields, f.Fields...), Field{Name: f.Type, Line: f.Line})
	}
	for _, o := range doc.Objects {
		if code.Object(o.Name) != nil { // bodies of routes are not compared
			fields = append(fields, o.Fields...)
		}
	}
	for _, op := range doc.Ops {
		fields = append(append(fields, op.Fields...), op.Results...)
		for _, r := range op.Results {
			results[r.Line] = true
		}
	}
	return fields, results
}
