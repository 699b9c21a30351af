// Package pipe is what the judge of the fake connector's mutants and the process that is
// judged say to each other: lines of JSON. It is apart from the judge, or every mutant
// would be built with all of the suite.
package pipe

import "github.com/relaykit/relaykit/conformance/kit"

// Hello is the first line of the process.
type Hello struct {
	BaseURL  string                 `json:"base"`
	Gateways []kit.ConnectorGateway `json:"gateways"`
	// Key signs instance tokens: PKCS #8 in DER. It lives as long as the process.
	Key   []byte `json:"key"`
	KeyID string `json:"kid"`
}

// Request is one line to it.
type Request struct {
	ID      int                   `json:"id"`
	Method  string                `json:"method"`
	Subject string                `json:"subject"` // the instance, the tenant, or the gateway's id
	Event   *kit.PublishedEvent   `json:"event,omitempty"`
	Forward *kit.ForwardedRequest `json:"forward,omitempty"`
	URL     string                `json:"url,omitempty"`
	View    *View                 `json:"view,omitempty"`
}

// View says whether somebody is permitted to view a chat.
type View struct {
	Platform string `json:"platform"`
	UserID   string `json:"user"`
	ChatID   string `json:"chat"`
	Can      bool   `json:"can"`
}

// Answer is one line from it.
type Answer struct {
	ID     int    `json:"id"`
	Secret string `json:"secret,omitempty"` // or the token, or the code, or the base URL
	Error  string `json:"error,omitempty"`
}
