package reference

import "fmt"

// closeUnauthorized is the close code of a refused or revoked credential.
const closeUnauthorized = 4401

// end says how an attempt at a session ended.
type end struct {
	code      string // one of the Code… constants
	closeCode int    // that the connector sent, 0 for none
	message   string
}

// decide turns the end of a session into the next status.
//
// Contract, sections "Reconnect" and "4401":
//
//   - Every close that the gateway did not ask for is followed by a redial, and so
//     are a dial that fails and a handshake that does not complete, the first included.
//   - 4401 before any successful handshake is retryable: the connector may not know
//     the credential yet.
//   - 4401 after one, even on a redial before its descriptor, means that the
//     credential was revoked: the gateway stops dialing and reports the relay as
//     disabled.
func decide(e end, handshakenBefore bool) Status {
	if e.closeCode == closeUnauthorized && handshakenBefore {
		return Status{
			State: StateDisabled, Code: CodeRelayDisabled, CloseCode: e.closeCode, Retryable: false,
			Message: "the connector revoked this gateway's credential; provision or enroll again, then restart",
		}
	}
	return Status{State: StateReconnecting, Code: e.code, CloseCode: e.closeCode, Retryable: true, Message: e.message}
}

func (e end) String() string {
	if e.closeCode != 0 {
		return fmt.Sprintf("%s (close code %d): %s", e.code, e.closeCode, e.message)
	}
	return e.code + ": " + e.message
}
