package contract

import (
	"slices"
	"strings"
)

// column is one column that a kind of table can have, under any of its names.
type column struct {
	role  string
	names []string
	need  bool
}

// kind is a sort of table that the parser reads. The first kind whose needed columns
// are all there, and whose extra condition holds, takes the table. Other columns of
// the table are nobody's business and are left alone.
type kind struct {
	name    string
	columns []column
	holds   func(*table, columns) bool
	read    func(*Model, *page, *table, columns) Problems
}

// columns says where the column of each role is.
type columns map[string]int

func need(role string, names ...string) column { return column{role, append(names, role), true} }
func can(role string, names ...string) column  { return column{role, append(names, role), false} }

var (
	fromColumn     = []string{"direction", "sender", "sent by", "who sends it", "who"}
	sinceColumn    = can("since", "introduced", "added", "revision")
	presenceNames  = []string{"required", "mandatory", "required?", "always there?", "always", "sent"}
	typeColumn     = can("type", "json type", "data type")
	requestColumns = []string{"body", "payload", "request body"}
	answerColumns  = []string{"response", "returns", "result", "results", "results in"}
)

func kinds() []kind {
	return []kind{
		{"rules", []column{
			need("rule", "id", "rule id", "req. id", "requirement id"), can("side", "applies to", "party", "who"),
			need("level", "keyword", "strength"), can("core", "core set"), sinceColumn,
			need("statement", "requirement", "text"),
		}, nil, (*Model).readRules},
		{"revisions", []column{need("revision")}, allMarks("revision"), (*Model).readRevisions},
		{"frame fields", []column{
			need("frame", "frame type"), need("field", "name", "key"), can("from", fromColumn...), typeColumn,
			can("presence", presenceNames...), sinceColumn,
		}, nil, (*Model).readFrameFields},
		{"frames", []column{
			need("type", "frame", "frame type", "message"), need("fields", "payload", "members"), need("from", fromColumn...),
		}, nil, (*Model).readFrames},
		{"op fields", []column{
			need("op", "action"), need("field", "name", "key"), typeColumn, can("presence", presenceNames...), sinceColumn,
		}, nil, (*Model).readOpFields},
		{"ops", []column{
			need("op", "action", "operation"), need("fields", "payload", "parameters", "arguments"), can("result", answerColumns...), sinceColumn,
		}, nil, (*Model).readOps},
		{"ops", []column{
			need("op", "name"), need("fields", "payload", "parameters", "arguments"), need("result", answerColumns...), sinceColumn,
		}, nil, (*Model).readOps},
		{"results", []column{need("op"), need("result", answerColumns...)}, nil, (*Model).readResults},
		{"routes", []column{
			need("path", "route", "endpoint"), can("method"), need("request", requestColumns...), need("answer", answerColumns...),
			can("bearer", "auth"), can("caller"), sinceColumn,
		}, nil, (*Model).readRoutes},
		{"close codes", []column{
			need("code", "close code"), can("from", fromColumn...), can("meaning", "effect", "description"),
		}, allNumbers("code"), (*Model).readCloseCodes},
		{"environment variables", []column{
			need("variable", "env var", "environment variable", "setting", "env"), can("config key"), can("type"), can("default"), sinceColumn, can("meaning"),
		}, nil, (*Model).readVariables},
		{"timings", []column{need("timing", "timer", "timeout", "bound"), need("default", "value")}, nil, (*Model).readTimings},
		{"URL examples", []column{need("base"), need("dial url"), need("provision url")}, nil, (*Model).readURLs},
		{"fields", []column{
			need("field", "name", "key", "member"), can("presence", presenceNames...), typeColumn, can("default", "if absent"), sinceColumn,
		}, describesFields, (*Model).readFields},
	}
}

// kindOf finds the kind of a table.
func kindOf(t *table) (kind, columns, bool) {
	for _, k := range kinds() {
		if c, ok := k.columnsOf(t); ok && (k.holds == nil || k.holds(t, c)) {
			return k, c, true
		}
	}
	return kind{}, nil, false
}

func (k kind) columnsOf(t *table) (columns, bool) {
	c := columns{}
	for _, col := range k.columns {
		at := -1
		for i, h := range t.header {
			name := strings.ToLower(h.text)
			if slices.Contains(col.names, name) || k.name == "fields" && col.role == "field" && ownerOf(h.text) != "" {
				if taken(c, i) {
					continue
				}
				at = i
				break
			}
		}
		switch {
		case at >= 0:
			c[col.role] = at
		case col.need:
			return nil, false
		}
	}
	return c, true
}

func taken(c columns, i int) bool {
	for _, at := range c {
		if at == i {
			return true
		}
	}
	return false
}

// ownerOf is "source" for a header "source field", "source key" and the like, and
// empty for longer sentences that happen to end so.
func ownerOf(header string) string {
	words := strings.Fields(strings.ToLower(header))
	if len(words) < 2 || len(words) > 3 || words[0] == "config" || !slices.Contains([]string{"field", "key", "member"}, words[len(words)-1]) {
		return ""
	}
	return strings.Join(words[:len(words)-1], " ")
}

// describesFields keeps tables such as "name | meaning" from counting as fields.
func describesFields(_ *table, c columns) bool {
	_, typed := c["type"]
	_, present := c["presence"]
	return typed || present
}

func allMarks(role string) func(*table, columns) bool {
	return func(t *table, c columns) bool {
		for _, r := range t.rows {
			if _, err := ParseMark(c.text(r, role)); err != nil {
				return false
			}
		}
		return len(t.rows) > 0
	}
}

func allNumbers(role string) func(*table, columns) bool {
	return func(t *table, c columns) bool {
		for _, r := range t.rows {
			if s := c.text(r, role); s == "" || !isNumber(s) {
				return false
			}
		}
		return len(t.rows) > 0
	}
}

// text is the text of a row's cell, empty where the table has no such column.
func (c columns) text(r row, role string) string { return c.cell(r, role).text }

func (c columns) cell(r row, role string) cell {
	if i, ok := c[role]; ok {
		return r.cells[i]
	}
	return cell{}
}

func (c columns) has(role string) bool { _, ok := c[role]; return ok }
