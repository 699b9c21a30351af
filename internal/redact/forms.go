package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// forms are the ways in which a secret may be written, itself first. Base64 forms lack
// the padding, so that they match with it and without.
func forms(secret string) []string {
	all := []string{
		secret,
		base64.RawURLEncoding.EncodeToString([]byte(secret)),
		base64.RawStdEncoding.EncodeToString([]byte(secret)),
		hex.EncodeToString([]byte(secret)),
		strings.ToUpper(hex.EncodeToString([]byte(secret))),
		url.QueryEscape(secret),
		url.PathEscape(secret),
		unquoted(strconv.Quote(secret)),
		unquoted(jsonText(secret, true)),
		unquoted(jsonText(secret, false)),
		asciiJSON(secret),
	}
	if lines := strings.FieldsFunc(secret, func(c rune) bool { return c == '\n' || c == '\r' }); len(lines) > 1 {
		for _, line := range lines {
			// The first and last line of a PEM block are no secret.
			if len(line) >= MinLength && !strings.HasPrefix(line, "-----") {
				all = append(all, line)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func unquoted(s string) string { return s[1 : len(s)-1] }

func jsonText(s string, escapeHTML bool) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	_ = enc.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// asciiJSON is the JSON text of s with everything but ASCII escaped, as Python and
// others write it by default.
func asciiJSON(s string) string {
	var b strings.Builder
	for _, c := range unquoted(jsonText(s, false)) {
		switch {
		case c < 0x80:
			b.WriteRune(c)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

// bearerToken matches the scheme, in any case and also URL-encoded, and everything up
// to white space or a quote. A token in no canonical form is hidden whole, whatever
// characters it has.
var bearerToken = regexp.MustCompile("(?i)\\bbearer(?:[ \t]+|%20|\\+)([^\\s\"'`]+)")

// alreadyHidden matches a placeholder of our own, so that redacting twice is redacting once.
var alreadyHidden = regexp.MustCompile(`^\[secret \d+\]`)

// proseLength is the length from which a word after "bearer", written in lower case, is
// taken for a token. The header's scheme is `Bearer`; "a bearer token is missing" is a
// sentence, and a token is never this short.
const proseLength = 16

// bearers finds what follows the bearer scheme. Closing punctuation stays: it belongs
// to the line, not to the token.
func bearers(s string) []span {
	var found []span
	for _, m := range bearerToken.FindAllStringSubmatchIndex(s, -1) {
		start, end := m[2], m[3]
		if alreadyHidden.MatchString(s[start:]) {
			continue
		}
		end = start + len(strings.TrimRight(s[start:end], `\,;)]}`))
		scheme := s[m[0] : m[0]+len("bearer")]
		if end == start || (scheme != "Bearer" && end-start < proseLength) {
			continue
		}
		found = append(found, span{start: start, end: end})
	}
	return found
}
