package contract

import (
	"fmt"
	"sort"
	"strings"

	"github.com/relaykit/relaykit/protocol"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// page is a parsed document: its blocks in their order, and where its lines start.
type page struct {
	name      string
	source    []byte
	starts    []int // byte offset of each line
	tables    []table
	lists     []list
	headings  []heading
	shapes    []shape
	examples  []Example
	unread    []Problem
	ruleLines map[protocol.RuleID]int
	routes    map[string]int // where in the model each route is
	done      map[int]bool   // the lines of tables, items and shapes that were read
	senders   map[ast.Node]Side
	ends      map[ast.Node]int
}

// heading is a heading with the headings above it; bare if nothing but text is below.
type heading struct {
	path  []string
	line  int
	bare  bool
	side  Side   // what a paragraph "Direction: …" below it says
	notes []note // the paragraphs below it
}

// note is a paragraph.
type note struct {
	line int
	cell cell
}

// shape is a paragraph that begins with a code span (`event` is `{…}`), or a list item
// that has one anywhere (gateway → connector: `{"type": …}`).
type shape struct {
	path    []string // the headings above it, outermost first
	line    int
	codes   []string
	text    string
	between string // the words between the first two code spans
	outer   Side   // the sender that the item names in whose list this one stands
}

// table is one Markdown table.
type table struct {
	place
	line   int
	header []cell
	rows   []row
}

type row struct {
	line  int
	cells []cell
}

// cell is the text of a cell without its markup.
type cell struct {
	text   string
	marked string   // the same with its backticks
	codes  []string // what stood in backticks
}

// newPage parses Markdown and collects the blocks that the model is made of. What
// looks like a table and is none, and rows that have more or fewer cells than their
// header, are problems.
func newPage(name string, source []byte) (*page, Problems) {
	p := &page{name: name, source: source, starts: []int{0}, ruleLines: map[protocol.RuleID]int{}, routes: map[string]int{}, done: map[int]bool{}, senders: map[ast.Node]Side{}, ends: map[ast.Node]int{}}
	for i, b := range source {
		if b == '\n' {
			p.starts = append(p.starts, i+1)
		}
	}
	root := newMarkdown().Parser().Parse(text.NewReader(source))
	var problems Problems
	var path []string
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			path = p.heading(path, n.Level, p.inline(n).text, p.lineOf(n.Pos()))
			return ast.WalkSkipChildren, nil
		case *extast.Table:
			t, ps := p.table(n, path)
			t.place = p.placeOf(n, path)
			problems = append(problems, ps...)
			p.tables = append(p.tables, t)
			if len(p.headings) > 0 {
				p.headings[len(p.headings)-1].bare = false
			}
			return ast.WalkSkipChildren, nil
		case *ast.List:
			if title, ok := p.underlined(n); ok {
				path = p.heading(path, 2, title, p.firstLine(n))
				return ast.WalkSkipChildren, nil
			}
			p.lists = append(p.lists, p.list(n, path))
		case *ast.FencedCodeBlock:
			p.example(n)
		case *ast.Paragraph, *ast.TextBlock:
			problems = append(problems, p.brokenTable(n)...)
			p.note(n)
			p.shape(n, path)
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return p, problems
}

// maxTitle is the longest heading in bytes that is kept whole; none that says what stands
// below it comes near.
const maxTitle = 512

// heading keeps a heading, and returns the path below it.
func (p *page) heading(path []string, level int, title string, line int) []string {
	if len(path) >= level {
		path = path[:level-1]
	}
	for len(path) < level-1 {
		path = append(path[:len(path):len(path)], "")
	}
	if len(title) > maxTitle { // which every table below it would read again
		title = strings.ToValidUTF8(title[:maxTitle], "")
	}
	path = append(path[:len(path):len(path)], title)
	p.headings = append(p.headings, heading{path: path, line: line, bare: true})
	return path
}

// example keeps a fenced block of JSON.
func (p *page) example(n *ast.FencedCodeBlock) {
	if n.Info == nil {
		return
	}
	info := strings.Fields(string(n.Info.Segment.Value(p.source)))
	if len(info) == 0 || info[0] != "json" {
		return
	}
	e := Example{JSON: string(n.Lines().Value(p.source)), Line: p.lineOf(n.Info.Segment.Start)}
	if len(info) > 1 {
		e.Kind = info[1]
	}
	p.examples = append(p.examples, e)
}

// shape keeps a paragraph that begins with a code span, or a list item that has one.
func (p *page) shape(n ast.Node, path []string) {
	first, leads := n.FirstChild().(*ast.CodeSpan)
	if !leads && n.Parent().Kind() != ast.KindListItem || n.Lines().Len() == 0 {
		return
	}
	c := p.inline(n)
	if len(c.codes) == 0 {
		return
	}
	s := shape{path: append([]string(nil), path...), line: p.lineOf(n.Lines().At(0).Start), codes: c.codes, text: c.text, outer: p.outerSender(n)}
	if leads && len(c.codes) > 1 {
		if second := first.NextSibling(); second != nil {
			if t, ok := second.(*ast.Text); ok {
				s.between = strings.TrimSpace(string(t.Segment.Value(p.source)))
			}
		}
	}
	p.shapes = append(p.shapes, s)
}

// lineOf is the line, from 1, that holds a byte offset.
func (p *page) lineOf(offset int) int {
	return sort.Search(len(p.starts), func(i int) bool { return p.starts[i] > offset })
}

func (p *page) rawLine(line int) string {
	start := p.starts[line-1]
	end := len(p.source)
	if line < len(p.starts) {
		end = p.starts[line]
	}
	return strings.TrimRight(string(p.source[start:end]), "\r\n")
}

func (p *page) problem(line int, format string, args ...any) Problem {
	return Problem{File: p.name, Line: line, Reason: fmt.Sprintf(format, args...)}
}

func (p *page) table(n *extast.Table, path []string) (table, Problems) {
	t := table{place: place{path: append([]string(nil), path...), under: -1}}
	var problems Problems
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		line := p.lineOf(r.Pos())
		if header, ok := r.(*extast.TableHeader); ok {
			t.line = line
			t.header = p.cells(header)
			continue
		}
		if got := countCells(p.rawLine(line)); got != len(t.header) {
			problems = append(problems, p.problem(line, "table row: expected %d cells, as in its header in line %d, got %d; a | inside a cell is written \\|", len(t.header), t.line, got))
			continue
		}
		t.rows = append(t.rows, row{line: line, cells: p.cells(r)})
	}
	return t, problems
}

