package fakeconnector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// route answers one HTTP route of the contract. It is called with the whole body.
type route func(*Connector, *httpRequest) *Answer

// Routes beside those of the contract. Both are GET and ask for no bearer.
const (
	RouteHealth = "/healthz"               // 200 as long as the connector serves
	RouteKeySet = "/.well-known/jwks.json" // the keys that verify instance tokens
)

// ownRoute is a route that the connector serves by itself.
type ownRoute struct {
	method string
	serve  route
}

// ownRoutes are those of the contract, section "HTTP routes", and two more.
var ownRoutes = map[string]ownRoute{
	protocol.RouteProvision:          {http.MethodPost, (*Connector).serveProvision},
	protocol.RouteEnroll:             {http.MethodPost, (*Connector).serveEnroll},
	protocol.RoutePolicy:             {http.MethodPost, (*Connector).servePolicy},
	protocol.RouteManageLink:         {http.MethodPost, manage(serveLink)},
	protocol.RouteManageScope:        {http.MethodPost, manage(serveScope)},
	protocol.RouteManageScopeRelease: {http.MethodPost, manage(serveScopeRelease)},
	protocol.RouteManagePrincipal:    {http.MethodPost, manage(servePrincipal)},
	protocol.RouteManageDMDefault:    {http.MethodPost, manage(serveDMDefault)},
	protocol.RouteManageDeprovision:  {http.MethodPost, manage(serveDeprovision)},
	RouteHealth:                      {http.MethodGet, (*Connector).serveHealth},
	RouteKeySet:                      {http.MethodGet, (*Connector).serveKeySet},
}

func (c *Connector) serveHealth(*httpRequest) *Answer {
	return jsonAnswer(http.StatusOK, map[string]any{"status": "ok"})
}

func (c *Connector) serveKeySet(*httpRequest) *Answer {
	set, err := c.KeySet()
	if err != nil {
		return jsonError(http.StatusInternalServerError, err.Error())
	}
	return jsonAnswer(http.StatusOK, set)
}

// httpRequest is a request that asks for no upgrade.
type httpRequest struct {
	*http.Request
	body []byte // at most Limits.BodyBytes, and one byte more of a longer one
}

// maxSwallowed is how much of a body that is too long is read and thrown away, so that its
// caller reads the 413.
const maxSwallowed = 64 << 20

// servePlain answers a request that asks for no upgrade. What [Connector.Handle] was
// given goes before the routes of the contract, which are matched as the request line has
// them, so that nobody is redirected to a cleaned path.
func (c *Connector) servePlain(w http.ResponseWriter, r *http.Request) {
	timed := http.NewResponseController(w)
	_ = timed.SetReadDeadline(time.Now().Add(c.limits.HeaderTimeout))
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(c.limits.BodyBytes)+1))
	_ = timed.SetReadDeadline(noTime)

	d := dialOf(r)
	d.Body = body
	id := c.bearer(r)
	arrived := c.journal.one(Entry{Kind: KindHTTP, Dir: protocol.FromGateway, GatewayID: id.ID, Instance: id.Instance, Dial: d})
	if err != nil {
		c.journal.one(Entry{Kind: KindNote, Note: "the body of an HTTP request was cut short: " + err.Error()})
		drop(w)
		return
	}
	x := &Exchange{Point: PointHTTP, Dial: d, c: c, gateway: id}
	c.stubs.apply(x)
	if x.wait != nil {
		select {
		case <-x.wait:
		case <-r.Context().Done():
			c.journal.one(Entry{Kind: KindNote, Note: "the caller gave up while its HTTP request was held"})
			return
		case <-c.done:
			drop(w)
			return
		}
	}
	if x.drop {
		c.answered(arrived, id, &Answer{})
		_ = timed.SetWriteDeadline(noTime)
		drop(w)
		return
	}
	var a *Answer
	if x.status != 0 {
		a = jsonError(x.status, "refused by a fault")
	} else {
		a = c.respond(d.Path, r, body)
	}
	for _, edit := range x.edits {
		edit(a)
	}
	if len(body) > c.limits.BodyBytes {
		// A server that answers and leaves the rest unread resets the connection, often
		// before the caller has read the answer.
		_ = timed.SetReadDeadline(time.Now().Add(c.limits.HeaderTimeout))
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxSwallowed))
		_ = timed.SetReadDeadline(noTime)
	}
	c.answered(arrived, id, a)
	_ = timed.SetWriteDeadline(time.Now().Add(c.limits.WriteTimeout))
	a.write(w)
}

