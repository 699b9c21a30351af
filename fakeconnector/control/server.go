package control

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// Options set up a [Server].
type Options struct {
	Spaces   *Spaces
	Version  string // of the program
	RelayURL string // what gateways are configured with
	Log      *slog.Logger

	// Token is what every request must bear; empty asks for none, which is right on a
	// loopback address alone.
	Token string
	// Hosts are the names, beside localhost, under which the listener is reached. A
	// request for another name is refused, as DNS rebinding makes such.
	Hosts []string
	// Redact is applied to every answer that shows no secret on purpose, after the
	// redactor of the namespace. Nil changes nothing.
	Redact func(string) string
	// Done ends waits and streams when it is closed, so that a shutdown need not wait for
	// them. Nil never does.
	Done <-chan struct{}
}

// Server serves the control API. Make one with [New].
type Server struct {
	Options
	mux     *http.ServeMux // the API, and what Handle added
	api     huma.API
	guard   *guard
	streams chan struct{} // one place for each stream and wait
}

// Bounds of the server.
const (
	MaxBody     = 2 << 20          // bytes of a request's body: a frame of the contract's limit, in base64
	drainBody   = 32 << 20         // of a longer one, how much is read before the answer, so that the client gets to read it
	bodyTimeout = 10 * time.Second // for a body to arrive
	maxStreams  = 256              // streams and waits at once: each holds a connection
	MaxWait     = 5 * time.Minute  // of a wait
	heartbeat   = 15 * time.Second // between the comments that keep a silent stream open
)

// New makes a server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Redact == nil {
		o.Redact = func(s string) string { return s }
	}
	s := &Server{Options: o, mux: http.NewServeMux(), streams: make(chan struct{}, maxStreams)}
	s.guard = &guard{token: o.Token, hosts: o.Hosts, next: s.mux, origin: http.NewCrossOriginProtection()}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "fakeconnector control API", Version: "1",
				Description: "Steers a fake connector of the relay contract that runs as a process. Every route but the health checks asks for the control token, where there is one, as `Authorization: Bearer`.\n\nWhat is wrong with a request is answered with a problem document (RFC 9457) whose `errors` name the fields; then nothing was changed."},
			Components: &huma.Components{
				Schemas:         schemas(),
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "the control token"}},
			},
			Security: []map[string][]string{{"token": {}}, {}},
		},
		OpenAPIPath:                  "", // see openapi.go: one document, whose bytes are published
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{s.redactAnswer},
	}
	s.api = humago.New(s.mux, config)
	s.api.UseMiddleware(s.strict)
	s.routes()
	s.mux.HandleFunc("GET "+api.Base+"/openapi.json", s.serveDocument)
	return s
}

// Handler is the API behind its guard: token, host, origin and the size of bodies.
func (s *Server) Handler() http.Handler { return s.guard }

// Handle serves more beside the API, behind the same guard: a page, or metrics. The
// pattern is one of http.ServeMux.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// HandleOpen is Handle for what is answered without the token: a health check.
func (s *Server) HandleOpen(path string, h http.Handler) {
	s.guard.open = append(s.guard.open, path)
	s.mux.Handle("GET "+path, h)
}

// HandlePages serves everything below a path, which ends in a slash, for browsers: they
// cannot bear a token, so h asks for it in its own way. Everything else that the guard looks
// at it looks at here as well. The root of the listener leads there.
func (s *Server) HandlePages(path string, h http.Handler) {
	s.guard.own = append(s.guard.own, path)
	s.mux.Handle(path, h)
	s.guard.open = append(s.guard.open, "/")
	s.mux.Handle("GET /{$}", http.RedirectHandler(path, http.StatusSeeOther))
}
