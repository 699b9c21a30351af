package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

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
