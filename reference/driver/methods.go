package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// codeException is the JSON-RPC error code of a failure in the gateway's own API.
const codeException = -32000

// method answers one request. Its error is a *jsonrpc2.Error, or a failure of the
// gateway's own API.
type method func(c *Channel, ctx context.Context, params json.RawMessage) (any, error)

// methods is the table of what the driver may ask.
var methods = map[string]method{
	"gateway/send":         send,
	"gateway/edit":         edit,
	"gateway/typing":       typing,
	"gateway/follow_up":    followUp,
	"gateway/chat_info":    chatInfo,
	"gateway/interrupt":    interrupt,
	"gateway/shutdown":     shutdown,
	"gateway/status":       status,
	"gateway/capabilities": capabilities,
	"gateway/session_key":  sessionKey,
	"handler/set":          handlerSet,
	"handler/release":      handlerRelease,
}

// handler serves one link.
type handler struct {
	channel *Channel
	link    *link
}

// Handle implements [jsonrpc2.Handler]. The library calls it on its reader, so each
// request gets a goroutine of its own.
func (h handler) Handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) {
	h.link.serve(1)
	go func() {
		defer h.link.serve(-1)
		h.answer(ctx, conn, req)
	}()
}

func (h handler) answer(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) {
	result, err := h.call(ctx, req)
	if req.Notif {
		return
	}
	h.link.flush() // what the driver was told before its answer comes before it
	// An answer that cannot be written has ended the link.
	if err == nil {
		_ = conn.Reply(ctx, req.ID, result)
	} else {
		_ = conn.ReplyWithError(ctx, req.ID, rpcError(err))
	}
}

func (h handler) call(ctx context.Context, req *jsonrpc2.Request) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	m, ok := methods[req.Method]
	if !ok {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "this gateway has no method " + req.Method}
	}
	var params json.RawMessage
	if req.Params != nil {
		params = *req.Params
	}
	return m(h.channel, ctx, params)
}

func rpcError(err error) *jsonrpc2.Error {
	var rpc *jsonrpc2.Error
	if errors.As(err, &rpc) {
		return rpc
	}
	e := &jsonrpc2.Error{Code: codeException, Message: err.Error()}
	e.SetError(map[string]string{"exception": fmt.Sprintf("%T", err)})
	return e
}

func invalid(format string, args ...any) error {
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: fmt.Sprintf(format, args...)}
}

