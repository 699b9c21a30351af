package kit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/relaykit/relaykit/protocol"
)

// P is the probe: the gateway that connector-side cases play. It speaks raw WebSocket
// messages and makes its tokens with the standard library, so that nothing of what it
// sends comes from the code that the connector may be built of. Its methods send, expect
// and, when an expectation is not met, end the case with a verdict. It is used by one
// goroutine.
type P struct {
	account
	Timing Timing
	Case   Case

	bench *ProbeBench
	cast  cast
	ids   idSource
	began time.Time

	touched map[string]bool // instances that something was published to
	revoked map[string]bool // gateways that were revoked

	tape    sync.Mutex // guards what sockets have received, and the lines
	changed chan struct{}
	lines   []timed
	sockets int
}

// Me is the case's own gateway.
func (p *P) Me() ConnectorGateway { return p.cast.own }

// Peer is another instance of the same tenant.
func (p *P) Peer() ConnectorGateway { return p.cast.peers[0] }

// Stranger is a gateway of another tenant.
func (p *P) Stranger() ConnectorGateway { return p.cast.strangers[0] }

// Token64 is an upgrade token, made by the standard library. exp is in unix seconds, 0 for
// never.
func Token64(id, secret string, exp int64) string {
	return TokenText(id, secret, strconv.FormatInt(exp, 10))
}

// TokenText is a token whose exp is this text, and signed as such.
func TokenText(id, secret, exp string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(id + ":" + exp))
	return base64.RawURLEncoding.EncodeToString([]byte(id + ":" + exp + ":" + hex.EncodeToString(m.Sum(nil))))
}

// tokenLife is that of known gateways.
const tokenLife = 300

// Token is a good token of a gateway.
func (p *P) Token(g ConnectorGateway) string {
	return Token64(g.ID, g.Secret, time.Now().Unix()+tokenLife)
}

// URL is the dial URL of a path, from the base (contract, section "Connecting").
func (p *P) URL(path string) string {
	base := strings.TrimRight(strings.TrimSpace(p.bench.baseURL()), "/")
	base = strings.TrimSuffix(base, "/relay")
	for _, x := range [][2]string{{"https://", "wss://"}, {"http://", "ws://"}} {
		if rest, ok := strings.CutPrefix(base, x[0]); ok {
			base = x[1] + rest
		}
	}
	return base + path
}

// SameClock ends the case unless the connector is on this machine and so has its clock.
func (p *P) SameClock() {
	u, err := url.Parse(p.URL(""))
	if err != nil {
		p.Harness(err, "reading the target's base URL")
	}
	switch u.Hostname() {
	case "127.0.0.1", "localhost", "::1":
	default:
		p.NotApplicable("the case compares clocks to the second, and the connector at %s may have another", u.Hostname())
	}
}

// Published is an event that the case published.
type Published struct {
	PublishedEvent
	token string // occurs in the text and nowhere else
}

// Event makes an event of a text message in a server, with ids of its own.
func (p *P) Event(text string) *Published {
	token := p.ids.next("t")
	return &Published{token: token, PublishedEvent: PublishedEvent{
		Text: text + " " + token, ChatID: p.ids.next("C"), ChatType: "channel", ChatName: p.ids.next("name"),
		UserID: p.ids.next("U"), UserName: "alice", Scope: p.ids.next("G"), MessageID: p.ids.next("M"),
	}}
}

// Events makes n events of one chat.
func (p *P) Events(n int) []*Published {
	list := make([]*Published, n)
	for i := range list {
		list[i] = p.Event(fmt.Sprintf("event %d", i+1))
		list[i].ChatID, list[i].Scope, list[i].UserID = list[0].ChatID, list[0].Scope, list[0].UserID
	}
	return list
}

// In reports whether a frame carries the event.
func (e *Published) In(f Received) bool {
	if f.Type != "inbound" {
		return false
	}
	return strings.HasSuffix(f.EventText(), e.token)
}

// SessionKey is the key of the event's conversation as the baseline's defaults have it,
// for an event outside of threads: written out here, and not computed by shared code.
func (e *Published) SessionKey(platform string) string {
	return fmt.Sprintf("agent:main:%s:%s:%s:%s", platform, e.ChatType, e.ChatID, e.UserID)
}

// Publish makes events happen for the instance of a gateway.
func (p *P) Publish(g ConnectorGateway, events ...*Published) {
	for _, e := range events {
		if err := p.TryPublish(g, e); err != nil {
			p.Harness(err, "publishing an event")
		}
	}
}

// TryPublish is Publish for an event that the connector may refuse.
func (p *P) TryPublish(g ConnectorGateway, e *Published) error {
	p.note("  publish %q for instance %s", clip(e.Text), g.Instance)
	p.tape.Lock()
	p.touched[g.Instance] = true
	p.tape.Unlock()
	p.bench.published(e.token, g.Instance)
	p.stimulus()
	ctx, cancel := context.WithTimeout(p.bench.ctx, p.Timing.Answer)
	defer cancel()
	err := p.bench.target.Publish(ctx, g.Instance, e.PublishedEvent)
	if errors.Is(err, ErrNotOffered) {
		p.NotApplicable("%v", err)
	}
	return err
}

// Forward makes a platform's request arrive for the instance of a gateway.
func (p *P) Forward(g ConnectorGateway, r ForwardedRequest) {
	r.Platform, r.BotID, r.Method, r.Path = "discord", g.BotID, "POST", "/interactions"
	p.note("  forward %s for instance %s", clip(string(r.Body)), g.Instance)
	p.touched[g.Instance] = true
	p.stimulus()
	p.operate("forwarding a request", func(ctx context.Context) error { return p.bench.target.Forward(ctx, g.Instance, r) })
}

