package contract

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func wild(t *testing.T, file string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "wild", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// The documents in testdata/wild were written by hands that did not know the parser, each
// in the style of its house. They are right, so that nothing differs, and what is not read
// of them is no part of the contract.
func TestDocumentsFromTheWild(t *testing.T) {
	type tally struct{ Tables, Lists, Rules, Core, Frames, Objects, Ops, Routes, CloseCodes, Variables, Timings, URLs int }
	tests := []struct {
		file   string
		tally  tally
		unread []string
	}{
		{"alpha.md", tally{17, 0, 51, 14, 11, 4, 5, 10, 7, 11, 9, 2}, []string{
			`alpha.md:24: no kind of table has the columns "Word", "What we mean by it"`,
		}},
		{"beta.md", tally{31, 0, 48, 0, 11, 6, 5, 10, 7, 11, 9, 0}, []string{
			`beta.md:11: no kind of table has the columns "Issue", "Date", "Author", "Change"`,
			`beta.md:25: no kind of table has the columns "Abbreviation", "Stands for"`,
		}},
		{"gamma.md", tally{2, 19, 49, 14, 11, 9, 5, 10, 7, 11, 9, 0}, []string{
			`gamma.md:12: no kind of list has items such as "Dialing"`,
			`gamma.md:23: no kind of list has items such as "Take the base URL, trim it."`,
		}},
	}
	ours, code := ours(t), theCode(t)
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			m, err := Parse(tt.file, []byte(wild(t, tt.file)))
			if err != nil {
				t.Fatal(err)
			}
			got := tally{m.Tables, m.Lists, len(m.Rules), len(m.CountRules().Core), len(m.Frames), len(m.Objects), len(m.Ops), len(m.Routes), len(m.CloseCodes), len(m.Variables), len(m.Timings), len(m.URLs)}
			if diff := cmp.Diff(tt.tally, got); diff != "" {
				t.Errorf("what was read (- expected, + got):\n%s", diff)
			}
			var unread []string
			for _, u := range m.Unread {
				unread = append(unread, u.Error())
			}
			if diff := cmp.Diff(tt.unread, unread); diff != "" {
				t.Errorf("unread (- expected, + got):\n%s", diff)
			}
			if m.Claims != Baseline {
				t.Errorf("expected the document to claim %s, got %q", Baseline, m.Claims)
			}
			c := Compare(m, code, "")
			for _, d := range c.Drift {
				t.Errorf("%s:%d: %s", tt.file, d.Line, d)
			}
			// All of the baseline.
			want := map[string]int{"frames": 11, "frame fields": 16, "objects": 4, "object fields": 37, "ops": 5, "op fields": 16, "results": 12}
			if diff := cmp.Diff(want, c.Counts); diff != "" {
				t.Errorf("compared (- expected, + got):\n%s", diff)
			}
			sameRest(t, m, ours)
		})
	}
}

// sameRest holds what Compare leaves out, read from a document of the baseline, against
// our own document.
func sameRest(t *testing.T, m, ours *Model) {
	t.Helper()
	for _, r := range m.Rules {
		o := ours.Rule(r.ID)
		if o == nil || r.Side != o.Side || r.Level != o.Level || r.Statement == "" {
			t.Errorf("line %d: rule %s %s %s: expected the side and the level of %+v", r.Line, r.ID, r.Side, r.Level, o)
		}
	}
	for _, f := range m.Frames {
		if f.From == "" {
			t.Errorf("line %d: frame %s: expected a sender", f.Line, f.Type)
		}
	}
	var routes []string
	for _, r := range ours.Routes {
		if r.Since == Mark(Baseline) && (r.Path != "/" && r.Path != "/interrupt" && r.Path != "/healthz") {
			routes = append(routes, r.Method+" "+r.Path)
		}
	}
	var got []string
	for _, r := range m.Routes {
		got = append(got, r.Method+" "+r.Path)
		for i := range ours.Routes {
			o := &ours.Routes[i]
			if o.Path != r.Path || o.Method != r.Method {
				continue
			}
			for body, pair := range map[string][2]Body{"request": {r.Request, o.Request}, "answer": {r.Answer, o.Answer}} {
				want := slices.DeleteFunc(names(pair[1].Fields), func(n string) bool { return n == "displayName?" })
				if len(pair[0].Fields) > 0 && !slices.Equal(names(pair[0].Fields), want) {
					t.Errorf("line %d: route %s %s: expected the %s %v, got %v", r.Line, r.Method, r.Path, body, want, names(pair[0].Fields))
				}
			}
		}
	}
	slices.Sort(routes)
	slices.Sort(got)
	if diff := cmp.Diff(routes, got); diff != "" {
		t.Errorf("routes (- ours, + got):\n%s", diff)
	}
	for i, c := range m.CloseCodes {
		if o := ours.CloseCodes[i]; c.Code != o.Code || c.Meaning == "" {
			t.Errorf("line %d: expected the close code %d with a meaning, got %d %q", c.Line, o.Code, c.Code, c.Meaning)
		}
	}
	for i, v := range m.Variables {
		o := ours.Variables[i]
		same := v.Default == o.Default || v.Default == `""` && o.Default == "empty"
		if v.Name != o.Name || !same || v.ConfigKey != o.ConfigKey {
			t.Errorf("line %d: variable %s: expected %+v, got %+v", v.Line, v.Name, o, v)
		}
	}
	for _, timing := range m.Timings {
		if !slices.ContainsFunc(ours.Timings, func(o Timing) bool { return o.Name == timing.Name && o.Default == timing.Default }) {
			t.Errorf("line %d: expected a timing of ours, got %+v", timing.Line, timing)
		}
	}
}
