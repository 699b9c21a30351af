// Package gen writes the vector files from a short description in Go, one file of this
// package per group. It computes every cryptographic value with the standard library
// and imports nothing of the implementation that the vectors judge.
//
// Many cases come from recorded data: calls of a real, independent implementation with
// their outcomes, in testdata/recorded. Every recorded case is either used or left out
// by name with a reason; the generator fails otherwise. Where the contract's verdict is
// not the recorded one, the recorded outcome stays in the case and a flag says so.
package gen

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/vectors"
)

// m is a JSON object.
type m = map[string]any

// c is the description of one case.
type c struct {
	id, rule, op, cause, since string
	now                        int64 // 0 = the op has no clock
	in                         any
	signing                    string // the intermediate signing string
	out                        any    // expected; with err empty
	err                        string // the stable error code
	comment                    string
	flags                      []string
	from                       *rec   // the recorded case that the input is
	adapted                    string // how its input was changed
	said                       any    // the recorded outcome, in the op's terms; set only if it differs
	differs                    bool
}

// rec is a recorded case.
type rec struct {
	file     string
	Name     string          `json:"name"`
	Input    json.RawMessage `json:"input"`
	Expected json.RawMessage `json:"expected"`
	used     int
	leftOut  string
	same     bool // says what the file of the earlier revision says
}

// decode reads the recorded input into v.
func (r *rec) decode(v any) {
	if err := json.Unmarshal(r.Input, v); err != nil {
		panic(fmt.Sprintf("recorded %s %q: %v", r.file, r.Name, err))
	}
}

// expected reads the recorded outcome into v.
func (r *rec) expected(v any) {
	if err := json.Unmarshal(r.Expected, v); err != nil {
		panic(fmt.Sprintf("recorded %s %q: %v", r.file, r.Name, err))
	}
}

// The flags that mark a verdict which is not the recorded one.
const (
	lenient    = "lenient-elsewhere"
	defect     = "known-defect-elsewhere"
	laterFlag  = "later-revision"
	byteFlag   = "bytes"
	emptyValue = "empty-value"
	limitFlag  = "nesting"
)

var flagTexts = map[string]string{
	lenient:    "A known implementation accepts or tolerates this input, or reads it in its own way; the contract does not. `recorded` holds what it said.",
	defect:     "A known implementation does something that the contract forbids. `recorded` holds what it did.",
	laterFlag:  "The verdict holds from the revision in `since`; an implementation of an earlier one may differ.",
	byteFlag:   "The input holds bytes that are not UTF-8, as hex.",
	emptyValue: "The expected value is empty, zero or false, which many languages treat like a failure: compare it with care.",
	limitFlag:  "The input nests deeper than many JSON parsers allow; the verdict is the same with and without such a limit.",
}

// group collects the cases of one file.
type group struct {
	b           *builder
	name        string
	description string
	cases       []c
}

func (g *group) add(cs ...c) { g.cases = append(g.cases, cs...) }

// builder holds the recorded data and the groups.
type builder struct {
	fsys   fs.FS
	files  map[string][]*rec
	groups []*group
}

func (b *builder) group(name, description string) *group {
	g := &group{b: b, name: name, description: description}
	b.groups = append(b.groups, g)
	return g
}

// recorded reads a file of the recorded data.
func (b *builder) recorded(name string) []*rec {
	if rs, ok := b.files[name]; ok {
		return rs
	}
	data, err := fs.ReadFile(b.fsys, "testdata/recorded/"+name)
	if err != nil {
		panic(err)
	}
	var rs []*rec
	if err := json.Unmarshal(data, &rs); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	for _, r := range rs {
		r.file = name
	}
	b.files[name] = rs
	return rs
}

// later reads the file of a later revision and sets the cases aside that say what the
// earlier one says; the rest is returned.
func (b *builder) later(name, earlier string) []*rec {
	type call struct{ name, input, expected string }
	known := map[call]bool{}
	for _, r := range b.recorded(earlier) {
		known[call{r.Name, string(compactJSON(r.Input)), string(compactJSON(r.Expected))}] = true
	}
	var rest []*rec
	for _, r := range b.recorded(name) {
		if r.same = known[call{r.Name, string(compactJSON(r.Input)), string(compactJSON(r.Expected))}]; !r.same {
			rest = append(rest, r)
		}
	}
	return rest
}

