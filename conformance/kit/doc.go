// Package kit is the leaf that conformance cases are written against: what a case is
// ([Case]), the subject as a case sees it ([G] for a gateway, P for a connector), the
// bounds of every wait ([Timing]), and the seams to whoever starts a subject
// ([Launcher]) and whoever judges the outcome ([Result]).
//
// A case reads like the contract: it sends, it expects, and it ends. Everything that
// a verdict needs besides (blame, evidence, the sign of life after a silence) happens
// below the helpers that it calls.
package kit
