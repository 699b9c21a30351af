// Package control is the HTTP API that steers a fake connector which runs as a process:
// what a test in Go does with method calls, a script does with curl. [Server] serves it;
// the package client calls it, the package api has the values that go over it.
//
// Each namespace ([Space]) is a connector of its own behind one relay URL, so parallel
// users do not meet.
//
// Whatever is wrong with a request is answered with a problem document (RFC 9457) that
// names the field, and changes nothing. Secrets are shown once, in the answer to the call
// that made them; every other answer passes the redactor.
package control
