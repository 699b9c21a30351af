package cases

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/protocol"
)

func connectorWake() []kit.Case {
	wakes := kit.ProbeNeeds{Offers: kit.Offers{Publish: true, Wake: true}}
	list := []kit.Case{
		probe(id(protocol.RuleWakeRequest), "asks a sleeping instance to come back by one GET", wakes, func(p *kit.P) {
			w := sleeping(p, http.StatusOK)
			p.Publish(p.Me(), p.Event("wake up"))
			if r := w.awaits(); r.method != http.MethodGet || r.target != wakePath {
				p.Mismatch("GET "+wakePath, r.method+" "+r.target)
			}
		}),
		probe(id(protocol.RuleWakeRequest, "not-live"), "wakes nobody who is awake", wakes, func(p *kit.P) {
			w := wakeListener(p, http.StatusOK)
			s, e := p.Connect(p.Me()), p.Event("live")
			p.Publish(p.Me(), e)
			s.Delivered(e)
			s.Nothing("frame", func(kit.Received) bool { return w.count() > 0 })
			w.stays(0)
		}),
		probe(id(protocol.RuleWakeBare), "sends no body and no credentials with it", wakes, bareWake),
		probe(id(protocol.RuleWakeCooldown), "wakes once for many events", wakes, func(p *kit.P) {
			w := sleeping(p, http.StatusOK)
			p.Publish(p.Me(), p.Events(10)...)
			w.awaits()
			w.stays(1)
		}),
		probe(id(protocol.RuleWakeFailure), "keeps the buffer and the flip when the wake fails", wakes, func(p *kit.P) { failedWake(p, http.StatusInternalServerError) }),
		probe(id(protocol.RuleWakeFailure, "dropped"), "does so when it gets no answer at all", wakes, func(p *kit.P) { failedWake(p, 0) }),
	}
	for i := range list {
		list[i].After = rules(protocol.RuleIdleAnswered)
	}
	return list
}

const wakePath = "/wake/up?instance=7&again"

// wakeURL is where the instance is woken: an HTTP server of the case's own.
type wakeURL struct {
	p  *kit.P
	mu sync.Mutex
	in []wakeRequest
}

type wakeRequest struct {
	method, target string
	header         http.Header
	body           []byte
}

// sleeping registers a wake URL for an instance and makes it go idle.
func sleeping(p *kit.P, status int) *wakeURL {
	w := wakeListener(p, status)
	p.Sleep(p.Me())
	return w
}

// wakeListener answers with a status, or drops the connection for 0.
func wakeListener(p *kit.P, status int) *wakeURL {
	w := &wakeURL{p: p}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		w.mu.Lock()
		w.in = append(w.in, wakeRequest{r.Method, r.RequestURI, r.Header.Clone(), body})
		w.mu.Unlock()
		p.Changed()
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		rw.WriteHeader(status)
	}))
	p.Cleanup(server.Close)
	p.WakeAt(server.URL + wakePath)
	return w
}

func (w *wakeURL) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.in)
}

func (w *wakeURL) awaits() wakeRequest {
	if !w.p.Wait(w.p.Timing.Answer, func() bool { return w.count() > 0 }) {
		w.p.Mismatch("a wake request", "none")
	}
	w.p.Observed()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.in[0]
}

// stays holds a window open after which there must have been just n requests, and shows
// that the connector is alive by a handshake.
func (w *wakeURL) stays(n int) {
	w.p.Wait(w.p.Timing.Quiet, func() bool { return w.count() > n })
	w.p.Connect(w.p.Me())
	if got := w.count(); got != n {
		w.p.Mismatch(fmt.Sprintf("%d wake requests", n), fmt.Sprintf("%d", got))
	}
	w.p.Observed()
}

func bareWake(p *kit.P) {
	w := sleeping(p, http.StatusOK)
	p.Publish(p.Me(), p.Event("wake up"))
	r := w.awaits()
	if len(r.body) > 0 {
		p.Mismatch("no body", fmt.Sprintf("%q", r.body))
	}
	for name, values := range r.header {
		switch all := strings.Join(values, ", "); {
		case name == "Authorization", name == "Cookie", name == "Proxy-Authorization":
			p.Mismatch("no credentials", "the header "+name)
		case strings.Contains(all, p.Me().Secret):
			p.Mismatch("no credentials", "the gateway's secret in the header "+name)
		}
	}
}

func failedWake(p *kit.P, status int) {
	w := sleeping(p, status)
	events := p.Events(3)
	p.Publish(p.Me(), events...)
	w.awaits()
	drained(p, p.Connect(p.Me()), events)
}
