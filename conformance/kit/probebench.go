package kit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// ProbeBench is what all connector-side cases of a run share.
type ProbeBench struct {
	target ConnectorTarget
	timing Timing
	seed   int64
	secret func(...string)
	ctx    context.Context
	pool   *pool

	mu         sync.Mutex
	base       string // of the process that runs now
	violations map[protocol.RuleID][]string
	counts     map[string]int
	instances  map[string]string // the token of an event → the instance that it was published for
}

// What a case marked Last can rest on.
const (
	CountReceived    = "frames of the connector"
	CountEvents      = "events of the connector"
	CountDescriptors = "descriptors of the connector"
	CountResults     = "results of the connector"
)

// NewProbeBench makes the bench of a run. ctx ends everything that the run waits for;
// secret is told every secret that the run gets to know, for the redactor.
func NewProbeBench(ctx context.Context, target ConnectorTarget, timing Timing, seed int64, secret func(...string)) *ProbeBench {
	for _, g := range target.Gateways {
		secret(g.Secret)
	}
	return &ProbeBench{target: target, base: target.BaseURL, timing: timing, seed: seed, secret: secret, ctx: ctx, pool: newPool(target.Gateways),
		violations: map[protocol.RuleID][]string{}, counts: map[string]int{}, instances: map[string]string{}}
}

func (b *ProbeBench) baseURL() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.base
}

// Reachable is an error when nothing at the target's URL answers an upgrade request in any
// way, which says nothing about a connector.
func (b *ProbeBench) Reachable() error {
	p := b.probe(Case{ID: "the start of the run"})
	defer p.close()
	if out := p.judge(func() {
		p.TryDial(ConnectorGateway{}, protocol.RouteRelay)
		p.Observed()
	}); out.verdict != Pass {
		return errors.New(oneLine(out.reason))
	}
	return nil
}

// violate keeps what a frame of the connector broke for the rule's own case; a case that
// happens to be under way is not blamed for it.
func (b *ProbeBench) violate(rule protocol.RuleID, caseID, format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.violations[rule] = append(b.violations[rule], fmt.Sprintf(format, args...)+" (during "+caseID+")")
}

func (b *ProbeBench) count(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts[what]++
}

// published keeps for which instance an event was published.
func (b *ProbeBench) published(token, instance string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.instances[token] = instance
}

// publishedFor is the instance that a frame's event was published for, or "".
func (b *ProbeBench) publishedFor(f Received) string {
	text := f.EventText()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.instances[text[strings.LastIndexByte(text, ' ')+1:]]
}

// Inapplicable says why a case cannot judge this connector, or returns "".
func (b *ProbeBench) Inapplicable(c Case) string {
	if c.Needs.Last {
		return ""
	}
	if lacks := c.Needs.Probe.Offers.Lacks(b.target.Offers()); lacks != "" {
		return "the case needs " + lacks + ", which this target does not offer"
	}
	return b.pool.lacks(c.Needs.Probe)
}

// Run runs one case on gateways that it has to itself.
func (b *ProbeBench) Run(ctx context.Context, c Case, j Judge) Result {
	p := b.probe(c)
	if !c.Needs.Last {
		var ok bool
		if p.cast, ok = b.pool.take(ctx, c.Needs.Probe); !ok {
			why := cmpOr(b.pool.lacks(c.Needs.Probe), "the run was interrupted")
			return Result{Case: c, Verdict: NotApplicable, Reason: why}
		}
		p.began = time.Now()
	}
	started := time.Now()
	out := p.judge(func() { c.Connector(p) })
	p.close()
	r := p.result(c, out, j, p.timeline)
	r.Duration = time.Since(started)
	if !c.Needs.Last {
		for _, g := range p.cast.all() {
			b.pool.give(g, b.tidy(p, g))
		}
	}
	if ctx.Err() != nil && r.Verdict != Pass {
		r.Verdict, r.Reason = HarnessError, "the run was interrupted"
	}
	return r
}

// tidy empties the buffer that a case may have left behind and clears the flip. It
// returns why the gateway cannot be used by another case, or "".
func (b *ProbeBench) tidy(before *P, g ConnectorGateway) string {
	if before.revoked[g.ID] {
		return "it was revoked"
	}
	if !before.touched[g.Instance] {
		return ""
	}
	p := b.probe(Case{ID: before.Case.ID, Title: "puts the gateway in order after the case"})
	defer p.close()
	p.ids = newIDSource(b.seed, before.Case.ID+" put in order "+g.ID)
	out := p.judge(func() {
		s := p.Connect(g)
		last := p.Event("the last one")
		p.Publish(g, last)
		done := 0
		s.Until("every event that was buffered, and one more", func(f Received) bool {
			if f.BufferID != "" {
				s.Ack(f.BufferID)
			}
			done++
			return last.In(f)
		})
		s.Alive()
	})
	if out.verdict != Pass {
		return fmt.Sprintf("after %s, %s", before.Case.ID, oneLine(out.reason))
	}
	return ""
}

func (b *ProbeBench) probe(c Case) *P {
	return &P{Timing: b.timing, Case: c, bench: b, ids: newIDSource(b.seed, c.ID), began: time.Now(),
		touched: map[string]bool{}, revoked: map[string]bool{}, changed: make(chan struct{})}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
