// Package portrun asks a port, which is a program in any language, every vector, and
// says what it got right. The port reads JSON Lines on standard input and writes JSON
// Lines on standard output:
//
//	→ {"id":"…","op":"token/verify","now":1782300000,"input":{…}}
//	← {"id":"…","value":…}   or   {"id":"…","error":"expired"}   or   {"id":"…","unsupported":true}
//
// One question is asked at a time, and the port is to answer it before it reads the
// next. What a port does wrong is put down to the case: no answer in time, a line that
// is no answer, an answer to another case, two answers. docs/vectors.md says the rest.
package portrun

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/relaykit/relaykit/vectors"
)

// Timings. Each is a bound, not a wait: a port that works never meets one.
const (
	// DefaultTimeout is how long a port has for one answer: enough for a virtual
	// machine to start on a loaded computer, since the first answer includes that.
	DefaultTimeout = 20 * time.Second
	// DefaultExitTimeout is how long a port has to exit once its input has ended.
	DefaultExitTimeout = 5 * time.Second
	// maxStarts is how often a port that hangs or dies is started; the cases that
	// are left then fail at once, so that a run ends.
	maxStarts = 3
)

// maxLine is the longest line in bytes that a port may write.
const maxLine = 4 << 20

// Port is a running port.
type Port interface {
	io.Writer // its standard input
	// Lines carries its standard output, line by line, and is closed at its end.
	Lines() <-chan []byte
	// CloseInput ends its standard input.
	CloseInput() error
	// Wait waits until it has exited and says how, with the end of what it wrote to
	// standard error.
	Wait() error
	// Kill ends it and everything that it started.
	Kill()
}

// Options say what to ask and whom.
type Options struct {
	// Start starts the port. It is called again after a port hung or died.
	Start func(context.Context) (Port, error)
	// Groups are the vectors to ask, as vectors.Load returns them.
	Groups []vectors.File
	// Ops limits the run to these ops; empty means all.
	Ops []string
	// Timeout is the bound on one answer; 0 means [DefaultTimeout].
	Timeout time.Duration
	// ExitTimeout is the bound on the exit; 0 means [DefaultExitTimeout].
	ExitTimeout time.Duration
}

// Status is the outcome of one case.
type Status string

// The outcomes.
const (
	Pass        Status = "pass"
	Fail        Status = "fail"
	Unsupported Status = "unsupported"
)

// Outcome is what became of one case.
type Outcome struct {
	ID       string          `json:"id"`
	Group    string          `json:"group"`
	Op       string          `json:"op"`
	Rule     string          `json:"rule"`
	Status   Status          `json:"status"`
	Reasons  []string        `json:"reasons,omitempty"`  // why it failed
	Expected json.RawMessage `json:"expected,omitempty"` // of a failed case
	Error    string          `json:"error,omitempty"`    // the expected error code of a failed case
	Got      json.RawMessage `json:"got,omitempty"`      // the answer of a failed case, if one came
	Comment  string          `json:"comment,omitempty"`  // of a failed case
}

func (o *Outcome) fail(format string, args ...any) {
	o.Status = Fail
	o.Reasons = append(o.Reasons, fmt.Sprintf(format, args...))
}

// Count is how the cases of one op came out.
type Count struct {
	Op          string `json:"op"`
	Pass        int    `json:"pass"`
	Fail        int    `json:"fail"`
	Unsupported int    `json:"unsupported"`
}

// Results are what a port can publish.
type Results struct {
	Port     string    `json:"port"`
	Vectors  Vectors   `json:"vectors"`
	Asked    int       `json:"asked"`
	Counts   []Count   `json:"counts"`
	Failures []Outcome `json:"failures"`
	Notes    []string  `json:"notes,omitempty"` // what cannot be put down to one case
}

