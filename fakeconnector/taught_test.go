package fakeconnector

import (
	"testing"

	"github.com/relaykit/relaykit/protocol"
)

// An event like the last one of its chat teaches nothing new, unless another chat has undone
// what it taught.
func TestWhatIsLearnedAgain(t *testing.T) {
	c := New(WithLimits(Limits{ChatsKnown: 40}))
	a, b := Gateway{ID: "a", Tenant: "t", Instance: "ia"}, Gateway{ID: "b", Tenant: "t", Instance: "ib"}
	// WhatsApp's two ways to write an id are two chats and one session.
	said := func(chat string) *protocol.Inbound {
		return &protocol.Inbound{Event: protocol.Event{Source: protocol.Source{Platform: "whatsapp", ChatID: chat, ChatType: "dm"}}}
	}
	first, second := said("491@s.whatsapp.net"), said("+491")
	key := pair("t", protocol.SessionKey(first.Event.Source, protocol.SessionKeyOptions{}))
	runsOn := func(want string) {
		t.Helper()
		if got, _ := c.known.runs.get(key); got.instance != want {
			t.Errorf("expected the session to run on %q, got %q", want, got.instance)
		}
	}
	c.known.learn(a, first)
	runsOn("ia")
	c.known.learn(b, second)
	runsOn("ib")
	c.known.learn(a, first) // as before, but it must count
	runsOn("ia")
	for i := range 100 { // until the first chat is forgotten
		c.known.learn(b, said(string(rune('A'+i))))
	}
	runsOn("")
	c.known.learn(a, first)
	runsOn("ia")
}
