//go:build unix

package launch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/conformance/kit"
)

func TestSubjectThatExitsAtOnce(t *testing.T) {
	w := watchProcesses(t)
	s := w.start("exit")
	if got, want := exit(t, s), (kit.Exit{Code: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := texts(s, "stdout"); !slices.Equal(got, []string{"on my way"}) {
		t.Errorf("stdout: %q", got)
	}
	// A binary built for coverage adds a warning to it.
	if got := texts(s, "stderr"); len(got) == 0 || !strings.HasPrefix(got[0], "no newline at the end") {
		t.Errorf("stderr: %q", got)
	}
	// Stopping what has ended already says how it ended.
	if got, err := s.Stop(within(t)); got.Code != 3 || got.Killed || err != nil {
		t.Errorf("Stop: %+v, %v", got, err)
	}
}

func TestStopLetsItEndByItself(t *testing.T) {
	w := watchProcesses(t)
	s := w.start("graceful")
	life := w.next("graceful")
	life.says("ready")
	got, err := s.Stop(within(t))
	if want := (kit.Exit{Code: 0}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got := texts(s, "stdout"); !slices.Equal(got, []string{"bye"}) {
		t.Errorf("stdout: %q", got)
	}
	life.ended()
}

func TestStopNamesTheSignal(t *testing.T) {
	w := watchProcesses(t)
	s := w.start("sleep")
	w.next("sleep")
	got, err := s.Stop(within(t))
	if want := (kit.Exit{Code: -1, Signal: "SIGTERM"}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestStopKillsWhatIgnoresIt(t *testing.T) {
	for _, mode := range []string{"ignore", "close"} {
		t.Run(mode, func(t *testing.T) {
			w := watchProcesses(t)
			s := w.start(mode)
			life := w.next(mode)
			life.says("ready")
			ctx := within(t)
			if mode == "ignore" {
				ctx = expired()
			}
			got, err := s.Stop(ctx)
			if err != nil || got.Killed != (mode == "ignore") {
				t.Errorf("got %+v, %v", got, err)
			}
			life.ended()
		})
	}
}

func TestKillIsNotAFailedStop(t *testing.T) {
	w := watchProcesses(t)
	s := w.start("ignore")
	w.next("ignore").says("ready")
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if got, want := s.Exit(), (kit.Exit{Code: -1, Signal: "SIGKILL"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheLastOfItsProcessesCounts(t *testing.T) {
	for _, test := range []struct {
		mode, child string
		ctx         func(*testing.T) context.Context
		want        kit.Exit
	}{
		// The process that was started has ended with 0, its child ends when asked.
		{"fork", "child", within, kit.Exit{Code: 0}},
		{"fork-stubborn", "stubborn", func(*testing.T) context.Context { return expired() }, kit.Exit{Code: 0, Killed: true}},
		{"fork-silent", "stubborn", func(*testing.T) context.Context { return expired() }, kit.Exit{Code: 0, Killed: true}},
	} {
		t.Run(test.mode, func(t *testing.T) { leavesNobody(t, test.mode, test.child, test.ctx(t), test.want) })
	}
}

func TestADaemonIsFound(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc: elsewhere a process that leaves its group is lost, as the documentation says")
	}
	leavesNobody(t, "fork-daemon", "stubborn", expired(), kit.Exit{Code: 0, Killed: true})
}

func leavesNobody(t *testing.T, mode, child string, ctx context.Context, want kit.Exit) {
	w := watchProcesses(t)
	s := w.start(mode)
	w.next(mode).ended()
	orphan := w.next(child)
	if child == "stubborn" {
		orphan.says("ready")
	}
	select {
	case <-s.Exited():
		t.Error("the subject counts as ended while its child runs")
	default:
	}
	if got, err := s.Stop(ctx); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	orphan.ended()
}

func TestAStrangerThatHoldsTheOutputHoldsNobodyUp(t *testing.T) {
	w := watchProcesses(t)
	s := w.start("fork-hidden")
	w.next("fork-hidden")
	hidden := w.next("hidden")
	defer hidden.release()
	if got, want := exit(t, s), (kit.Exit{Code: 0}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if log := texts(s, "log"); len(log) != 1 || !strings.Contains(log[0], "its output is still held open") {
		t.Errorf("log: %q", log)
	}
}

func TestTheSuiteTakesItsSubjectsAlong(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs the parent death signal, which only Linux has")
	}
	w := watchProcesses(t)
	s := w.start("suite")
	suite := w.next("suite")
	inner := w.next("ignore")
	inner.says("ready")
	// Only the suite is killed, as by a test timeout; the inner subject is in a group of
	// its own and ignores SIGTERM.
	if err := syscall.Kill(s.(*process).family.group, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	suite.ended()
	inner.ended()
	exit(t, s)
}

func TestAFloodIsBounded(t *testing.T) {
	w := watchProcesses(t)
	s := w.start("flood")
	w.next("flood").says("flooded")
	if _, err := s.Stop(within(t)); err != nil {
		t.Fatal(err)
	}
	lines := s.Logs().Lines()
	if len(lines) != firstLines+1+lastLines {
		t.Fatalf("%d lines are kept", len(lines))
	}
	if lines[0].Text != "line 0" || lines[firstLines-1].Text != fmt.Sprintf("line %d", firstLines-1) {
		t.Errorf("the first lines are %q to %q", lines[0].Text, lines[firstLines-1].Text)
	}
	var dropped, next int
	if _, err := fmt.Sscanf(lines[firstLines].Text, "[%d lines dropped", &dropped); err != nil {
		t.Fatalf("after the first lines: %q", lines[firstLines].Text)
	}
	if _, err := fmt.Sscanf(lines[firstLines+1].Text, "line %d", &next); err != nil || next != firstLines+dropped {
		t.Errorf("after %d dropped lines: %q", dropped, lines[firstLines+1].Text)
	}
}

func TestALongLineIsBounded(t *testing.T) {
	w := watchProcesses(t)
	s := w.start("long-line")
	exit(t, s)
	got := texts(s, "stdout")
	want := strings.Repeat("x", lineBytes) + fmt.Sprintf(" [%d more bytes of this line dropped]", 64<<20-lineBytes)
	if len(got) != 2 || got[0] != want || got[1] != "after" {
		t.Errorf("%d lines, the first with %d bytes: %.40q", len(got), len(got[0]), got)
	}
}

func TestACleanEnvironment(t *testing.T) {
	t.Setenv("GATEWAY_RELAY_SECRET", "inherited")
	t.Setenv("RELAY_DRIVER_URL", "inherited")
	t.Setenv("HTTPS_PROXY", "http://proxy.example")
	t.Setenv("TMPDIR", t.TempDir())
	s, err := Command([]string{testBinary(t), "--", "-x", "a b"}).Launch(context.Background(), kit.Spec{
		Name: "env", Env: map[string]string{modeVar: "env", "GORACE": noExitDelay, "GATEWAY_RELAY_URL": "http://127.0.0.1:1", "LANG": "de_DE"},
	})
	if err != nil {
		t.Fatal(err)
	}
	exit(t, s)
	got := texts(s, "stdout")
	home := ""
	for i, v := range got {
		if dir, ok := strings.CutPrefix(v, "HOME="); ok {
			home = filepath.Dir(dir)
			got[i] = "HOME=*/" + filepath.Base(dir)
		}
	}
	for i, v := range got {
		got[i] = strings.ReplaceAll(v, home, "*")
	}
	want := []string{
		"WD=*/work", "ARGS=--|-x|a b", "GATEWAY_RELAY_URL=http://127.0.0.1:1", "GORACE=" + noExitDelay, "HOME=*/home", "LANG=de_DE",
		modeVar + "=env", "NO_PROXY=*", "PATH=" + os.Getenv("PATH"), "TMPDIR=*/tmp",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(home); !os.IsNotExist(err) {
		t.Errorf("its directory is still there: %v", err)
	}
}

func TestRelativePathsMeanTheSuitesDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "gw.sh"), "#!/bin/sh\necho \"$1 $2 $3 $(cat \"$1\")\"\n", 0o700)
	write(t, filepath.Join(dir, "config"), "content", 0o600)
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, opts := range [][]CommandOption{nil, {Dir("sub")}} {
		s, err := Command([]string{"./gw.sh", "config", "sub", "none"}, opts...).Launch(context.Background(), kit.Spec{})
		if err != nil {
			t.Fatal(err)
		}
		exit(t, s)
		real, _ := filepath.EvalSymlinks(dir)
		want := []string{filepath.Join(real, "config") + " sub none content"}
		if diff := cmp.Diff(want, texts(s, "stdout")); diff != "" {
			t.Error(diff, texts(s, "stderr"))
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "sub")); err != nil {
		t.Error("a directory of the user's was removed: ", err)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	write(t, filepath.Join(dir, "plain"), "text", 0o600)
	write(t, filepath.Join(dir, "nonsense"), "text", 0o700)
	write(t, filepath.Join(dir, "orphan"), "#!/no/such/interpreter\n", 0o700)
	t.Chdir(dir)
	for _, test := range []struct {
		argv []string
		opts []CommandOption
		want string
	}{
		{nil, nil, "expected a program"},
		{[]string{""}, nil, "expected a program"},
		{[]string{"no-such-program-anywhere"}, nil, "no such program on the PATH"},
		{[]string{"./missing"}, nil, "no such file (looked for " + dir},
		{[]string{"./plain"}, nil, "expected an executable file at"},
		{[]string{dir}, nil, "expected an executable file at"},
		{[]string{"./nonsense"}, nil, "a script without a first line"},
		{[]string{"./orphan"}, nil, "the interpreter that its first line names is not"},
		{[]string{"./orphan"}, []CommandOption{Dir("nowhere")}, "expected its directory"},
	} {
		s, err := Command(test.argv, test.opts...).Launch(context.Background(), kit.Spec{Name: "x"})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %q", test.argv, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error has several lines: %q", test.argv, err)
		}
		if s != nil {
			t.Errorf("%q: a subject besides the error", test.argv)
		}
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestParseCommand(t *testing.T) {
	for line, want := range map[string][]string{
		`gw`:                        {"gw"},
		`gw  --name "a b" 'c"d' \e`: {"gw", "--name", "a b", `c"d`, "e"},
		`gw $HOME ~ *`:              {"gw", "$HOME", "~", "*"},
		"gw '' ü":                   {"gw", "", "ü"},
	} {
		l, err := ParseCommand(line)
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if diff := cmp.Diff(want, l.(*command).argv); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
	for line, want := range map[string]string{
		"":              "got nothing",
		"   ":           "got nothing",
		`gw "open`:      "balanced quotes",
		"üü gw | tee x": `the operator "|" means nothing`,
		"gw > log":      `the operator ">" means nothing`,
		"a && b":        `the operator "&" means nothing`,
	} {
		_, err := ParseCommand(line)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", line, err, want)
		}
	}
}

func TestFilesAreInItsWorkingDirectory(t *testing.T) {
	spec := kit.Spec{Name: "files", Files: map[string]string{"etc/gateway/config.yaml": "a: b", "top": "c"}}
	s, err := Command([]string{"cat", "etc/gateway/config.yaml", "top"}).Launch(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if got := exit(t, s); got.Code != 0 {
		t.Error(got)
	}
	if got := texts(s, "stdout"); !slices.Equal(got, []string{"a: bc"}) {
		t.Errorf("got %q", got)
	}
	spec.Args = []string{"etc/gateway/config.yaml"} // is another one than the suite's own
	if s, err = Command([]string{"cat", "top"}).Launch(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	exit(t, s)
	if got := texts(s, "stdout"); !slices.Equal(got, []string{"ca: b"}) {
		t.Errorf("with an argument: got %q", got)
	}
	spec.Args, spec.Files = nil, map[string]string{"../x": ""}
	if _, err := Command([]string{"cat"}).Launch(t.Context(), spec); err == nil || !strings.Contains(err.Error(), `inside of its working directory, got "../x"`) {
		t.Errorf("a path outside: %v", err)
	}
	own := Command([]string{"cat"}, Dir(t.TempDir()))
	if _, err := own.Launch(t.Context(), kit.Spec{Args: []string{"x"}}); own.Can().Args || err == nil {
		t.Errorf("arguments in a directory of the user's: %v", err)
	}
	if _, err := own.Launch(t.Context(), spec); own.Can().Files || err == nil || !strings.Contains(err.Error(), "fresh working directory only") {
		t.Errorf("a directory of the user's: %v", err)
	}
}

// What it leaves is still there when the launcher tells that it has ended, its temporary files
// among it, and gone when everybody else is told.
func TestWhatItLeaves(t *testing.T) {
	var s kit.Subject
	launched, told := make(chan struct{}), 0
	left := map[string]string{}
	spec := kit.Spec{Name: "left", AtEnd: func(files func(context.Context, func(string, []byte)) error) {
		<-launched
		told++
		select {
		case <-s.Exited():
			t.Error("others were told before")
		default:
		}
		if err := files(t.Context(), func(name string, content []byte) { left[filepath.Base(filepath.Dir(name))] = string(content) }); err != nil {
			t.Error(err)
		}
	}}
	var err error
	s, err = Command([]string{"sh", "-c", `printf 1 > "$HOME/a"; printf 2 > b; printf 3 > "$TMPDIR/c"`}).Launch(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	close(launched)
	exit(t, s)
	if diff := cmp.Diff(map[string]string{"home": "1", "work": "2", "tmp": "3"}, left); diff != "" || told != 1 {
		t.Errorf("told %d times: %s", told, diff)
	}
	s.(kit.Placed).Files(t.Context(), func(name string, _ []byte) { t.Errorf("%s is still there", name) })
}
