package target

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/contract"
)

type config struct {
	path     string
	template template
}

type enroll struct {
	args    []template
	atStart bool
	envFile string
}

// reader checks what was decoded and collects everything that is wrong with it.
type reader struct {
	file     string
	problems []error
}

func (r *reader) problem(at scalar, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s: %s", r.where(at), fmt.Sprintf(format, args...)))
}

func (r *reader) where(at scalar) string {
	if at.line == 0 {
		return r.file
	}
	return fmt.Sprintf("%s:%d", r.file, at.line)
}

func (r *reader) read(f *file, t *Target) {
	t.Name, t.Version = f.Name.text, f.Version.text
	t.Revision = f.Revision.text
	if t.Revision != "" && !slices.Contains(contract.Revisions(), contract.Revision(t.Revision)) {
		r.problem(f.Revision, "revision: expected one of %v, got %q", contract.Revisions(), t.Revision)
	}
	t.Replies = kit.Replies(f.Replies.text)
	switch t.Replies {
	case kit.RepliesUnknown, kit.RepliesEcho, kit.RepliesSome, kit.RepliesNone:
	default:
		r.problem(f.Replies, "replies: expected echo, some or none (or nothing, to be probed), got %q", t.Replies)
	}
	if f.Launch != nil {
		r.launch(f.Launch, &t.Launch)
	}
	if f.Features != nil {
		t.Features = r.features(*f.Features)
	}
	if f.Timing != nil {
		t.timing = r.timing(f.Timing.Env)
	}
	if f.Identity != nil {
		t.IdentityEnv = f.Identity.Env.text
		if why := badVariable(t.IdentityEnv); why != "" {
			r.problem(f.Identity.Env, "identity.env: %s", why)
		}
	}
	if f.Config != nil {
		t.config = r.config(f.Config)
	}
	if f.Enroll != nil {
		t.enroll = r.enroll(f.Enroll)
	}
	seen := map[string]int{}
	t.Known = r.entries("known", f.Known, seen)
	t.Flaky = r.entries("flaky", f.Flaky, seen)
}

func (r *reader) launch(p *launchPart, l *Launch) {
	for _, arg := range p.Command {
		l.Command = append(l.Command, arg.text)
	}
	if p.Command != nil && (len(p.Command) == 0 || p.Command[0].text == "") {
		r.problem(first(p.Command), "launch.command: expected a program and its arguments, got nothing")
	}
	l.Dir, l.Image, l.Dockerfile, l.Attach = p.Dir.text, p.Image.text, p.Dockerfile.text, p.Attach
	var ways []string
	at := scalar{}
	for _, way := range []struct {
		name string
		set  bool
		at   scalar
	}{
		{"command", p.Command != nil, first(p.Command)}, {"image", p.Image.line > 0, p.Image},
		{"dockerfile", p.Dockerfile.line > 0, p.Dockerfile}, {"attach", p.Attach, scalar{}},
	} {
		if !way.set {
			continue
		}
		ways = append(ways, way.name)
		if way.at.line > at.line {
			at = way.at
		}
	}
	if len(ways) > 1 {
		r.problem(at, "launch: expected one way to start the gateway, got %s", strings.Join(ways, " and "))
	}
	if p.Dir.line > 0 && p.Command == nil {
		r.problem(p.Dir, "launch.dir: only a command has a directory")
	}
	l.Env = r.variables("launch.env", p.Env)
}

func first(list []scalar) scalar {
	if len(list) == 0 {
		return scalar{}
	}
	return list[0]
}

func (r *reader) variables(where string, env map[string]scalar) map[string]string {
	values := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if why := badVariable(name); why != "" {
			r.problem(env[name], "%s: %s", where, why)
		}
		if strings.ContainsRune(env[name].text, 0) {
			r.problem(env[name], "%s: the value of %s holds a null character", where, name)
		}
		values[name] = env[name].text
	}
	return values
}

var featureName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (r *reader) features(list []scalar) []string {
	names := []string{} // declared, and empty: it has none
	for _, f := range list {
		switch {
		case !featureName.MatchString(f.text):
			r.problem(f, "features: expected a name such as going-idle, got %q", f.text)
		case slices.Contains(names, f.text):
			r.problem(f, "features: %s is listed twice", f.text)
		}
		names = append(names, f.text)
	}
	return names
}

// timing parses the templates, and renders each once, so that a wrong one is an error of
// the file and not of the first case.
func (r *reader) timing(env map[string]scalar) map[string]template {
	r.variables("timing.env", env)
	templates := map[string]template{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		parsed, err := parseTemplate(r.where(env[name]), env[name].text)
		if err == nil {
			_, err = parsed.render(boundsOf(kit.ContractTiming()))
		}
		if err != nil {
			r.problems = append(r.problems, err)
			continue
		}
		templates[name] = parsed
	}
	return templates
}

func (r *reader) config(p *configPart) *config {
	if !filepath.IsLocal(p.Path.text) {
		r.problem(p.Path, "config.path: expected a path inside of the gateway's working directory, got %q", p.Path.text)
	}
	parsed, err := parseTemplate(r.where(p.Template), p.Template.text)
	if err == nil {
		_, err = parsed.render(map[string]any(kit.DefaultConfig("discord")))
	}
	if err != nil {
		r.problems = append(r.problems, err)
	}
	return &config{p.Path.text, parsed}
}

// enroll parses the templates of the arguments, and renders each once.
func (r *reader) enroll(p *enrollPart) *enroll {
	e := &enroll{atStart: p.AtStart, envFile: p.EnvFile.text}
	at := p.EnvFile
	if p.Args != nil {
		for _, arg := range *p.Args {
			at = arg
			parsed, err := parseTemplate(r.where(arg), arg.text)
			if err == nil {
				_, err = parsed.render(kit.EnrollData{})
			}
			if err != nil {
				r.problems = append(r.problems, err)
			}
			e.args = append(e.args, parsed)
		}
	}
	if (len(e.args) > 0) == e.atStart {
		r.problem(at, "enroll: expected either args, which make its program enrol and end, or at_start: true")
	}
	if p.EnvFile.line > 0 && (e.atStart || !filepath.IsLocal(e.envFile)) {
		r.problem(p.EnvFile, "enroll.env_file: expected a path inside of the gateway's working directory, beside args, got %q", e.envFile)
	}
	return e
}

func (r *reader) entries(list string, parts []entryPart, seen map[string]int) []Entry {
	var entries []Entry
	for _, p := range parts {
		e := Entry{ID: p.ID.text, Reason: p.Reason.text, Line: p.ID.line}
		at := p.ID
		if at.line == 0 {
			at = scalar{line: max(p.Reason.line, p.Until.line)}
		}
		if e.ID == "" {
			r.problem(at, "%s: expected the id of a case", list)
		}
		if strings.TrimSpace(e.Reason) == "" {
			r.problem(at, "%s: expected a reason why %s is listed", list, e.ID)
		}
		if before := seen[e.ID]; before > 0 && e.ID != "" {
			r.problem(at, "%s: %s is listed already, in line %d", list, e.ID, before)
		}
		seen[e.ID] = e.Line
		if p.Until.text != "" {
			day, err := time.Parse(time.DateOnly, p.Until.text)
			if err != nil {
				r.problem(p.Until, "%s: until: expected a day such as 2027-01-31, got %q", list, p.Until.text)
			}
			e.Until = day
		}
		entries = append(entries, e)
	}
	return entries
}
