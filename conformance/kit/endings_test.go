package kit

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A gateway that dials its driver while its instance is closed is let go of: nobody would
// end a channel that is taken up then.
func TestADriverThatComesTooLate(t *testing.T) {
	s, err := newDriverServer(Abilities{}, new(sync.Map))
	if err != nil {
		t.Fatal(err)
	}
	s.close()
	late := httptest.NewServer(http.HandlerFunc(s.accept)) // its request was under way
	defer late.Close()
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(late.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, _, err := ws.ReadMessage(); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("expected the end of the channel, got %v", err)
	}
}

// A case that waits for a hello ends with the run.
func TestAnInterruptedWaitForAHello(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := NewBench(ctx, Bench{Launcher: started{}, Timing: ContractTiming()})
	in, _, err := b.prepare("waiting", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	g := &G{bench: b, gw: in, Timing: ContractTiming()}
	g.Timing.Ready = time.Hour
	answer := g.OnHello(FirstHello())
	cancel()
	ended := make(chan stop, 1)
	go func() { ended <- g.judge(func() { answer() }) }()
	select {
	case out := <-ended:
		if out.verdict != Fail || !strings.Contains(out.reason, "expected a hello") {
			t.Errorf("expected that no hello came, got %s: %s", out.verdict, out.reason)
		}
	case <-time.After(20 * time.Second):
		t.Error("expected the wait to end with the run, it goes on")
	}
}