// read decodes parameters into v, which names every member that there may be; one
// that is not named is refused instead of dropped. required members must be there.
func read(params json.RawMessage, v any, required ...string) error {
	params = bytes.TrimSpace(params)
	if len(params) == 0 {
		params = json.RawMessage("{}")
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(params, &members) != nil || members == nil {
		return invalid("params: expected an object")
	}
	for _, name := range required {
		if raw, ok := members[name]; !ok || string(raw) == "null" {
			return invalid("params: expected a member %q, got none", name)
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(params))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return invalid("params: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := decoder.Token(); err != io.EOF {
		return invalid("params: expected one object")
	}
	return nil
}

type resultParams struct {
	Success   bool   `json:"success"`
	MessageID string `json:"message_id,omitempty"`
	Error     string `json:"error,omitempty"`
}

func resultOf(r reference.Result) resultParams {
	return resultParams{Success: r.Success, MessageID: r.MessageID, Error: r.Error}
}

func send(c *Channel, ctx context.Context, params json.RawMessage) (any, error) {
	var p struct {
		ChatID   string                          `json:"chat_id"`
		Content  string                          `json:"content"`
		ReplyTo  protocol.Opt[string]            `json:"reply_to"`
		Metadata protocol.Opt[protocol.Metadata] `json:"metadata"`
	}
	if err := read(params, &p, "chat_id", "content"); err != nil {
		return nil, err
	}
	r, _ := c.gateway.Send(ctx, protocol.Send{ChatID: p.ChatID, Content: p.Content, ReplyTo: p.ReplyTo, Metadata: p.Metadata})
	return resultOf(r), nil
}

func edit(c *Channel, ctx context.Context, params json.RawMessage) (any, error) {
	var p struct {
		ChatID    string                          `json:"chat_id"`
		MessageID string                          `json:"message_id"`
		Content   string                          `json:"content"`
		Metadata  protocol.Opt[protocol.Metadata] `json:"metadata"`
	}
	if err := read(params, &p, "chat_id", "message_id", "content"); err != nil {
		return nil, err
	}
	r, _ := c.gateway.Edit(ctx, protocol.Edit{ChatID: p.ChatID, MessageID: p.MessageID, Content: p.Content, Metadata: p.Metadata})
	return resultOf(r), nil
}

func typing(c *Channel, ctx context.Context, params json.RawMessage) (any, error) {
	var p struct {
		ChatID   string                          `json:"chat_id"`
		Content  protocol.Opt[string]            `json:"content"`
		Metadata protocol.Opt[protocol.Metadata] `json:"metadata"`
	}
	if err := read(params, &p, "chat_id"); err != nil {
		return nil, err
	}
	r, _ := c.gateway.Typing(ctx, protocol.Typing{ChatID: p.ChatID, Content: p.Content, Metadata: p.Metadata})
	return resultOf(r), nil
}

func followUp(c *Channel, ctx context.Context, params json.RawMessage) (any, error) {
	var p struct {
		SessionKey string                          `json:"session_key"`
		Kind       string                          `json:"kind"`
		Content    string                          `json:"content"`
		Metadata   protocol.Opt[protocol.Metadata] `json:"metadata"`
	}
	if err := read(params, &p, "session_key", "kind", "content"); err != nil {
		return nil, err
	}
	r, _ := c.gateway.FollowUp(ctx, protocol.FollowUp{SessionKey: p.SessionKey, Kind: p.Kind, Content: p.Content, Metadata: p.Metadata})
	return resultOf(r), nil
}

func chatInfo(c *Channel, ctx context.Context, params json.RawMessage) (any, error) {
	var p struct {
		ChatID string `json:"chat_id"`
	}
	if err := read(params, &p, "chat_id"); err != nil {
		return nil, err
	}
	name, chatType, err := c.gateway.ChatInfo(ctx, p.ChatID)
	if err != nil {
		return resultParams{Error: err.Error()}, nil
	}
	return map[string]any{"success": true, "chat_info": map[string]string{"name": name, "type": chatType}}, nil
}

func interrupt(c *Channel, ctx context.Context, params json.RawMessage) (any, error) {
	var p struct {
		SessionKey string               `json:"session_key"`
		Reason     protocol.Opt[string] `json:"reason"`
	}
	if err := read(params, &p, "session_key"); err != nil {
		return nil, err
	}
	if err := c.gateway.Interrupt(ctx, p.SessionKey, p.Reason.Or("")); err != nil {
		return resultParams{Error: err.Error()}, nil
	}
	return resultParams{Success: true}, nil
}

func shutdown(c *Channel, ctx context.Context, params json.RawMessage) (any, error) {
	if err := read(params, &struct{}{}); err != nil {
		return nil, err
	}
	// The drain goes on even if the driver does not wait for it.
	if err := c.gateway.Shutdown(context.WithoutCancel(ctx)); err != nil {
		c.log.Warn("drained", "error", err)
	}
	return struct{}{}, nil
}

func status(c *Channel, _ context.Context, params json.RawMessage) (any, error) {
	if err := read(params, &struct{}{}); err != nil {
		return nil, err
	}
	return statusOf(c.gateway.Status()), nil
}

func sessionKey(c *Channel, _ context.Context, params json.RawMessage) (any, error) {
	var p struct {
		Source *protocol.Source `json:"source"`
	}
	if err := read(params, &p, "source"); err != nil {
		return nil, err
	}
	return map[string]string{"session_key": c.gateway.SessionKey(*p.Source)}, nil
}

func handlerSet(c *Channel, _ context.Context, params json.RawMessage) (any, error) {
	var p struct {
		Mode mode `json:"mode"`
		At   step `json:"at"`
	}
	if err := read(params, &p, "mode"); err != nil {
		return nil, err
	}
	if err := c.behaviour.set(p.Mode, p.At); err != nil {
		return nil, invalid("params: %s", err)
	}
	return struct{}{}, nil
}

func handlerRelease(c *Channel, _ context.Context, params json.RawMessage) (any, error) {
	if err := read(params, &struct{}{}); err != nil {
		return nil, err
	}
	c.behaviour.letGo()
	return struct{}{}, nil
}

func capabilities(c *Channel, _ context.Context, params json.RawMessage) (any, error) {
	var p struct {
		ChatID string               `json:"chat_id"` // one platform identity, so every chat has the same
		Text   protocol.Opt[string] `json:"text"`
	}
	if err := read(params, &p); err != nil {
		return nil, err
	}
	is, ok := c.gateway.Capabilities()
	if !ok {
		return nil, reference.ErrNotConnected
	}
	result := map[string]any{
		"max_message_length":       is.MaxMessageLength,
		"len_unit":                 is.LenUnit,
		"platform":                 is.Platform,
		"label":                    is.Label,
		"supports_draft_streaming": is.DraftStreaming,
		"supports_edit":            is.Edit,
		"supports_threads":         is.Threads,
		"markdown_dialect":         is.MarkdownDialect,
		"code_blocks":              is.CodeBlocks,
		"emoji":                    is.Emoji,
		"platform_hint":            is.PlatformHint,
		"pii_safe":                 is.PIISafe,
	}
	if text, ok := p.Text.Get(); ok {
		result["message_length"] = is.Length(text)
	}
	return result, nil
}
