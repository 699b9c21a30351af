package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// Decode reads one line, without its newline, as a frame (contract, section
// "Framing"). An unknown type is not an error: it yields *[Unknown]. Every error is
// a *[FrameError]; a receiver skips such a line with a log entry and reads on.
func Decode(line []byte) (Frame, error) {
	if !utf8.Valid(line) {
		return nil, &FrameError{Code: CodeNotJSON, Want: "JSON in UTF-8", Got: "invalid UTF-8"}
	}
	if !json.Valid(line) {
		return nil, &FrameError{Code: CodeNotJSON, Want: "a JSON object", Got: "no JSON"}
	}
	if kind := jsonKind(line); kind != "object" {
		return nil, &FrameError{Code: CodeNotObject, Want: "object", Got: kind}
	}
	name, err := discriminator(line, "type")
	if err != nil {
		return nil, err
	}
	typ := Type(name)
	f := typ.New()
	if f == nil {
		return &Unknown{TypeName: typ, Raw: append(json.RawMessage(nil), line...)}, nil
	}
	if err := decodeStruct(line, reflect.ValueOf(f).Elem(), nil, "type"); err != nil {
		var fe *FrameError
		if errors.As(err, &fe) {
			fe.Type = typ
		}
		return nil, err
	}
	return f, nil
}

// discriminator is the member of a valid object that tells what it is: `type` of a frame,
// `op` of an action.
func discriminator(object []byte, name string) (string, error) {
	var raw []byte
	for s := scan(object); s.next(); {
		if s.text() == name {
			raw = s.value
		}
	}
	switch {
	case raw != nil && raw[0] == '"':
		return unquote(raw), nil
	case name == "type":
		got := "nothing"
		if raw != nil {
			got = jsonKind(raw)
		}
		return "", &FrameError{Code: CodeNoType, Pointer: "/type", Want: "string", Got: got}
	case raw == nil:
		return "", &FrameError{Code: CodeMissingField, Pointer: "/op", Want: "string", Got: "nothing"}
	}
	return "", &FrameError{Code: CodeMistypedField, Pointer: "/op", Want: "string", Got: jsonKind(raw)}
}

// Encode writes a frame as one line: a JSON object and exactly one newline.
func Encode(f Frame) ([]byte, error) {
	if f == nil {
		return nil, errors.New("encoding a frame: expected a frame, got nil")
	}
	if u, ok := f.(*Unknown); ok {
		return append(append([]byte(nil), u.Raw...), '\n'), nil
	}
	data, err := encodeObject(string(f.FrameType()), f)
	if err != nil {
		return nil, fmt.Errorf("encoding a %s frame: %w", f.FrameType(), err)
	}
	return append(data, '\n'), nil
}
