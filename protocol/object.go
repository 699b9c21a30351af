package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
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
