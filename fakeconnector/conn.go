package fakeconnector

import (
	"errors"
	"net"
	"sync"
	"syscall"
)

// conn is the TCP connection under a session. It remembers how the stream ended and can
// stop reading.
type conn struct {
	net.Conn
	released func() // gives the connection's place back, once

	mu     sync.Mutex
	ended  string        // HowFIN or HowRST once the peer's end was seen
	paused chan struct{} // closed when reading may go on; nil while it is not paused
	closed chan struct{}
	once   sync.Once

	out outgoing
}

func newConn(c net.Conn, released func()) *conn {
	return &conn{Conn: c, released: released, closed: make(chan struct{})}
}

func (c *conn) Read(p []byte) (int, error) {
	c.waitUnpaused()
	n, err := c.Conn.Read(p)
	// A Read that was under way when the pause began must not let anything through.
	c.waitUnpaused()
	if err != nil {
		c.note(err)
	}
	return n, err
}

func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.released()
	})
	return c.Conn.Close()
}

func (c *conn) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != "" || errors.Is(err, net.ErrClosed) {
		return
	}
	if isReset(err) {
		c.ended = HowRST
	} else if !isTimeout(err) {
		c.ended = HowFIN
	}
}

// how says how the peer ended the stream, HowFIN if nothing says otherwise.
func (c *conn) how() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == "" {
		return HowFIN
	}
	return c.ended
}

// pause stops reading until resume, or until the connection is closed by us.
func (c *conn) pause() (resume func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused == nil {
		c.paused = make(chan struct{})
	}
	gate := c.paused
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.paused == gate {
			close(gate)
			c.paused = nil
		}
	}
}

func (c *conn) waitUnpaused() {
	c.mu.Lock()
	gate := c.paused
	c.mu.Unlock()
	if gate == nil {
		return
	}
	select {
	case <-gate:
	case <-c.closed:
	}
}

// reset ends the connection with a TCP RST, where there is a TCP.
func (c *conn) reset() error {
	if t, ok := c.Conn.(interface{ SetLinger(int) error }); ok {
		// A linger of zero makes the kernel discard what is unsent and send RST.
		_ = t.SetLinger(0)
	}
	return c.Close()
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// isPaused reports whether reading is stopped.
func (c *conn) isPaused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paused != nil
}
