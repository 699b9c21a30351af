package gate

import "slices"

// Policy is what a gateway declares about relevance on one platform (contract, section
// "Policy").
type Policy struct {
	Platform           string   `json:"platform"`
	RequireAddress     bool     `json:"requireAddress"`
	FreeResponseScopes []string `json:"freeResponseScopes"`
	AllowOtherBots     bool     `json:"allowOtherBots"`
}

// relevant: the owner wrote it, or the policy of one of the instance's gateways that front
// the platform does not exclude it (gate/owner, gate/relevant).
func (g *Gate) relevant(p *Post, instance string) (bool, string) {
	if g.ownedBy(p.author(), instance) {
		return true, "its owner wrote it"
	}
	why := "none of its gateways fronts the platform"
	for _, policy := range g.of.Policies(instance, p.Event.Source.Platform) {
		var pass bool
		if pass, why = policy.lets(p); pass {
			return true, why
		}
	}
	return false, why
}

func (policy Policy) lets(p *Post) (bool, string) {
	if !policy.AllowOtherBots && (p.Bot || p.Event.Source.IsBot.Or(false)) {
		return false, "its author is a bot, and other bots are not answered"
	}
	if !policy.RequireAddress {
		return true, "the policy asks for no address"
	}
	if how := p.addresses(); how != "" {
		return true, how
	}
	for _, chat := range p.chats() {
		if slices.Contains(policy.FreeResponseScopes, chat) {
			return true, "the policy names " + chat + " as a free scope"
		}
	}
	return false, "the policy asks for an address, and it addresses nobody"
}

// addresses says how a post addresses the bot, or is empty.
func (p *Post) addresses() string {
	reply, _ := p.Event.ReplyTo.Get()
	switch {
	case p.direct():
		return "a direct message addresses the bot"
	case p.Addressed:
		return "it mentions the bot"
	case reply.IsOwn.Or(false):
		return "it answers a message of the bot"
	case p.Event.PromptResponse.IsSet():
		return "it presses a prompt of the bot"
	}
	return ""
}
