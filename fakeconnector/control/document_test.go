package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/relaykit/relaykit/fakeconnector/control"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

var update = flag.Bool("update", false, "write docs/control-api.openapi.json anew")

const published = "../../docs/control-api.openapi.json"

// document is the OpenAPI document of a server, as anybody else reads it.
type document struct {
	schemas *jsonschema.Compiler
	paths   map[string]map[string]operation // by path and method
}

type operation struct {
	ID          string `json:"operationId"`
	RequestBody *struct {
		Required bool
		Content  map[string]json.RawMessage
	}
	Responses map[string]struct{ Content map[string]json.RawMessage }
}

// fetch reads the document that the server serves.
func (r *controlled) fetch() *document {
	r.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.HTTP.URL+api.Base+"/openapi.json", nil)
	must(r.t, err)
	resp, err := r.calls.next.RoundTrip(req)
	must(r.t, err)
	defer resp.Body.Close()
	value, err := jsonschema.UnmarshalJSON(resp.Body)
	must(r.t, err)
	d := &document{schemas: jsonschema.NewCompiler()}
	must(r.t, d.schemas.AddResource("mem:api", value))
	text, err := json.Marshal(value)
	must(r.t, err)
	must(r.t, json.Unmarshal(text, &struct {
		Paths *map[string]map[string]operation
	}{&d.paths}))
	return d
}

// find returns the operation of an exchange and where in the document it is.
func (d *document) find(x exchange) (op operation, pointer string, ok bool) {
	for path, methods := range d.paths {
		op, has := methods[strings.ToLower(x.method)]
		if has && matchesPath(path, x.path) {
			return op, "#/paths/" + escape(path) + "/" + strings.ToLower(x.method), true
		}
	}
	return operation{}, "", false
}

// matchesPath: no two paths of the API match the same request but for a literal that
// stands where another one has a parameter, which wins.
func matchesPath(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if !strings.HasPrefix(want[i], "{") && want[i] != got[i] {
			return false
		}
	}
	return true
}

func escape(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(s)
}

// validate holds a text against the schema at a place of the document.
func (d *document) validate(t *testing.T, what, pointer string, text []byte) {
	t.Helper()
	schema, err := d.schemas.Compile("mem:api" + pointer)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		t.Errorf("%s: expected what the document says, got %s: %v", what, text, err)
	}
}

// check holds an exchange against the document, and returns the id of its operation.
func (d *document) check(t *testing.T, x exchange) string {
	t.Helper()
	what := x.method + " " + x.path + " → " + strconv.Itoa(x.status)
	op, at, ok := d.find(x)
	if !ok {
		t.Errorf("%s: expected the route in the document", what)
		return ""
	}
	status := strconv.Itoa(x.status)
	if _, listed := op.Responses[status]; !listed {
		status = "default"
	}
	answer, listed := op.Responses[status]
	kind, _, _ := strings.Cut(x.answerType, ";")
	if _, has := answer.Content[kind]; !listed || (kind != "" && !has) || (kind == "" && len(answer.Content) > 0 && len(x.answer) > 0) {
		t.Errorf("%s: expected an answer of a kind that the document lists, got %q", what, x.answerType)
		return op.ID
	}
	if strings.HasSuffix(kind, "json") {
		d.validate(t, what, at+"/responses/"+status+"/content/"+escape(kind)+"/schema", x.answer)
	}
	if x.status < 300 && len(x.request) > 0 {
		if op.RequestBody == nil {
			t.Errorf("%s: expected a body in the document, the client sends one", what)
		} else if _, has := op.RequestBody.Content[x.requestType]; !has {
			t.Errorf("%s: expected the request's type %q in the document", what, x.requestType)
		} else if x.requestType == "application/json" {
			d.validate(t, what+", the request", at+"/requestBody/content/application~1json/schema", x.request)
		}
	}
	return op.ID
}

// The document says what the handlers do, for every route, by what the published client
// has sent and got.
func TestEveryRouteIsAsDocumented(t *testing.T) {
	r := start(t, control.Seed{}, nil)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *controlled)
	}{
		{"namespaces", namespacesPart}, {"tenants", tenantsPart}, {"gateways", gatewaysPart}, {"instances", instancesPart},
		{"deliveries", deliveriesPart}, {"sessions", sessionsPart}, {"bindings", bindingsPart}, {"policies", policiesPart},
		{"buffers", buffersPart}, {"vault", vaultPart}, {"stubs", stubsPart}, {"journal", journalPart},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, r) })
	}
	doc := r.fetch()
	went := map[string]bool{} // operations that were answered with 2xx
	r.calls.mu.Lock()
	defer r.calls.mu.Unlock()
	for _, x := range r.calls.all {
		id := doc.check(t, x)
		went[id] = went[id] || x.status < 300
	}
	n := 0
	for path, methods := range doc.paths {
		for method, op := range methods {
			if n++; !went[op.ID] {
				t.Errorf("%s %s (%s): expected the client to have called it with success", method, path, op.ID)
			}
		}
	}
	if n < 60 {
		t.Errorf("expected the document to have all routes, got %d", n)
	}
}

func TestDocumentIsPublished(t *testing.T) {
	r := start(t, control.Seed{}, nil)
	text, err := r.Server.Document()
	must(t, err)
	if *update {
		must(t, os.WriteFile(published, text, 0o644))
	}
	was, err := os.ReadFile(published)
	must(t, err)
	if !bytes.Equal(was, text) {
		t.Errorf("expected %s to be what the server serves; write it anew with go test ./fakeconnector/control -run %s -update", published, t.Name())
	}
}
