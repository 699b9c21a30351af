package mutants

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// built are the packages that edits are made in, those that import others last.
var built = []string{"protocol/auth", "protocol", "reference", "reference/driver"}

// An edit that does not compile proves nothing. Types are checked in a fraction of the
// time that a binary takes to link, so all edits are, and not only those that are judged.
func TestEveryEditCompiles(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	c := newChecker(t)
	if err := c.check(nil); err != nil {
		t.Fatalf("the source as it stands: %v", err)
	}
	for _, m := range all {
		edited, err := m.Apply(root)
		if err != nil {
			continue // which another test says
		}
		if err := c.check(edited); err != nil {
			t.Errorf("%s: %v", m.Path, err)
		}
	}
}

// checker checks the types of the edited packages against what the others export.
type checker struct {
	module  string
	export  map[string]string // import path → file
	sources map[string]map[string]*ast.File
	fset    *token.FileSet
	others  types.Importer // reads each of the other packages once
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	c := &checker{export: map[string]string{}, sources: map[string]map[string]*ast.File{}, fset: token.NewFileSet()}
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export,GoFiles,Dir,Module", "./cmd/gateway")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Export, Dir string
			GoFiles                 []string
			Module                  *struct{ Path string }
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		c.export[p.ImportPath] = p.Export
		if p.Module == nil || !strings.HasPrefix(p.ImportPath, p.Module.Path+"/") {
			continue
		}
		rel := strings.TrimPrefix(p.ImportPath, p.Module.Path+"/")
		if !slices.Contains(built, rel) {
			continue
		}
		c.module = p.Module.Path
		c.sources[rel] = map[string]*ast.File{}
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			c.sources[rel][name] = f
		}
	}
	c.others = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(c.export[path]) })
	return c
}

// check checks the packages that edited files are in, and those that import them.
func (c *checker) check(edited map[string]string) error {
	of := map[string]bool{}
	for file := range edited {
		dir := filepath.ToSlash(filepath.Dir(file))
		if !slices.Contains(built, dir) {
			return fmt.Errorf("expected an edit of one of the packages %v, got one of %s", built, file)
		}
		of[dir] = true
	}
	own := map[string]*types.Package{}
	for _, pkg := range built {
		var files []*ast.File
		imports := false
		for name, f := range c.sources[pkg] {
			if text, ok := edited[pkg+"/"+name]; ok {
				var err error
				if f, err = parser.ParseFile(c.fset, pkg+"/"+name, text, parser.SkipObjectResolution); err != nil {
					return err
				}
			}
			for _, i := range f.Imports {
				_, again := own[strings.Trim(i.Path.Value, `"`)]
				imports = imports || again
			}
			files = append(files, f)
		}
		if len(edited) > 0 && !of[pkg] && !imports {
			continue
		}
		config := types.Config{Importer: importers{own, c.others}}
		checked, err := config.Check(c.module+"/"+pkg, c.fset, files, nil)
		if err != nil {
			return err
		}
		own[checked.Path()] = checked
	}
	return nil
}

type importers struct {
	own    map[string]*types.Package
	others types.Importer
}

func (i importers) Import(path string) (*types.Package, error) {
	if p, ok := i.own[path]; ok {
		return p, nil
	}
	return i.others.Import(path)
}
