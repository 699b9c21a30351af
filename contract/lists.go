package contract

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// list is one Markdown list. Lists inside of its items are lists of their own.
type list struct {
	place
	line, end int // its first and last line
	inner     bool
	items     []item
}

// item is the first paragraph of a list item, and the lines of the whole.
type item struct {
	cell
	line, end int
}

func (p *page) list(n *ast.List, path []string) list {
	l := list{place: p.placeOf(n, path), inner: n.Parent().Kind() == ast.KindListItem}
	for i := n.FirstChild(); i != nil; i = i.NextSibling() {
		it := item{line: p.firstLine(i)}
		if first := i.FirstChild(); isText(first) {
			it.cell = p.inline(first)
		}
		it.end = max(it.line, p.lastLine(i))
		l.items = append(l.items, it)
	}
	l.line, l.end = l.items[0].line, l.items[len(l.items)-1].end
	return l
}

func isText(n ast.Node) bool {
	return n != nil && (n.Kind() == ast.KindParagraph || n.Kind() == ast.KindTextBlock)
}

// firstLine is the line of a block, or of the first block inside of it that has one.
func (p *page) firstLine(n ast.Node) int {
	for ; n != nil; n = n.FirstChild() {
		if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
			return p.lineOf(n.Lines().At(0).Start)
		}
		if n.Pos() >= 0 {
			return p.lineOf(n.Pos())
		}
	}
	return 1
}

// lastLine is the line in which the last block inside of a block ends. Lists nest deeply,
// so what is found is kept for all blocks on the way.
func (p *page) lastLine(n ast.Node) int {
	var way []ast.Node
	line := 0
	for ; n != nil && n.Type() == ast.TypeBlock; n = n.LastChild() {
		if known, ok := p.ends[n]; ok {
			line = known
			break
		}
		if lines := n.Lines(); lines.Len() > 0 {
			line = p.lineOf(max(0, lines.At(lines.Len()-1).Stop-1))
			break
		}
		way = append(way, n)
	}
	for _, n := range way {
		p.ends[n] = line
	}
	return line
}

// placeOf is where a block stands: below its headings, behind its sentence.
func (p *page) placeOf(n ast.Node, path []string) place {
	at := place{path: append([]string(nil), path...), under: len(p.headings) - 1}
	if before := n.PreviousSibling(); isText(before) {
		at.intro = p.inline(before)
	}
	return at
}

var directionNote = regexp.MustCompile(`(?i)^(direction|dir|sender|sent by|from)\s*:\s*(.*)`)

// note keeps a paragraph with the heading above it.
func (p *page) note(n ast.Node) {
	if len(p.headings) == 0 || n.Kind() != ast.KindParagraph || n.Parent().Kind() != ast.KindDocument || n.Lines().Len() == 0 {
		return
	}
	h := &p.headings[len(p.headings)-1]
	c := p.inline(n)
	h.notes = append(h.notes, note{line: p.lineOf(n.Lines().At(0).Start), cell: c})
	if m := directionNote.FindStringSubmatch(c.text); m != nil && h.side == "" {
		side, err := senderOf(m[2])
		if name, _, ok := frameHeading(h.path); ok && err != nil {
			p.unread = append(p.unread, p.problem(p.lineOf(n.Lines().At(0).Start), "frame %q: sender: %v", name, err))
		}
		h.side = side
	}
}

// outerSender is the sender that the words of a list item name for the list inside of it:
// the nearest item, from the one around the block's own item outwards, that names one.
func (p *page) outerSender(n ast.Node) Side {
	own := n.Parent()
	if own == nil || own.Kind() != ast.KindListItem || own.Parent().Parent() == nil {
		return ""
	}
	return p.senderAround(own.Parent().Parent())
}

func (p *page) senderAround(outer ast.Node) Side {
	if outer.Kind() != ast.KindListItem {
		return ""
	}
	side, known := p.senders[outer] // a long item can hold many short ones
	if !known {
		if first := outer.FirstChild(); isText(first) {
			side = arrowIn(p.inline(first).text)
		}
		p.senders[outer] = side
	}
	return side
}

var direction = regexp.MustCompile(`(?i)\b(gateway|gw|g|connector|conn|con|c)\s*(→|->|=>|to)\s*(?:the )?(gateway|gw|g|connector|conn|con|c)\b`)

// arrowIn is the sender of a direction that is part of a longer text, in which other
// words can name sides as well.
func arrowIn(s string) Side {
	if m := direction.FindStringSubmatch(s); m != nil {
		side, _ := senderOf(m[1])
		return side
	}
	if side, err := senderOf(s); err == nil && strings.Contains(strings.ToLower(s), "from ") {
		return side
	}
	return ""
}

// underlined reads "3. Frames" above a line of dashes, which somebody meant as a heading;
// to Markdown it is a list of one item and a rule across the page.
func (p *page) underlined(n *ast.List) (title string, ok bool) {
	item := n.FirstChild()
	if !n.IsOrdered() || n.ChildCount() != 1 || item.ChildCount() != 1 || !isText(item.FirstChild()) || n.Parent().Kind() != ast.KindDocument {
		return "", false
	}
	next, line := n.NextSibling(), p.lastLine(n)
	if next == nil || next.Kind() != ast.KindThematicBreak || line != p.firstLine(n) || line >= len(p.starts) {
		return "", false
	}
	rule := strings.TrimRight(p.rawLine(line+1), " ")
	if len(rule) < 3 || strings.Trim(rule, "-") != "" {
		return "", false
	}
	return p.inline(item.FirstChild()).text, true
}
