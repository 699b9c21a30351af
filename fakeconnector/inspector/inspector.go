// Package inspector is the web page of a fake connector that runs as a process: its
// sessions, instances and buffers, a live timeline of frames, a form for each thing that
// can be sent, and faults to be switched on and off.
//
// Pages are made on the server; a little JavaScript keeps them fresh and pauses the
// timeline, and without it they work all the same. Nothing comes from another host, and the
// content security policy allows nothing else. Whatever a page shows or does goes through
// the control API, which redacts and refuses as it does for everybody.
package inspector

import (
	"embed"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// Base is where the inspector lies on the control listener.
const Base = "/inspector"

// Options set up an [Inspector].
type Options struct {
	// Control answers the control API: the handler that the inspector is served behind.
	Control http.Handler
	// Token is the control token; empty where none is asked for.
	Token string
	// Log is told of pages that could not be made. Nil logs nothing.
	Log *slog.Logger
}

// Inspector serves the pages. Make one with [New].
type Inspector struct {
	log    *slog.Logger
	token  string
	pass   string // what the cookie of somebody who knows the token holds
	client *client.Client
	pages  map[string]*template.Template
	mux    *http.ServeMux
}

//go:embed pages static
var files embed.FS

// policy lets a page load its own files and talk to its own listener, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// New makes an inspector. It panics when its own pages cannot be parsed.
func New(o Options) *Inspector {
	i := &Inspector{log: o.Log, token: o.Token, pass: newPass(), mux: http.NewServeMux()}
	if i.log == nil {
		i.log = slog.New(slog.DiscardHandler)
	}
	// The host is never looked up: the transport calls the handler.
	i.client = client.New("http://localhost", o.Token).WithHTTP(&http.Client{Transport: inProcess{o.Control}})
	i.pages = map[string]*template.Template{}
	base := template.Must(template.New("").Funcs(funcs).ParseFS(files, "pages/layout.html", "pages/row.html"))
	names, _ := fs.Glob(files, "pages/*.html") // the pattern is well formed
	for _, name := range names {
		i.pages[strings.TrimPrefix(name, "pages/")] = template.Must(template.Must(base.Clone()).ParseFS(files, name))
	}
	i.routes()
	return i
}

// routes are the pages, and what their forms do.
func (i *Inspector) routes() {
	i.open("GET /static/", http.StripPrefix(Base, http.FileServerFS(files)).ServeHTTP)
	i.open("GET /login", i.loginPage)
	i.open("POST /login", i.login)
	i.open("POST /logout", i.logout)

	i.page("GET /{$}", i.overview)
	i.page("GET /timeline", i.timeline)
	i.page("GET /buffers", i.buffers)
	i.page("GET /faults", i.faults)
	i.page("GET /send", i.send)
	i.closed("GET /timeline/stream", i.stream)

	i.action("POST /sessions/close", i.closeSession)
	i.action("POST /gateways/revoke", i.revokeGateway)
	i.action("POST /instances/flip", i.flipInstance)
	i.action("POST /instances/wake", i.wakeInstance)
	i.action("POST /buffers/discard", i.discardBuffer)
	i.action("POST /faults/on", i.faultOn)
	i.action("POST /faults/off", i.faultOff)
	i.action("POST /send/event", i.sendEvent)
	i.action("POST /send/frame", i.sendFrame)
	i.action("POST /send/passthrough", i.sendPassthrough)
	i.action("POST /send/interrupt", i.sendInterrupt)
}

// ServeHTTP implements [http.Handler] for everything below [Base].
func (i *Inspector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	i.mux.ServeHTTP(w, r)
}

func below(pattern string) string { return strings.Replace(pattern, " /", " "+Base+"/", 1) }

// open is a route for everybody.
func (i *Inspector) open(pattern string, h http.HandlerFunc) { i.mux.HandleFunc(below(pattern), h) }

// closed is a route for those who know the token.
func (i *Inspector) closed(pattern string, h http.HandlerFunc) {
	i.mux.HandleFunc(below(pattern), func(w http.ResponseWriter, r *http.Request) {
		if i.knows(r) {
			h(w, r)
			return
		}
		to := Base + "/login"
		if r.Method == http.MethodGet && !strings.HasSuffix(r.URL.Path, "/stream") {
			to += "?" + url.Values{"to": {r.URL.RequestURI()}}.Encode()
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
}

// view is what every page is made of.
type view struct {
	Page       string // the template
	Title      string
	Info       api.Info
	Namespace  string
	Namespaces []string
	Token      bool   // somebody is logged in who can log out
	Done       string // what the last form did
	Failed     string // why it did not
	Body       any
}

// page makes a page of what make returns. What the API refuses stands on the page.
func (i *Inspector) page(pattern string, make func(r *http.Request, c *client.Client) (name, title string, body any, err error)) {
	i.closed(pattern, func(w http.ResponseWriter, r *http.Request) {
		space := r.URL.Query().Get("namespace")
		if space == "" {
			space = api.DefaultNamespace
		}
		v := view{Namespace: space, Token: i.token != "", Done: r.URL.Query().Get("done"), Failed: r.URL.Query().Get("failed")}
		var err error
		if v.Info, err = i.client.Info(r.Context()); err == nil {
			v.Namespaces = v.Info.Namespaces
			v.Page, v.Title, v.Body, err = make(r, i.client.In(space))
		}
		status := http.StatusOK
		if err != nil {
			status = statusOf(err)
			v.Page, v.Title, v.Failed = "error.html", "Error", err.Error()
		}
		i.render(w, status, v)
	})
}

func (i *Inspector) render(w http.ResponseWriter, status int, v view) {
	var b strings.Builder
	if err := i.pages[v.Page].ExecuteTemplate(&b, "layout", v); err != nil {
		i.log.Error("a page could not be made", "page", v.Page, "error", err)
		http.Error(w, "the page could not be made; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String()))
}

// funcs are what pages call.
var funcs = template.FuncMap{
	"base":  func() string { return Base },
	"ago":   func(t time.Time) string { return time.Since(t).Round(time.Second).String() },
	"clock": func(t time.Time) string { return t.UTC().Format("15:04:05.000") },
	"at": func(path, namespace string) string {
		return Base + path + "?" + url.Values{"namespace": {namespace}}.Encode()
	},
	"pretty": pretty,
	"tab":    func(v view, path, name string) tab { return tab{path, name, v.Namespace, name == v.Title} },
	"back":   func(v view, path string) back { return back{v.Namespace, Base + path} },
}

// tab is a link to a page, in the header.
type tab struct {
	Path, Name, Namespace string
	Here                  bool
}

// back is what every form says of where it stands.
type back struct{ Namespace, Back string }
