package fakeconnector

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/internal/ratio"
	"github.com/relaykit/relaykit/protocol"
)

// idleGoal is what an idle session may cost the connector's process, in KB of resident
// memory; a smaller number is better.
const idleGoal = 16

const idleSessions = 10_000

// The server and its clients are processes of their own: what is measured is the server's,
// and neither needs more than idleSessions files. Both are this test binary, told by the
// environment what to be.
const (
	idleRole  = "RELAYKIT_BENCH_ROLE" // connector, bare or clients
	idleCount = "RELAYKIT_BENCH_SESSIONS"
)

// idleReport is what a server says about itself. Memory is in bytes.
type idleReport struct {
	Sessions   int
	Before     int // resident, with every gateway stored and nobody connected
	After      int // resident, with everybody connected
	Goroutines int // more than before
}

// playIdleRole makes this process a server or its clients, if the environment says so.
func playIdleRole() {
	n, _ := strconv.Atoi(os.Getenv(idleCount))
	var err error
	switch os.Getenv(idleRole) {
	case "":
		return
	case "connector":
		err = idleConnector(n)
	case "bare":
		err = idleBare(n)
	case "clients":
		err = idleClients(n)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func idleConnector(n int) error {
	c := New(WithLimits(Limits{Sessions: n, Connections: n + 100}))
	if err := c.Start(); err != nil {
		return err
	}
	var credentials []string
	for range n {
		g := c.AddGateway(Gateway{BotID: "bot-1"})
		token, err := c.Token(g.ID, time.Hour)
		if err != nil {
			return err
		}
		credentials = append(credentials, token)
	}
	return reportIdle(protocol.DialURL(c.URL()), n, credentials)
}

func idleBare(n int) error {
	up := &websocket.Upgrader{}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		for {
			_, _, err := ws.ReadMessage()
			if err != nil {
				return
			}
			_ = ws.WriteMessage(websocket.TextMessage, []byte("{}\n"))
		}
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = server.Serve(l) }()
	return reportIdle("ws://"+l.Addr().String(), n, make([]string, n))
}

// reportIdle tells the clients where to dial, measures when they are all there, and goes
// when they go.
func reportIdle(url string, n int, credentials []string) error {
	out := json.NewEncoder(os.Stdout)
	r := idleReport{Sessions: n}
	before := runtime.NumGoroutine()
	r.Before = resident()
	if err := out.Encode(struct {
		URL         string
		Credentials []string
	}{url, credentials}); err != nil {
		return err
	}
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	r.After = resident()
	r.Goroutines = runtime.NumGoroutine() - before
	if err := out.Encode(r); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, in)
	return nil
}

// resident is the memory that the process has, without garbage and without what the
// runtime would give back a few minutes later anyway.
func resident() int {
	debug.FreeOSMemory()
	debug.FreeOSMemory() // once more, for what finalizers and pools let go
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, _ := strconv.Atoi(strings.Fields(rest)[0])
	return kb << 10
}

// idleClients dials as many times as it is told credentials, shakes hands, and then does
// nothing until its standard input ends.
func idleClients(n int) error {
	in := bufio.NewReader(os.Stdin)
	var where struct {
		URL         string
		Credentials []string
	}
	if err := json.NewDecoder(in).Decode(&where); err != nil {
		return err
	}
	work := make(chan string, n)
	for _, c := range where.Credentials {
		work <- c
	}
	close(work)
	var mu sync.Mutex
	var failed error
	var held []*websocket.Conn
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for credential := range work {
				h := http.Header{}
				if credential != "" {
					h.Set("Authorization", "Bearer "+credential)
				}
				ws, _, err := websocket.DefaultDialer.Dial(where.URL, h)
				if err == nil {
					err = ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","platform":"discord","botId":"bot-1"}`+"\n"))
				}
				if err == nil {
					_, _, err = ws.ReadMessage()
				}
				mu.Lock()
				if held = append(held, ws); err != nil {
					failed = err
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	fmt.Println("connected")
	_, _ = io.Copy(io.Discard, in)
	runtime.KeepAlive(held)
	return nil
}

// idle runs a server with n idle sessions and returns what it says about itself.
func idle(tb testing.TB, role string, n int) (r idleReport) {
	tb.Helper()
	server, clients := idleProcess(tb, role, n), idleProcess(tb, "clients", n)
	where, err := server.out.ReadBytes('\n')
	must(tb, err)
	_, err = clients.in.Write(where)
	must(tb, err)
	if line, err := clients.out.ReadString('\n'); line != "connected\n" {
		tb.Fatalf("expected %d clients to connect, got %q, %v", n, line, err)
	}
	_, err = io.WriteString(server.in, "\n")
	must(tb, err)
	must(tb, json.NewDecoder(server.out).Decode(&r))
	return r
}

type process struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func idleProcess(tb testing.TB, role string, n int) process {
	tb.Helper()
	exe, err := os.Executable()
	must(tb, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), idleRole+"="+role, idleCount+"="+strconv.Itoa(n))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(tb, err)
	out, err := cmd.StdoutPipe()
	must(tb, err)
	must(tb, cmd.Start())
	tb.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return process{in, bufio.NewReader(out)}
}

// perSession is in KB.
func (r idleReport) perSession() float64 {
	return float64(r.After-r.Before) / float64(r.Sessions) / 1024
}

// BenchmarkIdle counts the resident memory of the connector's process for each session that
// is silent, its entries in the journal included.
func BenchmarkIdle(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("reads /proc/self/status")
	}
	for range b.N {
		bare, ours := idle(b, "bare", idleSessions), idle(b, "connector", idleSessions)
		b.ReportMetric(bare.perSession(), "bare-KB/session")
		b.ReportMetric(ours.perSession(), "connector-KB/session")
		b.ReportMetric(float64(ours.Goroutines)/idleSessions, "goroutines/session")
		ratio.Add("fakeconnector-idle-kilobytes", ours.perSession(), idleGoal)
	}
}

// A silent session has one goroutine, its reader, and little memory.
func TestIdleSessionsAreCheap(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc/self/status")
	}
	const n, most = 300, 40 // KB: a process of this few sessions has its own costs among them
	r := idle(t, "connector", n)
	t.Logf("%.1f KB and %.2f goroutines for each of %d sessions", r.perSession(), float64(r.Goroutines)/n, n)
	if r.Goroutines > n+10 {
		t.Errorf("expected one goroutine for each of %d sessions, got %d", n, r.Goroutines)
	}
	if raceDetector {
		return // its shadow memory is not the connector's
	}
	if r.perSession() > most {
		t.Errorf("expected an idle session to take at most %d KB, got %.1f", most, r.perSession())
	}
}
