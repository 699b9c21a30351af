package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
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
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		// Valid and an object, so what is left is the decoder's limit on nesting.
		return nil, &FrameError{Code: CodeNotJSON, Want: "a JSON object", Got: "nesting beyond the decoder's limit"}
	}
	var typ Type
	raw, ok := members["type"]
	if !ok || jsonKind(raw) != "string" || json.Unmarshal(raw, &typ) != nil {
		got := "nothing"
		if ok {
			got = jsonKind(raw)
		}
		return nil, &FrameError{Code: CodeNoType, Pointer: "/type", Want: "string", Got: got}
	}
	f := typ.New()
	if f == nil {
		return &Unknown{TypeName: typ, Raw: append(json.RawMessage(nil), line...)}, nil
	}
	if err := decodeObject(line, f); err != nil {
		var fe *FrameError
		if errors.As(err, &fe) {
			fe.Type = typ
		}
		return nil, err
	}
	dropTypeFromExtra(f)
	return f, nil
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

// dropTypeFromExtra removes the discriminator, which decodeObject cannot tell from
// an unknown member.
func dropTypeFromExtra(f Frame) {
	if e := extraOf(f); e != nil {
		delete(*e, "type")
		if len(*e) == 0 {
			*e = nil
		}
	}
}

func extraOf(f Frame) *Extra {
	switch f := f.(type) {
	case *Hello:
		return &f.Extra
	case *DescriptorFrame:
		return &f.Extra
	case *Inbound:
		return &f.Extra
	case *InboundAck:
		return &f.Extra
	case *Outbound:
		return &f.Extra
	case *OutboundResult:
		return &f.Extra
	case *Interrupt:
		return &f.Extra
	case *InterruptInbound:
		return &f.Extra
	case *PassthroughForward:
		return &f.Extra
	case *GoingIdle:
		return &f.Extra
	case *GoingIdleAck:
		return &f.Extra
	}
	return nil
}
