// Package api has the values of the control API: what its requests and answers carry as
// JSON. The server of fakeconnector/control and the client of fakeconnector/control/client
// share them. The tags doc, minLength and the like become the API's OpenAPI document.
//
// In requests a field that is left out takes its default; one that the API lacks is an
// error.
package api

// Base is the path that every route of the API begins with.
const Base = "/control/v1"

// DefaultNamespace is where everything happens that names no namespace.
const DefaultNamespace = "default"
