// Package contract holds the relay ⇄ connector contract: the document itself, the
// parser that turns it (or any document of its family) into a typed model with line
// numbers, and the check that compares a model with what package protocol sends.
//
// The document is the source of the rule ids. Package protocol repeats them as
// constants for those who write cases, and a test holds the two together.
package contract

import _ "embed"

// Name is the document's file name, as it stands in problems and reports.
const Name = "relay-connector-contract.md"

//go:embed relay-connector-contract.md
var document []byte

// Document returns the contract, in Markdown. The caller owns the bytes.
func Document() []byte { return append([]byte(nil), document...) }
