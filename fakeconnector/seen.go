package fakeconnector

// seen remembers a bounded number of strings, the newest.
type seen struct {
	set  map[string]struct{}
	ring []string
	at   int
}

// add reports whether text is remembered, and remembers it.
func (n *seen) add(text string, limit int) bool {
	if _, again := n.set[text]; again {
		return true
	}
	if n.set == nil {
		n.set = map[string]struct{}{}
	}
	if len(n.ring) < limit {
		n.ring = append(n.ring, text)
	} else {
		delete(n.set, n.ring[n.at])
		n.ring[n.at] = text
		n.at = (n.at + 1) % limit
	}
	n.set[text] = struct{}{}
	return false
}
