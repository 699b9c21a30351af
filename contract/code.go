package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
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

// fill sets every field of a struct, so that its encoder writes all of them.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		sf, f := v.Type().Field(i), v.Field(i)
		if name := sf.Tag.Get("json"); name == "" || name == "-" {
			continue
		}
		fillValue(f)
	}
}

func fillValue(f reflect.Value) {
	switch {
	case isOption(f.Type()):
		inner := reflect.New(f.Type().Field(0).Type).Elem()
		fillValue(inner)
		if data, err := json.Marshal(inner.Interface()); err == nil {
			// An Opt is set from outside of its package by reading JSON only.
			_ = f.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(data)
		}
	case f.Type() == reflect.TypeFor[json.RawMessage]():
		f.SetBytes([]byte(`{}`))
	case f.Type() == reflect.TypeFor[protocol.Action]():
		f.Set(reflect.ValueOf(&protocol.GetChatInfo{ChatID: "x"}))
	case f.Kind() == reflect.Struct:
		fill(f)
	case f.Kind() == reflect.String:
		f.SetString("x")
	case f.Kind() == reflect.Bool:
		f.SetBool(true)
	case f.CanInt():
		f.SetInt(7)
	case f.CanFloat():
		f.SetFloat(7.5)
	case f.Kind() == reflect.Slice:
		item := reflect.New(f.Type().Elem()).Elem()
		fillValue(item)
		f.Set(reflect.Append(reflect.MakeSlice(f.Type(), 0, 1), item))
	case f.Kind() == reflect.Array:
		for i := range f.Len() {
			fillValue(f.Index(i))
		}
	case f.Kind() == reflect.Map:
		f.Set(reflect.MakeMap(f.Type()))
	}
}

// disagreements compares the fields of a type with what its encoder wrote, all the way
// down.
func disagreements(what, tag string, fields []Field, line []byte, err error) []string {
	if err != nil {
		return []string{fmt.Sprintf("%s: encoding it with all fields set: %v", what, err)}
	}
	var wrote map[string]json.RawMessage
	if err := json.Unmarshal(line, &wrote); err != nil {
		return []string{fmt.Sprintf("%s: expected its encoder to write a JSON object, got %v", what, err)}
	}
	var out []string
	if _, ok := wrote[tag]; !ok && tag != "" {
		out = append(out, fmt.Sprintf("%s: expected its encoder to write %q, got nothing", what, tag))
	}
	delete(wrote, tag)
	for _, f := range fields {
		raw, ok := wrote[f.Name]
		delete(wrote, f.Name)
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("%s: expected its encoder to write %q, got nothing", what, f.Name))
		case !jsonFits(raw, f.Type):
			out = append(out, fmt.Sprintf("%s: field %q: expected its encoder to write %s, got %s", what, f.Name, f.Type, raw))
		}
	}
	var extra []string
	for name := range wrote {
		extra = append(extra, name)
	}
	sort.Strings(extra)
	for _, name := range extra {
		out = append(out, fmt.Sprintf("%s: expected no field %q, which its type does not have, and its encoder wrote it", what, name))
	}
	return out
}

// jsonFits reports whether a JSON value is of one of the contract's types.
func jsonFits(raw json.RawMessage, typ string) bool {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return false
	}
	return valueFits(v, typ)
}

func valueFits(v any, typ string) bool {
	if item, ok := strings.CutSuffix(typ, "[]"); ok {
		items, ok := v.([]any)
		for _, i := range items {
			ok = ok && valueFits(i, item)
		}
		return ok
	}
	switch v := v.(type) {
	case string:
		return typ == "string" || typ == "any"
	case bool:
		return typ == "bool" || typ == "any"
	case float64:
		return typ == "number" || typ == "any" || typ == "int" && v == float64(int64(v))
	case map[string]any:
		return typ == "object" || typ == "any"
	}
	return typ == "any"
}
