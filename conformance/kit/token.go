package kit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/relaykit/relaykit/fakeconnector"
)

// Token is an upgrade token as a dial carried it, taken apart with the standard library
// alone, so that a mistake of the project's own token code cannot hide a gateway's.
type Token struct {
	Payload string
	Exp     int64
	raw     string // as it came
	signed  string // payload ":" exp, as it came
	exp     string
	sig     string
}

// Token reads the token of a dial. A dial without a readable one ends the case.
func (g *G) Token(dial fakeconnector.Entry) Token {
	t, why := readToken(dial.Dial.Header.Values("Authorization"))
	if why != "" {
		g.Mismatch(`one "Authorization: Bearer <token>" header with payload:exp:signature in base64url`, why)
	}
	g.observation()
	return t
}

// readToken takes a token apart, leniently: that it is canonical is a rule of its own.
// why says what cannot be read, or is empty.
func readToken(headers []string) (t Token, why string) {
	if len(headers) != 1 {
		return t, fmt.Sprintf("%d Authorization headers", len(headers))
	}
	scheme, raw, ok := strings.Cut(headers[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return t, fmt.Sprintf("the scheme %q", scheme)
	}
	t.raw = raw
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(raw), "="))
	if err != nil {
		return t, "no base64url (" + err.Error() + ")"
	}
	parts := strings.Split(string(text), ":")
	if len(parts) < 3 {
		return t, fmt.Sprintf("%d parts inside the token", len(parts))
	}
	n := len(parts)
	t.sig, t.exp = parts[n-1], parts[n-2]
	t.Payload = strings.Join(parts[:n-2], ":")
	t.signed = t.Payload + ":" + t.exp
	if t.Exp, err = strconv.ParseInt(t.exp, 10, 64); err != nil {
		return t, fmt.Sprintf("an exp of %q", t.exp)
	}
	return t, ""
}

// SignedWith reports whether the token is signed with a secret.
func (t Token) SignedWith(secret string) bool {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(t.signed))
	return strings.EqualFold(t.sig, hex.EncodeToString(m.Sum(nil)))
}

var (
	canonicalToken = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	canonicalExp   = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
	canonicalSig   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// NotCanonical says what is not in the canonical form, or "".
func (t Token) NotCanonical() string {
	text, err := base64.RawURLEncoding.Strict().DecodeString(t.raw)
	switch {
	case !canonicalToken.MatchString(t.raw):
		return "padding, white space or characters outside of the base64url alphabet"
	case err != nil || base64.RawURLEncoding.EncodeToString(text) != t.raw:
		return "stray bits at the end"
	case !canonicalExp.MatchString(t.exp):
		return fmt.Sprintf("the exp %q", t.exp)
	case !canonicalSig.MatchString(t.sig):
		return fmt.Sprintf("a signature of %d characters that are not 64 lower-case hex digits", len(t.sig))
	}
	return ""
}
