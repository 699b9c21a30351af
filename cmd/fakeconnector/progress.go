package main

import (
	"fmt"
	"io"
	"os"

	"github.com/relaykit/relaykit/conformance/kit"
)

// progress shows on a terminal how far a run has come, on one line that it writes over.
// Anywhere else it shows nothing: a log has no use for it.
type progress struct {
	to         io.Writer // nil when it is no terminal
	total, red int
	so         int
}

func newProgress(w io.Writer, total int) *progress {
	p := &progress{total: total}
	if file, ok := w.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb" {
			p.to = w
		}
	}
	return p
}

// clearLine goes to the beginning of the line and erases it.
const clearLine = "\r\x1b[K"

// done is told of every verdict as it falls, one at a time.
func (p *progress) done(r kit.Result) {
	if p.to == nil {
		return
	}
	p.so++
	switch r.Verdict {
	case kit.Fail, kit.Blocked, kit.UnexpectedPass, kit.HarnessError:
		p.red++
	}
	fmt.Fprintf(p.to, "%s%d of %d cases, %d red, last: %s %s", clearLine, p.so, p.total, p.red, r.Verdict, r.Case.ID)
}

func (p *progress) clear() {
	if p.to != nil {
		fmt.Fprint(p.to, clearLine)
	}
}
