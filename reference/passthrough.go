package reference

import (
	"errors"

	"github.com/relaykit/relaykit/protocol"
)

// EventFromForward turns a passed-on platform request into an event.
func EventFromForward(f protocol.Forward) (protocol.Event, error) {
	return protocol.Event{}, errors.New("not a Discord interaction")
}
