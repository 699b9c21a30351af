package gate

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"
)

// code is an invitation to be bound to an instance.
type code struct {
	instance string
	expires  time.Time // zero is never
}

// LinkCode makes a code for an instance: whoever sends "/link <code>" to the bot as a
// direct message is bound to it, and the code is used up. A ttl of zero or less never
// expires.
func (g *Gate) LinkCode(instance string, ttl time.Duration) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := g.tenant(instance); err != nil {
		return "", fmt.Errorf("making a link code: %w", err)
	}
	now := g.now()
	for text, c := range g.codes {
		if c.over(now) {
			delete(g.codes, text)
		}
	}
	if err := g.room(len(g.codes), "link codes at once"); err != nil {
		return "", fmt.Errorf("making a link code: %w", err)
	}
	c := code{instance: instance}
	if ttl > 0 {
		c.expires = now.Add(ttl)
	}
	text := rand.Text() // 128 bits: nobody guesses one
	g.codes[text] = c
	return text, nil
}

func (c code) over(now time.Time) bool { return !c.expires.IsZero() && !now.Before(c.expires) }

// link binds the author of a direct message that is "/link" and a valid code, and takes
// the author from another instance of the tenant: the author asks for it. Any other
// message is none, whatever it looks like.
func (g *Gate) link(p *Post) (instance, why string) {
	words := strings.Fields(p.Event.Text)
	if !p.direct() || len(words) != 2 || words[0] != "/link" {
		return "", ""
	}
	c, known := g.codes[words[1]]
	if !known || c.over(g.now()) {
		return "", ""
	}
	tenant, ok := g.of.Tenant(c.instance)
	if !ok || g.bind(p.author(), tenant, c.instance) != nil {
		return "", ""
	}
	delete(g.codes, words[1])
	return c.instance, "a /link with a valid code has bound the author to " + c.instance + " and is delivered to nobody"
}
