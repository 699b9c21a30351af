//go:build unix

package fakeconnector

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
)

type unixSocket struct {
	fd   int
	addr string
}

// bind takes a free port without listening on it, so that a dial is refused.
func bind(host string) (boundSocket, error) {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return nil, fmt.Errorf("reserving a port: expected the listen address to be an IP address, got %q: %w", host, err)
	}
	family, sa := syscall.AF_INET, syscall.Sockaddr(&syscall.SockaddrInet4{Addr: ip.Unmap().As4()})
	if ip.Is6() && !ip.Is4In6() {
		family, sa = syscall.AF_INET6, &syscall.SockaddrInet6{Addr: ip.As16()}
	}
	// A child process that is started in between must not inherit the socket.
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("reserving a port on %s: %w", host, err)
	}
	if err := syscall.Bind(fd, sa); err != nil {
		_ = syscall.Close(fd)
		return nil, fmt.Errorf("reserving a port on %s: %w", host, err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		_ = syscall.Close(fd)
		return nil, fmt.Errorf("reserving a port on %s: %w", host, err)
	}
	port := 0
	switch a := bound.(type) {
	case *syscall.SockaddrInet4:
		port = a.Port
	case *syscall.SockaddrInet6:
		port = a.Port
	}
	return &unixSocket{fd: fd, addr: net.JoinHostPort(host, strconv.Itoa(port))}, nil
}

func (s *unixSocket) Addr() string { return s.addr }

func (s *unixSocket) Close() error { return syscall.Close(s.fd) }

func (s *unixSocket) Listen() (net.Listener, error) {
	if err := syscall.Listen(s.fd, syscall.SOMAXCONN); err != nil {
		_ = syscall.Close(s.fd)
		return nil, err
	}
	_ = syscall.SetNonblock(s.fd, true)
	f := os.NewFile(uintptr(s.fd), "relay "+s.addr)
	// FileListener works on a duplicate of the descriptor.
	defer func() { _ = f.Close() }()
	return net.FileListener(f)
}
