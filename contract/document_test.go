package contract

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// normative are the words that bind somebody. They belong into the rows of rules.
var normative = regexp.MustCompile(`(?i)\b(must|shall|should|may|ought|required|recommended|mandatory|forbidden|prohibited|obliged|(has|have|had|needs?) to)\b`)

func TestNoNormativeWordOutsideOfARow(t *testing.T) {
	for _, s := range strays(Document()) {
		t.Error(s)
	}
}

// The test above would be worth nothing if it saw nothing.
func TestStraysAreFound(t *testing.T) {
	tests := []struct{ doc, want string }{
		{"# A gateway must\n", `:1: "must"`},
		{"It shall be so.\n", `:1: "shall"`},
		{"x\n\n- a\n- You **should**.\n", `:4: "should"`},
		{"| a | b |\n| - | - |\n| it has to | b |\n", `:3: "has to"`},
		{"A `MUST` in code is a word that is talked about.\n", ""},
		{"| rule | level | statement |\n| - | - | - |\n| a/b | MUST | It must. |\n", ""},
		{"| x field | type | presence |\n| - | - | - |\n| y | string | required |\n", ""},
	}
	for _, tt := range tests {
		got := strings.Join(strays([]byte(tt.doc)), "\n")
		if !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%q: expected %q, got %q", tt.doc, tt.want, got)
		}
	}
}

// strays lists the normative words outside of tables of rules, code, and the cells of
// presence columns.
func strays(src []byte) []string {
	p, _ := newPage(Name, src)
	root := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(src))
	var out []string
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *extast.Table:
			t, _ := p.table(n, nil)
			if k, _, ok := kindOf(&t); ok && k.name == "rules" {
				return ast.WalkSkipChildren, nil
			}
		case *extast.TableCell:
			if p.inline(n).text == string(Required) {
				return ast.WalkSkipChildren, nil
			}
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			for _, word := range normative.FindAllString(string(n.Segment.Value(src)), -1) {
				out = append(out, fmt.Sprintf("%s:%d: %q: expected words that bind somebody only in the rows of rules", Name, p.lineOf(n.Segment.Start), word))
			}
		}
		return ast.WalkContinue, nil
	})
	return out
}

var ownID = regexp.MustCompile(`^[a-z]+(-[a-z]+)*/[a-z0-9]+(-[a-z0-9]+)*$`)

// A statement is one sentence, so that a test has one thing to decide, and the level is
// what gives it force.
func TestStatementsAreOneSentence(t *testing.T) {
	for _, r := range ours(t).Rules {
		if !ownID.MatchString(string(r.ID)) {
			t.Errorf("%s:%d: expected an id area/slug in lower case, got %q", Name, r.Line, r.ID)
		}
		switch {
		case !strings.HasSuffix(r.Statement, "."), strings.Contains(r.Statement, ". "):
			t.Errorf("%s:%d: %s: expected one sentence, got %q", Name, r.Line, r.ID, r.Statement)
		case normative.MatchString(strings.ReplaceAll(r.Statement, string(Required), "")): // a presence, not an order
			t.Errorf("%s:%d: %s: expected the level to carry the force, got %q", Name, r.Line, r.ID, r.Statement)
		}
	}
}

func TestEveryRuleIsAnAnchorAndEveryLinkLeadsSomewhere(t *testing.T) {
	doc := string(Document())
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`<a id="([^"]+)"></a>`).FindAllStringSubmatch(doc, -1) {
		if targets[m[1]] {
			t.Errorf("expected one anchor %s, got two", m[1])
		}
		targets[m[1]] = true
	}
	for _, r := range ours(t).Rules {
		if !targets[string(r.ID)] {
			t.Errorf("%s:%d: expected the row of %s to have an anchor of that name", Name, r.Line, r.ID)
		}
		delete(targets, string(r.ID))
	}
	for id := range targets {
		t.Errorf("anchor %s: expected a rule of that id, got none", id)
	}
	p, _ := newPage(Name, Document())
	headings := map[string]bool{}
	for _, h := range p.headings {
		headings[githubAnchor(last(h.path))] = true
	}
	for _, m := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(doc, -1) {
		if !headings[m[1]] && ours(t).Rule(protocol.RuleID(m[1])) == nil {
			t.Errorf("link to #%s: expected a heading or a rule of that name, got none", m[1])
		}
	}
}

// githubAnchor is the anchor that GitHub gives a heading.
func githubAnchor(heading string) string {
	heading = strings.ToLower(heading)
	heading = strings.Map(func(r rune) rune {
		if r == ' ' {
			return '-'
		}
		if r == '-' || r == '_' || isNameRune(r) {
			return r
		}
		return -1
	}, heading)
	return heading
}

