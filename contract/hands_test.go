package contract

import (
	"fmt"
	"testing"
)

func TestTablesInOtherHands(t *testing.T) {
	const claim = "| Document | Baseline |\n|-|-|\n| x | %s |\n\n- **a/b** (MUST, gateway): x\n"
	const rule = "rule a/b gateway MUST false 2026-06: x"
	tests := []struct{ name, doc, want string }{
		{"an empty cell repeats", "| Message | Direction | Key | Type |\n|-|-|-|-|\n| a | C→G | x | str |\n| | | y | integer |\n| b | G→C | *none* | |\n",
			"frame a from connector {x:string y:int}\nframe b from gateway {}"},
		{"an empty cell repeats nothing", "| Message | Key | Type |\n|-|-|-|\n| | x | str |\n| a | y | str |\n",
			"frame a from  {y:string}\nproblem: d.md:3: expected the type of a frame, got an empty cell with none above it"},
		{"an empty direction of another", "| Message | Direction | Key | Type |\n|-|-|-|-|\n| a | C→G | x | str |\n| b | | y | str |\n",
			"frame a from connector {x:string}\nframe b from  {y:string}\n" + `problem: d.md:4: frame "b": sender: expected gateway or connector, or a direction between them, got ""`},
		{"an empty op repeats", "| op | argument | type |\n|-|-|-|\n| a | x | str |\n| | y | str |\n| b | none | |\n", "op a {x:string y:string} -> {}\nop b {} -> {}"},
		{"null in a column of its own", "# Event\n\n| Key | Type | Mandatory | May be null? |\n|-|-|-|-|\n| a | str | yes | yes |\n| b | str | yes | no |\n| c | str | no | yes |\n",
			"object event {a:string:nullable b:string:sent c:string:optional}"},
		{"null that is neither", "# Event\n\n| Key | Type | May be null? |\n|-|-|-|\n| a | str | hardly |\n",
			"object event {a:string}\n" + `problem: d.md:5: field "a": null: expected yes or no, got "hardly"`},
		{"null in the type", "# Event\n\n| Optional | Item | Kind |\n|-|-|-|\n| no | a | string \\| null |\n| yes | b | string \\| null |\n",
			"object event {a:string:nullable b:string:optional}"},
		{"two columns of ids", "| Req. | Requirement text | Strength | Party | Conformance id |\n|-|-|-|-|-|\n| L-1 | x | shall | G, C | a/b |\n", "rule a/b both MUST false 2026-06: x"},
		{"only a number for an id", "| Req. | Requirement text | Strength | Party |\n|-|-|-|-|\n| L-1 | x | should | G |\n", "rule L-1 gateway SHOULD false 2026-06: x"},
		{"the side in the heading", "# T\n\n## Connectors\n\n| ID | Text | Level |\n|-|-|-|\n| a/b | x | MUST |\n", "rule a/b connector MUST false 2026-06: x"},
		{"a placeholder is no HTML", "| Env var | Default | Remarks |\n|-|-|-|\n| A_B | gw-<hostname> | x<br>y gw-<id> |\n", "variable A_B: x y gw-<id>"},
		{"a claim", fmt.Sprintf(claim, "2026-06"), rule},
		{"a claim of a revision that is none", fmt.Sprintf(claim, "2026-05"), rule + "\n" + `left alone: d.md:3: expected one of the revisions [2026-06 2026-07 2026-08 2026-10], got "2026-05"`},
		{"claims that disagree", "---\nbaseline: 2026-07\n---\n" + fmt.Sprintf(claim, "2026-06"), rule + "\nleft alone: d.md:6: expected the revision 2026-07, as before, got 2026-06"},
		{"a claim of a day", "---\nbaseline: 2026-07-01\n---\n- **a/b** (MUST, gateway): x\n", rule + "\n" + `left alone: d.md:1: front matter: baseline: expected one of the revisions [2026-06 2026-07 2026-08 2026-10], got "2026-07-01 00:00:00 +0000 UTC"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := readAs(tt.doc); got != tt.want {
				t.Errorf("expected\n%s\ngot\n%s", tt.want, got)
			}
		})
	}
}

// What a document claims is what it is compared by, unless the caller says otherwise.
func TestAClaimDecidesWhatCounts(t *testing.T) {
	m, err := Parse("alpha.md", []byte(wild(t, "alpha.md")))
	if err != nil {
		t.Fatal(err)
	}
	code := theCode(t)
	if c := Compare(m, code, ""); c.Revision != Baseline || len(c.Drift) != 0 {
		t.Errorf("expected no drift at %s, got %v at %s", Baseline, c.Drift, c.Revision)
	}
	if c := Compare(m, code, "2026-07"); c.Revision != "2026-07" || len(c.Drift) == 0 {
		t.Errorf("expected what 2026-07 added to be missing, got %v at %s", c.Drift, c.Revision)
	}
	m.Claims = ""
	if c := Compare(m, code, ""); c.Revision != "" || len(c.Drift) == 0 {
		t.Errorf("expected everything later to be missing without a claim, got %v", c.Drift)
	}
}
