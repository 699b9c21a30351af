package vectors_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relaykit/relaykit/vectors"
)

// recomputeBound is a bound on a script that takes a second; the rest is for a loaded
// machine.
const recomputeBound = 2 * time.Minute

func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed; the second generator was not run")
	}
	return path
}

func recompute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python(t), append([]string{"internal/recompute.py"}, args...)...)
	cmd.WaitDelay = recomputeBound
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// A second generator, in another language and apart from the first, arrives at the same
// values, and at the same files byte by byte.
func TestSecondGeneratorAgrees(t *testing.T) {
	dir := t.TempDir()
	out, err := recompute(t, "--out", dir, ".")
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	t.Log(strings.TrimSpace(out))
	for _, group := range load(t) {
		ours, err := os.ReadFile(group.Group + ".json")
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := os.ReadFile(filepath.Join(dir, group.Group+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, theirs) {
			t.Errorf("%s.json: expected the same bytes from both generators, they differ from byte %d on", group.Group, firstDifference(ours, theirs))
		}
	}
}

// Break it to believe it: one wrong digit in one value is named.
func TestSecondGeneratorNamesAWrongValue(t *testing.T) {
	for op, breakIt := range map[string]func(*vectors.Case){
		"token/mint":      func(v *vectors.Case) { v.Expected = flipLast(v.Expected) },
		"token/sign":      func(v *vectors.Case) { v.Expected = flipLast(v.Expected) },
		"delivery/sign":   func(v *vectors.Case) { v.Expected = flipLast(v.Expected) },
		"delivery/status": func(v *vectors.Case) { v.Expected = json.RawMessage("418") },
		"token/verify":    func(v *vectors.Case) { v.Expected, v.Error = nil, "expired" },
		"delivery/verify": func(v *vectors.Case) { v.Expected, v.Error = nil, "skew" },
	} {
		dir := t.TempDir()
		id := ""
		for _, group := range load(t) {
			for i := range group.Cases {
				if v := &group.Cases[i]; v.Op == op && v.Error == "" && id == "" {
					breakIt(v)
					id = v.ID
				}
			}
			data, err := json.Marshal(group)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, group.Group+".json"), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := recompute(t, dir)
		if err == nil || !strings.Contains(out, id) || !strings.Contains(out, "1 differ") {
			t.Errorf("%s: expected %s alone to be named, got %v:\n%s", op, id, err, out)
		}
	}
}

// flipLast changes the last character of a JSON text.
func flipLast(text json.RawMessage) json.RawMessage {
	out := bytes.Clone(text)
	if i := len(out) - 2; out[i] == '0' {
		out[i] = '1'
	} else {
		out[i] = '0'
	}
	return out
}
