package kit

// Facts is what is known about a gateway before it is judged, from its target file or
// from a probe.
type Facts struct {
	Name, Version string
	// Revision is the dated revision of the contract that it claims.
	Revision string
	Replies  Replies
	// Features is what it declares; nil means everything that its revision requires.
	Features []string
	// BoundsSet says that the gateway was given its bounds, so Timing holds for it.
	BoundsSet bool
	// IdentityEnv is the variable in which it finds its identity token; empty when it is
	// not known, and then a case that needs one is not applicable.
	IdentityEnv string
}

// Replies says how a gateway answers a text.
type Replies string

// The ways of answering.
const (
	RepliesUnknown Replies = ""     // not yet probed
	RepliesEcho    Replies = "echo" // with a send that contains the text
	RepliesSome    Replies = "some" // with some send in the same chat
	RepliesNone    Replies = "none" // not at all
)
