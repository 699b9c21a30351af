package fakeconnector

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

// drainEvents is how many events a drain has that gateways are killed in.
const drainEvents = 1000

// ledger is what a gateway knows by itself: it is judged, not the fake's counters.
type ledger struct {
	published []string       // bufferIds, in order
	index     map[string]int // bufferId → place
	sessions  [][]step
}

// step is a delivery that a gateway read, or an ack that it wrote.
type step struct {
	id  string
	ack bool
}

// death is a way in which a gateway ends. What it wrote before has left for good in every
// one of them: a reset destroys what is still on its way, so the gateway makes sure first.
type death int

const (
	dieByReset death = iota
	dieByEndOfTCP
	dieByClose
	deaths
)

func (d death) end(t testing.TB, k *client, delivered func([]byte)) {
	t.Helper()
	switch d {
	case dieByReset:
		k.send(&protocol.Outbound{RequestID: "last", Action: &protocol.Typing{ChatID: "C1"}})
		for {
			l := k.line()
			if bytes.Contains(l, []byte(`"last"`)) {
				break
			}
			delivered(l)
		}
		k.reset()
	case dieByEndOfTCP:
		if tcp, ok := k.ws.NetConn().(*net.TCPConn); ok {
			// With deliveries unread, a plain close would make the kernel reset.
			must(t, tcp.CloseWrite())
			_, _ = io.Copy(io.Discard, tcp)
		}
		must(t, k.ws.Close())
	case dieByClose:
		must(t, k.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, ""), time.Now().Add(bound)))
		for {
			if _, _, err := k.read(); err != nil {
				break
			}
		}
		must(t, k.ws.Close())
	}
}

// live drains as a gateway that dies at the entry with place at: after acknowledging it,
// or before. Past the last entry it goes in peace.
func (l *ledger) live(t testing.TB, c *Connector, g Gateway, at int, acked bool, how death) {
	t.Helper()
	k := dial(t, c, g)
	k.raw(hello)
	if d := k.line(); !bytes.Contains(d, []byte(`"descriptor"`)) {
		t.Fatalf("expected the descriptor, got %s", d)
	}
	var log []step
	defer func() { l.sessions = append(l.sessions, log) }()
	delivered := func(line []byte) int {
		id := between(line, `"bufferId":"`, `"`)
		place, known := l.index[id]
		if !known || between(line, `"text":"`, `"`) != strconv.Itoa(place) {
			t.Fatalf("expected an entry that was published, got %s", line)
		}
		log = append(log, step{id: id})
		return place
	}
	for {
		place := delivered(k.line())
		if place < at || acked {
			id := l.published[place]
			log = append(log, step{id, true})
			k.raw(`{"type":"inbound_ack","bufferId":"` + id + `"}` + "\n")
		}
		if place == len(l.published)-1 && (place < at || acked) {
			how = dieByClose
		} else if place < at {
			continue
		}
		how.end(t, k, func(line []byte) { delivered(line) })
		return
	}
}

func (l *ledger) done() bool {
	last := l.sessions[len(l.sessions)-1]
	return len(last) > 0 && last[len(last)-1] == step{l.published[len(l.published)-1], true}
}

// between cuts out of a line; decoding a million of them would be the cost of the test.
func between(line []byte, from, to string) string {
	_, rest, _ := bytes.Cut(line, []byte(from))
	text, _, _ := bytes.Cut(rest, []byte(to))
	return string(text)
}

func fill(t testing.TB, c *Connector, g Gateway) *ledger {
	t.Helper()
	l := &ledger{index: map[string]int{}}
	for i := range drainEvents {
		d, err := c.Publish(g.Instance, protocol.Event{Text: strconv.Itoa(i), Source: protocol.Source{ChatID: "C1"}})
		must(t, err)
		l.index[d.BufferID] = i
		l.published = append(l.published, d.BufferID)
	}
	return l
}

type drainCounts struct{ Sessions, Deliveries, Repeats, Acks int }

