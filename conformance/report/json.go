package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
)

// Format is the number of the JSON report's shape. Fields are only ever added under the
// same number.
const Format = 1

//go:embed report.schema.json
var schema []byte

// Schema returns the JSON Schema that every report of [WriteJSON] validates against.
func Schema() []byte { return append([]byte(nil), schema...) }

// The JSON report. Durations are in seconds; the order of the fields is theirs here.
type jsonReport struct {
	Format int        `json:"format"`
	Header jsonHeader `json:"header"`
	Cases  []jsonCase `json:"cases"`
}

type jsonHeader struct {
	Conformance  Conformance     `json:"conformance"`
	Why          string          `json:"why"`
	Exit         int             `json:"exit"`
	SuiteVersion string          `json:"suite_version"`
	ContractHash string          `json:"contract_hash"`
	Revision     string          `json:"revision"`
	Target       jsonTarget      `json:"target"`
	Seed         int64           `json:"seed"`
	TimeScale    float64         `json:"time_scale"`
	Strict       bool            `json:"strict"`
	Runs         int             `json:"runs,omitempty"`
	Started      string          `json:"started"`
	Duration     float64         `json:"duration"`
	Overhead     float64         `json:"overhead"`
	ClockSkew    *float64        `json:"clock_skew"`
	Stops        jsonStops       `json:"stops"`
	Exercised    jsonCount       `json:"exercised"`
	Unbound      int             `json:"unbound"`
	Counts       json.RawMessage `json:"counts"`
}

type jsonTarget struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Hash    string `json:"hash"`
}

type jsonCount struct {
	Rules int `json:"rules"`
	Of    int `json:"of"`
}

type jsonStops struct {
	Killed int     `json:"killed"`
	Of     int     `json:"of"`
	Within float64 `json:"within"`
}

type jsonCase struct {
	ID        string      `json:"id"`
	Level     kit.Level   `json:"level"`
	Verdict   kit.Verdict `json:"verdict"`
	Reason    string      `json:"reason"`
	Duration  float64     `json:"duration"`
	Exercised bool        `json:"exercised"`
	Title     string      `json:"title"`
	Evidence  string      `json:"evidence,omitempty"`
	Stable    *bool       `json:"stable,omitempty"`
	// Verdicts are how often the case had which; encoding/json sorts them by name.
	Verdicts map[kit.Verdict]int `json:"verdicts,omitempty"`
}

// WriteJSON writes the run as one indented JSON document.
func WriteJSON(w io.Writer, run Run) error {
	h := run.Header
	if math.IsNaN(h.TimeScale) || math.IsInf(h.TimeScale, 0) {
		return fmt.Errorf("report: expected a finite time scale, got %v", h.TimeScale)
	}
	out := jsonReport{Format: Format, Cases: []jsonCase{}, Header: jsonHeader{
		Conformance: h.Outcome.Conformance, Why: line(h.Outcome.Why), Exit: h.Outcome.Exit,
		SuiteVersion: line(h.SuiteVersion), ContractHash: line(h.ContractHash), Revision: line(h.Revision),
		Target: jsonTarget{line(h.Target.Name), line(h.Target.Version), line(h.Target.Hash)},
		Seed:   h.Seed, TimeScale: h.TimeScale, Strict: h.Strict, Runs: h.Runs,
		Started: h.Started.UTC().Format(time.RFC3339Nano), Duration: seconds(h.Duration), Overhead: seconds(h.Overhead),
		Stops:     jsonStops{h.Stops.Killed, h.Stops.Of, seconds(h.StopWithin)},
		Exercised: jsonCount{h.Exercised.Rules, h.Exercised.Of}, Unbound: h.Unbound, Counts: jsonCounts(run.Results),
	}}
	if h.ClockSkew != nil {
		skew := seconds(*h.ClockSkew)
		out.Header.ClockSkew = &skew
	}
	for _, r := range run.Results {
		c := jsonCase{
			ID: line(r.Case.ID), Level: r.Case.Level, Verdict: r.Verdict, Reason: line(r.Reason),
			Duration: seconds(r.Duration), Exercised: r.Exercised, Title: line(r.Case.Title), Evidence: block(r.Evidence),
		}
		if t, ok := run.Tallies[r.Case.ID]; ok {
			c.Stable, c.Verdicts = &t.Stable, t.Verdicts
		}
		out.Cases = append(out.Cases, c)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("report: writing JSON: %w", err)
	}
	return nil
}

// jsonCounts is an object of every verdict in the order of a summary, zeros included.
func jsonCounts(results []kit.Result) json.RawMessage {
	n := counts(results)
	text := []byte("{")
	for i, v := range kit.Verdicts() {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, "%q:%d", v, n[v])
	}
	return append(text, '}')
}
