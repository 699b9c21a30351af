//go:build unix && !linux

package launch

import "syscall"

func groupAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// family is the process group of a started process. One that leaves it is lost.
type family struct{ group int }

func newFamily(pid int, _ string) family { return family{pid} }

func (f family) survivors() []int {
	if groupEmpty(f.group) {
		return nil
	}
	return []int{f.group}
}

func (f family) signal(sig syscall.Signal) { _ = syscall.Kill(-f.group, sig) }
