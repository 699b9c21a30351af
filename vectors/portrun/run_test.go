package portrun

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/relaykit/relaykit/vectors"
	"github.com/relaykit/relaykit/vectors/internal/answer"
	"go.uber.org/goleak"
)

// Bounds of these tests. A port that fails to answer is waited for shortTimeout, in which it
// must also start and give the answers that it does give: 400 ms were too few for that on
// two cores with a load of 15. All others have longTimeout.
const (
	shortTimeout = 4 * time.Second
	longTimeout  = 60 * time.Second
)

// asPort is the first argument with which the test binary is a port; how it behaves is the
// second.
const asPort = "be-a-port"

func portOf(behaviour string) func(context.Context) (Port, error) {
	return Command([]string{os.Args[0], asPort, behaviour}, "")
}

// The test binary is the port as well, so that real processes, pipes and exits are met.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == asPort {
		port(os.Args[2])
		return
	}
	// Or every port takes a second to exit. It is read at the start of a process: this one's
	// stays as it was.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func port(behaviour string) {
	if behaviour == "good" {
		if err := answer.Serve(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	in := bufio.NewReader(os.Stdin)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil {
			if behaviour == "stays" {
				hang()
			}
			if behaviour == "exits-1" {
				fmt.Fprintln(os.Stderr, "no luck")
				os.Exit(1)
			}
			return
		}
		var q struct{ ID string }
		_ = json.Unmarshal(line, &q)
		right := fmt.Sprintf(`{"id":%q,"value":%q}`, q.ID, q.ID) + "\n"
		bad := n == 2 // the second case is the one that goes wrong
		switch {
		case behaviour == "hangs" && bad, behaviour == "always-hangs":
			hang()
		case behaviour == "dies" && bad:
			fmt.Fprintln(os.Stderr, "panic: out of cheese")
			os.Exit(3)
		case behaviour == "noise" && bad:
			fmt.Print("debug: thinking\n", right)
		case behaviour == "twice" && bad:
			fmt.Print(right, right)
		case behaviour == "twice-at-end" && n == 3:
			fmt.Print(right, right)
		case behaviour == "another" && bad:
			fmt.Print(`{"id":"a","value":"a"}`+"\n", right)
		case behaviour == "stranger" && bad:
			fmt.Print(`{"id":"zorp","value":"a"}`+"\n", right)
		case behaviour == "empty" && bad:
			fmt.Printf("{\"id\":%q}\n", q.ID)
		case behaviour == "both" && bad:
			fmt.Printf("{\"id\":%q,\"value\":1,\"error\":\"x\"}\n", q.ID)
		case behaviour == "wrong" && bad:
			fmt.Printf("{\"id\":%q,\"value\":\"B\"}\n", q.ID)
		case behaviour == "refuses" && bad:
			fmt.Printf("{\"id\":%q,\"error\":\"malformed\"}\n", q.ID)
		case behaviour == "unsupported" && bad:
			fmt.Printf("{\"id\":%q,\"unsupported\":true}\n", q.ID)
		case behaviour == "long" && bad:
			fmt.Print(strings.Repeat("x", maxLine+10), "\n", right)
		case behaviour == "two-on-a-line" && bad:
			fmt.Print(strings.TrimSuffix(right, "\n"), right)
		default:
			fmt.Print(right)
		}
	}
}

// hang waits for ever, on a pipe that nobody writes: a bare select would be found out by
// the runtime as a deadlock.
func hang() {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	_, _ = r.Read(make([]byte, 1))
	_ = w.Close()
}

// four is a group whose cases expect their own ids.
func four() []vectors.File {
	f := vectors.File{Group: "g"}
	for _, id := range []string{"a", "b", "c", "d"} {
		f.Cases = append(f.Cases, vectors.Case{ID: id, Op: "x/y", Rule: "auth/bearer", Input: json.RawMessage(`{}`), Expected: json.RawMessage(`"` + id + `"`), Comment: "c"})
	}
	return []vectors.File{f}
}

func runPort(t *testing.T, behaviour string, groups []vectors.File, timeout time.Duration) *Results {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), longTimeout)
	defer cancel()
	res, err := Run(ctx, behaviour, Options{Start: portOf(behaviour), Groups: groups, Timeout: timeout, ExitTimeout: exitBound(behaviour)})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// exitBound is short only for the port that never exits.
func exitBound(behaviour string) time.Duration {
	if behaviour == "stays" {
		return shortTimeout
	}
	return longTimeout
}

