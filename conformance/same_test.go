package conformance_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/launch"
	"github.com/relaykit/relaykit/conformance/launch/container"
	"github.com/relaykit/relaykit/conformance/report"
	"github.com/relaykit/relaykit/conformance/target"
)

// TestSameVerdicts judges the reference gateway in every way in which a gateway can be
// started. It takes minutes, so it runs only when it is asked for: make same-verdicts.
func TestSameVerdicts(t *testing.T) {
	if os.Getenv("RELAYKIT_SAME_VERDICTS") != "1" {
		t.Skip("takes minutes: RELAYKIT_SAME_VERDICTS=1, or make same-verdicts")
	}
	if os.Getenv("TESTCONTAINERS_RYUK_DISABLED") == "" {
		t.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true") // it must pass where no registry is
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "gateway")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "../cmd/gateway")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the gateway: %v\n%s", err, out)
	}
	dockerfile := filepath.Join(dir, "Dockerfile")
	if err := os.WriteFile(dockerfile, []byte("FROM scratch\nCOPY gateway /gateway\nCOPY --chown=65532:65532 work /work\nWORKDIR /work\nUSER 65532:65532\nENTRYPOINT [\"/gateway\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "work"), 0o700); err != nil {
		t.Fatal(err)
	}
	command := launch.Command([]string{binary})
	want := judgeReference(t, command)
	t.Run("in process", func(t *testing.T) {
		sameVerdicts(t, want, judgeReference(t, launch.InProcessIn("reference", referenceProcess)), nil)
	})
	t.Run("image", func(t *testing.T) { sameVerdicts(t, want, judgeReference(t, container.Dockerfile(dockerfile)), nil) })
	t.Run("attach", func(t *testing.T) {
		attached := launch.Attach(func(spec kit.Spec) {
			s, err := command.Launch(context.Background(), spec)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { _ = s.Kill() })
		})
		// One that runs already is never started again.
		sameVerdicts(t, want, judgeReference(t, attached), func(r kit.Result) bool { return r.Case.Needs.Fresh })
	})
}

func judgeReference(t *testing.T, l kit.Launcher) report.Run {
	t.Helper()
	file, err := target.Load("../cmd/gateway/target.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := conformance.ForTarget(file, false)
	o.Launcher = l
	run, err := conformance.Verify(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %s; %d of %d rules exercised in %.1f s", run.Header.Outcome.Conformance, run.Header.Outcome.Why, run.Header.Exercised.Rules, run.Header.Exercised.Of, run.Header.Duration.Seconds())
	for _, r := range run.Results {
		if r.Evidence != "" {
			t.Logf("%s %s: %s\n%s", r.Verdict, r.Case.ID, r.Reason, r.Evidence)
		}
	}
	return run
}

// sameVerdicts compares id, verdict and reason. The cases for which it is given must be not
// applicable instead, and no others.
func sameVerdicts(t *testing.T, want, got report.Run, inapplicable func(kit.Result) bool) {
	t.Helper()
	found := map[string]string{}
	for _, r := range got.Results {
		found[r.Case.ID] = strings.TrimSpace(fmt.Sprintf("%s %s", r.Verdict, r.Reason))
	}
	for _, r := range want.Results {
		verdict := strings.TrimSpace(fmt.Sprintf("%s %s", r.Verdict, r.Reason))
		if inapplicable != nil && inapplicable(r) {
			if !strings.HasPrefix(found[r.Case.ID], string(kit.NotApplicable)+" ") {
				t.Errorf("%s: expected it to be not applicable, got %s", r.Case.ID, found[r.Case.ID])
			}
		} else if found[r.Case.ID] != verdict {
			t.Errorf("%s: %s as a command, here %s", r.Case.ID, verdict, found[r.Case.ID])
		}
		delete(found, r.Case.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		t.Errorf("%s: judged here alone: %s", id, found[id])
	}
}
