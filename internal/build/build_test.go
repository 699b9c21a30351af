package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

func recorded(version, revision, modified string) *debug.BuildInfo {
	info := &debug.BuildInfo{Main: debug.Module{Version: version}}
	if revision != "" {
		info.Settings = []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.modified", Value: modified}}
	}
	return info
}

func TestRead(t *testing.T) {
	for name, test := range map[string]struct {
		recorded           *debug.BuildInfo
		revision, modified string
		want               Info
		text               string
	}{
		"nothing":           {nil, "", "", Info{Version: devel}, "(devel)"},
		"no version":        {recorded("", "", ""), "", "", Info{Version: devel}, "(devel)"},
		"a release":         {recorded("v1.2.3", "", ""), "", "", Info{Version: "v1.2.3"}, "v1.2.3"},
		"the Go tool's":     {recorded(devel, commit, "true"), "", "", Info{devel, commit, true}, "(devel) 0123456789ab modified"},
		"a pseudo-version":  {recorded("v0.0.0-20261127-0123456789ab+dirty", commit, "true"), "", "", Info{"v0.0.0-20261127-0123456789ab+dirty", commit, true}, "v0.0.0-20261127-0123456789ab+dirty"},
		"the Makefile's":    {recorded(devel, "", ""), commit, "false", Info{devel, commit, false}, "(devel) 0123456789ab"},
		"modified":          {recorded(devel, "", ""), commit, "true", Info{devel, commit, true}, "(devel) 0123456789ab modified"},
		"the Makefile wins": {recorded(devel, "ffff", "true"), commit, "false", Info{devel, commit, false}, "(devel) 0123456789ab"},
		"a short one":       {recorded("v1.2.3", "", ""), "abc", "false", Info{"v1.2.3", "abc", false}, "v1.2.3 abc"},
	} {
		got := read(test.recorded, test.revision, test.modified)
		if got != test.want || got.String() != test.text {
			t.Errorf("%s: expected %+v, %q, got %+v, %q", name, test.want, test.text, got, got)
		}
	}
}

// The names in the Makefile are those of the variables here: the linker says nothing about
// a name that there is not.
func TestMakefileStamps(t *testing.T) {
	for _, file := range []string{"../../Makefile", "build.go"} { // a result is kept for as long as these are
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
	make, err := exec.LookPath("make")
	if err != nil {
		t.Skip("make is not installed")
	}
	if out, err := exec.Command("git", "rev-parse", "HEAD").Output(); err != nil || len(out) == 0 {
		t.Skip("not in a git checkout")
	}
	bin := t.TempDir()
	build := exec.Command(make, "--no-print-directory", "build", "BIN="+bin)
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, out)
	}
	head, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(bin, "fakeconnector"), "version").Output()
	if want := "revision " + strings.TrimSpace(string(head)); err != nil || !strings.Contains(string(out), want) {
		t.Errorf("expected a version with %q, got %q, %v", want, out, err)
	}
}
