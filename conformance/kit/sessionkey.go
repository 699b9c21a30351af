package kit

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Source is a session source as a case writes it: the members that are always there
// have values, the others are as given.
func (g *G) Source(chatType, chat string, members map[string]any) map[string]any {
	s := map[string]any{
		"platform": g.bench.Platform, "chat_id": chat, "chat_type": chatType,
		"chat_name": nil, "user_id": nil, "user_name": nil, "thread_id": nil, "chat_topic": nil,
	}
	for name, v := range members {
		s[name] = v
	}
	return s
}

// SessionKey asks the driver for the session key of a source.
func (g *G) SessionKey(source map[string]any) string {
	raw := g.Drive("gateway/session_key", map[string]any{"source": source}, g.Timing.Answer)
	var answer struct {
		SessionKey *string `json:"session_key"`
	}
	if json.Unmarshal(raw, &answer) != nil || answer.SessionKey == nil {
		g.Mismatch("an object with session_key", fmt.Sprintf("%.200s", raw))
	}
	return *answer.SessionKey
}

// Platform is the platform that gateways are configured to front.
func (g *G) Platform() string { return g.bench.Platform }

// WantKey checks a session key without its namespace, which has a rule of its own.
func (g *G) WantKey(key, want, of string) {
	rest, isMain := strings.CutPrefix(key, "agent:main:")
	if isMain && rest == want || !isMain && strings.HasSuffix(key, ":"+want) {
		return
	}
	g.Mismatch(fmt.Sprintf("the session key %q for %s", "agent:main:"+want, of), fmt.Sprintf("%q", key))
}
