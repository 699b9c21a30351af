package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// Socket is one WebSocket of the probe to the connector.
type Socket struct {
	p       *P
	Gateway ConnectorGateway
	name    string
	ws      *websocket.Conn
	read    chan struct{} // closed when the reader has ended

	// Under the tape of p.
	frames []Received
	ending *Ending
	from   int    // frames before this one do not count any more
	most   int    // bytes of the longest message
	rest   []byte // of a line that is not finished
	check  wireCheck
}

// Received is one line of the connector's.
type Received struct {
	At       time.Duration // since the case began
	Line     []byte        // without its newline
	Type     string
	BufferID string
	Fields   map[string]json.RawMessage // nil for a line that is no object
}

func (f Received) String() string { return clip(string(f.Line)) }

// Is reports whether it is a frame of a type.
func (f Received) Is(t protocol.Type) bool { return f.Type == string(t) }

// Object is a member as an object; nil if it is none.
func (f Received) Object(member string) map[string]json.RawMessage { return object(f.Fields[member]) }

// Text is a member as a string; empty if it is none.
func (f Received) Text(member string) string { return text(f.Fields[member]) }

func (f Received) event() map[string]json.RawMessage { return f.Object("event") }

// EventText is the text of an event.
func (f Received) EventText() string { return text(f.event()["text"]) }

// Source is the source of an event.
func (f Received) Source() map[string]json.RawMessage { return object(f.event()["source"]) }

func object(raw json.RawMessage) (m map[string]json.RawMessage) {
	_ = json.Unmarshal(raw, &m)
	return m
}

func text(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s)
	return s
}

// Ending is how a socket ended.
type Ending struct {
	Code   int // of the close frame; 1006 without one
	Reason string
	Err    error // what ended it when there was no close frame
}

func (e *Ending) String() string {
	if e.Code == websocket.CloseAbnormalClosure {
		return fmt.Sprintf("the end of the socket without a close frame (%v)", e.Err)
	}
	return fmt.Sprintf("a close with %d %q", e.Code, e.Reason)
}

// dialTimeout bounds one upgrade; loopback takes milliseconds.
const dialTimeout = 10 * time.Second

// TryDial asks for an upgrade of a path with these values of the Authorization header.
// Without one, it returns the HTTP status that came instead.
func (p *P) TryDial(g ConnectorGateway, path string, authorization ...string) (s *Socket, status int) {
	dialer := p.bench.target.Dialer
	if dialer == nil {
		dialer = &websocket.Dialer{HandshakeTimeout: dialTimeout}
	}
	p.tape.Lock()
	p.sockets++
	name := fmt.Sprintf("#%d", p.sockets)
	p.noteLocked("> %s dial %s as %s", name, path, g.ID)
	p.tape.Unlock()
	p.stimulus()
	ctx, cancel := context.WithTimeout(p.bench.ctx, dialTimeout)
	defer cancel()
	ws, resp, err := dialer.DialContext(ctx, p.URL(path), http.Header{"Authorization": authorization})
	if err != nil {
		if resp == nil || !errors.Is(err, websocket.ErrBadHandshake) {
			p.Mismatch("an answer to an upgrade request of "+path, err.Error())
		}
		_ = resp.Body.Close()
		p.note("< %s HTTP %d", name, resp.StatusCode)
		return nil, resp.StatusCode
	}
	s = &Socket{p: p, Gateway: g, name: name, ws: ws, read: make(chan struct{}), check: wireCheck{p: p, socket: name}}
	go s.reader()
	p.Cleanup(func() {
		_ = ws.Close()
		<-s.read
	})
	return s, http.StatusSwitchingProtocols
}

// Dial opens a socket with this token and nothing else; the upgrade must be completed.
func (p *P) Dial(g ConnectorGateway, token string) *Socket {
	s, status := p.TryDial(g, protocol.RouteRelay, "Bearer "+token)
	if s == nil {
		p.Mismatch("a completed upgrade", fmt.Sprintf("HTTP status %d", status))
	}
	return s
}

// Connect opens a socket with a good token and completes the handshake.
func (p *P) Connect(g ConnectorGateway) *Socket {
	s := p.Dial(g, p.Token(g))
	s.Hello()
	s.Handshaken()
	return s
}

// Hello greets as the gateway is known to the connector.
func (s *Socket) Hello() {
	s.Send(fmt.Sprintf(`{"type":"hello","platform":%q,"botId":%q}`, s.Gateway.Platform, s.Gateway.BotID))
}

// Handshaken waits for the descriptor that answers a hello.
func (s *Socket) Handshaken() Received {
	f, ok := s.find(s.p.Timing.Answer, func(f Received) bool { return f.Is(protocol.TypeDescriptor) })
	if !ok {
		s.unlessUnfinished()
		s.p.tape.Lock()
		ending := s.ending
		s.p.tape.Unlock()
		if ending != nil && ending.Code == 4401 {
			s.p.lost(protocol.RuleAuthRotation, "a session for a token that is signed with the gateway's secret", ending.String())
		}
		s.p.lost(protocol.RuleHandshakeDescriptorAnswer, "a descriptor in answer to the hello", s.whatCame())
	}
	s.p.observation()
	return f
}