// Vectors says which vectors were asked.
type Vectors struct {
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// OK reports whether nothing failed. A case that the port does not support is no
// failure.
func (r *Results) OK() bool { return len(r.Failures) == 0 && len(r.Notes) == 0 }

// run is a run under way.
type run struct {
	opts     Options
	port     Port
	starts   int
	outcomes map[string]*Outcome
	notes    []string
}

// Run asks every case and returns what came of it. The error is a failure of this side:
// the port could not be started, or ctx has ended.
func Run(ctx context.Context, name string, opts Options) (*Results, error) {
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.ExitTimeout <= 0 {
		opts.ExitTimeout = DefaultExitTimeout
	}
	r := &run{opts: opts, outcomes: map[string]*Outcome{}}
	defer func() {
		if r.port != nil {
			r.port.Kill()
		}
	}()
	var order []*Outcome
	for _, g := range opts.Groups {
		for _, v := range g.Cases {
			if len(opts.Ops) > 0 && !slices.Contains(opts.Ops, v.Op) {
				continue
			}
			o := &Outcome{ID: v.ID, Group: g.Group, Op: v.Op, Rule: v.Rule}
			r.outcomes[v.ID] = o
			order = append(order, o)
			if err := r.ask(ctx, v, o); err != nil {
				return nil, err
			}
		}
	}
	if err := r.finish(ctx); err != nil {
		return nil, err
	}
	return r.results(name, order)
}

// ask puts one case to the port.
func (r *run) ask(ctx context.Context, v vectors.Case, o *Outcome) error {
	if r.port == nil {
		if r.starts >= maxStarts {
			o.fail("not asked: the port hung or died %d times before", maxStarts)
			return nil
		}
		port, err := r.opts.Start(ctx)
		if err != nil {
			return fmt.Errorf("starting the port: %w", err)
		}
		r.port = port
		r.starts++
	}
	line, err := json.Marshal(struct {
		ID    string          `json:"id"`
		Op    string          `json:"op"`
		Now   *int64          `json:"now,omitempty"`
		Input json.RawMessage `json:"input"`
	}{v.ID, v.Op, v.Now, v.Input})
	if err != nil {
		return err
	}
	// A port that does not read would block the write, so it has a goroutine; Kill
	// ends it with the pipe.
	port := r.port
	written := make(chan error, 1)
	go func() { _, err := port.Write(append(line, '\n')); written <- err }()
	timer := time.NewTimer(r.opts.Timeout)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			port.Kill()
			<-written
			return ctx.Err()
		case <-timer.C:
			o.fail("expected an answer within %s, got none; a port answers each line before it reads the next, and flushes", r.opts.Timeout)
			port.Kill()
			<-written
			_ = port.Wait()
			r.port = nil
			return nil
		case answer, open := <-port.Lines():
			if !open {
				port.Kill()
				<-written
				o.fail("expected an answer, got the end of the port's output: %s", how(port.Wait()))
				r.port = nil
				return nil
			}
			if !r.take(answer, v, o) {
				continue
			}
			select {
			case <-written:
			case <-timer.C:
				o.fail("expected the port to read the question within %s, it answered without", r.opts.Timeout)
				port.Kill()
				<-written
				r.port = nil
			}
			return nil
		}
	}
}

func how(err error) string {
	if err == nil {
		return "it exited with 0"
	}
	return err.Error()
}

// reply is one line of a port.
type reply struct {
	ID          string          `json:"id"`
	Value       json.RawMessage `json:"value"`
	Error       *string         `json:"error"`
	Unsupported bool            `json:"unsupported"`
}

// take looks at one line while the answer to v is awaited, and reports whether it was
// that.
func (r *run) take(line []byte, v vectors.Case, o *Outcome) bool {
	var a reply
	dec := json.NewDecoder(bytes.NewReader(line))
	if err := dec.Decode(&a); err != nil || dec.More() || a.ID == "" {
		o.fail("expected one JSON object with an id per line, got %s", quote(line))
		return false
	}
	if a.ID != v.ID {
		if other, known := r.outcomes[a.ID]; known {
			other.fail("expected one answer, in its turn; got one while %s was asked", v.ID)
			o.fail("expected the answer to this case, got one to %s; a port answers in order and once", a.ID)
		} else {
			o.fail("expected the answer to this case, got one to an id that was not asked: %s", quote([]byte(a.ID)))
		}
		return false
	}
	given := 0
	for _, yes := range []bool{a.Value != nil, a.Error != nil, a.Unsupported} {
		if yes {
			given++
		}
	}
	switch {
	case given != 1:
		o.fail("expected exactly one of value, error and unsupported, got %s", quote(line))
	case a.Unsupported && o.Status == "":
		o.Status = Unsupported
	case a.Unsupported:
	default:
		if problem := judge(v, a); problem != "" {
			o.fail("%s", problem)
			o.Expected, o.Error, o.Comment, o.Got = v.Expected, v.Error, v.Comment, a.Value
			if a.Error != nil {
				o.Got, _ = json.Marshal(map[string]string{"error": *a.Error})
			}
		} else if o.Status == "" {
			o.Status = Pass
		}
	}
	return true
}

