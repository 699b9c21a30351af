package gen

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

func init() {
	body := either(closed(m{"text": str}), closed(m{"hex": m{"type": "string", "pattern": "^([0-9a-f]{2})*$"}}))
	nullable := m{"type": []string{"string", "null"}}
	ops["delivery/sign"] = op{doc: "The signature of an HTTP delivery over the exact bytes of its body.",
		input: m{"timestamp": integer, "body": body, "key": str}, output: hex64}
	ops["delivery/verify"] = op{clock: true, doc: "Verifies the two headers of a delivery over the exact bytes of its body; null is an absent header.",
		input:  m{"timestamp": nullable, "signature": nullable, "body": body, "keys": strs},
		output: m{"const": true}, errors: []string{"malformed", "bad-signature", "skew"}}
	ops["delivery/status"] = op{clock: true, doc: "The HTTP status with which a gateway answers a delivery.",
		input:  m{"route": enum("/", "/interrupt"), "timestamp": nullable, "signature": nullable, "body": body, "keys": strs},
		output: enum(200, 400, 401)}
}

const deliveryKey = "delivery-key-1"

// bodyOf is a body as text, or as hex where it is not UTF-8.
func bodyOf(data string) m {
	if utf8.ValidString(data) {
		return m{"text": data}
	}
	return m{"hex": hex.EncodeToString([]byte(data))}
}

func signDelivery(timestamp, body, key string) string { return sign(timestamp+"."+body, key) }

func describeDeliveries(b *builder) {
	g := b.group("deliveries", "Signed HTTP deliveries, the superseded way of inbound: hex HMAC-SHA256 of timestamp, a dot and the raw body under the delivery key.")
	for _, r := range b.recorded("delivery.json") {
		var in struct {
			Op, Body, Key        string
			Keys                 []string
			Timestamp, Signature any
			Now                  int64
			MaxSkew              *int `json:"max_skew_seconds"`
		}
		r.decode(&in)
		name := strings.TrimPrefix(strings.TrimPrefix(r.Name, "sign "), "verify ")
		if in.Op == "sign_delivery" {
			var want string
			r.expected(&want)
			ts := strconv.FormatInt(int64(in.Timestamp.(float64)), 10)
			if want != signDelivery(ts, in.Body, in.Key) {
				panic("deliveries: " + r.Name + ": the recorded signature is not what the formula gives")
			}
			g.add(c{id: "delivery-sign-" + slug(name), rule: "delivery/signature", op: "delivery/sign", cause: "sign-" + slug(name), from: r,
				in: m{"timestamp": in.Timestamp, "body": bodyOf(in.Body), "key": in.Key}, signing: ts + "." + in.Body, out: want,
				comment: "The bytes of the body are signed as they are: " + name + "."})
			continue
		}
		if strings.HasPrefix(name, "skew: max_skew 0") {
			r.leftOut = "the window is a parameter of one implementation; the contract's is 300 s"
			continue
		}
		d, ok := recordedDeliveries[name]
		switch {
		case ok:
		case strings.HasPrefix(name, "bad timestamp "):
			value := strings.Trim(strings.TrimPrefix(name, "bad timestamp "), "'")
			d = recordedToken{"timestamp-" + slug(value), "delivery/signature", "timestamp-not-integer", "malformed", "A timestamp that is no integer, correctly signed: " + value + "."}
			switch value {
			case "-5":
				d = recordedToken{"timestamp-negative", "delivery/signature", "timestamp-negative", "malformed", "A negative timestamp, correctly signed."}
			case "1782300000000":
				d = recordedToken{"timestamp-milliseconds", "delivery/window", "timestamp-milliseconds", "skew", "Milliseconds taken for seconds are a time far ahead."}
			}
		case in.Timestamp == "1782300000" && string(r.Expected) == "true":
			d = recordedToken{"body-" + slug(name), "delivery/raw-body", "body-" + slug(name), "", "Verified over the bytes as they came: " + name + "."}
		default:
			panic(fmt.Sprintf("deliveries: no description of the recorded case %q", r.Name))
		}
		k := c{id: "delivery-verify-" + d.id, rule: d.rule, op: "delivery/verify", cause: d.cause, now: in.Now, err: d.err, comment: d.comment, from: r,
			in: m{"timestamp": in.Timestamp, "signature": in.Signature, "body": bodyOf(in.Body), "keys": in.Keys}}
		if ts, has := in.Timestamp.(string); has && ts != "" {
			k.signing = ts + "." + in.Body
		}
		if d.err == "" {
			k.out = true
		}
		if d.err == "" && string(r.Expected) != "true" {
			panic("deliveries: " + k.id + ": it was refused when it was recorded")
		}
		if string(r.Expected) == "true" && d.err != "" {
			k.differs, k.said, k.flags = true, m{"accepted": true}, []string{lenient}
		}
		g.add(k)
	}
	g.ownDeliveries()
	g.statuses(b)
}

