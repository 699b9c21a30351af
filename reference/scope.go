package reference

import (
	"sync"

	"github.com/relaykit/relaykit/protocol"
)

// scopeLimit bounds how many chats are remembered; the oldest is forgotten first.
const scopeLimit = 16384

// scopes remembers where the chats are.
//
// Contract, section "Scope echo": the connector finds the tenant of an action by the
// scope in its metadata. So a gateway remembers the scope of the last inbound event of
// each chat that had one, and puts it on every action for that chat:
//
//   - as metadata.guild_id, and as metadata.scope_id too where the event carried
//     scope_id. A connector of the baseline reads the first, a later one the second,
//     and each gets the value that it sent under that name.
//   - never over a scope that the caller gave, under either name;
//   - never for a chat that it has not seen.
type scopes struct {
	mu    sync.Mutex
	chats map[string]scope
	order []string
	limit int
}

type scope struct{ guildID, scopeID string }

func newScopes(limit int) *scopes { return &scopes{chats: map[string]scope{}, limit: limit} }

// learn notes the scope of an inbound event. An event without one changes nothing.
func (s *scopes) learn(source protocol.Source) {
	guild, neutral := source.GuildID.Or(""), source.ScopeID.Or("")
	if source.ChatID == "" || guild == "" && neutral == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.chats[source.ChatID]; !known {
		if len(s.order) == s.limit {
			delete(s.chats, s.order[0])
			s.order = s.order[1:]
		}
		s.order = append(s.order, source.ChatID)
	}
	s.chats[source.ChatID] = scope{guildID: firstOf(guild, neutral), scopeID: neutral}
}

// echo is the metadata of an action for a chat: what the caller gave, and the scope.
func (s *scopes) echo(chatID string, given protocol.Opt[protocol.Metadata]) protocol.Opt[protocol.Metadata] {
	metadata := protocol.Metadata{}
	for k, v := range given.Or(nil) {
		metadata[k] = v
	}
	_, guildGiven := metadata["guild_id"]
	_, scopeGiven := metadata["scope_id"]
	if guildGiven || scopeGiven {
		return protocol.Some(metadata)
	}
	s.mu.Lock()
	at, seen := s.chats[chatID]
	s.mu.Unlock()
	if seen {
		metadata.Set("guild_id", at.guildID)
		if at.scopeID != "" {
			metadata.Set("scope_id", at.scopeID)
		}
	}
	return protocol.Some(metadata)
}
