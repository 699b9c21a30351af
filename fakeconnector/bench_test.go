package fakeconnector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/internal/ratio"
	"github.com/relaykit/relaykit/protocol"
)

// What the connector must reach beside a bare gorilla/websocket server that does the same,
// encodes and decodes with encoding/json, and keeps no record of anything.
const (
	speedGoal   = 0.8 // of its frames per second, at least
	latencyGoal = 1.3 // of its round trip, at most
)

// benchPairs are the turns that the bare server and the connector take.
const benchPairs = 7

const (
	pushFrames    = 20_000 // of one run, a fraction of a second
	fanOutClients = 1000
	fanOutRounds  = 20
	roundTrips    = 3000
)

// bareEvent is an inbound frame as somebody writes it who wants no more of it than to send it.
type bareEvent struct {
	Type  string `json:"type"`
	Event struct {
		Text        string     `json:"text"`
		MessageType string     `json:"message_type"`
		Source      bareSource `json:"source"`
	} `json:"event"`
}

type bareSource struct {
	Platform  string  `json:"platform"`
	ChatID    string  `json:"chat_id"`
	ChatType  string  `json:"chat_type"`
	ChatName  string  `json:"chat_name"`
	UserID    string  `json:"user_id"`
	UserName  string  `json:"user_name"`
	ThreadID  *string `json:"thread_id"`
	ChatTopic *string `json:"chat_topic"`
	GuildID   string  `json:"guild_id"`
	ScopeID   string  `json:"scope_id"`
}

// benchText is the text of the nth event.
func benchText(n int) string {
	return "a message of ordinary length, as people write them to each other, " + strconv.Itoa(n)
}

func bareFrame(n int) []byte {
	f := bareEvent{Type: "inbound"}
	f.Event.Text, f.Event.MessageType = benchText(n), "text"
	f.Event.Source = bareSource{Platform: "discord", ChatID: "C1", ChatType: "channel", ChatName: "general",
		UserID: "U1", UserName: "alice", GuildID: "G1", ScopeID: "G1"}
	line, _ := json.Marshal(f)
	return append(line, '\n')
}

// bareServer serves each session with serve, after the handshake.
func bareServer(tb testing.TB, serve func(*websocket.Conn)) (dialURL string) {
	up := &websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		if _, _, err := ws.ReadMessage(); err != nil { // the hello
			return
		}
		if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"descriptor","descriptor":{}}`+"\n")); err != nil {
			return
		}
		serve(ws)
	}))
	tb.Cleanup(server.Close)
	return protocol.DialURL(server.URL)
}

// bareClient dials and shakes hands.
func bareClient(tb testing.TB, dialURL string, h http.Header) *websocket.Conn {
	ws, _, err := websocket.DefaultDialer.Dial(dialURL, h)
	must(tb, err)
	tb.Cleanup(func() { _ = ws.Close() })
	must(tb, ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","platform":"discord","botId":"bot-1"}`+"\n")))
	_, _, err = ws.ReadMessage() // the descriptor
	must(tb, err)
	return ws
}

func benchClient(tb testing.TB, c *Connector, g Gateway) *websocket.Conn {
	token, err := c.Token(g.ID, time.Hour)
	must(tb, err)
	return bareClient(tb, protocol.DialURL(c.URL()), http.Header{"Authorization": {"Bearer " + token}})
}

// count reads frames off the socket, as cheaply as can be: the client is not what is measured.
func count(tb testing.TB, nc net.Conn, n, bufferBytes int) {
	buffer := make([]byte, bufferBytes)
	_ = nc.SetReadDeadline(time.Now().Add(time.Minute))
	for n > 0 {
		m, err := nc.Read(buffer)
		if err != nil {
			tb.Errorf("expected %d frames more, got %v", n, err)
			return
		}
		n -= bytes.Count(buffer[:m], []byte("\n"))
	}
}

// BenchmarkPush publishes events to one session, each with a text of its own.
func BenchmarkPush(b *testing.B) {
	for range b.N {
		c := started(b)
		g := c.AddGateway(Gateway{BotID: "bot-1"})
		ours := benchClient(b, c, g)
		start := make(chan struct{})
		bare := bareClient(b, bareServer(b, func(ws *websocket.Conn) {
			for range start {
				for n := range pushFrames {
					if ws.WriteMessage(websocket.TextMessage, bareFrame(n)) != nil {
						return
					}
				}
			}
		}), nil)
		push := func() float64 {
			return rate(pushFrames, func() {
				go publishAll(b, c, []string{g.Instance}, pushFrames)
				count(b, ours.NetConn(), pushFrames, 256<<10)
			})
		}
		for range 6 { // until the journal is full and forgets
			push()
		}
		quotient, bareRate, ourRate := ratio.Turns(benchPairs, func() float64 {
			return rate(pushFrames, func() {
				start <- struct{}{}
				count(b, bare.NetConn(), pushFrames, 256<<10)
			})
		}, push)
		close(start)
		b.ReportMetric(bareRate, "bare-frames/s")
		b.ReportMetric(ourRate, "connector-frames/s")
		ratio.Add("fakeconnector-push-speed", quotient, speedGoal)
	}
}

