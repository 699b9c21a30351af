package vectors_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relaykit/relaykit/protocol"
)

// A recorded session of a real gateway against a small connector: one JSON object per
// line. See testdata/transcripts/README.md.
type recordedLine struct {
	Kind string `json:"kind"`
	Conn int    `json:"conn"`
	Dir  string `json:"dir"`
	Type string `json:"type"`
	Data string `json:"data"`
}

type transcriptCounts struct{ Files, Messages, Lines, Frames, Unknown, Malformed, Unfinished int }

// Every well-formed frame that a real gateway and its connector exchanged comes back
// from Decode and Encode as the same JSON value.
func TestTranscriptsRoundTrip(t *testing.T) {
	want := map[string]transcriptCounts{
		"2026-06": {Files: 17, Messages: 157, Lines: 155, Frames: 151, Unknown: 1, Malformed: 4, Unfinished: 1},
		"2026-08": {Files: 18, Messages: 348, Lines: 346, Frames: 342, Unknown: 1, Malformed: 4, Unfinished: 1},
	}
	total := transcriptCounts{}
	for _, revision := range []string{"2026-06", "2026-08"} {
		got := transcriptCounts{}
		names, err := fs.Glob(os.DirFS("testdata/transcripts/"+revision), "*.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			roundTripFile(t, "testdata/transcripts/"+revision+"/"+name, &got)
		}
		got.Files = len(names)
		t.Logf("%s: %+v", revision, got)
		if diff := cmp.Diff(want[revision], got); diff != "" {
			t.Errorf("%s: counts (-want +got):\n%s", revision, diff)
		}
		total.Frames += got.Frames
	}
	t.Logf("%d frames of recorded sessions", total.Frames)
}

func roundTripFile(t *testing.T, path string, n *transcriptCounts) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	type stream struct {
		conn int
		dir  string
	}
	splitters := map[stream]*protocol.Splitter{}
	sc := bufio.NewScanner(file)
	sc.Buffer(nil, 16<<20) // one recorded message is over 1 MiB
	for sc.Scan() {
		var rec recordedLine
		if err := json.Unmarshal(sc.Bytes(), &rec); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if rec.Kind != "ws" {
			continue
		}
		n.Messages++
		s := stream{rec.Conn, rec.Dir}
		if splitters[s] == nil {
			splitters[s] = new(protocol.Splitter)
		}
		for _, line := range splitters[s].Write(payload(t, path, rec)) {
			n.Lines++
			roundTripLine(t, path, line.Data, n)
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, s := range splitters {
		if s.Pending() > 0 {
			n.Unfinished++
		}
	}
}

func payload(t *testing.T, path string, rec recordedLine) []byte {
	t.Helper()
	if rec.Type != "binary" {
		return []byte(rec.Data)
	}
	data, err := base64.StdEncoding.DecodeString(rec.Data)
	if err != nil {
		t.Fatalf("%s: a binary message: expected base64, got: %v", path, err)
	}
	return data
}

func roundTripLine(t *testing.T, path string, line []byte, n *transcriptCounts) {
	t.Helper()
	f, err := protocol.Decode(line)
	if err != nil {
		n.Malformed++
		t.Logf("%s: skipped as a receiver would: %v: %.120q", path, err, line)
		return
	}
	n.Frames++
	if _, unknown := f.(*protocol.Unknown); unknown {
		n.Unknown++
	}
	out, err := protocol.Encode(f)
	if err != nil {
		t.Errorf("%s: %.200s: %v", path, line, err)
		return
	}
	if !strings.HasSuffix(string(out), "\n") || strings.Count(string(out), "\n") != 1 {
		t.Errorf("%s: expected one line with one newline, got %q", path, out)
	}
	if diff := cmp.Diff(value(line), value(out)); diff != "" {
		t.Errorf("%s: %.200s came back changed (-want +got):\n%s", path, line, diff)
	}
}
