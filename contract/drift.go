package contract

import (
	"fmt"
	"sort"
	"strings"
)

// Drift is one difference between a document and the code.
type Drift struct {
	Kind     string `json:"kind"` // missing, extra or different, as seen from the document
	What     string `json:"what"` // such as `frame hello: field botId`
	Document string `json:"document,omitempty"`
	Code     string `json:"code,omitempty"`
	Line     int    `json:"line"` // where it is, or for what is missing, where it belongs
}

func (d Drift) String() string {
	switch d.Kind {
	case "missing":
		return fmt.Sprintf("missing: %s (%s): the code has it, the document does not", d.What, d.Code)
	case "extra":
		return fmt.Sprintf("extra: %s (%s): the document has it, the code does not", d.What, d.Document)
	}
	return fmt.Sprintf("different: %s: the document says %s, the code %s", d.What, d.Document, d.Code)
}

// Comparison is the result of [Compare]: what differs, and how much was compared.
type Comparison struct {
	Document string         `json:"document"`
	Revision Revision       `json:"revision,omitempty"` // fields of later revisions were left out
	Counts   map[string]int `json:"counts"`
	Drift    []Drift        `json:"drift"`
	Unread   []Problem      `json:"unread,omitempty"`
}

// comparer compares one document with the code.
type comparer struct {
	Comparison
	exact bool // the document tells `required` from `always`
}

// Compare holds a document against the code: frames with their senders and fields,
// objects with their fields, ops with their fields and results; of each field its name,
// type, presence and mark, as far as the document says them. What the code has since a
// later revision than the given one may be missing from the document; without one, that
// is the revision that the document claims, and where it claims none, everything counts.
func Compare(doc, code *Model, rev Revision) Comparison {
	if rev == "" {
		rev = doc.Claims
	}
	c := &comparer{Comparison: Comparison{Document: doc.Name, Revision: rev, Counts: map[string]int{}, Drift: []Drift{}, Unread: doc.Unread}}
	c.exact = usesBoth(doc)
	for _, want := range code.Frames {
		got := doc.Frame(want.Type)
		if got == nil {
			c.add(Drift{Kind: "missing", What: "frame " + want.Type, Code: "from " + string(want.From), Line: lastFrameLine(doc)})
			continue
		}
		c.Counts["frames"]++
		if got.From != "" && got.From != want.From {
			c.add(Drift{Kind: "different", What: "frame " + want.Type + ": sender", Document: string(got.From), Code: string(want.From), Line: got.Line})
		}
		c.fields("frame "+want.Type, "frame fields", got.Fields, want.Fields, got.Line)
	}
	for _, f := range doc.Frames {
		if code.Frame(f.Type) == nil {
			c.add(Drift{Kind: "extra", What: "frame " + f.Type, Document: "from " + string(f.From), Line: f.Line})
		}
	}
	for _, want := range code.Ops {
		got := doc.Op(want.Name)
		if got == nil {
			if !c.later(want.Since) {
				c.add(Drift{Kind: "missing", What: "op " + want.Name, Code: "since " + string(want.Since), Line: lastOpLine(doc)})
			}
			continue
		}
		c.Counts["ops"]++
		if got.Since != "" && got.Since != want.Since {
			c.add(Drift{Kind: "different", What: "op " + want.Name + ": since", Document: string(got.Since), Code: string(want.Since), Line: got.Line})
		}
		c.fields("op "+want.Name, "op fields", got.Fields, want.Fields, got.Line)
	}
	for _, op := range doc.Ops {
		if code.Op(op.Name) == nil {
			c.add(Drift{Kind: "extra", What: "op " + op.Name, Document: "an op", Line: op.Line})
		}
	}
	c.objects(doc, code)
	c.results(doc, code)
	sort.SliceStable(c.Drift, func(i, j int) bool { return c.Drift[i].Line < c.Drift[j].Line })
	return c.Comparison
}

func (c *comparer) add(d Drift) { c.Drift = append(c.Drift, d) }

// objects compares the objects that both sides have. Bodies of HTTP routes and other
// objects that no frame holds are compared when the code has them.
func (c *comparer) objects(doc, code *Model) {
	for _, want := range code.Objects {
		got := doc.Object(want.Name)
		if got == nil {
			if nested := nestedFields(doc, want.Name); nested != nil {
				c.Counts["objects"]++
				c.fields(want.Name, "object fields", nested, want.Fields, nested[0].Line)
			} else if !c.allLater(want.Fields) && !c.fromResults(doc, want.Name) {
				c.add(Drift{Kind: "missing", What: "object " + want.Name, Code: "its fields are described nowhere", Line: holderLine(doc, want.Name)})
			}
			continue
		}
		c.Counts["objects"]++
		c.fields(want.Name, "object fields", got.Fields, want.Fields, got.Line)
	}
}

// fromResults reports whether a document has the results of ops in place of a table of
// the fields of a result; those are compared by results.
func (c *comparer) fromResults(doc *Model, name string) bool {
	for _, op := range doc.Ops {
		if len(op.Results) > 0 {
			return name == "result" || name == "chat_info"
		}
	}
	return false
}

// results compares the results that the document gives op by op with the one object
// that the code has for all of them.
func (c *comparer) results(doc, code *Model) {
	result := code.Object("result")
	if result == nil {
		return
	}
	described := map[string]bool{}
	any := false
	for _, op := range doc.Ops {
		for _, f := range op.Results {
			any, described[f.Name] = true, true
			c.Counts["results"]++
			if find(result.Fields, f.Name) == nil {
				c.add(Drift{Kind: "extra", What: "op " + op.Name + ": result " + f.Name, Document: "a result", Line: f.Line})
			}
		}
	}
	for _, f := range result.Fields {
		nestedOnly := f.Name == "name" || f.Name == "type"
		if any && !described[f.Name] && !c.later(f.Since) && !nestedOnly {
			c.add(Drift{Kind: "missing", What: "result " + f.Name, Code: f.Type, Line: lastOpLine(doc)})
		}
	}
}

func (c *comparer) fields(owner, count string, got, want []Field, line int) {
	for _, w := range want {
		g := find(got, w.Name)
		if g == nil {
			if !c.later(w.Since) {
				c.add(Drift{Kind: "missing", What: owner + ": field " + w.Name, Code: strings.TrimSpace(w.Type + " " + string(w.Presence)), Line: line})
			}
			continue
		}
		c.Counts[count]++
		c.differ(owner, *g, "type", g.Type, w.Type, typesAgree(g.Type, w.Type))
		c.differ(owner, *g, "presence", string(g.Presence), string(w.Presence), c.presencesAgree(g.Presence, w.Presence))
		c.differ(owner, *g, "since", string(g.Since), string(w.Since), g.Since == "" || g.Since == w.Since)
	}
	for _, g := range got {
		if find(want, g.Name) == nil {
			c.add(Drift{Kind: "extra", What: owner + ": field " + g.Name, Document: strings.TrimSpace("a field " + g.Type), Line: g.Line})
		}
	}
}

func (c *comparer) differ(owner string, g Field, what, got, want string, agree bool) {
	if !agree {
		c.add(Drift{Kind: "different", What: owner + ": field " + g.Name + ": " + what, Document: got, Code: want, Line: g.Line})
	}
}
