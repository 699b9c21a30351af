package serve

import (
	"context"
	"net/http"
	"time"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// poll is how often a shutdown looks whether something is still in flight.
const poll = 20 * time.Millisecond

// closing is how long the control listener has for its last answers.
const closing = 2 * time.Second

// shutdown ends everything, within the configured bound and a little.
func (p *process) shutdown() {
	p.ready.Store(false)
	p.front.Refuse()
	flying := p.inFlight()
	p.log.Info("shutting down", "in_flight", flying)
	over := time.NewTimer(p.config.ShutdownTimeout)
	defer over.Stop()
	look := time.NewTicker(poll)
	defer look.Stop()
	for late := false; flying > 0 && !late; flying = p.inFlight() {
		select {
		case <-look.C:
		case <-over.C:
			late = true
		}
	}
	if waiting := p.waiting(); waiting > 0 {
		p.log.Warn("what waits in memory ends with the process", "buffered", waiting)
	}
	close(p.done)
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	if p.control.Shutdown(ctx) != nil {
		_ = p.control.Close()
	}
	if err := p.spaces.Close(); err != nil {
		p.log.Error("closing the namespaces", "error", err)
	}
	if p.store != nil {
		if err := p.store.Close(); err != nil {
			p.log.Error("closing the store", "error", err)
		}
	}
	if err := p.front.Close(); err != nil {
		p.log.Error("closing the listener for gateways", "error", err)
	}
	p.log.Info("stopped")
}

// inFlight counts what was sent and not acknowledged, and what waits to be sent on a
// session that is open.
func (p *process) inFlight() (n int) {
	for _, space := range p.spaces.List() {
		for _, s := range space.Connector.Sessions() {
			if !s.Closing && !s.Stalled {
				n += s.Queued
			}
		}
		instances, _ := space.Connector.Instances()
		for _, i := range instances {
			n += i.InFlight
		}
	}
	return n
}

// waiting counts what is buffered in memory.
func (p *process) waiting() (n int) {
	for _, space := range p.spaces.List() {
		if p.store != nil && space.Name == api.DefaultNamespace {
			continue
		}
		instances, _ := space.Connector.Instances()
		for _, i := range instances {
			n += i.Buffered
		}
	}
	return n
}

func (p *process) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

func (p *process) readiness(w http.ResponseWriter, r *http.Request) {
	if !p.ready.Load() {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("not ready: starting or shutting down\n"))
		return
	}
	p.health(w, r)
}
