package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The logs of a run in which all is well: a live event, a buffered one that came again after
// a session broke under its first ack, and a request.
func goodLogs() (connector, gateways []record) {
	connector = []record{
		{What: published, Gateway: "g1", Event: "e1"},
		{What: sent, Gateway: "g1", Session: "s1", Event: "e1", Seq: 1},
		{What: published, Gateway: "g1", Event: "e2", Buffer: "b1"},
		{What: sent, Gateway: "g1", Session: "s2", Event: "e2", Buffer: "b1", Seq: 2},
		{What: sent, Gateway: "g1", Session: "s3", Event: "e2", Buffer: "b1", Seq: 3},
		{What: acked, Gateway: "g1", Session: "s3", Buffer: "b1", Seq: 4},
		{What: asked, Gateway: "g1", Session: "s3", Request: "r1", Seq: 5},
		{What: answered, Gateway: "g1", Session: "s3", Request: "r1", Message: "m1", Seq: 6},
		{What: published, Gateway: "g2", Event: "e3"},
		{What: sent, Gateway: "g2", Session: "s4", Event: "e3", Seq: 7},
		{What: asked, Gateway: "g2", Session: "s4", Request: "r2", Seq: 8},
		{What: answered, Gateway: "g2", Session: "s4", Request: "r2", Message: "m2", Seq: 9},
	}
	gateways = []record{
		{What: received, Gateway: "g1", Session: "1", Event: "e1"},
		{What: over, Gateway: "g1", Session: "1"},
		{What: received, Gateway: "g1", Session: "2", Event: "e2", Buffer: "b1"},
		{What: ack, Gateway: "g1", Session: "2", Buffer: "b1"},
		{What: over, Gateway: "g1", Session: "2"},
		{What: received, Gateway: "g1", Session: "3", Event: "e2", Buffer: "b1"},
		{What: ack, Gateway: "g1", Session: "3", Buffer: "b1"},
		{What: ask, Gateway: "g1", Session: "3", Request: "r1"},
		{What: answer, Gateway: "g1", Session: "3", Request: "r1", Message: "m1"},
		{What: received, Gateway: "g2", Session: "1", Event: "e3"},
		{What: ask, Gateway: "g2", Session: "1", Request: "r2"},
		{What: answer, Gateway: "g2", Session: "1", Request: "r2", Message: "m2"},
	}
	return connector, gateways
}

func lines(t *testing.T, records []record) *strings.Reader {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	for _, r := range records {
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	return strings.NewReader(b.String())
}

func TestJudge(t *testing.T) {
	drop := func(what, key string) func([]record) []record {
		return func(rs []record) []record {
			return slices.DeleteFunc(rs, func(r record) bool {
				return r.What == what && slices.Contains([]string{r.Buffer, r.Request, r.Event}, key)
			})
		}
	}
	add := func(more ...record) func([]record) []record {
		return func(rs []record) []record { return append(rs, more...) }
	}
	change := func(what, key string, edit func(*record)) func([]record) []record {
		return func(rs []record) []record {
			for i := range rs {
				if rs[i].What == what && (rs[i].Buffer == key || rs[i].Request == key || rs[i].Event == key) {
					edit(&rs[i])
				}
			}
			return rs
		}
	}
	same := func(rs []record) []record { return rs }
	for _, test := range []struct {
		name                string
		connector, gateways func([]record) []record
		want                []string
	}{
		{"all is well", same, same, nil},
		{"an ack is lost", drop(acked, "b1"), same, []string{"lost-ack"}},
		{"an ack is lost of which another one came later", same, func(rs []record) []record {
			return slices.Insert(rs, 4, record{What: ask, Gateway: "g1", Session: "2", Request: "r0"}, record{What: answer, Gateway: "g1", Session: "2", Request: "r0"})
		}, []string{"lost-ack"}},
		{"an ack comes to nothing", add(record{What: sent, Gateway: "g1", Session: "s5", Event: "e2", Buffer: "b1", Seq: 10}), same, []string{"sent-after-ack"}},
		{"an ack is doubled", add(record{What: acked, Gateway: "g1", Session: "s3", Buffer: "b1", Seq: 10}, record{What: acked, Gateway: "g1", Session: "s3", Buffer: "b1", Seq: 11}), same, []string{"doubled-ack"}},
		{"a gateway acks twice", same, add(record{What: ack, Gateway: "g1", Session: "4", Buffer: "b1"}), []string{"doubled-ack"}},
		{"an entry never comes", same, func(rs []record) []record { return drop(ack, "b1")(drop(received, "e2")(rs)) }, []string{"lost-entry", "lost-event"}},
		{"a live event is lost before a result", same, drop(received, "e3"), []string{"lost-event"}},
		{"results are crossed", same, change(answer, "r1", func(r *record) { r.Message = "m2" }), []string{"crossed-result"}},
		{"a result goes to another gateway", same, change(answer, "r2", func(r *record) { r.Gateway = "g1" }), []string{"crossed-result"}},
		{"a result comes twice", same, add(record{What: answer, Gateway: "g2", Session: "1", Request: "r2", Message: "m2"}), []string{"doubled-result"}},
		{"an event goes to another gateway", change(sent, "e3", func(r *record) { r.Gateway = "g1" }), change(received, "e3", func(r *record) { r.Gateway = "g1" }), []string{"crossed-event", "lost-event"}},
		{"an event comes more often than it was sent", same, add(record{What: received, Gateway: "g1", Session: "1", Event: "e1"}), []string{"crossed-event"}},
		{"a rule is broken", add(record{What: violated, Text: "framing/newline"}), same, []string{"violation"}},
		{"the log is not whole", add(record{What: "gap", Text: "#1 to #5 are missing"}), same, []string{"broken-log"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			connector, gateways := goodLogs()
			v, err := judgeLogs(lines(t, test.connector(connector)), lines(t, test.gateways(gateways)))
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(v.kinds())); !slices.Equal(got, test.want) {
				t.Errorf("expected %v, got %v: %q", test.want, got, v.Defects)
			}
			if v.Published != 3 || v.Buffered != 1 {
				t.Errorf("expected 3 events, one of them buffered, got %d and %d", v.Published, v.Buffered)
			}
		})
	}
}

func TestABrokenLogIsAnError(t *testing.T) {
	if _, err := judgeLogs(strings.NewReader(`{"what":"sent"`), strings.NewReader("")); err == nil {
		t.Error("expected an error for a log that is cut short")
	}
}