// judge compares an answer with the verdict.
func judge(v vectors.Case, a reply) string {
	switch {
	case a.Error != nil && v.Error == "":
		return fmt.Sprintf("expected a value, got the error %q", *a.Error)
	case a.Error != nil && *a.Error != v.Error:
		return fmt.Sprintf("expected the error %q, got %q", v.Error, *a.Error)
	case a.Error == nil && v.Error != "":
		return fmt.Sprintf("expected the error %q, got a value", v.Error)
	case a.Error != nil:
		return ""
	}
	want, err := decode(v.Expected)
	if err != nil {
		return "the vector's own value cannot be read: " + err.Error()
	}
	got, err := decode(a.Value)
	if err != nil {
		return "expected a JSON value, got something else: " + err.Error()
	}
	return difference("", want, got)
}

// finish ends the port's input, and notes what it still says.
func (r *run) finish(ctx context.Context) error {
	if r.port == nil {
		return nil
	}
	port := r.port
	r.port = nil
	defer port.Kill()
	if err := port.CloseInput(); err != nil {
		r.notes = append(r.notes, "closing the port's input: "+err.Error())
	}
	timer := time.NewTimer(r.opts.ExitTimeout)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			port.Kill()
			_ = port.Wait()
			return ctx.Err()
		case <-timer.C:
			r.notes = append(r.notes, fmt.Sprintf("expected the port to exit within %s of the end of its input, it did not", r.opts.ExitTimeout))
			port.Kill()
			_ = port.Wait()
			return nil
		case line, open := <-port.Lines():
			if !open {
				exited := make(chan error, 1)
				go func() { exited <- port.Wait() }()
				select {
				case err := <-exited:
					if err != nil {
						r.notes = append(r.notes, "expected the port to exit with 0: "+err.Error())
					}
				case <-timer.C:
					r.notes = append(r.notes, fmt.Sprintf("expected the port to exit within %s of the end of its input, it did not", r.opts.ExitTimeout))
					port.Kill()
					<-exited
				}
				return nil
			}
			var a reply
			if json.Unmarshal(line, &a) == nil && r.outcomes[a.ID] != nil {
				r.outcomes[a.ID].fail("expected one answer, got another one after the last question")
				continue
			}
			r.notes = append(r.notes, "expected nothing after the last answer, got "+quote(line))
		}
	}
}

func (r *run) results(name string, order []*Outcome) (*Results, error) {
	res := &Results{Port: name, Vectors: Vectors{vectors.Version, vectors.Hash()}, Asked: len(order), Failures: []Outcome{}, Notes: r.notes}
	counts := map[string]*Count{}
	for _, o := range order {
		n := counts[o.Op]
		if n == nil {
			n = &Count{Op: o.Op}
			counts[o.Op] = n
		}
		switch o.Status {
		case Pass:
			n.Pass++
		case Unsupported:
			n.Unsupported++
		case Fail:
			n.Fail++
			res.Failures = append(res.Failures, *o)
		default:
			return nil, errors.New("a case was skipped: " + o.ID) // ours, never the port's
		}
	}
	for _, n := range counts {
		res.Counts = append(res.Counts, *n)
	}
	slices.SortFunc(res.Counts, func(a, b Count) int { return strings.Compare(a.Op, b.Op) })
	return res, nil
}

func quote(line []byte) string {
	if len(line) > 120 {
		line = append(slices.Clone(line[:117]), "..."...)
	}
	return fmt.Sprintf("%q", line)
}
