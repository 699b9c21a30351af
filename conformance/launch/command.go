package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mattn/go-shellwords"

	"github.com/relaykit/relaykit/conformance/kit"
)

// CommandOption changes how a command is started.
type CommandOption func(*command)

// Dir starts the command in a directory of the user's instead of a fresh one, for a
// program that must find its project around it (npm start, uv run). A relative one is
// taken from the suite's own working directory.
func Dir(path string) CommandOption { return func(c *command) { c.dir = path } }

// Command is a launcher for a program. Each subject is a process group of its own, in a
// fresh HOME, working directory and directory for temporary files that are removed when it
// has ended, with PATH, HOME, TMPDIR, LANG, NO_PROXY and the variables of its [kit.Spec] for
// an environment, nothing else.
//
// A relative path of the program, and each argument that names an existing file from
// the suite's own working directory (python3 gateway.py), is made absolute, since the
// subject's working directory is another. There is no shell.
//
// The subject has ended when the last of its processes has, and its exit code is that of
// the process that was started. To its processes belong the members of its group and, on
// Linux, those that left the group but still carry its HOME in their environment. Should
// the suite itself be killed, the started process goes with it on Linux.
func Command(argv []string, opts ...CommandOption) kit.Launcher {
	c := &command{argv: slices.Clone(argv)}
	for _, o := range opts {
		o(c)
	}
	return c
}

// ParseCommand is [Command] for a command line, split at white space as a shell would,
// with its quotes and backslashes. Whatever else a shell would do ($VARIABLES, globs, ~)
// is left as it is; its operators are errors.
func ParseCommand(line string, opts ...CommandOption) (kit.Launcher, error) {
	parser := shellwords.NewParser()
	parser.ParseEnv, parser.ParseBacktick = false, false
	argv, err := parser.Parse(line)
	switch {
	case err != nil:
		return nil, fmt.Errorf("command %q: expected words with balanced quotes, and no parentheses outside of them", line)
	case parser.Position >= 0:
		return nil, fmt.Errorf("command %q: there is no shell, so the operator %q means nothing; quote it, or run sh -c '...'",
			line, string([]rune(line)[parser.Position:][:1]))
	case len(argv) == 0:
		return nil, fmt.Errorf("command %q: expected a program and its arguments, got nothing", line)
	}
	return Command(argv, opts...), nil
}

type command struct {
	argv []string
	dir  string
}

func (c *command) Can() kit.Abilities {
	return kit.Abilities{Restart: true, SetEnv: true, Signal: true, Files: c.dir == "", Args: c.dir == ""}
}

func (c *command) Launch(ctx context.Context, spec kit.Spec) (kit.Subject, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("launch: %w", err)
	}
	argv, err := resolve(c.argv)
	if err != nil {
		return nil, err
	}
	root, err := os.MkdirTemp("", "relaykit-"+pathWord(spec.Name)+"-")
	if err != nil {
		return nil, fmt.Errorf("launch %s: making a directory for it: %w", c.argv[0], err)
	}
	p, err := c.launch(argv, root, spec)
	if err != nil {
		err = errors.Join(err, os.RemoveAll(root))
		return nil, err
	}
	return p, nil
}

func (c *command) launch(argv []string, root string, spec kit.Spec) (kit.Subject, error) {
	home, work, temp := filepath.Join(root, "home"), filepath.Join(root, "work"), filepath.Join(root, "tmp")
	for _, dir := range []string{home, work, temp} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, fmt.Errorf("launch %s: making a directory for it: %w", c.argv[0], err)
		}
	}
	if c.dir != "" {
		var err error
		if work, err = filepath.Abs(c.dir); err != nil {
			return nil, fmt.Errorf("launch %s: its directory: %w", c.argv[0], err)
		}
		if info, err := os.Stat(work); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("launch %s: expected its directory %s to be there", c.argv[0], work)
		}
		if len(spec.Files) > 0 || len(spec.Args) > 0 {
			return nil, fmt.Errorf("launch %s: files are put into a fresh working directory only, and arguments given there, and it has %s", c.argv[0], work)
		}
	}
	if err := writeFiles(work, spec.Files); err != nil {
		return nil, fmt.Errorf("launch %s: %w", c.argv[0], err)
	}
	cmd := &exec.Cmd{Path: argv[0], Args: slices.Concat(argv, spec.Args), Dir: work, Env: environment(home, temp, spec.Env)}
	p, err := startProcess(cmd, root, home, spec.AtEnd)
	if err != nil {
		return nil, startError(c.argv[0], argv[0], err)
	}
	return p, nil
}

// environment is all that a subject sees of the world around it.
func environment(home, temp string, of map[string]string) []string {
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": home, "TMPDIR": temp, "LANG": "C.UTF-8", "NO_PROXY": "*",
	}
	maps.Copy(env, of)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// resolve makes the program and the arguments that name files independent of the
// working directory.
func resolve(argv []string) ([]string, error) {
	if len(argv) == 0 || argv[0] == "" {
		return nil, errors.New("launch: expected a program and its arguments, got nothing")
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("launch %s: %w", argv[0], err)
	}
	program := argv[0]
	if strings.ContainsRune(program, filepath.Separator) && !filepath.IsAbs(program) {
		program = filepath.Join(wd, program)
	}
	found, err := exec.LookPath(program)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("launch %s: no such program on the PATH; for a file give its path, such as ./%s", argv[0], argv[0])
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("launch %s: no such file (looked for %s)", argv[0], program)
	case err != nil:
		return nil, fmt.Errorf("launch %s: expected an executable file at %s: %w", argv[0], program, rootCause(err))
	}
	if found, err = filepath.Abs(found); err != nil {
		return nil, fmt.Errorf("launch %s: %w", argv[0], err)
	}
	resolved := []string{found}
	for _, arg := range argv[1:] {
		if arg != "" && !strings.HasPrefix(arg, "-") && !filepath.IsAbs(arg) {
			if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
				arg = filepath.Join(wd, arg)
			}
		}
		resolved = append(resolved, arg)
	}
	return resolved, nil
}

// startError explains what the operating system says of a file that is there and
// executable and yet does not start.
func startError(name, path string, err error) error {
	hint := ""
	switch _, statErr := os.Stat(path); {
	case strings.Contains(err.Error(), "exec format error"):
		hint = "; it is built for another machine, or a script without a first line such as #!/bin/sh"
	case errors.Is(err, fs.ErrNotExist) && statErr == nil:
		hint = "; the file is there, so the interpreter that its first line names is not"
	}
	return fmt.Errorf("launch %s: %w%s", name, rootCause(err), hint)
}

func rootCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// pathWord is a name as a part of a path: letters, digits and dashes, not long.
func pathWord(name string) string {
	word := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return '-'
	}, name)
	return word[:min(len(word), 40)]
}
