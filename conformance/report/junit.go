package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
)

// JUnit's elements, as far as CI servers agree on them.
type (
	junitSuites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Time     string   `xml:"time,attr"`
		Suites   []junitSuite
	}
	junitSuite struct {
		XMLName    xml.Name        `xml:"testsuite"`
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		XMLName   xml.Name `xml:"testcase"`
		Name      string   `xml:"name,attr"`
		Classname string   `xml:"classname,attr"`
		Time      string   `xml:"time,attr"`
		Skipped   *junitMessage
		Failure   *junitMessage
		Error     *junitMessage
		Output    *junitText `xml:"system-out"`
	}
	junitMessage struct {
		XMLName xml.Name
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",cdata"`
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
)

// WriteJUnit writes the run as JUnit XML, one testsuite for each area. What makes the
// subject not conformant is a failure (fail, blocked, unexpected-pass, warn if the run was
// strict, and more than one verdict over the runs of a repeated one), the harness's own fault an error. Everything else that is not a pass
// is skipped, with its verdict in the message: JUnit has no word for a warning, and a
// plain pass would hide it.
func WriteJUnit(w io.Writer, run Run) error {
	h := run.Header
	out := junitSuites{Name: "relaykit: " + line(h.Target.Name), Time: junitSeconds(h.Duration)}
	for _, area := range areas(run.Results) {
		suite := junitSuite{Name: line(area), Timestamp: h.Started.UTC().Format("2006-01-02T15:04:05"), Properties: properties(h)}
		var total time.Duration
		for _, r := range run.Results {
			if r.Case.Area() != area {
				continue
			}
			c := junitOf(r, h.Strict)
			if t, ok := run.Tallies[r.Case.ID]; ok && !t.Stable && c.Error == nil {
				c = unstable(c, t, r)
			}
			suite.Cases = append(suite.Cases, c)
			suite.Tests++
			suite.Failures += one(c.Failure)
			suite.Errors += one(c.Error)
			suite.Skipped += one(c.Skipped)
			total += r.Duration
		}
		suite.Time = junitSeconds(total)
		out.Tests += suite.Tests
		out.Failures += suite.Failures
		out.Errors += suite.Errors
		out.Skipped += suite.Skipped
		out.Suites = append(out.Suites, suite)
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("report: writing JUnit: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func junitOf(r kit.Result, strict bool) junitCase {
	c := junitCase{Name: line(r.Case.ID), Classname: line(r.Case.Area()), Time: junitSeconds(r.Duration)}
	message := &junitMessage{Message: line(string(r.Verdict) + ": " + r.Reason), Type: string(r.Verdict), Text: block(r.Evidence)}
	switch r.Verdict {
	case kit.Pass:
	case kit.HarnessError:
		message.XMLName.Local = "error"
		c.Error = message
	case kit.Fail, kit.Blocked, kit.UnexpectedPass:
		message.XMLName.Local = "failure"
		c.Failure = message
	default:
		if r.Verdict == kit.Warn && strict {
			message.XMLName.Local = "failure"
			c.Failure = message
			break
		}
		// Readers of a skipped element look at its message alone.
		if r.Evidence != "" {
			c.Output = &junitText{block(r.Evidence)}
		}
		c.Skipped = &junitMessage{XMLName: xml.Name{Local: "skipped"}, Message: message.Message}
	}
	return c
}

// unstable makes a failure of a case that had more than one verdict.
func unstable(c junitCase, t Tally, r kit.Result) junitCase {
	c.Skipped, c.Output = nil, nil
	c.Failure = &junitMessage{XMLName: xml.Name{Local: "failure"}, Message: line("unstable: " + t.String() + ": " + r.Reason), Type: "unstable", Text: block(r.Evidence)}
	return c
}

func properties(h Header) []junitProperty {
	return []junitProperty{
		{"target", line(h.Target.Name + " " + h.Target.Version)},
		{"revision", line(h.Revision)},
		{"suite-version", line(h.SuiteVersion)},
		{"contract-hash", line(h.ContractHash)},
		{"seed", strconv.FormatInt(h.Seed, 10)},
		{"time-scale", strconv.FormatFloat(h.TimeScale, 'g', -1, 64)},
		{"conformance", string(h.Outcome.Conformance)},
		{"why", line(h.Outcome.Why)},
	}
}

func one(m *junitMessage) int {
	if m == nil {
		return 0
	}
	return 1
}

func junitSeconds(d time.Duration) string { return strconv.FormatFloat(seconds(d), 'f', 3, 64) }
