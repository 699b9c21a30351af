// Package build tells which build a program is: its version, and the revision of the
// source that it was made from.
package build

import (
	"runtime/debug"
	"strings"
)

// The Makefile sets these, so that a build says where it comes from also where the Go tool
// does not look: in a second working tree, or with -buildvcs=false in the environment.
var (
	revision string // the commit
	modified string // "true" where the working tree held something else, "false" otherwise
)

// devel is the version of a build that is of no release.
const devel = "(devel)"

// Info is what a build knows of itself.
type Info struct {
	Version  string // a tag or a pseudo-version; "(devel)" for a build that has none
	Revision string // the commit; empty where nothing recorded it
	Modified bool   // the working tree differed from that commit
}

// Read returns what was recorded in the running program.
func Read() Info {
	info, _ := debug.ReadBuildInfo()
	return read(info, revision, modified)
}

// read takes the revision of the Makefile, else that of the Go tool. recorded may be nil.
func read(recorded *debug.BuildInfo, revision, modified string) Info {
	i := Info{Version: devel, Revision: revision, Modified: modified == "true"}
	if recorded == nil {
		return i
	}
	if recorded.Main.Version != "" {
		i.Version = recorded.Main.Version
	}
	if revision != "" {
		return i
	}
	for _, s := range recorded.Settings {
		switch s.Key {
		case "vcs.revision":
			i.Revision = s.Value
		case "vcs.modified":
			i.Modified = s.Value == "true"
		}
	}
	return i
}

// short is as much of a revision as tells it from others, and as much as a pseudo-version
// has of it.
const short = 12

// String is the version, with the revision where the version does not name it:
// "(devel) 6e410fb0c1d2 modified".
func (i Info) String() string {
	rev := i.Revision[:min(len(i.Revision), short)]
	if rev == "" || strings.Contains(i.Version, rev) {
		return i.Version
	}
	if i.Modified {
		rev += " modified"
	}
	return i.Version + " " + rev
}
