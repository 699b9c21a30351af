// Package client calls the control API of a fake connector that runs as a process
// (fakeconnector serve). Its methods are the routes; what they take and return is in
// fakeconnector/control/api.
//
//	c := client.New("http://127.0.0.1:8791", token).In("my-test")
//	made, err := c.CreateGateway(ctx, api.NewGateway{Platform: "discord"})
//	// point a gateway at the relay with made.Gateway.ID and made.Secret, then:
//	delivery, err := c.Push(ctx, made.Gateway.Instance, event)
//	echo, err := c.Wait(ctx, client.Query{After: delivery.Mark, Filter: api.Filter{Type: "outbound"}}, 10*time.Second)
//
// Whatever the API refuses is an error of type *[api.Problem].
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// Client calls one server in one namespace. It is safe for concurrent use.
type Client struct {
	base, token, namespace string
	http                   *http.Client
}

// New makes a client of the control listener at base, such as http://127.0.0.1:8791. The
// token is empty where the listener asks for none.
func New(base, token string) *Client {
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: http.DefaultClient}
}

// WithHTTP is the client over another HTTP client, for TLS or a proxy of your own. A
// Timeout in it would end streams and waits.
func (c *Client) WithHTTP(h *http.Client) *Client {
	other := *c
	other.http = h
	return &other
}

// In is the client for another namespace; "" is the default one.
func (c *Client) In(namespace string) *Client {
	other := *c
	other.namespace = namespace
	return &other
}

// call is one request.
type call struct {
	method, path string
	query        url.Values
	body         any // nil for none; []byte goes as it is, with contentType
	contentType  string
}

// do carries out a call and decodes its answer into a T.
func do[T any](ctx context.Context, c *Client, k call) (T, error) {
	var v T
	resp, err := c.send(ctx, k)
	if err != nil {
		return v, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return v, nil
	}
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		return v, fmt.Errorf("%s %s: expected JSON: %w", k.method, k.path, err)
	}
	return v, nil
}

// none is the answer that has no body.
type none struct{}

// send returns the answer of a call that went well; its body must be closed.
func (c *Client) send(ctx context.Context, k call) (*http.Response, error) {
	var body io.Reader
	switch b := k.body.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, fmt.Errorf("%s %s: encoding the request: %w", k.method, k.path, err)
		}
		body, k.contentType = bytes.NewReader(text), "application/json"
	}
	query := url.Values{}
	for name, values := range k.query {
		query[name] = values
	}
	if c.namespace != "" && !strings.HasPrefix(k.path, "/namespaces") && k.path != "/info" && k.path != "/faults" {
		query.Set("namespace", c.namespace)
	}
	target := c.base + api.Base + k.path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, k.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", k.method, k.path, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", k.contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err // names the method and the URL
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		return nil, failed(resp)
	}
	return resp, nil
}

// maxProblem bounds what is read of an error.
const maxProblem = 1 << 20

// failed reads the problem of an answer. One that is none comes from something else that
// answers at that address.
func failed(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil {
		return fmt.Errorf("reading the answer %s: %w", resp.Status, err)
	}
	p := &api.Problem{}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "application/problem+json" || json.Unmarshal(text, p) != nil {
		return fmt.Errorf("expected a problem document with the answer %s, got %q; is this the control listener of a fakeconnector?", resp.Status, text[:min(len(text), 200)])
	}
	p.Status = resp.StatusCode
	return p
}

// at makes a path of parts, each escaped.
func at(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}
