// Package house holds what must be true of the whole module.
package house

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/relaykit/relaykit/"

// imports runs go list for packages of this module.
func imports(t *testing.T, args ...string) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-f", `{{.ImportPath}}:{{join .Deps " "}}`}, args...)...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		path, list, _ := strings.Cut(strings.TrimSpace(line), ":")
		deps[path] = strings.Fields(list)
	}
	if len(deps) == 0 {
		t.Fatal("go list: expected packages, got none")
	}
	return deps
}

// The fake connector and the reference gateway are two independent readings of the
// contract. They meet on the wire, so neither may know the other, and the suite may
// know the reference in its tests only.
func TestImportsRunOneWay(t *testing.T) {
	for _, rule := range []struct{ of, not string }{
		{"./fakeconnector/...", "reference"},
		{"./reference/...", "fakeconnector"},
		{"./reference/...", "conformance"},
		{"./fakeconnector/...", "conformance"},
		{"./conformance/...", "reference"},
		{"./protocol/...", "fakeconnector"},
		{"./protocol/...", "reference"},
		{"./protocol/...", "conformance"},
		{"./cmd/gateway", "fakeconnector"},
		{"./cmd/gateway", "conformance"},
	} {
		for path, deps := range imports(t, rule.of) {
			for _, dep := range deps {
				if dep == module+rule.not || strings.HasPrefix(dep, module+rule.not+"/") {
					t.Errorf("%s imports %s; it must not know %s", path, dep, rule.not)
				}
			}
		}
	}
}

// What only tests need stays out of the packages that others import.
func TestLibrariesCarryNoTestTools(t *testing.T) {
	tools := []string{"github.com/onsi/ginkgo/v2", "github.com/onsi/gomega", "github.com/google/go-cmp/cmp", "go.uber.org/goleak", "github.com/testcontainers/testcontainers-go"}
	for path, deps := range imports(t, "./protocol/...", "./contract", "./fakeconnector/...", "./reference/...", "./cmd/gateway", "./conformance", "./conformance/kit", "./conformance/cases", "./conformance/launch") {
		for _, tool := range tools {
			if slices.Contains(deps, tool) {
				t.Errorf("%s carries %s", path, tool)
			}
		}
	}
}
