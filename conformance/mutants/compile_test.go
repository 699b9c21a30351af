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
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// built are the packages that edits are made in, those that import others last.
var built = []string{"protocol/auth", "protocol", "reference", "reference/driver", "cmd/gateway"}

// An edit that does not compile proves nothing. Types are checked in a fraction of the
// time that a binary takes to link, so all edits are, and not only those that are judged.
func TestEveryEditCompiles(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	c := newChecker(t)
	// It must be able to tell.
	bad := map[string]string{"reference/status.go": "package reference\n\nfunc f(g *Gateway) { g.nobody() }\n"}
	if err := c.check(bad); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Fatalf("a call of what is not there: expected an error that names it, got %v", err)
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
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					fn.Body = nil
				}
			}
			c.sources[rel][name] = f
		}
	}
	c.others = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(c.export[path]) })
	return c
}

// check checks the packages that edited files are in. Of the other files it takes the
// declarations alone, and what is wrong there is not the edit's: to check every body again
// for every edit takes ten times as long, and shows little more.
func (c *checker) check(edited map[string]string) error {
	own := map[string]*types.Package{}
	for _, pkg := range built {
		var files []*ast.File
		mine := map[string]bool{}
		for name, text := range edited {
			if path.Dir(name) != pkg {
				continue
			}
			f, err := parser.ParseFile(c.fset, name, text, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			mine[name] = true
			files = append(files, f)
		}
		if len(mine) == 0 {
			continue
		}
		for name, f := range c.sources[pkg] {
			if !mine[pkg+"/"+name] {
				files = append(files, f)
			}
		}
		var first error
		config := types.Config{Importer: importers{own, c.others}, Error: func(err error) {
			if e, ok := err.(types.Error); first == nil && (!ok || mine[e.Fset.Position(e.Pos).Filename]) {
				first = err
			}
		}}
		checked, _ := config.Check(c.module+"/"+pkg, c.fset, files, nil)
		if first != nil {
			return first
		}
		own[checked.Path()] = checked
	}
	for name := range edited {
		if !slices.Contains(built, path.Dir(name)) {
			return fmt.Errorf("expected an edit of one of the packages %v, got one of %s", built, name)
		}
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
