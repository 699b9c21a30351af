package contract

import (
	"fmt"
	"time"
)

// Mark dates a rule or a field: "2026-06" for the baseline, or the month or the day
// at which it was added, such as "2026-09" or "2026-07-25".
type Mark string

// Revision is a dated revision that a gateway or connector can claim.
type Revision string

// Baseline is the revision of everything that has no later mark.
const Baseline Revision = "2026-06"

// Revisions lists the dated revisions, oldest first (contract, section "Versions and
// revisions"; a test holds the two together).
func Revisions() []Revision { return []Revision{Baseline, "2026-07", "2026-08", "2026-10"} }

// Revision is the first revision that holds the mark. A mark after the last one gives
// its own month, which is then later than every revision there is.
func (m Mark) Revision() Revision {
	if m == "" || m == Mark(Baseline) {
		return Baseline
	}
	month := Revision(m)
	if len(m) > len("2026-06") {
		month = Revision(m[:len("2026-06")])
	}
	for _, r := range Revisions()[1:] {
		if month <= r {
			return r
		}
	}
	return month
}

// ParseMark reads a mark. The error says what was expected.
func ParseMark(s string) (Mark, error) {
	for _, layout := range []string{"2006-01", "2006-01-02"} {
		if _, err := time.Parse(layout, s); err == nil {
			return Mark(s), nil
		}
	}
	return "", fmt.Errorf("expected a date such as 2026-06 or 2026-07-25, got %q", s)
}
