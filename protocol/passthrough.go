package protocol

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Forward is an HTTP request that a platform made to the connector, passed on whole
// (contract, section "Passthrough"). The order and the duplicates of Headers survive.
type Forward struct {
	Platform string      `json:"platform" wire:"required"`
	BotID    string      `json:"botId" wire:"required"`
	Method   string      `json:"method" wire:"required"`
	Path     string      `json:"path" wire:"required"`
	Headers  [][2]string `json:"headers" wire:"required"`
	BodyB64  string      `json:"bodyB64" wire:"required"`
	Profile  Opt[string] `json:"profile,omitzero" since:"2026-07-08"`
	Extra    Extra       `json:"-"`
}

// Body decodes the exact bytes of the request's body, from base64 with padding.
func (f *Forward) Body() ([]byte, error) {
	body, err := base64.StdEncoding.Strict().DecodeString(f.BodyB64)
	if err == nil && strings.ContainsAny(f.BodyB64, "\r\n") {
		err = errors.New("line breaks") // the decoder skips them, base64 has none
	}
	if err != nil {
		return nil, fmt.Errorf("passthrough body: expected base64 with padding, got %d characters that are not: %w", len(f.BodyB64), err)
	}
	return body, nil
}

// MarshalJSON and UnmarshalJSON keep unknown members and match names exactly.
func (f Forward) MarshalJSON() ([]byte, error)     { return encodeObject("", f) }
func (f *Forward) UnmarshalJSON(data []byte) error { return decodeObject(data, f) }
