package inspector

import (
	"io"
	"net/http"
	"sync"
)

// inProcess is a transport that calls a handler, so that the inspector is a client of the
// control API like any other, with its checks, and needs no connection to itself.
type inProcess struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper]. The answer is passed on as it is written; its
// handler ends when the body is closed.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.RequestURI, r.RemoteAddr = r.URL.Host, r.URL.RequestURI(), "127.0.0.1:0"
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body, w := io.Pipe()
	a := &answer{header: http.Header{}, w: w, began: make(chan struct{})}
	go func() {
		t.handler.ServeHTTP(a, r)
		a.WriteHeader(http.StatusOK) // of an answer without a body
		_ = w.Close()                // never fails
	}()
	select {
	case <-a.began:
	case <-r.Context().Done():
		_ = body.Close() // never fails; the handler's next write does
		return nil, r.Context().Err()
	}
	return &http.Response{Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.sent, Body: body, ContentLength: -1, Request: r}, nil
}

// answer is the handler's side of a response.
type answer struct {
	header http.Header
	w      *io.PipeWriter
	once   sync.Once
	began  chan struct{} // closed when status and sent are final
	status int
	sent   http.Header
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	a.once.Do(func() {
		a.status, a.sent = status, a.header.Clone()
		close(a.began)
	})
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.w.Write(p)
}

// Flush implements [http.Flusher]; nothing is kept back.
func (a *answer) Flush() { a.WriteHeader(http.StatusOK) }
