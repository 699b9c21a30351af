// Package redact takes secrets out of whatever leaves the process: reports, logs,
// exports, pages, and the lines that a subject wrote. It is the only redactor of the
// project; everything that is printed passes it.
//
// A secret is replaced by a placeholder that tells it from the others, `[secret 1]`, so
// that a reader still sees whether two lines hold the same one. Besides the secret as
// it is, its base64, hex, URL-encoded and JSON-escaped forms are found. What follows
// `Bearer ` is replaced even when nobody said that it is a secret: it may be the token
// that a subject computed wrongly, from the right secret.
package redact

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/relaykit/relaykit/internal/bounded"
)

// MinLength is the length, in bytes, from which a secret is redacted. A shorter one is
// ignored: it would match by accident all over a report, and it protects nothing.
const MinLength = 6

// maxBearers bounds how many unknown bearer tokens keep their number; a subject that floods
// cannot make the table grow. The oldest goes, and has another number when it comes again.
const maxBearers = 10_000

// Redactor replaces the secrets that it was given. The zero value and New's are ready
// to use; all methods are safe for concurrent use.
type Redactor struct {
	mu       sync.RWMutex
	next     int                   // the last number given
	numbers  map[string]int        // secret → its number
	forever  map[string]bool       // secrets that were given to Add
	passing  []passing             // those that were given to AddUntil
	swept    int                   // how many of them the last sweep has left
	patterns map[uint64][]pattern  // the first MinLength bytes → what may start with them, longest first
	bearers  map[uint64]int        // hash of an unknown bearer token → its number
	order    bounded.Order[uint64] // of those hashes
	seed     maphash.Seed

	sweeping sync.Mutex // held while secrets are asked whether they are over
}

// pattern is one form of a secret, or of several that have it in common.
type pattern struct {
	text    string
	numbers []int // of those that have it; the first one is shown
}

// New returns a Redactor that knows no secret yet.
func New() *Redactor { return &Redactor{} }

// Add makes secrets known. Each gets the next number; one that is known keeps its own,
// and one that is shorter than [MinLength] is ignored. Lines of a secret that has
// several (a PEM block) are secrets as well, since output is redacted line by line.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.init()
	for _, secret := range secrets {
		if len(secret) >= MinLength {
			r.forever[secret] = true
			r.know(secret)
		}
	}
}

// know needs r.mu.
func (r *Redactor) know(secret string) {
	if r.numbers[secret] != 0 {
		return
	}
	r.next++
	r.numbers[secret] = r.next
	for _, form := range forms(secret) {
		r.addPattern(form, r.next)
	}
}

func (r *Redactor) init() {
	if r.numbers == nil {
		r.numbers = map[string]int{}
		r.forever = map[string]bool{}
		r.patterns = map[uint64][]pattern{}
		r.bearers = map[uint64]int{}
		r.seed = maphash.MakeSeed()
	}
}

// addPattern keeps the list of a prefix longest first, so that of two secrets that
// start alike the longer one is taken. Of secrets that have a form in common the first
// one's number is shown.
func (r *Redactor) addPattern(form string, number int) {
	key, ok := prefix(form)
	if !ok {
		return
	}
	list := r.patterns[key]
	at, found := slices.BinarySearchFunc(list, form, longest)
	if found {
		list[at].numbers = append(list[at].numbers, number)
		return
	}
	r.patterns[key] = slices.Insert(list, at, pattern{form, []int{number}})
}

// longest is the order of patterns that start alike.
func longest(p pattern, form string) int {
	if len(p.text) != len(form) {
		return len(form) - len(p.text)
	}
	return strings.Compare(p.text, form)
}

// prefix is the first MinLength bytes of s as a number, false when s has fewer.
func prefix(s string) (uint64, bool) {
	if len(s) < MinLength {
		return 0, false
	}
	var first [8]byte
	copy(first[:], s[:MinLength])
	return binary.LittleEndian.Uint64(first[:]), true
}

// String returns s with every secret replaced. Doing it twice changes nothing more.
func (r *Redactor) String(s string) string {
	spans := r.spans(s)
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	done := 0
	for _, span := range spans {
		b.WriteString(s[done:span.start])
		b.WriteString(placeholder(span.number))
		done = span.end
	}
	b.WriteString(s[done:])
	return b.String()
}

// span is a part of a text that must not be shown.
type span struct {
	start, end int
	number     int
}

func placeholder(number int) string { return fmt.Sprintf("[secret %d]", number) }

// spans finds the parts to replace, in order and disjoint. Matches that overlap become
// one, so that no end of a secret survives another secret that begins inside of it.
func (r *Redactor) spans(s string) []span {
	found := r.known(s)
	for _, b := range bearers(s) {
		// The number of a known secret says more than one of its own.
		if i := slices.IndexFunc(found, func(k span) bool { return k.start < b.end && b.start < k.end }); i >= 0 {
			b.number = found[i].number
		} else {
			b.number = r.bearer(s[b.start:b.end])
		}
		found = append(found, b)
	}
	slices.SortStableFunc(found, func(a, b span) int { return a.start - b.start })
	var merged []span
	for _, next := range found {
		if last := len(merged) - 1; last >= 0 && next.start < merged[last].end {
			merged[last].end = max(merged[last].end, next.end)
			continue
		}
		merged = append(merged, next)
	}
	return merged
}

// known finds the forms of known secrets, overlapping ones included.
func (r *Redactor) known(s string) []span {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.patterns) == 0 {
		return nil
	}
	var found []span
	for i := 0; i+MinLength <= len(s); i++ {
		key, _ := prefix(s[i:])
		for _, p := range r.patterns[key] {
			if strings.HasPrefix(s[i:], p.text) {
				found = append(found, span{i, i + len(p.text), p.numbers[0]})
				break
			}
		}
	}
	return found
}

// bearer is the number of a bearer token that nobody made known. Only its hash is
// kept, and the word is not looked for elsewhere: prose has bearers of its own.
func (r *Redactor) bearer(token string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.init()
	hash := maphash.String(r.seed, token)
	if number, ok := r.bearers[hash]; ok {
		return number
	}
	if oldest, gone := r.order.Add(hash, maxBearers); gone {
		delete(r.bearers, oldest)
	}
	r.next++
	r.bearers[hash] = r.next
	return r.next
}
