package gen

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// now is the clock of nearly every case, the one of the recorded data.
const now = 1782300000

// sign and token are the contract's two formulas, from the standard library alone.
func sign(text, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func token(payload, exp, secret string) string {
	s := payload + ":" + exp
	return b64(s + ":" + sign(s, secret))
}

func init() {
	ops["token/mint"] = op{clock: true,
		doc:   "The upgrade token of a gateway id under a secret. Without exp it lives 300 s from now.",
		input: m{"payload": str, "secret": str, "exp?": integer}, output: str}
	ops["token/sign"] = op{
		doc:   "The lower-case hex HMAC-SHA256 of a text under the UTF-8 bytes of a secret.",
		input: m{"text": str, "secret": str}, output: hex64}
	ops["token/verify"] = op{clock: true,
		doc:   "Verifies a token against a rotation list; yields its payload.",
		input: m{"token": str, "secrets": strs}, output: str,
		errors: []string{"malformed", "bad-signature", "expired"}}
	ops["token/peek"] = op{
		doc:   "Reads payload and exp of a token without verifying it, to look its secrets up.",
		input: m{"token": str}, output: closed(m{"payload": str, "exp": integer}),
		errors: []string{"malformed"}}
}

// recordedToken is what the description adds to a recorded call.
type recordedToken struct{ id, rule, cause, err, comment string }

func describeTokens(b *builder) {
	g := b.group("tokens", "Upgrade tokens: base64url without padding of payload, exp and signature, joined by colons, where the signature is the lower-case hex HMAC-SHA256 of payload:exp.")
	named := map[string]recordedToken{
		"verify valid unicode payload":                         {"unicode-payload", "auth/canonical", "payload-not-ascii", "", "The payload is text in UTF-8; its length in bytes and in characters differ."},
		"verify never expires":                                 {"never-expires", "auth/expiry-inclusive", "exp-zero", "", "exp 0 never expires, however late it is."},
		"verify payload with colons":                           {"payload-with-colons", "auth/split-right", "payload-with-colons", "", "The text is split from the right, so a payload may hold colons."},
		"verify EMPTY payload returns empty string (falsy)":    {"empty-payload", "auth/canonical", "payload-empty", "", "An empty payload verifies and yields the empty string, which is not a refusal."},
		"verify exactly at expiry":                             {"at-expiry", "auth/expiry-inclusive", "at-expiry", "", "At the second of its expiry a token is still valid."},
		"verify one second past expiry":                        {"one-second-past-expiry", "auth/expiry-inclusive", "past-expiry", "expired", "One second later it has expired; the signature is correct."},
		"verify wrong secret":                                  {"wrong-secret", "auth/rejected-4401", "wrong-secret", "bad-signature", "Signed with another secret."},
		"verify no secrets":                                    {"no-secrets", "auth/rejected-4401", "no-secrets", "bad-signature", "Nothing to verify against: no token is good."},
		"verify empty secret only":                             {"empty-secret-only", "auth/rotation", "empty-secret-skipped", "bad-signature", "A list with nothing but an empty secret is like an empty list."},
		"verify rotation: primary":                             {"rotation-first", "auth/rotation", "first-of-list", "", "The first secret of the list signed it."},
		"verify rotation: retired":                             {"rotation-retired", "auth/rotation", "retired-secret", "bad-signature", "A secret that has left the list signs no more."},
		"verify rotation: empty string last":                   {"rotation-empty-last", "auth/rotation", "empty-secret-skipped", "", "An empty secret in the list is skipped and does not spoil the others."},
		"verify tampered signature (last nibble)":              {"signature-last-digit-changed", "auth/rejected-4401", "signature-changed", "bad-signature", "The last hex digit differs; the form is canonical."},
		"verify tampered payload":                              {"payload-changed", "auth/rejected-4401", "payload-changed", "bad-signature", "The signature belongs to another payload."},
		"verify uppercase hex signature":                       {"signature-upper-case", "auth/canonical", "signature-upper-case", "malformed", "The signature is lower-case hex; the value is right and the form is not."},
		"verify mixed case signature":                          {"signature-mixed-case", "auth/canonical", "signature-upper-case", "malformed", "One upper-case digit is enough."},
		"verify signature with inner spaces":                   {"signature-inner-spaces", "auth/canonical", "signature-white-space", "malformed", "The signature is 64 hex digits and nothing between them."},
		"verify signature with a leading space":                {"signature-leading-space", "auth/canonical", "signature-white-space", "malformed", "A space before the signature."},
		"verify signature with trailing newline":               {"signature-trailing-newline", "auth/canonical", "signature-white-space", "malformed", "A line feed after the signature, inside the encoding."},
		"verify signature split inside a byte":                 {"signature-space-inside-byte", "auth/canonical", "signature-white-space", "malformed", "A space between the two digits of one byte."},
		"verify signature one byte short":                      {"signature-one-byte-short", "auth/canonical", "signature-length", "malformed", "62 digits."},
		"verify signature one nibble short":                    {"signature-one-digit-short", "auth/canonical", "signature-length", "malformed", "63 digits."},
		"verify signature one byte long":                       {"signature-one-byte-long", "auth/canonical", "signature-length", "malformed", "66 digits, of which the first 64 are right."},
		"verify empty signature":                               {"signature-empty", "auth/canonical", "signature-length", "malformed", "Three parts, the last of them empty."},
		"verify truncated by 1":                                {"truncated-by-1", "auth/canonical", "truncated", "malformed", "One character of the encoding is missing."},
		"verify truncated by 2":                                {"truncated-by-2", "auth/canonical", "truncated", "malformed", "Two characters are missing: a length that no base64 has."},
		"verify truncated by 4":                                {"truncated-by-4", "auth/canonical", "truncated", "malformed", "Four characters are missing."},
		"verify truncated to half":                             {"truncated-to-half", "auth/canonical", "truncated", "malformed", "Half of the token."},
		"verify correctly padded (1 '=')":                      {"padded-1", "auth/canonical", "padding", "malformed", "Correct base64url with its padding; the canonical form has none."},
		"verify correctly padded (2 '=')":                      {"padded-2", "auth/canonical", "padding", "malformed", "Correct base64url with two characters of padding."},
		"verify over-padded (+4 '=', 1 needed)":                {"over-padded-1", "auth/canonical", "padding-excess", "malformed", "More padding than any base64 has."},
		"verify over-padded (+4 '=', 0 needed)":                {"over-padded-0", "auth/canonical", "padding-excess", "malformed", "Padding where none is needed."},
		"verify over-padded (+4 '=', 2 needed)":                {"over-padded-2", "auth/canonical", "padding-excess", "malformed", "More padding than any base64 has."},
		"verify one '=' appended (0 needed)":                   {"one-pad-0-needed", "auth/canonical", "padding-excess", "malformed", "One pad character where none is needed."},
		"verify one '=' appended (2 needed)":                   {"one-pad-2-needed", "auth/canonical", "padding-incomplete", "malformed", "One pad character where two would be needed."},
		"verify correctly padded (0 '=')":                      {"no-padding-needed", "auth/canonical", "length-multiple-of-4", "", "A token whose length is a multiple of four: padded and unpadded are the same."},
		"verify standard alphabet + and /":                     {"standard-alphabet", "auth/canonical", "standard-alphabet", "malformed", "+ and / belong to the other base64 alphabet."},
		"verify leading space":                                 {"leading-space", "auth/canonical", "token-white-space", "malformed", "A space before the token."},
		"verify trailing newline":                              {"trailing-newline", "auth/canonical", "token-white-space", "malformed", "A line feed after the token: many decoders skip it."},
		"verify inner newline":                                 {"inner-newline", "auth/canonical", "token-white-space", "malformed", "A line feed inside the token: many decoders skip it."},
		"verify junk character that breaks the padding":        {"junk-character", "auth/canonical", "not-base64", "malformed", "An exclamation mark inside: many decoders drop what they do not know."},
		"verify bearer prefix left on":                         {"bearer-prefix", "auth/canonical", "bearer-prefix", "malformed", "The scheme of the header is no part of the token."},
		"verify emoji token":                                   {"emoji", "auth/canonical", "not-base64", "malformed", "Not base64 at all, nor ASCII."},
		"verify empty":                                         {"empty", "auth/canonical", "too-few-parts", "malformed", "The empty text."},
		"verify single char":                                   {"single-character", "auth/canonical", "too-few-parts", "malformed", "A length that no base64 has."},
		"verify two parts":                                     {"two-parts", "auth/canonical", "too-few-parts", "malformed", "exp and signature, no payload."},
		"verify one part":                                      {"one-part", "auth/canonical", "too-few-parts", "malformed", "Good base64 without a colon inside."},
		"verify extra colon before the signature":              {"empty-exp-after-colon", "auth/canonical", "exp-empty", "malformed", "Split from the right, the exp is empty and the payload ends with the old exp."},
		"verify leading colon":                                 {"leading-colon", "auth/rejected-4401", "payload-changed", "bad-signature", "Split from the right, the payload starts with a colon, which nobody signed."},
		"verify exp 00 counts as never (normalised signature)": {"exp-double-zero", "auth/canonical", "exp-leading-zero", "malformed", "00 is not a canonical zero."},
	}
	lax := map[string][2]string{
		"leading zeros": {"leading-zeros", "exp-leading-zero"}, "leading space": {"leading-space", "exp-white-space"},
		"trailing space": {"trailing-space", "exp-white-space"}, "underscores": {"underscores", "exp-underscores"},
		"newline": {"newline", "exp-white-space"}, "arabic-indic digits": {"arabic-indic-digits", "exp-other-digits"},
		"fullwidth digits": {"fullwidth-digits", "exp-other-digits"},
	}
	notInteger := map[string]string{"''": "empty", "'12.5'": "fraction", "'1e9'": "exponent", "'0x10'": "hexadecimal", "'NaN'": "nan"}
	for _, r := range b.recorded("tokens.json") {
		var in struct {
			Op, Payload, Secret, Token string
			TTL                        *int64 `json:"ttl_seconds"`
			Secrets                    []string
			Gateway                    string `json:"gateway_id"`
		}
		r.decode(&in)
		var said *string
		switch in.Op {
		case "make_token", "make_upgrade_token", "sign":
			g.recordedMint(r, in.Payload+in.Gateway, in.Secret, in.Op, in.TTL)
			continue
		case "verify_signature":
			r.leftOut = "calls a function that checks a signature apart from its token; the cases token-verify-signature-* say the same of whole tokens"
			continue
		case "verify_token":
			r.expected(&said)
		}
		if r.Name == "verify one '=' appended (1 needed)" {
			r.leftOut = "the same token as `verify correctly padded (1 '=')`"
			continue
		}
		d, ok := named[r.Name]
		name := strings.TrimPrefix(r.Name, "verify ")
		switch {
		case ok:
		case strings.HasPrefix(name, "lax exp ("):
			kind, how, _ := strings.Cut(strings.TrimPrefix(name, "lax exp ("), ")")
			d = recordedToken{"exp-" + lax[kind][0], "auth/canonical", lax[kind][1], "malformed", "An exp with " + kind + ", signed over the plain integer: the value is right and the form is not."}
			if strings.HasSuffix(how, "as written") {
				d.id += "-signed-as-written"
				d.comment = "An exp with " + kind + ", signed exactly as it stands."
			}
		case strings.HasPrefix(name, "non-integer exp "):
			kind := notInteger[strings.TrimSuffix(strings.TrimPrefix(name, "non-integer exp "), ", signed as written")]
			d = recordedToken{"exp-" + kind, "auth/canonical", "exp-not-integer", "malformed", "An exp that is no integer, correctly signed: " + kind + "."}
		case strings.HasPrefix(name, "negative exp "):
			value := strings.TrimSuffix(strings.TrimPrefix(name, "negative exp "), ", signed as written")
			d = recordedToken{"exp-minus-" + slug(value), "auth/canonical", "exp-negative", "malformed", "A negative exp, correctly signed: " + value + "."}
		default:
			panic(fmt.Sprintf("tokens: no description of the recorded case %q", r.Name))
		}
		k := c{id: "token-verify-" + d.id, rule: d.rule, op: "token/verify", cause: d.cause, in: m{"token": in.Token, "secrets": in.Secrets},
			err: d.err, comment: d.comment, from: r}
		k.now = recordedNow(r)
		if d.err == "" {
			k.out = *said
			if *said == "" {
				k.flags = []string{emptyValue}
			}
		}
		if said != nil && d.err != "" {
			k.differs, k.said, k.flags = true, m{"accepted": *said}, []string{lenient}
		}
		k.signing = signedText(in.Token)
		g.add(k)
	}
	g.ownTokens()
}

func recordedNow(r *rec) int64 {
	var in struct{ Now int64 }
	r.decode(&in)
	return in.Now
}

// signedText is the text that a decodable token signs, empty otherwise.
func signedText(token string) string {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if i := strings.LastIndexByte(string(raw), ':'); err == nil && utf8.Valid(raw) && i > 0 && strings.Count(string(raw), ":") > 1 {
		return string(raw[:i])
	}
	return ""
}

func (g *group) recordedMint(r *rec, payload, secret, op string, ttl *int64) {
	var want string
	r.expected(&want)
	name := strings.TrimPrefix(strings.TrimPrefix(r.Name, "make "), "make_upgrade_token ")
	switch {
	case op == "sign":
		g.add(c{id: "token-sign-empty-text", rule: "auth/bearer", op: "token/sign", cause: "empty-text", in: m{"text": payload, "secret": secret},
			out: want, comment: "The HMAC of the empty text.", from: r})
		return
	case ttl != nil && *ttl < 0:
		r.leftOut = "a negative lifetime is an argument of one implementation's function; the wire shows exp 0, as in `token-mint-never`"
		return
	case secret == "":
		g.add(c{id: "token-verify-signed-with-empty-secret", rule: "auth/rotation", op: "token/verify", cause: "empty-secret-skipped", now: now,
			in: m{"token": want, "secrets": []string{""}}, signing: signedText(want), err: "bad-signature", from: r,
			adapted: "the token that it minted, verified against its secret", comment: "Correctly signed under the empty secret, which is skipped: nobody may enter without a secret."})
		return
	}
	in := m{"payload": payload, "secret": secret}
	exp := int64(now + 300)
	k := c{id: "token-mint-" + slug(name), rule: "auth/bearer", op: "token/mint", now: now, in: in, out: want, from: r}
	if ttl != nil {
		exp = now + *ttl
		in["exp"] = exp
		k.adapted = "exp is given instead of the lifetime"
	}
	what, with, _ := strings.Cut(name, ", ")
	switch {
	case op == "make_upgrade_token":
		k.rule, k.cause, k.comment = "auth/token-live", "default-lifetime", "Without an exp the token lives 300 s from now."
	case strings.HasPrefix(name, "padding class"):
		k.cause, k.comment = "length-modulo-3", "A payload length of another remainder modulo 3: the token has no padding in any."
	case strings.HasPrefix(name, "ttl"):
		k.cause, k.comment = "plain", "A plain token that lives 300 s."
	default:
		k.cause = "mint-" + slug(what)
		k.comment = "Payload: " + what + "; secret: " + with + "."
		switch {
		case strings.HasPrefix(with, "long"):
			k.comment += " A secret over 64 bytes is hashed first, as HMAC says."
			k.cause += "-long-secret"
		case strings.HasPrefix(with, "unicode"):
			k.comment += " The key is the secret's UTF-8 bytes."
			k.cause += "-unicode-secret"
		}
	}
	k.signing = payload + ":" + strconv.FormatInt(exp, 10)
	if want != token(payload, strconv.FormatInt(exp, 10), secret) {
		panic(fmt.Sprintf("tokens: %s: the recorded token is not what the formula gives", k.id))
	}
	g.add(k)
}

const frozenSecret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// ownTokens are the cases that the recorded data lacks.
func (g *group) ownTokens() {
	mint := func(id, cause, payload, secret string, exp int64, comment string) {
		e := strconv.FormatInt(exp, 10)
		g.add(c{id: "token-mint-" + id, rule: "auth/bearer", op: "token/mint", cause: cause, now: now, in: m{"payload": payload, "secret": secret, "exp": exp},
			signing: payload + ":" + e, out: token(payload, e, secret), comment: comment})
	}
	mint("never", "exp-zero", "gw-1", "s3cret", 0, "exp 0 is written as one zero.")
	mint("frozen", "frozen-value", "gw-instance-1", frozenSecret, 0, "A value that a connector's own implementation produced.")
	mint("secret-of-64-bytes", "secret-block-length", "gw-1", strings.Repeat("k", 64), now+300, "A secret of exactly one HMAC block is used as it is.")
	mint("secret-of-65-bytes", "secret-block-length", "gw-1", strings.Repeat("k", 65), now+300, "One byte more, and the key is its hash.")
	mint("secret-with-spaces", "secret-not-trimmed", "gw-1", " s3cret ", now+300, "The key is the secret's bytes as they stand, nothing trimmed.")
	mint("secret-looks-like-hex", "secret-not-decoded", "gw-1", "deadbeef", now+300, "A secret that looks like hex is not decoded.")
	mint("url-alphabet", "url-alphabet", "\u00ff\u00bf?>", "s3cret", now+300, "The encoding needs - or _, where the standard alphabet has + and /.")
	mint("exp-beyond-2038", "exp-beyond-32-bits", "gw-1", "s3cret", 4102444800, "An exp that 32 bits do not hold.")
	mint("nfd-payload", "no-normalisation", "gw-e\u0301", "s3cret", now+300, "The payload is not normalised: this e carries a combining accent.")
	mint("nfc-payload", "no-normalisation", "gw-\u00e9", "s3cret", now+300, "The same text to the eye, another token.")

	type v struct {
		id, rule, cause, token string
		secrets                []string
		now                    int64
		out, err, comment      string
	}
	good := token("gw-1", "1782300300", "s3cret")
	one, exp := []string{"s3cret"}, "1782300300"
	for _, t := range []v{
		{"plain", "auth/canonical", "plain", good, one, now, "gw-1", "", "A fresh token."},
		{"one-second-before-expiry", "auth/expiry-inclusive", "before-expiry", good, one, now + 299, "gw-1", "", "One second before its expiry."},
		{"a-year-past-expiry", "auth/expiry-inclusive", "past-expiry", good, one, now + 31536000, "", "expired", "Long past its expiry, correctly signed."},
		{"expired-and-forged", "auth/rejected-4401", "expired-and-forged", token("gw-1", exp, "other"), one, now + 1000, "", "bad-signature", "Expired as well as wrongly signed: only a correctly signed token counts as expired."},
		{"minted-far-ahead", "auth/expiry-inclusive", "far-expiry", token("gw-1", "4102444800", "s3cret"), one, now, "gw-1", "", "An expiry far ahead is no reason to refuse."},
		{"exp-one", "auth/expiry-inclusive", "past-expiry", token("gw-1", "1", "s3cret"), one, now, "", "expired", "The smallest canonical exp that is a time."},
		{"exp-now", "auth/expiry-inclusive", "at-expiry", token("gw-1", "1782300000", "s3cret"), one, now, "gw-1", "", "The expiry is this very second."},
		{"exp-beyond-32-bits", "auth/expiry-inclusive", "exp-beyond-32-bits", token("gw-1", "4294967296", "s3cret"), one, 4294967296, "gw-1", "", "An exp and a clock that 32 bits do not hold."},
		{"exp-beyond-32-bits-past", "auth/expiry-inclusive", "exp-beyond-32-bits", token("gw-1", "4294967296", "s3cret"), one, 4294967297, "", "expired", "One second past an exp that 32 bits do not hold."},
		{"rotation-second", "auth/rotation", "second-of-list", token("gw-1", exp, "old"), []string{"s3cret", "old"}, now, "gw-1", "", "The old secret keeps verifying for a rotation window."},
		{"rotation-third", "auth/rotation", "last-of-list", token("gw-1", exp, "older"), []string{"s3cret", "old", "older"}, now, "gw-1", "", "Every secret of the list is tried."},
		{"rotation-empty-first", "auth/rotation", "empty-secret-skipped", good, []string{"", "s3cret"}, now, "gw-1", "", "An empty secret before the right one is skipped."},
		{"rotation-duplicate", "auth/rotation", "duplicate-secret", good, []string{"s3cret", "s3cret"}, now, "gw-1", "", "The same secret twice changes nothing."},
		{"rotation-expired-by-second", "auth/rotation", "expired-by-old-secret", token("gw-1", exp, "old"), []string{"s3cret", "old"}, now + 301, "", "expired", "The old secret does not lengthen a token's life."},
		{"secret-not-trimmed", "auth/rejected-4401", "secret-not-trimmed", good, []string{" s3cret"}, now, "", "bad-signature", "The key is the secret's bytes as they stand."},
		{"secret-case", "auth/rejected-4401", "secret-case", good, []string{"S3CRET"}, now, "", "bad-signature", "Secrets are compared by their bytes, case included."},
		{"exp-changed", "auth/rejected-4401", "exp-changed", b64("gw-1:1782300301:" + sign("gw-1:1782300300", "s3cret")), one, now, "", "bad-signature", "The signature covers the exp."},
		{"exp-changed-to-never", "auth/rejected-4401", "exp-changed", b64("gw-1:0:" + sign("gw-1:1782300300", "s3cret")), one, now, "", "bad-signature", "Nobody makes a token immortal by writing 0."},
		{"signature-first-digit-changed", "auth/rejected-4401", "signature-changed", b64("gw-1:" + exp + ":" + flip(sign("gw-1:"+exp, "s3cret"))), one, now, "", "bad-signature", "The first hex digit differs."},
		{"signature-all-zeros", "auth/rejected-4401", "signature-changed", b64("gw-1:" + exp + ":" + strings.Repeat("0", 64)), one, now, "", "bad-signature", "A canonical signature that nobody made."},
		{"signature-over-payload-alone", "auth/rejected-4401", "signed-another-string", b64("gw-1:" + exp + ":" + sign("gw-1", "s3cret")), one, now, "", "bad-signature", "The signature covers payload:exp, not the payload alone."},
		{"signature-over-exp-payload", "auth/rejected-4401", "signed-another-string", b64("gw-1:" + exp + ":" + sign(exp+":gw-1", "s3cret")), one, now, "", "bad-signature", "Signed in the other order."},
		{"signature-not-hex", "auth/canonical", "signature-not-hex", b64("gw-1:" + exp + ":" + strings.Repeat("g", 64)), one, now, "", "malformed", "64 characters that are not hex digits."},
		{"signature-fullwidth-digits", "auth/canonical", "signature-not-hex", b64("gw-1:" + exp + ":" + strings.Repeat("\uff11", 64)), one, now, "", "malformed", "64 digits of another script."},
		{"signature-base64", "auth/canonical", "signature-not-hex", b64("gw-1:" + exp + ":Ru8jWfww6vxlzgJ69JWskDQTvf8LPMMViahfMh78XXs"), one, now, "", "malformed", "The right signature, in base64 instead of hex."},
		{"stray-bits", "auth/canonical", "stray-bits", stray(good), one, now, "", "malformed", "The last character carries bits that no byte uses: another spelling of the same bytes."},
		{"stray-bits-two", "auth/canonical", "stray-bits", stray(token("gw-123", exp, "s3cret")), one, now, "", "malformed", "The same where four bits are unused."},
		{"length-1-modulo-4", "auth/canonical", "impossible-length", token("gw-12", exp, "s3cret") + "A", one, now, "", "malformed", "One character after a full group: no base64 has that length."},
		{"carriage-return", "auth/canonical", "token-white-space", good + "\r", one, now, "", "malformed", "A carriage return after the token: many decoders skip it."},
		{"tab-inside", "auth/canonical", "token-white-space", good[:8] + "\t" + good[8:], one, now, "", "malformed", "A tab inside the token."},
		{"nul-after", "auth/canonical", "token-nul", good + "\x00", one, now, "", "malformed", "A NUL after the token: strings that end there would not see it."},
		{"padding-inside", "auth/canonical", "padding-inside", good[:8] + "=" + good[8:], one, now, "", "malformed", "Padding in the middle."},
		{"invalid-utf8-payload", "auth/canonical", "payload-not-utf8", base64.RawURLEncoding.EncodeToString([]byte("gw-\xff:" + exp + ":" + sign("gw-\xff:"+exp, "s3cret"))), one, now, "", "malformed", "The payload is not UTF-8, though it is signed."},
		{"overlong-utf8-payload", "auth/canonical", "payload-not-utf8", base64.RawURLEncoding.EncodeToString([]byte("gw-\xc0\xaf:" + exp + ":" + sign("gw-\xc0\xaf:"+exp, "s3cret"))), one, now, "", "malformed", "An overlong form is not UTF-8."},
		{"exp-plus", "auth/canonical", "exp-sign", token("gw-1", "+1782300300", "s3cret"), one, now, "", "malformed", "A plus before the exp, signed as it stands."},
		{"exp-plus-normalised", "auth/canonical", "exp-sign", b64("gw-1:+1782300300:" + sign("gw-1:1782300300", "s3cret")), one, now, "", "malformed", "A plus before the exp, signed over the plain integer."},
		{"exp-leading-zero-as-written", "auth/canonical", "exp-leading-zero", token("gw-1", "01782300300", "s3cret"), one, now, "", "malformed", "One leading zero, signed as it stands."},
		{"exp-minus-zero-normalised", "auth/canonical", "exp-negative", b64("gw-1:-0:" + sign("gw-1:0", "s3cret")), one, now, "", "malformed", "Minus zero is not the canonical zero."},
		{"exp-infinity", "auth/canonical", "exp-not-integer", token("gw-1", "Infinity", "s3cret"), one, now, "", "malformed", "A word that some number parsers know."},
		{"exp-milliseconds", "auth/expiry-inclusive", "exp-milliseconds", token("gw-1", "1782300300000", "s3cret"), one, now, "gw-1", "", "Milliseconds taken for seconds are a time far ahead: valid, and a mistake of the minter."},
		{"payload-trailing-colon", "auth/split-right", "payload-with-colons", token("gw-1:", exp, "s3cret"), one, now, "gw-1:", "", "A payload that ends with a colon."},
		{"payload-looks-like-token", "auth/split-right", "payload-with-colons", token("gw-1:0:"+strings.Repeat("a", 64), exp, "s3cret"), one, now, "gw-1:0:" + strings.Repeat("a", 64), "", "A payload that looks like a whole token text: split from the right."},
		{"payload-with-newline", "auth/canonical", "payload-white-space", token(" gw \n", exp, "s3cret"), one, now, " gw \n", "", "White space inside the payload is part of it."},
		{"payload-nul", "auth/canonical", "payload-nul", token("gw\x001", exp, "s3cret"), one, now, "gw\x001", "", "A NUL inside the payload is part of it."},
		{"frozen", "auth/canonical", "frozen-value", "Z3ctaW5zdGFuY2UtMTowOjM3YWE3YjE0NWU4NzY0ZDQwM2JhOWM2MzlmMjMwZGQ2M2RlOGVkOTliODhmZWQzNmFhMDI2MjVhOGE3ZTM1NjQ", []string{frozenSecret}, now, "gw-instance-1", "", "A token that a connector's own implementation produced."},
		{"hex-instead-of-base64", "auth/canonical", "another-encoding", hex.EncodeToString([]byte("gw-1:" + exp + ":" + sign("gw-1:"+exp, "s3cret"))), one, now, "", "malformed", "Hex instead of base64url."},
		{"not-encoded", "auth/canonical", "another-encoding", "gw-1:" + exp + ":" + sign("gw-1:"+exp, "s3cret"), one, now, "", "malformed", "The text itself, not encoded."},
		{"encoded-twice", "auth/canonical", "another-encoding", b64(good), one, now, "", "malformed", "Encoded twice: one part inside."},
	} {
		k := c{id: "token-verify-" + t.id, rule: t.rule, op: "token/verify", cause: t.cause, now: t.now, in: m{"token": t.token, "secrets": t.secrets},
			signing: signedText(t.token), err: t.err, comment: t.comment}
		if t.err == "" {
			k.out = t.out
		}
		g.add(k)
	}
	for _, t := range [][4]string{
		{"plain", "gw-1:1782300300", "s3cret", "The signing string of a token."}, {"not-ascii", "gw-\u00e9\u2603\U0001f600:0", "s\u00e9\U0001f511", "Text and key are UTF-8."},
		{"empty-secret", "gw-1:0", "", "The empty key is a key to HMAC; some libraries refuse it."}, {"long-secret", "gw-1:0", strings.Repeat("k", 200), "A key over 64 bytes is hashed first."},
		{"long-text", strings.Repeat("gw-", 100) + ":0", "s3cret", "A text of several blocks."}, {"one-block", strings.Repeat("x", 64), "s3cret", "A text of exactly one block."},
		{"nul", "a\x00b:0", "s\x00t", "A NUL ends neither a text nor a key."}, {"line-feed", "gw\n:0\n", "s3cret", "White space is signed as it stands."},
	} {
		g.add(c{id: "token-sign-" + t[0], rule: "auth/bearer", op: "token/sign", cause: "sign-" + t[0], in: m{"text": t[1], "secret": t[2]}, out: sign(t[1], t[2]), comment: t[3]})
	}
	peek := func(id, cause, token string, out any, err, comment string) {
		g.add(c{id: "token-peek-" + id, rule: "auth/identity-from-record", op: "token/peek", cause: cause, in: m{"token": token}, out: out, err: err, comment: comment})
	}
	peek("plain", "peek-plain", good, m{"payload": "gw-1", "exp": 1782300300}, "", "The id under which a connector looks the secrets up.")
	peek("forged", "peek-is-no-verification", b64("gw-1:0:"+strings.Repeat("0", 64)), m{"payload": "gw-1", "exp": 0}, "", "Peeking verifies nothing.")
	peek("expired", "peek-is-no-verification", token("gw-1", "1", "s3cret"), m{"payload": "gw-1", "exp": 1}, "", "Nor does it look at the clock.")
	peek("colons", "payload-with-colons", token("a:b:c", "0", "s3cret"), m{"payload": "a:b:c", "exp": 0}, "", "Split from the right.")
	peek("unicode", "payload-not-ascii", token("gw-\u00e9\u2603\U0001f600", "0", "s3cret"), m{"payload": "gw-\u00e9\u2603\U0001f600", "exp": 0}, "", "Text in UTF-8.")
	peek("padded", "padding", good+"=", nil, "malformed", "The canonical form is looked at before anything else.")
	peek("empty", "too-few-parts", "", nil, "malformed", "Nothing there.")
	peek("exp-leading-zero", "exp-leading-zero", token("gw-1", "01", "s3cret"), nil, "malformed", "Not a canonical exp.")
}

// flip changes the first hex digit.
func flip(hexText string) string {
	if hexText[0] == '0' {
		return "1" + hexText[1:]
	}
	return "0" + hexText[1:]
}

// stray sets an unused bit of the last character of an unpadded base64url text.
func stray(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(text)%4 == 0 {
		panic("stray: no unused bits in " + text)
	}
	last := strings.IndexByte(alphabet, text[len(text)-1])
	return text[:len(text)-1] + string(alphabet[last|1])
}

// raw is JSON text as a value.
func raw(text string) json.RawMessage { return json.RawMessage(text) }
