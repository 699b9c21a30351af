package inspector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// preset is a stub that is switched on and off by one button. Its id is its name.
type preset struct {
	Name string
	Does string // what gateways see
	Stub string // as the control API takes it
}

// presets are what went wrong with connectors in practice, and what a gateway must live
// through (contract, sections 7, 12, 16 and 17).
var presets = []preset{
	{"refuse-dials", "every dial is answered with HTTP 503", `{"match":{"point":"dial"},"faults":[{"name":"refuse","status":503}]}`},
	{"refuse-credentials", "every upgrade is completed and closed with 4401", `{"match":{"point":"upgraded"},"faults":[{"name":"close","code":4401,"reason":"unauthorized"}]}`},
	{"no-descriptor", "a hello gets no descriptor", `{"match":{"type":"hello"},"faults":[{"name":"withhold"}]}`},
	{"no-results", "an outbound gets no result", `{"match":{"type":"outbound"},"faults":[{"name":"withhold"}]}`},
	{"late-results", "a result comes 5 s late", `{"match":{"type":"outbound_result"},"faults":[{"name":"delay","by":"5s"}]}`},
	{"double-results", "a result comes twice", `{"match":{"type":"outbound_result"},"faults":[{"name":"duplicate"}]}`},
	{"failed-results", "an outbound is answered with success false", `{"match":{"type":"outbound"},"faults":[{"name":"result","result":{"success":false,"error":"a fault of the inspector's"}}]}`},
	{"restart-at-outbound", "the session closes with 1012 at each outbound", `{"match":{"type":"outbound"},"faults":[{"name":"close","code":1012,"reason":"restart"}]}`},
	{"reset-at-outbound", "TCP is reset at each outbound", `{"match":{"type":"outbound"},"faults":[{"name":"reset"}]}`},
	{"split-frames", "an inbound comes in three messages", `{"match":{"type":"inbound"},"faults":[{"name":"split","into":3}]}`},
	{"binary-frames", "an inbound comes as a binary message", `{"match":{"type":"inbound"},"faults":[{"name":"binary"}]}`},
	{"idle-unanswered", "going_idle gets no answer", `{"match":{"type":"going_idle"},"faults":[{"name":"withhold"}]}`},
}

// faultsBody is what the page of the faults shows.
type faultsBody struct {
	Presets []presetState
	Stubs   []stubView // the others
	Kinds   []kindView
	Draft   string
}

type presetState struct {
	preset
	On   bool
	Hits int
}

type stubView struct {
	ID   string
	Hits int
	Held int
	Text string
}

type kindView struct {
	Name, Fields, Points string
}

// draft is what the form for a stub of one's own begins with.
const draft = `{
  "match": {"type": "outbound", "op": "send"},
  "after": 1,
  "times": 1,
  "faults": [{"name": "close", "code": 1012, "reason": "restart"}]
}`

func (i *Inspector) faults(r *http.Request, c *client.Client) (string, string, any, error) {
	stubs, err := c.Stubs(r.Context())
	if err != nil {
		return "", "", nil, err
	}
	kinds, err := c.Faults(r.Context())
	if err != nil {
		return "", "", nil, err
	}
	b := faultsBody{Draft: draft}
	inForce := map[string]api.Stub{}
	for _, s := range stubs.Stubs {
		inForce[s.ID] = s
	}
	for _, p := range presets {
		s, on := inForce[p.Name]
		b.Presets = append(b.Presets, presetState{p, on, s.Hits})
		delete(inForce, p.Name)
	}
	for _, s := range stubs.Stubs {
		if _, other := inForce[s.ID]; other {
			text, err := json.Marshal(s.NewStub)
			if err != nil {
				return "", "", nil, err
			}
			b.Stubs = append(b.Stubs, stubView{s.ID, s.Hits, s.Held, string(text)})
		}
	}
	for _, k := range kinds.Faults {
		b.Kinds = append(b.Kinds, kindView{k.Name, fieldsOf(k.Fields), strings.Join(k.Points, ", ")})
	}
	return "faults.html", "Faults", b, nil
}

// fieldsOf is the fields of a fault in a few words.
func fieldsOf(schema json.RawMessage) string {
	var s struct {
		Properties map[string]struct {
			Type any `json:"type"`
		} `json:"properties"`
	}
	if json.Unmarshal(schema, &s) != nil {
		return ""
	}
	var out []string
	for _, name := range sortedKeys(s.Properties) {
		switch t := s.Properties[name].Type.(type) {
		case nil:
			out = append(out, name)
		default:
			out = append(out, fmt.Sprintf("%s (%v)", name, t))
		}
	}
	return strings.Join(out, ", ")
}

// faultOn puts a preset in force, or a stub as it was typed.
func (i *Inspector) faultOn(f form) (string, error) {
	text, name := f.Get("stub"), f.Get("preset")
	if name != "" {
		text = ""
		for _, p := range presets {
			if p.Name == name {
				text = p.Stub
			}
		}
		if text == "" {
			return "", fmt.Errorf("preset: expected one of the page's, got %q", name)
		}
	}
	var stub api.NewStub
	if err := strict(text, &stub); err != nil {
		return "", fmt.Errorf("stub: %w", err)
	}
	if name != "" {
		stub.ID = name
	}
	made, err := f.c.CreateStub(f.ctx, stub)
	return "in force: " + made.ID, err
}

func (i *Inspector) faultOff(f form) (string, error) {
	return "out of force: " + f.Get("stub"), f.c.DeleteStub(f.ctx, f.Get("stub"))
}

// strict reads one JSON object that has no member which v does not know.
func strict(text string, v any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("expected a JSON object: %w", err)
	}
	if d.More() {
		return errors.New("expected one JSON object, got more behind it")
	}
	return nil
}
