package connector

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// One case for each function of the target, over the pipes.
func TestVerify(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "connector")
	build := exec.Command("go", "build", "-o", binary, Package)
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the fake connector: %v\n%s", err, out)
	}
	want := []string{"buffer/append", "auth/rejected-4401:revoked", "auth/rotation", "passthrough/headers", "wake/request"}
	var list []kit.Case
	for _, c := range cases.Connector() {
		for _, id := range want {
			if c.ID == id {
				list = append(list, c)
			}
		}
	}
	run, err := Verify(t.Context(), binary, list)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Results) != len(want) {
		t.Errorf("expected %d results, got %d", len(want), len(run.Results))
	}
	for _, r := range run.Results {
		if r.Verdict != kit.Pass {
			t.Errorf("%s: %s: %s\n%s", r.Case.ID, r.Verdict, r.Reason, r.Evidence)
		}
	}
}

func TestVerifyWhatIsNoConnector(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "no-connector")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\necho nothing of the kind >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Verify(t.Context(), binary, nil)
	if err == nil || !strings.Contains(err.Error(), "before it said how it is dialed") || !strings.Contains(err.Error(), "nothing of the kind") {
		t.Errorf("expected the end of the process and its words, got %v", err)
	}
}
