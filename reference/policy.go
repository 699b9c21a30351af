package reference

import (
	"fmt"
	"strings"
)

// Policy is what a gateway declares about relevance: which messages of others it wants
// to see. The connector drops the rest before it buffers or wakes.
type Policy struct {
	Platform           string   `json:"platform"`
	RequireAddress     bool     `json:"requireAddress"`     // only what addresses the bot
	FreeResponseScopes []string `json:"freeResponseScopes"` // but everything in these chats
	AllowOtherBots     bool     `json:"allowOtherBots"`
}

// worthSaying reports whether the contract has a policy declared at all: not for no
// concrete platform, and not where all three values are at their defaults.
func (p Policy) worthSaying() bool {
	platform := p.Platform
	if platform == "" || platform == "relay" {
		return false
	}
	return p.RequireAddress || len(p.FreeResponseScopes) > 0 || p.AllowOtherBots
}

// ProjectPolicy reads a policy off a configuration file and the environment.
//
// Contract, section "Policy":
//
//   - require_mention becomes requireAddress; free_response_channels, a list or a
//     comma string, becomes freeResponseScopes; <PLATFORM>_ALLOW_BOTS with the value
//     mentions or all becomes allowOtherBots.
//   - Nothing is declared (nil) when all three are at their defaults, nor without a
//     concrete platform.
//
// The two keys are looked for in the platform's own block, at the top of the file,
// under gateway.platforms or under platforms, and then at the top of the file itself.
func ProjectPolicy(file map[string]any, getenv func(string) string, platform string) *Policy {
	platform = strings.TrimSpace(platform)
	look := func(key string) any {
		if v, ok := platformBlock(file, platform)[key]; ok {
			return v
		}
		return file[key]
	}
	p := Policy{
		Platform:           platform,
		RequireAddress:     truthy(look("require_mention")),
		FreeResponseScopes: list(look("free_response_channels")),
	}
	switch strings.TrimSpace(getenv(strings.ToUpper(platform) + "_ALLOW_BOTS")) {
	case "mentions", "all":
		p.AllowOtherBots = true
	}
	if !p.worthSaying() {
		return nil
	}
	return &p
}

func platformBlock(file map[string]any, platform string) map[string]any {
	gateway, _ := file["gateway"].(map[string]any)
	for _, parent := range []any{file, gateway["platforms"], file["platforms"]} {
		if blocks, ok := parent.(map[string]any); ok {
			if block, ok := blocks[platform].(map[string]any); ok {
				return block
			}
		}
	}
	return nil
}

// truthy reads a switch. Words that mean no are no, although they are not empty.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "", "false", "no", "off", "0":
			return false
		}
		return true
	case int:
		return v != 0
	case float64:
		return v != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// list reads a list or a comma string; blank and missing items are dropped.
func list(v any) []string {
	items := []string{}
	add := func(item string) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	switch v := v.(type) {
	case string:
		for _, item := range strings.Split(v, ",") {
			add(item)
		}
	case []any:
		for _, item := range v {
			if item != nil {
				add(fmt.Sprint(item))
			}
		}
	}
	return items
}
