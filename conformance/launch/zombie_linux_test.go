package launch

import (
	"syscall"
	"testing"

	"github.com/relaykit/relaykit/conformance/kit"
)

// In a container without an init nobody takes note of the end of an orphan, and it stays
// a member of its group for ever. Such a one must not count as running.
func TestAnOrphanThatNobodyWaitsForHasEnded(t *testing.T) {
	const setChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER: orphans become our children
	adopt := func(yes uintptr) {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, yes, 0); errno != 0 {
			t.Fatal(errno)
		}
	}
	adopt(1)
	defer adopt(0)
	w := watchProcesses(t)
	s := w.start("fork-silent")
	w.next("fork-silent").ended()
	orphan := w.next("stubborn")
	orphan.says("ready")
	got, err := s.Stop(expired())
	if want := (kit.Exit{Code: 0, Killed: true}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	orphan.ended()
	group := s.(*process).family.group
	if groupEmpty(group) {
		t.Fatal("the orphan was waited for, so this test shows nothing")
	}
	for {
		if _, err := syscall.Wait4(-group, nil, 0, nil); err != nil {
			break
		}
	}
}
