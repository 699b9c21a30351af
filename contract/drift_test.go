package contract

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func theCode(t *testing.T) *Model {
	t.Helper()
	code, err := Code()
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestTheContractDoesNotDrift(t *testing.T) {
	c := Compare(ours(t), theCode(t), "")
	for _, d := range c.Drift {
		t.Errorf("%s:%d: %s", c.Document, d.Line, d)
	}
	for _, count := range []string{"frames", "frame fields", "objects", "object fields", "ops", "op fields", "results"} {
		if c.Counts[count] == 0 {
			t.Errorf("expected %s to be compared, got none", count)
		}
	}
}

// Whatever row of a table of fields is taken out of the document, the check names it.
func TestARowMissingFromTheDocumentIsNamed(t *testing.T) {
	m, code := ours(t), theCode(t)
	lines := strings.SplitAfter(string(Document()), "\n")
	try := func(what string, f Field) {
		t.Helper()
		short := strings.Join(append(append([]string{}, lines[:f.Line-1]...), lines[f.Line:]...), "")
		cut, err := Parse(Name, []byte(short))
		if err != nil {
			t.Fatalf("without line %d: %v", f.Line, err)
		}
		wantOneDrift(t, Compare(cut, code, ""), "missing", what)
	}
	// One row of each table is enough: a parse of the whole document takes its time.
	for _, f := range m.Frames {
		if len(f.Fields) > 1 { // the only row of a frame is the frame itself
			try(fmt.Sprintf("frame %s: field %s", f.Type, f.Fields[0].Name), f.Fields[0])
		}
	}
	for _, o := range code.Objects {
		doc := m.Object(o.Name)
		if doc == nil {
			t.Fatalf("expected the document to have the object %s", o.Name)
		}
		last := doc.Fields[len(doc.Fields)-1]
		try(fmt.Sprintf("%s: field %s", o.Name, last.Name), last)
	}
	for _, op := range m.Ops {
		if len(op.Fields) > 1 {
			try(fmt.Sprintf("op %s: field %s", op.Name, op.Fields[0].Name), op.Fields[0])
		}
	}
}

// Whatever field is taken out of the code, the check names it with its line.
func TestAFieldMissingFromTheCodeIsNamed(t *testing.T) {
	m := ours(t)
	tests := []struct {
		what string
		cut  func(*Model)
		line int
	}{
		{"frame hello: field botId", func(c *Model) { c.Frame("hello").Fields = drop(c.Frame("hello").Fields, "botId") }, find(m.Frame("hello").Fields, "botId").Line},
		{"source: field guild_id", func(c *Model) { c.Object("source").Fields = drop(c.Object("source").Fields, "guild_id") }, find(m.Object("source").Fields, "guild_id").Line},
		{"op send: field reply_to", func(c *Model) { c.Op("send").Fields = drop(c.Op("send").Fields, "reply_to") }, find(m.Op("send").Fields, "reply_to").Line},
	}
	for _, tt := range tests {
		code := theCode(t)
		tt.cut(code)
		if d := wantOneDrift(t, Compare(m, code, ""), "extra", tt.what); d.Line != tt.line {
			t.Errorf("%s: expected line %d, got %d", tt.what, tt.line, d.Line)
		}
	}
}

func TestChangedCellsAreNamed(t *testing.T) {
	code := theCode(t)
	tests := []struct{ old, new, want string }{
		{"| `hello` | gateway | `botId` | string | required |", "| `hello` | gateway | `botId` | int | required |", "different: frame hello: field botId: type: the document says int, the code string"},
		{"| `emoji` | string | optional |", "| `emoji` | string | required |", "different: descriptor: field emoji: presence: the document says required, the code optional"},
		{"| `text` | string | always |", "| `text` | string | required |", "different: event: field text: presence: the document says required, the code always"},
		{"| `supports_context` | bool | optional | `false` | 2026-07-15 |", "| `supports_context` | bool | optional | `false` | 2026-08 |", "different: descriptor: field supports_context: since: the document says 2026-08, the code 2026-07-15"},
		{"| `inbound_ack` | gateway |", "| `inbound_ack` | connector |", "different: frame inbound_ack: sender: the document says connector, the code gateway"},
		{"| `react` | `success`, `error?` |", "| `react` | `success`, `mistake?` |", "extra: op react: result mistake (a result): the document has it, the code does not"},
	}
	for _, tt := range tests {
		doc := strings.Replace(string(Document()), tt.old, tt.new, 1)
		m, err := Parse(Name, []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		c := Compare(m, code, "")
		if len(c.Drift) != 1 || c.Drift[0].String() != tt.want || c.Drift[0].Line != lineOf(doc, tt.new) {
			t.Errorf("expected line %d: %s\ngot %v", lineOf(doc, tt.new), tt.want, c.Drift)
		}
	}
}

func lineOf(doc, part string) int {
	return strings.Count(doc[:strings.Index(doc, part)], "\n") + 1
}

func wantOneDrift(t *testing.T, c Comparison, kind, what string) Drift {
	t.Helper()
	if len(c.Drift) != 1 || c.Drift[0].Kind != kind || c.Drift[0].What != what || c.Drift[0].Line == 0 {
		t.Errorf("expected one drift, %s %q with a line, got %v", kind, what, c.Drift)
		return Drift{}
	}
	return c.Drift[0]
}

// The documents in testdata/layouts say the same in other ways: each is read whole, and
// differs from the code in what it says differently or not at all.
func TestOtherLayouts(t *testing.T) {
	type tally struct{ Tables, Rules, Frames, Objects, Ops, Routes, CloseCodes, Variables, Timings int }
	tests := []struct {
		file   string
		tally  tally
		unread []string
		drift  []string
	}{
		{"front-matter.md", tally{6, 0, 11, 4, 5, 3, 2, 5, 0}, nil, []string{
			"65 different: chat_info: field name: presence: the document says sent, the code optional",
			"65 different: chat_info: field type: presence: the document says sent, the code optional",
		}},
		{"nested.md", tally{14, 5, 11, 2, 6, 0, 0, 0, 3}, nil, []string{
			"55 missing: object event (its fields are described nowhere): the code has it, the document does not",
			"79 missing: object source (its fields are described nowhere): the code has it, the document does not",
		}},
		{"notes.md", tally{6, 0, 11, 2, 6, 0, 1, 3, 0}, []string{
			"notes.md:1: front matter: expected YAML between lines of ---, got another kind",
			`notes.md:57: expected fields, got the words "the same two keys at the top"`,
		}, []string{
			"11 missing: object event (its fields are described nowhere): the code has it, the document does not",
			"17 missing: object forward (its fields are described nowhere): the code has it, the document does not",
			"37 extra: descriptor: field favourite_colour (a field string): the document has it, the code does not",
			"57 different: chat_info: field name: presence: the document says sent, the code optional",
			"57 different: chat_info: field type: presence: the document says sent, the code optional",
		}},
		{"variants.md", tally{11, 3, 11, 2, 5, 2, 2, 2, 2}, []string{
			`variants.md:108: no kind of table has the columns "Status", "Meaning"`,
		}, []string{
			"22 missing: object event (its fields are described nowhere): the code has it, the document does not",
			"28 missing: object forward (its fields are described nowhere): the code has it, the document does not",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			src, err := os.ReadFile(filepath.Join("testdata", "layouts", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			m, err := Parse(tt.file, src)
			if err != nil {
				t.Fatal(err)
			}
			got := tally{m.Tables, len(m.Rules), len(m.Frames), len(m.Objects), len(m.Ops), len(m.Routes), len(m.CloseCodes), len(m.Variables), len(m.Timings)}
			if diff := cmp.Diff(tt.tally, got); diff != "" {
				t.Errorf("what was read (- expected, + got):\n%s", diff)
			}
			var unread, drift []string
			for _, u := range m.Unread {
				unread = append(unread, u.Error())
			}
			if diff := cmp.Diff(tt.unread, unread); diff != "" {
				t.Errorf("unread (- expected, + got):\n%s", diff)
			}
			for _, d := range Compare(m, theCode(t), Baseline).Drift {
				drift = append(drift, fmt.Sprintf("%d %s", d.Line, d))
			}
			if diff := cmp.Diff(tt.drift, drift); diff != "" {
				t.Errorf("drift (- expected, + got):\n%s", diff)
			}
		})
	}
}
