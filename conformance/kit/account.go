package kit

import (
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/relaykit/relaykit/protocol"
)

// account is what a case of either side keeps about itself: what it did and saw, and how
// it ends. [G] and [P] embed it.
type account struct {
	mu           sync.Mutex
	stimuli      int
	observations int
	cleanups     []func()
}

// stop carries a verdict out of a case's body.
type stop struct {
	verdict Verdict
	reason  string
	details []string
	rule    protocol.RuleID // the rule to blame, when it is not the case's own
}

// Failf ends the case: the subject broke the rule.
func (a *account) Failf(format string, args ...any) {
	panic(stop{verdict: Fail, reason: fmt.Sprintf(format, args...)})
}

// Mismatch ends the case with what the rule expects and what came instead, each as a
// reader of the contract would put it.
func (a *account) Mismatch(expected, actual string, details ...string) {
	panic(stop{
		verdict: Fail,
		reason:  fmt.Sprintf("expected %s; got %s", expected, actual),
		details: append([]string{"expected: " + expected, "actual:   " + actual}, details...),
	})
}

// NotApplicable ends the case: this subject cannot be judged on it, for a reason that
// names what it, its launcher or its target lacks.
func (a *account) NotApplicable(format string, args ...any) {
	panic(stop{verdict: NotApplicable, reason: fmt.Sprintf(format, args...)})
}

// Harness ends the case with a failure of the suite's own, which is never held against
// the subject.
func (a *account) Harness(err error, doing string) {
	panic(stop{verdict: HarnessError, reason: fmt.Sprintf("%s: %v", doing, err)})
}

// blocked ends the case because a rule that it stands on does not hold.
func (a *account) blocked(rule protocol.RuleID, why string) {
	panic(stop{verdict: Blocked, reason: fmt.Sprintf("%s does not hold: %s", rule, why), rule: rule})
}

// Cleanup runs f when the case has ended, whatever its verdict.
func (a *account) Cleanup(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cleanups = append(a.cleanups, f)
}

// stimulus and observation are what makes a green verdict mean something: a case that
// ends without one of each is an error of the suite.
func (a *account) stimulus() {
	a.mu.Lock()
	a.stimuli++
	a.mu.Unlock()
}

func (a *account) observation() {
	a.mu.Lock()
	a.observations++
	a.mu.Unlock()
}

// exercised reports whether the rule was really put to the test.
func (a *account) exercised() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stimuli > 0 && a.observations > 0
}

// close runs the cleanups, the latest first.
func (a *account) close() {
	a.mu.Lock()
	cleanups := a.cleanups
	a.cleanups = nil
	a.mu.Unlock()
	for i := len(cleanups) - 1; i >= 0; i-- {
		cleanups[i]()
	}
}

// judge runs a case's body and turns the way it ended into a verdict.
func (a *account) judge(body func()) (out stop) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stop:
			out = r
		default:
			out = stop{verdict: HarnessError, reason: fmt.Sprintf("the case panicked: %v", r), details: strings.Split(string(debug.Stack()), "\n")}
		}
	}()
	body()
	if !a.exercised() {
		return stop{verdict: HarnessError, reason: fmt.Sprintf("the case ended with %d stimuli and %d observations on record; a pass needs one of each", a.stimuli, a.observations)}
	}
	return stop{verdict: Pass}
}

// result is a verdict with its evidence, redacted.
func (a *account) result(c Case, out stop, j Judge, timeline func() []string) Result {
	r := Result{Case: c, Verdict: out.verdict, Reason: oneLine(out.reason), Exercised: a.exercised()}
	if out.verdict == Fail && c.Level == Should {
		r.Verdict = Warn
	}
	switch out.verdict {
	case Fail, HarnessError:
		r.Evidence = evidence(c, out, j, timeline())
	}
	if j.Redact != nil {
		r.Reason, r.Evidence = j.Redact(r.Reason), j.Redact(r.Evidence)
	}
	return r
}
