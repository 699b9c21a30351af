package container

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
)

func TestAContainerThatExitsAtOnce(t *testing.T) {
	s := begin(t, "exit")
	if got, want := exit(t, s), (kit.Exit{Code: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := texts(s, "stdout"); !slices.Equal(got, []string{"on my way"}) {
		t.Errorf("stdout: %q", got)
	}
	if got := texts(s, "stderr"); !slices.Equal(got, []string{"no newline at the end"}) {
		t.Errorf("stderr: %q", got)
	}
	if got, err := s.Stop(within(t)); got.Code != 3 || err != nil {
		t.Errorf("Stop: %+v, %v", got, err)
	}
	if there(t, idOf(s)) {
		t.Error("its container is still there")
	}
}

func TestASignalIsNamed(t *testing.T) {
	if got, want := exit(t, begin(t, "abort")), (kit.Exit{Code: -1, Signal: "SIGABRT"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestStopLetsItEndByItself(t *testing.T) {
	s := begin(t, "graceful")
	says(t, s, "ready")
	got, err := s.Stop(within(t))
	if want := (kit.Exit{Code: 0}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got := texts(s, "stdout"); !slices.Equal(got, []string{"ready", "terminated"}) {
		t.Errorf("stdout: %q", got)
	}
}

func TestStopKillsWhatIgnoresIt(t *testing.T) {
	s := begin(t, "ignore")
	says(t, s, "ready")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	got, err := s.Stop(ctx)
	if want := (kit.Exit{Code: -1, Signal: "SIGKILL", Killed: true}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestTheEnvironmentIsTheSpecs(t *testing.T) {
	t.Setenv("GATEWAY_RELAY_URL", "inherited")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	s := begin(t, "environment", func(spec *kit.Spec) { spec.Env["GATEWAY_RELAY_ID"] = "gw-1" })
	exit(t, s)
	var got []string
	for _, line := range texts(s, "stdout") {
		// The daemon's own.
		if name, _, _ := strings.Cut(line, "="); name != "PATH" && name != "HOSTNAME" && name != "HOME" {
			got = append(got, line)
		}
	}
	if want := []string{"GATEWAY_RELAY_ID=gw-1", "LANG=C.UTF-8", "MODE=environment", "NO_PROXY=*"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFilesAreInItsWorkingDirectory(t *testing.T) {
	s := begin(t, "file", func(spec *kit.Spec) { spec.Files = map[string]string{"etc/gateway/config.yaml": "a: b"} })
	exit(t, s)
	if got := texts(s, "stdout"); !slices.Equal(got, []string{"65532 a: b <nil>"}) {
		t.Errorf("got %q", got)
	}
	_, err := Image(image(t)).Launch(t.Context(), kit.Spec{Name: "outside", Files: map[string]string{"../x": ""}})
	if err == nil || !strings.Contains(err.Error(), `expected a path inside of its working directory, got "../x"`) {
		t.Errorf("a path outside: %v", err)
	}
}

func TestArgumentsStandInPlaceOfItsCommand(t *testing.T) {
	s := begin(t, "arguments", func(spec *kit.Spec) { spec.Args = []string{"enroll", "a b"} })
	exit(t, s)
	if got := texts(s, "stdout"); !slices.Equal(got, []string{"enroll|a b"}) {
		t.Errorf("got %q", got)
	}
}

// An image's own locale is kept.
func TestItsLocale(t *testing.T) {
	for own, want := range map[string]string{"A=LANG=x": "C.UTF-8", "LANG=de_DE.UTF-8": "", "LC_ALL=C.UTF-8": ""} {
		if got := environment([]string{"PATH=/", own}, nil)["LANG"]; got != want {
			t.Errorf("an image with %s: LANG is %q, want %q", own, got, want)
		}
	}
}

// The image's user may write nowhere, so what it was given stands for what it has made.
func TestItsFilesBesidesTheImage(t *testing.T) {
	left := map[string]string{}
	s := begin(t, "graceful", func(spec *kit.Spec) {
		spec.Files = map[string]string{"etc/gateway/config.yaml": "a: b"}
		spec.AtEnd = func(files func(context.Context, func(string, []byte)) error) {
			if err := files(t.Context(), func(name string, content []byte) { left[path.Base(name)] = string(content) }); err != nil {
				t.Error(err)
			}
		}
	})
	says(t, s, "ready")
	got := map[string]string{}
	if err := s.(kit.Placed).Files(t.Context(), func(name string, content []byte) { got[path.Base(name)] = string(content) }); err != nil {
		t.Fatal(err)
	}
	if got["config.yaml"] != "a: b" {
		t.Errorf("its files: %v", got)
	}
	if _, of := got["subject"]; of {
		t.Error("a file of its image is among them")
	}
	if _, err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if !maps.Equal(left, got) {
		t.Errorf("what it leaves: got %v, want %v", left, got)
	}
}

func TestItReachesTheBridgeAndNothingElseListens(t *testing.T) {
	can := Image(image(t)).Can()
	if ip := net.ParseIP(can.ListenHost); can.ListenHost != "" && (ip == nil || ip.IsUnspecified() || ip.IsLoopback()) {
		t.Fatalf("listens on %q", can.ListenHost)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(can.ListenHost, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	s := begin(t, "dial", func(spec *kit.Spec) { spec.Env["ADDRESS"] = net.JoinHostPort(can.URLHost, port) })
	l.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	conn, err := l.Accept()
	if err != nil {
		t.Fatalf("%v; the container said %q", err, texts(s, "stdout"))
	}
	got, err := io.ReadAll(conn)
	conn.Close()
	if string(got) != "here" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if e := exit(t, s); e.Code != 0 {
		t.Error(e)
	}
}

func TestItsProcessesAreSeen(t *testing.T) {
	s := begin(t, "ignore")
	says(t, s, "ready")
	o, ok := s.(kit.Observable)
	if !ok {
		t.Skip("the daemon's processes are not this machine's")
	}
	pids := o.Processes()
	if len(pids) != 1 {
		t.Fatalf("processes: %v", pids)
	}
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pids[0])); string(name) != "subject\n" || err != nil {
		t.Errorf("the process is %q, %v", name, err)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if pids := o.Processes(); pids != nil {
		t.Errorf("after its end: %v", pids)
	}
}

func TestAFloodIsBounded(t *testing.T) {
	s := begin(t, "flood")
	exit(t, s)
	lines := s.Logs().Lines()
	if n := len(lines); n > 2201 || lines[0].Text != "line 0" || lines[n-1].Text != "line 99999" {
		t.Errorf("%d lines, %q to %q", n, lines[0].Text, lines[n-1].Text)
	}
}

// A registry that has nothing is asked once, and then everybody gets the same answer.
func TestAnImageThatCannotBeHad(t *testing.T) {
	needsDocker(t)
	var asked atomic.Int64
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.NotFound(w, r)
	}))
	defer registry.Close()
	ref := strings.TrimPrefix(registry.URL, "http://") + "/no-such-image:1"
	l := Image(ref)
	_, first := l.Launch(t.Context(), kit.Spec{})
	if first == nil || !strings.HasPrefix(first.Error(), "launch "+ref+": the image cannot be had: it is not here, and pulling it failed: ") || strings.Contains(first.Error(), "\n") {
		t.Errorf("got %v", first)
	}
	once := asked.Load()
	if _, second := l.Launch(t.Context(), kit.Spec{}); second == nil || second.Error() != first.Error() || asked.Load() != once {
		t.Errorf("again: %v, after %d and then %d requests", second, once, asked.Load())
	}
}

func TestADockerfileThatCannotBeBuilt(t *testing.T) {
	needsDocker(t)
	path := filepath.Join(t.TempDir(), "Dockerfile")
	if _, err := Dockerfile(path).Launch(t.Context(), kit.Spec{}); err == nil || !strings.Contains(err.Error(), "expected a Dockerfile at "+path) {
		t.Errorf("none there: %v", err)
	}
	if err := os.WriteFile(path, []byte("FROM scratch\nCOPY nothing /nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Dockerfile(path).Launch(t.Context(), kit.Spec{})
	if err == nil || !strings.Contains(err.Error(), "the image cannot be built: ") || !strings.HasSuffix(err.Error(), "at Step 2/2 : COPY nothing /nothing") {
		t.Errorf("a step that fails: %v", err)
	}
}

func TestAProgramThatIsNotInTheImage(t *testing.T) {
	d, err := reachable()
	if err != nil {
		needsDocker(t)
	}
	image(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY Dockerfile /\nENTRYPOINT [\"/no-such-program\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := Dockerfile(filepath.Join(dir, "Dockerfile")).(*launcher)
	_, err = l.Launch(t.Context(), kit.Spec{Name: "unit/none"})
	discard(d, l.ref)
	if err == nil || !strings.Contains(err.Error(), "starting its container: ") || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("got %v", err)
	}
	if left := mine(t, d); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestARunThatWasInterruptedLeavesNothing(t *testing.T) {
	ref := image(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Image(ref).Launch(ctx, kit.Spec{}); err == nil {
		t.Error("launched all the same")
	}
	d, _ := reachable()
	if left := mine(t, d); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// A suite that is killed cannot clean up; the next one does.
func TestTheNextRunRemovesWhatAKilledOneLeft(t *testing.T) {
	cmd := asSuite(t, "hold", "IMAGE="+image(t))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := bufio.NewReader(out).ReadString('\n')
	if id = strings.TrimSpace(id); err != nil || !there(t, id) {
		t.Fatalf("expected the id of a container, got %q, %v", id, err)
	}
	// As long as that suite runs, its container is its own.
	if _, err := connect(within(t)); err != nil || !there(t, id) {
		t.Fatalf("the container of a suite that runs is gone (%v)", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if _, err := connect(within(t)); err != nil || there(t, id) {
		t.Errorf("the container is still there (%v)", err)
	}
}

func TestWithoutDocker(t *testing.T) {
	stdout, stderr, code := outcome(t, asSuite(t, "start", "IMAGE=x", "HOME="+t.TempDir(), "DOCKER_HOST=unix:///no/such/socket"))
	if code != 3 || stderr != "" || !strings.HasPrefix(stdout, "launch x: no Docker daemon can be reached (") || !strings.HasSuffix(stdout, "in DOCKER_HOST") || strings.Contains(stdout, "\n") {
		t.Errorf("exit %d\n%s\n%s", code, stdout, stderr)
	}
}

func TestWithoutTheReapersImage(t *testing.T) {
	stdout, stderr, code := outcome(t, asSuite(t, "start", "IMAGE="+image(t), "TESTCONTAINERS_RYUK_DISABLED=false", "TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX=127.0.0.1:1"))
	if code != 3 || stderr != "" || !strings.HasSuffix(stdout, "; set TESTCONTAINERS_RYUK_DISABLED=true to do without it") || strings.Contains(stdout, "\n") {
		t.Errorf("exit %d\n%s\n%s", code, stdout, stderr)
	}
}
