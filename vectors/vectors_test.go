package vectors_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/relaykit/relaykit/contract"
	"github.com/relaykit/relaykit/vectors"
	"github.com/relaykit/relaykit/vectors/internal/answer"
	"github.com/relaykit/relaykit/vectors/internal/gen"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func load(t *testing.T) []vectors.File {
	t.Helper()
	groups, err := vectors.Load()
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

// Every vector, asked of the protocol package.
func TestProtocolPassesEveryVector(t *testing.T) {
	var total, different int
	pairs := map[string]bool{}
	for _, group := range load(t) {
		groupPairs := map[string]bool{}
		differ := 0
		for _, v := range group.Cases {
			pairs[v.Rule+" "+v.Cause], groupPairs[v.Rule+" "+v.Cause] = true, true
			if v.Recorded != nil {
				differ++
			}
			var now int64
			if v.Now != nil {
				now = *v.Now
			}
			got, err := answer.Answer(v.Op, now, v.Input)
			if problem := compare(v, got, err); problem != "" {
				t.Errorf("%s (%s, rule %s): %s\n%s", v.ID, v.Op, v.Rule, v.Comment, problem)
			}
		}
		t.Logf("%-14s %4d vectors, %4d distinct pairs of rule and cause, %3d verdicts that are not the recorded one", group.Group, len(group.Cases), len(groupPairs), differ)
		total += len(group.Cases)
		different += differ
	}
	t.Logf("%-14s %4d vectors, %4d distinct pairs of rule and cause, %3d verdicts that are not the recorded one", "all", total, len(pairs), different)
}

func compare(v vectors.Case, got any, err error) string {
	var refusal answer.Refusal
	switch {
	case errors.As(err, &refusal):
		if string(refusal) != v.Error {
			return fmt.Sprintf("expected %s, got error %s", outcome(v), refusal)
		}
		return ""
	case err != nil:
		return err.Error()
	case v.Error != "":
		return fmt.Sprintf("expected error %s, got the value %v", v.Error, got)
	}
	data, err := json.Marshal(got)
	if err != nil {
		return err.Error()
	}
	want, have := value(v.Expected), value(data)
	if diff := cmp.Diff(want, have); diff != "" {
		return "value (-want +got):\n" + diff
	}
	return ""
}

func outcome(v vectors.Case) string {
	if v.Error != "" {
		return "error " + v.Error
	}
	return "the value " + string(v.Expected)
}

func value(data []byte) any {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return err
	}
	return v
}

// No two vectors make the same call.
func TestNoVectorRepeatsAnother(t *testing.T) {
	seen := map[string]string{}
	for _, group := range load(t) {
		for _, v := range group.Cases {
			var now int64
			if v.Now != nil {
				now = *v.Now
			}
			input, err := json.Marshal(value(v.Input)) // with sorted names
			if err != nil {
				t.Fatal(err)
			}
			call := fmt.Sprintf("%s %d %s", v.Op, now, input)
			if first, again := seen[call]; again {
				t.Errorf("%s: expected a call of its own, got the one of %s", v.ID, first)
			}
			seen[call] = v.ID
		}
	}
}

// Every file keeps its schema, and the schema refuses what is broken.
func TestSchemas(t *testing.T) {
	for _, group := range load(t) {
		schema := compileSchema(t, group.Schema)
		data, err := fs.ReadFile(vectors.Files(), group.Group+".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(schema, data); err != nil {
			t.Errorf("%s.json: case %s: %v", group.Group, invalidCase(t, schema, data), err)
		}
		for name, breakIt := range map[string]func(map[string]any){
			"an unknown op":        func(v map[string]any) { v["op"] = "zorp/zorp" },
			"no rule":              func(v map[string]any) { delete(v, "rule") },
			"an unknown member":    func(v map[string]any) { v["zorp"] = 1 },
			"an unknown error":     func(v map[string]any) { delete(v, "expected"); v["error"] = "zorp" },
			"neither outcome":      func(v map[string]any) { delete(v, "expected"); delete(v, "error") },
			"both outcomes":        func(v map[string]any) { v["expected"] = "x"; v["error"] = "malformed" },
			"an id in upper case":  func(v map[string]any) { v["id"] = "Token" },
			"an input of no shape": func(v map[string]any) { v["input"] = map[string]any{"zorp": 1} },
			"a text as input":      func(v map[string]any) { v["input"] = "x" },
			"a clock for the op or none, the wrong way": func(v map[string]any) {
				if _, has := v["now"]; has {
					delete(v, "now")
				} else {
					v["now"] = 1
				}
			},
		} {
			var file map[string]any
			if err := json.Unmarshal(data, &file); err != nil {
				t.Fatal(err)
			}
			file["cases"] = file["cases"].([]any)[:1] // one is enough, and quick
			breakIt(file["cases"].([]any)[0].(map[string]any))
			broken, err := json.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			if validate(schema, broken) == nil {
				t.Errorf("%s: expected the schema to refuse a case with %s", group.Schema, name)
			} else if id := file["cases"].([]any)[0].(map[string]any)["id"]; invalidCase(t, schema, broken) != id {
				t.Errorf("%s: expected the refused case to be named", group.Schema)
			}
		}
	}
}

// invalidCase is the id of the first case that the schema refuses on its own.
func invalidCase(t *testing.T, schema *jsonschema.Schema, data []byte) string {
	t.Helper()
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	cases, _ := file["cases"].([]any)
	for _, c := range cases {
		file["cases"] = []any{c}
		one, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if validate(schema, one) != nil {
			return fmt.Sprint(c.(map[string]any)["id"])
		}
	}
	return "(none; the file's head)"
}

