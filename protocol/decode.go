package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// decodeObject reads data into the struct that v points to, by exact names; of a
// name that stands twice the last one counts.
func decodeObject(data []byte, v any) error {
	if kind := jsonKind(data); kind != "object" {
		return &FrameError{Code: CodeMistypedField, Want: "object", Got: kind}
	}
	if !json.Valid(data) {
		return &FrameError{Code: CodeNotJSON, Want: "a JSON object", Got: "something else"}
	}
	return decodeStruct(data, reflect.ValueOf(v).Elem(), nil, "")
}

// place is where a value stands in its frame. Its pointer is wanted only for an error, so
// it is not made before.
type place struct {
	within *place
	name   string
}

func (p *place) pointer() string {
	if p == nil {
		return ""
	}
	return p.within.pointerOf(p.name)
}

// pointerOf is the pointer of a member of what stands at p.
func (p *place) pointerOf(name string) string { return p.pointer() + "/" + escapePointer(name) }

// decodeStruct reads valid JSON. discriminator is the name of a member that has been read
// already, empty where there is none.
func decodeStruct(data []byte, v reflect.Value, at *place, discriminator string) error {
	if kind := jsonKind(data); kind != "object" {
		return &FrameError{Code: CodeMistypedField, Pointer: at.pointer(), Want: "object", Got: kind}
	}
	info := infoOf(v.Type())
	var few [32][]byte // as many as the largest object has, and no allocation
	raws := few[:]
	if len(info.fields) > len(few) {
		raws = make([][]byte, len(info.fields))
	}
	var extra Extra
	keep := func(name string, raw []byte) {
		if extra == nil {
			extra = Extra{}
		}
		extra[name] = slices.Clone(raw)
	}
	for s := scan(data); s.next(); {
		if i, known := info.byName[string(s.name)]; known && !s.escaped {
			raws[i] = s.value
			continue
		}
		name := s.text()
		if i, known := info.byName[name]; known {
			raws[i] = s.value
		} else if name != discriminator || name == "" {
			keep(name, s.value)
		}
	}
	for i := range info.fields {
		f := &info.fields[i]
		raw := raws[i]
		if raw == nil {
			if f.required {
				return &FrameError{Code: CodeMissingField, Pointer: at.pointerOf(f.name), Want: f.want, Got: "nothing"}
			}
			continue
		}
		if err := decodeValue(raw, v.Field(f.index), at, f.name, f.want); err != nil {
			if !f.lenient {
				return err
			}
			if o, ok := v.Field(f.index).Addr().Interface().(optional); ok {
				o.unset()
			}
			keep(f.name, raw)
		}
	}
	if extra != nil && info.extra >= 0 {
		v.Field(info.extra).Set(reflect.ValueOf(extra))
	}
	return nil
}

// decodeValue reads valid JSON into a member of the object at a place. The contract calls
// its type want.
func decodeValue(raw []byte, v reflect.Value, at *place, name, want string) error {
	if o, ok := v.Addr().Interface().(optional); ok {
		if raw[0] == 'n' {
			o.setNull()
			return nil
		}
		if err := decodeTarget(raw, o.setTarget(), at, name, want); err != nil {
			o.unset()
			return err
		}
		return nil
	}
	return decodeTarget(raw, v.Addr().Interface(), at, name, want)
}

// decodeTarget reads valid JSON into what a pointer points to.
func decodeTarget(raw []byte, target any, at *place, name, want string) error {
	switch t := target.(type) {
	case *json.RawMessage:
		*t = slices.Clone(raw)
		return nil
	case *Action:
		if raw[0] == 'n' {
			return &FrameError{Code: CodeMissingField, Pointer: at.pointerOf(name), Want: "object", Got: "null"}
		}
		a, err := decodeAction(raw)
		if err != nil {
			return under(err, at.pointerOf(name))
		}
		*t = a
		return nil
	}
	kind := jsonKind(raw)
	mistyped := func(want string) error {
		if kind == "null" {
			return &FrameError{Code: CodeMissingField, Pointer: at.pointerOf(name), Want: want, Got: kind}
		}
		return &FrameError{Code: CodeMistypedField, Pointer: at.pointerOf(name), Want: want, Got: kind}
	}
	if kind == "null" {
		return mistyped(want)
	}
	switch t := target.(type) {
	case *string:
		if kind != "string" {
			return mistyped(want)
		}
		*t = unquote(raw)
		return nil
	case *Metadata:
		if kind != "object" {
			return mistyped(want)
		}
		*t = Metadata{}
		for s := scan(raw); s.next(); {
			(*t)[s.text()] = slices.Clone(s.value)
		}
		return nil
	case *bool:
		if kind != "bool" {
			return mistyped(want)
		}
		*t = raw[0] == 't'
		return nil
	}
	v := reflect.ValueOf(target).Elem()
	switch v.Kind() {
	case reflect.Struct:
		if u, ok := target.(json.Unmarshaler); ok && infoOf(v.Type()).extra < 0 {
			if err := u.UnmarshalJSON(raw); err != nil {
				return mistyped(want)
			}
			return nil
		}
		return decodeStruct(raw, v, &place{at, name}, "")
	case reflect.Slice, reflect.Array:
		var items []json.RawMessage
		if v.Kind() == reflect.Array {
			want = fmt.Sprintf("an array of %d", v.Len())
		}
		if kind != "array" || json.Unmarshal(raw, &items) != nil {
			return mistyped(want)
		}
		if v.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		} else if len(items) != v.Len() {
			return mistyped(want)
		}
		here := &place{at, name}
		for i, item := range items {
			if err := decodeValue(item, v.Index(i), here, strconv.Itoa(i), WireType(v.Type().Elem())); err != nil {
				return err
			}
		}
		return nil
	}
	if json.Unmarshal(raw, target) != nil {
		return mistyped(want)
	}
	return nil
}

// unquote reads a valid JSON string.
func unquote(raw []byte) string {
	text := raw[1 : len(raw)-1]
	ascii, plain := true, true
	for _, b := range text {
		ascii = ascii && b < utf8.RuneSelf
		plain = plain && b != '\\'
	}
	if !plain || !ascii && !utf8.Valid(text) {
		var s string
		_ = json.Unmarshal(raw, &s) // it is valid
		return s
	}
	return string(text)
}

// under moves the pointer of a FrameError below prefix.
func under(err error, prefix string) error {
	var fe *FrameError
	if errors.As(err, &fe) {
		moved := *fe
		moved.Pointer = prefix + fe.Pointer
		return &moved
	}
	return err
}
