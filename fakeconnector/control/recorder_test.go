package control_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// exchange is a request and its answer.
type exchange struct {
	method, path string
	query        string
	requestType  string
	request      []byte
	status       int
	answerType   string
	answer       []byte
}

// recorder keeps every exchange that went through it.
type recorder struct {
	next *http.Transport
	mu   sync.Mutex
	all  []exchange
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchange{method: req.Method, path: req.URL.EscapedPath(), query: req.URL.RawQuery, requestType: req.Header.Get("Content-Type")}
	if req.Body != nil {
		x.request, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(x.request))
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	x.status, x.answerType = resp.StatusCode, resp.Header.Get("Content-Type")
	if x.answerType != "text/event-stream" { // that one does not end
		x.answer, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(bytes.NewReader(x.answer))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, x)
	return resp, nil
}

// fault is a fault with its fields.
func fault(name string, fields map[string]any) api.Fault {
	f := api.Fault{}
	all := map[string]any{"name": name}
	for k, v := range fields {
		all[k] = v
	}
	for k, v := range all {
		text, _ := json.Marshal(v)
		f[k] = text
	}
	return f
}
