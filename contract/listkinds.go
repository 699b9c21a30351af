package contract

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// listKind is a sort of list that the parser reads, by its items. The first kind that
// most items of a list are of takes the list; its other items are reported.
type listKind struct {
	is    func(item) bool
	read  func(*Model, *page, *list, item) Problems
	holds func(*list) bool // besides, if there is one
}

func listKinds() []listKind {
	return []listKind{
		{isRuleItem, (*Model).readRuleItem, nil},
		{func(it item) bool { return routeItem(it) != nil }, (*Model).readRouteItem, nil},
		{func(it item) bool { return closeCodeItem.MatchString(it.text) }, (*Model).readCloseCodeItem, nil},
		{func(it item) bool { return variableItem(it) != "" }, (*Model).readVariableItem, nil},
		{func(it item) bool { return timingItem.MatchString(it.text) }, (*Model).readTimingItem, hasUnits},
	}
}

// readLists reads the lists that are of a kind, and those of fields.
func (m *Model) readLists(p *page) Problems {
	var problems Problems
	for i := range p.lists {
		l := &p.lists[i]
		if k, ok := l.kind(); ok {
			m.Lists++
			for _, it := range l.items {
				if k.is(it) {
					problems = append(problems, k.read(m, p, l, it)...)
					p.done[it.line] = true
				}
			}
			continue
		}
		problems = append(problems, m.readFieldItems(p, l)...)
	}
	return problems
}

func (l *list) kind() (listKind, bool) {
	for _, k := range listKinds() {
		n := 0
		for _, it := range l.items {
			if k.is(it) {
				n++
			}
		}
		if 2*n > len(l.items) && (k.holds == nil || k.holds(l)) {
			return k, true
		}
	}
	return listKind{}, false
}

// reportLists reports the lists of which nothing was read, and of the others the items.
func (m *Model) reportLists(p *page) {
	reported := 0 // up to which line
	for _, l := range p.lists {
		if l.line <= reported {
			continue
		}
		if !p.anyDone(l.line, l.end) {
			reported = l.end
			m.Unread = append(m.Unread, p.problem(l.line, "no kind of list has items such as %q", excerpt(l.items[0].text)))
			continue
		}
		for _, it := range l.items {
			if !p.anyDone(it.line, it.end) {
				m.Unread = append(m.Unread, p.problem(it.line, "expected an item like the others of its list, got %q", excerpt(it.text)))
			}
		}
	}
}

func (p *page) anyDone(from, to int) bool {
	for line := from; line <= to; line++ {
		if p.done[line] {
			return true
		}
	}
	return false
}

func excerpt(s string) string {
	if r := []rune(s); len(r) > 60 {
		return strings.TrimSpace(string(r[:60])) + "…"
	}
	return s
}

// ruleItem is `framing/newline (both, MUST, core): …` or `HS-3 (MUST) – …`.
var ruleItem = regexp.MustCompile(`^\[?([A-Za-z][A-Za-z0-9_-]*[/.-][A-Za-z0-9][A-Za-z0-9/._-]*?)\]?\s*\(([^()]*)\)\s*[:.–—-]?\s*(.*)$`)

func isRuleItem(it item) bool {
	parts := ruleItem.FindStringSubmatch(it.text)
	if parts == nil || !isRuleID(parts[1]) {
		return false
	}
	for _, word := range strings.Split(parts[2], ",") {
		if _, err := oneLevel(word); err == nil {
			return true
		}
	}
	return false
}

func (m *Model) readRuleItem(p *page, l *list, it item) Problems {
	parts := ruleItem.FindStringSubmatch(it.text)
	rule := Rule{ID: protocol.RuleID(parts[1]), Side: boundBy(l.path), Since: Mark(Baseline), Statement: parts[3], Line: it.line}
	rule.Area = areaOf(rule.ID)
	for _, word := range strings.Split(parts[2], ",") {
		word = strings.TrimSpace(word)
		mark, dated := strings.CutPrefix(word, "since ")
		if level, err := oneLevel(word); err == nil {
			rule.Level = level
		} else if side, err := parseSide(word); err == nil {
			rule.Side = side
		} else if word == "core" {
			rule.Core = true
		} else if since, err := ParseMark(mark); dated && err == nil {
			rule.Since = since
		} else {
			return Problems{p.problem(it.line, "rule %q: expected a level, a side, core or since and a date, got %q", rule.ID, word)}
		}
	}
	if rule.Side == "" {
		return Problems{p.problem(it.line, "rule %q: side: expected gateway, connector or both, here or in the heading, got neither", rule.ID)}
	}
	if rule.Statement == "" {
		return Problems{p.problem(it.line, "rule %q: expected a statement, got none", rule.ID)}
	}
	return m.addRule(p, rule)
}

// routeItem is a list item that begins with `GET /relay`.
func routeItem(it item) []string {
	if m := routeText.FindStringSubmatch(it.text); m != nil {
		return append(m[1:], describes(it.text[len(m[0]):]))
	}
	return nil
}

func (m *Model) readRouteItem(p *page, _ *list, it item) Problems {
	parts := routeItem(it)
	m.addRoute(p, Route{Method: parts[0], Path: parts[1], Purpose: parts[2], Line: it.line})
	return nil
}

// describes is what a remark says, without the dash or colon before it.
func describes(s string) string { return strings.TrimLeft(s, " –—-:") }

// closeCodeItem is `4401 (connector): …`; RFC 6455 has no codes between 1016 and 2999.
var closeCodeItem = regexp.MustCompile(`^(10[01][0-9]|[34][0-9]{3})\s*(?:\(([^()]*)\))?\s*[:–—-]\s*(.*)$`)

func (m *Model) readCloseCodeItem(_ *page, _ *list, it item) Problems {
	parts := closeCodeItem.FindStringSubmatch(it.text)
	code, _ := strconv.Atoi(parts[1])
	m.CloseCodes = append(m.CloseCodes, CloseCode{Code: code, From: parts[2], Meaning: parts[3], Line: it.line})
	return nil
}

// variableItem is the name of the environment variable that an item begins with.
func variableItem(it item) string {
	name, _, _ := strings.Cut(it.text, " ")
	name = strings.TrimRight(name, ":")
	if !isVariable(name) || !strings.Contains(name, "_") {
		return ""
	}
	return name
}

func (m *Model) readVariableItem(_ *page, _ *list, it item) Problems {
	name := variableItem(it)
	m.Variables = append(m.Variables, Variable{Name: name, Meaning: describes(it.text[len(name):]), Line: it.line})
	return nil
}

// timingItem is "descriptor wait: 30 s".
var timingItem = regexp.MustCompile(`^([A-Za-z][A-Za-z ]*?)\s*[:=–—]\s*([0-9]+(?:\.[0-9]+)?(?: ?(?:ms|s|seconds?|m|min|minutes?|h|hours?|%))?)\.?$`)

// hasUnits tells bounds from other names with numbers: most of them are in seconds.
func hasUnits(l *list) bool {
	n := 0
	for _, it := range l.items {
		if !strings.ContainsAny(it.text[len(it.text)-1:], "0123456789") {
			n++
		}
	}
	return 2*n > len(l.items)
}

func (m *Model) readTimingItem(_ *page, _ *list, it item) Problems {
	parts := timingItem.FindStringSubmatch(it.text)
	m.Timings = append(m.Timings, Timing{Name: strings.ToLower(parts[1]), Default: parts[2], Line: it.line})
	return nil
}