func compactJSON(data []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Output is a file that the generator writes, its path relative to vectors/.
type Output struct {
	Path string
	Data []byte
}

// Files makes every generated file. fsys is the vectors directory, for the recorded
// data. Errors name the group and the case.
func Files(fsys fs.FS) (out []Output, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("vector description: %v", p)
		}
	}()
	b := &builder{fsys: fsys, files: map[string][]*rec{}}
	for _, describe := range descriptions {
		describe(b)
	}
	var all []vectors.File
	ids := map[string]bool{}
	if err := b.dropRepeats(); err != nil {
		return nil, err
	}
	for _, g := range b.groups {
		f, err := g.file(ids)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
		data, err := render(f)
		if err != nil {
			return nil, err
		}
		out = append(out, Output{g.name + ".json", data})
		schema, err := g.schema()
		if err != nil {
			return nil, err
		}
		out = append(out, Output{"schemas/" + g.name + ".schema.json", schema})
	}
	ledger, err := b.ledger()
	if err != nil {
		return nil, err
	}
	out = append(out, Output{"testdata/recorded/LEDGER.md", ledger})
	out = append(out, Output{"DIFFERENCES.md", differences(all)}, Output{"OPS.md", opsTable(all)})
	slices.SortFunc(out, func(a, b Output) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// dropRepeats keeps the first of all cases that make the same call. A recorded case
// that repeats another is left out by name; one of our own was only a round of a loop
// that met a recorded case.
func (b *builder) dropRepeats() error {
	type verdict struct {
		id, outcome string
	}
	seen := map[string]verdict{}
	for _, g := range b.groups {
		kept := g.cases[:0]
		for _, d := range g.cases {
			call := fmt.Sprintf("%s %d %s", d.op, d.now, compact(normal(d.in)))
			outcome := d.err + string(compact(normal(d.out)))
			first, again := seen[call]
			switch {
			case !again:
				seen[call] = verdict{d.id, outcome}
				kept = append(kept, d)
			case first.outcome != outcome:
				return fmt.Errorf("%s: cases %s and %s make the same call and expect different outcomes", g.name, first.id, d.id)
			case d.from != nil:
				d.from.leftOut = "makes the same call as the vector " + first.id
			}
		}
		g.cases = kept
	}
	return nil
}

func (g *group) file(ids map[string]bool) (vectors.File, error) {
	f := vectors.File{Schema: "schemas/" + g.name + ".schema.json", Group: g.name, Version: vectors.Version,
		Description: g.description, Flags: map[string]string{}}
	for _, d := range g.cases {
		fail := func(format string, args ...any) (vectors.File, error) {
			return f, fmt.Errorf("%s: case %s: %s", g.name, d.id, fmt.Sprintf(format, args...))
		}
		sig, known := ops[d.op]
		switch {
		case d.id == "" || d.id != slug(d.id):
			return fail("expected a kebab-case id")
		case ids[d.id]:
			return fail("expected an id of its own")
		case !known:
			return fail("expected an op of the table, got %q", d.op)
		case d.rule == "" || d.cause == "" || d.comment == "":
			return fail("expected a rule, a cause and a comment")
		case d.err != "" && !slices.Contains(sig.errors, d.err):
			return fail("expected one of the op's errors %v, got %q", sig.errors, d.err)
		case d.err != "" && d.out != nil:
			return fail("expected a value or an error, got both")
		case d.differs != (slices.Contains(d.flags, lenient) || slices.Contains(d.flags, defect)):
			return fail("expected a flag exactly where the recorded outcome differs (differs=%v)", d.differs)
		case (d.since != "") != slices.Contains(d.flags, laterFlag):
			return fail("expected the flag %s exactly where since is set", laterFlag)
		}
		ids[d.id] = true
		v := vectors.Case{ID: d.id, Rule: d.rule, Op: d.op, Cause: d.cause, Since: d.since, Error: d.err,
			Comment: d.comment, Flags: d.flags, Input: compact(d.in)}
		if sig.clock {
			v.Now = &d.now
		}
		if d.signing != "" {
			v.SigningString = &d.signing
		}
		if d.err == "" {
			v.Expected = compact(d.out)
		}
		if d.differs {
			v.Recorded = compact(d.said)
		}
		if d.from != nil {
			v.Source = &vectors.Source{File: d.from.file, Name: d.from.Name, Adapted: d.adapted}
			d.from.used++
		}
		for _, flag := range d.flags {
			text, ok := flagTexts[flag]
			if !ok {
				return fail("expected a flag with an explanation, got %q", flag)
			}
			f.Flags[flag] = text
		}
		f.Cases = append(f.Cases, v)
	}
	return f, nil
}

// ledger accounts for every recorded case.
func (b *builder) ledger() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("# What became of the recorded data\n\n" +
		"Generated: change the description in internal/gen and run `go generate ./vectors`.\n\n" +
		"Every recorded case is the source of at least one vector, or says what the file of the earlier revision says, or is " +
		"left out, by name and with the reason.\n\n" +
		"| file | cases | converted | the same as earlier | left out |\n| --- | --- | --- | --- | --- |\n")
	names := slices.Sorted(maps.Keys(b.files))
	var total, converted, repeated int
	for _, name := range names {
		n, same := 0, 0
		for _, r := range b.files[name] {
			if r.same {
				same++
				continue
			}
			if (r.used > 0) == (r.leftOut != "") {
				return nil, fmt.Errorf("recorded %s %q: expected it to be either used or left out with a reason; used %d times, left out: %q", name, r.Name, r.used, r.leftOut)
			}
			if r.used > 0 {
				n++
			}
		}
		fmt.Fprintf(&out, "| %s | %d | %d | %d | %d |\n", name, len(b.files[name]), n, same, len(b.files[name])-n-same)
		total += len(b.files[name])
		converted += n
		repeated += same
	}
	fmt.Fprintf(&out, "| all | %d | %d | %d | %d |\n", total, converted, repeated, total-converted-repeated)
	for _, name := range names {
		head := false
		for _, r := range b.files[name] {
			if r.leftOut == "" {
				continue
			}
			if !head {
				fmt.Fprintf(&out, "\n## Left out of %s\n\n| recorded case | reason |\n| --- | --- |\n", name)
				head = true
			}
			fmt.Fprintf(&out, "| %s | %s |\n", cell(r.Name), cell(r.leftOut))
		}
	}
	return out.Bytes(), nil
}

