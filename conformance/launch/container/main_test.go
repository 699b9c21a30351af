package container

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/conformance/kit"
)

// patience is how long a test waits for what must happen: a build and a dozen containers
// on a machine whose processors are all busy.
const patience = 2 * time.Minute

// modeVar makes the test binary a suite of its own, for what needs a process.
const modeVar = "RELAYKIT_CONTAINER_TEST"

func TestMain(m *testing.M) {
	if mode := os.Getenv(modeVar); mode != "" {
		os.Exit(suite(mode))
	}
	if os.Getenv("TESTCONTAINERS_RYUK_DISABLED") == "" {
		// The tests clean up after themselves, and must pass where no registry is.
		os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	}
	goleak.VerifyTestMain(atRest{m})
}

// atRest closes what the tests' own questions to the daemon have left open.
type atRest struct{ m *testing.M }

func (r atRest) Run() int {
	code := r.m.Run()
	if d, err := reachable(); err == nil {
		if name, err := buildOnce(); err == nil {
			discard(d, name)
		}
		d.rest()
	}
	return code
}

// discard removes an image that a test has built.
func discard(d *docker, name string) {
	_, _ = d.client.ImageRemove(context.Background(), name, client.ImageRemoveOptions{PruneChildren: true, Force: true})
}

// suite launches an image and says how that went; with "hold" it lets it run.
func suite(mode string) int {
	s, err := Image(os.Getenv("IMAGE")).Launch(context.Background(), kit.Spec{Name: "held", Env: map[string]string{"MODE": "ignore"}})
	if err != nil {
		fmt.Println(err)
		return 3
	}
	if mode != "hold" {
		fmt.Println("started")
		return 0
	}
	fmt.Println(idOf(s))
	select {}
}

func idOf(s kit.Subject) string {
	if o, ok := s.(observable); ok {
		return o.id
	}
	return s.(*subject).id
}

// needsDocker skips a test where there is no daemon, unless that may not be.
func needsDocker(t *testing.T) {
	t.Helper()
	if _, err := reachable(); err != nil {
		if os.Getenv("RELAYKIT_REQUIRE_DOCKER") == "1" {
			t.Fatalf("RELAYKIT_REQUIRE_DOCKER=1, and %v", err)
		}
		t.Skipf("needs Docker: %v", err)
	}
}

// reachable is the daemon, asked once.
var reachable = sync.OnceValues(func() (*docker, error) { return connect(context.Background()) })

// image is the tests' own image, built once.
func image(t *testing.T) string {
	t.Helper()
	needsDocker(t)
	name, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "relaykit-container-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if err := writeContext(dir); err != nil {
		return "", err
	}
	l := Dockerfile(filepath.Join(dir, "Dockerfile")).(*launcher)
	d, err := l.connect()
	if err == nil {
		err = l.provide(context.Background(), d)
		d.rest()
	}
	return l.ref, err
})

// writeContext makes a directory of a static binary and a Dockerfile without a base.
func writeContext(dir string) error {
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s", "-o", filepath.Join(dir, "subject"), "./testdata/subject")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the subject: %w\n%s", err, out)
	}
	return os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY subject /subject\nWORKDIR /work\nUSER 65532:65532\nENTRYPOINT [\"/subject\"]\n"), 0o600)
}

// begin starts a container in a mode, and sees to it that nothing is left of it.
func begin(t *testing.T, mode string, change ...func(*kit.Spec)) kit.Subject {
	t.Helper()
	spec := kit.Spec{Name: "unit/" + mode, Env: map[string]string{"MODE": mode}}
	for _, f := range change {
		f(&spec)
	}
	s, err := Image(image(t)).Launch(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
		if there(t, idOf(s)) {
			t.Error("the container is left behind")
		}
	})
	return s
}

// there reports whether the daemon has a container.
func there(t *testing.T, id string) bool {
	t.Helper()
	d, err := reachable()
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.client.ContainerInspect(context.Background(), id, client.ContainerInspectOptions{})
	return err == nil
}

// exit waits for a container to end by itself.
func exit(t *testing.T, s kit.Subject) kit.Exit {
	t.Helper()
	select {
	case <-s.Exited():
	case <-time.After(patience):
		t.Fatal("the container has not ended")
	}
	return s.Exit()
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func texts(s kit.Subject, stream string) []string {
	var all []string
	for _, l := range s.Logs().Lines() {
		if l.Stream == stream {
			all = append(all, l.Text)
		}
	}
	return all
}

// says waits for a line on the standard output.
func says(t *testing.T, s kit.Subject, line string) {
	t.Helper()
	bound, tick := time.NewTimer(patience), time.NewTicker(10*time.Millisecond)
	defer bound.Stop()
	defer tick.Stop()
	for !slices.Contains(texts(s, "stdout"), line) {
		select {
		case <-tick.C:
		case <-bound.C:
			t.Fatalf("expected the line %q, got %v", line, s.Logs().Lines())
		}
	}
}

// asSuite runs the test binary as a suite of its own.
func asSuite(t *testing.T, mode string, env ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(within(t), path)
	cmd.Env = append(os.Environ(), append(env, modeVar+"="+mode)...)
	return cmd
}

// outcome runs a suite to its end.
func outcome(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // its exit code says it
	return strings.TrimSpace(out.String()), errs.String(), cmd.ProcessState.ExitCode()
}

// mine are the containers of this process.
func mine(t *testing.T, d *docker) []string {
	t.Helper()
	list, err := d.client.ContainerList(context.Background(), client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("label", Label+"="+d.owner)})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range list.Items {
		ids = append(ids, c.ID)
	}
	return ids
}
