// Package answer computes what this project's protocol package says to the input of a
// vector. The tests compare it with the verdict; the Go port answers with it.
package answer

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// ErrUnsupported says that there is no such op.
var ErrUnsupported = errors.New("unsupported op")

// Refusal is an outcome that is a stable error code.
type Refusal string

func (r Refusal) Error() string { return string(r) }

type m = map[string]any

// Input is the arguments of a call; members that the op does not have stay empty.
type Input struct {
	Now time.Time `json:"-"`

	Payload string   `json:"payload"`
	Secret  string   `json:"secret"`
	Secrets []string `json:"secrets"`
	Exp     *int64   `json:"exp"`
	Text    string   `json:"text"`
	Token   string   `json:"token"`

	Base  string `json:"base"`
	Route string `json:"route"`

	Side     string    `json:"side"`
	Messages []Message `json:"messages"`
	Line     string    `json:"line"`
	JSON     string    `json:"json"`
}

// Message is one WebSocket message of an input: text, repeated Times times, or binary.
type Message struct {
	Text  string  `json:"text"`
	Times int     `json:"times"`
	Hex   *string `json:"hex"`
}

// Payload is the bytes of the message.
func (msg Message) Payload() ([]byte, error) {
	if msg.Hex != nil {
		return hex.DecodeString(*msg.Hex)
	}
	return []byte(strings.Repeat(msg.Text, max(1, msg.Times))), nil
}

// Answer calls an op. The error is a [Refusal], [ErrUnsupported], or says that the
// input could not be read.
func Answer(op string, now int64, input json.RawMessage) (any, error) {
	call, ok := ops[op]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnsupported, op)
	}
	in := Input{Now: time.Unix(now, 0)}
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, fmt.Errorf("reading the input of %s: %w", op, err)
	}
	return call(in, input)
}

// ops holds a function per op. Its second argument is the input as it came.
var ops = map[string]func(Input, json.RawMessage) (any, error){
	"token/mint": func(in Input, _ json.RawMessage) (any, error) {
		exp := auth.Expiry(in.Now, auth.DefaultTTL)
		if in.Exp != nil {
			exp = *in.Exp
		}
		return auth.Mint(in.Payload, in.Secret, exp), nil
	},
	"token/sign": func(in Input, _ json.RawMessage) (any, error) { return auth.Sign(in.Text, in.Secret), nil },
	"token/verify": func(in Input, _ json.RawMessage) (any, error) {
		claims, err := auth.Verify(in.Token, in.Secrets, in.Now)
		return claims.Payload, authRefusal(err)
	},
	"token/peek": func(in Input, _ json.RawMessage) (any, error) {
		claims, err := auth.Peek(in.Token)
		return m{"payload": claims.Payload, "exp": claims.Exp}, authRefusal(err)
	},
	"url/configured": func(in Input, _ json.RawMessage) (any, error) { return protocol.BaseURL(in.Base), nil },
	"url/dial":       func(in Input, _ json.RawMessage) (any, error) { return protocol.DialURL(in.Base), nil },
	"url/http-base":  func(in Input, _ json.RawMessage) (any, error) { return protocol.HTTPBase(in.Base), nil },
	"url/route":      func(in Input, _ json.RawMessage) (any, error) { return protocol.RouteURL(in.Base, in.Route), nil },
	"frames/split":   split,
	"frames/read":    read,
	"frames/decode": func(in Input, _ json.RawMessage) (any, error) {
		f, err := protocol.Decode([]byte(in.Line))
		if err != nil {
			return nil, frameRefusal(err)
		}
		from, known := f.FrameType().From()
		if !known {
			from = "unknown"
		}
		return m{"type": f.FrameType(), "from": from}, nil
	},
	"descriptor/parse": descriptor,
}

func authRefusal(err error) error {
	if code := auth.Code(err); code != "" {
		return Refusal(code)
	}
	return err
}

func frameRefusal(err error) error {
	var fe *protocol.FrameError
	if errors.As(err, &fe) {
		return Refusal(fe.Code)
	}
	return err
}

func lines(in Input) ([][]byte, error) {
	var s protocol.Splitter
	var out [][]byte
	for _, msg := range in.Messages {
		payload, err := msg.Payload()
		if err != nil {
			return nil, err
		}
		for _, l := range s.Write(payload) {
			out = append(out, l.Data)
		}
	}
	return out, nil
}

func split(in Input, _ json.RawMessage) (any, error) {
	cut, err := lines(in)
	out := []string{}
	for _, l := range cut {
		out = append(out, string(l))
	}
	return out, err
}

func read(in Input, _ json.RawMessage) (any, error) {
	cut, err := lines(in)
	if err != nil {
		return nil, err
	}
	handled, acks, skipped, ignored := []json.RawMessage{}, []string{}, 0, 0
	for _, l := range cut {
		f, err := protocol.Decode(l)
		if err != nil {
			skipped++
			continue
		}
		if from, known := f.FrameType().From(); !known || string(from) == in.Side {
			ignored++
			continue
		}
		data, err := protocol.Encode(f)
		if err != nil {
			return nil, err
		}
		handled = append(handled, data)
		switch f := f.(type) {
		case *protocol.Inbound:
			acks = ack(acks, f.BufferID)
		case *protocol.PassthroughForward:
			acks = ack(acks, f.BufferID)
		}
	}
	return m{"handled": handled, "acks": acks, "skipped": skipped, "ignored": ignored}, nil
}

func ack(acks []string, id protocol.Opt[string]) []string {
	if s := id.Or(""); s != "" {
		return append(acks, s)
	}
	return acks
}

func descriptor(in Input, _ json.RawMessage) (any, error) {
	d, err := protocol.ParseDescriptor([]byte(in.JSON))
	if err != nil {
		return nil, frameRefusal(err)
	}
	inUse := []string{}
	for _, op := range protocol.Ops() {
		if op != protocol.OpGetChatInfo && d.Supports(op) {
			inUse = append(inUse, string(op))
		}
	}
	slices.Sort(inUse)
	return m{"contract_version": d.ContractVersion, "platform": d.Platform, "label": d.Label, "max_message_length": d.MaxLength(),
		"supports_draft_streaming": d.SupportsDraftStreaming, "supports_edit": d.SupportsEdit, "supports_threads": d.SupportsThreads,
		"markdown_dialect": d.MarkdownDialect, "code_blocks": d.MarkdownDialect != "" && d.MarkdownDialect != "plain", "len_unit": d.Unit(),
		"emoji": d.Emoji.Or(protocol.DefaultEmoji), "platform_hint": d.PlatformHint.Or(""), "pii_safe": d.PIISafe.Or(false),
		"supports_context": d.SupportsContext.Or(false), "ops": inUse}, nil
}