// Send sends a frame as one text message.
func (s *Socket) Send(line string) { s.Message(websocket.TextMessage, line+"\n") }

// Message sends one message with these very bytes.
func (s *Socket) Message(opcode int, payload string) {
	kind := "text"
	if opcode == websocket.BinaryMessage {
		kind = "binary"
	}
	s.p.note("> %s %s %q", s.name, kind, clip(payload))
	s.p.stimulus()
	_ = s.ws.SetWriteDeadline(time.Now().Add(s.p.Timing.Answer))
	if err := s.ws.WriteMessage(opcode, []byte(payload)); err != nil {
		s.p.Mismatch("a session that goes on", s.whatCame()+"; writing failed: "+err.Error())
	}
}

// Ack acknowledges an entry.
func (s *Socket) Ack(bufferID string) {
	s.Send(fmt.Sprintf(`{"type":"inbound_ack","bufferId":%s}`, quote(bufferID)))
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// Kill ends TCP without a close frame, as the death of a process does.
func (s *Socket) Kill() {
	s.p.note("> %s the TCP connection ends", s.name)
	if t, ok := s.ws.NetConn().(*net.TCPConn); ok {
		_ = t.CloseWrite()
	}
	_ = s.ws.Close()
	<-s.read
}

// Close ends the session with 1000 and waits for its end.
func (s *Socket) Close() {
	s.p.note("> %s close 1000", s.name)
	_ = s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(s.p.Timing.Answer))
	s.p.Wait(s.p.Timing.Answer, func() bool { return s.ending != nil })
	_ = s.ws.Close()
	<-s.read
}

// Await waits for a frame and ends the case with a failure when it does not come in time,
// or when the connector ends the socket before. Frames from before CatchUp do not count.
func (s *Socket) Await(what string, match func(Received) bool) Received {
	f, ok := s.find(s.p.Timing.Answer, match)
	if !ok {
		s.missing(what)
	}
	s.p.observation()
	return f
}

// missing ends the case for what did not come.
func (s *Socket) missing(what string) {
	s.unlessUnfinished()
	s.p.Mismatch(fmt.Sprintf("%s on socket %s within %s", what, s.name, s.p.Timing.Answer), s.whatCame())
}

// unlessUnfinished ends the case, where something was waited for in vain, when a whole frame
// has come and lacks nothing but its newline: framing/newline is broken, and the case's own
// rule is not to blame.
func (s *Socket) unlessUnfinished() {
	s.p.tape.Lock()
	rest := bytes.Clone(s.rest)
	s.p.tape.Unlock()
	if object(rest) != nil {
		s.p.lost(protocol.RuleFramingNewline, "a newline after the frame on socket "+s.name, "none: "+clip(string(rest)))
	}
}

// Delivered waits for an event.
func (s *Socket) Delivered(e *Published) Received {
	return s.Await(fmt.Sprintf("the event %q", e.token), e.In)
}

// Until takes frames as they come, each once, until the function says that it has had the
// last one. What was taken does not count for later expectations.
func (s *Socket) Until(what string, last func(Received) bool) {
	for done := false; !done; {
		f := s.Await(what, func(Received) bool { return true })
		s.p.tape.Lock()
		s.from++
		s.p.tape.Unlock()
		done = last(f)
	}
}

// CatchUp: later expectations look only at what arrives from here on.
func (s *Socket) CatchUp() {
	s.p.tape.Lock()
	defer s.p.tape.Unlock()
	s.from = len(s.frames)
}

func (s *Socket) find(within time.Duration, match func(Received) bool) (found Received, ok bool) {
	s.p.Wait(within, func() bool {
		for _, f := range s.frames[s.from:] {
			if match(f) {
				found, ok = f, true
				return true
			}
		}
		return s.ending != nil
	})
	return found, ok
}

// Frames are those since CatchUp that match, in their order.
func (s *Socket) Frames(match func(Received) bool) []Received {
	s.p.tape.Lock()
	defer s.p.tape.Unlock()
	var list []Received
	for _, f := range s.frames[s.from:] {
		if match(f) {
			list = append(list, f)
		}
	}
	return list
}

// LongestMessage is how many bytes the longest WebSocket message has that came.
func (s *Socket) LongestMessage() int {
	s.p.tape.Lock()
	defer s.p.tape.Unlock()
	return s.most
}

// Deliveries are the events and forwarded requests since CatchUp.
func (s *Socket) Deliveries() []Received { return s.Frames(IsDelivery) }

// IsDelivery matches events and forwarded requests.
func IsDelivery(f Received) bool {
	return f.Is(protocol.TypeInbound) || f.Is(protocol.TypePassthroughForward)
}

// Nothing holds a window open in which no frame may match, then asks for a sign of life,
// and looks once more.
func (s *Socket) Nothing(what string, match func(Received) bool) {
	f, found := s.find(s.p.Timing.Quiet, match)
	if !found {
		s.Alive()
		for _, late := range s.Frames(match) {
			f, found = late, true
		}
	}
	if found {
		s.p.Mismatch(fmt.Sprintf("no %s on socket %s", what, s.name), f.String())
	}
	s.p.observation()
}

