// Package gate decides who receives an event: every instance for which it is authorised,
// and visible, and relevant (contract, section "Delivery gate"). Each of the three is a
// layer in a file of its own; the first one that says no ends the matter, and a [Decision]
// tells what each of them said.
//
// It fails closed: an author of whom nothing is known reaches nobody.
package gate

import (
	"slices"
	"sync"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// Author is somebody on a platform. As the author of an event, a user id that is empty is
// nobody's.
type Author struct {
	Platform string `json:"platform"`
	UserID   string `json:"userId"`
}

func (a Author) String() string { return a.Platform + "/" + a.UserID }

// Post is what somebody wrote on a platform: the event, and what the platform tells its
// connector beside it and what does not travel. The event names its platform and has a
// chat type.
type Post struct {
	Event protocol.Event `json:"event"`
	// Bot: the author is a bot. An event whose source says is_bot is one without it.
	Bot bool `json:"bot,omitempty"`
	// Addressed: the agent's bot is mentioned. Direct messages, answers to its own messages
	// and presses of its prompts address it without it.
	Addressed bool `json:"addressed,omitempty"`
}

func (p *Post) author() Author {
	return Author{p.Event.Source.Platform, p.Event.Source.UserID.Or("")}
}

func (p *Post) direct() bool { return p.Event.Source.ChatType == "dm" }

// chats are the ids that the post's chat goes by, the narrowest first: the thread, the
// chat, and what the chat is in.
func (p *Post) chats() []string {
	src := &p.Event.Source
	var out []string
	for _, id := range []string{src.ThreadID.Or(""), src.ChatID, src.ParentChatID.Or("")} {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// scopes are its chats, and then the server or workspace that they are in.
func (p *Post) scopes() []string {
	out := p.chats()
	for _, o := range []protocol.Opt[string]{p.Event.Source.ScopeID, p.Event.Source.GuildID} {
		if id := o.Or(""); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// Instances is what the gate asks of the connector's records. It is called under the
// gate's lock, so it must not call the gate.
type Instances interface {
	// Tenant is whose instance it is. ok is false unless it has a gateway that was not
	// revoked: nothing can be given to any other.
	Tenant(instance string) (tenant string, ok bool)
	// Policies are what the instance's gateways that front the platform have declared for
	// it, with the defaults for one that has declared nothing.
	Policies(instance, platform string) []Policy
}

// Gate holds the bindings, grants and principal policies of all instances. It is safe for
// concurrent use, and what one call changes is changed as a whole or not at all.
type Gate struct {
	of    Instances
	now   func() time.Time
	limit int

	mu         sync.Mutex
	bound      map[Author]map[string]string // author → tenant → instance
	owned      map[string][]Author          // instance → the authors that are bound to it
	granted    map[place]string             // → instance
	principals map[string]principal         // by instance
	directs    map[string]string            // platform → instance
	hidden     map[view]bool
	codes      map[string]code
}

// New makes an empty gate. It holds at most limit bindings, grants, views and codes each.
func New(of Instances, now func() time.Time, limit int) *Gate {
	return &Gate{of: of, now: now, limit: limit,
		bound: map[Author]map[string]string{}, owned: map[string][]Author{}, granted: map[place]string{},
		principals: map[string]principal{}, directs: map[string]string{}, hidden: map[view]bool{}, codes: map[string]code{}}
}

// Drop takes everything from an instance: bindings, grants, its principal policy, its
// direct messages and its codes.
func (g *Gate) Drop(instance string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.owned[instance] {
		for tenant, to := range g.bound[a] {
			if to == instance {
				delete(g.bound[a], tenant)
			}
		}
		if len(g.bound[a]) == 0 {
			delete(g.bound, a)
		}
	}
	delete(g.owned, instance)
	delete(g.principals, instance)
	for p, to := range g.granted {
		if to == instance {
			delete(g.granted, p)
		}
	}
	for platform, to := range g.directs {
		if to == instance {
			delete(g.directs, platform)
		}
	}
	for text, c := range g.codes {
		if c.instance == instance {
			delete(g.codes, text)
		}
	}
}
