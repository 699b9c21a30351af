package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// list reads the fields in one cell, and notes what it could not read.
func (m *Model) list(p *page, c cell, line int) []Field {
	fields, s := scanList(c.marked, line)
	m.unread(p, line, s)
	return fields
}

// lists reads the fields of a row: those in one cell, and those in a second one for what
// is optional. The `type` of a frame and the `op` of an action are no fields of theirs.
func (m *Model) lists(p *page, r row, c columns) []Field {
	fields := drop(m.list(p, c.cell(r, "fields"), r.line), "type", "op")
	for _, f := range m.list(p, c.cell(r, "optional fields"), r.line) {
		f.Presence = Optional
		fields = append(fields, f)
	}
	return fields
}

func (m *Model) unread(p *page, line int, s *listScanner) {
	for _, words := range s.rest {
		m.Unread = append(m.Unread, p.problem(line, "expected fields, got the words %q", words))
	}
}

func (m *Model) readRevisions(p *page, t *table, c columns) Problems {
	for _, r := range t.rows {
		m.Revisions = append(m.Revisions, Dated{Revision(c.text(r, "revision")), r.line})
	}
	return nil
}

// readClaim reads what a document says of itself: which revision it describes.
func (m *Model) readClaim(p *page, t *table, c columns) Problems {
	r := t.rows[0]
	m.claim(p.problem(r.line, "expected one of the revisions %v, got %q", Revisions(), c.text(r, "baseline")), c.text(r, "baseline"))
	return nil
}

// claim takes the first revision that a document claims. What is none of the revisions
// that there are, or another one than before, is left alone.
func (m *Model) claim(no Problem, value string) {
	rev := Revision(value)
	switch {
	case !slices.Contains(Revisions(), rev):
		m.Unread = append(m.Unread, no)
	case m.Claims == "":
		m.Claims = rev
	case m.Claims != rev:
		no.Reason = fmt.Sprintf("expected the revision %s, as before, got %s", m.Claims, rev)
		m.Unread = append(m.Unread, no)
	}
}

// claimOfFrontMatter reads the revision from a member "baseline" or "revision".
func (m *Model) claimOfFrontMatter() {
	for _, key := range []string{"baseline", "revision", "contract_revision"} {
		if value, ok := m.FrontMatter[key]; ok {
			m.claim(Problem{File: m.Name, Line: 1, Reason: fmt.Sprintf("front matter: %s: expected one of the revisions %v, got %q", key, Revisions(), fmt.Sprint(value))}, fmt.Sprint(value))
		}
	}
}

func (m *Model) readRoutes(p *page, t *table, c columns) Problems {
	var problems Problems
	for _, r := range t.rows {
		route := Route{Method: c.text(r, "method"), Path: c.text(r, "path"), Purpose: c.text(r, "purpose"), Bearer: c.text(r, "bearer"), Line: r.line}
		if method, path, ok := strings.Cut(route.Path, " "); ok && route.Method == "" {
			route.Method, route.Path = method, path
		}
		if !strings.HasPrefix(route.Path, "/") {
			problems = append(problems, p.problem(r.line, "route: expected a path that starts with /, got %q", route.Path))
			continue
		}
		route.Request, route.Answer = m.body(p, c.cell(r, "request"), r.line), m.body(p, c.cell(r, "answer"), r.line)
		if c.has("since") {
			since, err := parseSince(c.text(r, "since"))
			if err != nil {
				problems = append(problems, p.problem(r.line, "route %s: since: %v", route.Path, err))
			}
			route.Since = since
		}
		m.addRoute(p, route)
	}
	return problems
}

// addRoute adds a route, or what was not known of it yet. Documents name a route in a
// table, in a heading, or in both.
func (m *Model) addRoute(p *page, route Route) {
	key := route.Method + " " + route.Path
	at, known := p.routes[key]
	if !known {
		p.routes[key] = len(m.Routes)
		m.Routes = append(m.Routes, route)
		return
	}
	r := &m.Routes[at]
	r.Purpose, r.Bearer = cmp.Or(r.Purpose, route.Purpose), cmp.Or(r.Bearer, route.Bearer)
	r.Since = cmp.Or(r.Since, route.Since)
	for _, body := range []struct {
		name    string
		to, add *Body
	}{{"request", &r.Request, &route.Request}, {"answer", &r.Answer, &route.Answer}} {
		switch {
		case len(body.to.Fields) == 0 && len(body.add.Fields) > 0:
			body.to.Fields = body.add.Fields
		case body.to.Text == "" && len(body.to.Fields) == 0:
			body.to.Text = body.add.Text
		case len(body.add.Fields) > 0:
			m.Unread = append(m.Unread, p.problem(route.Line, "route %s: expected its %s in one place, got it in line %d as well", key, body.name, r.Line))
		}
	}
}

// body reads the fields of a body, or words: a cell without backticks and braces that
// is no list of names, such as "raw bytes" or "200".
func (m *Model) body(p *page, c cell, line int) Body {
	fields, s := scanList(c.marked, line)
	if len(fields) == 0 && len(c.codes) == 0 {
		return Body{Text: c.text}
	}
	m.unread(p, line, s)
	return Body{Fields: fields}
}

func (m *Model) readCloseCodes(p *page, t *table, c columns) Problems {
	for _, r := range t.rows {
		code, err := strconv.Atoi(c.text(r, "code"))
		if err != nil {
			return Problems{p.problem(r.line, "close code: expected a number, got %q", c.text(r, "code"))}
		}
		m.CloseCodes = append(m.CloseCodes, CloseCode{Code: code, From: c.text(r, "from"), Meaning: c.text(r, "meaning"), Line: r.line})
	}
	return nil
}

func (m *Model) readVariables(p *page, t *table, c columns) Problems {
	var problems Problems
	for _, r := range t.rows {
		v := Variable{
			Name: c.text(r, "variable"), ConfigKey: c.text(r, "config key"), Type: c.text(r, "type"),
			Default: c.text(r, "default"), Meaning: c.text(r, "meaning"), Line: r.line,
		}
		if !isVariable(v.Name) {
			problems = append(problems, p.problem(r.line, "environment variable: expected a name such as GATEWAY_RELAY_URL, got %q", v.Name))
			continue
		}
		if isNothing(v.ConfigKey) {
			v.ConfigKey = ""
		}
		if isNothing(v.Default) {
			v.Default = ""
		}
		if c.has("since") {
			since, err := parseSince(c.text(r, "since"))
			if err != nil {
				problems = append(problems, p.problem(r.line, "environment variable %s: since: %v", v.Name, err))
			}
			v.Since = since
		}
		m.Variables = append(m.Variables, v)
	}
	return problems
}

func (m *Model) readTimings(p *page, t *table, c columns) Problems {
	for _, r := range t.rows {
		m.Timings = append(m.Timings, Timing{Name: strings.ToLower(c.text(r, "timing")), Default: c.text(r, "default"), Line: r.line})
	}
	return nil
}

func (m *Model) readURLs(p *page, t *table, c columns) Problems {
	for _, r := range t.rows {
		m.URLs = append(m.URLs, URLExample{c.text(r, "base"), c.text(r, "dial url"), c.text(r, "provision url"), r.line})
	}
	return nil
}
