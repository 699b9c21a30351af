package contract

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relaykit/relaykit/protocol"
)

func TestExamplesDecode(t *testing.T) {
	m := ours(t)
	seen := map[string]bool{}
	for _, e := range m.Examples {
		seen[e.Kind] = true
		if m.Frame(e.Kind) == nil {
			checkBody(t, m, e)
			continue
		}
		f, err := protocol.Decode([]byte(strings.TrimSpace(e.JSON)))
		if err != nil {
			t.Errorf("%s:%d: %v", Name, e.Line, err)
			continue
		}
		if string(f.FrameType()) != e.Kind {
			t.Errorf("%s:%d: expected an example of %s, got one of %s", Name, e.Line, e.Kind, f.FrameType())
		}
		if bad := protocol.Mistyped(f); len(bad) > 0 {
			t.Errorf("%s:%d: %v", Name, e.Line, bad)
		}
		again, err := protocol.Encode(f)
		if err != nil {
			t.Fatal(err)
		}
		var was, is any
		_ = json.Unmarshal([]byte(e.JSON), &was)
		_ = json.Unmarshal(again, &is)
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%s:%d: decoded and encoded again (- document, + again):\n%s", Name, e.Line, diff)
		}
		if unknown := unknownFields(m, "", was, m.Frame(e.Kind).Fields); len(unknown) > 0 {
			t.Errorf("%s:%d: expected documented fields only, got %v", Name, e.Line, unknown)
		}
	}
	for _, f := range m.Frames {
		if !seen[f.Type] {
			t.Errorf("frame %s: expected an example, got none", f.Type)
		}
	}
	for _, o := range m.Objects {
		if kind := strings.ReplaceAll(o.Name, " ", "-"); isBody(o.Name) && !seen[kind] {
			t.Errorf("%s: expected an example, a fenced block of the kind %q, got none", o.Name, "json "+kind)
		}
	}
}

func isBody(object string) bool {
	return strings.HasSuffix(object, " request") || strings.HasSuffix(object, " answer")
}

// checkBody holds the example of an HTTP body against the table of its fields.
func checkBody(t *testing.T, m *Model, e Example) {
	t.Helper()
	o := m.Object(strings.ReplaceAll(e.Kind, "-", " "))
	if o == nil {
		t.Errorf("%s:%d: expected the kind of an example to be a frame or an object, got %q", Name, e.Line, e.Kind)
		return
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(e.JSON), &body); err != nil {
		t.Errorf("%s:%d: %v", Name, e.Line, err)
		return
	}
	for _, f := range o.Fields {
		raw, ok := body[f.Name]
		if !ok && f.Presence != Optional {
			t.Errorf("%s:%d: expected the field %s, got none", Name, e.Line, f.Name)
		}
		if ok && !jsonFits(raw, f.Type) {
			t.Errorf("%s:%d: field %s: expected %s, got %s", Name, e.Line, f.Name, f.Type, raw)
		}
		delete(body, f.Name)
	}
	if len(body) > 0 {
		t.Errorf("%s:%d: expected documented fields only, got %v", Name, e.Line, body)
	}
}

// unknownFields lists the members of an example that no table describes, all the way
// down.
func unknownFields(m *Model, at string, v any, fields []Field) []string {
	var out []string
	members, _ := v.(map[string]any)
	for name, value := range members {
		if find(fields, name) == nil && name != "type" {
			out = append(out, at+"/"+name)
			continue
		}
		var inner []Field
		if name == "action" {
			op, _ := value.(map[string]any)["op"].(string)
			if o := m.Op(op); o != nil {
				inner = append([]Field{{Name: "op"}}, o.Fields...)
			}
		} else if o := m.Object(strings.TrimSuffix(name, "s")); o != nil {
			inner = o.Fields
		}
		if inner == nil {
			continue // any members will do, as in metadata
		}
		items, ok := value.([]any)
		if !ok {
			items = []any{value}
		}
		for _, item := range items {
			out = append(out, unknownFields(m, at+"/"+name, item, inner)...)
		}
	}
	return out
}
