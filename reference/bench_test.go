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

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/reference"
)

// inboundGoal is the share of a bare client loop's speed that the gateway must reach.
const inboundGoal = 0.7

// rates are frames per second, by name of the benchmark; the last and longest run counts.
var rates sync.Map

// printRatios ends a run of the benchmarks.
func printRatios() {
	bare, ok := rates.Load("bare")
	ours, ok2 := rates.Load("reference")
	if ok && ok2 {
		fmt.Printf("ratio reference-inbound %.2f goal %.2f\n", ours.(float64)/bare.(float64), inboundGoal)
	}
	if sent, ok := rates.Load("sends"); ok {
		fmt.Printf("ratio reference-sends-answered %.2f goal %.2f\n", sent.(float64), 1.0)
	}
}

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
		for range (n + benchChats - 1) / benchChats {
			if _, err := conn.NetConn().Write(batch); err != nil {
				return
			}
		}
		conn.ReadMessage() // until the client goes
	}))
	b.Cleanup(server.Close)
	return server.URL
}

func report(b *testing.B, name string, n int, took time.Duration) {
	rate := float64(n) / took.Seconds()
	rates.Store(name, rate)
	b.ReportMetric(rate, "frames/s")
}

// BenchmarkInboundBare is a bare gorilla/websocket client loop that reads a message
// and decodes it into a struct.
func BenchmarkInboundBare(b *testing.B) {
	url := pump(b, b.N)
	conn, _, err := websocket.DefaultDialer.Dial("ws"+url[len("http"):]+"/relay", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	b.ResetTimer()
	conn.WriteMessage(websocket.TextMessage, []byte("{\"type\":\"hello\"}\n"))
	conn.ReadMessage() // the descriptor
	began := time.Now()
	for range b.N {
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
	report(b, "bare", b.N, time.Since(began))
}

// BenchmarkInboundReference is the gateway with a handler that does nothing.
func BenchmarkInboundReference(b *testing.B) {
	var handled atomic.Int64
	done := make(chan struct{})
	url := pump(b, b.N)
	began := time.Now()
	c := reference.Config{URL: url, Platform: "discord"}
	c.Observer.Status = func(s reference.Status) {
		if s.State == reference.StateConnected {
			began = time.Now()
		}
	}
	want := int64((b.N + benchChats - 1) / benchChats * benchChats)
	start(b, c, func(context.Context, *reference.Turn) error {
		if handled.Add(1) == want {
			close(done)
		}
		return nil
	})
	b.ResetTimer()
	<-done
	report(b, "reference", int(want), time.Since(began))
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
	rates.Store("sends", float64(right.Load())/float64(all.Load()))
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
