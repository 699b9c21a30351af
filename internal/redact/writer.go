package redact

import (
	"bytes"
	"io"
	"sync"
)

// maxLine bounds what a Writer holds back while it waits for the end of a line: 1 MiB,
// the size of the largest frame. The rest of a longer line is dropped, and said to be:
// cutting it would let a secret through that lies across the cut.
const maxLine = 1 << 20

// Writer returns a writer that redacts what is written to it, line by line, and passes
// it on to w. Close it to pass on a last line that has no end; w is not closed. It is
// safe for concurrent use, and each line reaches w in one Write.
func (r *Redactor) Writer(w io.Writer) io.WriteCloser {
	return &writer{redactor: r, to: w}
}

type writer struct {
	redactor *Redactor
	to       io.Writer

	mu      sync.Mutex
	line    []byte // the line so far
	dropped bool   // the line is over maxLine
}

// Write never reports fewer bytes than it was given unless w failed: what it holds
// back has been taken.
func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte("\n"))
		w.take(part)
		if ended {
			if err := w.flush("\n"); err != nil {
				return len(p) - len(after), err
			}
		}
		rest = after
	}
	return len(p), nil
}

func (w *writer) take(part []byte) {
	if room := maxLine - len(w.line); len(part) > room {
		part, w.dropped = part[:room], true
	}
	w.line = append(w.line, part...)
}

func (w *writer) flush(end string) error {
	text := w.redactor.String(string(w.line))
	if w.dropped {
		text = w.redactor.withoutTail(text) + " [rest of a line over 1 MiB dropped]"
	}
	w.line, w.dropped = w.line[:0], false
	if cap(w.line) > maxLine/16 {
		w.line = nil
	}
	_, err := io.WriteString(w.to, text+end)
	return err
}

func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.line) == 0 {
		return nil
	}
	return w.flush("")
}

// withoutTail takes from the end of a redacted text that was cut as much as could be
// the beginning of a secret, which no form matches any more.
func (r *Redactor) withoutTail(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	longest := 0
	for _, list := range r.patterns {
		longest = max(longest, len(list[0].text))
	}
	return text[:max(0, len(text)-longest)]
}
