package fakeconnector

import (
	"encoding/json"

	"github.com/relaykit/relaykit/protocol"
)

// act carries out an outbound action, in memory, and returns its result (contract,
// section "Outbound actions and results").
func (c *Connector) act(s *Session, a protocol.Action) protocol.Result {
	if _, unknown := a.(*protocol.UnknownAction); unknown {
		return failure("unsupported op: " + clip([]byte(a.Op())))
	}
	if f, ok := a.(*protocol.FollowUp); ok {
		return c.followUp(s, f)
	}
	if i, ok := a.(*protocol.GetChatInfo); ok {
		return c.chatInfo(s.gateway, i.ChatID)
	}
	metadata := metadataOf(a)
	if !c.routed(s.gateway, metadata) {
		return failure(ErrorNotRouted)
	}
	c.known.noteProfile(s.gateway, actionTraits(a).chatID, metadata)
	done := protocol.Result{Success: protocol.Some(true)}
	switch a.(type) {
	case *protocol.Send, *protocol.SendMedia, *protocol.Prompt:
		done.MessageID = protocol.Some(c.ids.next("m"))
	case *protocol.ThreadCreate:
		done.ThreadID = protocol.Some(c.ids.next("t"))
	}
	return done
}

// chatInfo is what the events of a chat said about it. A chat that no event came from is
// a direct message with its id as its name, which is what a gateway would assume.
func (c *Connector) chatInfo(g Gateway, chatID string) protocol.Result {
	c.known.mu.Lock()
	ch, ok := c.known.chats.get(pair(g.Tenant, chatID))
	c.known.mu.Unlock()
	if !ok || ch.info.Type.IsZero() {
		ch.info = protocol.ChatInfo{Name: protocol.Some(chatID), Type: protocol.Some("dm")}
	}
	return protocol.Result{Success: protocol.Some(true), ChatInfo: protocol.Some(ch.info)}
}

// metadataOf reads the metadata of any op.
func metadataOf(a protocol.Action) protocol.Metadata {
	switch a := a.(type) {
	case *protocol.Send:
		return a.Metadata.Or(nil)
	case *protocol.Edit:
		return a.Metadata.Or(nil)
	case *protocol.Typing:
		return a.Metadata.Or(nil)
	}
	line, err := json.Marshal(a)
	if err != nil {
		return nil
	}
	var m struct {
		Metadata protocol.Metadata `json:"metadata"`
	}
	_ = json.Unmarshal(line, &m)
	return m.Metadata
}

// noteProfile keeps metadata.profile for the next delivery from that chat, since 2026-10.
func (k *known) noteProfile(g Gateway, chatID string, m protocol.Metadata) {
	profile, ok := m.String("profile")
	if !ok || chatID == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c, _ := k.chats.get(pair(g.Tenant, chatID))
	c.profile = profile
	k.profiles = true
	k.chats.put(pair(g.Tenant, chatID), c, k.limit)
}

// profile is the profile that the last action for a chat named, if any.
func (k *known) profile(tenant, chatID string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.profiles {
		return ""
	}
	c, _ := k.chats.get(pair(tenant, chatID))
	return c.profile
}