func compileSchema(t *testing.T, path string) *jsonschema.Schema {
	t.Helper()
	data, err := fs.ReadFile(vectors.Files(), path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(path, doc); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	schema, err := c.Compile(path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return schema
}

func validate(schema *jsonschema.Schema, data []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

// Every vector names a rule of the contract document, and holds from no earlier
// revision than its rule.
func TestRulesAreTheContracts(t *testing.T) {
	doc, err := contract.Parse("relay-connector-contract.md", contract.Document())
	if err != nil {
		t.Fatal(err)
	}
	since := map[string]string{}
	for _, r := range doc.Rules {
		since[string(r.ID)] = string(r.Since)
	}
	used := map[string]bool{}
	for _, group := range load(t) {
		for _, v := range group.Cases {
			used[v.Rule] = true
			ruleSince, ok := since[v.Rule]
			if !ok {
				t.Errorf("%s: expected a rule of the contract, got %q", v.ID, v.Rule)
				continue
			}
			if v.Since != "" && v.Since < ruleSince || v.Since == "" && ruleSince > "2026-06" {
				t.Errorf("%s: expected since %s or later, as its rule %s has, got %q", v.ID, ruleSince, v.Rule, v.Since)
			}
		}
	}
	t.Logf("%d of the contract's %d rules have vectors", len(used), len(since))
}

// The files are what the generator writes: nobody edited them, nobody forgot to run it.
// The generator accounts for every recorded case, so the ledger is complete as well.
func TestRegenerationIsIdentical(t *testing.T) {
	outputs, err := gen.Files(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, o := range outputs {
		written[o.Path] = true
		have, err := os.ReadFile(o.Path)
		if err != nil {
			t.Errorf("%s: %v; run `go generate ./vectors`", o.Path, err)
			continue
		}
		if !bytes.Equal(have, o.Data) {
			t.Errorf("%s: expected what the generator writes, got other bytes from byte %d on; run `go generate ./vectors`", o.Path, firstDifference(have, o.Data))
		}
	}
	for _, pattern := range []string{"*.json", "schemas/*"} {
		names, err := fs.Glob(os.DirFS("."), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !written[name] {
				t.Errorf("%s: expected only files that the generator writes; remove it or describe it", name)
			}
		}
	}
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// Every file of recorded data is in the ledger.
func TestLedgerNamesEveryRecordedFile(t *testing.T) {
	ledger, err := os.ReadFile("testdata/recorded/LEDGER.md")
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(os.DirFS("testdata/recorded"), "*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(string(ledger), "| "+name+" |") {
			t.Errorf("%s: expected a line in the ledger, got none", name)
		}
	}
	t.Logf("%d files of recorded data", len(names))
}

func TestLoadRefusesBrokenFiles(t *testing.T) {
	const kase = `{"id":"a","rule":"auth/bearer","op":"token/sign","cause":"x","input":{},"expected":1,"comment":"c"}`
	file := func(group string, cases ...string) string {
		return `{"$schema":"s","group":"` + group + `","version":"1.0","description":"d","flags":{},"cases":[` + strings.Join(cases, ",") + `]}`
	}
	for name, tc := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no file":           {map[string]string{}, "at least one"},
		"not JSON":          {map[string]string{"x.json": "{nope"}, "x.json"},
		"two objects":       {map[string]string{"x.json": file("x", kase) + "{}"}, "x.json"},
		"unknown member":    {map[string]string{"x.json": file("x", strings.Replace(kase, `"rule"`, `"zorp":1,"rule"`, 1))}, "zorp"},
		"another group":     {map[string]string{"x.json": file("y", kase)}, `group "x"`},
		"no id":             {map[string]string{"x.json": file("x", strings.Replace(kase, `"a"`, `""`, 1))}, "case 0"},
		"an id twice":       {map[string]string{"x.json": file("x", kase, kase)}, "case a"},
		"across files":      {map[string]string{"x.json": file("x", kase), "y.json": file("y", kase)}, "x.json has already"},
		"both outcomes":     {map[string]string{"x.json": file("x", strings.Replace(kase, `"comment"`, `"error":"e","comment"`, 1))}, "case a"},
		"neither outcome":   {map[string]string{"x.json": file("x", strings.Replace(kase, `"expected":1,`, ``, 1))}, "case a"},
		"null is a verdict": {map[string]string{"x.json": file("x", strings.Replace(kase, `"expected":1`, `"expected":null`, 1))}, ""},
	} {
		fsys := fstest.MapFS{}
		for path, data := range tc.files {
			fsys[path] = &fstest.MapFile{Data: []byte(data)}
		}
		_, err := vectors.LoadFS(fsys)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: expected an error with %q, got %v", name, tc.want, err)
		}
	}
}

// Flags are used where they are explained, and explained where they are used.
func TestFlagsAreExplained(t *testing.T) {
	for _, group := range load(t) {
		used := map[string]bool{}
		for _, v := range group.Cases {
			for _, f := range v.Flags {
				used[f] = true
				if group.Flags[f] == "" {
					t.Errorf("%s: expected the file to explain the flag %q", v.ID, f)
				}
			}
			if differs := slices.Contains(v.Flags, "lenient-elsewhere") || slices.Contains(v.Flags, "known-defect-elsewhere"); differs != (v.Recorded != nil) {
				t.Errorf("%s: expected a recorded outcome exactly with such a flag, got flags %v and %s", v.ID, v.Flags, v.Recorded)
			}
		}
		for f := range group.Flags {
			if !used[f] {
				t.Errorf("%s: expected the flag %q to be used", group.Group, f)
			}
		}
	}
}
