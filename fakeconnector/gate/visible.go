package gate

import (
	"cmp"
	"slices"
)

// view is somebody's permission to look into a chat.
type view struct {
	Author
	chat string
}

// SetView says whether somebody is permitted to view a chat: a thread, a chat, what the
// chat is in, or a whole server or workspace. Everybody sees everything else.
func (g *Gate) SetView(a Author, chat string, can bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	k := view{a, chat}
	if can {
		delete(g.hidden, k)
		return nil
	}
	if !g.hidden[k] {
		if err := g.room(len(g.hidden), "chats that somebody is not permitted to view"); err != nil {
			return err
		}
	}
	g.hidden[k] = true
	return nil
}

// Hidden is a chat that somebody is not permitted to view.
type Hidden struct {
	Author
	Chat string `json:"chat"`
}

// Hidden lists what [Gate.SetView] has hidden and from whom, sorted.
func (g *Gate) Hidden() []Hidden {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Hidden, 0, len(g.hidden))
	for v := range g.hidden {
		out = append(out, Hidden{v.Author, v.chat})
	}
	slices.SortFunc(out, func(a, b Hidden) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Chat, b.Chat))
	})
	return out
}

// visible: the instance's owner, who is everybody that is bound to it on the platform, is
// permitted to view the chat and all that it is in (gate/visible). An instance without an
// owner on the platform sees nothing of it. A direct message to the bot is not narrowed,
// unless it was hidden by name.
func (g *Gate) visible(p *Post, instance string) (bool, string) {
	platform, owners := p.Event.Source.Platform, 0
	for _, owner := range g.owned[instance] {
		if owner.Platform != platform {
			continue
		}
		owners++
		if g.views(owner, p.scopes()) {
			return true, "its owner " + owner.String() + " is permitted to view the chat"
		}
	}
	switch {
	case owners > 0:
		return false, "its owner is not permitted to view the chat"
	case p.direct():
		return true, "a direct message to the bot"
	}
	return false, "nobody on " + platform + " is bound to it, so that it has no owner who could view the chat"
}

func (g *Gate) views(a Author, scopes []string) bool {
	for _, scope := range scopes {
		if g.hidden[view{a, scope}] {
			return false
		}
	}
	return true
}
