package contract

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relaykit/relaykit/protocol"
)

func ours(t *testing.T) *Model {
	t.Helper()
	m, err := Parse(Name, Document())
	if err != nil {
		t.Fatalf("the contract does not parse:\n%v", err)
	}
	return m
}

// The ids are constants so that a case cannot name a rule that is not there, and they
// are read from the source so that none can hide.
func TestRuleConstantsAreTheRulesOfTheDocument(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../protocol/rules.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var constants []protocol.RuleID
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		constants = append(constants, protocol.RuleID(value))
		if name := spec.Names[0].Name; name != constantName(value) {
			t.Errorf("constant of %q: expected the name %s, got %s", value, constantName(value), name)
		}
		return false
	})
	documented := []protocol.RuleID{}
	for _, area := range areas(ours(t)) {
		for _, r := range ours(t).Rules {
			if r.Area == area {
				documented = append(documented, r.ID)
			}
		}
	}
	if diff := cmp.Diff(documented, constants); diff != "" {
		t.Errorf("protocol/rules.go differs from the document (- document, + constants):\n%s", diff)
	}
}

func areas(m *Model) []string {
	var areas []string
	seen := map[string]bool{}
	for _, r := range m.Rules {
		if !seen[r.Area] {
			seen[r.Area] = true
			areas = append(areas, r.Area)
		}
	}
	return areas
}

func constantName(id string) string {
	name := "Rule"
	for _, word := range strings.FieldsFunc(id, func(r rune) bool { return r == '/' || r == '-' }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

func TestMalformedRuleTables(t *testing.T) {
	const header = "# X\n\n| rule | side | level | core | since | statement |\n| --- | --- | --- | --- | --- | --- |\n"
	tests := []struct{ name, doc, want string }{
		{"bad level", header + "| a/b | both | MUSTN'T | no | 2026-06 | x |\n", `doc.md:5: rule "a/b": level: expected MUST, SHOULD or MAY, got "MUSTN'T"`},
		{"bad side", header + "| a/b | nobody | MUST | no | 2026-06 | x |\n", `doc.md:5: rule "a/b": side: expected gateway, connector or both, got "nobody"`},
		{"bad core", header + "| a/b | both | MUST | perhaps | 2026-06 | x |\n", `doc.md:5: rule "a/b": core: expected yes or no, got "perhaps"`},
		{"bad since", header + "| a/b | both | MUST | no | June | x |\n", `doc.md:5: rule "a/b": since: expected a date such as 2026-06 or 2026-07-25, got "June"`},
		{"bad id", header + "| Newline | both | MUST | no | 2026-06 | x |\n", `doc.md:5: rule "Newline": expected an id such as framing/newline`},
		{"no statement", header + "| a/b | both | MUST | no | 2026-06 | |\n", `doc.md:5: rule "a/b": expected a statement, got an empty cell`},
		{"twice", header + "| a/b | both | MUST | no | 2026-06 | x |\n| a/b | both | MUST | no | 2026-06 | y |\n", `doc.md:6: rule "a/b": expected an id of its own, got that of the rule in line 5`},
		{"short row", header + "| a/b | both | MUST |\n", `doc.md:5: table row: expected 6 cells, as in its header in line 3, got 3; a | inside a cell is written \|`},
		{"cut off", header + "| a/b | both | MUST | no | 2026-06 | x |\n\n| a/c | both | MUST | no | 2026-06 | x |\n", `doc.md:7: expected a table (a header, then a row of dashes with as many cells, then rows, with no empty line between), got a line with pipes that belongs to none`},
		{"empty", " \n", "doc.md: expected a Markdown document, got an empty file"},
		{"binary", "# X\n\x00", "doc.md:2: expected text, got a NUL byte; is this a binary file?"},
		{"not UTF-8", "# X\n\nab\xff", "doc.md:3: expected UTF-8 text, got the byte 0xff"},
		{"no tables", "hello", "doc.md: expected a Markdown document with tables of rules or frames, got none"},
		{"a long line", "# X\n\n" + strings.Repeat("> ", MaxLine), "doc.md:3: expected lines of at most 16384 bytes, got a longer one"},
		{"50 MB", strings.Repeat("x", 50<<20), "doc.md: expected at most 1048576 bytes of Markdown, got 52428800"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("doc.md", []byte(tt.doc))
			if err == nil {
				t.Fatalf("expected %q, got no error", tt.want)
			}
			if err.Error() != tt.want {
				t.Errorf("expected\n%s\ngot\n%s", tt.want, err)
			}
		})
	}
}

// Markup around words is not part of them, and names keep their underscores.
func TestCellsWithoutTheirMarkup(t *testing.T) {
	const doc = "| **rule** | level | side | *statement* |\n|-|-|-|-|\n" +
		"| [`a/b`](#x) | **MUST** | both | A _session_key_ is **not** 2 * 3 \\| `x \\| y` &amp; \\*so\\* <br> on. |\n"
	m, err := Parse("doc.md", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if want, got := "A _session_key_ is not 2 * 3 | x | y & *so* on.", m.Rules[0].Statement; got != want {
		t.Errorf("expected %q, got %q", want, got)
	}
}

func TestRulesOfARevision(t *testing.T) {
	m := ours(t)
	tests := []struct {
		id      protocol.RuleID
		rev     Revision
		applies bool
		level   Level
	}{
		{protocol.RuleRevocationAfterHandshake, "2026-08", true, Must},
		{protocol.RuleRevocationAfterHandshake, "2026-10", false, Must},
		{protocol.RuleRevocationSecond4401, "2026-08", false, Must},
		{protocol.RuleRevocationSecond4401, "2026-10", true, Must},
		{protocol.RuleScopeEcho, "2026-06", true, Must},
		{protocol.RuleScopeEcho, "2026-07", false, Must},
		{protocol.RuleInboundRepeatOnce, "2026-08", true, Should},
		{protocol.RuleInboundRepeatOnce, "2026-10", true, Must},
		{protocol.RuleOutboundSendWhileDown, "2026-08", true, Must},
	}
	for _, tt := range tests {
		r := m.Rule(tt.id)
		if r == nil {
			t.Fatalf("no rule %s", tt.id)
		}
		if got := r.Applies(tt.rev); got != tt.applies {
			t.Errorf("%s in %s: expected applies %v, got %v", tt.id, tt.rev, tt.applies, got)
		}
		if got := r.LevelAt(tt.rev); got != tt.level {
			t.Errorf("%s in %s: expected %s, got %s", tt.id, tt.rev, tt.level, got)
		}
	}
}