// Alive shows that the connector still serves the session, and has acted on all that was
// sent on it before: a request is answered.
func (s *Socket) Alive() {
	id := s.Request(`{"op":"get_chat_info","chat_id":"C-alive"}`)
	if _, ok := s.find(s.p.Timing.Answer, IsResult(id)); !ok {
		s.unlessUnfinished()
		s.p.lost(protocol.RuleOutboundAnswered, "an answer to a get_chat_info, as a sign of life on socket "+s.name, s.whatCame())
	}
	s.p.observation()
}

// GoIdle announces that the gateway goes idle, and waits for the acknowledgement.
func (s *Socket) GoIdle() {
	s.Send(`{"type":"going_idle"}`)
	if _, ok := s.find(s.p.Timing.Answer, func(f Received) bool { return f.Is(protocol.TypeGoingIdleAck) }); !ok {
		s.unlessUnfinished()
		s.p.lost(protocol.RuleIdleAnswered, "a going_idle_ack on socket "+s.name, s.whatCame())
	}
	s.p.observation()
}

// Sleep makes an instance go idle in order: its session is acknowledged and closed.
func (p *P) Sleep(g ConnectorGateway) {
	s := p.Connect(g)
	s.GoIdle()
	s.Close()
}

// Ended waits until the connector has ended the socket.
func (s *Socket) Ended() Ending {
	if !s.p.Wait(s.p.Timing.Answer, func() bool { return s.ending != nil }) {
		s.p.Mismatch(fmt.Sprintf("the end of socket %s within %s", s.name, s.p.Timing.Answer), s.whatCame()+", and the socket is open")
	}
	s.p.observation()
	return *s.ending
}

// Refused waits for a close with this code, and the reason if one is given.
func (s *Socket) Refused(code int, reason string) {
	e := s.Ended()
	if e.Code != code || reason != "" && e.Reason != reason {
		want := fmt.Sprintf("a close with %d", code)
		if reason != "" {
			want += fmt.Sprintf(" %q", reason)
		}
		s.p.Mismatch(want, e.String())
	}
}

// whatCame says, for a message, what the connector sent since CatchUp.
func (s *Socket) whatCame() string {
	s.p.tape.Lock()
	defer s.p.tape.Unlock()
	var b []string
	for _, f := range s.frames[s.from:] {
		b = append(b, f.String())
	}
	n := len(b)
	if n > 3 {
		b = append([]string{fmt.Sprintf("%d frames, the last", n)}, b[n-3:]...)
	}
	if s.ending != nil {
		b = append(b, s.ending.String())
	}
	if len(b) == 0 {
		return "nothing from the connector"
	}
	return strings.Join(b, "; ")
}

// reader takes in what the connector sends until the socket ends.
func (s *Socket) reader() {
	defer close(s.read)
	for {
		opcode, payload, err := s.ws.ReadMessage()
		s.p.tape.Lock()
		if err != nil {
			e := &Ending{Code: websocket.CloseAbnormalClosure, Err: err}
			var frame *websocket.CloseError
			if errors.As(err, &frame) {
				e.Code, e.Reason = frame.Code, frame.Text
			}
			s.ending = e
			s.check.ended(s.rest, e)
			s.p.noteLocked("< %s %s", s.name, e)
			s.p.wake()
			s.p.tape.Unlock()
			return
		}
		kind := "text"
		if opcode == websocket.BinaryMessage {
			kind = "binary"
		}
		s.p.noteLocked("< %s %s %q", s.name, kind, clip(string(payload)))
		s.most = max(s.most, len(payload))
		s.check.message(len(payload))
		s.rest = append(s.rest, payload...)
		for {
			i := bytes.IndexByte(s.rest, '\n')
			if i < 0 {
				break
			}
			line := bytes.Clone(s.rest[:i])
			s.rest = s.rest[i+1:]
			f := Received{At: time.Since(s.p.began), Line: line, Fields: object(line)}
			f.Type, f.BufferID = f.Text("type"), f.Text("bufferId")
			s.check.received(f)
			if len(bytes.TrimSpace(line)) > 0 {
				s.frames = append(s.frames, f)
			}
		}
		s.p.wake()
		s.p.tape.Unlock()
	}
}

// First waits for the first frame, or for the end of the socket, and then it is zero.
func (s *Socket) First() Received {
	f, _ := s.find(s.p.Timing.Answer, func(Received) bool { return true })
	return f
}

// Delivery waits for the delivery number i since CatchUp, from 0.
func (s *Socket) Delivery(i int, what string) (found Received) {
	ok := false
	s.p.Wait(s.p.Timing.Answer, func() bool {
		n := 0
		for _, f := range s.frames[s.from:] {
			if !IsDelivery(f) {
				continue
			}
			if n == i {
				found, ok = f, true
				return true
			}
			n++
		}
		return s.ending != nil
	})
	if !ok {
		s.missing(what)
	}
	s.p.observation()
	return found
}
