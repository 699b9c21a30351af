package kit

import "time"

// Verdict is the outcome of a case, by its name in every report.
type Verdict string

// The verdicts.
const (
	Pass           Verdict = "pass"
	Fail           Verdict = "fail"
	Warn           Verdict = "warn"            // a SHOULD that fails
	Known          Verdict = "known"           // listed as failing, and failing as listed
	Flaky          Verdict = "flaky"           // listed as flaky
	UnexpectedPass Verdict = "unexpected-pass" // listed as failing, yet passing
	Blocked        Verdict = "blocked"         // a prerequisite rule failed
	NotApplicable  Verdict = "not-applicable"  // the subject cannot be judged on it, with the reason
	HarnessError   Verdict = "error"           // the harness's own fault, never the subject's
)

// Verdicts lists all of them, in the order in which a summary names them.
func Verdicts() []Verdict {
	return []Verdict{Pass, Fail, Warn, Known, Flaky, UnexpectedPass, Blocked, NotApplicable, HarnessError}
}

// Result is what became of one case.
type Result struct {
	Case     Case
	Verdict  Verdict
	Reason   string        // one line; empty only for a pass
	Evidence string        // several lines, for a failure: rule, expected, actual, timeline, logs
	Duration time.Duration // wall time of the body, waiting for a slot not counted
	// Exercised says that the rule was really put to the test: a stimulus and an
	// observation are on record.
	Exercised bool
}
