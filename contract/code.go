package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// Code is the model of what package protocol sends: every frame, object and op, found
// by reflection from the frame types and ops that it lists, and then encoded once with
// all fields set. An error means that the types and their encoders disagree.
func Code() (*Model, error) {
	m := &Model{Name: "package protocol"}
	var failures []string
	for _, t := range protocol.Types() {
		frame := Frame{Type: string(t)}
		if d, ok := t.From(); ok {
			frame.From = Side(d)
		}
		f := t.New()
		frame.Fields = m.codeFields(reflect.TypeOf(f).Elem(), Mark(Baseline))
		fill(reflect.ValueOf(f).Elem())
		line, err := protocol.Encode(f)
		failures = append(failures, disagreements("frame "+frame.Type, "type", frame.Fields, line, err)...)
		m.Frames = append(m.Frames, frame)
	}
	for _, o := range protocol.Ops() {
		op := Op{Name: string(o), Since: Mark(o.Since())}
		a := o.New()
		op.Fields = m.codeFields(reflect.TypeOf(a).Elem(), op.Since)
		fill(reflect.ValueOf(a).Elem())
		line, err := json.Marshal(a)
		failures = append(failures, disagreements("op "+op.Name, "op", op.Fields, line, err)...)
		m.Ops = append(m.Ops, op)
	}
	if len(failures) > 0 {
		return m, fmt.Errorf("package protocol: types and encoders disagree:\n%s", strings.Join(failures, "\n"))
	}
	return m, nil
}

// codeFields lists the fields of a struct of package protocol, and adds the structs
// that they hold as objects. A field without a mark is as old as what holds it.
func (m *Model) codeFields(t reflect.Type, since Mark) []Field {
	var fields []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		f := Field{Name: name, Type: protocol.WireType(sf.Type), Presence: Presence(sf.Tag.Get("wire")), Since: Mark(sf.Tag.Get("since"))}
		if f.Presence == "" {
			f.Presence = Optional
		}
		if f.Since == "" {
			f.Since = since
		}
		if inner := heldStruct(sf.Type); inner != nil {
			m.codeObject(strings.TrimSuffix(name, "s"), inner, f.Since)
		}
		fields = append(fields, f)
	}
	return fields
}

func (m *Model) codeObject(name string, t reflect.Type, since Mark) {
	if m.Object(name) != nil {
		return
	}
	m.Objects = append(m.Objects, Object{Name: name})
	at := len(m.Objects) - 1 // its own fields can add objects behind it
	m.Objects[at].Fields = m.codeFields(t, since)
}

// heldStruct is the struct that a field holds, through slices and options, or nil for
// other fields.
func heldStruct(t reflect.Type) reflect.Type {
	for {
		switch {
		case t.Kind() == reflect.Slice && t != reflect.TypeFor[json.RawMessage]():
			t = t.Elem()
		case isOption(t):
			t = t.Field(0).Type
		case t.Kind() == reflect.Struct:
			return t
		default:
			return nil
		}
	}
}

func isOption(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[protocol.Extra]().PkgPath() && strings.HasPrefix(t.Name(), "Opt[")
}
