package reference_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/internal/ratio"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// inboundGoal is the share of a bare client loop's speed that the gateway must reach.
const inboundGoal = 0.7

// The inbound benchmark takes turns between the bare loop and the gateway, and the
// median of the pairs counts: what else the machine does then falls on both.
const (
	inboundPairs  = 7
	inboundFrames = 20_000 // of one run, a fraction of a second
)

// benchChats is how many conversations are under way at once.
const benchChats = 50

// pump is a connector that sends n inbound frames as fast as the socket takes them:
// whole batches in one write, so that it is never what is measured.
func pump(b *testing.B, n int) string {
	var batch []byte
	for i := range benchChats {
		line, _ := json.Marshal(object{"type": "inbound", "event": object{
			"text": "a message of ordinary length, as people write them to each other", "message_type": "text",
			"source": object{"platform": "discord", "chat_id": fmt.Sprint("C", i), "chat_type": "channel", "chat_name": "general", "user_id": "U1",
				"user_name": "alice", "thread_id": nil, "chat_topic": nil, "guild_id": "G1", "scope_id": "G1"}}})
		line = append(line, '\n')
		batch = append(batch, 0x81, 126)
		batch = binary.BigEndian.AppendUint16(batch, uint16(len(line)))
		batch = append(batch, line...)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.ReadMessage() // the hello
		line, _ := json.Marshal(descriptor())
		conn.WriteMessage(websocket.TextMessage, append(line, '\n'))
		for range n / benchChats {
			if _, err := conn.NetConn().Write(batch); err != nil {
				return
			}
		}
		conn.ReadMessage() // until the client goes
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// BenchmarkInbound compares the gateway, with a handler that does nothing, with a bare
// gorilla/websocket client loop that reads a message and decodes it into a struct.
func BenchmarkInbound(b *testing.B) {
	for range b.N {
		quotient, bare, ours := ratio.Turns(inboundPairs,
			func() float64 { return runBare(b, inboundFrames) },
			func() float64 { return runGateway(b, inboundFrames) })
		b.ReportMetric(bare, "bare-frames/s")
		b.ReportMetric(ours, "gateway-frames/s")
		ratio.Add("reference-inbound", quotient, inboundGoal)
	}
}

func runBare(b *testing.B, n int) float64 {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+pump(b, n)[len("http"):]+"/relay", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, []byte("{\"type\":\"hello\"}\n"))
	conn.ReadMessage() // the descriptor
	began := time.Now()
	for range n {
		_, data, err := conn.ReadMessage()
		if err != nil {
			b.Fatal(err)
		}
		var frame struct {
			Type     string `json:"type"`
			BufferID string `json:"bufferId"`
			Event    struct {
				Text        string            `json:"text"`
				MessageType string            `json:"message_type"`
				MessageID   string            `json:"message_id"`
				Source      map[string]string `json:"source"`
			} `json:"event"`
		}
		if err := json.Unmarshal(data, &frame); err != nil || frame.Event.Text == "" {
			b.Fatal("expected an event")
		}
	}
	return float64(n) / time.Since(began).Seconds()
}

func runGateway(b *testing.B, n int) float64 {
	var handled atomic.Int64
	done := make(chan struct{})
	began := time.Now()
	c := reference.Config{URL: pump(b, n), Platform: "discord"}
	c.Observer.Status = func(s reference.Status) {
		if s.State == reference.StateConnected {
			began = time.Now()
		}
	}
	gw, err := reference.New(c, reference.HandlerFunc(func(context.Context, *reference.Turn) error {
		if handled.Add(1) == int64(n) {
			close(done)
		}
		return nil
	}))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	go gw.Run(ctx)
	<-done
	rate := float64(n) / time.Since(began).Seconds()
	stop()
	return rate
}

// concurrentSends is how many callers send at once.
const concurrentSends = 1000

// BenchmarkConcurrentSends has a thousand callers send on one socket to a connector
// that answers in another order, and counts lost and crossed results.
func BenchmarkConcurrentSends(b *testing.B) {
	url := shuffler(b)
	gw := start(b, reference.Config{URL: url, Platform: "discord"}, nil)
	if err := gw.WaitConnected(b.Context()); err != nil {
		b.Fatal(err)
	}
	var right, all atomic.Int64
	b.ResetTimer()
	for range b.N {
		var wg sync.WaitGroup
		for i := range concurrentSends {
			wg.Go(func() {
				text := fmt.Sprint("message ", i)
				r, err := gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: text})
				all.Add(1)
				if err == nil && r.MessageID == text {
					right.Add(1)
				}
			})
		}
		wg.Wait()
	}
	if right.Load() != all.Load() {
		b.Errorf("expected every result to reach its caller, got %d of %d", right.Load(), all.Load())
	}
	ratio.Add("reference-sends-answered", float64(right.Load())/float64(all.Load()), 1)
	b.ReportMetric(float64(all.Load())/b.Elapsed().Seconds(), "sends/s")
}

// TestThousandConcurrentSends is the same as a test.
func TestThousandConcurrentSends(t *testing.T) {
	gw := start(t, reference.Config{URL: shuffler(t), Platform: "discord"}, nil)
	if err := gw.WaitConnected(t.Context()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range concurrentSends {
		wg.Go(func() {
			text := fmt.Sprint("message ", i)
			if r, err := gw.Send(context.Background(), protocol.Send{ChatID: "C1", Content: text}); err != nil || r.MessageID != text {
				t.Errorf("expected the result of %q, got %+v, %v", text, r, err)
			}
		})
	}
	wg.Wait()
}

// shuffler is a connector that answers a send with its own content as the message id,
// a hundred at a time and the last one first.
func shuffler(tb testing.TB) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.ReadMessage()
		line, _ := json.Marshal(descriptor())
		conn.WriteMessage(websocket.TextMessage, append(line, '\n'))
		var answers []object
		for {
			var f struct {
				Type      string
				RequestID string `json:"requestId"`
				Action    struct{ Content string }
			}
			if conn.ReadJSON(&f) != nil {
				return
			}
			answers = append(answers, object{"type": "outbound_result", "requestId": f.RequestID, "result": object{"success": true, "message_id": f.Action.Content}})
			if len(answers) < 100 {
				continue
			}
			var batch []byte
			for _, a := range slices.Backward(answers) {
				line, _ := json.Marshal(a)
				batch = append(append(batch, line...), '\n')
			}
			conn.WriteMessage(websocket.TextMessage, batch)
			answers = nil
		}
	}))
	tb.Cleanup(server.Close)
	return server.URL
}