// TryForward is Forward for a request that the connector may refuse.
func (p *P) TryForward(g ConnectorGateway, r ForwardedRequest) {
	if out := p.judge(func() { p.Forward(g, r) }); out.verdict == NotApplicable {
		p.NotApplicable("%s", out.reason)
	}
}

// Revoke locks a gateway out.
func (p *P) Revoke(g ConnectorGateway) {
	p.note("  revoke %s", g.ID)
	p.revoked[g.ID] = true
	p.stimulus()
	p.operate("revoking a gateway", func(ctx context.Context) error { return p.bench.target.Revoke(ctx, g.ID) })
}

// Rotate gives the case's own gateway a new secret and returns the gateway with it.
func (p *P) Rotate() ConnectorGateway {
	p.note("  rotate the secret of %s", p.cast.own.ID)
	p.stimulus()
	p.operate("rotating a secret", func(ctx context.Context) error {
		secret, err := p.bench.target.Rotate(ctx, p.cast.own.ID)
		p.bench.secret(secret)
		p.cast.own.Secret = secret
		return err
	})
	return p.cast.own
}

// restartBound is how long a connector may take to end and to serve again.
const restartBound = time.Minute

// Restart ends the connector's process and waits for the next one.
func (p *P) Restart() {
	p.note("  the connector's process ends, and the next one starts")
	p.stimulus()
	ctx, cancel := context.WithTimeout(p.bench.ctx, restartBound)
	defer cancel()
	base, err := p.bench.target.Restart(ctx)
	switch {
	case errors.Is(err, ErrNotOffered):
		p.NotApplicable("%v", err)
	case err != nil:
		p.Harness(err, "restarting the connector")
	}
	p.bench.mu.Lock()
	defer p.bench.mu.Unlock()
	p.bench.base = base
}

// WakeAt registers the wake URL of the case's own instance, until the case ends.
func (p *P) WakeAt(address string) {
	register := func(address string) {
		p.operate("registering a wake URL", func(ctx context.Context) error { return p.bench.target.SetWakeURL(ctx, p.Me().ID, address) })
	}
	register(address)
	p.Cleanup(func() { _ = p.judge(func() { register("") }) })
}

func (p *P) operate(doing string, f func(context.Context) error) {
	ctx, cancel := context.WithTimeout(p.bench.ctx, p.Timing.Answer)
	defer cancel()
	switch err := f(ctx); {
	case errors.Is(err, ErrNotOffered):
		p.NotApplicable("%v", err)
	case err != nil:
		p.Harness(err, doing)
	}
}

// lost ends the case because a step of the exchange that it stands on failed: red when
// that is the case's own rule, else blocked by it.
func (p *P) lost(rule protocol.RuleID, expected, actual string) {
	if rule == p.Case.Rule() {
		p.Mismatch(expected, actual)
	}
	why := fmt.Sprintf("expected %s; got %s", expected, actual)
	p.bench.violate(rule, p.Case.ID, "%s", why)
	p.blocked(rule, why)
}

// Foreign ends the case when a frame brings an event that this run published for another
// instance, be it of a case that is under way beside: buffer/own-instance is broken, and
// the case's own rule is not to blame.
func (p *P) Foreign(s *Socket, f Received) {
	if to := p.bench.publishedFor(f); to != "" && to != s.Gateway.Instance {
		p.lost(protocol.RuleBufferOwnInstance, "nothing that was buffered for instance "+to, f.String())
	}
}

// Wait waits until done, which is asked again whenever something arrives on a socket.
func (p *P) Wait(within time.Duration, done func() bool) bool {
	over := time.NewTimer(within)
	defer over.Stop()
	for {
		p.tape.Lock()
		ok, changed := done(), p.changed
		p.tape.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-over.C:
			p.tape.Lock()
			defer p.tape.Unlock()
			return done()
		case <-p.bench.ctx.Done():
			p.Harness(p.bench.ctx.Err(), "waiting for the connector")
		}
	}
}

// Changed wakes every Wait.
func (p *P) Changed() {
	p.tape.Lock()
	defer p.tape.Unlock()
	p.wake()
}

// wake needs the tape.
func (p *P) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// Observed puts on record that the case saw what it was looking for.
func (p *P) Observed() { p.observation() }

// note adds a line to the timeline.
func (p *P) note(format string, args ...any) {
	p.tape.Lock()
	defer p.tape.Unlock()
	p.noteLocked(format, args...)
}

func (p *P) noteLocked(format string, args ...any) {
	p.lines = append(p.lines, timed{time.Since(p.began), fmt.Sprintf(format, args...)})
}

func (p *P) timeline() []string {
	p.tape.Lock()
	defer p.tape.Unlock()
	return inOrder(append([]timed(nil), p.lines...))
}

// Kept ends a case marked Last: red when a frame of the run broke its rule.
func (p *P) Kept(count string) {
	p.bench.mu.Lock()
	n, found := p.bench.counts[count], p.bench.violations[p.Case.Rule()]
	p.bench.mu.Unlock()
	if len(found) > 0 {
		p.Mismatch(fmt.Sprintf("%s that keep the rule", count), fmt.Sprintf("%d that broke it, the first: %s", len(found), found[0]), found...)
	}
	if n == 0 {
		p.NotApplicable("the run saw no %s", count)
	}
	p.stimulus()
	p.observation()
}
