package launch

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
)

// What is kept of a subject's output: its first lines tell how it was configured, its
// last what it died of. With lines of at most 4 KiB a subject that floods costs 9 MiB.
const (
	firstLines = 200
	lastLines  = 2000
	lineBytes  = 4096
)

// LogBuffer keeps the first and the last lines of a subject: 200 and 2000, of at most 4 KiB
// each. It is the [kit.LogReader] of every launcher here and below.
type LogBuffer struct {
	mu      sync.Mutex
	first   []kit.LogLine
	last    []kit.LogLine // a ring once it is full; oldest is its first
	oldest  int
	dropped int
}

func (b *LogBuffer) add(line kit.LogLine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case len(b.first) < firstLines:
		b.first = append(b.first, line)
	case len(b.last) < lastLines:
		b.last = append(b.last, line)
	default:
		b.last[b.oldest] = line
		b.oldest = (b.oldest + 1) % lastLines
		b.dropped++
	}
}

// Lines returns what was kept, in the order of arrival. Where lines were dropped, one
// of the stream "log" says how many.
func (b *LogBuffer) Lines() []kit.LogLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := make([]kit.LogLine, 0, len(b.first)+1+len(b.last))
	lines = append(lines, b.first...)
	if b.dropped > 0 {
		lines = append(lines, kit.LogLine{
			At: b.last[b.oldest].At, Stream: "log",
			Text: fmt.Sprintf("[%d lines dropped here: the first %d and the last %d are kept]", b.dropped, firstLines, lastLines),
		})
	}
	lines = append(lines, b.last[b.oldest:]...)
	return append(lines, b.last[:b.oldest]...)
}

// Stream returns a writer that splits one stream of output into lines of b.
func (b *LogBuffer) Stream(name string) *LineWriter { return &LineWriter{to: b, name: name} }

// Note adds a line of the launcher's own.
func (b *LogBuffer) Note(text string) {
	b.add(kit.LogLine{At: time.Now(), Stream: "log", Text: text})
}

// LineWriter splits what is written into lines, and cuts those that are too long. It
// takes everything and never fails, so that it cannot disturb the subject.
type LineWriter struct {
	to   *LogBuffer
	name string

	mu    sync.Mutex
	line  []byte // the line so far, at most lineBytes
	over  int    // bytes of it that were cut
	began time.Time
}

func (w *LineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte("\n"))
		if w.began.IsZero() {
			w.began = time.Now()
		}
		room := min(lineBytes-len(w.line), len(part))
		w.line = append(w.line, part[:room]...)
		w.over += len(part) - room
		if ended {
			w.end()
		}
		rest = after
	}
	return len(p), nil
}

// Flush ends a last line that has no newline.
func (w *LineWriter) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.began.IsZero() {
		w.end()
	}
}

// end keeps the line, with the time at which it began: that is when the subject spoke.
func (w *LineWriter) end() {
	text := string(bytes.TrimSuffix(w.line, []byte("\r")))
	if w.over > 0 {
		text += fmt.Sprintf(" [%d more bytes of this line dropped]", w.over)
	}
	w.to.add(kit.LogLine{At: w.began, Stream: w.name, Text: text})
	w.line, w.over, w.began = w.line[:0], 0, time.Time{}
}
