package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/vectors"
	"github.com/relaykit/relaykit/vectors/portrun"
)

// vectorsRun runs the vectors tree on its own.
func vectorsRun(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	var out bytes.Buffer
	cmd := vectorsCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func exitOf(err error) int {
	switch e := err.(type) {
	case nil:
		return exitYes
	case *exitError:
		return e.code
	}
	return exitUsage
}

func TestVectorsList(t *testing.T) {
	out, err := vectorsRun(t, "list", "--group", "tokens,rotation", "--op", "token/verify")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"token-verify-one-second-past-expiry", "rotation-token-", "auth/canonical", "in 2 groups", vectors.Hash()} {
		if !strings.Contains(out, want) {
			t.Errorf("expected %q in the list, got:\n%.400s", want, out)
		}
	}
	if strings.Contains(out, "token-mint-") {
		t.Error("expected only the op that was asked for")
	}
}

func TestVectorsShow(t *testing.T) {
	out, err := vectorsRun(t, "show", "token-verify-padded-1")
	if err != nil {
		t.Fatal(err)
	}
	var shown struct {
		Group string
		Case  vectors.Case
		Flags map[string]string
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Group != "tokens" || shown.Case.Error != "malformed" || shown.Flags["lenient-elsewhere"] == "" {
		t.Errorf("expected the case with its flag explained, got %s", out)
	}
}

func TestVectorsUsage(t *testing.T) {
	for _, args := range [][]string{
		{"show", "zorp"}, {"show"}, {"list", "--group", "zorp"}, {"list", "--op", "zorp/zorp"}, {"list", "--group", "lengths", "--op", "token/mint"},
		{"run"}, {"run", "--command", ""}, {"run", "--command", "'"}, {"run", "--command", "x", "--timeout", "0s"}, {"zorp"},
	} {
		if _, err := vectorsRun(t, args...); exitOf(err) != exitUsage {
			t.Errorf("%v: expected exit code %d, got %d (%v)", args, exitUsage, exitOf(err), err)
		}
	}
}

func TestVectorsRun(t *testing.T) {
	port := filepath.Join(t.TempDir(), "port")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", port, "../../vectors/ports/go").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	results := filepath.Join(t.TempDir(), "results.json")
	out, err := vectorsRun(t, "run", "--command", port, "--results", results, "--group", "tokens")
	if exitOf(err) != exitYes {
		t.Fatalf("expected every vector to pass, got %v:\n%s", err, out)
	}
	if !strings.Contains(out, "none skipped") || !strings.Contains(out, "token/verify") {
		t.Errorf("expected a table by op, got:\n%s", out)
	}
	data, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	var res portrun.Results
	if err := json.Unmarshal(data, &res); err != nil {
		t.Fatal(err)
	}
	if res.Port != "port" || res.Vectors.SHA256 != vectors.Hash() || res.Vectors.Version != vectors.Version || res.Asked == 0 {
		t.Errorf("expected results that name the port and the vectors, got %s", data)
	}

	// cat answers each question with the question, which is no answer.
	out, err = vectorsRun(t, "run", "--command", "cat", "--op", "token/sign")
	if exitOf(err) != exitNo || !strings.Contains(out, "FAIL token-sign-empty-text") || !strings.Contains(out, "vectors show token-sign-empty-text") {
		t.Errorf("expected the failure by name, got %v:\n%s", err, out)
	}
	if _, err = vectorsRun(t, "run", "--command", "/no/such/port", "--op", "token/sign"); exitOf(err) != exitHarness {
		t.Errorf("expected exit code %d, got %v", exitHarness, err)
	}
}
