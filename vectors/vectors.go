// Package vectors holds the contract's test vectors as data: one JSON file per group,
// each with a JSON Schema, readable from any language and embedded here for Go.
//
// A vector is a call of a pure function (its op) with an input, and either the value
// that it must yield or the stable code with which it must refuse. Verdicts come from
// the contract, not from any implementation. docs/vectors.md says how to consume them.
//
// The files are written by the generator in internal/gen: change its description and
// run `go generate ./vectors`, never edit the files.
package vectors

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

//go:generate go run ./internal/genvectors

//go:embed *.json schemas/*.json
var files embed.FS

// Version is the version of the vectors. Its first number grows when a verdict or an
// op's shape changes, the second when cases are added.
const Version = "1.0"

// File is one group of vectors.
type File struct {
	Schema      string            `json:"$schema"`     // path of its JSON Schema, relative to the file
	Group       string            `json:"group"`       // the file's name without .json
	Version     string            `json:"version"`     // [Version] at the time of writing
	Description string            `json:"description"` // what the group is about
	Flags       map[string]string `json:"flags"`       // every flag that its cases use, explained
	Cases       []Case            `json:"cases"`
}

// Case is one vector.
type Case struct {
	// ID names the case for ever, in kebab-case; it is unique over all groups.
	ID string `json:"id"`
	// Rule is the id of the contract's rule that decides the verdict.
	Rule string `json:"rule"`
	// Op is the function that is called, such as "token/verify".
	Op string `json:"op"`
	// Cause says in one kebab-case word what the case is about. Cases of one rule that
	// differ only in a parameter share a cause, so that counting rule and cause
	// together counts what is distinct.
	Cause string `json:"cause"`
	// Since is the dated revision of the contract from which the verdict holds; empty
	// for the baseline.
	Since string `json:"since,omitempty"`
	// Now is the clock in unix seconds, where the op has one.
	Now *int64 `json:"now,omitempty"`
	// Input holds the arguments of the op.
	Input json.RawMessage `json:"input"`
	// SigningString is the intermediate text that is signed, where there is one.
	SigningString *string `json:"signing_string,omitempty"`
	// Expected is the value that the op yields. Exactly one of Expected and Error is set.
	Expected json.RawMessage `json:"expected,omitempty"`
	// Error is the stable code with which the op refuses.
	Error string `json:"error,omitempty"`
	// Comment says what the case shows and, where a verdict is surprising, why.
	Comment string `json:"comment"`
	// Flags mark a case for readers; none changes how it is judged.
	Flags []string `json:"flags,omitempty"`
	// Recorded is what a real implementation said, where it differs from the verdict.
	Recorded json.RawMessage `json:"recorded,omitempty"`
	// Source says where the input came from, if not from this project.
	Source *Source `json:"source,omitempty"`
}

// Source names a case of the recorded data.
type Source struct {
	File string `json:"file"` // in testdata/recorded
	Name string `json:"name"` // of the recorded case
	// Adapted says how the input was changed, empty if it was not.
	Adapted string `json:"adapted,omitempty"`
}

// Load reads every group, in the order of their names. It checks that each file is
// what [File] says and that no id stands twice; the JSON Schemas check the rest.
func Load() ([]File, error) { return LoadFS(files) }

// LoadFS is [Load] for the *.json files at the root of another file system. Errors
// name the file and the id of the case.
func LoadFS(fsys fs.FS) ([]File, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var out []File
	seen := map[string]string{}
	for _, name := range names {
		f, err := loadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		for i, c := range f.Cases {
			if c.ID == "" {
				return nil, fmt.Errorf("%s: case %d: expected an id, got none", name, i)
			}
			if other, dup := seen[c.ID]; dup {
				return nil, fmt.Errorf("%s: case %s: expected an id of its own, got one that %s has already; rename the newer case", name, c.ID, other)
			}
			seen[c.ID] = name
			if (c.Expected == nil) == (c.Error == "") {
				return nil, fmt.Errorf("%s: case %s: expected exactly one of expected and error", name, c.ID)
			}
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("expected at least one vector file, got none")
	}
	return out, nil
}

func loadFile(fsys fs.FS, name string) (File, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return File{}, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var f File
	if err := dec.Decode(&f); err != nil {
		return File{}, fmt.Errorf("%s: expected a vector file, got: %w", name, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return File{}, fmt.Errorf("%s: expected one JSON object, got more after it", name)
	}
	if want := strings.TrimSuffix(name, ".json"); f.Group != want {
		return File{}, fmt.Errorf("%s: expected group %q, got %q", name, want, f.Group)
	}
	return f, nil
}

// Find returns the case of an id and its group.
func Find(groups []File, id string) (File, Case, bool) {
	for _, f := range groups {
		for _, c := range f.Cases {
			if c.ID == id {
				return f, c, true
			}
		}
	}
	return File{}, Case{}, false
}

// Hash is the SHA-256 over the names and contents of every vector file, in hex. A
// results file that carries it says exactly which vectors a port passed.
func Hash() string {
	names, _ := fs.Glob(files, "*.json")
	slices.Sort(names)
	h := sha256.New()
	for _, name := range names {
		data, _ := files.ReadFile(name)
		fmt.Fprintf(h, "%s %d\n", name, len(data))
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Files is the embedded file system: the groups at its root, schemas/ beside them.
func Files() fs.FS { return files }