// judge counts from the gateway's log alone.
func (l *ledger) judge(t testing.TB) (n drainCounts) {
	t.Helper()
	seen, acked := map[string]int{}, map[string]int{}
	var firsts []string
	for i, log := range l.sessions {
		last := -1
		for _, s := range log {
			place := l.index[s.id]
			if s.ack {
				acked[s.id]++
				n.Acks++
				continue
			}
			if acked[s.id] > 0 {
				t.Errorf("session %d: %s came after its ack", i, s.id)
			}
			if place <= last {
				t.Errorf("session %d: entry %d came after entry %d", i, place, last)
			}
			last = place
			if seen[s.id]++; seen[s.id] == 1 {
				firsts = append(firsts, s.id)
			} else {
				n.Repeats++
			}
			n.Deliveries++
		}
	}
	if !slices.Equal(firsts, l.published) {
		t.Errorf("expected all %d published entries in their order, %d came", len(l.published), len(firsts))
	}
	for _, id := range l.published {
		if acked[id] != 1 {
			t.Errorf("expected entry %d to be acknowledged once, it was %d times", l.index[id], acked[id])
		}
	}
	n.Sessions = len(l.sessions)
	return n
}

func (l *ledger) check(t testing.TB, c *Connector, g Gateway) drainCounts {
	t.Helper()
	n := l.judge(t)
	left, err := c.Buffered(g.Instance)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("expected nothing to be left in the buffer, got %d entries", len(left))
	}
	return n
}

// smallJournal keeps a million deliveries from filling the memory of the test.
var smallJournal = WithLimits(Limits{JournalEntries: 1000})

// A gateway dies at every index of one and the same drain, over TCP.
func TestKilledAtEveryIndexOfOneDrain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	c := started(t, smallJournal, WithDrain(Drain{MaxTries: -1}))
	g := c.AddGateway(Gateway{})
	l := fill(t, c, g)
	for i := range drainEvents {
		l.live(t, c, g, i, rnd.IntN(2) == 0, death(rnd.IntN(int(deaths))))
	}
	if !l.done() {
		l.live(t, c, g, drainEvents, true, dieByClose)
	}
	t.Logf("%d events: %+v", drainEvents, l.check(t, c, g))
	noViolations(t, c)
}

// For every index a drain of its own in which the gateway dies just there, once, in memory.
func TestKilledOnceAtEachIndex(t *testing.T) {
	indexes := rand.New(rand.NewPCG(3, 4)).Perm(drainEvents)
	switch {
	case testing.Short():
		indexes = indexes[:25]
	case raceDetector:
		indexes = indexes[:40] // the detector makes it ten times as slow
	}
	// A million deliveries leave little behind, so collect less often.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	var mu sync.Mutex
	var sum drainCounts
	t.Run("all", func(t *testing.T) {
		const workers = 4
		for w := range workers {
			t.Run(strconv.Itoa(w), func(t *testing.T) {
				t.Parallel()
				rnd := rand.New(rand.NewPCG(5, uint64(w)))
				c := started(t, smallJournal, WithListener(newMemListener()))
				for i := w; i < len(indexes) && !t.Failed(); i += workers {
					g := c.AddGateway(Gateway{})
					l := fill(t, c, g)
					l.live(t, c, g, indexes[i], rnd.IntN(2) == 0, dieByEndOfTCP)
					if !l.done() {
						l.live(t, c, g, drainEvents, true, dieByClose)
					}
					n := l.check(t, c, g)
					if t.Failed() {
						t.Fatalf("killed at index %d", indexes[i])
					}
					mu.Lock()
					sum.add(n)
					mu.Unlock()
				}
			})
		}
	})
	t.Logf("%d drains of %d events: %+v", len(indexes), drainEvents, sum)
}

func (n *drainCounts) add(m drainCounts) {
	n.Sessions, n.Deliveries, n.Repeats, n.Acks = n.Sessions+m.Sessions, n.Deliveries+m.Deliveries, n.Repeats+m.Repeats, n.Acks+m.Acks
}
