package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// plan is what the process of the gateways is told on its standard input, before the words
// settle and stop.
type plan struct {
	URL      string
	Log      string
	Rate     float64 // outbound frames a second, of all gateways together
	Pace     float64 // 1, or less for shorter lives
	Gateways []credential
}

type credential struct{ ID, Secret string }

const (
	wordSettle = "settle" // send nothing more, and dial once more
	wordStop   = "stop"   // end
)

// A gateway's life, between these bounds, chosen at random.
const (
	redialLeast, redialMost = 50 * time.Millisecond, 500 * time.Millisecond
	asleepLeast, asleepMost = 1 * time.Second, 5 * time.Second
	awakeLeast, awakeMost   = 10 * time.Second, 40 * time.Second
	writeBound              = 20 * time.Second
	startSpread             = 5 * time.Second // not all of them dial in one moment
	readBufferSize          = 1024
)

// fleet is every gateway of the soak.
type fleet struct {
	plan
	log    *logFile
	settle context.Context
	stop   context.Context
	dialer websocket.Dialer
}

// runFleet plays the gateways until it is told to stop.
func runFleet(in io.Reader) error {
	words := bufio.NewReader(in)
	f := &fleet{}
	line, err := words.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the plan: %w", err)
	}
	if err := json.Unmarshal(line, &f.plan); err != nil {
		return fmt.Errorf("reading the plan: %w", err)
	}
	if f.log, err = createLog(f.Log); err != nil {
		return err
	}
	var settle, stop context.CancelFunc
	f.stop, stop = context.WithCancel(context.Background())
	f.settle, settle = context.WithCancel(f.stop)
	f.dialer = websocket.Dialer{ReadBufferSize: readBufferSize, WriteBufferPool: &sync.Pool{},
		NetDialContext: (&net.Dialer{KeepAlive: -1}).DialContext, HandshakeTimeout: writeBound}
	var wg sync.WaitGroup
	for n, c := range f.Gateways {
		g := &gateway{fleet: f, credential: c, rand: rand.New(rand.NewPCG(7, uint64(n)))}
		wg.Go(g.live)
	}
	for {
		word, err := words.ReadString('\n')
		switch {
		case err != nil || word == wordStop+"\n":
			stop()
			settle()
			wg.Wait()
			return f.log.Close()
		case word == wordSettle+"\n":
			settle()
		}
	}
}

// gateway is one of them: it acknowledges what is to be acknowledged, sends, goes idle, and
// dials again whenever its session ends.
type gateway struct {
	*fleet
	credential
	rand     *rand.Rand
	session  int
	requests int
}

func (g *gateway) live() {
	g.pause(g.stop, 0, startSpread)
	for g.stop.Err() == nil {
		if asleep := g.serve(g.settle.Err() != nil); asleep {
			g.pause(g.settle, asleepLeast, asleepMost)
		}
		g.pause(g.stop, redialLeast, redialMost)
	}
}

func (g *gateway) pause(ctx context.Context, least, most time.Duration) {
	t := time.NewTimer(g.between(least, most))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (g *gateway) between(least, most time.Duration) time.Duration {
	return time.Duration(g.Pace * float64(least+time.Duration(g.rand.Int64N(int64(most-least)))))
}

func (g *gateway) write(r record) {
	r.Gateway, r.Session = g.ID, strconv.Itoa(g.session)
	g.log.write(r)
}

// link is one session of a gateway.
type link struct {
	g  *gateway
	ws *websocket.Conn
	mu sync.Mutex // one writer at a time, and the log in the order of the wire

	ready chan struct{} // closed by the reader when the descriptor came
	once  sync.Once
}

func (l *link) send(r record, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.g.write(r) // first: what was written may be answered before this goroutine goes on
	_ = l.ws.SetWriteDeadline(time.Now().Add(writeBound))
	_ = l.ws.WriteMessage(websocket.TextMessage, []byte(line+"\n")) // the reader sees a session that is over
}

// serve lives one session. quiet sends nothing but acks, and ends with the soak. It reports
// whether the gateway went idle.
func (g *gateway) serve(quiet bool) (asleep bool) {
	token := auth.Mint(g.ID, g.Secret, auth.Expiry(time.Now(), time.Minute))
	ws, _, err := g.dialer.DialContext(g.stop, g.URL, http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return false
	}
	g.session++
	l := &link{g: g, ws: ws, ready: make(chan struct{})}
	l.send(record{What: "hello"}, `{"type":"hello","platform":"discord","botId":"bot-`+g.ID+`"}`)
	done := make(chan bool, 1)
	go func() { done <- l.read() }()
	select {
	case <-l.ready: // before the descriptor nothing else may be said
	case <-done:
		_ = ws.Close()
		g.write(record{What: over})
		return false
	}

	end := g.settle.Done()
	if quiet {
		end = g.stop.Done()
	}
	mean := float64(len(g.Gateways)) / g.Rate
	tick := time.NewTimer(g.next(mean))
	defer tick.Stop()
	awake := time.NewTimer(g.between(awakeLeast, awakeMost))
	defer awake.Stop()
	for {
		select {
		case asleep = <-done:
			_ = ws.Close()
			g.write(record{What: over})
			return asleep
		case <-tick.C:
			if !quiet {
				g.requests++
				id := g.ID + "-" + strconv.Itoa(g.requests)
				l.send(record{What: ask, Request: id},
					`{"type":"outbound","requestId":"`+id+`","action":{"op":"send","chat_id":"C-`+g.ID+`","content":"answer `+id+`"}}`)
			}
			tick.Reset(g.next(mean))
		case <-awake.C:
			if !quiet {
				l.send(record{What: "idle"}, `{"type":"going_idle"}`)
			}
		case <-end:
			end = nil
			l.close()
		}
	}
}

// next is an exponentially distributed time with a mean in seconds.
func (g *gateway) next(mean float64) time.Duration {
	return time.Duration(g.rand.ExpFloat64() * mean * float64(time.Second))
}

// close ends the session in order; the connector answers and the reader sees that.
func (l *link) close() {
	_ = l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(writeBound))
	_ = l.ws.SetReadDeadline(time.Now().Add(writeBound))
}

// read takes what comes until the session is over, and reports whether going_idle was
// answered.
func (l *link) read() (asleep bool) {
	var in protocol.Splitter
	for {
		_, payload, err := l.ws.ReadMessage()
		if err != nil {
			return asleep
		}
		for _, line := range in.Write(payload) {
			f, err := protocol.Decode(line.Data)
			if err != nil {
				l.g.write(record{What: "unreadable", Text: err.Error()})
				continue
			}
			switch f := f.(type) {
			case *protocol.DescriptorFrame:
				l.once.Do(func() { close(l.ready) })
			case *protocol.Inbound:
				id := f.BufferID.Or("")
				l.mu.Lock()
				l.g.write(record{What: received, Event: f.Event.Text, Buffer: id})
				l.mu.Unlock()
				if id != "" {
					l.send(record{What: ack, Buffer: id}, `{"type":"inbound_ack","bufferId":"`+id+`"}`)
				}
			case *protocol.OutboundResult:
				l.mu.Lock()
				l.g.write(record{What: answer, Request: f.RequestID, Message: f.Result.MessageID.Or("")})
				l.mu.Unlock()
			case *protocol.GoingIdleAck:
				asleep = true
				l.close()
			}
		}
	}
}
