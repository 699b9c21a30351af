package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hostile is a text as a subject may produce it: terminal escapes, a null, a bell, C1,
// direction overrides, no UTF-8, the end of a CDATA section, markup, what XML forbids.
const hostile = "red \x1b[31m\x00\a\u009b2J \u202etxet \xff\xfe ]]> <b>&amp; \ufffe\U000e0001 \u2028 \r end"

const hostileShown = `red \x1b[31m\x00\x07\u009b2J \u202etxet \xff\xfe ]]> <b>&amp; \ufffe\U000e0001 \u2028 \r end`

func result(id string, v kit.Verdict, ms int, reason string) kit.Result {
	return kit.Result{
		Case:    kit.Case{ID: id, Title: "title of " + id, Level: kit.Must, Gateway: func(*kit.G) {}},
		Verdict: v, Reason: reason, Duration: time.Duration(ms) * time.Millisecond,
		Exercised: v != kit.Blocked && v != kit.NotApplicable && v != kit.HarnessError,
	}
}

// everyVerdict is a run with each of them, and with texts that break things.
func everyVerdict() Run {
	warned := result("framing/newline", kit.Warn, 20, "two newlines")
	warned.Case.Level, warned.Evidence = kit.Should, "expected\n\tone newline"
	failed := result("framing/binary:cut", kit.Fail, 10_250, hostile)
	failed.Evidence = "first line\nsecond " + hostile + "\n"
	results := []kit.Result{
		result("handshake/hello-first", kit.Pass, 12, ""),
		failed,
		warned,
		result("handshake/hello-once", kit.Known, 30, "listed as known: later"),
		result("auth/bearer", kit.Flaky, 1, "listed as flaky: a race"),
		result("auth/fresh-token", kit.UnexpectedPass, 2, "listed, yet it passes"),
		result("inbound/handled", kit.Blocked, 0, "handshake/hello-once does not hold"),
		result("inbound/repeat-once", kit.NotApplicable, 0, "no driver"),
		result("inbound/ack-buffered", kit.HarnessError, 5, "multi\nline"),
	}
	skew := -1500 * time.Millisecond
	return Run{Results: results, Header: Header{
		SuiteVersion: "v0.1.0", ContractHash: "00ff", Revision: "2026-06",
		Target: Target{"my-gateway", "1.4.0", "abcd"}, Seed: 7, TimeScale: 0.1,
		Started: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), Duration: 12345678 * time.Microsecond, Overhead: 200 * time.Millisecond,
		ClockSkew: &skew, Stops: kit.Stops{Killed: 2, Of: 9}, StopWithin: 3500 * time.Millisecond,
		Exercised: CountRules(results), Outcome: Judge(results, nil, false),
	}}
}

func TestGolden(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"report.json": func(b *bytes.Buffer) error { return WriteJSON(b, everyVerdict()) },
		"junit.xml":   func(b *bytes.Buffer) error { return WriteJUnit(b, everyVerdict()) },
		"table.txt":   func(b *bytes.Buffer) error { return WriteTable(b, everyVerdict()) },
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Error(diff)
			}
			for i, c := range got.String() {
				if c != '\n' && c != '\t' && (c < 0x20 || c == 0x7f || c >= 0x80 && c < 0xa0) {
					t.Errorf("a control character %U at %d: …%q", c, i, got.String()[max(0, i-20):i])
				}
			}
		})
	}
}

