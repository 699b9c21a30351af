package fakeconnector

import (
	"errors"
	"net"
	"sync"
	"time"
)

// boundSocket is a port that is bound and does not listen yet.
type boundSocket interface {
	Addr() string
	Listen() (net.Listener, error)
	Close() error
}

// limitListener wraps every connection in a conn and closes those over the limit
// unread, so that a flood of dials costs a bounded number of goroutines.
type limitListener struct {
	net.Listener
	max int

	mu   sync.Mutex
	open int
}

func (l *limitListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			// Out of descriptors, for one: go on when some have come back.
			if isTimeout(err) || isTemporary(err) {
				time.Sleep(acceptRetry)
				continue
			}
			return nil, err
		}
		if !l.take() {
			_ = c.Close()
			continue
		}
		return newConn(c, l.give), nil
	}
}

// acceptRetry keeps a listener that is out of descriptors from spinning.
const acceptRetry = 5 * time.Millisecond

func isTemporary(err error) bool {
	var ne interface{ Temporary() bool }
	return errors.As(err, &ne) && ne.Temporary()
}

func (l *limitListener) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.max {
		return false
	}
	l.open++
	return true
}

func (l *limitListener) give() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
}
