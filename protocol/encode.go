package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// encodeObject writes the struct that v is or points to: first `type` where typ is
// not empty, then the known members in the order of their declaration, then Extra.
func encodeObject(typ string, v any) ([]byte, error) {
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	} else {
		// The fields are reached through their addresses, so work on an addressable copy.
		c := reflect.New(rv.Type()).Elem()
		c.Set(rv)
		rv = c
	}
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	b, err := appendObject((*scratch)[:0], "type", typ, rv, false)
	if err != nil {
		return nil, err
	}
	*scratch = b[:0]
	if cap(b) > maxScratch {
		*scratch = nil
	}
	// Of its own size, and room for a newline: a frame may be kept for long.
	return append(make([]byte, 0, len(b)+1), b...), nil
}

// scratches are what objects are written into while their length is not known. A long one
// is not kept.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

const maxScratch = 64 << 10

// appendObject writes an addressable struct. discriminator is the name of its first member,
// whose value is kind; an empty kind is left out. Within another object, what Extra holds
// is written compactly and must be JSON; a whole frame is written as it came.
func appendObject(b []byte, discriminator, kind string, v reflect.Value, within bool) ([]byte, error) {
	info := infoOf(v.Type())
	b = append(b, '{')
	first := len(b)
	if kind != "" {
		b = appendString(appendName(b, first, discriminator), kind)
	}
	for i := range info.fields {
		f := &info.fields[i]
		target := v.Field(f.index).Addr().Interface()
		if o, ok := target.(optional); ok {
			var state optState
			if target, state = o.inside(); state == optAbsent {
				continue
			} else if state == optNull {
				b = append(appendName(b, first, f.name), "null"...)
				continue
			}
		}
		var err error
		if b, err = appendTarget(appendName(b, first, f.name), target); err != nil {
			return nil, fmt.Errorf("encoding %s: %w", f.name, err)
		}
	}
	if info.extra >= 0 {
		var err error
		if b, err = appendExtra(b, first, v, info, discriminator, kind, within); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendExtra(b []byte, first int, v reflect.Value, info *objectInfo, discriminator, kind string, within bool) ([]byte, error) {
	extra := *v.Field(info.extra).Addr().Interface().(*Extra)
	if len(extra) == 0 {
		return b, nil
	}
	names := make([]string, 0, len(extra))
	for name := range extra {
		if i, known := info.byName[name]; !known || v.Field(info.fields[i].index).IsZero() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if name == discriminator && kind != "" {
			continue
		}
		b = appendName(b, first, name)
		if !within {
			b = append(b, extra[name]...)
			continue
		}
		compact := bytes.NewBuffer(b)
		if err := json.Compact(compact, extra[name]); err != nil {
			return nil, fmt.Errorf("encoding %s: %w", name, err)
		}
		b = compact.Bytes()
	}
	return b, nil
}

// appendName writes a member's name, after a comma where it is not the first one.
func appendName(b []byte, first int, name string) []byte {
	if len(b) > first {
		b = append(b, ',')
	}
	return append(appendString(b, name), ':')
}

// appendTarget writes what a pointer points to.
func appendTarget(b []byte, target any) ([]byte, error) {
	switch t := target.(type) {
	case *string:
		return appendString(b, *t), nil
	case *bool:
		return strconv.AppendBool(b, *t), nil
	case *int:
		return strconv.AppendInt(b, int64(*t), 10), nil
	case *Action:
		if _, unknown := (*t).(*UnknownAction); !unknown && *t != nil && !reflect.ValueOf(*t).IsNil() {
			return appendAction(b, *t)
		}
	case json.Marshaler:
		if v := reflect.ValueOf(target).Elem(); v.Kind() == reflect.Struct && infoOf(v.Type()).extra >= 0 {
			return appendObject(b, "", "", v, true)
		}
	}
	data, err := marshalPlain(target)
	return append(b, data...), err
}

// appendString writes a string as marshalPlain does.
func appendString(b []byte, s string) []byte {
	ascii, plain := true, true
	for i := range len(s) {
		c := s[i]
		ascii = ascii && c < utf8.RuneSelf
		plain = plain && c >= ' ' && c != '"' && c != '\\'
	}
	// encoding/json escapes the two line separators of Unicode, and mends what is not UTF-8.
	if !plain || !ascii && (!utf8.ValidString(s) || strings.Contains(s, "\u2028") || strings.Contains(s, "\u2029")) {
		data, _ := marshalPlain(s) // a string always encodes
		return append(b, data...)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
