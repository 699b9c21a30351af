package launch

import (
	"os"
	"slices"
	"testing"

	"github.com/relaykit/relaykit/conformance/kit"
)

func TestProcessesOfACommand(t *testing.T) {
	w := watchProcesses(t)
	s := w.start("fork")
	w.next("fork")
	w.next("child")
	pids := s.(kit.Observable).Processes()
	if len(pids) == 0 || slices.Contains(pids, os.Getpid()) {
		t.Errorf("expected the ids of its own processes, got %v", pids)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if pids := s.(kit.Observable).Processes(); len(pids) != 0 {
		t.Errorf("expected none once it has ended, got %v", pids)
	}
}

func TestProcessesInProcess(t *testing.T) {
	s := &function{}
	if got := s.Processes(); !slices.Equal(got, []int{os.Getpid()}) {
		t.Errorf("expected this process, got %v", got)
	}
}
