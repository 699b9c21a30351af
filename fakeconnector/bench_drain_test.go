package fakeconnector

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/internal/ratio"
)

// drainGoal is the time for each event of a drain ten times as long, at most: more than
// one, as the larger buffer fits into no cache.
const drainGoal = 1.3

const (
	drainShort = 10_000
	drainLong  = 100_000
	drainPairs = 3
)

// BenchmarkDrain compares the time for each event of a long drain with that of ten short ones.
func BenchmarkDrain(b *testing.B) {
	for _, order := range []struct {
		name  string
		block int // so many acks are written in reverse
	}{{"in-order", 1}, {"out-of-order", 8}} {
		b.Run(order.name, func(b *testing.B) {
			for range b.N {
				quotient, short, long := ratio.Turns(drainPairs, func() float64 {
					sum := time.Duration(0)
					for range drainLong / drainShort {
						sum += drain(b, drainShort, order.block)
					}
					return sum.Seconds() * 1e6 / drainLong
				}, func() float64 { return drain(b, drainLong, order.block).Seconds() * 1e6 / drainLong })
				b.ReportMetric(short, "short-µs/event")
				b.ReportMetric(long, "long-µs/event")
				ratio.Add("fakeconnector-drain-"+order.name+"-linearity", quotient, drainGoal)
			}
		})
	}
}

// drain buffers n events and measures how long a gateway takes to read and acknowledge
// them all, from its hello to the buffer's end.
func drain(b *testing.B, n, block int) time.Duration {
	c := started(b, WithDrain(Drain{Window: 64}))
	defer c.Close()
	g := c.AddGateway(Gateway{BotID: "bot-1"})
	for i := range n {
		if _, err := c.Publish(g.Instance, event("C1", benchText(i))); err != nil {
			b.Fatal(err)
		}
	}
	began := time.Now()
	ws := benchClient(b, c, g)
	ids := make([]string, 0, block)
	for seen := 0; seen < n; {
		_, line, err := ws.ReadMessage()
		must(b, err)
		id := between(line, `"bufferId":"`, `"`)
		if id == "" {
			b.Fatalf("expected a buffered event, got %s", line)
		}
		seen++
		if ids = append(ids, id); len(ids) < block && seen < n {
			continue
		}
		for len(ids) > 0 {
			last := len(ids) - 1
			must(b, ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"inbound_ack","bufferId":"`+ids[last]+`"}`+"\n")))
			ids = ids[:last]
		}
	}
	await(b, c, 0, isNote("live again"))
	took := time.Since(began)
	_ = ws.Close()
	if left, err := c.Buffered(g.Instance); err != nil || len(left) > 0 {
		b.Fatalf("expected the buffer to be empty, got %d entries, %v", len(left), err)
	}
	return took
}
