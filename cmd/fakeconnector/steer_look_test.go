package main

import (
	"strings"
	"testing"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// What a session is stands in the same order each time.
func TestTheStatesOfASession(t *testing.T) {
	for range 20 {
		got := strings.Join(states(api.Session{Live: true, Stalled: true, Handshake: true}), ", ")
		if got += "; " + strings.Join(states(api.Session{Live: true, Stalled: true}), ", "); got != "live, stalled; live, before its handshake, stalled" {
			t.Fatalf("got %q", got)
		}
	}
}
