package launch

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// groupAttributes give a subject a process group of its own, and have the kernel kill
// it when the suite dies without stopping it (a test timeout, a SIGKILL).
func groupAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// family is every process that descends from a started one: the members of its group,
// and those that left the group (setsid, a daemon) but have kept its HOME, which no
// other process has. One that left the group and changed its environment is lost.
type family struct {
	group  int
	born   uint64 // when the first of them started, in ticks since boot
	marker []byte // "HOME=" and the directory made for it
}

func newFamily(pid int, home string) family {
	f := family{group: pid, marker: []byte("HOME=" + home)}
	if s, ok := readStat(pid); ok {
		f.born = s.start
	}
	return f
}

// survivors are the family's processes that have not ended. One that has ended and was
// not yet waited for is left out: in a container without an init that never happens.
func (f family) survivors() []int {
	grouped, strays := f.find()
	return append(grouped, strays...)
}

func (f family) find() (grouped, strays []int) {
	noGroup := groupEmpty(f.group)
	found, err := processesNow()
	if err != nil && !noGroup { // no /proc: the group is all that can be seen
		return []int{f.group}, nil
	}
	for _, p := range found {
		switch {
		case p.ended || p.start < f.born:
		case p.group == f.group && !noGroup:
			grouped = append(grouped, p.pid)
		case p.group != f.group && f.marked(p.pid):
			strays = append(strays, p.pid)
		}
	}
	return grouped, strays
}

// look is one look at every process of the machine, for all who want one at the time.
type look struct {
	done  chan struct{}
	found []stat
	err   error
}

// looks keeps dozens of subjects that end at once from reading all of /proc several times
// each, which costs more than judging them.
var looks struct {
	sync.Mutex
	next *look     // the one that is about to begin
	last time.Time // when the last one began
}

// lookEvery is the time between two looks. 15 ms: less than a process takes to end.
const lookEvery = 15 * time.Millisecond

// processesNow is every process but this one, by a look that begins after the call.
func processesNow() ([]stat, error) {
	looks.Lock()
	if l := looks.next; l != nil {
		looks.Unlock()
		<-l.done
		return l.found, l.err
	}
	l := &look{done: make(chan struct{})}
	looks.next = l
	wait := time.Until(looks.last.Add(lookEvery))
	looks.Unlock()
	time.Sleep(wait)
	looks.Lock()
	looks.next, looks.last = nil, time.Now()
	looks.Unlock()
	defer close(l.done)
	l.found, l.err = readProcesses()
	return l.found, l.err
}

func readProcesses() ([]stat, error) {
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	self := os.Getpid()
	var found []stat
	for _, dir := range dirs {
		if pid, err := strconv.Atoi(dir.Name()); err == nil && pid != self {
			if s, ok := readStat(pid); ok {
				found = append(found, s)
			}
		}
	}
	return found, nil
}

// marked reports whether a process carries the HOME that was made for this family.
func (f family) marked(pid int) bool {
	environ, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false // ended, or another user's
	}
	for variable := range bytes.SplitSeq(environ, []byte{0}) {
		if bytes.Equal(variable, f.marker) {
			return true
		}
	}
	return false
}

// signal reaches the group at once, then the strays one by one.
func (f family) signal(sig syscall.Signal) {
	_ = syscall.Kill(-f.group, sig) // an empty group is fine
	_, strays := f.find()
	for _, pid := range strays {
		// The handle keeps meaning this process, so look again at who it is, then signal.
		if p, err := os.FindProcess(pid); err == nil {
			if f.marked(pid) {
				_ = p.Signal(sig)
			}
			_ = p.Release()
		}
	}
}

// stat is what is needed of /proc/PID/stat.
type stat struct {
	pid   int
	ended bool
	group int
	start uint64
}

func readStat(pid int) (stat, bool) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, false
	}
	// The program's name comes second, in parentheses, and may hold anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 {
		return stat{}, false
	}
	group, errGroup := strconv.Atoi(fields[2])
	start, errStart := strconv.ParseUint(fields[19], 10, 64)
	return stat{pid: pid, ended: fields[0] == "Z" || fields[0] == "X", group: group, start: start}, errGroup == nil && errStart == nil
}
