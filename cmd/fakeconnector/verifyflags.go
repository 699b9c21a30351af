package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/focus"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/launch"
	"github.com/relaykit/relaykit/conformance/launch/container"
	"github.com/relaykit/relaykit/conformance/target"
	"github.com/relaykit/relaykit/contract"
)

// attachPatience is how long verify waits for a gateway that somebody starts by hand,
// after it has told them the address: ten minutes, as it is a person who must act.
const attachPatience = 10 * time.Minute

// verifyFlags are the flags of verify that say what is judged, and how.
type verifyFlags struct {
	command, target   string
	image, dockerfile string
	attach            bool
	focus             []string
	seed              int64
	parallel          int
	timing            string
	strict, skipSlow  bool
	revision, replies string
}

func (f *verifyFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.command, "command", "", "command `line` that starts the gateway; split as a shell would, but there is no shell")
	flags.StringVar(&f.image, "image", "", "container image of the gateway, by `reference`; pulled when it is not here")
	flags.StringVar(&f.dockerfile, "dockerfile", "", "Dockerfile at this `path`, from which its image is built, in the directory where it stands")
	flags.StringVar(&f.target, "target", "", "target `file`: what is known about the gateway; flags override it")
	flags.BoolVar(&f.attach, "attach", false, "print an address and credentials, and wait for a gateway that runs already")
	flags.StringArrayVar(&f.focus, "focus", nil, "judge only these cases: an id, a rule, an area or a glob such as '*ack*'; repeatable")
	flags.Int64Var(&f.seed, "seed", 1, "seed of everything that the suite draws: ids, texts, jitter")
	flags.IntVar(&f.parallel, "parallel", 0, "cases side by side (default 8)")
	flags.StringVar(&f.timing, "timing", "default", "bounds of the gateway: default (a tenth, where the target file says how to set them) or contract")
	flags.BoolVar(&f.strict, "strict", false, "a SHOULD that fails makes the gateway not conformant")
	flags.BoolVar(&f.skipSlow, "skip-slow", false, "leave out cases that must outlast a bound which the gateway cannot be given shorter")
	flags.StringVar(&f.revision, "revision", "", "dated `revision` of the contract that the gateway claims")
	flags.StringVar(&f.replies, "replies", "", "how it answers a text: echo, some or none (default: probed)")
}

// cases are those that --focus chooses.
func (f *verifyFlags) cases() ([]kit.Case, error) {
	all := cases.All()
	ids := idsOf(all)
	chosen, err := focus.Select(ids, f.focus)
	if err != nil {
		return nil, usagef("--focus: %w", err)
	}
	return slices.DeleteFunc(all, func(c kit.Case) bool { return !slices.Contains(chosen, c.ID) }), nil
}

func idsOf(all []kit.Case) []string {
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}

// options is the whole run: the target file, and the flags over it.
func (f *verifyFlags) options(cmd *cobra.Command, chosen []kit.Case) (conformance.Options, error) {
	none := conformance.Options{}
	if err := f.check(cmd); err != nil {
		return none, err
	}
	t := &target.Target{}
	if f.target != "" {
		var err error
		if t, err = target.Load(f.target); err != nil {
			return none, usagef("%w", err)
		}
		if err := t.Check(time.Now(), idsOf(cases.All())); err != nil {
			return none, usagef("%w", err)
		}
	}
	t.Revision = cmp.Or(f.revision, t.Revision)
	t.Replies = cmp.Or(kit.Replies(f.replies), t.Replies)
	launcher, name, err := f.launcher(t, cmd.ErrOrStderr())
	if err != nil {
		return none, err
	}
	t.Name = cmp.Or(t.Name, name)
	o := conformance.ForTarget(t, f.timing == "contract")
	o.Launcher, o.Cases, o.Seed, o.Parallel = launcher, chosen, f.seed, f.parallel
	o.Strict, o.SkipSlow, o.Rerun = f.strict, f.skipSlow, f.rerun
	if launcher.Can() == (kit.Abilities{}) {
		o.Timing.Ready = attachPatience
	}
	return o, nil
}