func rate(frames int, run func()) float64 {
	began := time.Now()
	run()
	return float64(frames) / time.Since(began).Seconds()
}

// publishAll publishes events to each of the instances in turn.
func publishAll(tb testing.TB, c *Connector, instances []string, rounds int) {
	for n := range rounds {
		for _, i := range instances {
			if d, err := c.Publish(i, event("C1", benchText(n))); err != nil || d.Session == "" {
				tb.Errorf("expected a live delivery, got %+v, %v", d, err)
				return
			}
		}
	}
}

// BenchmarkFanOut publishes events to each of a thousand sessions in turn.
func BenchmarkFanOut(b *testing.B) {
	for range b.N {
		var mu sync.Mutex
		var servers []*websocket.Conn
		stop := make(chan struct{})
		url := bareServer(b, func(ws *websocket.Conn) {
			mu.Lock()
			servers = append(servers, ws)
			mu.Unlock()
			<-stop
		})
		c := started(b, WithLimits(Limits{Sessions: 2 * fanOutClients}))
		var bares, ours []*websocket.Conn
		var instances []string
		for i := range fanOutClients {
			g := c.AddGateway(Gateway{BotID: "bot-1", ID: fmt.Sprint("gw-", i)})
			instances = append(instances, g.Instance)
			ours = append(ours, benchClient(b, c, g))
			bares = append(bares, bareClient(b, url, nil))
		}
		const frames = fanOutClients * fanOutRounds
		quotient, bareRate, ourRate := ratio.Turns(benchPairs, func() float64 {
			return rate(frames, func() {
				go func() {
					for n := range fanOutRounds {
						for _, ws := range servers {
							_ = ws.WriteMessage(websocket.TextMessage, bareFrame(n))
						}
					}
				}()
				countAll(b, bares)
			})
		}, func() float64 {
			return rate(frames, func() {
				go publishAll(b, c, instances, fanOutRounds)
				countAll(b, ours)
			})
		})
		close(stop)
		b.ReportMetric(bareRate, "bare-frames/s")
		b.ReportMetric(ourRate, "connector-frames/s")
		ratio.Add("fakeconnector-fan-out-speed", quotient, speedGoal)
	}
}

func countAll(tb testing.TB, clients []*websocket.Conn) {
	var wg sync.WaitGroup
	for _, ws := range clients {
		wg.Go(func() { count(tb, ws.NetConn(), fanOutRounds, 4<<10) })
	}
	wg.Wait()
}

// BenchmarkOutbound measures the round trip of an outbound frame and its result.
func BenchmarkOutbound(b *testing.B) {
	for range b.N {
		c := started(b)
		ours := benchClient(b, c, c.AddGateway(Gateway{BotID: "bot-1"}))
		bare := bareClient(b, bareServer(b, func(ws *websocket.Conn) {
			for n := 0; ; n++ {
				_, line, err := ws.ReadMessage()
				if err != nil {
					return
				}
				var f struct {
					Type      string `json:"type"`
					RequestID string `json:"requestId"`
					Action    struct {
						Op       string            `json:"op"`
						ChatID   string            `json:"chat_id"`
						Content  string            `json:"content"`
						Metadata map[string]string `json:"metadata"`
					} `json:"action"`
				}
				if err := json.Unmarshal(line, &f); err != nil || f.Action.Op != "send" {
					return
				}
				type result struct {
					Success   bool   `json:"success"`
					MessageID string `json:"message_id"`
				}
				line, _ = json.Marshal(struct {
					Type      string `json:"type"`
					RequestID string `json:"requestId"`
					Result    result `json:"result"`
				}{"outbound_result", f.RequestID, result{true, fmt.Sprint("m", n)}})
				if ws.WriteMessage(websocket.TextMessage, append(line, '\n')) != nil {
					return
				}
			}
		}), nil)
		number := 0
		quotient, bareTime, ourTime := ratio.Turns(benchPairs,
			func() float64 { return roundTrip(b, bare, &number) },
			func() float64 { return roundTrip(b, ours, &number) })
		b.ReportMetric(bareTime, "bare-µs")
		b.ReportMetric(ourTime, "connector-µs")
		ratio.Add("fakeconnector-outbound-latency", quotient, latencyGoal)
	}
}

// roundTrip is the median of many, in microseconds.
func roundTrip(b *testing.B, ws *websocket.Conn, number *int) float64 {
	times := make([]float64, 0, roundTrips)
	for range roundTrips {
		*number++
		id := `"requestId":"r` + strconv.Itoa(*number) + `"`
		began := time.Now()
		must(b, ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"outbound",`+id+`,"action":{"op":"send","chat_id":"C1","content":"an answer of ordinary length, as a model writes it","metadata":{"guild_id":"G1","scope_id":"G1"}}}`+"\n")))
		_, line, err := ws.ReadMessage()
		must(b, err)
		times = append(times, float64(time.Since(began).Nanoseconds())/1000)
		if !bytes.Contains(line, []byte(id)) || !bytes.Contains(line, []byte(`"success":true`)) {
			b.Fatalf("expected the result of %s, got %s", id, line)
		}
	}
	return ratio.Median(times)
}
