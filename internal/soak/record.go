package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

// What happened, in the words of the side that wrote it down.
const (
	// The connector's log, in the order of its journal but for published.
	published = "published" // an event for an instance, into its buffer if Buffer is set
	sent      = "sent"      // an inbound frame
	acked     = "acked"     // an inbound_ack came
	asked     = "asked"     // an outbound frame came
	answered  = "answered"  // its result was sent
	violated  = "violated"  // the gateway broke a rule
	fault     = "fault"

	// The gateways' log, each gateway in its own order.
	received = "received" // an inbound frame came
	ack      = "ack"      // an inbound_ack was written
	ask      = "ask"      // an outbound frame was written
	answer   = "answer"   // its result came
	over     = "over"     // the session ended
)

// record is one line of a log.
type record struct {
	What    string `json:"what"`
	Gateway string `json:"gw,omitempty"`
	Session string `json:"s,omitempty"` // each side counts for itself
	Event   string `json:"event,omitempty"`
	Buffer  string `json:"buf,omitempty"`
	Request string `json:"req,omitempty"`
	Message string `json:"mid,omitempty"` // the message id of a result
	Seq     int64  `json:"seq,omitempty"` // of the connector's journal
	Text    string `json:"text,omitempty"`
}

// logFile writes records, one JSON object a line.
type logFile struct {
	mu  sync.Mutex
	f   *os.File
	out *bufio.Writer
	enc *json.Encoder
	err error
}

func createLog(name string) (*logFile, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	l := &logFile{f: f, out: bufio.NewWriterSize(f, 1<<20)}
	l.enc = json.NewEncoder(l.out)
	return l, nil
}

func (l *logFile) write(r record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enc.Encode(r); err != nil && l.err == nil {
		l.err = err
	}
}

// Close reports what could not be written.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, err := range []error{l.err, l.out.Flush(), l.f.Close()} {
		if err != nil {
			return fmt.Errorf("writing the log %s: %w", l.f.Name(), err)
		}
	}
	return nil
}

// readLog calls each for every record of a log.
func readLog(r io.Reader, each func(record)) error {
	d := json.NewDecoder(bufio.NewReaderSize(r, 1<<20))
	d.DisallowUnknownFields()
	for n := 1; ; n++ {
		var rec record
		switch err := d.Decode(&rec); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("record %d of the log: %w", n, err)
		}
		each(rec)
	}
}
