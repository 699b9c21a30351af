package kit

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/relaykit/relaykit/fakeconnector"
)

// MinSecret is the length from which a secret does not stand in a text by accident.
const MinSecret = 16

// NoLeak looks through everything that the gateway has sent to its connector so far for
// a secret: request lines, headers and messages, as they stand and in the encodings that
// hide nothing. what names it without giving it away.
func (g *G) NoLeak(what, secret string) {
	if len(secret) < MinSecret {
		g.Harness(fmt.Errorf("it has %d characters", len(secret)), "looking for a secret that is long enough to be told from other text")
	}
	looked := 0
	found := func(where string, data []byte) {
		looked++
		if how := holds(data, secret); how != "" {
			g.Mismatch(fmt.Sprintf("the gateway's %s in nothing that it sends", what), fmt.Sprintf("it stands %s in %s", how, where))
		}
	}
	for _, e := range g.Connector().Journal().All() {
		switch {
		case e.Dial != nil && (e.Kind == fakeconnector.KindDial || e.Kind == fakeconnector.KindHTTP):
			found("the request line", []byte(e.Dial.Path+"?"+e.Dial.RawQuery))
			for name, values := range e.Dial.Header {
				found("the header "+name, []byte(strings.Join(values, "\n")))
			}
			found("the body of "+e.Dial.Path, e.Dial.Body)
		case IsGatewayMessage(e):
			found(fmt.Sprintf("a message on session %s", e.Session), e.Message.Payload)
		case e.Kind == fakeconnector.KindClosed && fromGateway(e):
			found("the reason of its close", []byte(e.Close.Reason))
		}
	}
	if looked > 0 {
		g.observation()
	}
}

// holds says how data contains a secret, or "".
func holds(data []byte, secret string) string {
	if bytes.Contains(data, []byte(secret)) {
		return "as it is"
	}
	if bytes.Contains(bytes.ToLower(data), []byte(hex.EncodeToString([]byte(secret)))) {
		return "in hex"
	}
	// Whatever was encoded together is one run of base64's characters, so decoding each
	// run from its beginning finds the secret inside of it, wherever it stands.
	isBase64 := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("+/-_", c)
	}
	plain := strings.NewReplacer("-", "+", "_", "/")
	for _, run := range strings.FieldsFunc(string(data), func(c rune) bool { return !isBase64(c) }) {
		run = plain.Replace(run)
		if len(run)%4 == 1 {
			run = run[:len(run)-1] // no text has this length
		}
		if text, err := base64.RawStdEncoding.DecodeString(run); err == nil && bytes.Contains(text, []byte(secret)) {
			return "in base64"
		}
	}
	return ""
}

// Secret makes the run's redactor know a secret that the case has made up.
func (g *G) Secret(secret string) { g.bench.Secret(secret) }
