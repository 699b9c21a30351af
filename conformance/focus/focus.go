// Package focus chooses cases by pattern, and finds the ids that somebody who mistyped
// one may have meant.
package focus

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Error is a pattern that matches nothing, or is none.
type Error struct {
	Pattern string
	Bad     bool     // it is no pattern at all
	Nearest []string // ids that may have been meant, the likeliest first
}

func (e *Error) Error() string {
	switch {
	case e.Bad:
		return fmt.Sprintf("%q is no pattern: a [ has no ], or a range is upside down", e.Pattern)
	case len(e.Nearest) == 0:
		return fmt.Sprintf("%q matches no case", e.Pattern)
	default:
		return fmt.Sprintf("%q matches no case; the nearest: %s", e.Pattern, strings.Join(e.Nearest, ", "))
	}
}

// Select returns those of ids, in their order, that one of the patterns matches; all of
// them without a pattern. A pattern is
//
//   - the id of a case, "framing/binary:cut";
//   - the id of a rule, "framing/binary", which means all of its cases;
//   - an area, "framing";
//   - or a glob over ids, "framing/*" or "*ack*", in which * stands for anything, the
//     slash included, and ? and [a-z] for one character.
//
// A pattern that matches nothing is an [*Error]: a run that judges nothing must not
// look like one that found nothing.
func Select(ids, patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		return slices.Clone(ids), nil
	}
	chosen := map[string]bool{}
	for _, pattern := range patterns {
		matched := false
		for _, id := range ids {
			ok, err := matches(pattern, id)
			if err != nil {
				return nil, &Error{Pattern: pattern, Bad: true}
			}
			if ok {
				chosen[id], matched = true, true
			}
		}
		if !matched {
			return nil, &Error{Pattern: pattern, Nearest: Nearest(ids, pattern)}
		}
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !chosen[id] }), nil
}

func matches(pattern, id string) (bool, error) {
	// path.Match keeps * from crossing a slash; without slashes there is none to cross.
	flat := strings.NewReplacer("/", "\x01")
	ok, err := path.Match(flat.Replace(pattern), flat.Replace(id))
	if err != nil {
		return false, err
	}
	rule, _, _ := strings.Cut(id, ":")
	area, _, _ := strings.Cut(rule, "/")
	return ok || pattern == id || pattern == rule || pattern == area, nil
}

// most is how many ids a reader is offered.
const most = 3

// Nearest returns up to three of ids that are close enough to word to have been meant:
// as a whole, in the part behind the slash, or by the area. The likeliest comes first.
func Nearest(ids []string, word string) []string {
	type candidate struct {
		id   string
		cost int
	}
	word = strings.ToLower(strings.Trim(word, "*/ "))
	var found []candidate
	for _, id := range ids {
		rule, _, _ := strings.Cut(id, ":")
		area, slug, _ := strings.Cut(rule, "/")
		_, wordSlug, _ := strings.Cut(word, "/")
		// A third of the word may be wrong, no more: beyond that anything is near.
		bound := len(word) / 3
		cost := bound + 1
		for _, form := range []string{id, rule, slug, area} {
			cost = min(cost, distance(word, form))
		}
		if wordSlug != "" && wordSlug == slug {
			cost = min(cost, 1) // the right rule of another area
		}
		if word != "" && strings.Contains(id, word) {
			cost = min(cost, 1)
		}
		if cost <= bound {
			found = append(found, candidate{id, cost})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.cost, b.cost) })
	var nearest []string
	for _, c := range found[:min(most, len(found))] {
		nearest = append(nearest, c.id)
	}
	return nearest
}

// distance is the number of bytes to insert, remove or replace to make b out of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
