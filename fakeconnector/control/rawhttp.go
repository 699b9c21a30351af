package control

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/relaykit/relaykit/protocol"
)

func isRawHTTP(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "message/http"
}

// readRequest takes an HTTP request apart that stands as on the wire. net/http has one
// reader for that, which loses the order of the headers; what a header may look like is
// asked of httpguts.
func readRequest(raw []byte) (protocol.Forward, error) {
	head, body, ended := cutHead(raw)
	lines := strings.Split(head, "\n")
	method, rest, _ := strings.Cut(strings.TrimSuffix(lines[0], "\r"), " ")
	path, version, _ := strings.Cut(rest, " ")
	switch {
	case !ended:
		return protocol.Forward{}, fmt.Errorf("expected an empty line after the headers, got none")
	case !httpguts.ValidHeaderFieldName(method) || !strings.HasPrefix(path, "/") || !strings.HasPrefix(version, "HTTP/"):
		return protocol.Forward{}, fmt.Errorf("expected a request line such as \"POST /interactions HTTP/1.1\", got %q", clip(lines[0]))
	}
	f := protocol.Forward{Method: method, Path: path, Headers: [][2]string{}, BodyB64: base64.StdEncoding.EncodeToString(body)}
	for i, line := range lines[1:] {
		name, value, colon := strings.Cut(strings.TrimSuffix(line, "\r"), ":")
		value = strings.Trim(value, " \t")
		if !colon || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return protocol.Forward{}, fmt.Errorf("expected line %d to be a header, name: value, got %q", i+2, clip(line))
		}
		f.Headers = append(f.Headers, [2]string{name, value})
	}
	return f, nil
}

// cutHead cuts a request at the empty line after its headers.
func cutHead(raw []byte) (head string, body []byte, ended bool) {
	at, skip := bytes.Index(raw, []byte("\r\n\r\n")), 4
	if bare := bytes.Index(raw, []byte("\n\n")); bare >= 0 && (at < 0 || bare < at) {
		at, skip = bare, 2
	}
	if at < 0 {
		return string(raw), nil, false
	}
	return string(raw[:at]), raw[at+skip:], true
}
