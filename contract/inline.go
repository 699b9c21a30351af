package contract

import (
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newMarkdown is goldmark with tables, and with [starParser] in place of emphasis, whose
// effort grows with the square of the number of stars in a paragraph.
func newMarkdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(parser.DefaultBlockParsers()...),
			parser.WithInlineParsers(
				util.Prioritized(parser.NewCodeSpanParser(), 100),
				util.Prioritized(parser.NewLinkParser(), 200),
				util.Prioritized(parser.NewAutoLinkParser(), 300),
				util.Prioritized(parser.NewRawHTMLParser(), 400),
				util.Prioritized(starParser{}, 500),
			),
			parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
		)),
		goldmark.WithExtensions(extension.Table),
	)
}

// starParser drops stars that touch a word, which is all that this package wants of
// emphasis. Underscores stay: they are parts of names here.
type starParser struct{}

func (starParser) Trigger() []byte { return []byte{'*'} }

func (starParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	n := 0
	for n < len(line) && line[n] == '*' {
		n++
	}
	if before := block.PrecendingCharacter(); unicode.IsSpace(before) && (n == len(line) || util.IsSpace(line[n])) {
		return nil
	}
	block.Advance(n)
	return ast.NewString(nil)
}

// inline is the text of a node's inline children, without markup and HTML.
func (p *page) inline(n ast.Node) cell {
	var c cell
	var plain, marked strings.Builder
	write := func(s string) {
		plain.WriteString(s)
		marked.WriteString(s)
	}
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			var code strings.Builder
			for t := n.FirstChild(); t != nil; t = t.NextSibling() {
				if t, ok := t.(*ast.Text); ok {
					code.Write(t.Segment.Value(p.source))
				}
			}
			c.codes = append(c.codes, code.String())
			plain.WriteString(code.String())
			marked.WriteString("`" + code.String() + "`")
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			raw := n.Segment.Value(p.source)
			write(string(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(raw)))))
			if n.SoftLineBreak() || n.HardLineBreak() {
				write(" ")
			}
		case *ast.String:
			write(string(n.Value))
		case *ast.AutoLink:
			write(string(n.URL(p.source)))
		case *ast.RawHTML:
			raw := string(n.Segments.Value(p.source))
			if !placeholder(raw) {
				raw = " "
			}
			write(raw)
		}
		return ast.WalkContinue, nil
	})
	c.text = strings.Join(strings.Fields(plain.String()), " ")
	c.marked = strings.Join(strings.Fields(marked.String()), " ")
	return c
}

// placeholder tells a word in angle brackets that stands for something else, such as
// <hostname>, from HTML.
func placeholder(raw string) bool {
	name := strings.TrimSuffix(strings.TrimPrefix(raw, "<"), ">")
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) && r != '-' }) {
		return false
	}
	switch strings.ToLower(name) {
	case "a", "b", "br", "code", "del", "details", "div", "em", "hr", "i", "img", "ins", "kbd", "mark", "p", "pre", "s", "small", "span", "strong", "sub", "summary", "sup", "u", "wbr":
		return false
	}
	return true
}
