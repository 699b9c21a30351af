package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Extra holds the members of an object that this package does not know, as they
// came. They are written again after the known ones, in the order of their names.
type Extra map[string]json.RawMessage

// Baseline is the revision that everything without a later mark belongs to.
const Baseline = "2026-06"

// ErrorCode says in one stable word what is wrong with a line or a field.
type ErrorCode string

// The codes of a [FrameError].
const (
	CodeNotJSON       ErrorCode = "not-json"       // not JSON in UTF-8
	CodeNotObject     ErrorCode = "not-object"     // JSON, but not an object
	CodeNoType        ErrorCode = "no-type"        // an object without a string `type`
	CodeMissingField  ErrorCode = "missing-field"  // a required field is absent or null
	CodeMistypedField ErrorCode = "mistyped-field" // a field has another JSON type
)

// FrameError says why a line is not a usable frame. Pointer is the JSON pointer of
// the offending field, empty for the line as a whole. It never quotes field values,
// which may be secret; Got is a JSON type such as "string".
type FrameError struct {
	Code    ErrorCode
	Type    Type
	Pointer string
	Want    string
	Got     string
}

func (e *FrameError) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	if e.Type != "" {
		fmt.Fprintf(&b, " in frame %q", e.Type)
	}
	if e.Pointer != "" {
		fmt.Fprintf(&b, " at %s", e.Pointer)
	}
	fmt.Fprintf(&b, ": expected %s, got %s", e.Want, e.Got)
	return b.String()
}

type fieldInfo struct {
	name     string
	index    int
	required bool // refuse absence
	lenient  bool // a mistyped value counts as absence and is kept in Extra
	want     string
}

type objectInfo struct {
	fields []fieldInfo
	byName map[string]int
	extra  int // index of Extra, or -1
}

var objectInfos sync.Map // reflect.Type → *objectInfo

func infoOf(t reflect.Type) *objectInfo {
	if v, ok := objectInfos.Load(t); ok {
		return v.(*objectInfo)
	}
	info := &objectInfo{byName: map[string]int{}, extra: -1}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type == reflect.TypeFor[Extra]() {
			info.extra = i
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		presence := f.Tag.Get("wire")
		info.byName[name] = len(info.fields)
		info.fields = append(info.fields, fieldInfo{
			name: name, index: i,
			required: presence == "required",
			// The contract's presence column: a receiver takes a default for a mistyped
			// optional field, and reads a mistyped nullable one like null.
			lenient: presence == "" || presence == "nullable",
			want:    WireType(f.Type),
		})
	}
	v, _ := objectInfos.LoadOrStore(t, info)
	return v.(*objectInfo)
}

// WireType is the contract's name for the JSON type that a Go field holds: string,
// int, number, bool, object, any, or one of these followed by [].
func WireType(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[optional]()) {
		return WireType(t.Field(0).Type)
	}
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return "any"
	case t == reflect.TypeFor[Action]():
		return "object"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int64:
		return "int"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return WireType(t.Elem()) + "[]"
	case reflect.Array:
		return WireType(t.Elem()) + "[]"
	default:
		return "object"
	}
}

// decodeObject reads data into the struct that v points to, by exact names; of a
// name that stands twice the last one counts.
func decodeObject(data []byte, v any) error {
	return decodeStruct(data, reflect.ValueOf(v).Elem(), "")
}

func decodeStruct(data []byte, v reflect.Value, pointer string) error {
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
		if err := decodeValue(raw, v.Field(f.index), at); err != nil {
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

func decodeValue(raw json.RawMessage, v reflect.Value, pointer string) error {
	if o, ok := v.Addr().Interface().(optional); ok {
		if jsonKind(raw) == "null" {
			o.setNull()
			return nil
		}
		if err := decodeValue(raw, reflect.ValueOf(o.setTarget()).Elem(), pointer); err != nil {
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
		a, err := DecodeAction(raw)
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
		return decodeStruct(raw, v, pointer)
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
			if err := decodeValue(item, s.Index(i), pointer+"/"+strconv.Itoa(i)); err != nil {
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
			if err := decodeValue(item, v.Index(i), pointer+"/"+strconv.Itoa(i)); err != nil {
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

// encodeObject writes the struct that v is or points to: first `type` where typ is
// not empty, then the known members in the order of their declaration, then Extra.
func encodeObject(typ string, v any) ([]byte, error) {
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

// marshalPlain is json.Marshal without the escaping of <, > and &, which no other
// implementation of the contract does.
func marshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// jsonKind is the JSON type of a value that is known to be valid JSON.
func jsonKind(raw []byte) string {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	default:
		return "number"
	}
}

// pointerEscaper is shared: to build one costs more than to decode a field.
var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

func escapePointer(s string) string { return pointerEscaper.Replace(s) }