// validate holds a JSON report against the schema.
func validate(t *testing.T, text []byte) error {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("report.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(doc)
}

func TestReportsValidate(t *testing.T) {
	empty := Run{}
	empty.Header.Outcome = Judge(nil, nil, false)
	for name, run := range map[string]Run{"every verdict": everyVerdict(), "empty": empty} {
		var got bytes.Buffer
		if err := WriteJSON(&got, run); err != nil {
			t.Fatal(err)
		}
		if err := validate(t, got.Bytes()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSchemaRefuses(t *testing.T) {
	var good bytes.Buffer
	if err := WriteJSON(&good, everyVerdict()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(report map[string]any){
		"no cases":         func(r map[string]any) { delete(r, "cases") },
		"no seed":          func(r map[string]any) { delete(r["header"].(map[string]any), "seed") },
		"another format":   func(r map[string]any) { r["format"] = 2 },
		"unknown verdict":  func(r map[string]any) { firstCase(r)["verdict"] = "ok" },
		"an id of one":     func(r map[string]any) { firstCase(r)["id"] = "hello" },
		"negative seconds": func(r map[string]any) { firstCase(r)["duration"] = -1 },
		"control":          func(r map[string]any) { firstCase(r)["reason"] = "\x1b[31m" },
		"fail, no reason":  func(r map[string]any) { firstCase(r)["verdict"] = "fail" },
		"unknown field":    func(r map[string]any) { firstCase(r)["extra"] = 1 },
	} {
		var report map[string]any
		if err := json.Unmarshal(good.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		change(report)
		text, _ := json.Marshal(report)
		if validate(t, text) == nil {
			t.Errorf("%s: the schema accepts it", name)
		}
	}
}

func firstCase(report map[string]any) map[string]any {
	return report["cases"].([]any)[0].(map[string]any)
}

func TestTheTextsAreTheSame(t *testing.T) {
	var asJSON, asXML, asTable bytes.Buffer
	for _, err := range []error{WriteJSON(&asJSON, everyVerdict()), WriteJUnit(&asXML, everyVerdict()), WriteTable(&asTable, everyVerdict())} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var j jsonReport
	if err := json.Unmarshal(asJSON.Bytes(), &j); err != nil {
		t.Fatal(err)
	}
	if got := j.Cases[1].Reason; got != hostileShown {
		t.Errorf("JSON: %q", got)
	}
	var x struct {
		Suites []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(asXML.Bytes(), &x); err != nil {
		t.Fatal(err)
	}
	failed := x.Suites[1].Cases[0]
	if failed.Name != "framing/binary:cut" || failed.Failure == nil {
		t.Fatalf("XML: %+v", failed)
	}
	if got := failed.Failure.Message; got != "fail: "+hostileShown {
		t.Errorf("XML: %q", got)
	}
	if got, want := failed.Failure.Text, "first line\nsecond "+hostileShown+"\n"; got != want {
		t.Errorf("XML: %q", got)
	}
	if !strings.Contains(asTable.String(), hostileShown) {
		t.Error("the table lacks the reason")
	}
}

func TestJUnitOfAStrictRun(t *testing.T) {
	run := everyVerdict()
	for _, strict := range []bool{false, true} {
		run.Header.Strict = strict
		var got bytes.Buffer
		if err := WriteJUnit(&got, run); err != nil {
			t.Fatal(err)
		}
		if is := strings.Contains(got.String(), `<failure message="warn: two newlines"`); is != strict {
			t.Errorf("strict %v: a warning is a failure: %v", strict, is)
		}
		if n := strings.Count(got.String(), "<skipped"); strict && n != 3 || !strict && n != 4 {
			t.Errorf("strict %v: %d cases are skipped", strict, n)
		}
	}
}

func TestJudge(t *testing.T) {
	pass := result("handshake/hello-first", kit.Pass, 1, "")
	with := func(v kit.Verdict) []kit.Result {
		return []kit.Result{pass, result("auth/bearer", v, 1, "because\nof it")}
	}
	core := []protocol.RuleID{"handshake/hello-first"}
	for name, test := range map[string]struct {
		results []kit.Result
		core    []protocol.RuleID
		strict  bool
		want    Outcome
	}{
		"pass":            {with(kit.Pass), core, false, Outcome{Conformant, "2 rules exercised, none found broken", 0}},
		"fail":            {with(kit.Fail), core, false, Outcome{NotConformant, `1 fail, the first in auth/bearer: because\nof it`, 1}},
		"blocked":         {with(kit.Blocked), core, false, Outcome{NotConformant, `1 blocked, the first in auth/bearer: because\nof it`, 1}},
		"unexpected pass": {with(kit.UnexpectedPass), core, false, Outcome{NotConformant, `1 unexpected-pass, the first in auth/bearer: because\nof it`, 1}},
		"warn":            {with(kit.Warn), core, false, Outcome{Conformant, "2 rules exercised, none found broken, 1 warn", 0}},
		"strict warn":     {with(kit.Warn), core, true, Outcome{NotConformant, `1 warn, the first in auth/bearer: because\nof it`, 1}},
		"known":           {with(kit.Known), core, false, Outcome{Conformant, "2 rules exercised, none found broken, 1 known", 0}},
		"flaky":           {with(kit.Flaky), core, false, Outcome{Conformant, "2 rules exercised, none found broken, 1 flaky", 0}},
		"not applicable":  {with(kit.NotApplicable), core, false, Outcome{Conformant, "1 rule exercised, none found broken", 0}},
		"error":           {with(kit.HarnessError), core, false, Outcome{Undecided, `1 error of the harness's own, the first in auth/bearer: because\nof it`, 3}},
		"error and fail": {append(with(kit.HarnessError), with(kit.Fail)...), core, false,
			Outcome{Undecided, `1 error of the harness's own, the first in auth/bearer: because\nof it; besides, 1 fail`, 3}},
		"nothing ran": {nil, nil, false, Outcome{NotConformant, "no rule was exercised", 1}},
		"all not applicable": {with(kit.NotApplicable)[1:], nil, false,
			Outcome{NotConformant, "no rule was exercised", 1}},
		"core not applicable": {with(kit.NotApplicable), []protocol.RuleID{"auth/bearer"}, false,
			Outcome{NotConformant, `the core rule auth/bearer was not exercised (not-applicable, auth/bearer: because\nof it)`, 1}},
		"core not selected": {with(kit.Pass), []protocol.RuleID{"idle/order"}, false,
			Outcome{NotConformant, "the core rule idle/order was not exercised (no case of it was selected)", 1}},
	} {
		got := Judge(test.results, test.core, test.strict)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		ok, why := Verdict(test.results, test.core, test.strict)
		if ok != (test.want.Exit == 0) || why != test.want.Why {
			t.Errorf("%s: Verdict says %v, %q", name, ok, why)
		}
	}
}

func TestCountRules(t *testing.T) {
	results := []kit.Result{
		result("a/b", kit.NotApplicable, 1, "x"), result("a/b:variant", kit.Pass, 1, ""),
		result("a/b:other", kit.NotApplicable, 1, "x"), result("a/c", kit.Blocked, 1, "x"),
	}
	if got, want := CountRules(results), (Count{1, 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

type broken struct{}

var errBroken = errors.New("disk full")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestFailuresAreTold(t *testing.T) {
	for name, err := range map[string]error{
		"JSON": WriteJSON(broken{}, everyVerdict()), "JUnit": WriteJUnit(broken{}, everyVerdict()), "table": WriteTable(broken{}, everyVerdict()),
	} {
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := WriteJSON(&bytes.Buffer{}, Run{Header: Header{TimeScale: math.NaN()}}); err == nil {
		t.Error("a time scale that is no number is written")
	}
}
