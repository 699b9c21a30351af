package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/conformance/kit"
)

// runOf is a run of three cases with the given verdicts.
func runOf(verdicts ...kit.Verdict) Run {
	var run Run
	for i, v := range verdicts {
		r := kit.Result{Case: kit.Case{ID: []string{"a/one", "a/two", "b/three"}[i], Title: "t", Level: kit.Must}, Verdict: v, Exercised: true}
		if v != kit.Pass {
			r.Reason = "because of " + string(v)
		}
		run.Results = append(run.Results, r)
	}
	run.Header.Outcome = Judge(run.Results, nil, false)
	return run
}

func nobody(string) bool { return false }

func TestRepeated(t *testing.T) {
	green := runOf(kit.Pass, kit.Pass, kit.Flaky)
	for name, test := range map[string]struct {
		runs     []Run
		listed   func(string) bool
		exit     int
		why      string
		unstable string
		tally    string // of a/two
		verdict  kit.Verdict
	}{
		"always the same":     {[]Run{green, green, green}, nobody, 0, "none found broken, 1 flaky, with the same verdicts in 3 runs", "", "3 pass", kit.Pass},
		"now and then a fail": {[]Run{green, runOf(kit.Pass, kit.Fail, kit.Flaky), green}, nobody, 1, "in run 2 of 3: 1 fail, the first in a/two: because of fail; besides, 1 unstable case over the runs", "a/two", "2 pass, 1 fail", kit.Fail},
		// None of the runs is red by itself.
		"now and then a warn":        {[]Run{green, runOf(kit.Pass, kit.Warn, kit.Flaky)}, nobody, 1, "1 unstable case over 2 runs, the first a/two: 1 pass, 1 warn", "a/two", "1 pass, 1 warn", kit.Warn},
		"it cannot always be judged": {[]Run{runOf(kit.Pass, kit.NotApplicable, kit.Flaky), green}, nobody, 1, "1 unstable case over 2 runs", "a/two", "1 pass, 1 not-applicable", kit.NotApplicable},
		"listed as flaky":            {[]Run{green, runOf(kit.Pass, kit.Warn, kit.Flaky)}, func(id string) bool { return id == "a/two" }, 0, "same verdicts", "", "1 pass, 1 warn", kit.Warn},
		"the harness failed once":    {[]Run{runOf(kit.Pass, kit.Fail, kit.Flaky), runOf(kit.Pass, kit.HarnessError, kit.Flaky)}, nobody, 3, "in run 2 of 2: 1 error", "a/two", "1 fail, 1 error", kit.HarnessError},
		"once":                       {[]Run{green}, nobody, 0, "with the same verdicts in 1 run", "", "1 pass", kit.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			got := Repeated(test.runs, test.listed)
			if o := got.Header.Outcome; o.Exit != test.exit || !strings.Contains(o.Why, test.why) {
				t.Errorf("exit %d: %s", o.Exit, o.Why)
			}
			if u := strings.Join(got.Unstable(), " "); u != test.unstable {
				t.Errorf("unstable: %q", u)
			}
			if tally := got.Tallies["a/two"].String(); tally != test.tally || got.Header.Runs != len(test.runs) {
				t.Errorf("%d runs, %s", got.Header.Runs, tally)
			}
			if v := got.Results[1].Verdict; v != test.verdict {
				t.Errorf("the verdict is %s", v)
			}
		})
	}
}

func TestARepeatedRunIsReported(t *testing.T) {
	run := Repeated([]Run{runOf(kit.Pass, kit.Pass, kit.Pass), runOf(kit.Pass, kit.Warn, kit.Pass)}, nobody)
	var json, junit, table bytes.Buffer
	if err := WriteJSON(&json, run); err != nil {
		t.Fatal(err)
	}
	if err := validate(t, json.Bytes()); err != nil {
		t.Error(err)
	}
	if err := WriteJUnit(&junit, run); err != nil {
		t.Fatal(err)
	}
	if err := WriteTable(&table, run); err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct{ in, want string }{
		{json.String(), `"runs": 2,`},
		{json.String(), "\"stable\": false,\n      \"verdicts\": {\n        \"pass\": 1,\n        \"warn\": 1\n      }"},
		{junit.String(), `<failure message="unstable: 1 pass, 1 warn: because of warn" type="unstable">`},
		{table.String(), "1 pass, 1 warn  MUST   a/two"},
		{table.String(), "runs       2; 2 of 3 cases stable\nunstable   a/two: 1 pass, 1 warn\n"},
	} {
		if !strings.Contains(part.in, part.want) {
			t.Errorf("expected %q in:\n%s", part.want, part.in)
		}
	}
}
