package main

import (
	"fmt"
	"io"
	"slices"
)

// Verdict is what the two logs say about the run. Nothing else is asked.
type Verdict struct {
	Published, Buffered, Deliveries, Acks, Requests, Results, Sessions, Faults int

	Defects []string // what must not be; the first of each kind, and how many
	counts  map[string]int
}

func (v *Verdict) defect(kind, format string, args ...any) {
	if v.counts == nil {
		v.counts = map[string]int{}
	}
	v.counts[kind]++
	if v.counts[kind] == 1 {
		v.Defects = append(v.Defects, kind+": "+fmt.Sprintf(format, args...))
	}
}

// kinds is how many defects of each kind there are.
func (v *Verdict) kinds() map[string]int { return v.counts }

// entry is a buffered event.
type entry struct {
	gateway, event         string
	sent, acked            int // by the connector's log
	received, acks, proven int // by the gateway's log; proven acks cannot have been lost on the way
}

// request is an outbound frame.
type request struct {
	gateway string
	asks    int
	answers []string // the message ids that came
}

// session is a gateway's own view of one.
type session struct {
	unproven map[string][]string // request → buffer ids that were acked before it was written
	acks     []string            // since the last request
}

type judge struct {
	Verdict
	owner    map[string]string // event → the gateway that it was published for
	entries  map[string]*entry
	requests map[string]*request
	got      map[string]int // event → how often its gateway received it
	wasSent  map[string]int // event → how often the connector sent it
	sessions map[string]*session
	pending  map[string][]string // connector's session → events sent on it since the last result that arrived
	seq      int64
}

// judgeLogs reads both logs, the gateways' first.
func judgeLogs(connector, gateways io.Reader) (*Verdict, error) {
	j := &judge{owner: map[string]string{}, entries: map[string]*entry{}, requests: map[string]*request{}, got: map[string]int{},
		wasSent: map[string]int{}, sessions: map[string]*session{}, pending: map[string][]string{}}
	if err := readLog(gateways, j.gateway); err != nil {
		return nil, err
	}
	if err := readLog(connector, j.connector); err != nil {
		return nil, err
	}
	j.end()
	return &j.Verdict, nil
}

func (j *judge) entry(id string) *entry {
	if j.entries[id] == nil {
		j.entries[id] = &entry{}
	}
	return j.entries[id]
}

func (j *judge) request(id string) *request {
	if j.requests[id] == nil {
		j.requests[id] = &request{}
	}
	return j.requests[id]
}

// gateway takes a record of the gateways' log.
func (j *judge) gateway(r record) {
	key := r.Gateway + "/" + r.Session
	s := j.sessions[key]
	if s == nil {
		s = &session{unproven: map[string][]string{}}
		j.sessions[key] = s
		j.Sessions++
	}
	switch r.What {
	case received:
		j.got[r.Gateway+" "+r.Event]++
		if r.Buffer != "" {
			j.entry(r.Buffer).received++
		}
	case ack:
		j.Acks++
		j.entry(r.Buffer).acks++
		s.acks = append(s.acks, r.Buffer)
	case ask:
		q := j.request(r.Request)
		q.gateway = r.Gateway
		q.asks++
		s.unproven[r.Request], s.acks = s.acks, nil
	case answer:
		j.Results++
		q := j.request(r.Request)
		if q.gateway != r.Gateway {
			j.defect("crossed-result", "gateway %s got the result of %q, which is a request of gateway %q", r.Gateway, r.Request, q.gateway)
		}
		q.answers = append(q.answers, r.Message)
		// One stream in one order: who answers a request has read what came before it.
		for _, b := range s.unproven[r.Request] {
			j.entry(b).proven++
		}
		delete(s.unproven, r.Request)
	case over:
		delete(j.sessions, key)
	}
}

