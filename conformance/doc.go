// Package conformance judges implementations of the relay contract: it starts a
// subject, runs the cases against it, and says which rules hold.
//
// [Verify] is what the binary uses; [Run] gives the same verdicts as subtests of a Go
// module's own tests.
package conformance
