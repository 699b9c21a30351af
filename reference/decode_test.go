package reference

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/vectors"
)

// The short way must mean what the long one means. What the long one must mean, the
// vectors say; here it is the measure.
func same(t testing.TB, line []byte) (short bool) {
	t.Helper()
	f := decodeInbound(line)
	if f == nil {
		return false
	}
	long, err := protocol.Decode(line)
	if err != nil {
		t.Fatalf("%q: the long way refuses it, %v; the short one got %+v", line, err, f)
	}
	if !reflect.DeepEqual(protocol.Frame(f), long) {
		t.Fatalf("%q: expected %+v, got %+v", line, long, f)
	}
	return true
}

// corpus is every line of the vectors and the recordings.
func corpus(t testing.TB) (lines [][]byte) {
	t.Helper()
	groups, err := vectors.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		for _, c := range g.Cases {
			var in struct {
				Line     string          `json:"line"`
				Event    json.RawMessage `json:"event"`
				Messages []struct {
					Text string  `json:"text"`
					Hex  *string `json:"hex"`
				} `json:"messages"`
			}
			json.Unmarshal(c.Input, &in)
			lines = append(lines, []byte(in.Line))
			if in.Event != nil {
				lines = append(lines, []byte(`{"type":"inbound","event":`+string(in.Event)+`,"bufferId":"b"}`))
			}
			for _, m := range in.Messages {
				data := m.Text
				if m.Hex != nil {
					raw, _ := hex.DecodeString(*m.Hex)
					data = string(raw)
				}
				for _, line := range strings.Split(data, "\n") {
					lines = append(lines, []byte(line))
				}
			}
		}
	}
	files, _ := filepath.Glob("../vectors/testdata/transcripts/*/*.jsonl")
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		scanner := bufio.NewScanner(file)
		scanner.Buffer(nil, 4<<20)
		for scanner.Scan() {
			var e struct{ Data string }
			json.Unmarshal(scanner.Bytes(), &e)
			for _, line := range strings.Split(e.Data, "\n") {
				lines = append(lines, []byte(line))
			}
		}
	}
	return lines
}

func TestDecodeInbound(t *testing.T) {
	short, all := 0, 0
	for _, line := range corpus(t) {
		all++
		if same(t, line) {
			short++
		}
	}
	t.Logf("%d of %d lines took the short way", short, all)
	if short < 100 {
		t.Errorf("expected most inbound frames to take the short way, got %d", short)
	}
	for _, line := range []string{
		`{"type":"inbound","event":{"text":"a","text":"b","source":{"chat_id":"C","chat_id":"D"}}}`,
		`{"type":"inbound","event":{"message_id":"a","message_id":null,"source":{"guild_id":"G","chat_id":"C"},"source":{"chat_id":"D"}}}`,
		`{"type" : "inbound" , "event" : { "text" : "a\n\"b\\" , "source" : { "chat_id" : "C\u00e9\ud83d\ude00" } } , "bufferId" : null }`,
		`{"type":"hello","type":"inbound","event":{"source":{"chat_id":"{[,]}\""}}}`,
	} {
		if strings.HasPrefix(line, `{"type":"inbound"`) && !same(t, []byte(line)) {
			t.Errorf("%s: expected the short way", line)
		}
		same(t, []byte(line))
	}
}

func FuzzDecodeInbound(f *testing.F) {
	for i, line := range corpus(f) {
		if i%7 == 0 {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) { same(t, line) })
}
