package reference_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/relaykit/relaykit/reference"
)

// recorded are recordings of a real gateway of the baseline revision.
const recorded = "../vectors/testdata/transcripts/2026-06"

// event is one line of a recording.
type event struct {
	Kind, Dir, Type, Data string
	Conn                  int
}

// difference is where this gateway answers otherwise than the recorded one.
type difference struct {
	why     string
	without []string // what the recorded one sent and this one does not
	with    []string // what this one sends instead
}

func ack(id string) string { return text(object{"type": "inbound_ack", "bufferId": id}) }

func said(chat, content string, replyTo any, metadata object) string {
	return text(object{"op": "send", "chat_id": chat, "content": content, "reply_to": replyTo, "metadata": metadata})
}

var inG1 = object{"guild_id": "G1"}

var differences = map[string][]difference{
	"06-passthrough-forward.jsonl": {
		{why: "known defect: a buffered passthrough was never acknowledged", with: []string{ack("pb-command"), ack("pb-component"), ack("pb-dm modal")}},
	},
	"07-framing.jsonl": {
		{why: "lenient: an event without a source was answered, to no chat", without: []string{said("", "echo: ", nil, object{})}},
	},
	"09-handler-behaviour.jsonl": {
		{why: "its handler's own words about a failure", without: []string{"Sorry"}, with: []string{said("Hraise", "echo: mode raise", "Hraise", inG1)}},
		{why: "its handler's own metadata", without: []string{`"notify":true`}, with: []string{said("Hreturn", "echo: mode return", "Hreturn", inG1)}},
	},
	"10-buffered-redelivery.jsonl": {
		{why: "known defect: a replayed event ran a second turn", without: []string{said("B1", "echo: buffered one", "B1", inG1)}},
		{why: "lenient: a bufferId that is a number was acknowledged as a text", without: []string{ack("17")}},
	},
	"18-sigterm.jsonl": {
		{why: "its agent joins texts that wait for the same session; here each is a turn", without: []string{"same chat 2"},
			with: []string{said("RS", "echo: same chat 1", "RS1", inG1), said("RS", "echo: same chat 2", "RS2", inG1)}},
	},
}

// TestRecordedConnector feeds what a connector was recorded to send into this gateway
// and compares what comes back: acknowledgements and actions, request ids apart. What
// is recorded about dials, closes and HTTP has vectors of its own.
func TestRecordedConnector(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recorded, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("expected recordings in %s, got none: %v", recorded, err)
	}
	fedAny := 0
	for _, path := range files {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			in, want := recording(t, path)
			if len(in) == 0 {
				t.Skip("nothing that a gateway answers to")
			}
			fedAny++
			for _, d := range differences[name] {
				t.Logf("differs: %s", d.why)
				for _, w := range d.without {
					i := slices.IndexFunc(want, func(s string) bool { return strings.Contains(s, w) })
					if i < 0 {
						t.Fatalf("difference %q: expected %s among what was recorded", d.why, w)
					}
					want = slices.Delete(want, i, i+1)
				}
				want = append(want, d.with...)
			}
			got := replay(t, in)
			slices.Sort(want)
			slices.Sort(got)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
	if fedAny < 7 {
		t.Errorf("expected at least 7 recordings to feed, got %d", fedAny)
	}
}

// recording splits a recording into what the connector sent and what the gateway
// answered to it.
func recording(t *testing.T, path string) (in [][]byte, out []string) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Kind != "ws" {
			continue
		}
		var f object
		json.Unmarshal([]byte(e.Data), &f)
		if e.Dir == "gw->conn" {
			switch f["type"] {
			case "inbound_ack":
				out = append(out, text(f))
			case "outbound":
				out = append(out, text(f["action"]))
			}
			continue
		}
		switch f["type"] {
		case "descriptor", "outbound_result", "going_idle_ack":
			continue // the test's own
		}
		data := []byte(e.Data)
		if e.Type == "binary" {
			data, _ = base64.StdEncoding.DecodeString(e.Data)
		}
		in = append(in, data)
	}
	if !slices.ContainsFunc(in, func(m []byte) bool {
		return strings.Contains(string(m), `"source"`) || strings.Contains(string(m), "bodyB64")
	}) {
		return nil, nil
	}
	if strings.HasPrefix(filepath.Base(path), "15-") {
		return nil, nil // a frame of 1 MiB, recorded without its middle
	}
	return in, out
}

func replay(t *testing.T, in [][]byte) (got []string) {
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(t)
		start(t, r.config(), func(ctx context.Context, turn *reference.Turn) error {
			if turn.Event.Text == "long job" { // which the recorded connector interrupts
				<-ctx.Done()
				equal(t, "the end of the long job", context.Cause(ctx) == reference.ErrInterrupted, true)
				return ctx.Err()
			}
			_, err := turn.Reply(ctx, "echo: "+turn.Event.Text)
			return err
		})
		p := r.handshaken()
		for _, m := range in {
			if err := p.conn.WriteMessage(2, m); err != nil {
				t.Fatal(err)
			}
			for {
				synctest.Wait()
				if len(p.in) == 0 {
					break
				}
				var f object
				json.Unmarshal([]byte(<-p.in), &f)
				if f["type"] == "outbound" {
					action := f["action"].(object)
					delete(action["metadata"].(object), "scope_id") // for connectors of later revisions
					got = append(got, text(action))
					p.send(object{"type": "outbound_result", "requestId": f["requestId"], "result": object{"success": true}})
				} else {
					got = append(got, text(f))
				}
			}
		}
	})
	return got
}
