package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/contract"
)

// contractRun runs a command of the contract tree as main would.
func contractRun(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), append([]string{"contract"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

func writeDoc(t *testing.T, doc string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestContractCheck(t *testing.T) {
	const row = "| `hello` | gateway | `botId` | string | required |"
	changed := writeDoc(t, strings.Replace(string(contract.Document()), row, strings.Replace(row, "string", "int", 1), 1))
	broken := writeDoc(t, "# X\n\n| rule | side | level | statement |\n| --- | --- | --- | --- |\n| a/b | both | MUST |\n")
	huge := writeDoc(t, strings.Repeat("x", contract.MaxSize+1))
	tests := []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"the contract itself", []string{"check"}, exitYes, "no drift; compared 11 frames", ""},
		{"a changed type", []string{"check", "--doc", changed}, exitNo, "different: frame hello: field botId: type: the document says int, the code string", ""},
		{"a row that is too short", []string{"check", "--doc", broken}, exitNo, "doc.md:5: table row: expected 4 cells", ""},
		{"a huge file", []string{"check", "--doc", huge}, exitNo, "expected at most", ""},
		{"no such file", []string{"check", "--doc", changed + "x"}, exitUsage, "", "no such file"},
		{"a directory", []string{"check", "--doc", t.TempDir()}, exitUsage, "", "is a directory"},
		{"a bad format", []string{"check", "--format", "xml"}, exitUsage, "", `--format: expected text or json, got "xml"`},
		{"a bad revision", []string{"check", "--revision", "2025-01"}, exitUsage, "", "--revision: expected one of"},
		{"a stray argument", []string{"check", "x"}, exitUsage, "", "unknown command"},
		{"the rules", []string{"rules"}, exitYes, "framing/newline", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := contractRun(t, tt.args...)
			if code != tt.code {
				t.Errorf("expected exit code %d, got %d", tt.code, code)
			}
			if !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("expected output with %q and errors with %q, got\n%s\n%s", tt.stdout, tt.stderr, stdout, stderr)
			}
		})
	}
}

func TestContractAsJSON(t *testing.T) {
	_, stdout, _ := contractRun(t, "check", "--format", "json")
	var check struct {
		OK     bool
		Counts map[string]int
		Drift  []contract.Drift
	}
	if err := json.Unmarshal([]byte(stdout), &check); err != nil {
		t.Fatal(err)
	}
	if !check.OK || check.Counts["frames"] != 11 || check.Drift == nil {
		t.Errorf("expected ok, 11 frames and an empty list of drift, got %s", stdout)
	}
	_, stdout, _ = contractRun(t, "rules", "--format", "json")
	var rules struct {
		Count int
		Core  []string
		Rules []contract.Rule
	}
	if err := json.Unmarshal([]byte(stdout), &rules); err != nil {
		t.Fatal(err)
	}
	if rules.Count == 0 || rules.Count != len(rules.Rules) || len(rules.Core) == 0 {
		t.Errorf("expected as many rules as counted, and a core set, got %d, %d and %v", rules.Count, len(rules.Rules), rules.Core)
	}
}
