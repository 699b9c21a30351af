package fakeconnector

import (
	"regexp"
	"strings"
	"sync"
)

// secrets is the redactor: it knows every secret that the connector minted or was given.
type secrets struct {
	mu    sync.Mutex
	known map[string]struct{}
	all   *strings.Replacer // nil when it has to be built again
}

// Redacted stands where a secret stood.
const Redacted = "[redacted]"

// minSecret keeps a one-letter secret of a test from tearing every text apart. The
// contract's secrets have 64 characters.
const minSecret = 6

func (s *secrets) add(secret string) {
	if len(secret) < minSecret {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]struct{}{}
	}
	s.known[secret] = struct{}{}
	s.all = nil
}

// bearer finds credentials in text, also of callers that the connector does not know.
var bearer = regexp.MustCompile(`(?i)\b(bearer\s+)[^\s"',;\\]+`)

func (s *secrets) redact(text string) string {
	s.mu.Lock()
	if s.all == nil {
		pairs := make([]string, 0, 2*len(s.known))
		for k := range s.known {
			pairs = append(pairs, k, Redacted)
		}
		s.all = strings.NewReplacer(pairs...)
	}
	all := s.all
	s.mu.Unlock()
	return bearer.ReplaceAllString(all.Replace(text), "${1}"+Redacted)
}
