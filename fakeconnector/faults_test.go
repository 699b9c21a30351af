package fakeconnector

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

func TestFaultsByName(t *testing.T) {
	doc, err := os.ReadFile("../docs/fakeconnector.md")
	must(t, err)
	for _, name := range FaultNames() {
		f, err := NewFault(name, nil)
		must(t, err)
		if f.Name() != name {
			t.Errorf("expected %q, got %q", name, f.Name())
		}
		if !strings.Contains(string(doc), "| `"+name+"` |") {
			t.Errorf("expected %s in the table of docs/fakeconnector.md", name)
		}
	}
	for _, test := range []struct {
		name, fields string
		want         Fault
	}{
		{"close", `{"code":4401,"reason":"unauthorized"}`, &CloseWith{4401, "unauthorized"}},
		{"delay", `{"by":1000000}`, &Delay{time.Millisecond}},
		{"split", `{"at":[3]}`, &Split{At: []int{3}}},
		{"result", `{"result":{"success":false,"error":"no"}}`, &Result{protocol.Result{Success: protocol.Some(false), Error: protocol.Some("no")}}},
		{"wrong-descriptor", `{"drop":["label"]}`, &WrongDescriptor{Drop: []string{"label"}}},
		{"set-field", `{"pointer":"/x","value":7}`, &SetField{"/x", json.RawMessage("7")}},
	} {
		f, err := NewFault(test.name, json.RawMessage(test.fields))
		must(t, err)
		if !reflect.DeepEqual(test.want, f) {
			t.Errorf("%s: expected %+v, got %+v", test.name, test.want, f)
		}
	}
	for name, fields := range map[string]string{"no-such": "", "close": `{"code":"x"}`, "delay": "[]"} {
		if _, err := NewFault(name, json.RawMessage(fields)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("expected an error that names %s, got %v", name, err)
		}
	}
}

// A fault from JSON acts like the struct that it is.
func TestFaultsFromJSONAct(t *testing.T) {
	c := started(t)
	k := greeted(t, c, c.AddGateway(Gateway{}))
	ignore, err := NewFault("ignore", nil)
	must(t, err)
	c.On(Match{Type: protocol.TypeGoingIdle}).Do(ignore)
	k.send(&protocol.GoingIdle{})
	k.alive()
	if f, _ := c.Flipped("inst-gw-1"); f {
		t.Error("expected the frame to be ignored")
	}
}
