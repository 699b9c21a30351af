//go:build unix

package fakeconnector

import "syscall"

const canWriteOnce = true

// writeOnce writes to a socket that does not block, and returns how much it took.
func writeOnce(fd uintptr, p []byte) int {
	for {
		n, err := syscall.Write(int(fd), p)
		if err != syscall.EINTR {
			return max(n, 0)
		}
	}
}
