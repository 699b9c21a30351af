package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// AnewAfter gives the gateway another session when the case has ended: whatever it took
// from what the case sent goes with the old one, and nobody else meets it. The next case
// finds a gateway that has read its descriptor.
func (g *G) AnewAfter() {
	gw := g.Gateway()
	g.Cleanup(func() {
		ended := map[string]bool{}
		for _, open := range gw.Connector.Sessions() {
			// A case that failed may have left one that waits for its descriptor.
			s := gw.Connector.SessionByID(open.ID)
			if s != nil && s.Close(websocket.CloseServiceRestart, "restart") == nil {
				ended[open.ID] = true
			}
		}
		if len(ended) == 0 {
			return
		}
		poll(g.bench.ctx, g.Timing.Redial(1), func() bool {
			s := gw.Session()
			return s != nil && !ended[s.ID()] || gw.exited()
		})
		gw.Reads()
	})
}

// Greets brings the gateway to say hello, and gives faults to answer it with: a Fresh case
// starts its gateway for that, after Prepare or not; any other ends the session that there
// is, and the gateway gets yet another one when the case has ended.
func (g *G) Greets(faults ...fakeconnector.Fault) fakeconnector.Entry {
	if g.Case.Needs.Fresh && g.gw == nil {
		g.Prepare()
	}
	g.On(g.nextHello()).Times(1).Do(faults...)
	return g.untilHello()
}

// GreetsAnd is Greets with the answer in the case's own hands: it gets the session, on which
// it may send what it likes.
func (g *G) GreetsAnd() (*fakeconnector.Session, fakeconnector.Entry) {
	if g.Case.Needs.Fresh && g.gw == nil {
		g.Prepare()
	}
	answer := g.OnHello(g.nextHello())
	hello := g.untilHello()
	return answer(), hello
}

// nextHello matches the hello that untilHello brings about. The first session of a Fresh case
// is its gateway's first one.
func (g *G) nextHello() fakeconnector.Match {
	if g.Case.Needs.Fresh {
		return FirstHello()
	}
	return fakeconnector.Match{Type: protocol.TypeHello}
}

func (g *G) untilHello() fakeconnector.Entry {
	if g.Case.Needs.Fresh {
		g.Start(UntilHello())
		return g.Await(g.Timing.Answer, "a hello", IsHello)
	}
	g.AnewAfter()
	g.CloseSession(websocket.CloseServiceRestart, "restart")
	return g.Await(g.Timing.Redial(0), "a hello on a new session", IsHello)
}

// Mark is the journal position now.
func (g *G) Mark() fakeconnector.Entry {
	all := g.Connector().Journal().All()
	if len(all) == 0 {
		return fakeconnector.Entry{}
	}
	return all[len(all)-1]
}

// Marked is the position that expectations start from.
func (g *G) Marked() fakeconnector.Entry { return fakeconnector.Entry{Seq: g.mark} }

// CatchUpTo lets later expectations look only at what came after an entry.
func (g *G) CatchUpTo(e fakeconnector.Entry) { g.mark = e.Seq }

// AwaitAfter is Await for what comes after an entry.
func (g *G) AwaitAfter(after fakeconnector.Entry, within time.Duration, what string, match func(fakeconnector.Entry) bool) fakeconnector.Entry {
	e, ok := g.waitAfter(after.Seq, within, match)
	if !ok {
		g.unlessUnreadable()
		g.Mismatch(fmt.Sprintf("%s within %s", what, within), g.whatCame())
	}
	g.observation()
	return e
}

// Within holds a window open and reports the first entry after the mark that matches.
// A case that expects none shows a sign of life afterwards.
func (g *G) Within(window time.Duration, match func(fakeconnector.Entry) bool) (fakeconnector.Entry, bool) {
	ctx, cancel := context.WithTimeout(g.bench.ctx, window)
	defer cancel()
	e, err := g.Connector().Journal().Wait(ctx, g.mark, match)
	return e, err == nil
}

// FindAfter looks for an entry that is in the journal already.
func (g *G) FindAfter(after fakeconnector.Entry, match func(fakeconnector.Entry) bool) (fakeconnector.Entry, bool) {
	for _, e := range g.Connector().Journal().Since(after.Seq) {
		if match(e) {
			return e, true
		}
	}
	return fakeconnector.Entry{}, false
}

