package reference

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/relaykit/relaykit/protocol"
)

// answerLimit bounds how much of an HTTP answer is read.
const answerLimit = 1 << 20

// reasonLimit bounds how much of a connector's own words goes into an error.
const reasonLimit = 200

// post sends one JSON request of the HTTP plane and returns the status and the body.
//
// A redirect is not followed, to wherever it points: it is an answer like any other,
// and neither the bearer nor the body goes to another host. The bearer never appears
// in an error.
func post(ctx context.Context, client *http.Client, base, route, bearer string, body any) (int, []byte, error) {
	fail := func(format string, args ...any) (int, []byte, error) {
		return 0, nil, fmt.Errorf("POST "+route+": "+format, args...)
	}
	data, err := encodeJSON(body)
	if err != nil {
		return fail("%w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, protocol.RouteURL(base, route), bytes.NewReader(data))
	if err != nil {
		return fail("expected a usable relay URL, got one that is not")
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	once := *client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := once.Do(req)
	if err != nil {
		return fail("%w", withoutURL(err))
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit+1))
	switch {
	case err != nil:
		return fail("the answer was cut short: %w", err)
	case len(got) > answerLimit:
		return fail("expected an answer of at most %d bytes, got more", answerLimit)
	}
	return answer.StatusCode, got, nil
}

// refused is the error of an answer that is no success: its status, and the
// connector's own words where it gave any.
//
// They are cleaned before they are cut, or a cut through a secret would show a part of it.
func refused(route, want string, status int, body []byte, clean *redactor) error {
	text := clean.clean(strings.ToValidUTF8(object(body).text("error"), "�"))
	if len(text) > reasonLimit {
		text = strings.ToValidUTF8(text[:reasonLimit], "") + "…"
	}
	if text != "" {
		text = ": " + text
	}
	return fmt.Errorf("POST %s: expected %s, got %d%s", route, want, status, text)
}

// withoutURL takes the URL off a client's error: it may hold user info.
func withoutURL(err error) error {
	var ue interface{ Unwrap() error }
	if errors.As(err, &ue) && ue.Unwrap() != nil {
		return ue.Unwrap()
	}
	return err
}

// encodeJSON writes JSON without escaping <, > and &.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
