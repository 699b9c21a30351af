package launch

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
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
	self, noGroup := os.Getpid(), groupEmpty(f.group)
	dirs, err := os.ReadDir("/proc")
	if err != nil && !noGroup { // no /proc: the group is all that can be seen
		return []int{f.group}, nil
	}
	for _, dir := range dirs {
		pid, err := strconv.Atoi(dir.Name())
		if err != nil || pid == self {
			continue
		}
		s, ok := readStat(pid)
		switch {
		case !ok || s.ended || s.start < f.born:
		case s.group == f.group && !noGroup:
			grouped = append(grouped, pid)
		case s.group != f.group && f.marked(pid):
			strays = append(strays, pid)
		}
	}
	return grouped, strays
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
	return stat{ended: fields[0] == "Z" || fields[0] == "X", group: group, start: start}, errGroup == nil && errStart == nil
}