func differences(files []vectors.File) []byte {
	var out bytes.Buffer
	out.WriteString("# Verdicts that are not the recorded ones\n\n" +
		"Generated: change the description in internal/gen and run `go generate ./vectors`.\n\n" +
		"The input of these vectors was tried on a real implementation, and the contract's verdict is another one. " +
		"`lenient` = it tolerates what the contract refuses, or reads it in its own way; `defect` = it does what the contract forbids.\n")
	for _, f := range files {
		head := false
		for _, v := range f.Cases {
			if v.Recorded == nil {
				continue
			}
			if !head {
				fmt.Fprintf(&out, "\n## %s\n\n| vector | rule | kind | verdict | recorded | reason |\n| --- | --- | --- | --- | --- | --- |\n", f.Group)
				head = true
			}
			kind := "lenient"
			if slices.Contains(v.Flags, defect) {
				kind = "defect"
			}
			verdict := "error " + v.Error
			if v.Error == "" {
				verdict = string(v.Expected)
			}
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | %s |\n", v.ID, v.Rule, kind, cell(short(verdict)), cell(short(string(v.Recorded))), cell(v.Comment))
		}
	}
	return out.Bytes()
}

func short(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:80]) + " ... " + string(r[len(r)-36:])
	}
	return s
}

// cell makes text safe inside a Markdown table.
func cell(s string) string {
	s = string(ascii([]byte(s)))
	return strings.NewReplacer("|", "\\|", "\n", "\\n", "\r", "\\r", "\t", "\\t", "`", "\\`", "<", "&lt;", "*", "\\*").Replace(s)
}

// render writes one member of a case per line, in ASCII, so that a file reads well,
// compares well and survives every editor.
func render(f vectors.File) ([]byte, error) {
	var out bytes.Buffer
	head := func(name string, v any) {
		fmt.Fprintf(&out, "  %s: %s,\n", compact(name), compact(v))
	}
	out.WriteString("{\n")
	head("$schema", f.Schema)
	head("group", f.Group)
	head("version", f.Version)
	head("description", f.Description)
	out.WriteString("  \"flags\": {")
	for i, name := range slices.Sorted(maps.Keys(f.Flags)) {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "\n    %s: %s", compact(name), compact(f.Flags[name]))
	}
	if len(f.Flags) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteString("},\n  \"cases\": [")
	for i, v := range f.Cases {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n    {")
		rv := reflect.ValueOf(v)
		first := true
		for j := range rv.NumField() {
			name, opts, _ := strings.Cut(rv.Type().Field(j).Tag.Get("json"), ",")
			if opts == "omitempty" && (rv.Field(j).IsZero() || (rv.Field(j).Kind() == reflect.Slice && rv.Field(j).Len() == 0)) {
				continue
			}
			if !first {
				out.WriteByte(',')
			}
			first = false
			fmt.Fprintf(&out, "\n      %s: %s", compact(name), compact(rv.Field(j).Interface()))
		}
		out.WriteString("\n    }")
	}
	out.WriteString("\n  ]\n}\n")
	if !json.Valid(out.Bytes()) {
		return nil, fmt.Errorf("%s: the rendered file is not JSON", f.Group)
	}
	return out.Bytes(), nil
}

// compact is v as JSON on one line, ASCII only.
func compact(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return ascii(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// ascii escapes what is not ASCII, which in JSON stands inside strings only.
func ascii(data []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(data) {
		switch {
		case r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, "\\u%04x\\u%04x", 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&out, "\\u%04x", r)
		}
	}
	return out.Bytes()
}

// slug makes a kebab-case id part of free text.
func slug(s string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(s) {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
			continue
		}
		dash = true
	}
	return b.String()
}
