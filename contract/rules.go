package contract

import (
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// ruleColumns says where the columns of a table of rules are; -1 where it has none.
type ruleColumns struct {
	rule, side, level, core, since, statement int
}

// ruleColumnsOf reports whether a table is one of rules: it has a column of ids, one
// of levels and one of statements.
func ruleColumnsOf(t *table) (ruleColumns, bool) {
	find := func(names ...string) int {
		for i, h := range t.header {
			for _, n := range names {
				if strings.EqualFold(h.text, n) {
					return i
				}
			}
		}
		return -1
	}
	c := ruleColumns{
		rule: find("rule", "id"), side: find("side"), level: find("level"),
		core: find("core"), since: find("since"), statement: find("statement"),
	}
	return c, c.rule >= 0 && c.level >= 0 && c.statement >= 0
}

func (m *Model) readRules(p *page, t *table, c ruleColumns) Problems {
	var problems Problems
	for _, r := range t.rows {
		rule, err := readRule(r, c)
		if err != nil {
			problems = append(problems, p.problem(r.line, "rule %q: %v", r.cells[c.rule].text, err))
			continue
		}
		if earlier := m.Rule(rule.ID); earlier != nil {
			problems = append(problems, p.problem(r.line, "rule %q: expected an id of its own, got that of the rule in line %d", rule.ID, earlier.Line))
			continue
		}
		m.Rules = append(m.Rules, rule)
	}
	return problems
}

func readRule(r row, c ruleColumns) (Rule, error) {
	at := func(i int) string {
		if i < 0 {
			return ""
		}
		return r.cells[i].text
	}
	rule := Rule{ID: protocol.RuleID(at(c.rule)), Area: protocol.RuleID(at(c.rule)).Area(), Statement: at(c.statement), Line: r.line}
	if !isRuleID(string(rule.ID)) {
		return rule, fmt.Errorf("expected an id such as framing/newline, in lower case")
	}
	if rule.Statement == "" {
		return rule, fmt.Errorf("expected a statement, got an empty cell")
	}
	var err error
	if rule.Side, err = parseSide(at(c.side)); err != nil {
		return rule, err
	}
	if rule.Level, rule.Raised, err = parseLevel(at(c.level)); err != nil {
		return rule, err
	}
	if rule.Core, err = parseYes(at(c.core)); err != nil {
		return rule, fmt.Errorf("core: %w", err)
	}
	rule.Since, rule.Until, err = parseSpan(at(c.since))
	return rule, err
}

func isRuleID(s string) bool {
	area, slug, ok := strings.Cut(s, "/")
	return ok && isSlug(area) && isSlug(slug)
}

func isSlug(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-' && s[len(s)-1] != '-'
}

func parseSide(s string) (Side, error) {
	switch side := Side(strings.ToLower(s)); side {
	case Gateway, Connector, Both:
		return side, nil
	}
	return "", fmt.Errorf("side: expected gateway, connector or both, got %q", s)
}

// parseLevel reads "SHOULD", or "SHOULD; MUST since 2026-10".
func parseLevel(s string) (Level, Raise, error) {
	first, second, raised := strings.Cut(s, ";")
	level, err := oneLevel(first)
	if err != nil || !raised {
		return level, Raise{}, err
	}
	name, mark, ok := strings.Cut(strings.TrimSpace(second), " since ")
	if !ok {
		return "", Raise{}, fmt.Errorf(`level: expected "%s; MUST since 2026-10" or one level, got %q`, level, s)
	}
	higher, err := oneLevel(name)
	if err != nil {
		return "", Raise{}, err
	}
	since, err := ParseMark(strings.TrimSpace(mark))
	if err != nil {
		return "", Raise{}, fmt.Errorf("level: %w", err)
	}
	return level, Raise{Level: higher, Since: since}, nil
}

func oneLevel(s string) (Level, error) {
	switch level := Level(strings.TrimSpace(s)); level {
	case Must, Should, May:
		return level, nil
	}
	return "", fmt.Errorf("level: expected MUST, SHOULD or MAY, got %q", strings.TrimSpace(s))
}

// parseSpan reads "2026-06", or "2026-06 until 2026-09". An empty cell is the baseline.
func parseSpan(s string) (since, until Mark, err error) {
	if s == "" {
		return Mark(Baseline), "", nil
	}
	first, last, ends := strings.Cut(s, " until ")
	if since, err = ParseMark(strings.TrimSpace(first)); err != nil {
		return "", "", fmt.Errorf("since: %w", err)
	}
	if ends {
		if until, err = ParseMark(strings.TrimSpace(last)); err != nil {
			return "", "", fmt.Errorf("until: %w", err)
		}
	}
	return since, until, nil
}

func parseYes(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes":
		return true, nil
	case "no", "":
		return false, nil
	}
	return false, fmt.Errorf("expected yes or no, got %q", s)
}