var recordedDeliveries = map[string]recordedToken{
	"skew: timestamp now-300":                  {"300-seconds-old", "delivery/window", "edge-of-window", "", "300 s old: the edge belongs to the window."},
	"skew: timestamp now-299":                  {"299-seconds-old", "delivery/window", "inside-window", "", "299 s old."},
	"skew: timestamp now+300":                  {"300-seconds-ahead", "delivery/window", "edge-of-window", "", "300 s ahead: the edge belongs to the window."},
	"skew: timestamp now+301":                  {"301-seconds-ahead", "delivery/window", "outside-window", "skew", "301 s ahead, correctly signed."},
	"signed compact, verified spaced":          {"reserialised", "delivery/raw-body", "reserialised", "bad-signature", "The same JSON with other spaces: re-serialising breaks the signature."},
	"trailing newline added":                   {"newline-added", "delivery/raw-body", "newline-added", "bad-signature", "One newline at the end is another body."},
	"crlf vs lf":                               {"line-ends-changed", "delivery/raw-body", "line-ends-changed", "bad-signature", "CR LF is not LF."},
	"no timestamp":                             {"no-timestamp", "delivery/signature", "header-absent", "malformed", "Without its timestamp."},
	"empty timestamp":                          {"empty-timestamp", "delivery/signature", "header-empty", "malformed", "An empty timestamp."},
	"no signature":                             {"no-signature", "delivery/signature", "header-absent", "malformed", "Without its signature."},
	"empty signature":                          {"empty-signature", "delivery/signature", "header-empty", "malformed", "An empty signature."},
	"neither":                                  {"no-headers", "delivery/signature", "header-absent", "malformed", "Without either header."},
	"lax timestamp (space), signed as written": {"timestamp-spaces", "delivery/signature", "timestamp-white-space", "malformed", "Spaces around the timestamp, signed as they stand."},
	"lax timestamp (zeros), signed over the NORMALISED integer":      {"timestamp-zeros", "delivery/signature", "timestamp-leading-zeros", "malformed", "Leading zeros, signed over the plain integer: the signature covers the header as it stands."},
	"lax timestamp (zeros), signed as written":                       {"timestamp-zeros-signed-as-written", "delivery/signature", "timestamp-leading-zeros", "malformed", "Leading zeros, signed as they stand: unix seconds have no leading zeros."},
	"lax timestamp (underscore), signed over the NORMALISED integer": {"timestamp-underscores", "delivery/signature", "timestamp-underscores", "malformed", "Underscores, signed over the plain integer: the signature covers the header as it stands."},
	"truncated signature":       {"signature-truncated", "delivery/signature", "signature-length", "malformed", "62 hex digits."},
	"timestamp swapped":         {"timestamp-changed", "delivery/signature", "timestamp-changed", "bad-signature", "The signature covers the timestamp."},
	"rotation primary":          {"rotation-first", "delivery/rotation", "first-of-list", "", "The first key of the list."},
	"rotation secondary":        {"rotation-second", "delivery/rotation", "second-of-list", "", "The second key of the list."},
	"no keys":                   {"no-keys", "delivery/status", "no-keys", "bad-signature", "Without a key nothing is good."},
	"signed with the empty key": {"empty-key", "delivery/rotation", "empty-key-skipped", "bad-signature", "An empty key is no key, though the signature is correct under it."},
}

const deliveryBody = `{"type":"message","event":{"text":"hi","source":{"chat_id":"c1"}}}`

