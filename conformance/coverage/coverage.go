// Package coverage shows what stands behind each rule of the contract: the cases that judge
// it, the vectors that decide it, the mutants that prove that its cases can fail, or the
// reason why it has none. Its gate is what a release must not fall behind.
package coverage

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/mutants"
	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/vectors"
)

// Input is what a table is made of.
type Input struct {
	Side     kit.Side
	Revision contract.Revision
	Rules    []contract.Rule
	Cases    []kit.Case
	Excluded map[protocol.RuleID]cases.Exclusion
	Vectors  []vectors.File
	Mutants  []mutants.Mutant
}

// Gather is the input of a side, from what this module holds, for the baseline.
func Gather(side kit.Side) (Input, error) {
	in := Input{Side: side, Revision: protocol.Baseline}
	model, err := contract.Parse(contract.Name, contract.Document())
	if err != nil {
		return in, err
	}
	in.Rules = model.Rules
	if in.Vectors, err = vectors.Load(); err != nil {
		return in, err
	}
	if side == kit.ConnectorSide {
		in.Cases, in.Excluded = cases.Connector(), cases.ConnectorExcluded()
		in.Mutants, err = mutants.Connector()
		return in, err
	}
	in.Cases, in.Excluded = cases.All(), cases.Excluded()
	in.Mutants, err = mutants.All()
	return in, err
}

// Row is one rule with what stands behind it.
type Row struct {
	Rule     protocol.RuleID  `json:"rule"`
	Level    contract.Level   `json:"level"`
	Cases    []string         `json:"cases"`
	Vectors  []string         `json:"vectors"`
	Mutants  []string         `json:"mutants"`
	Excluded *cases.Exclusion `json:"excluded,omitempty"`
}

// Table is the MUST and SHOULD rules that bind a side in a revision.
type Table struct {
	Side     kit.Side          `json:"side"`
	Revision contract.Revision `json:"revision"`
	Rows     []Row             `json:"rules"`
}

// Of makes the table. Rules come in the contract's order, what stands behind them in the
// order of its own lists.
func Of(in Input) Table {
	t := Table{Side: in.Side, Revision: in.Revision}
	for _, r := range in.Rules {
		level := r.LevelAt(in.Revision)
		if !r.Applies(in.Revision) || level == contract.May || !binds(r.Side, in.Side) {
			continue
		}
		row := Row{Rule: r.ID, Level: level, Cases: []string{}, Vectors: []string{}, Mutants: []string{}}
		for _, c := range in.Cases {
			if c.Rule() == r.ID {
				row.Cases = append(row.Cases, c.ID)
			}
		}
		for _, f := range in.Vectors {
			for _, c := range f.Cases {
				if c.Rule == string(r.ID) {
					row.Vectors = append(row.Vectors, c.ID)
				}
			}
		}
		for _, m := range in.Mutants {
			if m.Rule == r.ID {
				row.Mutants = append(row.Mutants, m.Name)
			}
		}
		if e, out := in.Excluded[r.ID]; out {
			row.Excluded = &e
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func binds(of contract.Side, side kit.Side) bool {
	return of == contract.Both || (of == contract.Connector) == (side == kit.ConnectorSide)
}

// Counts are how many rules of a table have something.
type Counts struct {
	Rules    int `json:"rules"`
	Judged   int `json:"judged"`   // with a case
	Cases    int `json:"cases"`    // of all of them
	Vectored int `json:"vectored"` // with a vector
	Vectors  int `json:"vectors"`
	Mutated  int `json:"mutated"` // with a mutant
	Mutants  int `json:"mutants"`
	Excluded int `json:"excluded"`
}

// Count counts.
func (t Table) Count() Counts {
	n := Counts{Rules: len(t.Rows)}
	add := func(have int, rules, all *int) {
		if *all += have; have > 0 {
			*rules++
		}
	}
	for _, r := range t.Rows {
		add(len(r.Cases), &n.Judged, &n.Cases)
		add(len(r.Vectors), &n.Vectored, &n.Vectors)
		add(len(r.Mutants), &n.Mutated, &n.Mutants)
		if r.Excluded != nil {
			n.Excluded++
		}
	}
	return n
}

// MaxExcluded is how many percent of a gateway's MUST and SHOULD may be excluded.
const MaxExcluded = 5.0

// Problem is a rule that keeps a table from passing the gate, or the table as a whole
// where Rule is empty.
type Problem struct {
	Rule protocol.RuleID `json:"rule,omitempty"`
	Text string          `json:"text"`
}

func (p Problem) String() string {
	if p.Rule == "" {
		return p.Text
	}
	return string(p.Rule) + ": " + p.Text
}

// Problems are what the gate objects to: a rule with neither a case nor an exclusion, or
// with both; an exclusion without a reason, or that names no observer who could see the
// rule broken; and more than so many percent of exclusions.
func (t Table) Problems(maxExcluded float64) []Problem {
	problems := []Problem{}
	for _, r := range t.Rows {
		object := func(text string) { problems = append(problems, Problem{r.Rule, text}) }
		switch e := r.Excluded; {
		case e == nil && len(r.Cases) == 0:
			object(fmt.Sprintf("expected a case or an exclusion of this %s, got neither", r.Level))
		case e == nil:
		case len(r.Cases) > 0:
			object("expected no exclusion of a rule that has a case; take it off the list")
		case e.Reason == "":
			object("expected the reason of its exclusion, got none")
		case e.Observer == "":
			object("expected its exclusion to name an observer who could see it broken, got none")
		}
	}
	n := t.Count()
	if percent := n.percentExcluded(); percent > maxExcluded {
		problems = append(problems, Problem{"", fmt.Sprintf("expected at most %g %% of the %d rules to be excluded, got %d, which is %.1f %%", maxExcluded, n.Rules, n.Excluded, percent)})
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Rule, b.Rule) })
	return problems
}

func (n Counts) percentExcluded() float64 {
	if n.Rules == 0 {
		return 0
	}
	return 100 * float64(n.Excluded) / float64(n.Rules)
}