// Every body that the table of routes names has a table of its fields, with the same
// fields, and the reverse.
func TestRoutesAgreeWithTheirBodies(t *testing.T) {
	m := ours(t)
	described := map[string]bool{}
	for _, r := range m.Routes {
		name := r.Path[strings.LastIndex(r.Path, "/")+1:]
		for what, body := range map[string]Body{" request": r.Request, " answer": r.Answer} {
			o := m.Object(name + what)
			if o == nil {
				continue
			}
			described[o.Name] = true
			if diff := cmp.Diff(names(o.Fields), names(body.Fields)); diff != "" {
				t.Errorf("%s:%d: route %s: its%s differs from the table of its fields (- table, + route):\n%s", Name, r.Line, r.Path, what, diff)
			}
		}
	}
	for _, o := range m.Objects {
		if isBody(o.Name) && !described[o.Name] {
			t.Errorf("%s:%d: %s: expected a route with that body, got none", Name, o.Line, o.Name)
		}
	}
}

func names(fields []Field) []string {
	var out []string
	for _, f := range fields {
		name := f.Name
		if f.Presence == Optional {
			name += "?"
		}
		out = append(out, name)
	}
	return out
}

func TestTheDocumentsRevisionsAreThoseOfTheCode(t *testing.T) {
	var got []Revision
	for _, r := range ours(t).Revisions {
		got = append(got, r.Revision)
	}
	if diff := cmp.Diff(Revisions(), got); diff != "" {
		t.Errorf("(- code, + document):\n%s", diff)
	}
	for mark, want := range map[Mark]Revision{"2026-06": "2026-06", "2026-06-25": "2026-07", "2026-07": "2026-07", "2026-07-31": "2026-07", "2026-08": "2026-08", "2026-09": "2026-10", "2026-10": "2026-10", "2027-01-02": "2027-01"} {
		if got := mark.Revision(); got != want {
			t.Errorf("mark %s: expected revision %s, got %s", mark, want, got)
		}
	}
}

func TestURLsOfTheDocumentAreThoseOfTheCode(t *testing.T) {
	m := ours(t)
	if len(m.URLs) == 0 {
		t.Fatal("expected examples of URLs, got none")
	}
	for _, u := range m.URLs {
		if got := protocol.DialURL(u.Base); got != u.Dial {
			t.Errorf("%s:%d: dial URL: the document says %s, the code %s", Name, u.Line, u.Dial, got)
		}
		if got := protocol.RouteURL(u.Base, protocol.RouteProvision); got != u.Provision {
			t.Errorf("%s:%d: provision URL: the document says %s, the code %s", Name, u.Line, u.Provision, got)
		}
	}
	for _, route := range []string{protocol.RouteRelay, protocol.RouteProvision, protocol.RouteEnroll, protocol.RoutePolicy, protocol.RouteMedia} {
		if !slices.ContainsFunc(m.Routes, func(r Route) bool { return r.Path == route }) {
			t.Errorf("expected the document to have the route %s", route)
		}
	}
}

// The token and the signature that the document prints are real.
func TestSecretsOfTheDocumentSign(t *testing.T) {
	const secret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	doc := string(Document())
	if token := auth.Mint("gw-instance-1", secret, auth.Never); !strings.Contains(doc, "\n"+token+"\n") {
		t.Errorf("expected the document to print the token %s", token)
	}
	if signature := auth.Sign(`1750000000.{"type":"message","event":{"text":"hi","source":{"chat_id":"c1"}}}`, secret); !strings.Contains(doc, "`"+signature+"`") {
		t.Errorf("expected the document to print the signature %s", signature)
	}
}

// The core set is what exit code 0 of a judgement rests on, so it changes knowingly.
func TestCoreSet(t *testing.T) {
	var core []protocol.RuleID
	for _, r := range ours(t).Rules {
		if !r.Core {
			continue
		}
		core = append(core, r.ID)
		if r.Side == Connector || r.Level != Must {
			t.Errorf("%s:%d: %s: expected a core rule to bind gateways with MUST, got %s with %s", Name, r.Line, r.ID, r.Side, r.Level)
		}
	}
	want := []protocol.RuleID{
		protocol.RuleConnectDialPath, protocol.RuleFramingNewline, protocol.RuleFramingBadFrame,
		protocol.RuleAuthBearer, protocol.RuleAuthTokenLive,
		protocol.RuleHandshakeHelloFirst, protocol.RuleHandshakeHelloFields, protocol.RuleHandshakeQuietUntilDescriptor, protocol.RuleHandshakeAgainOnRedial,
		protocol.RuleInboundHandled, protocol.RuleInboundAckBuffered,
		protocol.RuleScopeEcho, protocol.RuleScopeEchoScopeId, protocol.RuleOutboundFields,
		protocol.RuleReconnectRedial, protocol.RuleRevocationAfterHandshake, protocol.RuleRevocationSecond4401,
	}
	if diff := cmp.Diff(want, core); diff != "" {
		t.Errorf("(- expected, + document):\n%s", diff)
	}
}