func (g *group) ownDeliveries() {
	signing := func(id, cause, ts, body, key, comment string) {
		n, err := strconv.ParseInt(ts, 10, 64)
		if err != nil {
			panic(err)
		}
		k := c{id: "delivery-sign-" + id, rule: "delivery/signature", op: "delivery/sign", cause: cause, in: m{"timestamp": n, "body": bodyOf(body), "key": key},
			out: signDelivery(ts, body, key), comment: comment}
		if utf8.ValidString(body) {
			k.signing = ts + "." + body
		} else {
			k.flags = []string{byteFlag}
		}
		g.add(k)
	}
	signing("frozen", "frozen-value", "1750000000", deliveryBody, frozenSecret, "A value that a connector's own implementation produced.")
	signing("not-utf8", "sign-not-utf8", "1782300000", "\xff\xfe\x00", deliveryKey, "A body is bytes, not text.")
	signing("unicode-key", "sign-unicode-key", "1782300000", "{}", "k\u00e9\U0001f511", "The key is the UTF-8 bytes of its text.")
	signing("long-key", "sign-long-key", "1782300000", "{}", strings.Repeat("k", 100), "A key over 64 bytes is hashed first, as HMAC says.")
	signing("timestamp-zero", "sign-timestamp-zero", "0", "{}", deliveryKey, "Timestamp 0 is written as one zero.")
	signing("body-with-dots", "sign-body-with-dots", "1782300000", "1.2.3", deliveryKey, "Dots inside the body are nothing special.")

	good := signDelivery("1782300000", deliveryBody, deliveryKey)
	for _, t := range []struct {
		id, rule, cause, ts, sig, body string
		keys                           []string
		now                            int64
		err, comment                   string
	}{
		{"plain", "delivery/signature", "plain", "1782300000", good, deliveryBody, []string{deliveryKey}, now, "", "A delivery of this second."},
		{"301-seconds-old", "delivery/window", "outside-window", "1782300000", good, deliveryBody, []string{deliveryKey}, now + 301, "skew", "301 s old, correctly signed."},
		{"300-seconds-old-by-clock", "delivery/window", "edge-of-window", "1782300000", good, deliveryBody, []string{deliveryKey}, now + 300, "", "300 s old by the receiver's clock."},
		{"signature-upper-case", "delivery/signature", "signature-upper-case", "1782300000", strings.ToUpper(good), deliveryBody, []string{deliveryKey}, now, "malformed", "The signature is lower-case hex."},
		{"signature-too-long", "delivery/signature", "signature-length", "1782300000", good + "00", deliveryBody, []string{deliveryKey}, now, "malformed", "66 hex digits."},
		{"signature-with-prefix", "delivery/signature", "signature-not-hex", "1782300000", "sha256=" + good, deliveryBody, []string{deliveryKey}, now, "malformed", "A prefix that other webhooks have."},
		{"signature-white-space", "delivery/signature", "signature-white-space", "1782300000", good + " ", deliveryBody, []string{deliveryKey}, now, "malformed", "A space after the signature."},
		{"signature-changed", "delivery/signature", "signature-changed", "1782300000", flip(good), deliveryBody, []string{deliveryKey}, now, "bad-signature", "One hex digit differs."},
		{"body-alone-signed", "delivery/signature", "signed-another-string", "1782300000", sign(deliveryBody, deliveryKey), deliveryBody, []string{deliveryKey}, now, "bad-signature", "The body alone was signed."},
		{"joined-by-colon", "delivery/signature", "signed-another-string", "1782300000", sign("1782300000:"+deliveryBody, deliveryKey), deliveryBody, []string{deliveryKey}, now, "bad-signature", "Joined by a colon instead of a dot."},
		{"joined-without-dot", "delivery/signature", "signed-another-string", "1782300000", sign("1782300000"+deliveryBody, deliveryKey), deliveryBody, []string{deliveryKey}, now, "bad-signature", "Joined without a dot."},
		{"body-changed", "delivery/raw-body", "body-changed", "1782300000", good, strings.Replace(deliveryBody, "hi", "ho", 1), []string{deliveryKey}, now, "bad-signature", "One letter of the body differs."},
		{"wrong-key", "delivery/signature", "wrong-key", "1782300000", good, deliveryBody, []string{"delivery-key-2"}, now, "bad-signature", "Signed with another key."},
		{"retired-key", "delivery/rotation", "retired-key", "1782300000", signDelivery("1782300000", deliveryBody, "old"), deliveryBody, []string{deliveryKey, "mid"}, now, "bad-signature", "A key that has left the list signs no more."},
		{"empty-key-first", "delivery/rotation", "empty-key-skipped", "1782300000", good, deliveryBody, []string{"", deliveryKey}, now, "", "An empty key before the right one is skipped."},
		{"old-and-forged", "delivery/signature", "old-and-forged", "1782300000", flip(good), deliveryBody, []string{deliveryKey}, now + 1000, "bad-signature", "Old as well as wrongly signed: the signature is looked at first."},
		{"body-not-utf8", "delivery/raw-body", "body-not-utf8", "1782300000", signDelivery("1782300000", "\xff\xfe", deliveryKey), "\xff\xfe", []string{deliveryKey}, now, "", "A body that is not text is verified all the same."},
	} {
		k := c{id: "delivery-verify-" + t.id, rule: t.rule, op: "delivery/verify", cause: t.cause, now: t.now, err: t.err, comment: t.comment,
			in: m{"timestamp": t.ts, "signature": t.sig, "body": bodyOf(t.body), "keys": t.keys}}
		if t.err == "" {
			k.out = true
		}
		if utf8.ValidString(t.body) {
			k.signing = t.ts + "." + t.body
		} else {
			k.flags = []string{byteFlag}
		}
		g.add(k)
	}
}

