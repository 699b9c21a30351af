// Package auth mints and verifies the contract's two signatures: the upgrade token
// that a gateway presents with every dial, and the signature of the superseded
// HTTP delivery. (Contract, section "Authentication of the upgrade".)
package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// DefaultTTL is how long a token lives unless its minter says otherwise.
const DefaultTTL = 300 * time.Second

// Never is the expiry of a token that does not expire.
const Never int64 = 0

// Error is why a token or signature was refused, as one stable word. No error of
// this package ever holds a token, a secret or a computed signature.
type Error string

// The refusals, in the order in which they are looked for.
const (
	ErrMalformed    Error = "malformed"     // not in the canonical form
	ErrBadSignature Error = "bad-signature" // no secret of the list signed it
	ErrExpired      Error = "expired"       // correctly signed, and past its expiry
	ErrSkew         Error = "skew"          // a delivery outside of its window
)

func (e Error) Error() string { return string(e) }

// Code is the stable word of a refusal, empty for another error or none.
func Code(err error) string {
	var e Error
	if errors.As(err, &e) {
		return string(e)
	}
	return ""
}

func refuse(e Error, format string, args ...any) error {
	return fmt.Errorf("%w: %s", e, fmt.Sprintf(format, args...))
}

// Expiry is the expiry of a token that is minted now and lives for ttl, in unix
// seconds. A ttl of zero or less means [Never].
func Expiry(now time.Time, ttl time.Duration) int64 {
	if ttl <= 0 {
		return Never
	}
	return now.Unix() + int64(ttl/time.Second)
}

// SigningString is what an upgrade token signs.
func SigningString(payload string, exp int64) string {
	return payload + ":" + strconv.FormatInt(exp, 10)
}

// Sign is the lowercase hex HMAC-SHA256 of text under the UTF-8 bytes of secret.
func Sign(text, secret string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil))
}

// Mint makes an upgrade token: base64url, without padding, of payload ":" exp ":"
// signature. exp is in unix seconds; [Never] means that it does not expire.
func Mint(payload, secret string, exp int64) string {
	s := SigningString(payload, exp)
	return base64.RawURLEncoding.EncodeToString([]byte(s + ":" + Sign(s, secret)))
}

// Claims are the parts of a token.
type Claims struct {
	Payload string // the gateway id
	Exp     int64  // unix seconds, [Never] for no expiry; beyond int64 it is math.MaxInt64
}

type parsed struct {
	Claims
	signed    string // the text that was signed, as it came
	signature string
}

// Peek reads the claims of a token without verifying it, so that a connector can look
// up the secrets. Nothing that it returns may be trusted. The error is [ErrMalformed].
func Peek(token string) (Claims, error) {
	p, err := parse(token)
	return p.Claims, err
}

// Verify checks a token against every secret of a rotation list, empty ones skipped,
// and returns its claims. At the second of its expiry a token is still valid. Errors
// are [ErrMalformed], [ErrBadSignature] and [ErrExpired], the last only for a token
// that was signed correctly.
func Verify(token string, secrets []string, now time.Time) (Claims, error) {
	p, err := parse(token)
	if err != nil {
		return Claims{}, err
	}
	match := false
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		// Every secret is tried, so that time does not tell which one matched.
		if hmac.Equal([]byte(Sign(p.signed, secret)), []byte(p.signature)) {
			match = true
		}
	}
	if !match {
		return Claims{}, refuse(ErrBadSignature, "expected a signature by one of %d secrets, got another", len(secrets))
	}
	if p.Exp != Never && now.Unix() > p.Exp {
		return Claims{}, refuse(ErrExpired, "expected an expiry of %d or later, got %d; mint a token for every dial and compare the clocks", now.Unix(), p.Exp)
	}
	return p.Claims, nil
}

func parse(token string) (parsed, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// The decoder skips line breaks, which the canonical form does not allow.
	if err != nil || strings.ContainsAny(token, "\r\n") {
		return parsed{}, refuse(ErrMalformed, "expected base64url without padding, white space or stray bits, got %d characters that are not", len(token))
	}
	text := string(raw)
	if !utf8.ValidString(text) {
		return parsed{}, refuse(ErrMalformed, "expected UTF-8 inside the base64url, got other bytes")
	}
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return parsed{}, refuse(ErrMalformed, "expected payload:exp:signature, got one part")
	}
	signed, signature := text[:i], text[i+1:]
	j := strings.LastIndexByte(signed, ':')
	if j < 0 {
		return parsed{}, refuse(ErrMalformed, "expected payload:exp:signature, got two parts")
	}
	exp, ok := canonicalInt(signed[j+1:])
	if !ok {
		return parsed{}, refuse(ErrMalformed, "expected an expiry of 0 or [1-9][0-9]*, got %d other characters", len(signed)-j-1)
	}
	if !isLowerHex64(signature) {
		return parsed{}, refuse(ErrMalformed, "expected a signature of 64 lowercase hex digits, got %d characters", len(signature))
	}
	return parsed{Claims{Payload: signed[:j], Exp: exp}, signed, signature}, nil
}

func canonicalInt(s string) (int64, bool) {
	if s == "" || (s[0] == '0' && s != "0") {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return math.MaxInt64, true // more digits than fit: a time that never comes
	}
	return n, true
}

func isLowerHex64(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
