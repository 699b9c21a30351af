package fakeconnector

import (
	"sync"

	"github.com/relaykit/relaykit/internal/bounded"
	"github.com/relaykit/relaykit/protocol"
)

// known is what the connector learns from the events that it delivers: which chats,
// scopes, users and sessions belong to whom. It is bounded; the oldest goes first.
type known struct {
	limit int

	mu     sync.Mutex
	chats  table[chat]            // tenant, chat_id
	scopes table[map[string]bool] // scope → tenants
	users  table[map[string]bool] // user_id → tenants
	runs   table[run]             // tenant, session key
	moved  int                    // how many sessions have come to run elsewhere
	taught taught

	profiles bool // a chat has a profile
}

type chat struct {
	info    protocol.ChatInfo
	profile string
}

// run says where a session runs.
type run struct{ instance, chatID string }

// table is a bounded map, the oldest key goes first.
type table[T any] struct {
	m     map[string]T
	order bounded.Order[string]
	lost  int // how many keys had to go
}

func (t *table[T]) get(key string) (T, bool) {
	v, ok := t.m[key]
	return v, ok
}

func (t *table[T]) put(key string, v T, limit int) {
	if t.m == nil {
		t.m = map[string]T{}
	}
	if _, again := t.m[key]; !again {
		if oldest, gone := t.order.Add(key, limit); gone {
			delete(t.m, oldest)
			t.lost++
		}
	}
	t.m[key] = v
}

// pair joins two texts of others into one key that no other two make.
func pair(a, b string) string { return a + "\x00" + b }

// learn takes what a delivery to a gateway tells.
func (k *known) learn(g Gateway, f protocol.Frame) {
	var src protocol.Source
	switch f := f.(type) {
	case *protocol.Inbound:
		src = f.Event.Source
	case *protocol.PassthroughForward:
		var ok bool
		if src, ok = interactionSource(&f.Forward); !ok {
			return
		}
	default:
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	at, l := place{g.Tenant, src.ChatID}, lessonOf(g.Instance, &src)
	undone := k.undone()
	if k.taught.has(at, l, undone) {
		return
	}
	if src.ChatID != "" {
		c, _ := k.chats.get(pair(g.Tenant, src.ChatID))
		if c.info.Type.IsZero() || src.ChatName.IsSet() {
			c.info = protocol.ChatInfo{Name: protocol.Some(src.ChatName.Or(src.ChatID)), Type: protocol.Some(src.ChatType)}
		}
		k.chats.put(pair(g.Tenant, src.ChatID), c, k.limit)
	}
	for _, scope := range []string{src.ScopeID.Or(""), src.GuildID.Or("")} {
		bindTenant(&k.scopes, scope, g.Tenant, k.limit)
	}
	bindTenant(&k.users, src.UserID.Or(""), g.Tenant, k.limit)
	for _, key := range sessionKeys(src) {
		key, now := pair(g.Tenant, key), run{g.Instance, src.ChatID}
		if before, ran := k.runs.get(key); ran && before != now {
			k.moved++
		}
		k.runs.put(key, now, k.limit)
	}
	if k.undone() == undone {
		k.taught.add(at, l)
	}
}

// undone counts what was learned and is not so any more. It needs k.mu.
func (k *known) undone() int {
	return k.chats.lost + k.scopes.lost + k.users.lost + k.runs.lost + k.moved
}

// bindTenant adds a tenant to those of a scope or user.
func bindTenant(t *table[map[string]bool], key, tenant string, limit int) {
	if key == "" {
		return
	}
	tenants, _ := t.get(key)
	if tenants[tenant] {
		return
	}
	if tenants == nil {
		tenants = map[string]bool{}
	}
	tenants[tenant] = true
	t.put(key, tenants, limit)
}
