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
	frameNames     = []string{"frame type", "message", "message type", "frame name"}
	fieldNames     = []string{"name", "key", "member", "property", "attribute", "parameter"}
	listNames      = []string{"payload", "members", "body", "shape", "json", "contents", "required fields", "parameters", "arguments", "params", "args"}
	fromColumn     = []string{"direction", "dir", "sender", "sent by", "who sends it", "who", "way"}
	sinceColumn    = can("since", "introduced", "added", "added in", "revision", "since revision", "since version", "version")
	presenceColumn = can("presence", "required", "req", "req.", "mandatory", "required?", "mandatory?", "always there?", "always", "always sent", "sent")
	inverseColumn  = can("optional", "optional?")
	typeColumn     = can("type", "json type", "data type")
	defaultColumn  = can("default", "if absent", "default value", "when absent")
	requestColumns = []string{"body", "payload", "request body", "input", "takes"}
	answerColumns  = []string{"response", "returns", "result", "results", "results in", "reply", "response body", "output", "gives"}
	noteNames      = []string{"effect", "description", "notes", "purpose", "when", "reason"}
)

func kinds() []kind {
	return []kind{
		{"rules", []column{
			need("rule", "id", "rule id", "req. id", "req id", "requirement id", "ref"), can("side", "applies to", "party", "who", "subject", "binds"),
			need("level", "keyword", "strength", "rfc 2119", "force"), can("core", "core set"), sinceColumn,
			need("statement", "requirement", "text", "rule", "rule text", "description", "wording"),
		}, nil, (*Model).readRules},
		{"revisions", []column{need("revision")}, allMarks, (*Model).readRevisions},
		{"frame fields", []column{
			need("frame", frameNames...), need("field", fieldNames...), can("from", fromColumn...), typeColumn,
			presenceColumn, inverseColumn, sinceColumn,
		}, nil, (*Model).readFrameFields},
		{"frames", []column{
			need("type", append(frameNames, "frame", "name")...), need("fields", listNames...), need("from", fromColumn...),
			can("optional fields", "optional"),
		}, nil, (*Model).readFrames},
		{"op fields", []column{
			need("op", "action", "operation"), need("field", fieldNames...), typeColumn, presenceColumn, inverseColumn, sinceColumn,
		}, nil, (*Model).readOpFields},
		{"ops", []column{
			need("op", "action", "operation"), need("fields", listNames...), can("optional fields", "optional"), can("result", answerColumns...), sinceColumn,
		}, nil, (*Model).readOps},
		{"ops", []column{
			need("op", "name"), need("fields", listNames...), can("optional fields", "optional"), need("result", answerColumns...), sinceColumn,
		}, nil, (*Model).readOps},
		{"results", []column{need("op", "action", "operation"), need("result", answerColumns...)}, nil, (*Model).readResults},
		{"routes", []column{
			need("path", "route", "endpoint", "url"), can("method", "verb"), can("request", requestColumns...), can("answer", answerColumns...),
			can("bearer", "auth", "authentication"), can("purpose", noteNames...), sinceColumn,
		}, allRoutes, (*Model).readRoutes},
		{"close codes", []column{
			need("code", "close code"), can("from", fromColumn...), can("meaning", noteNames...),
		}, allCloseCodes, (*Model).readCloseCodes},
		{"environment variables", []column{
			need("variable", "env var", "environment variable", "setting", "env", "name", "key", "option"), can("config key", "config", "config file"),
			can("type"), defaultColumn, sinceColumn, can("meaning", noteNames...),
		}, allVariables, (*Model).readVariables},
		{"timings", []column{need("timing", "timer", "timeout", "bound", "name", "constant", "interval"), need("default", "value", "default value", "duration")}, allAmounts, (*Model).readTimings},
		{"URL examples", []column{need("base"), need("dial url"), need("provision url")}, nil, (*Model).readURLs},
		{"fields", []column{
			need("field", fieldNames...), presenceColumn, inverseColumn, typeColumn, defaultColumn, sinceColumn,
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
	_, optional := c["optional"]
	return typed || present || optional
}

// allRoutes keeps tables with a column "path" of another sort away: each row has a path
// that starts with a slash, after a method or with one in a column of its own.
func allRoutes(t *table, c columns) bool {
	return all(t, func(r row) bool {
		method, path, ok := strings.Cut(c.text(r, "path"), " ")
		return ok && strings.HasPrefix(path, "/") && strings.ToUpper(method) == method || strings.HasPrefix(method, "/")
	})
}

func allVariables(t *table, c columns) bool {
	return t.header[c["variable"]].isOneOf("variable", "env var", "environment variable") ||
		all(t, func(r row) bool {
			return isVariable(c.text(r, "variable")) && strings.Contains(c.text(r, "variable"), "_")
		})
}

// allAmounts tells bounds ("30 s") from other names with values.
func allAmounts(t *table, c columns) bool {
	return all(t, func(r row) bool {
		s := c.text(r, "default")
		return s != "" && s[0] >= '0' && s[0] <= '9'
	})
}

func all(t *table, holds func(row) bool) bool {
	for _, r := range t.rows {
		if !holds(r) {
			return false
		}
	}
	return len(t.rows) > 0
}

func isVariable(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func (c cell) isOneOf(names ...string) bool { return slices.Contains(names, strings.ToLower(c.text)) }

// allMarks tells a table of revisions from one that dates other things.
func allMarks(t *table, c columns) bool {
	return c["revision"] == 0 && all(t, func(r row) bool {
		_, err := ParseMark(c.text(r, "revision"))
		return err == nil
	})
}

// allCloseCodes tells close codes, which have four digits, from HTTP's.
func allCloseCodes(t *table, c columns) bool {
	return all(t, func(r row) bool { return len(c.text(r, "code")) == 4 && isNumber(c.text(r, "code")) })
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
