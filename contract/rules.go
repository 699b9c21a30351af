package contract

import (
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

func (m *Model) readRules(p *page, t *table, c columns) Problems {
	var problems Problems
	for _, r := range t.rows {
		rule, err := readRule(r, c, t.path)
		if err != nil {
			problems = append(problems, p.problem(r.line, "rule %q: %v", c.text(r, "rule"), err))
			continue
		}
		problems = append(problems, m.addRule(p, rule)...)
	}
	return problems
}

func (m *Model) addRule(p *page, rule Rule) Problems {
	if earlier, ok := p.ruleLines[rule.ID]; ok {
		return Problems{p.problem(rule.Line, "rule %q: expected an id of its own, got that of the rule in line %d", rule.ID, earlier)}
	}
	p.ruleLines[rule.ID] = rule.Line
	m.Rules = append(m.Rules, rule)
	return nil
}

func readRule(r row, c columns, path []string) (Rule, error) {
	id := protocol.RuleID(c.text(r, "rule"))
	rule := Rule{ID: id, Area: areaOf(id), Statement: c.text(r, "statement"), Line: r.line}
	if !isRuleID(string(id)) {
		return rule, fmt.Errorf("expected an id such as framing/newline")
	}
	if rule.Statement == "" {
		return rule, fmt.Errorf("expected a statement, got an empty cell")
	}
	var err error
	if rule.Side = boundBy(path); c.has("side") || rule.Side == "" {
		if rule.Side, err = parseSide(c.text(r, "side")); err != nil {
			return rule, fmt.Errorf("side: %w", err)
		}
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

// areaOf is what stands before the slash, or in ids without one, before the first dash
// or dot.
func areaOf(id protocol.RuleID) string {
	area, _, ok := strings.Cut(string(id), "/")
	if i := strings.IndexAny(area, "-."); !ok && i >= 0 {
		return area[:i]
	}
	return area
}

// isRuleID accepts this contract's ids, area/slug, and what others number their rules
// with, such as HS-3 or R.12.
func isRuleID(s string) bool {
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/-.", r) })
	for _, part := range parts {
		if strings.ContainsFunc(part, func(r rune) bool { return !isNameRune(r) }) {
			return false
		}
	}
	return len(parts) > 1
}

// parseSide reads the sides that a cell names, in full or as GW and CON.
func parseSide(s string) (Side, error) {
	var sides []Side
	for _, word := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ',' || r == ' ' || r == '/' }) {
		switch word {
		case "gateway", "gateways", "gw", "g":
			sides = append(sides, Gateway)
		case "connector", "connectors", "conn", "con", "c":
			sides = append(sides, Connector)
		case "both", "all", "b":
			sides = append(sides, Gateway, Connector)
		case "and", "the", "+", "&", "sides":
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
	switch strings.ToUpper(strings.TrimSpace(s)) {
	case "MUST", "MUST NOT", "SHALL", "SHALL NOT", "REQUIRED":
		return Must, nil
	case "SHOULD", "SHOULD NOT", "RECOMMENDED", "NOT RECOMMENDED":
		return Should, nil
	case "MAY", "OPTIONAL":
		return May, nil
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
	case "yes", "y", "x", "✓", "✔", "✅", "core":
		return true, nil
	case "no", "n", "", "-", "–", "—":
		return false, nil
	}
	return false, fmt.Errorf("expected yes or no, got %q", s)
}
