package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// This is the codec of objects in its plainest form, with encoding/json for every step. It
// is slow, and there to hold the one that is used against it.

// plainDecode reads data into the struct that v points to, by exact names; of a
// name that stands twice the last one counts.
func plainDecode(data []byte, v any) error {
	return plainStruct(data, reflect.ValueOf(v).Elem(), "")
}

func plainStruct(data []byte, v reflect.Value, pointer string) error {
	var members map[string]json.RawMessage
	if jsonKind(data) != "object" {
		return &FrameError{Code: CodeMistypedField, Pointer: pointer, Want: "object", Got: jsonKind(data)}
	}
	if err := json.Unmarshal(data, &members); err != nil {
		return &FrameError{Code: CodeNotJSON, Pointer: pointer, Want: "a JSON object", Got: "something else"}
	}
	info := infoOf(v.Type())
	extra := Extra{}
	for name, raw := range members {
		if _, known := info.byName[name]; !known {
			extra[name] = raw
		}
	}
	for _, f := range info.fields {
		raw, present := members[f.name]
		at := pointer + "/" + escapePointer(f.name)
		if !present {
			if f.required {
				return &FrameError{Code: CodeMissingField, Pointer: at, Want: f.want, Got: "nothing"}
			}
			continue
		}
		if err := plainValue(raw, v.Field(f.index), at); err != nil {
			if !f.lenient {
				return err
			}
			if o, ok := v.Field(f.index).Addr().Interface().(optional); ok {
				o.unset()
			}
			extra[f.name] = raw
		}
	}
	if len(extra) > 0 && info.extra >= 0 {
		v.Field(info.extra).Set(reflect.ValueOf(extra))
	}
	return nil
}

func plainValue(raw json.RawMessage, v reflect.Value, pointer string) error {
	if o, ok := v.Addr().Interface().(optional); ok {
		if jsonKind(raw) == "null" {
			o.setNull()
			return nil
		}
		if err := plainValue(raw, reflect.ValueOf(o.setTarget()).Elem(), pointer); err != nil {
			o.unset()
			return err
		}
		return nil
	}
	switch {
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.SetBytes(slices.Clone(raw))
		return nil
	case v.Type() == reflect.TypeFor[Action]():
		if jsonKind(raw) == "null" {
			return &FrameError{Code: CodeMissingField, Pointer: pointer, Want: "object", Got: "null"}
		}
		a, err := plainAction(raw)
		if err != nil {
			return under(err, pointer)
		}
		v.Set(reflect.ValueOf(a))
		return nil
	}
	want := WireType(v.Type())
	got := jsonKind(raw)
	mistyped := &FrameError{Code: CodeMistypedField, Pointer: pointer, Want: want, Got: got}
	if got == "null" {
		mistyped.Code = CodeMissingField
		return mistyped
	}
	switch v.Kind() {
	case reflect.Struct:
		if u, ok := v.Addr().Interface().(json.Unmarshaler); ok && infoOf(v.Type()).extra < 0 {
			if err := u.UnmarshalJSON(raw); err != nil {
				return mistyped
			}
			return nil
		}
		return plainStruct(raw, v, pointer)
	case reflect.Slice:
		if got != "array" {
			return mistyped
		}
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return mistyped
		}
		s := reflect.MakeSlice(v.Type(), len(items), len(items))
		for i, item := range items {
			if err := plainValue(item, s.Index(i), pointer+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
		v.Set(s)
		return nil
	case reflect.Array:
		var items []json.RawMessage
		if got != "array" || json.Unmarshal(raw, &items) != nil || len(items) != v.Len() {
			mistyped.Want = fmt.Sprintf("an array of %d", v.Len())
			return mistyped
		}
		for i, item := range items {
			if err := plainValue(item, v.Index(i), pointer+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return mistyped
	}
	return nil
}

// plainEncode writes the struct that v is or points to: first `type` where typ is
// not empty, then the known members in the order of their declaration, then Extra.
func plainEncode(typ string, v any) ([]byte, error) {
	rv := reflect.Indirect(reflect.ValueOf(v))
	// The fields are reached through their addresses, so work on an addressable copy.
	c := reflect.New(rv.Type()).Elem()
	c.Set(rv)
	info := infoOf(c.Type())
	var b bytes.Buffer
	b.WriteByte('{')
	member := func(name string, value []byte) {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		key, _ := marshalPlain(name)
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	if typ != "" {
		t, _ := marshalPlain(typ)
		member("type", t)
	}
	for _, f := range info.fields {
		fv := c.Field(f.index)
		var value any = fv.Interface()
		if o, ok := fv.Addr().Interface().(optional); ok && fv.IsZero() {
			continue
		} else if ok {
			cur, set := o.current()
			if !set {
				member(f.name, []byte("null"))
				continue
			}
			value = cur
		}
		data, err := marshalPlain(value)
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", f.name, err)
		}
		member(f.name, data)
	}
	if info.extra >= 0 {
		extra := c.Field(info.extra).Interface().(Extra)
		names := make([]string, 0, len(extra))
		for name := range extra {
			if _, known := info.byName[name]; !known || c.Field(info.fields[info.byName[name]].index).IsZero() {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			if name == "type" && typ != "" {
				continue
			}
			member(name, extra[name])
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func plainFrame(line []byte) (Frame, error) {
	var head struct{ Type Type }
	var members map[string]json.RawMessage
	if !json.Valid(line) || json.Unmarshal(line, &members) != nil || json.Unmarshal(members["type"], &head.Type) != nil {
		return nil, errors.New("no frame")
	}
	f := head.Type.New()
	if f == nil {
		return nil, errors.New("unknown")
	}
	if err := plainDecode(line, f); err != nil {
		return nil, err
	}
	forget(f, "type")
	return f, nil
}

func plainAction(data []byte) (Action, error) {
	var members map[string]json.RawMessage
	if jsonKind(data) != "object" || json.Unmarshal(data, &members) != nil {
		return nil, &FrameError{Code: CodeMistypedField, Want: "object", Got: jsonKind(data)}
	}
	raw, ok := members["op"]
	if !ok {
		return nil, &FrameError{Code: CodeMissingField, Pointer: "/op", Want: "string", Got: "nothing"}
	}
	var op Op
	if jsonKind(raw) != "string" || json.Unmarshal(raw, &op) != nil {
		return nil, &FrameError{Code: CodeMistypedField, Pointer: "/op", Want: "string", Got: jsonKind(raw)}
	}
	a := op.New()
	if a == nil {
		return &UnknownAction{Name: op, Raw: append(json.RawMessage(nil), data...)}, nil
	}
	if err := plainDecode(data, a); err != nil {
		return nil, err
	}
	forget(a, "op")
	return a, nil
}

// forget takes the discriminator out of what is not known.
func forget(object any, name string) {
	extra := reflect.ValueOf(object).Elem().FieldByName("Extra")
	e := extra.Interface().(Extra)
	delete(e, name)
	if len(e) == 0 {
		extra.SetZero()
	}
}
