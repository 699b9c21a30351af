package kit

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// listenersOf reads the listening TCP sockets of a process from /proc, as its own network
// namespace has them. One that has ended has none.
func listenersOf(pid int) ([]Listener, error) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		return nil, errors.New("this system has no /proc that tells a process's sockets")
	}
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	held, err := socketsOf(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the open files of process %d cannot be read: %w", pid, errors.Unwrap(err))
	}
	var list []Listener
	tables := 0
	for _, name := range []string{"tcp", "tcp6"} {
		table, err := os.ReadFile(filepath.Join(dir, "net", name))
		if err != nil {
			continue // without IPv6 there is one of the two
		}
		tables++
		for _, l := range tableOf(string(table)) {
			if held[l.inode] {
				list = append(list, l)
			}
		}
	}
	if tables == 0 {
		return nil, fmt.Errorf("the sockets of process %d cannot be read", pid)
	}
	return list, nil
}

// socketsOf are the inodes of the sockets that a process holds open.
func socketsOf(dir string) (map[string]bool, error) {
	fds, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		return nil, err
	}
	held := map[string]bool{}
	for _, fd := range fds {
		target, err := os.Readlink(filepath.Join(dir, "fd", fd.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			held[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return held, nil
}

// stateListen is how the kernel writes TCP_LISTEN.
const stateListen = "0A"

// tableOf reads a table of /proc/PID/net/tcp or tcp6: the second column is the local
// address, the fourth the state, the tenth the inode.
func tableOf(table string) []Listener {
	var list []Listener
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != stateListen {
			continue
		}
		host, port, ok := strings.Cut(f[1], ":")
		number, err := strconv.ParseUint(port, 16, 16)
		if !ok || err != nil {
			continue
		}
		list = append(list, Listener{
			Address: net.JoinHostPort(kernelAddress(host), strconv.FormatUint(number, 10)),
			Port:    int(number), inode: f[9],
		})
	}
	return list
}

// kernelAddress reads an address as the kernel writes it: hex, each four bytes in the
// machine's order, which is the little-endian one wherever this has been tried.
func kernelAddress(text string) string {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw)%4 != 0 {
		return text
	}
	for i := 0; i < len(raw); i += 4 {
		slices.Reverse(raw[i : i+4])
	}
	return net.IP(raw).String()
}
