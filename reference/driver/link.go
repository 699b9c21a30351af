package driver

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sourcegraph/jsonrpc2"
	wsrpc "github.com/sourcegraph/jsonrpc2/websocket"
)

// link is one connection to the driver. Notifications are queued, so that who has
// something to tell never waits, and written in order; an answer is written after what
// was queued before it.
type link struct {
	socket *websocket.Conn
	rpc    *jsonrpc2.Conn

	mu      sync.Mutex
	queue   []notification
	changed *sync.Cond // broadcast when something was written or answered, or the link has ended
	wake    chan struct{}
	queued  uint64
	written uint64
	ended   bool
	done    chan struct{}
	serving int // requests that are not answered yet
}

type notification struct {
	method string
	params any
}

// dial opens one connection. Its errors hide the URL, which is secret.
func (c *Channel) dial(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, dialBound)
	defer cancel()
	dialer := &websocket.Dialer{Proxy: http.ProxyFromEnvironment}
	socket, _, err := dialer.DialContext(ctx, c.url, nil)
	if err != nil {
		return nil, errors.New("expected a WebSocket at the driver URL, got none; check " + EnvURL)
	}
	socket.SetReadLimit(readLimit)
	l := &link{socket: socket, wake: make(chan struct{}, 1), done: make(chan struct{})}
	l.changed = sync.NewCond(&l.mu)
	quiet := jsonrpc2.SetLogger(log.New(io.Discard, "", 0))
	l.rpc = jsonrpc2.NewConn(context.Background(), stream{wsrpc.NewObjectStream(socket), socket}, handler{c, l}, quiet)
	c.over.Add(1)
	go func() {
		defer c.over.Done()
		l.write()
	}()
	return l, nil
}

// stream bounds the writes of the library's stream.
type stream struct {
	wsrpc.ObjectStream
	socket *websocket.Conn
}

func (s stream) WriteObject(v any) error {
	s.socket.SetWriteDeadline(time.Now().Add(writeBound))
	return s.ObjectStream.WriteObject(v)
}

func (l *link) notify(method string, params any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || len(l.queue) == queueLimit {
		return
	}
	l.queue = append(l.queue, notification{method, params})
	l.queued++
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// write sends the queue until the link ends.
func (l *link) write() {
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ended = true
		l.changed.Broadcast()
		close(l.done)
	}()
	for {
		select {
		case <-l.wake:
		case <-l.rpc.DisconnectNotify():
			return
		}
		for {
			l.mu.Lock()
			if len(l.queue) == 0 {
				l.mu.Unlock()
				break
			}
			n := l.queue[0]
			l.queue = l.queue[1:]
			l.mu.Unlock()
			if err := l.rpc.Notify(context.Background(), n.method, n.params); err != nil {
				l.rpc.Close()
				return
			}
			l.mu.Lock()
			l.written++
			l.changed.Broadcast()
			l.mu.Unlock()
		}
	}
}

// flush waits until everything that was queued before it was written.
func (l *link) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for upTo := l.queued; l.written < upTo && !l.ended; {
		l.changed.Wait()
	}
}

// serve counts a request that is being answered; by is 1 or -1.
func (l *link) serve(by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serving += by
	l.changed.Broadcast()
}

// settle waits until everything was written and answered, for as long as patience.
func (l *link) settle(patience time.Duration) {
	over := false
	timer := time.AfterFunc(patience, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		over = true
		l.changed.Broadcast()
	})
	defer timer.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for !over && !l.ended && (l.serving > 0 || l.written < l.queued) {
		l.changed.Wait()
	}
}

// close says goodbye and waits a moment for the answer.
func (l *link) close() {
	l.settle(closeBound)
	deadline := time.Now().Add(closeBound)
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if l.socket.WriteControl(websocket.CloseMessage, bye, deadline) == nil {
		timer := time.NewTimer(closeBound)
		defer timer.Stop()
		select {
		case <-l.rpc.DisconnectNotify(): // the library has read the answer
		case <-timer.C:
		}
	}
	l.rpc.Close()
}

// wait returns when the link has ended.
func (l *link) wait() { <-l.done }
