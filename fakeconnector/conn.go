package fakeconnector

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
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

	wmu       sync.Mutex
	gathering bool    // what is written waits for what follows
	gathered  *[]byte // what waits; nil for nothing
}

// gather makes writes wait, together, for the first write after it was called with false.
// Then everything leaves at once: a system call costs more than to encode a frame.
func (c *conn) gather(on bool) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.gathering = on && (c.gathered == nil || len(*c.gathered) < gatherBytes)
}

// gatherBytes is when what was gathered leaves though more follows.
const gatherBytes = 64 << 10

var gatherBuffers = sync.Pool{New: func() any { return new([]byte) }}

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

func (c *conn) Write(p []byte) (int, error) {
	whole, waits := c.joined(p)
	if waits {
		return len(p), nil
	}
	if whole == nil {
		return c.write(p)
	}
	_, err := c.write(*whole)
	*whole = (*whole)[:0]
	if cap(*whole) <= 2*gatherBytes {
		gatherBuffers.Put(whole)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// joined puts p behind what was gathered, if anything was or p has to wait itself.
func (c *conn) joined(p []byte) (whole *[]byte, waits bool) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.gathered == nil && !c.gathering {
		return nil, false
	}
	if c.gathered == nil {
		c.gathered = gatherBuffers.Get().(*[]byte)
	}
	*c.gathered = append(*c.gathered, p...)
	if c.gathering {
		return nil, true
	}
	whole, c.gathered = c.gathered, nil
	return whole, false
}

func (c *conn) write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil && isReset(err) {
		c.note(err)
	}
	return n, err
}

// flush sends what was gathered, where nothing follows after all.
func (c *conn) flush(within time.Duration) {
	c.wmu.Lock()
	whole := c.gathered
	c.gathered, c.gathering = nil, false
	c.wmu.Unlock()
	if whole != nil {
		_ = c.SetWriteDeadline(time.Now().Add(within))
		_, _ = c.write(*whole)
	}
}

// SetWriteDeadline is for a write that does not wait.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.wmu.Lock()
	waits := c.gathering
	c.wmu.Unlock()
	if waits {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
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