// connector takes a record of the connector's log.
func (j *judge) connector(r record) {
	if r.Seq != 0 {
		if r.Seq <= j.seq {
			j.defect("broken-log", "entry #%d of the journal stands after #%d", r.Seq, j.seq)
		}
		j.seq = r.Seq
	}
	switch r.What {
	case published:
		j.Published++
		j.owner[r.Event] = r.Gateway
		if r.Buffer != "" {
			j.Buffered++
			e := j.entry(r.Buffer)
			e.gateway, e.event = r.Gateway, r.Event
		}
	case sent:
		j.Deliveries++
		j.wasSent[r.Gateway+" "+r.Event]++
		j.pending[r.Session] = append(j.pending[r.Session], r.Event)
		if r.Buffer == "" {
			return
		}
		e := j.entry(r.Buffer)
		e.sent++
		if e.acked > 0 {
			j.defect("sent-after-ack", "entry %s was sent to gateway %s in entry #%d of the journal, after its ack", r.Buffer, r.Gateway, r.Seq)
		}
	case acked:
		j.entry(r.Buffer).acked++
	case asked:
		j.Requests++
		if q := j.requests[r.Request]; q == nil || q.gateway != r.Gateway {
			j.defect("crossed-request", "the connector has a request %q of gateway %s, which never made it", r.Request, r.Gateway)
		}
	case answered:
		q := j.requests[r.Request]
		if q == nil || len(q.answers) == 0 {
			return
		}
		if q.gateway != r.Gateway || !slices.Contains(q.answers, r.Message) {
			j.defect("crossed-result", "request %q of gateway %s got the result %q, the connector sent %q to gateway %s", r.Request, q.gateway, q.answers, r.Message, r.Gateway)
		}
		for _, event := range j.pending[r.Session] {
			if j.got[r.Gateway+" "+event] == 0 {
				j.defect("lost-event", "event %s was sent to gateway %s before the result of %q, which came; the event did not", event, r.Gateway, r.Request)
			}
		}
		delete(j.pending, r.Session)
	case violated:
		j.defect("violation", "%s", r.Text)
	case fault:
		j.Faults++
	case "gap":
		j.defect("broken-log", "%s", r.Text)
	}
}

// end judges what only both logs together tell.
func (j *judge) end() {
	for _, id := range sorted(j.entries) {
		e := j.entries[id]
		switch {
		case e.event == "":
			j.defect("unknown-entry", "entry %s was never published", id)
		case e.received == 0:
			j.defect("lost-entry", "entry %s of gateway %s never came", id, e.gateway)
		case e.acked == 0:
			j.defect("lost-ack", "gateway %s acknowledged entry %s %d times, the connector has none of it", e.gateway, id, e.acks)
		case e.acked < e.proven:
			j.defect("lost-ack", "gateway %s acknowledged entry %s %d times with requests behind that were answered, the connector has %d", e.gateway, id, e.proven, e.acked)
		case e.acked > e.acks:
			j.defect("doubled-ack", "the connector has %d acks of entry %s, gateway %s wrote %d", e.acked, id, e.gateway, e.acks)
		case e.received > e.sent || e.acks != e.received:
			j.defect("doubled-ack", "entry %s was sent %d times, gateway %s received it %d times and acknowledged it %d times", id, e.sent, e.gateway, e.received, e.acks)
		}
	}
	for _, key := range sorted(j.got) {
		if j.got[key] > j.wasSent[key] {
			j.defect("crossed-event", "gateway and event %s: received %d times, sent %d times", key, j.got[key], j.wasSent[key])
		}
	}
	for _, id := range sorted(j.requests) {
		if q := j.requests[id]; len(q.answers) > 1 || q.asks > 1 {
			j.defect("doubled-result", "request %q of gateway %s was made %d times and answered %d times", id, q.gateway, q.asks, len(q.answers))
		}
	}
	for _, key := range sorted(j.wasSent) {
		var gw, event string
		if _, err := fmt.Sscan(key, &gw, &event); err != nil || j.owner[event] != gw {
			j.defect("crossed-event", "event %s of gateway %q was sent to gateway %s", event, j.owner[event], gw)
		}
	}
}

// sorted makes the first defect of each kind the same one every time.
func sorted[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
