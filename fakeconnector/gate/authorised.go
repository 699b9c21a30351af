package gate

import "fmt"

// authorised: the author is bound to the instance, or the post's scope is granted to it
// and its principal policy lets the author in (gate/bound-author, gate/grants,
// gate/unlinked).
func (g *Gate) authorised(p *Post, instance string) (bool, string) {
	author := p.author()
	if g.ownedBy(author, instance) {
		return true, "the author is bound to it"
	}
	to, granted := g.grantee(p)
	if to != instance {
		return false, "the author is not bound to it" // not asked: only those concerned are
	}
	principal := g.principals[instance]
	if !principal.lets(author) {
		return false, fmt.Sprintf("%s is granted to it, and its principal policy %s does not let %s in", granted, principal.is(), author)
	}
	return true, fmt.Sprintf("%s is granted to it, and its principal policy is %s", granted, principal.is())
}