// Beyond matches what match does, from the (n+1)th time after the mark on.
func (g *G) Beyond(n int, match func(fakeconnector.Entry) bool) func(fakeconnector.Entry) bool {
	seen := map[int64]bool{}
	return func(e fakeconnector.Entry) bool {
		if e.Seq <= g.mark || !match(e) {
			return false
		}
		seen[e.Seq] = true
		return len(seen) > n
	}
}

// FirstDial is the dial that began the gateway's life.
func (g *G) FirstDial() fakeconnector.Entry {
	g.stimulus() // starting the gateway is what made it dial
	for _, e := range g.Connector().Journal().All() {
		if IsDial(e) {
			g.observation()
			return e
		}
	}
	g.Mismatch("a dial", "none")
	return fakeconnector.Entry{}
}

// LastDial is the dial that the live session came from.
func (g *G) LastDial() fakeconnector.Entry {
	g.Session()
	all := g.Connector().Journal().All()
	for i := len(all) - 1; i >= 0; i-- {
		if IsDial(all[i]) {
			return all[i]
		}
	}
	g.Mismatch("a dial", "none")
	return fakeconnector.Entry{}
}

// Dials waits until the gateway has dialed n times after the mark.
func (g *G) Dials(n int, within time.Duration) []fakeconnector.Entry {
	ctx, cancel := patiently(g.bench.ctx, within)
	defer cancel()
	dials, err := g.Connector().Journal().WaitN(ctx, g.mark, n, IsDial)
	if err != nil {
		g.Mismatch(fmt.Sprintf("%d dials within %s", n, within), g.whatCame())
	}
	g.observation()
	return dials
}

// Ready waits for a live session that began after the mark.
func (g *G) Ready() {
	gw := g.Gateway()
	began := func(id string) bool {
		_, ok := g.FindAfter(g.Marked(), func(e fakeconnector.Entry) bool {
			return e.Kind == fakeconnector.KindUpgraded && e.Session == id
		})
		return ok
	}
	ok := poll(g.bench.ctx, g.Timing.Redial(1)+g.Timing.Answer, func() bool {
		s := gw.Session()
		return s != nil && began(s.ID()) || gw.exited()
	})
	if !ok || gw.exited() || gw.Session() == nil {
		g.Mismatch("a new session with a complete handshake", g.whatCame())
	}
	if err := gw.takeDriver(); err != nil {
		g.Harness(err, "setting the handler")
	}
	g.observation()
}

// FirstMessage is the first message of the gateway's on a session.
func (g *G) FirstMessage(session string) fakeconnector.Entry {
	for _, e := range g.Connector().Journal().All() {
		if IsGatewayMessage(e) && e.Session == session {
			g.observation()
			return e
		}
	}
	return fakeconnector.Entry{}
}

// FirstLine is what the gateway sent on a session up to its first newline, over however
// many messages.
func (g *G) FirstLine(session string) []byte {
	var stream []byte
	for _, e := range g.Connector().Journal().All() {
		if !IsGatewayMessage(e) || e.Session != session {
			continue
		}
		stream = append(stream, e.Message.Payload...)
		if line, _, whole := bytes.Cut(stream, []byte("\n")); whole {
			g.observation()
			return line
		}
	}
	return stream
}

// Hellos are the members of every hello on a session, from their raw bytes.
func (g *G) Hellos(session string) []map[string]json.RawMessage {
	var out []map[string]json.RawMessage
	for _, e := range g.Connector().Journal().All() {
		if f := gatewayFrame(e, "hello"); f != nil && e.Session == session {
			out = append(out, f)
		}
	}
	g.observation()
	return out
}

// MoreComing waits for more bytes on a session than were seen, for a case that looked
// while a frame of another case was on its way.
func (g *G) MoreComing(session string, seen int) bool {
	return poll(g.bench.ctx, g.Timing.Quiet, func() bool {
		n := 0
		for _, e := range g.Connector().Journal().All() {
			if IsGatewayMessage(e) && e.Session == session {
				n += len(e.Message.Payload)
			}
		}
		return n > seen
	})
}

// UnexpectedAck matches an acknowledgement of a bufferId that this run never sent.
func (g *G) UnexpectedAck() func(fakeconnector.Entry) bool {
	return func(e fakeconnector.Entry) bool {
		f := gatewayFrame(e, "inbound_ack")
		if f == nil {
			return false
		}
		var id string
		return json.Unmarshal(f["bufferId"], &id) != nil || !strings.HasPrefix(id, "buf-")
	}
}

