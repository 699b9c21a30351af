package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/gate"
)

// fault is a problem about one field.
func fault(status int, location string, value any, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	return huma.NewError(status, location+": "+message, &huma.ErrorDetail{Location: location, Message: message, Value: value})
}

// refused makes a problem of an error of the connector. location is the field that named
// what the error is about.
func refused(location string, err error) error {
	var field *fieldError
	switch {
	case errors.As(err, &field):
		at := "body"
		if field.location != "" {
			at += "." + field.location
		}
		return fault(field.status, at, nil, "%v", field.err)
	case errors.Is(err, gate.ErrTaken), errors.Is(err, gate.ErrFull):
		return fault(http.StatusConflict, location, nil, "%v", err)
	case errors.Is(err, gate.ErrNotHeld), errors.Is(err, gate.ErrNoInstance):
		return fault(http.StatusNotFound, location, nil, "%v", err)
	case errors.Is(err, gate.ErrBad):
		return fault(http.StatusUnprocessableEntity, location, nil, "%v", err)
	case errors.Is(err, fakeconnector.ErrUnknown), errors.Is(err, errNoSpace):
		return fault(http.StatusNotFound, location, nil, "%v", err)
	case errors.Is(err, fakeconnector.ErrTooLong):
		return fault(http.StatusRequestEntityTooLarge, location, nil, "%v", err)
	case errors.Is(err, fakeconnector.ErrNotConnected), errors.Is(err, fakeconnector.ErrSessionOver), errors.Is(err, errSpaceTaken), errors.Is(err, fakeconnector.ErrTaken), errors.Is(err, errDefaultSpot), errors.Is(err, errTooMany):
		return fault(http.StatusConflict, location, nil, "%v", err)
	case errors.Is(err, errShutsDown), errors.Is(err, context.Canceled):
		return huma.NewError(http.StatusServiceUnavailable, err.Error())
	}
	return huma.NewError(http.StatusUnprocessableEntity, err.Error())
}

// shown marks, in an operation's metadata, the answers that are not redacted: shownOnce
// shows a secret on purpose, and redacted has passed the redactor already.
const (
	shown     = "shown"
	shownOnce = "a secret, once"
	redacted  = "redacted already"
)

// redactAnswer takes every known secret out of an answer, and makes problems short.
func (s *Server) redactAnswer(ctx huma.Context, status string, v any) (any, error) {
	if p, ok := v.(*huma.ErrorModel); ok {
		for _, e := range p.Errors {
			if e != nil {
				shorten(e)
			}
		}
	} else if ctx.Operation().Metadata[shown] != nil {
		return v, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(s.redact(ctx.Query("namespace"), string(text))), nil
}

// redact passes the redactor of a namespace, and that of the process.
func (s *Server) redact(namespace, text string) string {
	if namespace == "" {
		namespace = "default"
	}
	if space, err := s.Spaces.Get(namespace); err == nil {
		text = space.Connector.Redact(text)
	}
	return s.Redact(text)
}

// shorten leaves out what came where it is long or the whole body: the client has it.
func shorten(e *huma.ErrorDetail) {
	if what, unknown := strings.CutPrefix(e.Message, huma.ErrUnknownContentType.Error()+": "); unknown {
		e.Location, e.Value = "header.Content-Type", what
		e.Message = "expected another content type: application/json, as curl --json sends it, unless the route says otherwise"
	}
	e.Message = clip(e.Message)
	switch v := e.Value.(type) {
	case nil, bool, float64, int, int64:
	case string:
		if e.Location == "body" || len(v) > 100 || !utf8.ValidString(v) {
			e.Value = nil
		}
	default:
		e.Value = nil
	}
}
