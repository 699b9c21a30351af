package control

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// guard stands before everything that the control listener serves.
type guard struct {
	token  string
	hosts  []string
	open   []string // paths that need no token
	own    []string // beginnings of paths that are asked for it by what serves them
	next   *http.ServeMux
	origin *http.CrossOriginProtection
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if p := g.refusal(r); p != nil {
		if p.Status == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", `Bearer realm="fakeconnector control"`)
		}
		discard(w, r.Body)
		writeProblem(w, p)
		return
	}
	body, p := readBody(w, r)
	if p != nil {
		writeProblem(w, p)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if _, pattern := g.next.Handler(r); pattern == "" {
		g.unmatched(w, r)
		return
	}
	g.next.ServeHTTP(w, r)
}

// refusal says why a request is not let through, or is nil.
func (g *guard) refusal(r *http.Request) *api.Problem {
	if !g.knows(r.Host) {
		return problem(http.StatusMisdirectedRequest, "header.Host", fmt.Sprintf("expected an IP address, localhost or a name given with --allow-hosts; a page that a browser was led here by must not get through (got %q)", clip(r.Host)))
	}
	if g.crossSite(r) {
		return problem(http.StatusForbidden, "header.Origin", "expected no request from a page of another origin")
	}
	if g.token == "" || slices.Contains(g.open, r.URL.Path) || slices.ContainsFunc(g.own, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
		return nil
	}
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return problem(http.StatusUnauthorized, "header.Authorization", "expected the control token, as Authorization: Bearer <token>")
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(g.token))
	if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return problem(http.StatusUnauthorized, "header.Authorization", "expected the control token, as Authorization: Bearer <token>; got something else")
	}
	return nil
}

// knows reports whether a Host header is one that DNS rebinding cannot bring about: an
// address, or a name that is ours.
func (g *guard) knows(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(strings.Trim(name, "[]")), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") || net.ParseIP(name) != nil {
		return true
	}
	return slices.ContainsFunc(g.hosts, func(known string) bool { return strings.EqualFold(known, name) })
}

// crossSite reports whether a browser sent the request on behalf of a page of another
// origin. Only what a person does, following a link to a page, may come from one.
func (g *guard) crossSite(r *http.Request) bool {
	if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && !strings.HasPrefix(r.URL.Path, api.Base) {
		return false
	}
	// The protection lets reading through, as it changes nothing; here it could hold a
	// connection, so it is asked as if the request wrote.
	probe := *r
	probe.Method = http.MethodPost
	return g.origin.Check(&probe) != nil
}

// readBody reads the whole body, so that one that is too long, too slow or cut short is
// refused before anything looks at it.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *api.Problem) {
	timed := http.NewResponseController(w)
	_ = timed.SetReadDeadline(time.Now().Add(bodyTimeout))
	defer func() { _ = timed.SetReadDeadline(time.Time{}) }()
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return nil, problem(http.StatusRequestTimeout, "body", fmt.Sprintf("expected the whole body within %s", bodyTimeout))
	case err != nil:
		return nil, problem(http.StatusBadRequest, "body", "expected the whole body, it was cut short: "+err.Error())
	case len(body) > MaxBody:
		discard(w, r.Body)
		return nil, problem(http.StatusRequestEntityTooLarge, "body", fmt.Sprintf("expected at most %d bytes", MaxBody))
	}
	return body, nil
}

// discard reads on, in bounds: a client that is still sending would see its connection
// reset, and not the answer.
func discard(w http.ResponseWriter, body io.Reader) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	_, _ = io.CopyN(io.Discard, body, drainBody)
}

// unmatched answers what no route takes: the mux knows whether it is 404 or 405, and
// would say so in plain text.
func (g *guard) unmatched(w http.ResponseWriter, r *http.Request) {
	said := &status{header: http.Header{}}
	g.next.ServeHTTP(said, r)
	if allow := said.header.Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		writeProblem(w, problem(http.StatusMethodNotAllowed, "", fmt.Sprintf("expected %s of this path, got %s", allow, clip(r.Method))))
		return
	}
	writeProblem(w, problem(http.StatusNotFound, "", fmt.Sprintf("no route %s; %s/openapi.json has them all", clip(r.URL.Path), api.Base)))
}

// status takes an answer and keeps its header.
type status struct{ header http.Header }

func (s *status) Header() http.Header         { return s.header }
func (s *status) Write(p []byte) (int, error) { return len(p), nil }
func (s *status) WriteHeader(int)             {}

func writeProblem(w http.ResponseWriter, p *api.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// problem is a problem document about one field, or about the whole where location is empty.
func problem(status int, location, message string) *api.Problem {
	p := &api.Problem{Status: status, Title: http.StatusText(status)}
	if location == "" {
		p.Detail = message
	} else {
		p.Detail = location + ": " + message
		p.Errors = []api.FieldError{{Location: location, Message: message}}
	}
	return p
}

// clip keeps what others sent short in an answer.
func clip(s string) string {
	const longest = 200
	if len(s) > longest {
		return s[:longest] + "…"
	}
	return s
}