func (f *verifyFlags) check(cmd *cobra.Command) error {
	flags := cmd.Flags()
	revisions := contract.Revisions()
	switch {
	case len(f.ways()) > 1:
		return usagef("%s: expected one of them; a gateway is started in one way, or runs already", strings.Join(f.ways(), " and "))
	case flags.Changed("command") && strings.TrimSpace(f.command) == "":
		return usagef("--command is empty")
	case flags.Changed("image") && strings.TrimSpace(f.image) == "":
		return usagef("--image is empty")
	case flags.Changed("dockerfile") && f.dockerfile == "":
		return usagef("--dockerfile is empty")
	case f.dockerfile != "" && !isFile(f.dockerfile):
		return usagef("--dockerfile: expected a Dockerfile at %s", f.dockerfile)
	case flags.Changed("target") && f.target == "":
		return usagef("--target is empty")
	case flags.Changed("parallel") && f.parallel < 1:
		return usagef("--parallel: expected 1 or more, got %d", f.parallel)
	case f.timing != "default" && f.timing != "contract":
		return usagef("--timing: expected default or contract, got %q", f.timing)
	case flags.Changed("revision") && !slices.Contains(revisions, contract.Revision(f.revision)):
		return usagef("--revision: expected one of %v, got %q", revisions, f.revision)
	case flags.Changed("replies") && !slices.Contains([]string{"echo", "some", "none"}, f.replies):
		return usagef("--replies: expected echo, some or none, got %q", f.replies)
	}
	return nil
}

// ways are the flags that say how the gateway is started.
func (f *verifyFlags) ways() []string {
	var ways []string
	for _, way := range []struct {
		flag string
		set  bool
	}{{"--command", f.command != ""}, {"--image", f.image != ""}, {"--dockerfile", f.dockerfile != ""}, {"--attach", f.attach}} {
		if way.set {
			ways = append(ways, way.flag)
		}
	}
	return ways
}

// launcher is how the gateway is started, and a name for it if the file has none.
func (f *verifyFlags) launcher(t *target.Target, announce io.Writer) (kit.Launcher, string, error) {
	var opts []launch.CommandOption
	if t.Launch.Dir != "" {
		opts = append(opts, launch.Dir(t.Launch.Dir))
	}
	switch {
	case f.command != "":
		l, err := launch.ParseCommand(f.command, opts...)
		if err != nil {
			return nil, "", usagef("--%w", err)
		}
		return l, nameOf(strings.Fields(f.command)), nil
	case f.image != "":
		return container.Image(f.image), f.image, nil
	case f.dockerfile != "":
		return container.Dockerfile(f.dockerfile), f.dockerfile, nil
	case f.attach || t.Launch.Attach:
		return launch.Attach(func(spec kit.Spec) { tellAddress(announce, spec) }), "attached gateway", nil
	case t.Launch.Command != nil:
		return launch.Command(t.Launch.Command, opts...), nameOf(t.Launch.Command), nil
	case t.Launch.Image != "":
		return container.Image(t.Launch.Image), t.Launch.Image, nil
	case t.Launch.Dockerfile != "":
		return container.Dockerfile(t.Launch.Dockerfile), t.Launch.Dockerfile, nil
	}
	return nil, "", usagef("expected --command, --image, --dockerfile, --attach, or a --target file that says how the gateway is started")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// nameOf is a name for a command: that of the script when there is one, since every program
// of an interpreter has the same.
func nameOf(argv []string) string {
	for _, word := range argv[1:] {
		if isFile(word) {
			return filepath.Base(word)
		}
	}
	return filepath.Base(argv[0])
}

// tellAddress tells whoever runs the gateway how it is to be configured. These are
// credentials of this run alone, and there is no other way to pass them on.
func tellAddress(w io.Writer, spec kit.Spec) {
	fmt.Fprintln(w, "Waiting for a gateway that is configured with:")
	for _, name := range slices.Sorted(maps.Keys(spec.Env)) {
		fmt.Fprintf(w, "  %s=%s\n", name, shellWord(spec.Env[name]))
	}
}

// rerun is the command that judges one case again.
func (f *verifyFlags) rerun(caseID string) string {
	words := []string{"fakeconnector", "verify"}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, shellWord(value))
		}
	}
	add("--target", f.target)
	add("--command", f.command)
	add("--image", f.image)
	add("--dockerfile", f.dockerfile)
	if f.attach {
		words = append(words, "--attach")
	}
	if f.timing != "default" {
		add("--timing", f.timing)
	}
	add("--revision", f.revision)
	add("--replies", f.replies)
	add("--seed", strconv.FormatInt(f.seed, 10))
	add("--focus", caseID)
	return strings.Join(words, " ")
}

// shellWord quotes a word for a POSIX shell where it needs quotes.
func shellWord(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=@%+"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
