package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
)

// Op names an outbound action.
type Op string

// The ops of the contract, section "Outbound actions".
const (
	OpSend         Op = "send"
	OpEdit         Op = "edit"
	OpTyping       Op = "typing"
	OpGetChatInfo  Op = "get_chat_info"
	OpFollowUp     Op = "follow_up"
	OpSendMedia    Op = "send_media"
	OpPrompt       Op = "prompt"
	OpReact        Op = "react"
	OpThreadCreate Op = "thread_create"
	OpThreadRename Op = "thread_rename"
)

// Legacy reports whether the op may be used when a descriptor names no ops.
func (o Op) Legacy() bool {
	switch o {
	case OpSend, OpEdit, OpTyping, OpFollowUp:
		return true
	}
	return false
}

// Metadata travels with an action; its members are kept as they came.
type Metadata map[string]json.RawMessage

// String returns a member that is a string.
func (m Metadata) String(key string) (string, bool) {
	raw, ok := m[key]
	if !ok || jsonKind(raw) != "string" {
		return "", false
	}
	if raw[0] == '"' && json.Valid(raw) {
		return unquote(bytes.TrimRight(raw, " \t\r\n")), true
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// Set stores a string member; m must not be nil.
func (m Metadata) Set(key, value string) {
	raw, _ := marshalPlain(value)
	m[key] = raw
}

// Action is what an outbound frame asks for. The concrete types are pointers to the
// structs below, and *[UnknownAction].
type Action interface {
	Op() Op
}

// Send posts a message.
type Send struct {
	ChatID   string        `json:"chat_id" wire:"required"`
	Content  string        `json:"content" wire:"required"`
	ReplyTo  Opt[string]   `json:"reply_to,omitzero"`
	Metadata Opt[Metadata] `json:"metadata,omitzero"`
	Extra    Extra         `json:"-"`
}

// Edit replaces the text of a message.
type Edit struct {
	ChatID    string        `json:"chat_id" wire:"required"`
	MessageID string        `json:"message_id" wire:"required"`
	Content   string        `json:"content" wire:"required"`
	Metadata  Opt[Metadata] `json:"metadata,omitzero"`
	Extra     Extra         `json:"-"`
}

// Typing shows, or with an empty Content clears, a status in a chat.
type Typing struct {
	ChatID   string        `json:"chat_id" wire:"required"`
	Content  Opt[string]   `json:"content,omitzero"`
	Metadata Opt[Metadata] `json:"metadata,omitzero"`
	Extra    Extra         `json:"-"`
}

// GetChatInfo asks for a chat's name and type.
type GetChatInfo struct {
	ChatID string `json:"chat_id" wire:"required"`
	Extra  Extra  `json:"-"`
}

// FollowUp acts on a credential that the connector keeps; it names it by session and
// kind and never carries it.
type FollowUp struct {
	SessionKey string        `json:"session_key" wire:"required"`
	Kind       string        `json:"kind" wire:"required"`
	Content    string        `json:"content" wire:"required"`
	Metadata   Opt[Metadata] `json:"metadata,omitzero"`
	Extra      Extra         `json:"-"`
}

// SendMedia posts a file that the connector fetches from SourceURL.
type SendMedia struct {
	ChatID    string        `json:"chat_id" wire:"required"`
	MediaKind string        `json:"media_kind" wire:"required"`
	SourceURL string        `json:"source_url" wire:"required"`
	Content   Opt[string]   `json:"content,omitzero"`
	Filename  Opt[string]   `json:"filename,omitzero"`
	ReplyTo   Opt[string]   `json:"reply_to,omitzero"`
	Metadata  Opt[Metadata] `json:"metadata,omitzero"`
	Extra     Extra         `json:"-"`
}

// Prompt posts a question with options to press.
type Prompt struct {
	ChatID     string         `json:"chat_id" wire:"required"`
	PromptKind string         `json:"prompt_kind" wire:"required"`
	PromptID   string         `json:"prompt_id" wire:"required"`
	Content    string         `json:"content" wire:"required"`
	Options    []PromptOption `json:"options" wire:"required"`
	TimeoutS   Opt[float64]   `json:"timeout_s,omitzero"`
	ReplyTo    Opt[string]    `json:"reply_to,omitzero"`
	Metadata   Opt[Metadata]  `json:"metadata,omitzero"`
	Extra      Extra          `json:"-"`
}

// PromptOption is one button of a prompt.
type PromptOption struct {
	ID    string      `json:"id" wire:"required"`
	Label string      `json:"label" wire:"required"`
	Style Opt[string] `json:"style,omitzero"`
	Extra Extra       `json:"-"`
}

// React puts an emoji on a message, or takes it away.
type React struct {
	ChatID    string        `json:"chat_id" wire:"required"`
	MessageID string        `json:"message_id" wire:"required"`
	Emoji     string        `json:"emoji" wire:"required"`
	Remove    Opt[bool]     `json:"remove,omitzero"`
	Metadata  Opt[Metadata] `json:"metadata,omitzero"`
	Extra     Extra         `json:"-"`
}

// ThreadCreate opens a thread in a chat.
type ThreadCreate struct {
	ChatID     string        `json:"chat_id" wire:"required"`
	ThreadName string        `json:"thread_name" wire:"required"`
	MessageID  Opt[string]   `json:"message_id,omitzero"`
	Metadata   Opt[Metadata] `json:"metadata,omitzero"`
	Extra      Extra         `json:"-"`
}

// ThreadRename renames the thread MessageID.
type ThreadRename struct {
	ChatID            string        `json:"chat_id" wire:"required"`
	MessageID         string        `json:"message_id" wire:"required"`
	ThreadName        string        `json:"thread_name" wire:"required"`
	OnlyIfCurrentName Opt[string]   `json:"only_if_current_name,omitzero"`
	Metadata          Opt[Metadata] `json:"metadata,omitzero"`
	Extra             Extra         `json:"-"`
}

// UnknownAction is an action whose op this package does not know, kept whole. A
// connector answers it with success false.
type UnknownAction struct {
	Name Op
	Raw  json.RawMessage
}

// Op implements [Action].
func (*Send) Op() Op            { return OpSend }
func (*Edit) Op() Op            { return OpEdit }
func (*Typing) Op() Op          { return OpTyping }
func (*GetChatInfo) Op() Op     { return OpGetChatInfo }
func (*FollowUp) Op() Op        { return OpFollowUp }
func (*SendMedia) Op() Op       { return OpSendMedia }
func (*Prompt) Op() Op          { return OpPrompt }
func (*React) Op() Op           { return OpReact }
func (*ThreadCreate) Op() Op    { return OpThreadCreate }
func (*ThreadRename) Op() Op    { return OpThreadRename }
func (u *UnknownAction) Op() Op { return u.Name }

type opKind struct {
	since string
	make  func() Action
}

var opKinds = map[Op]opKind{
	OpSend:         {Baseline, func() Action { return new(Send) }},
	OpEdit:         {Baseline, func() Action { return new(Edit) }},
	OpTyping:       {Baseline, func() Action { return new(Typing) }},
	OpGetChatInfo:  {Baseline, func() Action { return new(GetChatInfo) }},
	OpFollowUp:     {Baseline, func() Action { return new(FollowUp) }},
	OpSendMedia:    {"2026-07-25", func() Action { return new(SendMedia) }},
	OpPrompt:       {"2026-07-26", func() Action { return new(Prompt) }},
	OpReact:        {"2026-07-26", func() Action { return new(React) }},
	OpThreadCreate: {"2026-07-26", func() Action { return new(ThreadCreate) }},
	OpThreadRename: {"2026-07-26", func() Action { return new(ThreadRename) }},
}

// Ops lists the known ops, in the contract's order.
func Ops() []Op {
	return []Op{OpSend, OpEdit, OpTyping, OpGetChatInfo, OpFollowUp, OpSendMedia, OpPrompt, OpReact, OpThreadCreate, OpThreadRename}
}

// Since is the revision that added the op, empty for an unknown one.
func (o Op) Since() string { return opKinds[o].since }

// New returns an empty action of this op, or nil for an unknown one.
func (o Op) New() Action {
	if k, ok := opKinds[o]; ok {
		return k.make()
	}
	return nil
}

// DecodeAction reads an action. An unknown op is not an error. Every error is a
// *[FrameError] whose pointer starts at the action.
func DecodeAction(data []byte) (Action, error) {
	if !json.Valid(data) {
		return nil, &FrameError{Code: CodeMistypedField, Want: "object", Got: jsonKind(data)}
	}
	return decodeAction(data)
}

// decodeAction reads valid JSON.
func decodeAction(data []byte) (Action, error) {
	if kind := jsonKind(data); kind != "object" {
		return nil, &FrameError{Code: CodeMistypedField, Want: "object", Got: kind}
	}
	op, err := discriminator(data, "op")
	if err != nil {
		return nil, err
	}
	a := Op(op).New()
	if a == nil {
		return &UnknownAction{Name: Op(op), Raw: append(json.RawMessage(nil), data...)}, nil
	}
	if err := decodeStruct(data, reflect.ValueOf(a).Elem(), nil, "op"); err != nil {
		return nil, err
	}
	return a, nil
}

// encodeAction puts `op` first, as every known gateway does.
func encodeAction(a Action) ([]byte, error) { return appendAction(nil, a) }

func appendAction(b []byte, a Action) ([]byte, error) {
	return appendObject(b, "op", string(a.Op()), reflect.ValueOf(a).Elem(), true)
}

// MarshalJSON writes the action with its op.
func (a *Send) MarshalJSON() ([]byte, error)         { return encodeAction(a) }
func (a *Edit) MarshalJSON() ([]byte, error)         { return encodeAction(a) }
func (a *Typing) MarshalJSON() ([]byte, error)       { return encodeAction(a) }
func (a *GetChatInfo) MarshalJSON() ([]byte, error)  { return encodeAction(a) }
func (a *FollowUp) MarshalJSON() ([]byte, error)     { return encodeAction(a) }
func (a *SendMedia) MarshalJSON() ([]byte, error)    { return encodeAction(a) }
func (a *Prompt) MarshalJSON() ([]byte, error)       { return encodeAction(a) }
func (a *React) MarshalJSON() ([]byte, error)        { return encodeAction(a) }
func (a *ThreadCreate) MarshalJSON() ([]byte, error) { return encodeAction(a) }
func (a *ThreadRename) MarshalJSON() ([]byte, error) { return encodeAction(a) }

// MarshalJSON writes the action as it came.
func (u *UnknownAction) MarshalJSON() ([]byte, error) {
	if len(u.Raw) == 0 {
		return nil, errors.New("encoding an action of an unknown op: expected its raw JSON, got none")
	}
	return u.Raw, nil
}

// MarshalJSON and UnmarshalJSON keep unknown members and match names exactly.
func (o PromptOption) MarshalJSON() ([]byte, error)     { return encodeObject("", o) }
func (o *PromptOption) UnmarshalJSON(data []byte) error { return decodeObject(data, o) }

// Result answers an action. A result without `success` counts as a failure, except
// for get_chat_info, whose answer is the chat itself.
type Result struct {
	Success   Opt[bool]     `json:"success,omitzero"`
	MessageID Opt[string]   `json:"message_id,omitzero"`
	Error     Opt[string]   `json:"error,omitzero"`
	ChatInfo  Opt[ChatInfo] `json:"chat_info,omitzero"`
	Name      Opt[string]   `json:"name,omitzero"` // of a chat, where chat_info is left out
	ChatType  Opt[string]   `json:"type,omitzero"` // of a chat, where chat_info is left out
	ThreadID  Opt[string]   `json:"thread_id,omitzero" since:"2026-07-26"`
	Extra     Extra         `json:"-"`
}

// ChatInfo is a chat's name and type.
type ChatInfo struct {
	Name  Opt[string] `json:"name,omitzero"`
	Type  Opt[string] `json:"type,omitzero"`
	Extra Extra       `json:"-"`
}

// Succeeded reports whether the result says success true.
func (r *Result) Succeeded() bool { return r.Success.Or(false) }

// MarshalJSON and UnmarshalJSON keep unknown members and match names exactly.
func (r Result) MarshalJSON() ([]byte, error)       { return encodeObject("", r) }
func (r *Result) UnmarshalJSON(data []byte) error   { return decodeObject(data, r) }
func (c ChatInfo) MarshalJSON() ([]byte, error)     { return encodeObject("", c) }
func (c *ChatInfo) UnmarshalJSON(data []byte) error { return decodeObject(data, c) }
