// Package ports has no code of its own in Go: it holds the ports to the vectors.
package ports

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/relaykit/relaykit/vectors"
	"github.com/relaykit/relaykit/vectors/portrun"
	"go.uber.org/goleak"
)

// toolBound is a bound on a compiler or a test runner, which take seconds; the rest is
// for a loaded machine.
const toolBound = 5 * time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tool is a command that builds or tests a port: a directory, variables, a line.
type tool struct {
	dir  string
	env  []string
	argv []string
}

func (c tool) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolBound)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v:\n%s", strings.Join(c.argv, " "), err, out)
	}
}

// port is a program in another language.
type port struct {
	name  string
	needs []string // programs that must be installed
	build func(out string) []tool
	tests func(out string) []tool // its own tests, in its language's runner
	argv  func(out string) []string
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("expected files like %s, got %v, %v", pattern, names, err)
	}
	for i, name := range names {
		names[i] = filepath.Base(name)
	}
	return names
}

func all(t *testing.T) []port {
	none := func(string) []tool { return nil }
	one := func(c tool) func(string) []tool { return func(string) []tool { return []tool{c} } }
	return []port{
		{"go", nil,
			func(out string) []tool { return []tool{{argv: []string{"go", "build", "-o", out + "/port", "./go"}}} },
			none, func(out string) []string { return []string{out + "/port"} }},
		{"python", []string{"python3"}, none,
			one(tool{"python", []string{"PYTHONDONTWRITEBYTECODE=1"}, []string{"python3", "-m", "unittest"}}),
			func(string) []string { return []string{"python3", "-B", "python/port.py"} }},
		{"javascript", []string{"node"}, none,
			one(tool{"javascript", nil, []string{"node", "--test"}}),
			func(string) []string { return []string{"node", "javascript/port.js"} }},
		{"java", []string{"javac", "java"},
			func(out string) []tool {
				return []tool{{"java", nil, append([]string{"javac", "-Werror", "-Xlint:all", "-d", out}, files(t, "java/*.java")...)}}
			},
			func(out string) []tool {
				return []tool{{"java", nil, []string{"java", "-cp", out, "PortTest", "../.."}}}
			},
			func(out string) []string { return []string{"java", "-cp", out, "Port"} }},
		{"rust", []string{"cargo"},
			func(out string) []tool {
				return []tool{{"rust", []string{"CARGO_TARGET_DIR=" + out}, []string{"cargo", "build", "--offline", "--locked"}}}
			},
			func(out string) []tool {
				return []tool{{"rust", []string{"CARGO_TARGET_DIR=" + out}, []string{"cargo", "test", "--offline", "--locked"}}}
			},
			func(out string) []string { return []string{out + "/debug/port"} }},
		{"perl", []string{"perl", "prove"}, none,
			one(tool{"perl", nil, []string{"prove", "-l"}}),
			func(string) []string { return []string{"perl", "perl/port.pl"} }},
	}
}

// start builds a port and returns how it is started. A port whose language is not
// installed is skipped, by name.
func (p port) start(t *testing.T) (out string, argv []string) {
	t.Helper()
	if testing.Short() {
		t.Skip("ports are not run with -short")
	}
	for _, program := range p.needs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed; the port %s was not run", program, p.name)
		}
	}
	out = t.TempDir()
	for _, c := range p.build(out) {
		c.run(t)
	}
	return out, p.argv(out)
}

