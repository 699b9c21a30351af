// Package target reads target files: what is known about a gateway and how it is
// started, in YAML. Decoding is strict; every error names the file and the line.
package target

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/relaykit/relaykit/conformance/focus"
	"github.com/relaykit/relaykit/conformance/kit"
)

// Target is what a target file says. The zero value is a gateway of which nothing is
// known: everything that may be left out is then probed or assumed.
type Target struct {
	Name, Version string
	// Revision is the dated revision of the contract that the gateway claims; empty
	// means the baseline.
	Revision string
	Launch   Launch
	Replies  kit.Replies // empty: to be probed
	// Features is what it declares; nil, as opposed to empty, means everything that its
	// revision requires.
	Features    []string
	IdentityEnv string // the variable in which it finds its identity token; empty when unknown
	Known       []Entry
	Flaky       []Entry
	Path        string // where it was read
	Hash        string // SHA-256 of the file, in hex

	timing map[string]template
	config *config
	enroll *enroll
}

// Launch is how the gateway is started: at most one of Command, Image, Dockerfile and
// Attach is set, none when the command line is to say.
type Launch struct {
	Command    []string // program and arguments; there is no shell
	Dir        string   // the command's working directory; empty for a fresh one
	Image      string   // container image
	Dockerfile string   // path of a Dockerfile to build the image from
	Attach     bool     // it runs already
	Env        map[string]string
}

// Entry is a case that is listed as failing or as flaky.
type Entry struct {
	ID     string // of the case
	Reason string
	// Until is the last day, in UTC, on which the entry holds; zero means for ever.
	Until time.Time
	Line  int // in the file
}

// Load reads a target file.
func Load(path string) (*Target, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("target file: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a target file that has been read; name is what errors call it. The error
// may hold several, one for each line that is wrong.
func Parse(name string, data []byte) (*Target, error) {
	f, err := decode(name, data)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(data)
	t := &Target{Path: name, Hash: hex.EncodeToString(hash[:])}
	r := &reader{file: name}
	r.read(f, t)
	if err := errors.Join(r.problems...); err != nil {
		return nil, err
	}
	return t, nil
}

// Facts are the target's facts as cases see them.
func (t *Target) Facts() kit.Facts {
	return kit.Facts{
		Name: t.Name, Version: t.Version, Revision: t.Revision,
		Replies: t.Replies, Features: slices.Clone(t.Features), BoundsSet: t.timing != nil, IdentityEnv: t.IdentityEnv,
	}
}

// TimingEnv is the function that renders the variables which tell the gateway its
// bounds, or nil when the file has no timing, so that the gateway keeps its own.
func (t *Target) TimingEnv() func(kit.Timing) (map[string]string, error) {
	if t.timing == nil {
		return nil
	}
	return func(timing kit.Timing) (map[string]string, error) {
		env := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(t.timing)) {
			value, err := t.timing[name].render(boundsOf(timing))
			if err != nil {
				return nil, err
			}
			env[name] = value
		}
		return env, nil
	}
}

// Config is the function that renders the gateway's configuration file: its path, relative
// to the working directory, and its text. It is nil when the file has no config.
func (t *Target) Config() func(kit.ConfigData) (path, text string, err error) {
	if t.config == nil {
		return nil
	}
	return func(data kit.ConfigData) (path, text string, err error) {
		text, err = t.config.template.render(map[string]any(data))
		return t.config.path, text, err
	}
}

// Enroll is how the gateway is made to enrol, or nil when the file does not say.
func (t *Target) Enroll() *kit.Enrollment {
	if t.enroll == nil {
		return nil
	}
	e := &kit.Enrollment{EnvFile: t.enroll.envFile}
	if !t.enroll.atStart {
		e.Args = func(data kit.EnrollData) ([]string, error) {
			var args []string
			for _, arg := range t.enroll.args {
				text, err := arg.render(data)
				if err != nil {
					return nil, err
				}
				args = append(args, text)
			}
			return args, nil
		}
	}
	return e
}

// Check holds the lists of known and flaky cases against the day and against the ids of
// all cases: an entry that has expired, or that names no case, is an error.
func (t *Target) Check(now time.Time, ids []string) error {
	var problems []error
	for _, e := range slices.Concat(t.Known, t.Flaky) {
		if !slices.Contains(ids, e.ID) {
			problems = append(problems, fmt.Errorf("%s:%d: %w", t.Path, e.Line, &focus.Error{Pattern: e.ID, Nearest: focus.Nearest(ids, e.ID)}))
		}
		if !e.Until.IsZero() && !now.Before(e.Until.AddDate(0, 0, 1)) {
			problems = append(problems, fmt.Errorf("%s:%d: the entry of %s held until %s; see whether it still fails, then remove it or give it a new day",
				t.Path, e.Line, e.ID, e.Until.Format(time.DateOnly)))
		}
	}
	return errors.Join(problems...)
}

// set by the suite, so that a target file which sets them can only break a run.
var ofTheSuite = []string{
	"GATEWAY_RELAY_URL", "GATEWAY_RELAY_ID", "GATEWAY_RELAY_SECRET", "GATEWAY_RELAY_PLATFORM", "GATEWAY_RELAY_BOT_ID", "RELAY_DRIVER_URL",
}

func badVariable(name string) string {
	switch {
	case name == "" || strings.ContainsAny(name, "=\x00"):
		return fmt.Sprintf("expected the name of an environment variable, got %q", name)
	case slices.Contains(ofTheSuite, name):
		return name + " is set by the suite, for every gateway that it starts"
	}
	return ""
}