// ID is an id of this case's own.
func (g *G) ID(kind string) string { return g.ids.next(kind) }

// Digits is an id of this case's own that is made of digits alone.
func (g *G) Digits() string {
	h := fnv.New64a()
	h.Write([]byte(g.ids.next("digits")))
	return strconv.FormatUint(h.Sum64(), 10)
}

// Stimulus records that the case did something to the gateway by other means than the
// helpers of this package.
func (g *G) Stimulus() { g.stimulus() }

// StillThere is the sign of life of a gateway that has no session by right: its process
// runs, and where there is a driver it answers.
func (g *G) StillThere() {
	gw := g.Gateway()
	if gw.exited() {
		// A gateway may end when its relay is gone for good: that is a terminal state on
		// record, and it dials no more.
		g.observation()
		return
	}
	if gw.Driver != nil {
		ctx, cancel := context.WithTimeout(g.bench.ctx, g.Timing.Answer)
		defer cancel()
		var status json.RawMessage
		if err := gw.Driver.Call(ctx, "gateway/status", map[string]any{}, &status); err != nil {
			g.Mismatch("the driver to answer gateway/status", err.Error())
		}
	}
	g.observation()
}

// UntilSecondsAfter waits until n whole seconds of the wall clock have passed since an
// entry; what a gateway mints then cannot be what it minted before.
func (g *G) UntilSecondsAfter(e fakeconnector.Entry, n int) {
	t := time.NewTimer(time.Until(e.Wall.Add(time.Duration(n) * time.Second)))
	defer t.Stop()
	select {
	case <-t.C:
	case <-g.bench.ctx.Done():
	}
}

// Listen lets the connector of a case that was prepared with [Refusing] accept dials.
func (g *G) Listen() {
	if err := g.Gateway().Listen(); err != nil {
		g.Harness(err, "listening on the reserved port")
	}
	g.stimulus()
}

// UntilRefusedOnce waits long enough that a gateway which dials at its start has been
// refused. Nothing shows a refused dial to the connector, so this is a window: as long
// as the shared gateway took from its start to its dial, and the first rungs.
func (g *G) UntilRefusedOnce() {
	window := g.bench.startup()*2 + g.Timing.Rung(0) + g.Timing.Quiet
	t := time.NewTimer(window)
	defer t.Stop()
	select {
	case <-t.C:
	case <-g.Gateway().Subject.Exited():
		g.Mismatch("the gateway to go on when its first dial is refused", "its process ended: "+g.Gateway().Subject.Exit().String())
	case <-g.bench.ctx.Done():
	}
}

// Stop asks the gateway to end and waits for it.
func (g *G) Stop() Exit {
	ctx, cancel := context.WithTimeout(g.bench.ctx, max(g.Timing.Stop, g.Timing.Shutdown+g.Timing.Slack))
	defer cancel()
	exit, err := g.Gateway().Subject.Stop(ctx)
	if err != nil {
		g.Harness(err, "stopping the gateway")
	}
	g.stimulus()
	g.observation()
	return exit
}

// AtPointer is the value at a JSON pointer of decoded JSON.
func AtPointer(v any, pointer string) (any, bool) {
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[part]; !ok {
			return nil, false
		}
	}
	return v, true
}

// Members is a value as decoded JSON.
func Members(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		panic(stop{verdict: HarnessError, reason: "encoding a value of the suite's own: " + err.Error()})
	}
	var out any
	_ = json.Unmarshal(data, &out)
	return out
}

// Unanswered fails the case when, since an entry, the gateway has sent a frame that is
// neither an acknowledgement nor an action: an answer to what it should have ignored.
func (g *G) Unanswered(since fakeconnector.Entry) {
	for _, e := range g.Connector().Journal().Since(since.Seq) {
		if e.Kind != fakeconnector.KindFrame || e.Dir != "gateway" || IsAnyAck(e) || IsOutbound(e) || IsHello(e) {
			continue
		}
		g.Mismatch("no answer to a frame that is to be ignored", fmt.Sprintf("%.160q", e.Frame.Raw))
	}
	g.observation()
}

// NotesMark is the position of the driver's notifications at which the case began.
func (g *G) NotesMark() int { return g.notesMark }