func ask(t *testing.T, name string, argv []string, groups []vectors.File) *portrun.Results {
	t.Helper()
	res, err := portrun.Run(t.Context(), name, portrun.Options{Start: portrun.Command(argv, ""), Groups: groups})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func load(t *testing.T) []vectors.File {
	t.Helper()
	groups, err := vectors.Load()
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

// required are the ops that every port supports.
var required = []string{"delivery/sign", "delivery/verify", "frames/split", "session-key/key", "text/length",
	"token/mint", "token/peek", "token/sign", "token/verify", "url/configured", "url/dial", "url/http-base", "url/route"}

// Each port passes its own tests, and every vector of the ops that it supports.
func TestPorts(t *testing.T) {
	groups := load(t)
	table := map[string]map[string]string{}
	var names, ops []string
	for _, p := range all(t) {
		t.Run(p.name, func(t *testing.T) {
			out, argv := p.start(t)
			for _, c := range p.tests(out) {
				c.run(t)
			}
			res := ask(t, p.name, argv, groups)
			for _, o := range res.Failures {
				t.Errorf("%s: %s", o.ID, strings.Join(o.Reasons, "; "))
			}
			for _, note := range res.Notes {
				t.Error(note)
			}
			names = append(names, p.name)
			for _, n := range res.Counts {
				if slices.Contains(required, n.Op) && (n.Unsupported > 0 || n.Pass == 0) {
					t.Errorf("%s: expected every port to support it, got %+v", n.Op, n)
				}
				if table[n.Op] == nil {
					table[n.Op] = map[string]string{}
					ops = append(ops, n.Op)
				}
				table[n.Op][p.name] = fmt.Sprintf("%d/%d", n.Pass, n.Pass+n.Fail+n.Unsupported)
				if n.Unsupported > 0 {
					table[n.Op][p.name] = "-"
				}
			}
		})
	}
	slices.Sort(ops)
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintf(tw, "op\t%s\n", strings.Join(names, "\t"))
	for _, op := range ops {
		fmt.Fprint(tw, op)
		for _, name := range names {
			fmt.Fprintf(tw, "\t%s", table[op][name])
		}
		fmt.Fprintln(tw)
	}
	if err := tw.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("passed of asked, - for an op that a port does not support\n%s", b.String())
}

// Break it to believe it: one byte of one expected value is caught by its vector's id.
func TestAWrongVectorIsCaughtByName(t *testing.T) {
	for _, id := range []string{"token-mint-frozen", "delivery-sign-frozen", "session-key-discord-dm", "url-dial-https-c-example", "frames-split-one"} {
		groups := load(t)
		for _, g := range groups {
			for i := range g.Cases {
				if v := &g.Cases[i]; v.ID == id {
					broken := bytes.Clone(v.Expected)
					broken[len(broken)/2] ^= 1
					v.Expected = broken
				}
			}
		}
		for _, p := range all(t) {
			if p.name != "python" {
				continue
			}
			_, argv := p.start(t)
			res := ask(t, p.name, argv, groups)
			if len(res.Failures) != 1 || res.Failures[0].ID != id {
				t.Errorf("%s: expected it alone to fail, got %+v", id, res.Failures)
			}
		}
	}
}

// One changed line of a port is caught by the vectors that are about it.
func TestAWrongPortIsCaughtByName(t *testing.T) {
	groups := load(t)
	for _, tc := range []struct{ old, new, id string }{
		{"if exp and now > exp:", "if exp and now >= exp:", "token-verify-at-expiry"},
		{"bool(s) and hmac", "hmac", "token-verify-signed-with-empty-secret"},
		{"rsplit(\":\", 2)", "split(\":\", 2)", "token-verify-payload-with-colons"},
		{"!= token:  # stray bits", "!= token and False:", "token-verify-stray-bits"},
		{"> 300:", ">= 300:", "delivery-verify-300-seconds-old"},
		{".rstrip(\"/\")\n    return url if", "\n    return url if", "url-dial-https-c-example-relay-slash-slash"},
		{"(self._rest + payload)", "payload", "frames-split-cut-in-two"},
		{"not thread or thread_sessions_per_user", "not thread", "session-key-group-per-user-true-thread-per-user-true-thread-t1"},
		{"// 2 if unit", "// 1 if unit", "text-length-unit-utf16-bmp-65e5-672c-8a9e"},
	} {
		t.Run(tc.id, func(t *testing.T) {
			for _, p := range all(t) {
				if p.name != "python" {
					continue
				}
				p.start(t)
				dir := t.TempDir()
				for _, name := range []string{"relay.py", "port.py"} {
					data, err := os.ReadFile(filepath.Join("python", name))
					if err != nil {
						t.Fatal(err)
					}
					text := string(data)
					if name == "relay.py" {
						if text = strings.Replace(text, tc.old, tc.new, 1); text == string(data) {
							t.Fatalf("expected %q in the port, found nothing to break", tc.old)
						}
					}
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				res := ask(t, p.name, []string{"python3", "-B", filepath.Join(dir, "port.py")}, groups)
				if !slices.ContainsFunc(res.Failures, func(o portrun.Outcome) bool { return o.ID == tc.id }) {
					t.Errorf("expected %s among the failures, got %d others", tc.id, len(res.Failures))
				}
			}
		})
	}
}
