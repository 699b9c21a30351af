package kit

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Abilities is what a launcher can do with its subject.
type Abilities struct {
	Restart bool // start it any number of times, side by side
	SetEnv  bool // choose its environment
	Signal  bool // ask it to stop, and see it end
	Files   bool // put files into its working directory
	Args    bool // give it further arguments, in a fresh working directory
	// ListenHost is the address that the fake connector must listen on so that the
	// subject can reach it; empty means loopback. URLHost is the name by which the
	// subject reaches that address, empty for the same.
	ListenHost string
	URLHost    string
}

// Lacks names what a needs and b has not, as words for a reader; empty when b covers a.
func (a Abilities) Lacks(b Abilities) string {
	var lacking []string
	if a.Restart && !b.Restart {
		lacking = append(lacking, "to be started by the suite")
	}
	if a.SetEnv && !b.SetEnv {
		lacking = append(lacking, "an environment that the suite sets")
	}
	if a.Signal && !b.Signal {
		lacking = append(lacking, "to be stopped by the suite")
	}
	if a.Files && !b.Files {
		lacking = append(lacking, "a working directory that the suite fills")
	}
	if a.Args && !b.Args {
		lacking = append(lacking, "that the suite can give arguments")
	}
	return strings.Join(lacking, " and ")
}

// Spec is what a launcher needs to know to start a subject once.
type Spec struct {
	// Name tells subjects of one run apart, in logs and paths.
	Name string
	// Env is the whole of what the subject is told: the contract's variables, its
	// bounds, the driver's URL. The launcher adds a PATH, a HOME, a working directory and
	// one for temporary files of its own, and nothing that was inherited.
	Env map[string]string
	// Files are put into the subject's fresh working directory before it starts: contents
	// by path, slash-separated and inside of that directory. A launcher whose subject has no
	// directory of its own (a plain function, attach, a command with a directory of the user's)
	// refuses them, see [Abilities].
	Files map[string]string
	// Args are further arguments of the program, which a launcher without [Abilities].Args
	// refuses. For an image they stand in place of its command.
	Args []string
	// AtEnd, where it is set, is called when the subject has ended, before its files are
	// removed and before [Subject.Exited] is closed, with what [Placed] has while it runs. A
	// launcher whose subjects are not Placed leaves it alone.
	AtEnd func(files func(ctx context.Context, look func(name string, content []byte)) error)
}

// Launcher starts subjects. The in-process, command, container and attach launchers
// are behind it.
type Launcher interface {
	Can() Abilities
	// Launch starts a subject and returns at once, without waiting for it to dial. An
	// error is the harness's own failure (no such file, no Docker), nothing else.
	Launch(ctx context.Context, spec Spec) (Subject, error)
}

// Subject is one started program under test.
type Subject interface {
	// Stop asks it to end, waits for the last of its processes until ctx ends, then
	// kills what is left. Exit tells which it was.
	Stop(ctx context.Context) (Exit, error)
	Kill() error
	// Exited is closed when it has ended, by itself or not.
	Exited() <-chan struct{}
	// Exit is valid after Exited was closed.
	Exit() Exit
	Logs() LogReader
}

// Exit is how a subject ended.
type Exit struct {
	Code   int    // exit code, -1 when a signal ended it
	Signal string // name of the signal that ended it, or empty
	Killed bool   // it did not stop when asked and was killed
	Err    string // for an in-process subject: the error that it returned
}

func (e Exit) String() string {
	switch {
	case e.Killed:
		return "killed, as it did not stop when asked"
	case e.Signal != "":
		return "ended by " + e.Signal
	case e.Err != "":
		return "ended with: " + e.Err
	default:
		return fmt.Sprintf("exited with %d", e.Code)
	}
}

// LogReader gives the lines that a subject wrote so far. It is safe for concurrent use.
type LogReader interface {
	Lines() []LogLine
}

// LogLine is one line of a subject's output.
type LogLine struct {
	At     time.Time
	Stream string // "stdout", "stderr" or "log"
	Text   string
}
