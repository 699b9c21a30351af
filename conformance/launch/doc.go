// Package launch starts subjects of the suite: as a command ([Command], [ParseCommand]),
// as a function of this process ([InProcess]), or not at all, because the subject runs
// already and dials in ([Attach]). The container launcher lives in a package below, so
// that nobody else carries Docker.
//
// An error of Launch is always the harness's own failure. Whatever a subject does once
// it was started, dying at once included, is found in its [kit.Exit] and its log.
package launch

import "time"

// The bounds of this package. None of them is spent when all is well.
const (
	// pollFirst and pollMost are the intervals at which a process group is asked
	// whether anybody is left in it, once its leader has ended: the kernel tells of the
	// leader only. The first is short because a group mostly ends with its leader; it
	// doubles up to the second, since a look takes a walk through /proc.
	pollFirst = 2 * time.Millisecond
	pollMost  = 50 * time.Millisecond

	// killBound is how long a killed process may take to be gone. 5 s: only one that is
	// stuck in the kernel takes more than milliseconds.
	killBound = 5 * time.Second

	// drainBound is how long the output of a subject whose processes are all gone may
	// stay open. 1 s: only a process that hides from the launcher can hold it, and what
	// was written before is read by then.
	drainBound = time.Second

	// cancelBound is how long Kill waits for an in-process subject to return. 5 s, as
	// for a process: a function cannot be killed, only asked.
	cancelBound = 5 * time.Second
)
