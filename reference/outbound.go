package reference

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// Result is what an outbound action came to.
type Result struct {
	Success   bool
	MessageID string // of the message that was sent, empty if none was named
	Error     string // why there is no success, empty with it
	// Wire is the result as the connector sent it, zero if none came.
	Wire protocol.Result
}

// Why an action came to nothing. The error of an action that the connector declined
// is a [*DeclinedError].
var (
	// ErrNotConnected: there is no handshaken session; nothing was sent.
	ErrNotConnected = errors.New("not connected to the relay")
	// ErrDropped: the session ended before the result came; the action may or may not
	// have taken effect.
	ErrDropped = errors.New("the relay connection dropped before a result came")
	// ErrTooLong: the content is over the platform's limit; nothing was sent.
	ErrTooLong = errors.New("the content is over the platform's limit; Split cuts it")
	// ErrNoResult: the outbound bound is over; the action may or may not have taken effect.
	ErrNoResult = errors.New("no result from the connector within the bound")
)

// DeclinedError carries the connector's own words.
type DeclinedError struct{ Reason string }

func (e *DeclinedError) Error() string { return "the connector declined: " + e.Reason }

// Send posts a message. The scope of its chat is added to the metadata, see the
// contract's section "Scope echo". The content is sent as it is, and refused with
// [ErrTooLong] where it is over the limit in force; [Split] cuts a long one. Every
// error is mirrored in the result, so that callers may look at either; a send while
// disconnected and everything in flight at a drop fail at once.
func (g *Gateway) Send(ctx context.Context, a protocol.Send) (Result, error) {
	if !a.ReplyTo.IsSet() {
		a.ReplyTo = protocol.Null[string]() // as known gateways send it
	}
	a.Metadata = g.scopes.echo(a.ChatID, a.Metadata)
	if err := g.fits(a.Op(), a.Content); err != nil {
		return Result{Error: err.Error()}, err
	}
	return g.act(ctx, &a)
}

// Edit replaces the text of a message. A content over the limit is refused with
// [ErrTooLong].
func (g *Gateway) Edit(ctx context.Context, a protocol.Edit) (Result, error) {
	if err := g.fits(a.Op(), a.Content); err != nil {
		return Result{Error: err.Error()}, err
	}
	a.Metadata = g.scopes.echo(a.ChatID, a.Metadata)
	return g.act(ctx, &a)
}

// fits holds a content to the limit in force.
func (g *Gateway) fits(op protocol.Op, content string) error {
	is, known := g.Capabilities()
	if !known || is.Length(content) <= is.MaxMessageLength {
		return nil
	}
	return fmt.Errorf("%s: expected at most %d %s, got %d: %w", op, is.MaxMessageLength, is.LenUnit, is.Length(content), ErrTooLong)
}

// Typing shows that the gateway is at work in a chat.
func (g *Gateway) Typing(ctx context.Context, a protocol.Typing) (Result, error) {
	a.Metadata = g.scopes.echo(a.ChatID, a.Metadata)
	return g.act(ctx, &a)
}

// FollowUp acts on a credential that the connector keeps, named by session key and
// kind, such as discord.interaction_token. The gateway never holds the credential. A
// refusal is final: there is nothing to retry.
func (g *Gateway) FollowUp(ctx context.Context, a protocol.FollowUp) (Result, error) {
	if !a.Metadata.IsSet() {
		a.Metadata = protocol.Some(protocol.Metadata{})
	}
	return g.act(ctx, &a)
}

// ChatInfo asks for a chat's name and type. What the connector leaves out takes the
// contract's defaults: the chat id for the name, dm for the type.
func (g *Gateway) ChatInfo(ctx context.Context, chatID string) (name, chatType string, err error) {
	name, chatType = chatID, "dm"
	r, err := g.request(ctx, &protocol.GetChatInfo{ChatID: chatID})
	if err != nil {
		return name, chatType, err
	}
	if r.Success.IsSet() && !r.Succeeded() {
		return name, chatType, &DeclinedError{Reason: r.Error.Or("no reason given")}
	}
	// {chat_info: {name, type}} or the same two members at the top.
	info, nested := r.ChatInfo.Get()
	if !nested {
		info = protocol.ChatInfo{Name: r.Name, Type: r.ChatType}
	}
	return firstOf(info.Name.Or(""), name), firstOf(info.Type.Or(""), chatType), nil
}

// Interrupt asks the connector to stop the turn of a session key, wherever it runs. It
// returns once the frame is written; the contract has no answer to it. An empty reason
// is sent as null.
func (g *Gateway) Interrupt(ctx context.Context, sessionKey, reason string) error {
	s := g.current()
	if s == nil {
		return ErrNotConnected
	}
	f := &protocol.Interrupt{SessionKey: sessionKey, Reason: protocol.Null[string]()}
	if reason != "" {
		f.Reason = protocol.Some(reason)
	}
	return s.send(ctx, f)
}

// act performs an action and turns its result into the caller's. A result without
// `success` counts as a failure.
func (g *Gateway) act(ctx context.Context, a protocol.Action) (Result, error) {
	r, err := g.request(ctx, a)
	if err != nil {
		return Result{Error: err.Error()}, err
	}
	res := Result{Success: r.Succeeded(), MessageID: r.MessageID.Or(""), Error: r.Error.Or(""), Wire: r}
	if res.Success {
		return res, nil
	}
	if res.Error == "" {
		res.Error = "no reason given"
	}
	return res, &DeclinedError{Reason: res.Error}
}

// request sends an action and waits for its result, no longer than the outbound
// bound, the session and ctx last.
func (g *Gateway) request(ctx context.Context, a protocol.Action) (protocol.Result, error) {
	s := g.current()
	if s == nil {
		return protocol.Result{}, fmt.Errorf("%s: %w", a.Op(), ErrNotConnected)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, g.bounds.Outbound, ErrNoResult)
	defer cancel()
	id := newRequestID()
	result, ok := s.flight.take(id)
	if !ok {
		return protocol.Result{}, fmt.Errorf("%s: %w", a.Op(), ErrNotConnected)
	}
	defer s.flight.forget(id)
	began := time.Now()
	if err := s.send(ctx, &protocol.Outbound{RequestID: id, Action: a}); err != nil {
		return protocol.Result{}, fmt.Errorf("%s: %w", a.Op(), err)
	}
	select {
	case r, ok := <-result:
		if !ok {
			return protocol.Result{}, fmt.Errorf("%s: %w", a.Op(), ErrDropped)
		}
		return r, nil
	case <-ctx.Done():
		return protocol.Result{}, fmt.Errorf("%s, after %s: %w", a.Op(), time.Since(began).Round(time.Millisecond), context.Cause(ctx))
	}
}
