package kit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sourcegraph/jsonrpc2"
	wsstream "github.com/sourcegraph/jsonrpc2/websocket"
)

// Driver is the driver channel to one gateway: JSON-RPC 2.0 on a WebSocket that the
// gateway dials. Its methods are safe for concurrent use.
type Driver struct {
	mu      sync.Mutex
	conn    *jsonrpc2.Conn
	isReady bool
	name    string
	version string
	notes   []Note
	changed chan struct{} // closed and replaced at every note
	kinds   *sync.Map     // the kinds of notification that any gateway of the run has sent
}

// Note is a notification of the gateway's.
type Note struct {
	At     time.Time
	Method string
	Params json.RawMessage
}

// The error codes of the driver channel.
const (
	CodeNoMethod  = jsonrpc2.CodeMethodNotFound // the gateway lacks the method
	CodeBadParams = jsonrpc2.CodeInvalidParams  // its callers cannot set a field
	CodeException = -32000                      // its own API raised
)

// Handle takes the gateway's messages in order; it never blocks.
func (d *Driver) Handle(_ context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) {
	n := Note{At: time.Now(), Method: req.Method}
	if req.Params != nil {
		n.Params = append(json.RawMessage(nil), *req.Params...)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if req.Method == "driver/ready" {
		var p struct{ Name, Version string }
		_ = json.Unmarshal(n.Params, &p)
		d.isReady, d.name, d.version = true, p.Name, p.Version
	}
	d.notes = append(d.notes, n)
	if d.kinds != nil {
		d.kinds.Store(req.Method, true)
	}
	close(d.changed)
	d.changed = make(chan struct{})
}

// Named is how the gateway calls itself on the driver channel.
func (d *Driver) Named() (name, version string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.name, d.version
}

// Mark is the number of notifications so far.
func (d *Driver) Mark() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.notes)
}

// Notes are the notifications after a mark.
func (d *Driver) Notes(after int) []Note {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Note(nil), d.notes[min(after, len(d.notes)):]...)
}

// WaitNote waits for a notification after a mark.
func (d *Driver) WaitNote(ctx context.Context, after int, match func(Note) bool) (Note, bool) {
	for {
		d.mu.Lock()
		notes, changed := d.notes, d.changed
		d.mu.Unlock()
		for ; after < len(notes); after++ {
			if match(notes[after]) {
				return notes[after], true
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Note{}, false
		}
	}
}

// Call asks the gateway. The error is a *jsonrpc2.Error when the gateway answered with
// one.
func (d *Driver) Call(ctx context.Context, method string, params, result any) error {
	d.mu.Lock()
	conn := d.conn
	d.mu.Unlock()
	if conn == nil {
		return errors.New("the driver channel is closed")
	}
	return conn.Call(ctx, method, params, result)
}

// driverServer listens for one gateway's driver channel, on a path of its own.
type driverServer struct {
	url    string
	server *http.Server
	driver *Driver
	closed bool // under driver.mu
	wg     sync.WaitGroup
}

func newDriverServer(can Abilities, kinds *sync.Map) (*driverServer, error) {
	host := can.ListenHost
	if host == "" {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("listening for the driver channel: %w", err)
	}
	var key [16]byte
	_, _ = rand.Read(key[:]) // crypto/rand.Read never fails
	path := "/driver/" + hex.EncodeToString(key[:])
	s := &driverServer{
		url:    reachable("ws://"+l.Addr().String(), can.URLHost) + path,
		driver: &Driver{changed: make(chan struct{}), kinds: kinds},
	}
	mux := http.NewServeMux()
	mux.HandleFunc(path, s.accept)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second} // a peer that never finishes its request
	s.wg.Add(1)
	go func() { defer s.wg.Done(); _ = s.server.Serve(l) }()
	return s, nil
}

func (s *driverServer) accept(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	// Under the lock, so that nobody who has seen driver/ready finds no connection to call on.
	s.driver.mu.Lock()
	if s.closed {
		s.driver.mu.Unlock()
		ws.Close()
		return
	}
	conn := jsonrpc2.NewConn(context.Background(), wsstream.NewObjectStream(ws), s.driver, jsonrpc2.SetLogger(log.New(io.Discard, "", 0)))
	old := s.driver.conn
	s.driver.conn = conn
	s.driver.mu.Unlock()
	if old != nil {
		old.Close()
	}
}

