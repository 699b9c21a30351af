package reference

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/relaykit/relaykit/internal/redact"
)

// redactor takes the known secrets out of what is logged. The code here logs none;
// this is for what comes from outside, such as a close reason or an HTTP error in
// which a connector repeats what it was sent.
type redactor struct {
	mu      sync.RWMutex
	secrets []string
	tokens  []string // the last few that were minted; older ones have been used up
	known   *redact.Redactor
}

// tokensKept is more dials than can be under way when something is logged about one.
const tokensKept = 8

func newRedactor(secrets ...string) *redactor {
	r := &redactor{}
	r.add(secrets...)
	return r
}

func (r *redactor) add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, secrets...)
	r.learn()
}

func (r *redactor) addToken(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens = append(r.tokens, token)
	if len(r.tokens) > tokensKept {
		r.tokens = r.tokens[1:]
	}
	r.learn()
}

// learn starts anew, because a token that was used up is to be forgotten.
func (r *redactor) learn() {
	r.known = redact.New()
	r.known.Add(r.secrets...)
	r.known.Add(r.tokens...)
}

func (r *redactor) clean(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.known.String(text)
}

// cleanError is an error whose text was redacted.
type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.err }

// error is err with the secrets taken out of its text.
func (r *redactor) error(err error) error {
	if err == nil {
		return nil
	}
	return &cleanError{r.clean(err.Error()), err}
}

// cleanHandler is a log handler behind a redactor.
type cleanHandler struct {
	slog.Handler
	redactor *redactor
}

func (h cleanHandler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.redactor.clean(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.attr(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

func (h cleanHandler) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(h.redactor.clean(v.String()))
	case slog.KindAny:
		v = slog.StringValue(h.redactor.clean(fmt.Sprint(v.Any())))
	}
	return slog.Attr{Key: a.Key, Value: v}
}

func (h cleanHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.attr(a)
	}
	return cleanHandler{h.Handler.WithAttrs(clean), h.redactor}
}

func (h cleanHandler) WithGroup(name string) slog.Handler {
	return cleanHandler{h.Handler.WithGroup(name), h.redactor}
}
