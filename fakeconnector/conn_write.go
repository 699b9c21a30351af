package fakeconnector

import (
	"sync"
	"syscall"
	"time"
)

// outgoing is how a connection treats what is written to it. A system call costs more than
// to encode a frame, and to hand a frame to another goroutine costs nearly as much: so
// frames that follow each other at once leave together, and a single one leaves in the
// goroutine that sends it, unless that would have to wait.
type outgoing struct {
	wire sync.Mutex // held while bytes leave, so that nothing comes between those of a frame

	mu     sync.Mutex
	mode   writeMode
	rest   *[]byte   // what was written and has not left; nil for nothing
	wanted time.Time // the deadline of the next write that waits

	// Under wire.
	applied   time.Time       // the deadline of the socket
	direct    syscall.RawConn // nil where there is none
	attempt   func(fd uintptr) bool
	attempted []byte
	took      int
}

type writeMode int

const (
	writeThrough writeMode = iota // wait until it has left
	writeGather                   // keep it, as more follows at once
	writeTry                      // let leave what leaves without waiting, and keep the rest
)

// gatherBytes is when what was gathered leaves though more follows.
const gatherBytes = 64 << 10

var restBuffers = sync.Pool{New: func() any { return new([]byte) }}

// setMode sets how the next writes are treated, and says whether something has not left.
// Whoever ends gathering or trying must let the rest leave, with a write or flush.
func (c *conn) setMode(m writeMode) (left bool) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if m == writeGather && c.out.rest != nil && len(*c.out.rest) >= gatherBytes {
		m = writeThrough
	}
	c.out.mode = m
	return c.out.rest != nil
}

func (c *conn) Write(p []byte) (int, error) {
	o := &c.out
	o.wire.Lock()
	defer o.wire.Unlock()
	o.mu.Lock()
	mode, before := o.mode, o.rest
	if mode == writeThrough {
		o.rest = nil
	}
	o.mu.Unlock()
	switch {
	case mode == writeThrough && before == nil:
		return c.write(p)
	case mode == writeThrough:
		*before = append(*before, p...)
		if err := c.writeRest(before); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	rest := p
	if mode == writeTry && before == nil {
		rest = p[c.try(p):]
	}
	if len(rest) > 0 {
		c.keep(rest)
	}
	return len(p), nil
}

func (c *conn) keep(p []byte) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.out.rest == nil {
		c.out.rest = restBuffers.Get().(*[]byte)
	}
	*c.out.rest = append(*c.out.rest, p...)
}

// flush lets leave what was kept.
func (c *conn) flush(within time.Duration) error {
	o := &c.out
	o.wire.Lock()
	defer o.wire.Unlock()
	o.mu.Lock()
	whole := o.rest
	o.rest, o.mode = nil, writeThrough
	o.wanted = time.Now().Add(within)
	o.mu.Unlock()
	if whole == nil {
		return nil
	}
	return c.writeRest(whole)
}

// writeRest needs out.wire.
func (c *conn) writeRest(whole *[]byte) error {
	_, err := c.write(*whole)
	*whole = (*whole)[:0]
	if cap(*whole) <= 2*gatherBytes {
		restBuffers.Put(whole)
	}
	return err
}

// write waits until p has left. It needs out.wire.
func (c *conn) write(p []byte) (int, error) {
	c.out.mu.Lock()
	deadline := c.out.wanted
	c.out.mu.Unlock()
	if least := time.Now().Add(leastWait); !deadline.IsZero() && deadline.Before(least) {
		deadline = least
	}
	c.deadline(deadline)
	n, err := c.Conn.Write(p)
	if err != nil && isReset(err) {
		c.note(err)
	}
	return n, err
}

// leastWait is what a write is given that had to wait for its turn: a pong behind a frame
// that the gateway is slow to take.
const leastWait = time.Second

// try writes what leaves without waiting, and returns how much that was. It needs out.wire.
func (c *conn) try(p []byte) int {
	o := &c.out
	if o.attempt == nil {
		o.attempt = func(fd uintptr) bool { o.took = writeOnce(fd, o.attempted); return true }
		if d, ok := c.Conn.(syscall.Conn); ok && canWriteOnce {
			o.direct, _ = d.SyscallConn()
		}
	}
	if o.direct == nil {
		return 0
	}
	c.deadline(noTime) // one that has passed would refuse the attempt
	o.attempted, o.took = p, 0
	_ = o.direct.Write(o.attempt) // an error comes again when the rest is written
	o.attempted = nil
	return o.took
}

// deadline needs out.wire.
func (c *conn) deadline(t time.Time) {
	if c.out.applied != t {
		c.out.applied = t
		_ = c.Conn.SetWriteDeadline(t)
	}
}

// SetWriteDeadline is for the next write that waits, not for one that is under way: the
// deadline of a pong is none of the frame before it.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.out.mode == writeThrough {
		c.out.wanted = t
	}
	return nil
}

// SetDeadline implements [net.Conn].
func (c *conn) SetDeadline(t time.Time) error {
	_ = c.SetWriteDeadline(t)
	return c.Conn.SetReadDeadline(t)
}
