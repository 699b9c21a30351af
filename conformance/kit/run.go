package kit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// Judge holds what a run adds to a verdict: the rule's text, the command that runs a
// case again, and the redactor that everything passes on its way out.
type Judge struct {
	RuleText func(protocol.RuleID) string
	Rerun    func(caseID string) string
	Redact   func(string) string
	SkipSlow bool
	// NoDriver says that the shared gateway did not open the driver channel.
	NoDriver bool
}

// StartShared prepares and launches the gateway that all cases share which are not
// Fresh. The error is the harness's; a diagnosis says which rule kept the gateway from
// being ready, and is recorded against that rule.
func (b *Bench) StartShared(name string) (*Instance, *Diagnosis, error) {
	in, cfg, err := b.prepare(name, nil)
	if err != nil {
		return nil, nil, err
	}
	d, err := in.launch(cfg)
	if err != nil {
		in.Close()
		return nil, nil, err
	}
	if d != nil {
		b.observed.violate(d.Rule, d.Reason, "the start of the shared gateway")
	}
	return in, d, nil
}

// Inapplicable says why a case cannot judge this gateway, or returns "".
func (b *Bench) Inapplicable(c Case, j Judge) string {
	can := b.Launcher.Can()
	needs := c.Needs
	if needs.Fresh {
		needs.Launch.Restart, needs.Launch.SetEnv = true, true
	}
	switch lacks := needs.Launch.Lacks(can); {
	case lacks != "":
		return "the case needs a gateway " + lacks + ", which this launcher cannot do"
	case needs.Slow && j.SkipSlow && b.TimingEnv == nil:
		return "the case must outlast a bound that this gateway cannot be given shorter, and the slow tier is off"
	case needs.Replies && b.Facts.Replies == RepliesNone:
		return "the gateway does not reply to a text"
	case len(needs.Driver) > 0 && j.NoDriver:
		return "the gateway has not opened the driver channel, which has " + strings.Join(needs.Driver, ", ")
	case needs.Feature != "" && !b.Facts.has(needs.Feature):
		return "the gateway does not declare the feature " + needs.Feature
	}
	return ""
}

func (f Facts) has(feature string) bool {
	if f.Features == nil {
		return true
	}
	for _, x := range f.Features {
		if x == feature {
			return true
		}
	}
	return false
}

// Run runs one case: on the shared instance, or on one of its own when it is Fresh.
func (b *Bench) Run(ctx context.Context, c Case, shared *Instance, j Judge) Result {
	started := time.Now()
	g := &G{Facts: b.Facts, Timing: b.Timing, Case: c, bench: b, ids: newIDSource(b.Seed, c.ID)}
	if !c.Needs.Fresh {
		g.gw = shared
		g.Timing = shared.Timing
		g.began = shared.Connector.Journal().Mark()
		g.mark = g.began
		if shared.Driver != nil {
			g.notesMark = shared.Driver.Mark()
		}
	}
	out := g.runBody()
	r := b.result(g, out, j)
	if g.own {
		g.gw.Close()
	}
	r.Duration = time.Since(started)
	if g.own {
		r.Duration -= g.waited + g.gw.waited
	}
	if ctx.Err() != nil && r.Verdict != Pass {
		r.Verdict, r.Reason = HarnessError, "the run was interrupted"
	}
	return r
}

// NotReady is the result of a case that needed the shared gateway, which did not get
// ready: red when the case's own rule is the one that was broken, else blocked by it.
func (b *Bench) NotReady(c Case, in *Instance, d *Diagnosis, j Judge) Result {
	g := &G{Facts: b.Facts, Timing: b.Timing, Case: c, bench: b, gw: in, ids: newIDSource(b.Seed, c.ID)}
	out := stop{verdict: Blocked, reason: fmt.Sprintf("%s does not hold: %s", d.Rule, d.Reason), rule: d.Rule}
	if d.Rule == c.Rule() {
		out = stop{verdict: Fail, reason: d.Reason}
	}
	return b.result(g, out, j)
}

// result is a verdict with its evidence, redacted.
func (b *Bench) result(g *G, out stop, j Judge) Result {
	return g.result(g.Case, out, j, g.timeline)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
