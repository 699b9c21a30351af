// Package metrics counts what a connector that runs as a process does, for Prometheus.
//
// Counters follow the journal entry by entry; gauges are read when they are asked for.
// Labels are bounded: a frame type or close code that the contract lacks is "other".
package metrics

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// Metrics are the metrics of a process. Make them with [New].
type Metrics struct {
	registry   *prometheus.Registry
	dials      *prometheus.CounterVec // result: upgraded, refused
	closed     *prometheus.CounterVec // by, code
	frames     *prometheus.CounterVec // type, direction
	bytes      *prometheus.CounterVec // direction
	acks       *prometheus.CounterVec
	violations *prometheus.CounterVec // rule
	faults     *prometheus.CounterVec
	requests   *prometheus.CounterVec   // status
	ack        *prometheus.HistogramVec // buffered frame sent → acknowledged
	result     *prometheus.HistogramVec // outbound arrived → answered

	mu      sync.Mutex
	pending map[string]*pending // by namespace
}

// pending are the beginnings of what is timed.
type pending struct {
	sent    map[string]time.Time            // instance and bufferId → sent
	arrived map[string]map[string]time.Time // session → requestId → arrived
}

// maxPending bounds each of them: what is never answered must not pile up.
const maxPending = 65_536

// seconds are the buckets of the latencies: a gateway on loopback answers within one
// millisecond, one that waits for a model within a minute.
var seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// New makes metrics that count nothing yet. State, which may be nil, adds the gauges.
func New(state func() []State) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), pending: map[string]*pending{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "fakeconnector", Name: name, Help: help}, append([]string{"namespace"}, labels...))
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "fakeconnector", Name: name, Help: help, Buckets: seconds}, []string{"namespace"})
		m.registry.MustRegister(h)
		return h
	}
	m.dials = counter("dials_total", "Upgrades that were asked for, by what became of them.", "result")
	m.closed = counter("sessions_closed_total", "Sessions that ended, by who ended them and the close code.", "by", "code")
	m.frames = counter("frames_total", "Lines of the stream, by frame type and by who sent them.", "type", "direction")
	m.bytes = counter("message_bytes_total", "Bytes of WebSocket messages, by who sent them.", "direction")
	m.acks = counter("acks_total", "Acknowledgements of buffered deliveries.")
	m.violations = counter("violations_total", "Breaches of the contract by gateways, by rule.", "rule")
	m.faults = counter("faults_total", "Times that a stub has acted.")
	m.requests = counter("http_requests_total", "HTTP requests that asked for no upgrade, by status.", "status")
	m.ack = histogram("ack_seconds", "From a buffered delivery on the wire to its acknowledgement.")
	m.result = histogram("result_seconds", "From an outbound frame to its result.")
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if state != nil {
		m.registry.MustRegister(newGauges(state))
	}
	return m
}

// Handler answers a scrape.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
}

// Forget ends the series of a namespace that is gone.
func (m *Metrics) Forget(namespace string) {
	label := prometheus.Labels{"namespace": namespace}
	for _, c := range []*prometheus.CounterVec{m.dials, m.closed, m.frames, m.bytes, m.acks, m.violations, m.faults, m.requests} {
		c.DeletePartialMatch(label)
	}
	m.ack.DeletePartialMatch(label)
	m.result.DeletePartialMatch(label)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.pending, namespace)
}

// Observer counts the journal of a namespace: see [fakeconnector.WithObserver].
func (m *Metrics) Observer(namespace string) func(fakeconnector.Entry) {
	return func(e fakeconnector.Entry) {
		switch e.Kind {
		case fakeconnector.KindUpgraded, fakeconnector.KindRefused:
			m.dials.WithLabelValues(namespace, string(e.Kind)).Inc()
		case fakeconnector.KindClosed:
			m.closed.WithLabelValues(namespace, string(e.Close.By), closeCode(e.Close.Code)).Inc()
			m.endSession(namespace, e.Session)
		case fakeconnector.KindMessage:
			m.bytes.WithLabelValues(namespace, string(e.Dir)).Add(float64(len(e.Message.Payload)))
		case fakeconnector.KindFrame:
			m.frames.WithLabelValues(namespace, frameType(e.Frame.Frame), string(e.Dir)).Inc()
			m.time(namespace, e)
		case fakeconnector.KindViolation:
			m.violations.WithLabelValues(namespace, string(e.Violation.Rule)).Inc()
		case fakeconnector.KindFault:
			m.faults.WithLabelValues(namespace).Inc()
		case fakeconnector.KindHTTP:
			if e.Answer != nil {
				m.requests.WithLabelValues(namespace, strconv.Itoa(e.Answer.Status)).Inc()
			}
		}
	}
}

func frameType(f protocol.Frame) string {
	if f == nil {
		return "none"
	}
	if _, known := f.FrameType().From(); known {
		return string(f.FrameType())
	}
	return "other"
}

// closeCode bounds the label: a peer may send any of four thousand.
func closeCode(code int) string {
	switch code {
	case 1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013, fakeconnector.CloseUnauthorized, fakeconnector.CloseSuperseded:
		return strconv.Itoa(code)
	}
	return "other"
}

// time begins and ends latencies.
func (m *Metrics) time(namespace string, e fakeconnector.Entry) {
	switch f := e.Frame.Frame.(type) {
	case *protocol.Inbound:
		m.sent(namespace, e, f.BufferID.Or(""))
	case *protocol.PassthroughForward:
		m.sent(namespace, e, f.BufferID.Or(""))
	case *protocol.InboundAck:
		m.acks.WithLabelValues(namespace).Inc()
		m.mu.Lock()
		defer m.mu.Unlock()
		p, key := m.of(namespace), e.Instance+"\x00"+f.BufferID
		if began, ok := p.sent[key]; ok {
			delete(p.sent, key)
			m.ack.WithLabelValues(namespace).Observe(e.Wall.Sub(began).Seconds())
		}
	case *protocol.Outbound:
		m.mu.Lock()
		defer m.mu.Unlock()
		p := m.of(namespace)
		if p.arrived[e.Session] == nil {
			p.arrived[e.Session] = map[string]time.Time{}
		}
		if len(p.arrived[e.Session]) < maxPending {
			p.arrived[e.Session][f.RequestID] = e.Wall
		}
	case *protocol.OutboundResult:
		m.mu.Lock()
		defer m.mu.Unlock()
		waiting := m.of(namespace).arrived[e.Session]
		if began, ok := waiting[f.RequestID]; ok {
			delete(waiting, f.RequestID)
			m.result.WithLabelValues(namespace).Observe(e.Wall.Sub(began).Seconds())
		}
	}
}

// sent begins the latency of an acknowledgement; a repeat begins it anew.
func (m *Metrics) sent(namespace string, e fakeconnector.Entry, bufferID string) {
	if bufferID == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.of(namespace)
	if len(p.sent) < maxPending {
		p.sent[e.Instance+"\x00"+bufferID] = e.Wall
	}
}

func (m *Metrics) endSession(namespace, session string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.of(namespace).arrived, session)
}

// of needs m.mu.
func (m *Metrics) of(namespace string) *pending {
	p := m.pending[namespace]
	if p == nil {
		p = &pending{sent: map[string]time.Time{}, arrived: map[string]map[string]time.Time{}}
		m.pending[namespace] = p
	}
	return p
}
