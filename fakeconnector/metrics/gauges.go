package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relaykit/relaykit/fakeconnector"
)

// State is what a namespace holds at the moment of a scrape.
type State struct {
	Namespace string
	Connector *fakeconnector.Connector
	Stubs     int
}

// gauges reads states when they are asked for.
type gauges struct {
	state                                                           func() []State
	sessions, instances, buffered, deepest, inFlight, parked, stubs *prometheus.Desc
	entries, forgotten                                              *prometheus.Desc
}

func newGauges(state func() []State) *gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("fakeconnector_"+name, help, append([]string{"namespace"}, labels...), nil)
	}
	return &gauges{state: state,
		sessions:  desc("sessions", "Open sessions, by state: live, or one that is before its handshake or closing.", "state"),
		instances: desc("instances", "Instances, by whether they are buffered-only.", "flipped"),
		buffered:  desc("buffered", "Deliveries that wait in buffers, those in flight included."),
		deepest:   desc("buffered_deepest", "Deliveries that wait in the deepest buffer."),
		inFlight:  desc("in_flight", "Deliveries that were sent and are not acknowledged."),
		parked:    desc("parked", "Deliveries that were set aside."),
		stubs:     desc("stubs", "Stubs in force."),
		entries:   desc("journal_entries", "Journal entries that there were, since the last reset."),
		forgotten: desc("journal_forgotten", "Journal entries that had to go because it was full."),
	}
}

// Describe implements [prometheus.Collector].
func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.sessions, g.instances, g.buffered, g.deepest, g.inFlight, g.parked, g.stubs, g.entries, g.forgotten} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	for _, s := range g.state() {
		gauge := func(d *prometheus.Desc, n int, labels ...string) {
			to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), append([]string{s.Namespace}, labels...)...)
		}
		live, other := 0, 0
		for _, x := range s.Connector.Sessions() {
			if x.Live && x.Handshake {
				live++
			} else {
				other++
			}
		}
		gauge(g.sessions, live, "live")
		gauge(g.sessions, other, "other")
		instances, err := s.Connector.Instances()
		if err != nil {
			to <- prometheus.NewInvalidMetric(g.instances, err)
			continue
		}
		flipped, buffered, deepest, inFlight, parked := 0, 0, 0, 0, 0
		for _, i := range instances {
			if i.Flipped {
				flipped++
			}
			buffered, deepest, inFlight, parked = buffered+i.Buffered, max(deepest, i.Buffered), inFlight+i.InFlight, parked+i.Parked
		}
		gauge(g.instances, flipped, "true")
		gauge(g.instances, len(instances)-flipped, "false")
		gauge(g.buffered, buffered)
		gauge(g.deepest, deepest)
		gauge(g.inFlight, inFlight)
		gauge(g.parked, parked)
		gauge(g.stubs, s.Stubs)
		gauge(g.entries, int(s.Connector.Journal().Mark()))
		gauge(g.forgotten, int(s.Connector.Journal().Forgotten()))
	}
}
