//go:build !unix

package fakeconnector

import (
	"fmt"
	"net"
)

type otherSocket struct{ addr string }

// bind finds a free port and gives it back: here the standard library cannot bind
// without listening. Another process may take the port before Start.
func bind(host string) (boundSocket, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("reserving a port on %s: %w", host, err)
	}
	defer l.Close()
	return &otherSocket{addr: l.Addr().String()}, nil
}

func (s *otherSocket) Addr() string                  { return s.addr }
func (s *otherSocket) Close() error                  { return nil }
func (s *otherSocket) Listen() (net.Listener, error) { return net.Listen("tcp", s.addr) }