// respond is the faithful answer.
func (c *Connector) respond(path string, r *http.Request, body []byte) *Answer {
	handler, pattern := c.routes.Handler(r)
	own, ours := ownRoutes[path]
	switch {
	case pattern == "" && ours && r.Method != own.method:
		a := jsonError(http.StatusMethodNotAllowed, "expected "+own.method+", got "+clip([]byte(r.Method)))
		a.Header.Set("Allow", own.method)
		return a
	case pattern == "" && ours && len(body) > c.limits.BodyBytes:
		return jsonError(http.StatusRequestEntityTooLarge, fmt.Sprintf("expected a body of at most %d bytes", c.limits.BodyBytes))
	case pattern == "" && ours:
		return own.serve(c, &httpRequest{Request: r, body: body})
	case pattern == "" && path == protocol.RouteRelay:
		return jsonError(http.StatusBadRequest, "expected a WebSocket upgrade")
	}
	// The handler of a test reads the body from its beginning.
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	rec := &recorder{a: &Answer{Header: http.Header{}}}
	handler.ServeHTTP(rec, r)
	or(&rec.a.Status, http.StatusOK)
	if pattern == "" { // the mux's own 404, 405 or redirect to a cleaned path
		if rec.a.Status < 400 {
			rec.a.Status = http.StatusNotFound
		}
		a := jsonError(rec.a.Status, http.StatusText(rec.a.Status))
		if allow := rec.a.Header.Get("Allow"); allow != "" {
			a.Header.Set("Allow", allow)
		}
		return a
	}
	return rec.a
}

// bearer is the record of the gateway whose upgrade token a request carries, or just the
// instance of an instance token; zero for any other.
func (c *Connector) bearer(r *http.Request) Gateway {
	if token, ok := bearerJWT(r.Header.Values("Authorization")); ok {
		instance, _ := c.instanceOf(token)
		return Gateway{Instance: instance}
	}
	if id := c.authenticate(r.Header.Values("Authorization")); id.ok {
		return id.gateway
	}
	return Gateway{}
}

func (c *Connector) answered(arrived Entry, g Gateway, a *Answer) {
	kept := *a
	kept.Of, kept.Path = arrived.Seq, arrived.Dial.Path
	c.journal.one(Entry{Kind: KindHTTP, Dir: protocol.FromConnector, GatewayID: g.ID, Instance: g.Instance, Answer: &kept})
}

// Answer is the answer to an HTTP request that asked for no upgrade.
type Answer struct {
	Status int         `json:"status"` // 0: the TCP connection ended instead
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
	// Cut ends the connection after Keep bytes of the body, the length of all of it
	// having been announced.
	Cut  bool `json:"cut,omitempty"`
	Keep int  `json:"keep,omitempty"`

	Of   int64  `json:"of"`   // Seq of the request's entry; set by the journal
	Path string `json:"path"` // of the request; set by the journal
}

func (a *Answer) write(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(a.Body)))
	w.WriteHeader(a.Status)
	body := a.Body
	if a.Cut {
		body = body[:min(max(a.Keep, 0), len(body))]
	}
	_, _ = w.Write(body) // a body shorter than announced makes the server end the connection
}

// jsonAnswer is an answer whose body is a value as JSON.
func jsonAnswer(status int, v any) *Answer {
	body, err := json.Marshal(v)
	if err != nil { // never: the values are ours
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be encoded"}`)
	}
	return &Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// jsonError is an answer other than 2xx: an object with error.
func jsonError(status int, why string) *Answer {
	return jsonAnswer(status, map[string]string{"error": why})
}

// recorder takes the answer of a handler.
type recorder struct{ a *Answer }

func (r *recorder) Header() http.Header { return r.a.Header }

func (r *recorder) WriteHeader(status int) {
	if r.a.Status == 0 && status >= 200 {
		r.a.Status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	or(&r.a.Status, http.StatusOK)
	r.a.Body = append(r.a.Body, p...)
	return len(p), nil
}