func (p *page) cells(r ast.Node) []cell {
	var cells []cell
	for c := r.FirstChild(); c != nil; c = c.NextSibling() {
		cells = append(cells, p.inline(c))
	}
	return cells
}

// brokenTable looks at a paragraph whose lines start with a pipe: a table that lost
// its delimiter row or was cut in two.
func (p *page) brokenTable(n ast.Node) Problems {
	lines := n.Lines()
	for i := range lines.Len() {
		seg := lines.At(i)
		raw := strings.TrimSpace(string(seg.Value(p.source)))
		if strings.HasPrefix(raw, "|") && countCells(raw) > 1 {
			return Problems{p.problem(p.lineOf(seg.Start), "expected a table (a header, then a row of dashes with as many cells, then rows, with no empty line between), got a line with pipes that belongs to none")}
		}
	}
	return nil
}

// countCells counts the cells of a row as GitHub does: every pipe that is not escaped
// ends one, in backticks or not.
func countCells(line string) int {
	line = strings.TrimSpace(strings.TrimLeft(line, "> \t"))
	line = strings.TrimPrefix(line, "|")
	n := 1
	for i := 0; i < len(line); i++ {
		if line[i] == '|' && (i == 0 || line[i-1] != '\\') {
			if i == len(line)-1 {
				break
			}
			n++
		}
	}
	return n
}
