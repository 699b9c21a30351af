package cases

import (
	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

func followUps() []kit.Case {
	asked := kit.Needs{Feature: "follow-up", Driver: []string{"gateway/follow_up"}}
	alone := asked
	alone.Alone = true
	return []kit.Case{
		{ID: id(protocol.RuleFollowUpNamesSession), Title: "names session and kind as its caller does", Level: kit.Must, Needs: asked, Gateway: namesSession},
		{ID: id(protocol.RuleFollowUpNamesSession, "turn"), Title: "names the session of the interaction that it answers", Level: kit.Must,
			Needs: kit.Needs{Feature: "follow-up", Driver: []string{"gateway/follow_up", "event/passthrough"}},
			After: rules(protocol.RulePassthroughChat, protocol.RulePassthroughAuthor, protocol.RulePassthroughPlatform, protocol.RuleSessionKeyNamespace, protocol.RuleSessionKeyGroup, protocol.RuleSessionKeyParticipant), Gateway: namesTurn},
		{ID: id(protocol.RuleFollowUpNoCredential), Title: "repeats no credential that a forwarded request should not have had", Level: kit.Must,
			Needs: kit.Needs{Feature: "passthrough"}, Gateway: repeatsNoCredential},
		{ID: id(protocol.RuleFollowUpNoCredential, "follow-up"), Title: "puts no credential into a follow_up", Level: kit.Must, Needs: alone, Gateway: followsUpWithoutCredential},
		{ID: id(protocol.RuleFollowUpNoRetry), Title: "does not send a refused follow_up again", Level: kit.Must, Needs: asked, Gateway: refusedOnce},
		{ID: id(protocol.RuleFollowUpNoRetry, "no-reason"), Title: "does not send one again that is refused without a reason", Level: kit.Must, Needs: asked, Gateway: refusedWithoutReason},
		{ID: id(protocol.RuleFollowUpNoRetry, "redial"), Title: "does not send it again on the next session", Level: kit.Must, Needs: alone,
			After: rules(protocol.RuleReconnectRedial), Gateway: refusedOnceAndForAll},
	}
}

const interactionToken = "discord.interaction_token"

// relayKey is the session key of an interaction in a server's channel.
func relayKey(channel, user string) string {
	return "agent:main:relay:channel:" + channel + ":" + user
}

// namesSession has the connector's vault decide as well: it holds a capability for this
// session and kind, and for no other.
func namesSession(g *kit.G) {
	// A turn of another session, which is the gateway's latest.
	other := g.Event("of another session")
	g.Push(other)
	g.Handled(other)
	for _, kind := range []string{interactionToken, "odd/kind:1 \u2603"} {
		key := relayKey(g.ID("c"), g.ID("u"))
		g.Lend(key, kind)
		o, told := g.DriveFollowUp(key, kind, "done "+g.ID("t"))
		g.WantText(o, "session_key", key)
		g.WantText(o, "kind", kind)
		g.WantSuccess(told, true)
	}
}

// namesTurn follows up on a real interaction by the key that the gateway reports for it,
// with a capability that the connector bound under the key of the contract.
func namesTurn(g *kit.G) {
	in := g.Interaction(kit.ComponentInteraction).Unbuffered()
	user := g.ID("u")
	in.Members["member"] = map[string]any{"user": map[string]any{"id": user, "username": "alice"}}
	g.Lend(relayKey(in.Channel, user), interactionToken)
	g.Forward(in)
	o, told := g.DriveFollowUp(g.Became(in).SessionKey, interactionToken, "done "+g.ID("t"))
	g.WantText(o, "session_key", relayKey(in.Channel, user))
	g.WantSuccess(told, true)
}

// leak forwards an interaction with its token still in it, as only a careless connector
// does. A gateway that never passes on what it was not asked for keeps it to itself.
func leak(g *kit.G) (in *kit.Interaction, user, credential string) {
	in = g.Interaction(kit.ComponentInteraction).Unbuffered()
	user, credential = g.ID("u"), g.ID("aW50ZXJhY3Rpb24")
	in.Members["member"] = map[string]any{"user": map[string]any{"id": user, "username": "alice"}}
	in.Members["token"] = credential
	in.Headers = append(in.Headers, []string{"authorization", "Bot " + credential}, []string{"X-Signature-Ed25519", credential})
	g.Forward(in)
	g.Within(g.Timing.Quiet, func(e fakeconnector.Entry) bool { return g.AnswerTo(in)(e) })
	return in, user, credential
}

func repeatsNoCredential(g *kit.G) {
	_, _, credential := leak(g)
	g.Alive()
	g.WantNowhere(credential, "the interaction's token")
}

func followsUpWithoutCredential(g *kit.G) {
	in, user, credential := leak(g)
	g.Lend(relayKey(in.Channel, user), interactionToken)
	g.DriveFollowUp(relayKey(in.Channel, user), interactionToken, "done "+g.ID("t"))
	g.Alive()
	g.WantNowhere(credential, "the interaction's token")
}

// refuse asks for a follow_up that the vault holds nothing for.
func refuse(g *kit.G) (key string) {
	key = relayKey(g.ID("c"), g.ID("u"))
	g.DriveFollowUp(key, interactionToken, "done "+g.ID("t"))
	return key
}

func refusedOnce(g *kit.G) {
	key := refuse(g)
	g.Nothing("second follow_up after one that was refused", g.Beyond(1, kit.IsFollowUp(key)))
}

func refusedWithoutReason(g *kit.G) {
	key := relayKey(g.ID("c"), g.ID("u"))
	g.AnswerWith(fakeconnector.Match{SessionKey: key}, `{"success":false}`)
	g.DriveFollowUp(key, interactionToken, "done "+g.ID("t"))
	g.Nothing("second follow_up after one that was refused", g.Beyond(1, kit.IsFollowUp(key)))
}

func refusedOnceAndForAll(g *kit.G) {
	key := refuse(g)
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	g.Back()
	g.Nothing("follow_up on the next session after one that was refused", kit.IsFollowUp(key))
}
