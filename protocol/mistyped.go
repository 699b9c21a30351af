package protocol

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
)

// Mistyped lists the known optional fields of a decoded frame that came with another
// JSON type, sorted by pointer. [Decode] takes the default for such a field, as the
// contract wants of a receiver; a checker that wants to know whether the sender kept
// the contract asks here. Fields that make a whole frame bad are errors of Decode.
func Mistyped(f Frame) []*FrameError {
	var out []*FrameError
	if f != nil {
		findMistyped(reflect.ValueOf(f), "", f.FrameType(), &out)
	}
	slices.SortFunc(out, func(a, b *FrameError) int { return cmp.Compare(a.Pointer, b.Pointer) })
	return out
}

func findMistyped(v reflect.Value, pointer string, typ Type, out *[]*FrameError) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			findMistyped(v.Index(i), pointer+"/"+strconv.Itoa(i), typ, out)
		}
		return
	}
	if v.Kind() != reflect.Struct {
		return
	}
	if v.CanAddr() {
		if o, ok := v.Addr().Interface().(optional); ok {
			if cur, set := o.current(); set {
				// An Opt hands out a copy, which is enough to read Extra from.
				c := reflect.New(reflect.TypeOf(cur))
				c.Elem().Set(reflect.ValueOf(cur))
				findMistyped(c, pointer, typ, out)
			}
			return
		}
	}
	info := infoOf(v.Type())
	for _, f := range info.fields {
		at := pointer + "/" + escapePointer(f.name)
		if info.extra >= 0 {
			if raw, ok := v.Field(info.extra).Interface().(Extra)[f.name]; ok {
				*out = append(*out, &FrameError{Code: CodeMistypedField, Type: typ, Pointer: at, Want: f.want, Got: jsonKind(raw)})
				continue
			}
		}
		if f.want != "any" {
			findMistyped(v.Field(f.index), at, typ, out)
		}
	}
}
