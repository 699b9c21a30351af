package contract

import (
	"slices"
	"strings"
)

// What a table has to hold, besides its columns, to be of a kind.

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

// oneMark tells what a document says about itself from a list of revisions.
func oneMark(t *table, c columns) bool {
	return len(t.rows) == 1 && all(t, func(r row) bool {
		_, err := ParseMark(c.text(r, "baseline"))
		return err == nil
	})
}

func allURLs(t *table, c columns) bool {
	return all(t, func(r row) bool {
		return strings.Contains(c.text(r, "base"), "://") && strings.Contains(c.text(r, "dial url"), "://")
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

func (c cell) isOneOf(names ...string) bool { return slices.Contains(names, headerName(c.text)) }

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
