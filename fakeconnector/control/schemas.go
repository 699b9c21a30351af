package control

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/protocol"
)

// schemas is the registry of the document, which knows the types whose JSON is not what
// their Go fields look like.
func schemas() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		name := huma.DefaultSchemaNamer(t, hint)
		if path.Base(t.PkgPath()) == "gate" { // it has an author and an answer as well
			name = "Gate" + name
		}
		return name
	})
	r.RegisterTypeAlias(reflect.TypeFor[protocol.Event](), reflect.TypeFor[eventSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[api.Duration](), reflect.TypeFor[durationSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[api.Fault](), reflect.TypeFor[faultSchema]())
	return r
}

// durationSchema is the schema of an api.Duration.
type durationSchema string

func (durationSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`,
		PatternDescription: "a duration such as 1m30s", Examples: []any{"1m30s"}}
}

// faultSchema is the schema of an api.Fault: the fields differ from fault to fault, and
// are judged when the stub is made.
type faultSchema map[string]any

func (faultSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Required: []string{"name"},
		Description: "the name of a fault with its fields beside it; GET " + api.Base + "/faults has them all",
		Properties:  map[string]*huma.Schema{"name": {Type: huma.TypeString, Enum: anys(fakeconnector.FaultNames())}},
		Examples:    []any{map[string]any{"name": "close", "code": 4401, "reason": "unauthorized"}}}
}

// eventSchema is the schema of a protocol.Event. Only what tells where it belongs is
// required, and a name that the contract lacks is an error: to send one, send a frame.
type eventSchema struct{}

func (eventSchema) Schema(huma.Registry) *huma.Schema {
	s := wireSchema(reflect.TypeFor[protocol.Event]())
	s.Required = []string{"source"}
	s.Properties["source"].Required = []string{"chat_id"}
	one := 1
	s.Properties["source"].Properties["chat_id"].MinLength = &one
	s.Examples = []any{map[string]any{"text": "hi", "source": map[string]any{"chat_id": "C1", "user_id": "U1", "guild_id": "G1", "chat_type": "channel"}}}
	return s
}

// wireSchema reads a type of the wire by its tags. Everything is optional.
func wireSchema(t reflect.Type) *huma.Schema {
	if t.Kind() == reflect.Struct && t.NumField() == 2 && t.Field(0).Name == "value" { // an Opt
		s := wireSchema(t.Field(0).Type)
		if s.Type != "" {
			s.Nullable = true
		}
		return s
	}
	switch t.Kind() {
	case reflect.String:
		return &huma.Schema{Type: huma.TypeString}
	case reflect.Bool:
		return &huma.Schema{Type: huma.TypeBoolean}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 { // json.RawMessage: anything
			return &huma.Schema{}
		}
		return &huma.Schema{Type: huma.TypeArray, Items: wireSchema(t.Elem())}
	case reflect.Struct:
		s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{}}
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if name == "-" || name == "" {
				continue
			}
			field := wireSchema(t.Field(i).Type)
			if since := t.Field(i).Tag.Get("since"); since != "" {
				field.Description = "since " + since
			}
			s.Properties[name] = field
		}
		return s
	}
	return &huma.Schema{}
}

func anys[T any](of []T) []any {
	out := make([]any, len(of))
	for i, v := range of {
		out[i] = v
	}
	return out
}