// ready is the driver once driver/ready came, or nil when the gateway did not open the
// channel. It dials the driver before the relay, but the two arrive here on two sockets,
// so the first may be served later than the second.
func (s *driverServer) ready(ctx context.Context, within time.Duration) *Driver {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if _, ok := s.driver.WaitNote(ctx, 0, func(n Note) bool { return n.Method == "driver/ready" }); !ok {
		return nil
	}
	return s.driver
}

func (s *driverServer) close() {
	s.driver.mu.Lock()
	conn := s.driver.conn
	s.driver.conn, s.closed = nil, true
	s.driver.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
	s.server.Close()
	s.wg.Wait()
}

// Drive calls a method of the driver channel and waits for its result. A method or a
// field that the gateway lacks makes the case not applicable; an exception of its own
// API is the gateway's failure.
func (g *G) Drive(method string, params any, within time.Duration) json.RawMessage {
	return g.DriveAsync(method, params)(within)
}

// DriveAsync starts a call; the function that it returns waits for the result.
func (g *G) DriveAsync(method string, params any) func(within time.Duration) json.RawMessage {
	d := g.Gateway().Driver
	if d == nil {
		g.NotApplicable("the gateway has not opened the driver channel, which %s needs", method)
	}
	type answer struct {
		result json.RawMessage
		err    error
	}
	done := make(chan answer, 1)
	ctx, cancel := context.WithCancel(g.bench.ctx)
	g.Cleanup(cancel)
	go func() {
		var a answer
		a.err = d.Call(ctx, method, params, &a.result)
		if why := lacks(method, a.err); why != "" {
			g.mu.Lock()
			g.lacking = why
			g.mu.Unlock()
		}
		done <- a
	}()
	g.stimulus()
	return func(within time.Duration) json.RawMessage {
		waiting, stopWaiting := patiently(g.bench.ctx, within)
		defer stopWaiting()
		select {
		case a := <-done:
			g.unlessLacking()
			if a.err != nil {
				g.Mismatch(fmt.Sprintf("a result of %s", method), "an error: "+a.err.Error())
			}
			g.observation()
			return a.result
		case <-waiting.Done():
			g.Mismatch(fmt.Sprintf("%s to return within %s", method, within), "no answer: it hangs")
		}
		return nil
	}
}

// lacks says, of a call that the gateway cannot be asked, what it lacks; else "".
func lacks(method string, err error) string {
	var re *jsonrpc2.Error
	switch {
	case errors.As(err, &re) && re.Code == CodeNoMethod:
		return "the gateway's driver lacks the method " + method
	case errors.As(err, &re) && re.Code == CodeBadParams:
		return fmt.Sprintf("the gateway's callers cannot set what %s asks for: %s", method, re.Message)
	}
	return ""
}

// unlessLacking ends the case as not applicable when a call of its has come back with
// what the gateway lacks: whatever was expected of that call cannot come.
func (g *G) unlessLacking() {
	g.mu.Lock()
	why := g.lacking
	g.mu.Unlock()
	if why != "" {
		g.NotApplicable("%s", why)
	}
}

// Notified waits for a notification of the driver channel since the case began.
func (g *G) Notified(method, what string, match func(params json.RawMessage) bool) Note {
	d := g.Gateway().Driver
	if d == nil {
		g.NotApplicable("the gateway has not opened the driver channel, which sends %s", method)
	}
	ctx, cancel := patiently(g.bench.ctx, g.Timing.Answer)
	defer cancel()
	n, ok := d.WaitNote(ctx, g.notesMark, func(n Note) bool { return n.Method == method && match(n.Params) })
	if !ok {
		if _, sent := g.bench.kinds.Load(method); !sent {
			g.NotApplicable("the gateway's driver has sent no %s in this run, so nothing tells that it would", method)
		}
		var last string
		for _, n := range d.Notes(g.notesMark) {
			last = n.Method + " " + string(n.Params)
		}
		g.Mismatch(fmt.Sprintf("%s within %s", what, g.Timing.Answer), fmt.Sprintf("%d notifications, the last: %.200s", len(d.Notes(g.notesMark)), last))
	}
	g.observation()
	return n
}
