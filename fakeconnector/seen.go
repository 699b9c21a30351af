package fakeconnector

import "github.com/relaykit/relaykit/internal/bounded"

// seen remembers a bounded number of strings, the newest.
type seen struct {
	set   map[string]struct{}
	order bounded.Order[string]
}

// add reports whether text is remembered, and remembers it.
func (n *seen) add(text string, limit int) bool {
	if _, again := n.set[text]; again {
		return true
	}
	if n.set == nil {
		n.set = map[string]struct{}{}
	}
	if oldest, gone := n.order.Add(text, limit); gone {
		delete(n.set, oldest)
	}
	n.set[text] = struct{}{}
	return false
}
