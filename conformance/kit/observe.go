package kit

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
	"github.com/relaykit/relaykit/protocol/auth"
)

// Observations gathers, over all gateways of a run, the violations that the fake
// connector recorded and how much it looked at. They are judged by the cases marked
// Last, never by the case under way.
type Observations struct {
	mu         sync.Mutex
	violations map[protocol.RuleID][]string
	counts     map[string]int
	reported   map[*Instance]int64 // journal position up to which a live instance was read
	skew       *time.Duration
	stops      Stops
}

// Stops is how the processes ended that still ran when the suite was done with them. That one
// had to be killed is no verdict of its own: only the cases of a shutdown judge how a
// gateway ends, but each such end costs the run the whole wait.
type Stops struct{ Killed, Of int }

// Counts that an :observed case can rest on.
const (
	CountDials    = "upgrade requests"
	CountMessages = "messages of the gateway"
	CountFrames   = "frames of the gateway"
	CountHellos   = "hello frames"
	CountOutbound = "outbound frames"
	CountAcks     = "inbound_ack frames"
	CountSessions = "sessions"

	CountInterrupts = "interrupt frames"
)

func (o *Observations) violate(rule protocol.RuleID, text, during string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.violations == nil {
		o.violations = map[protocol.RuleID][]string{}
	}
	o.violations[rule] = append(o.violations[rule], fmt.Sprintf("%s (during %s)", text, during))
}

// Take reads what an instance's journal has gathered since it was last read.
func (o *Observations) Take(in *Instance) {
	o.mu.Lock()
	if o.counts == nil {
		o.counts = map[string]int{}
		o.reported = map[*Instance]int64{}
	}
	after := o.reported[in]
	o.mu.Unlock()
	type found struct {
		rule protocol.RuleID
		text string
	}
	var seen []found
	add := func(rule protocol.RuleID, text string) { seen = append(seen, found{rule, text}) }
	entries := in.Connector.Journal().Since(after)
	for _, e := range entries {
		after = e.Seq
		o.mu.Lock()
		switch {
		case e.Kind == fakeconnector.KindDial:
			o.counts[CountDials]++
			o.noteSkew(e)
			judgeDial(in, e, add)
		case e.Kind == fakeconnector.KindUpgraded:
			o.counts[CountSessions]++
		case IsGatewayMessage(e):
			o.counts[CountMessages]++
		case e.Kind == fakeconnector.KindFrame && e.Dir == protocol.FromGateway:
			o.counts[CountFrames]++
			switch {
			case IsHello(e):
				o.counts[CountHellos]++
			case IsOutbound(e):
				o.counts[CountOutbound]++
			case IsAnyAck(e):
				o.counts[CountAcks]++
			case gatewayFrame(e, "interrupt") != nil:
				o.counts[CountInterrupts]++
			}
		}
		o.mu.Unlock()
		if e.Kind == fakeconnector.KindViolation && e.Violation != nil && !in.ignored[e.Violation.Rule] {
			o.violate(e.Violation.Rule, e.Violation.Text, "the session of "+in.Name)
		}
	}
	o.mu.Lock()
	o.reported[in] = after
	o.mu.Unlock()
	for _, f := range seen {
		if !in.ignored[f.rule] {
			o.violate(f.rule, f.text, "the session of "+in.Name)
		}
	}
}

// judgeDial holds every dial of a gateway that has a secret against what the contract
// says of its header. The fake connector judges the token by its own code; this looks at
// what that leaves out: a header that is not there, and a form that is not canonical.
func judgeDial(in *Instance, e fakeconnector.Entry, add func(protocol.RuleID, string)) {
	if !in.secret || e.Dial == nil || e.Dial.Path != protocol.RouteRelay {
		return
	}
	header := e.Dial.Header.Get("Authorization")
	if header == "" {
		add(protocol.RuleAuthBearer, fmt.Sprintf("expected an Authorization header on every dial; got none on dial %s", e.Session))
		return
	}
	t, why := readToken(e.Dial.Header.Values("Authorization"))
	if why == "" && t.SignedWith(in.Record.Secret) {
		if why := t.NotCanonical(); why != "" {
			add(protocol.RuleAuthCanonical, fmt.Sprintf("expected a token in the canonical form on every dial; got %s on dial %s", why, e.Session))
		}
	}
}

// noteSkew keeps how far the gateway's clock is ahead of ours, from the first token that
// expires: its expiry less the contract's default lifetime, against the time of the
// dial. A gateway that gives its tokens another lifetime shows as skewed.
func (o *Observations) noteSkew(dial fakeconnector.Entry) {
	if o.skew != nil || dial.Dial == nil {
		return
	}
	_, token, _ := strings.Cut(dial.Dial.Header.Get("Authorization"), " ")
	claims, err := auth.Peek(token)
	if err != nil || claims.Exp == auth.Never {
		return
	}
	skew := time.Unix(claims.Exp, 0).Sub(dial.Wall.Truncate(time.Second)) - auth.DefaultTTL
	o.skew = &skew
}

// ClockSkew is how far the gateway's clock was seen to be ahead, nil when no token of
// its showed it.
func (o *Observations) ClockSkew() *time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.skew
}

func (o *Observations) noteStop(exit Exit) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stops.Of++
	if exit.Killed {
		o.stops.Killed++
	}
}

// Stops are the ends of the processes that the suite has stopped so far, no case among them.
func (o *Observations) Stops() Stops {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stops
}

// Violations are what was recorded against a rule.
func (o *Observations) Violations(rule protocol.RuleID) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.violations[rule]...)
}

// Rules are the rules that were violated.
func (o *Observations) Rules() []protocol.RuleID {
	o.mu.Lock()
	defer o.mu.Unlock()
	var rules []protocol.RuleID
	for r := range o.violations {
		rules = append(rules, r)
	}
	return rules
}

// Count is how many of a kind were looked at.
func (o *Observations) Count(kind string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[kind]
}

// NoViolation is the body of an :observed case: among everything that the gateways of
// this run sent, nothing broke the case's rule. of names what was looked at; at least
// atLeast of it must have been seen.
func (g *G) NoViolation(of string, atLeast int) {
	rule := g.Case.Rule()
	if v := g.bench.observed.Violations(rule); len(v) > 0 {
		g.Mismatch(fmt.Sprintf("no violation of %s in the whole run", rule), fmt.Sprintf("%d, the first: %s", len(v), v[0]), v[:min(len(v), 10)]...)
	}
	if n := g.bench.observed.Count(of); n < atLeast {
		g.NotApplicable("only %d %s were seen in this run, and the rule takes %d", n, of, atLeast)
	}
	g.stimulus()
	g.observation()
}
