//go:build unix

package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/conformance/kit"
)

func runFunction(t *testing.T, run func(context.Context, map[string]string, io.Writer) error) kit.Subject {
	t.Helper()
	s, err := InProcess("gateway", run).Launch(context.Background(), kit.Spec{Name: "unit", Env: map[string]string{"A": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFunctionThatIsStopped(t *testing.T) {
	for name, test := range map[string]struct {
		returns error
		want    kit.Exit
	}{
		"cleanly":               {nil, kit.Exit{}},
		"with its context's":    {fmt.Errorf("gateway: %w", context.Canceled), kit.Exit{}},
		"with one of its own":   {errors.New("socket stuck"), kit.Exit{Code: 1, Err: "socket stuck"}},
		"with another deadline": {context.DeadlineExceeded, kit.Exit{Code: 1, Err: context.DeadlineExceeded.Error()}},
	} {
		t.Run(name, func(t *testing.T) {
			s := runFunction(t, func(ctx context.Context, env map[string]string, logs io.Writer) error {
				fmt.Fprintf(logs, "env %v\nlast", env)
				<-ctx.Done()
				return test.returns
			})
			if got, err := s.Stop(within(t)); got != test.want || err != nil {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
			if got := texts(s, "log"); !slices.Equal(got, []string{"env map[A:b]", "last"}) {
				t.Errorf("log: %q", got)
			}
		})
	}
}

func TestFunctionThatEndsByItself(t *testing.T) {
	for name, test := range map[string]struct {
		run  func() error
		want kit.Exit
	}{
		"returns":  {func() error { return nil }, kit.Exit{}},
		"fails":    {func() error { return errors.New("no URL") }, kit.Exit{Code: 1, Err: "no URL"}},
		"canceled": {func() error { return context.Canceled }, kit.Exit{Code: 1, Err: "context canceled"}}, // nobody asked it to stop
		"panics":   {func() error { panic("nil map") }, kit.Exit{Code: 2, Err: "panic: nil map"}},
		"goexit": {func() error { runtime.Goexit(); return nil },
			kit.Exit{Code: 1, Err: "its goroutine was ended by runtime.Goexit (a t.FailNow?) instead of a return"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := runFunction(t, func(context.Context, map[string]string, io.Writer) error { return test.run() })
			if got := exit(t, s); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if log := strings.Join(texts(s, "log"), "\n"); strings.Contains(log, "inprocess_test.go") != (name == "panics") {
				t.Errorf("the stack in the log: %q", log)
			}
			if got, err := s.Stop(within(t)); got != test.want || err != nil {
				t.Errorf("stopped afterwards: %+v, %v", got, err)
			}
		})
	}
}

func TestFunctionThatDoesNotReturn(t *testing.T) {
	release := make(chan struct{})
	s := runFunction(t, func(context.Context, map[string]string, io.Writer) error {
		<-release
		return nil
	})
	got, err := s.Stop(expired())
	if err == nil || !strings.Contains(err.Error(), "stop gateway unit: expected it to return") {
		t.Errorf("the error is %v", err)
	}
	if !got.Killed {
		t.Errorf("got %+v", got)
	}
	select {
	case <-s.Exited():
		t.Error("it counts as ended while it runs")
	default:
	}
	close(release)
	if got := exit(t, s); !got.Killed {
		t.Errorf("it returned too late, yet: %+v", got)
	}
}

func TestFunctionOutlivesTheLaunch(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ask, seen := make(chan struct{}), make(chan error, 1)
	s, err := InProcess("gateway", func(ctx context.Context, _ map[string]string, _ io.Writer) error {
		<-ask
		seen <- ctx.Err()
		<-ctx.Done()
		return nil
	}).Launch(ctx, kit.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	close(ask)
	if err := <-seen; err != nil {
		t.Errorf("it is asked to stop when the context of its launch ends: %v", err)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsLaunchedWithoutAReason(t *testing.T) {
	for name, l := range map[string]kit.Launcher{
		"function": InProcess("gateway", nil), "command": Command([]string{"true"}), "attach": Attach(nil),
	} {
		ctx := expired()
		if name == "function" {
			ctx = context.Background()
		}
		if s, err := l.Launch(ctx, kit.Spec{}); err == nil || s != nil {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

func TestAttach(t *testing.T) {
	var told []string
	l := Attach(func(spec kit.Spec) { told = append(told, spec.Env["GATEWAY_RELAY_URL"]) })
	if l.Can() != (kit.Abilities{}) {
		t.Errorf("it can %+v", l.Can())
	}
	launch := func(url string) (kit.Subject, error) {
		return l.Launch(context.Background(), kit.Spec{Env: map[string]string{"GATEWAY_RELAY_URL": url}})
	}
	s, err := launch("http://one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := launch("http://two"); !errors.Is(err, ErrAttached) {
		t.Errorf("a second gateway: %v", err)
	}
	select {
	case <-s.Exited():
		t.Error("it counts as ended")
	default:
	}
	if got, err := s.Stop(within(t)); err != nil || !strings.Contains(got.String(), "left running") {
		t.Errorf("got %v, %v", got, err)
	}
	exit(t, s)
	if len(s.Logs().Lines()) > 0 {
		t.Error("it has a log")
	}
	if _, err := launch("http://three"); err != nil {
		t.Errorf("after the first was let go: %v", err)
	}
	if want := []string{"http://one", "http://three"}; !slices.Equal(told, want) {
		t.Errorf("announced %q, want %q", told, want)
	}
}

func TestAFunctionWithADirectory(t *testing.T) {
	wrote, release := make(chan string), make(chan struct{})
	l := InProcessIn("files", func(_ context.Context, call Call, _ io.Writer) error {
		dir, env := call.Dir, call.Env
		if env["HOME"] != dir || env["TMPDIR"] != dir || env["A"] != "b" || !slices.Equal(call.Args, []string{"enroll", "now"}) {
			return fmt.Errorf("HOME is %q, TMPDIR %q and A %q, the arguments are %q", env["HOME"], env["TMPDIR"], env["A"], call.Args)
		}
		if err := os.WriteFile(filepath.Join(dir, "state"), []byte("kept"), 0o600); err != nil {
			return err
		}
		wrote <- dir
		<-release
		return nil
	})
	if !l.Can().Files || !l.Can().Args {
		t.Errorf("it cannot be given files and arguments: %+v", l.Can())
	}
	left := map[string]string{}
	s, err := l.Launch(t.Context(), kit.Spec{Env: map[string]string{"A": "b"}, Args: []string{"enroll", "now"}, Files: map[string]string{"etc/config.yaml": "a: b"}, AtEnd: func(files func(context.Context, func(string, []byte)) error) {
		_ = files(t.Context(), func(name string, content []byte) { left[filepath.Base(name)] = string(content) })
	}})
	if err != nil {
		t.Fatal(err)
	}
	dir := <-wrote
	got := map[string]string{}
	if err := s.(kit.Placed).Files(t.Context(), func(name string, content []byte) { got[filepath.Base(name)] = string(content) }); err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"config.yaml": "a: b", "state": "kept"}; !maps.Equal(got, want) {
		t.Errorf("its files: got %v, want %v", got, want)
	}
	close(release)
	if exit := exit(t, s); exit != (kit.Exit{}) {
		t.Errorf("got %+v", exit)
	}
	if !maps.Equal(left, got) {
		t.Errorf("what it leaves: got %v, want %v", left, got)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("its directory is still there: %v", err)
	}
	plain := InProcess("plain", func(context.Context, map[string]string, io.Writer) error { return nil })
	if _, err := plain.Launch(t.Context(), kit.Spec{Files: map[string]string{"config.yaml": ""}}); plain.Can().Files || err == nil || !strings.Contains(err.Error(), "no working directory") {
		t.Errorf("a function without a directory: got %v", err)
	}
	if _, err := plain.Launch(t.Context(), kit.Spec{Args: []string{"x"}}); plain.Can().Args || err == nil || !strings.Contains(err.Error(), "takes no arguments") {
		t.Errorf("arguments: %v", err)
	}
}
