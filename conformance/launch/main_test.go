//go:build unix

package launch

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/relaykit/relaykit/conformance/kit"
)

// The test binary is also the subject: with this variable it behaves as it says.
const (
	modeVar     = "LAUNCH_TEST_MODE"
	lifelineVar = "LAUNCH_TEST_LIFELINE"
)

// noExitDelay spares the second that a program built with the race detector waits at its end.
const noExitDelay = "atexit_sleep_ms=0"

// patience is the bound of every wait of these tests, used up only by a failure: a
// process starts in milliseconds, and in a second or two on a machine under load.
const patience = time.Minute

func TestMain(m *testing.M) {
	if mode := os.Getenv(modeVar); mode != "" {
		os.Exit(behave(mode))
	}
	goleak.VerifyTestMain(m)
}

// behave is the subject.
func behave(mode string) int {
	line := hold(mode)
	switch mode {
	case "exit":
		fmt.Println("on my way")
		fmt.Fprint(os.Stderr, "no newline at the end")
		return 3
	case "env":
		wd, _ := os.Getwd()
		fmt.Println("WD=" + wd)
		fmt.Println("ARGS=" + strings.Join(os.Args[1:], "|"))
		for _, v := range os.Environ() {
			fmt.Println(v)
		}
	case "sleep", "child":
		select {}
	case "graceful":
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		line.say("ready")
		<-terminated
		fmt.Println("bye")
	case "ignore", "stubborn":
		signal.Ignore(syscall.SIGTERM)
		line.say("ready")
		select {}
	case "fork":
		spawn("child", nil)
	case "fork-stubborn":
		spawn("stubborn", nil)
	case "fork-silent": // nothing but the group tells that the child is there
		os.Stdout, os.Stderr = nil, nil
		spawn("stubborn", nil)
	case "fork-daemon":
		os.Stdout, os.Stderr = nil, nil
		spawn("stubborn", &syscall.SysProcAttr{Setsid: true})
	case "fork-hidden": // holds the output, and cannot be told from a stranger
		os.Setenv("HOME", "/")
		spawn("hidden", &syscall.SysProcAttr{Setsid: true})
	case "hidden":
		io.Copy(io.Discard, line.conn)
	case "close":
		os.Stdout.Close()
		os.Stderr.Close()
		line.say("ready")
		select {}
	case "flood":
		out := bufio.NewWriter(os.Stdout)
		for i := 0; ; i++ {
			fmt.Fprintf(out, "line %d\n", i)
			if i == 20*lastLines {
				out.Flush()
				line.say("flooded")
			}
		}
	case "long-line":
		chunk := strings.Repeat("x", 1<<20)
		for range 64 {
			io.WriteString(os.Stdout, chunk)
		}
		fmt.Println("\nafter")
	case "suite":
		// A suite that starts a subject of its own and never stops it.
		_, err := Command([]string{os.Args[0]}).Launch(context.Background(), kit.Spec{Name: "inner", Env: map[string]string{
			modeVar: "ignore", lifelineVar: os.Getenv(lifelineVar),
		}})
		if err != nil {
			panic(err)
		}
		select {}
	}
	return 0
}

func spawn(mode string, attr *syscall.SysProcAttr) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), modeVar+"="+mode)
	cmd.SysProcAttr = attr
	if os.Stdout != nil {
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}

// lifeline is a connection that a subject's process opens first and never closes: its
// end is the end of the process, however it came, seen without asking the system.
type lifeline struct{ conn net.Conn }

func hold(mode string) lifeline {
	addr := os.Getenv(lifelineVar)
	if addr == "" {
		return lifeline{}
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		panic(err)
	}
	l := lifeline{conn}
	l.say(mode)
	return l
}

func (l lifeline) say(word string) { fmt.Fprintln(l.conn, word) }

// watcher is the tests' end of the lifelines.
type watcher struct {
	t  *testing.T
	ln net.Listener
}

func watchProcesses(t *testing.T) *watcher {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return &watcher{t, ln}
}

// next is the next process that comes to life, which must be in the given mode.
func (w *watcher) next(mode string) *life {
	w.t.Helper()
	w.ln.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	conn, err := w.ln.Accept()
	if err != nil {
		w.t.Fatalf("waiting for a process in mode %q: %v", mode, err)
	}
	w.t.Cleanup(func() { conn.Close() })
	l := &life{w.t, conn, bufio.NewReader(conn)}
	l.says(mode)
	return l
}

type life struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (l *life) says(word string) {
	l.t.Helper()
	l.conn.SetReadDeadline(time.Now().Add(patience))
	if got, err := l.in.ReadString('\n'); got != word+"\n" {
		l.t.Fatalf("expected the process to say %q, got %q, %v", word, got, err)
	}
}

// release ends a process that waits for the end of its lifeline.
func (l *life) release() {
	l.t.Helper()
	if err := l.conn.(*net.TCPConn).CloseWrite(); err != nil {
		l.t.Error(err)
	}
	l.ended()
}

// ended waits until the process is no more.
func (l *life) ended() {
	l.t.Helper()
	l.conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := l.in.ReadByte(); err == nil || os.IsTimeout(err) {
		l.t.Errorf("the process still runs (%v)", err)
	}
}

// start launches the test binary in a mode.
func (w *watcher) start(mode string) kit.Subject {
	w.t.Helper()
	w.t.Setenv("TMPDIR", w.t.TempDir())
	s, err := Command([]string{testBinary(w.t)}).Launch(context.Background(), kit.Spec{Name: "unit/" + mode, Env: map[string]string{
		modeVar: mode, lifelineVar: w.ln.Addr().String(), "GORACE": noExitDelay,
		"TMPDIR": w.t.TempDir(), // a suite that is killed cannot tidy up after itself
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			w.t.Error(err)
		}
		left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*"))
		if len(left) > 0 || err != nil {
			w.t.Errorf("left behind: %v, %v", left, err)
		}
	})
	return s
}

func testBinary(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// exit waits for a subject to end by itself.
func exit(t *testing.T, s kit.Subject) kit.Exit {
	t.Helper()
	select {
	case <-s.Exited():
	case <-time.After(patience):
		t.Fatal("the subject has not ended")
	}
	return s.Exit()
}

// within is a context for a stop that must succeed; expired for one that must not wait.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// texts are the lines of one stream.
func texts(s kit.Subject, stream string) []string {
	var all []string
	for _, l := range s.Logs().Lines() {
		if l.Stream == stream {
			all = append(all, l.Text)
		}
	}
	return all
}
