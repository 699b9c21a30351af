package contract

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/protocol"
	"go.yaml.in/yaml/v3"
)

// Whoever names a rule in a file that no compiler reads names one that is there. (Cases
// name rules by their constants, and the registry holds its ids to the contract.)
func TestVectorsAndMutantsNameRules(t *testing.T) {
	m := ours(t)
	named := 0
	check := func(file, id string) {
		t.Helper()
		named++
		if m.Rule(protocol.RuleID(id)) == nil {
			t.Errorf("%s: expected the id of a rule of the contract, got %q", file, id)
		}
	}
	vectors, err := filepath.Glob("../vectors/*.json")
	if err != nil || len(vectors) == 0 {
		t.Fatalf("expected files of vectors, got %v, %v", vectors, err)
	}
	for _, file := range vectors {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var v struct {
			Cases []struct{ Rule string }
		}
		if err := json.Unmarshal(src, &v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range v.Cases {
			check(file, c.Rule)
		}
	}
	if named == 0 {
		t.Fatal("expected vectors to name rules, got none")
	}
	named = 0
	const edits = "../conformance/mutants/edits"
	err = filepath.WalkDir(edits, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(edits, path)
		slug, _, _ := strings.Cut(filepath.Base(rel), ".")
		check(path, filepath.ToSlash(filepath.Dir(rel))+"/"+slug)
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var mutant struct{ Also []string }
		if err := yaml.Unmarshal(src, &mutant); err != nil {
			return err
		}
		for _, id := range mutant.Also {
			check(path, id)
		}
		return nil
	})
	if err != nil || named == 0 {
		t.Fatalf("expected mutants to name rules, got %d names, %v", named, err)
	}
}
