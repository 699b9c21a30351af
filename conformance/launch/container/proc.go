package container

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/client"
)

// shows reports whether the container's processes are this machine's: that the daemon
// names a process is not enough, as it may run in a virtual machine with numbers of its own.
// Once one container's are, those of all of this daemon's are.
func (d *docker) shows(ctx context.Context, id string) bool {
	d.asked.Lock()
	defer d.asked.Unlock()
	if d.shown {
		return true
	}
	found, err := d.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil || found.Container.State == nil || found.Container.State.Pid == 0 {
		return false
	}
	d.shown = belongs(found.Container.State.Pid, id)
	return d.shown
}

// belongs reports whether a process is in the container's control group.
func belongs(pid int, id string) bool {
	groups, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	return err == nil && strings.Contains(string(groups), id)
}

// processesOf are the processes of a container, as /proc shows them.
func processesOf(id string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && belongs(pid, id) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}
