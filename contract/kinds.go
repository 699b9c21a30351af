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

func need(role string, names ...string) column { return column{role, withRole(role, names), true} }
func can(role string, names ...string) column  { return column{role, withRole(role, names), false} }

// withRole puts the role's own name before the others, unless they say where it stands:
// of two columns that could have the role, the one with the earlier name has it.
func withRole(role string, names []string) []string {
	if slices.Contains(names, role) {
		return names
	}
	return append([]string{role}, names...)
}

var (
	frameNames     = []string{"frame type", "message", "message type", "frame name"}
	fieldNames     = []string{"field name", "key name", "payload key", "payload field", "json key", "json field", "name", "key", "member", "property", "attribute", "parameter", "argument", "capability", "item"}
	listNames      = []string{"payload", "members", "body", "shape", "json", "contents", "required fields", "parameters", "arguments", "params", "args"}
	fromColumn     = []string{"direction", "dir", "sender", "sent by", "who sends it", "originator", "who", "way"}
	sinceColumn    = can("since", "introduced", "added", "added in", "revision", "since revision", "since version", "version")
	presenceColumn = can("presence", "required", "req", "mandatory", "always there", "always", "always sent", "sent")
	inverseColumn  = can("optional")
	nullColumn     = can("nullable", "may be null", "can be null", "null allowed", "null")
	typeColumn     = can("type", "json type", "data type", "kind")
	defaultColumn  = can("default", "default value", "if absent", "when absent", "value if absent", "if missing", "when missing")
	requestColumns = []string{"body", "payload", "request body", "input", "takes"}
	answerColumns  = []string{"response", "returns", "result", "results", "results in", "reply", "response body", "output", "gives"}
	noteNames      = []string{"purpose", "what for", "effect", "description", "notes", "remarks", "when", "reason", "what"}
)

func kinds() []kind {
	return []kind{
		{"rules", []column{
			need("rule", "conformance id", "contract id", "rule id", "id", "req. id", "req id", "requirement id", "ref", "req", "rule"),
			can("side", "applies to", "party", "who", "subject", "binds"),
			need("level", "keyword", "strength", "rfc 2119", "force", "obligation"), can("core", "core set", "must-have"), sinceColumn,
			need("statement", "requirement", "requirement text", "text", "rule", "rule text", "description", "wording"),
		}, nil, (*Model).readRules},
		{"revisions", []column{need("revision")}, allMarks, (*Model).readRevisions},
		{"claims", []column{need("baseline", "contract revision", "protocol revision")}, oneMark, (*Model).readClaim},
		{"frame fields", []column{
			need("frame", frameNames...), need("field", fieldNames...), can("from", fromColumn...), typeColumn,
			presenceColumn, inverseColumn, nullColumn, sinceColumn,
		}, nil, (*Model).readFrameFields},
		{"frames", []column{
			need("type", slices.Concat(frameNames, []string{"frame", "name", "type"})...), need("fields", listNames...), need("from", fromColumn...),
			can("optional fields", "optional"),
		}, nil, (*Model).readFrames},
		{"op fields", []column{
			need("op", "action", "operation"), need("field", fieldNames...), typeColumn, presenceColumn, inverseColumn, nullColumn, sinceColumn,
		}, nil, (*Model).readOpFields},
		{"ops", []column{
			need("op", "action", "operation"), need("fields", listNames...), can("optional fields", "optional"), can("result", answerColumns...), sinceColumn,
		}, nil, (*Model).readOps},
		{"ops", []column{
			need("op", "name"), need("fields", listNames...), can("optional fields", "optional"), need("result", answerColumns...), sinceColumn,
		}, nil, (*Model).readOps},
		{"results", []column{need("op", "action", "operation"), need("result", answerColumns...)}, nil, (*Model).readResults},
		{"routes", []column{
			need("path", "route", "endpoint", "url", "resource"), can("method", "verb"), can("request", requestColumns...), can("answer", answerColumns...),
			can("bearer", "auth", "authentication", "credential"), can("purpose", noteNames...), sinceColumn,
		}, allRoutes, (*Model).readRoutes},
		{"close codes", []column{
			need("code", "close code"), can("from", fromColumn...), can("meaning", noteNames...),
		}, allCloseCodes, (*Model).readCloseCodes},
		{"environment variables", []column{
			need("variable", "env var", "environment variable", "setting", "env", "name", "key", "option"),
			can("config key", "config", "config file", "configuration item", "in config.yaml", "config.yaml"),
			typeColumn, defaultColumn, sinceColumn, can("meaning", noteNames...),
		}, allVariables, (*Model).readVariables},
		{"timings", []column{need("timing", "timer", "timeout", "bound", "name", "constant", "interval", "what"), need("default", "value", "default value", "duration", "limit")}, allAmounts, (*Model).readTimings},
		{"URL examples", []column{
			need("base", "base url", "you configure", "configured"), need("dial url", "the gateway dials", "dials", "dial"), can("provision url"),
		}, allURLs, (*Model).readURLs},
		{"fields", []column{
			need("field", fieldNames...), presenceColumn, inverseColumn, nullColumn, typeColumn, defaultColumn, sinceColumn,
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
		at, best := -1, len(col.names)
		for i, h := range t.header {
			rank := slices.Index(col.names, headerName(h.text))
			if rank < 0 && k.name == "fields" && col.role == "field" && ownerOf(h.text) != "" {
				rank = 0
			}
			if rank >= 0 && rank < best && !taken(c, i) {
				at, best = i, rank
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

// headerName is a header without its case, and without the sign that it ends in:
// "Required?" and "Req." are "required" and "req".
func headerName(s string) string { return strings.TrimRight(strings.ToLower(s), "?.: ") }

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
	words := strings.Fields(headerName(header))
	if len(words) == 1 && words[0] == "capability" {
		return "descriptor"
	}
	if len(words) < 2 || len(words) > 3 || slices.Contains([]string{"config", "payload", "json"}, words[0]) || !slices.Contains([]string{"field", "key", "member"}, words[len(words)-1]) {
		return ""
	}
	return strings.Join(words[:len(words)-1], " ")
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
