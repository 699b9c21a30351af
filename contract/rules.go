package contract

import (
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

func (m *Model) readRules(p *page, t *table, c columns) Problems {
	var problems Problems
	for _, r := range t.rows {
		rule, err := readRule(r, c)
		if err != nil {
			problems = append(problems, p.problem(r.line, "rule %q: %v", c.text(r, "rule"), err))
			continue
		}
		if earlier, ok := p.ruleLines[rule.ID]; ok {
			problems = append(problems, p.problem(r.line, "rule %q: expected an id of its own, got that of the rule in line %d", rule.ID, earlier))
			continue
		}
		p.ruleLines[rule.ID] = r.line
		m.Rules = append(m.Rules, rule)
	}
	return problems
}

func readRule(r row, c columns) (Rule, error) {
	id := protocol.RuleID(c.text(r, "rule"))
	rule := Rule{ID: id, Area: id.Area(), Statement: c.text(r, "statement"), Line: r.line}
	if !isRuleID(string(id)) {
		return rule, fmt.Errorf("expected an id such as framing/newline, in lower case")
	}
	if rule.Statement == "" {
		return rule, fmt.Errorf("expected a statement, got an empty cell")
	}
	var err error
	if rule.Side, err = parseSide(c.text(r, "side")); err != nil {
		return rule, fmt.Errorf("side: %w", err)
	}
	if rule.Level, rule.Raised, err = parseLevel(c.text(r, "level")); err != nil {
		return rule, fmt.Errorf("level: %w", err)
	}
	if rule.Core, err = parseYes(c.text(r, "core")); err != nil {
		return rule, fmt.Errorf("core: %w", err)
	}
	if rule.Since, rule.Until, err = parseSpan(c.text(r, "since")); err != nil {
		return rule, fmt.Errorf("since: %w", err)
	}
	return rule, nil
}

func isRuleID(s string) bool {
	area, slug, ok := strings.Cut(s, "/")
	return ok && isSlug(area) && isSlug(slug)
}

func isSlug(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-' && s[len(s)-1] != '-'
}

// parseSide reads the sides that a cell names, in full or as GW and CON.
func parseSide(s string) (Side, error) {
	var sides []Side
	for _, word := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ',' || r == ' ' || r == '/' }) {
		switch word {
		case "gateway", "gw":
			sides = append(sides, Gateway)
		case "connector", "con":
			sides = append(sides, Connector)
		case "both":
			sides = append(sides, Gateway, Connector)
		case "and", "the":
		default:
			sides = nil
		}
	}
	switch len(sides) {
	case 1:
		return sides[0], nil
	case 2:
		return Both, nil
	}
	return "", fmt.Errorf("expected gateway, connector or both, got %q", s)
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
		return "", Raise{}, fmt.Errorf(`expected "%s; MUST since 2026-10" or one level, got %q`, level, s)
	}
	higher, err := oneLevel(name)
	if err != nil {
		return "", Raise{}, err
	}
	since, err := ParseMark(strings.TrimSpace(mark))
	if err != nil {
		return "", Raise{}, err
	}
	return level, Raise{Level: higher, Since: since}, nil
}

func oneLevel(s string) (Level, error) {
	switch level := Level(strings.TrimSpace(s)); level {
	case Must, Should, May:
		return level, nil
	}
	return "", fmt.Errorf("expected MUST, SHOULD or MAY, got %q", strings.TrimSpace(s))
}

// parseSpan reads "2026-07", "2026-07 until 2026-09" or "until 2026-09". Without a first
// mark it is the baseline.
func parseSpan(s string) (since, until Mark, err error) {
	first, end, ends := strings.Cut(s, "until ")
	since = Mark(Baseline)
	if first = strings.TrimSpace(first); first != "" {
		if since, err = ParseMark(first); err != nil {
			return "", "", err
		}
	}
	if ends {
		if until, err = ParseMark(strings.TrimSpace(end)); err != nil {
			return "", "", err
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
