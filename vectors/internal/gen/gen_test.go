package gen

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// A mistake in the description is refused with the group and the case.
func TestMistakesInTheDescription(t *testing.T) {
	good := c{id: "a", rule: "auth/bearer", op: "token/sign", cause: "x", in: m{"text": "", "secret": ""}, out: sign("", ""), comment: "c"}
	for name, tc := range map[string]struct {
		change func(*c)
		want   string
	}{
		"an id in upper case":       {func(d *c) { d.id = "A" }, "kebab-case"},
		"no id":                     {func(d *c) { d.id = "" }, "kebab-case"},
		"an unknown op":             {func(d *c) { d.op = "zorp/zorp" }, "op of the table"},
		"no rule":                   {func(d *c) { d.rule = "" }, "a rule, a cause and a comment"},
		"no comment":                {func(d *c) { d.comment = "" }, "a rule, a cause and a comment"},
		"an error of another op":    {func(d *c) { d.err, d.out = "skew", nil }, "one of the op's errors"},
		"both outcomes":             {func(d *c) { d.op, d.err = "token/verify", "malformed" }, "a value or an error"},
		"a difference without flag": {func(d *c) { d.differs = true }, "a flag exactly where"},
		"a flag without difference": {func(d *c) { d.flags = []string{lenient} }, "a flag exactly where"},
		"since without its flag":    {func(d *c) { d.since = "2026-08" }, laterFlag},
		"an unknown flag":           {func(d *c) { d.flags = []string{"zorp"} }, "with an explanation"},
	} {
		d := good
		tc.change(&d)
		g := &group{name: "g", description: "d", cases: []c{d}}
		if _, err := g.file(map[string]bool{}); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "g: case "+d.id) {
			t.Errorf("%s: expected an error with %q that names the case, got %v", name, tc.want, err)
		}
	}
	g := &group{name: "g", description: "d", cases: []c{good, good}}
	if _, err := g.file(map[string]bool{}); err == nil || !strings.Contains(err.Error(), "id of its own") {
		t.Errorf("a duplicate id: expected an error, got %v", err)
	}
}

// A recorded case that nobody converts or leaves out stops the generator.
func TestEveryRecordedCaseIsAccountedFor(t *testing.T) {
	fsys := fstest.MapFS{}
	names, err := os.ReadDir("../../testdata/recorded")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range names {
		data, err := os.ReadFile("../../testdata/recorded/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if e.Name() == "tokens.json" {
			data = []byte(strings.Replace(string(data), `"name": "verify never expires"`, `"name": "verify something new"`, 1))
		}
		fsys["testdata/recorded/"+e.Name()] = &fstest.MapFile{Data: data}
	}
	if _, err := Files(fsys); err == nil || !strings.Contains(err.Error(), "verify something new") {
		t.Errorf("expected the undescribed case to be named, got %v", err)
	}
	// Two cases that make one call with two outcomes contradict each other.
	b := &builder{groups: []*group{{name: "g", cases: []c{{id: "a", op: "x", in: m{}, out: 1}, {id: "b", op: "x", in: m{}, out: 2}}}}}
	if err := b.dropRepeats(); err == nil || !strings.Contains(err.Error(), "a and b") {
		t.Errorf("expected a contradiction to be named, got %v", err)
	}
}
