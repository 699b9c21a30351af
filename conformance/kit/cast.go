package kit

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// cast is the gateways that a case plays: its own first, then its peers and strangers.
type cast struct {
	own              ConnectorGateway
	peers, strangers []ConnectorGateway
}

func (c cast) all() []ConnectorGateway {
	return append(append([]ConnectorGateway{c.own}, c.peers...), c.strangers...)
}

// pool hands out gateways, so that no two cases use one at the same time.
type pool struct {
	mu      sync.Mutex
	changed *sync.Cond
	all     []ConnectorGateway // those that are usable
	used    map[string]bool    // by id
	lost    map[string]string  // id → why it is not usable any more
}

func newPool(list []ConnectorGateway) *pool {
	p := &pool{all: append([]ConnectorGateway(nil), list...), used: map[string]bool{}, lost: map[string]string{}}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// lacks says why a cast could not be had even if all gateways were free, or "".
func (p *pool) lacks(n ProbeNeeds) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.choose(n, true); ok {
		return ""
	}
	words := []string{"a gateway"}
	if n.Colon {
		words = []string{"a gateway whose id holds a colon"}
	}
	if n.Peers > 0 {
		words = append(words, fmt.Sprintf("%d more of the same tenant", n.Peers))
	}
	if n.Strangers > 0 {
		words = append(words, fmt.Sprintf("%d of another tenant", n.Strangers))
	}
	why := fmt.Sprintf("the case needs %s, and the target has only %d gateways", strings.Join(words, " and "), len(p.all))
	for id, reason := range p.lost {
		return why + fmt.Sprintf("; %q is not usable any more: %s", id, reason)
	}
	return why
}

// take waits until a cast is free. ok is false when none can become free, or ctx ended.
func (p *pool) take(ctx context.Context, n ProbeNeeds) (cast, bool) {
	stop := context.AfterFunc(ctx, func() { p.mu.Lock(); p.changed.Broadcast(); p.mu.Unlock() })
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for ctx.Err() == nil {
		if c, ok := p.choose(n, false); ok {
			for _, g := range c.all() {
				p.used[g.ID] = true
			}
			return c, true
		}
		if _, ok := p.choose(n, true); !ok {
			break
		}
		p.changed.Wait()
	}
	return cast{}, false
}

// choose finds a cast among the free gateways, or among all. It needs p.mu.
func (p *pool) choose(n ProbeNeeds, all bool) (cast, bool) {
	usable := func(g ConnectorGateway) bool { return all || !p.used[g.ID] }
	colon := func(g ConnectorGateway) bool { return strings.Contains(g.ID, ":") }
	for _, own := range p.all {
		if !usable(own) || n.Colon && !colon(own) {
			continue
		}
		c := cast{own: own}
		for _, g := range p.all {
			switch {
			case g.ID == own.ID || !usable(g) || g.Instance == own.Instance:
			case g.Tenant == own.Tenant && len(c.peers) < n.Peers:
				c.peers = append(c.peers, g)
			case g.Tenant != own.Tenant && len(c.strangers) < n.Strangers:
				c.strangers = append(c.strangers, g)
			}
		}
		if len(c.peers) == n.Peers && len(c.strangers) == n.Strangers {
			return c, true
		}
	}
	return cast{}, false
}

// give takes a gateway back, as it is now; lost says why it is not usable any more, or is
// empty.
func (p *pool) give(g ConnectorGateway, lost string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.used, g.ID)
	for i := range p.all {
		if p.all[i].ID != g.ID {
			continue
		}
		p.all[i] = g
		if lost != "" {
			p.all = append(p.all[:i:i], p.all[i+1:]...)
			p.lost[g.ID] = lost
		}
		break
	}
	p.changed.Broadcast()
}