// What a port does wrong is put down to the right case, and the others are unharmed.
func TestBadPorts(t *testing.T) {
	for _, tc := range []struct {
		behaviour string
		failed    string // the ids, in order
		text      string // in the first failure or note
		notes     int
	}{
		{"hangs", "b d", "expected an answer within", 0},
		{"always-hangs", "a b c d", "expected an answer within", 0},
		{"dies", "b d", "out of cheese", 0},
		{"noise", "b", "debug: thinking", 0},
		{"twice", "b c", "one answer, in its turn", 0},
		{"twice-at-end", "c d", "one answer", 0},
		{"another", "a b", "in its turn", 0},
		{"stranger", "b", "zorp", 0},
		{"empty", "b", "exactly one of", 0},
		{"both", "b", "exactly one of", 0},
		{"wrong", "b", `expected "b", got "B"`, 0},
		{"refuses", "b", `got the error "malformed"`, 0},
		{"unsupported", "", "", 0},
		{"long", "b", "one JSON object", 0},
		{"two-on-a-line", "b d", "one JSON object", 0},
		{"stays", "", "exit within", 1},
		{"exits-1", "", "no luck", 1},
		{"right", "", "", 0},
	} {
		t.Run(tc.behaviour, func(t *testing.T) {
			t.Parallel()
			timeout := longTimeout
			if strings.Contains(tc.behaviour, "hangs") || tc.behaviour == "two-on-a-line" {
				timeout = shortTimeout
			}
			res := runPort(t, tc.behaviour, four(), timeout)
			var failed []string
			text := strings.Join(res.Notes, "; ")
			for _, o := range res.Failures {
				failed = append(failed, o.ID)
				text += strings.Join(o.Reasons, "; ")
			}
			// A port that was restarted goes wrong on the second case of each life.
			if got := strings.Join(failed, " "); got != tc.failed {
				t.Errorf("expected %q to fail, got %q: %s", tc.failed, got, text)
			}
			if !strings.Contains(text, tc.text) || len(res.Notes) != tc.notes {
				t.Errorf("expected %q and %d notes, got %d: %s", tc.text, tc.notes, len(res.Notes), text)
			}
			if want := tc.failed == "" && tc.notes == 0; res.OK() != want {
				t.Errorf("expected OK %v", want)
			}
			if res.Asked != 4 {
				t.Errorf("expected all 4 cases to be accounted for, got %d", res.Asked)
			}
		})
	}
}

// The port of this project passes every vector, through a real process.
func TestOwnPortPassesEverything(t *testing.T) {
	groups, err := vectors.Load()
	if err != nil {
		t.Fatal(err)
	}
	res := runPort(t, "good", groups, longTimeout)
	for _, o := range res.Failures {
		t.Errorf("%s: %v", o.ID, o.Reasons)
	}
	for _, n := range res.Counts {
		if n.Unsupported > 0 {
			t.Errorf("%s: expected the port to support every op", n.Op)
		}
		t.Logf("%-20s %4d passed", n.Op, n.Pass)
	}
	if res.Vectors.SHA256 != vectors.Hash() || len(res.Vectors.SHA256) != 64 {
		t.Errorf("expected the hash of the vectors, got %q", res.Vectors.SHA256)
	}
}

func TestAPortThatCannotBeStarted(t *testing.T) {
	_, err := Run(t.Context(), "none", Options{Start: Command([]string{"./no-such-port"}, ""), Groups: four()})
	if err == nil || !strings.Contains(err.Error(), "starting the port") {
		t.Errorf("expected a failure to start, got %v", err)
	}
	if _, err := Run(t.Context(), "none", Options{Start: Command(nil, ""), Groups: four()}); err == nil {
		t.Error("expected a failure for an empty command")
	}
}

func TestACancelledRunEndsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
	defer cancel()
	_, err := Run(ctx, "hangs", Options{Start: portOf("always-hangs"), Groups: four(), Timeout: longTimeout})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("expected the context's error, got %v", err)
	}
}

func TestDifference(t *testing.T) {
	for _, tc := range []struct{ want, got, text string }{
		{`1`, `1.0`, ""}, {`1`, `1e0`, ""}, {`1`, `2`, "the value: expected 1, got 2"}, {`9007199254740993`, `9007199254740992`, "expected 9007199254740993"},
		{`1`, `"1"`, "expected 1"}, {`null`, `null`, ""}, {`null`, `false`, "expected null, got false"}, {`{}`, `[]`, "expected {}"}, {`[]`, `{}`, "expected []"},
		{`{"a":{"b":[1,2]}}`, `{"a":{"b":[1,3]}}`, "/a/b/1: expected 2, got 3"}, {`{"a":1}`, `{}`, "/a: expected 1, got nothing"}, {`{}`, `{"a":1}`, "/a: expected no such member"},
		{`[1]`, `[1,2]`, "expected 1 items, got 2"}, {`"\u00e9"`, `"é"`, ""}, {`1e999999999`, `1`, "expected"}, {`{"a":1,"b":2}`, `{"b":2,"a":1}`, ""}, {`true`, `true`, ""},
	} {
		want, err := decode([]byte(tc.want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode([]byte(tc.got))
		if err != nil {
			t.Fatal(err)
		}
		d := difference("", want, got)
		if (d == "") != (tc.text == "") || !strings.Contains(d, tc.text) {
			t.Errorf("%s and %s: expected %q, got %q", tc.want, tc.got, tc.text, d)
		}
	}
}
