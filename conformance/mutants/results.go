package mutants

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// row is an outcome in JSON.
type row struct {
	Mutant   string            `json:"mutant"`
	Rule     protocol.RuleID   `json:"rule"`
	State    State             `json:"state"`
	Breaks   string            `json:"breaks"`
	By       []string          `json:"by,omitempty"`
	Spread   []protocol.RuleID `json:"spread,omitempty"`
	Note     string            `json:"note,omitempty"`
	Problem  string            `json:"problem,omitempty"`
	Unjudged bool              `json:"unjudged,omitempty"`
	Seconds  float64           `json:"seconds"`
	Edit     string            `json:"edit"` // of what was judged, a hash
}

// hash names what is judged: a mutant without its words.
func (m Mutant) hash() string {
	data, _ := json.Marshal([]any{m.Edits, m.Also, m.Handshake})
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// JSON is the outcomes for a program, one object for each mutant.
func JSON(outcomes []Outcome) ([]byte, error) {
	rows := []row{}
	for _, o := range Sorted(outcomes) {
		rows = append(rows, row{Mutant: o.Mutant.ID(), Rule: o.Mutant.Rule, State: o.State, Breaks: o.Mutant.Breaks, By: o.By, Spread: o.Spread,
			Note: o.Mutant.Survives, Problem: o.Problem, Unjudged: o.unjudged, Seconds: o.Duration.Seconds(), Edit: o.Mutant.hash()})
	}
	return json.MarshalIndent(rows, "", "  ")
}

// Merge is the outcomes together with those that file keeps of earlier runs, as far as
// their mutants are among all and were not edited since. A file that is not there keeps
// none.
func Merge(file string, all []Mutant, outcomes []Outcome) ([]Outcome, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return outcomes, nil
	}
	if err != nil {
		return nil, err
	}
	var rows []row
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, fmt.Errorf("%s: expected what a run with -results wrote: %w", file, err)
	}
	known := map[string]Mutant{}
	for _, m := range all {
		known[m.ID()] = m
	}
	for _, o := range outcomes {
		delete(known, o.Mutant.ID())
	}
	for _, r := range rows {
		m, ok := known[r.Mutant]
		if !ok || m.hash() != r.Edit {
			continue
		}
		o := Outcome{Mutant: m, By: r.By, Spread: r.Spread, Problem: r.Problem, unjudged: r.Unjudged, Duration: time.Duration(r.Seconds * float64(time.Second))}
		o.State = o.state()
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// Recorded are those mutants of a list of which file keeps that they were killed, as they
// stand now. There is an error when there are none: a run of nothing would be green.
func Recorded(file string, list []Mutant) ([]Mutant, error) {
	outcomes, err := Merge(file, list, nil)
	if err != nil {
		return nil, err
	}
	var killed []Mutant
	for _, o := range Sorted(outcomes) {
		if o.State == Killed {
			killed = append(killed, o.Mutant)
		}
	}
	if len(killed) == 0 {
		return nil, fmt.Errorf("%s: expected mutants that are recorded as killed, got none; make mutants-all records them", file)
	}
	return killed, nil
}
