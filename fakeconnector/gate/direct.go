package gate

import (
	"fmt"
	"maps"
)

// SetDMDefault says what becomes of direct messages on a platform, as POST
// /manage/dm-default does. Whoever is bound reaches the own instance in any case; with on,
// the direct messages of everybody else are granted to this one, on the terms of its
// principal policy. One instance can have them: [ErrTaken] if it is another, [ErrNotHeld]
// for off if the instance does not have them.
func (g *Gate) SetDMDefault(instance, platform string, on bool) error {
	if platform == "" {
		return bad("expected a platform, got none")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	doing := "direct messages on " + platform
	if _, err := g.tenant(instance); on && err != nil { // one that was revoked can give back
		return fmt.Errorf("%s: %w", doing, err)
	}
	to, taken := g.directs[platform]
	switch {
	case on && taken && to != instance:
		return fmt.Errorf("%s: %w", doing, ErrTaken)
	case !on && to != instance:
		return fmt.Errorf("%s: %w", doing, ErrNotHeld)
	case !on:
		delete(g.directs, platform)
	case !taken:
		if err := g.room(len(g.directs), "platforms with a default for direct messages"); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		g.directs[platform] = instance
	}
	return nil
}

// DMDefaults tells for each platform which instance has its direct messages.
func (g *Gate) DMDefaults() map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.directs)
}
