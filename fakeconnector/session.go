package fakeconnector

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

var noTime time.Time

// Session is one live WebSocket of a gateway.
type Session struct {
	c       *Connector
	id      string
	gateway Gateway // as it was at the dial
	secret  []byte  // of the gateway
	ws      *websocket.Conn
	raw     *conn
	since   time.Time     // constant after begin
	over    chan struct{} // closed when the session's goroutine ends
	greeted chan int64    // of size 1: the Seq of the first hello

	quotable atomic.Bool // we sent the gateway its own secret

	in inStream // the reader's goroutine only

	wmu sync.Mutex // keeps the order of the journal and of the wire the same
	out outStream  // under wmu

	mu         sync.Mutex
	accepted   bool // the upgrade was authenticated
	closing    bool // we sent a close frame, or reset; or the gateway ended the session
	recorded   bool // the KindClosed entry is written
	handshaken bool // a descriptor was sent
	tail       tail
}

// ID is the session's id, "s1" for the first dial of the connector.
func (s *Session) ID() string { return s.id }

// GatewayID is the id of the record that the session was authenticated as.
func (s *Session) GatewayID() string { return s.gateway.ID }

// Gateway is the record that the session was authenticated as, as it was at the dial.
func (s *Session) Gateway() Gateway { return s.gateway }

// Session returns the live session of a gateway whose handshake is complete, or nil.
func (c *Connector) Session(gatewayID string) *Session {
	c.mu.Lock()
	s := c.live[gatewayID]
	c.mu.Unlock()
	if s == nil || !s.ready() {
		return nil
	}
	return s
}

// ready reports whether the session is handshaken and not closing.
func (s *Session) ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handshaken && !s.closing
}

func (s *Session) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// begin starts the session. Its one goroutine reads until the end; another one writes
// while there is something to write.
func (s *Session) begin(ws *websocket.Conn, id identity, dial *Dial) {
	c := s.c
	s.ws, s.since = ws, c.clock.Now()
	s.accepted = id.ok
	s.in.check.named = id.named
	s.in.Limit, s.out.Limit = c.limits.LineBytes, c.limits.LineBytes
	ws.SetReadLimit(c.limits.MessageBytes)
	ws.SetPongHandler(func(string) error { s.extend(); return nil })

	c.mu.Lock()
	if c.state != lifeStarted {
		c.mu.Unlock()
		_ = ws.Close()
		close(s.over)
		return
	}
	c.sessions[s] = struct{}{}
	if id.ok && c.revoked(s.gateway.ID) {
		id.ok, id.reason, s.accepted = false, ReasonUnauthorized, false
	}
	var old *Session
	if id.ok {
		old = c.live[s.gateway.ID]
		c.live[s.gateway.ID] = s
	}
	if c.limits.PingInterval > 0 {
		s.wmu.Lock()
		s.out.pinger = time.AfterFunc(c.limits.PingInterval, s.ping)
		s.wmu.Unlock()
	}
	c.mu.Unlock()
	// Now whoever sees the entry finds the session.
	s.journal(Entry{Kind: KindUpgraded, Dial: dial})

	if old != nil {
		s.supersede(old)
	}
	if !id.ok {
		_ = s.Close(CloseUnauthorized, id.reason)
	} else {
		x := &Exchange{Point: PointUpgraded, Session: s, c: c, gateway: s.gateway, session: s.id}
		c.stubs.apply(x)
		_ = s.run(x.steps) // fails only where a fault has ended the session
	}
	// Not the goroutine of the HTTP request, which holds on to the request and its buffers.
	c.wg.Add(1) // the handler's own count stands until it returns
	go s.live()
}

func (s *Session) live() {
	defer s.c.wg.Done()
	s.read()
	s.endWriting()
	if s.out.pinger != nil {
		s.out.pinger.Stop()
	}
	s.c.leave(s)
	_ = s.ws.Close()
	close(s.over)
}

func (c *Connector) leave(s *Session) {
	s.dropTail()
	if s.accepted {
		c.instance(s.gateway.Instance).detach(s)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sessions, s)
	if c.live[s.gateway.ID] == s {
		delete(c.live, s.gateway.ID)
	}
}

// spawn runs f in a goroutine that Close waits for, or not at all once closed.
func (c *Connector) spawn(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == lifeStarted {
		c.wg.Go(f)
	}
}

// read waits with as little on the stack as can be: what is deeper makes the stack of every
// idle session twice as large.
func (s *Session) read() {
	for {
		s.extend()
		opcode, r, err := s.ws.NextReader()
		if err == nil {
			err = s.take(opcode, r)
		}
		if err != nil {
			s.ended(err)
			return
		}
	}
}

// take reads one message, into a payload of its exact size, as the journal keeps it.
func (s *Session) take(opcode int, r io.Reader) error {
	b := messageBuffers.Get().(*bytes.Buffer)
	b.Reset()
	_, err := b.ReadFrom(r)
	payload := bytes.Clone(b.Bytes())
	if b.Cap() <= maxMessageBuffer {
		messageBuffers.Put(b)
	}
	if err == nil {
		s.received(opcode, payload)
	}
	return err
}

var messageBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxMessageBuffer = 64 << 10

// extend moves the bound on silence.
func (s *Session) extend() {
	if d := s.c.limits.IdleTimeout; d > 0 {
		_ = s.ws.SetReadDeadline(time.Now().Add(d))
	}
}

// PauseReading stops reading from the gateway, as a peer does that is half open, until
// the returned function is called.
func (s *Session) PauseReading() (resume func()) { return s.raw.pause() }

// journal writes an entry about this session.
func (s *Session) journal(e Entry) Entry {
	return s.c.journal.one(s.stamp(e))
}

func (s *Session) stamp(e Entry) Entry {
	e.Session, e.GatewayID, e.Instance = s.id, s.gateway.ID, s.gateway.Instance
	return e
}

func (s *Session) violation(rule protocol.RuleID, of int64, format string, args ...any) {
	s.journal(Entry{Kind: KindViolation, Violation: &Violation{Rule: rule, Of: of,
		Text: s.c.secrets.String(fmt.Sprintf(format, args...))}})
}
