package reference

import "sync"

// seenLimit is how many accepted events are remembered. A connector replays what was
// not acknowledged, at most the buffer of one instance.
const seenLimit = 8192

// seen remembers which events were accepted, so that a repeat is acknowledged and not
// handled twice. (Contract, section "Buffering".) An event is known by its bufferId
// and by platform, chat and message id.
type seen struct {
	mu    sync.Mutex
	state map[string]bool // present: begun; true: accepted
	order []string        // of what was accepted, oldest first
	limit int
}

func newSeen(limit int) *seen { return &seen{state: map[string]bool{}, limit: limit} }

// begin reports whether an event is new, and if so marks it as begun.
func (s *seen) begin(ids []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if _, known := s.state[id]; known {
			return false
		}
	}
	for _, id := range ids {
		s.state[id] = false
	}
	return true
}

// accept makes a begun event an accepted one.
func (s *seen) accept(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.state[id] {
			continue
		}
		s.state[id] = true
		s.order = append(s.order, id)
	}
	for len(s.order) > s.limit {
		delete(s.state, s.order[0])
		s.order = s.order[1:]
	}
}

// refuse forgets a begun event, so that its repeat is a new one.
func (s *seen) refuse(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if !s.state[id] {
			delete(s.state, id)
		}
	}
}

// accepted reports whether an event was accepted under any of its names.
func (s *seen) accepted(ids []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.state[id] {
			return true
		}
	}
	return false
}