// statuses describes delivery/status.
func (g *group) statuses(b *builder) {
	comments := map[string][2]string{
		"message":                          {"message", "A signed message."},
		"bad signature":                    {"bad-signature", "A signature that nobody made."},
		"stale":                            {"outside-window", "301 s old."},
		"edge 300":                         {"edge-of-window", "300 s old: the edge belongs to the window."},
		"not JSON":                         {"not-json", "Signed, and not JSON."},
		"event missing":                    {"event-missing", "Signed JSON without an event."},
		"event not an object":              {"event-mistyped", "An event that is no object is none."},
		"interrupt on its route":           {"interrupt", "An interrupt."},
		"interrupt reason becomes chat_id": {"interrupt-with-reason", "An interrupt with a reason instead of a chat."},
		"invalid utf-8":                    {"not-utf8", "Signed, and not UTF-8, hence not JSON. The known implementation fails with an exception."},
	}
	for _, r := range b.recorded("receiver.2026-06-18.json") {
		var in struct {
			BodyB64              string `json:"body_b64"`
			Interrupt            bool   `json:"is_interrupt_route"`
			Keys                 []string
			Timestamp, Signature string
			Now                  int64
		}
		r.decode(&in)
		var said m
		r.expected(&said)
		d, ok := comments[r.Name]
		if !ok {
			r.leftOut = "what an interrupt needs on this route, the contract does not say"
			continue
		}
		body, err := base64.StdEncoding.DecodeString(in.BodyB64)
		if err != nil {
			panic(err)
		}
		k := c{id: "delivery-status-" + d[0], rule: "delivery/status", op: "delivery/status", cause: "status-" + d[0], now: in.Now, comment: d[1], from: r, out: said["status"],
			in: m{"route": map[bool]string{true: "/interrupt", false: "/"}[in.Interrupt], "timestamp": in.Timestamp, "signature": in.Signature, "body": bodyOf(string(body)), "keys": in.Keys}}
		if said["status"] == nil {
			k.out, k.differs, k.said, k.flags = 400, true, said, []string{byteFlag, defect}
		}
		g.add(k)
	}
	good := signDelivery("1782300000", deliveryBody, deliveryKey)
	add := func(id string, ts, sig any, body string, keys []string, want int, comment string) {
		g.add(c{id: "delivery-status-" + id, rule: "delivery/status", op: "delivery/status", cause: "status-" + id, now: now, comment: comment, out: want,
			in: m{"route": "/", "timestamp": ts, "signature": sig, "body": bodyOf(body), "keys": keys}})
	}
	one := []string{deliveryKey}
	signed := func(body string) string { return signDelivery("1782300000", body, deliveryKey) }
	add("no-keys", "1782300000", good, deliveryBody, []string{}, 401, "No key is configured: everything is refused.")
	add("only-empty-key", "1782300000", signDelivery("1782300000", deliveryBody, ""), deliveryBody, []string{""}, 401, "An empty key is none.")
	add("no-signature", "1782300000", nil, deliveryBody, one, 401, "Without the signature header.")
	add("no-timestamp", nil, good, deliveryBody, one, 401, "Without the timestamp header.")
	add("timestamp-not-integer", "soon", sign("soon."+deliveryBody, deliveryKey), deliveryBody, one, 401, "A timestamp that is none.")
	add("unsigned-and-not-json", "1782300000", strings.Repeat("0", 64), "{nope", one, 401, "The signature comes first: an unsigned body is not even parsed.")
	add("array", "1782300000", signed("[]"), "[]", one, 400, "JSON, and no object with an event.")
	add("event-null", "1782300000", signed(`{"type":"message","event":null}`), `{"type":"message","event":null}`, one, 400, "A null event is none.")
	add("empty-body", "1782300000", signed(""), "", one, 400, "An empty body is not JSON.")
	add("second-key", "1782300000", good, deliveryBody, []string{"other", deliveryKey}, 200, "Any key of the rotation list.")
}
