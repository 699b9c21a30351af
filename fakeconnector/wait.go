package fakeconnector

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// Follow yields the entries with a Seq greater than after as they come, until ctx is
// done or the connector is closed. It holds no queue: a reader that falls behind the
// journal's bounds misses entries, which the gap in Seq tells.
func (j *Journal) Follow(ctx context.Context, after int64) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for {
			entries, changed, ended := j.since(after, true)
			for _, e := range entries {
				after = e.Seq
				if !yield(e) {
					return
				}
			}
			switch {
			case ctx.Err() != nil: // whatever still comes
				return
			case len(entries) > 0:
				continue
			case ended:
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}
}

// Wait returns the first entry with a Seq greater than after that matches. It blocks
// until there is one, until ctx is done, or until the connector is closed; then the
// error is a *[WaitError]. match must not call back into the journal's connector.
func (j *Journal) Wait(ctx context.Context, after int64, match func(Entry) bool) (Entry, error) {
	found, err := j.WaitN(ctx, after, 1, match)
	if err != nil {
		return Entry{}, err
	}
	return found[0], nil
}

// WaitN returns the first n entries with a Seq greater than after that match, on the
// terms of [Journal.Wait]. On failure the WaitError holds those that were found.
func (j *Journal) WaitN(ctx context.Context, after int64, n int, match func(Entry) bool) ([]Entry, error) {
	var found []Entry
	seen := after
	for len(found) < n {
		entries, changed, ended := j.since(seen, true)
		for _, e := range entries {
			seen = e.Seq
			if match(e) {
				if found = append(found, e); len(found) == n {
					return found, nil
				}
			}
		}
		switch {
		case ended && len(entries) == 0:
			return nil, j.waitError(after, n, found, ErrClosed)
		case ctx.Err() != nil: // whatever still comes: a gateway may flood without end
			return nil, j.waitError(after, n, found, context.Cause(ctx))
		case len(entries) > 0:
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, j.waitError(after, n, found, context.Cause(ctx))
		}
	}
	return found, nil
}

// lastSeen is how many entries a WaitError shows: enough to see what came instead.
const lastSeen = 8

// ErrClosed is the cause of a [WaitError] when the connector was closed under a wait.
var ErrClosed = errors.New("the fake connector was closed")

// WaitError says that what was waited for did not come, and what came instead.
type WaitError struct {
	After int64   // the Seq after which was looked
	Want  int     // how many entries were wanted
	Found []Entry // those that did match
	Last  []Entry // the last entries after After, oldest first
	Total int     // how many entries came after After
	Cause error   // why the wait ended

	redact func(string) string
}

func (j *Journal) waitError(after int64, n int, found []Entry, cause error) *WaitError {
	all := j.Since(after)
	return &WaitError{After: after, Want: n, Found: found, Last: all[max(0, len(all)-lastSeen):],
		Total: len(all), Cause: cause, redact: j.redact}
}

func (e *WaitError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "expected %d matching journal entries after #%d, got %d: %v", e.Want, e.After, len(e.Found), e.Cause)
	if e.Total == 0 {
		b.WriteString("; nothing at all came")
	} else {
		fmt.Fprintf(&b, "; %d entries came, the last of them:", e.Total)
	}
	for _, x := range e.Last {
		b.WriteString("\n  ")
		b.WriteString(x.String())
	}
	if e.redact != nil {
		return e.redact(b.String())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *WaitError) Unwrap() error { return e.Cause }
